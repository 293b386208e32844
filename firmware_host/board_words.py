"""The board's bits in words, once for everybody who tells a person what the board says."""

from typing import Final

from safety.signals import ANKLE_LATCH, HAND_SWITCH, ContactPair, DriveFault, Input, Status, Telemetry

_STATUS: Final = {
    Status.BRAKE_CLOSED: ("brake closed", "brake open"),
    Status.TORQUE_ON: ("torque on", "torque off"),
    Status.WATCHDOG_EXPIRED: ("watchdog expired", "watchdog running"),
    Status.DEAD_HOST_RETURN: ("returning by itself", "not returning by itself"),
    Status.RATE_LIMITED: ("slower than commanded", "as fast as commanded"),
}
STATUS_WORDS: Final = {bit: words[0] for bit, words in _STATUS.items()}
"""Of a bit that is set."""
CLEAR_STATUS_WORDS: Final = {bit: words[1] for bit, words in _STATUS.items()}
"""Of one that is not."""
FAULT_WORDS: Final = {bit: name.lower() for name, bit in vars(DriveFault).items() if isinstance(bit, int)}


def named(words: dict[int, str], bits: int) -> list[str]:
    """Give the words of the bits that are set; one without a word is told by its number."""
    known = [word for bit, word in words.items() if bits & bit]
    rest = bits & ~sum(words)
    return [*known, f"0x{rest:04x}"] if rest else known


def hand_switch(t: Telemetry) -> str:
    """Say whether the rider holds the switch."""
    return _reads(HAND_SWITCH, t, "held", "released")


def ankle_latch(t: Telemetry) -> str:
    """Say whether the latch is locked."""
    return _reads(ANKLE_LATCH, t, "locked", "open")


def contacts(t: Telemetry) -> dict[str, str]:
    """Say how each switch of the table reads."""
    return {
        "hand_switch": hand_switch(t),
        "ankle_latch": ankle_latch(t),
        "emergency_stop": "released" if t.inputs & Input.ESTOP_CHAIN else "pressed",
        "upright_switch": "closed" if t.inputs & Input.UPRIGHT_SWITCH else "open",
        "inverted_switch": "closed" if t.inputs & Input.INVERTED_SWITCH else "open",
    }


def brake(t: Telemetry) -> str:
    """Say how the brake is, by the board's word."""
    return "closed" if t.status & Status.BRAKE_CLOSED else "open"


def _reads(pair: ContactPair, t: Telemetry, yes: str, no: str) -> str:
    used = pair.reads(t.inputs)
    return "contradictory" if used is None else yes if used else no
