"""Faults of the sensors: the two angles, and the contacts with their wires."""

from typing import Final

from safety.signals import Input
from sim import sensors
from sim.faults import causes
from sim.faults.world import Begin, End, Kind, Parameter, Place, World, fixed
from sim.layout import ENCODER_DEG, INCLINOMETER_DEG

_JUMP: Final = Parameter(5.0, 0.1, 60.0, "deg")
_DRIFT: Final = Parameter(0.5, 0.01, 10.0, "deg/s")
_NOISE: Final = Parameter(0.3, 0.01, 10.0, "deg")
_CUTS_TORQUE: Final = "inverted-switch-closed"


def _channel(channel: int, fault: int, sign: float = 1.0) -> tuple[Begin, End]:
    index = sensors.fault_index(channel, fault)

    def begin(world: World, value: float) -> None:
        world.table.faults[index] = sign * value

    return begin, lambda world: world.heal_sensor(index)


def _angle(name: str, what: str, channel: int, right: frozenset[str]) -> dict[str, Kind]:
    """All that can happen to one of the two angles."""

    def kind(text: str, fault: int, sign: float = 1.0, parameter: Parameter | None = None) -> Kind:
        begin, end = _channel(channel, fault, sign)
        begin = fixed(begin, 1.0) if parameter is None else begin
        return Kind(
            Place.SENSOR,
            f"{what} {text}",
            begin,
            end,
            right,
            may_pass=True,
            parameter=parameter,
            angle=name,
            misleads=fault in (sensors.DRIFT_PER_S, sensors.REVERSED),
        )

    return {
        f"{name}-stuck": kind("repeats its last value", sensors.STUCK),
        f"{name}-jump": kind("jumps VALUE toward inversion", sensors.OFFSET, 1.0, _JUMP),
        f"{name}-jump-low": kind("jumps VALUE toward upright", sensors.OFFSET, -1.0, _JUMP),
        f"{name}-drift": kind("drifts toward inversion by VALUE", sensors.DRIFT_PER_S, 1.0, _DRIFT),
        f"{name}-drift-low": kind("drifts toward upright by VALUE", sensors.DRIFT_PER_S, -1.0, _DRIFT),
        f"{name}-reversed": kind("counts backward from where it is", sensors.REVERSED),
        f"{name}-noisy": kind("has noise of VALUE", sensors.NOISE, 1.0, _NOISE),
        f"{name}-dead": kind("gives nothing", sensors.DEAD),
    }


def _contact(bit: int, forced: int) -> tuple[Begin, End]:
    """A wire that breaks or a contact that welds: one bit of a mask, so that several can at once."""

    def begin(world: World, _: float) -> None:
        faults = world.table.faults
        faults[forced] = float(int(faults[forced]) | bit)

    def end(world: World) -> None:
        faults = world.table.faults
        faults[forced] = float(int(faults[forced]) & ~bit)

    return begin, end


def _contacts() -> dict[str, Kind]:
    opened, closed = sensors.FORCED_OPEN, sensors.FORCED_CLOSED
    # Name, bit, which way, what it is, right answers, whether none is right too.
    rows: tuple[tuple[str, int, int, str, frozenset[str], bool], ...] = (
        (
            # Whoever looks for it with an angle that is wrong too finds the stop.
            "upright-switch-open", Input.UPRIGHT_SWITCH, opened, "the upright switch does not close any more",
            frozenset({"switches", "reverse-on-load", "drive-fault"}), True,
        ),
        (
            "upright-switch-closed", Input.UPRIGHT_SWITCH, closed, "the upright switch does not open any more",
            frozenset({"switches"}), True,
        ),
        (
            "inverted-switch-open", Input.INVERTED_SWITCH, opened, "the inverted switch does not close any more",
            frozenset(), True,
        ),
        (
            _CUTS_TORQUE, Input.INVERTED_SWITCH, closed,
            "the inverted switch is closed, which cuts the torque toward inversion", causes.STUCK | {"switches"}, True,
        ),
        (
            "hand-switch-wire", Input.HAND_SWITCH_NO, opened, "a wire of the hand switch breaks",
            frozenset({"hand-switch"}), True,
        ),
        (
            "hand-switch-stuck", Input.HAND_SWITCH_NO, closed,
            "the hand switch's contact is welded: it reads as held, and as released too once it is",
            frozenset({"hand-switch"}), True,
        ),
        (
            "ankle-latch-wire", Input.ANKLE_LATCH_NO, opened, "a wire of the ankle latch breaks",
            frozenset({"ankle-latch"}), True,
        ),
        (
            "ankle-latch-stuck", Input.ANKLE_LATCH_NO, closed,
            "the ankle latch's contact is welded: it reads as locked, and as open too once it is",
            frozenset({"ankle-latch"}), True,
        ),
        (
            "emergency-stop-wire", Input.ESTOP_CHAIN, opened, "a wire of the emergency-stop chain breaks",
            frozenset({"emergency-stop"}), False,
        ),
    )  # fmt: skip
    return {
        name: Kind(Place.SENSOR, text, *_contact(bit, forced), right, may_pass=may_pass, jolts=name == _CUTS_TORQUE)
        for name, bit, forced, text, right, may_pass in rows
    }


KINDS: Final[dict[str, Kind]] = {
    # The board controls by the encoder: where that lies, the table really moves wrongly.
    **_angle(
        "encoder",
        "the motor-side encoder",
        ENCODER_DEG,
        causes.ANGLES | causes.MOTION | {"drive-fault", "reverse-on-load"},
    ),
    **_angle("inclinometer", "the table-side inclinometer", INCLINOMETER_DEG, causes.ANGLES),
    **_contacts(),
}
