"""The board's bits in words, once for everybody who tells a person what the board says."""

from typing import Final

from safety.signals import DriveFault, Input, Status, Telemetry

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
_HAND: Final = (Input.HAND_SWITCH_NO, Input.HAND_SWITCH_NC, "held", "released")
_LATCH: Final = (Input.ANKLE_LATCH_NO, Input.ANKLE_LATCH_NC, "locked", "open")


def named(words: dict[int, str], bits: int) -> list[str]:
    """Give the words of the bits that are set; one without a word is told by its number."""
    known = [word for bit, word in words.items() if bits & bit]
    rest = bits & ~sum(words)
    return [*known, f"0x{rest:04x}"] if rest else known


def contacts(t: Telemetry) -> dict[str, str]:
    """Say how each switch of the table reads."""
    return {
        "hand_switch": _pair(t.inputs, *_HAND),
        "ankle_latch": _pair(t.inputs, *_LATCH),
        "emergency_stop": "released" if t.inputs & Input.ESTOP_CHAIN else "pressed",
        "upright_switch": "closed" if t.inputs & Input.UPRIGHT_SWITCH else "open",
        "inverted_switch": "closed" if t.inputs & Input.INVERTED_SWITCH else "open",
    }


def brake(t: Telemetry) -> str:
    """Say how the brake is, by the board's word."""
    return "closed" if t.status & Status.BRAKE_CLOSED else "open"


def _pair(inputs: int, closed: int, opened: int, yes: str, no: str) -> str:
    """Read a switch with two contacts, of which exactly one is closed."""
    first, second = bool(inputs & closed), bool(inputs & opened)
    return "contradictory" if first == second else yes if first else no
