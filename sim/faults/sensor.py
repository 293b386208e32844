"""Faults of the sensors: the two angles, and the contacts with their wires."""

import math
from typing import Final

from safety.signals import Input
from sim import sensors
from sim.faults import causes
from sim.faults.kind import BY_HAND, CHAIN, SOON, Begin, End, Kind, Parameter, Place, fixed
from sim.faults.world import World
from sim.layout import ENCODER_DEG, INCLINOMETER_DEG
from sim.sensors import FORCED_CLOSED, FORCED_OPEN

_JUMP: Final = Parameter(5.0, 0.1, 60.0, "deg")
_DRIFT: Final = Parameter(0.5, 0.01, 10.0, "deg/s")
_DUE: Final = {sensors.DEAD: SOON._replace(by_board=True), sensors.OFFSET: SOON._replace(value_from=6.0)}
"""What is farther off than two angles may be at any rate does not pass. A drive whose encoder is dead may go on telling
the last value, and an inclinometer's line its last frame."""
_FAST_DPS: Final = 1.0
"""An encoder that drifts so fast in a drive's own loop leaves nothing of a recovery's 1.5 deg/s to count on."""
_NOISE: Final = Parameter(0.3, 0.01, 10.0, "deg")
_SPOILS_FROM: Final = {sensors.OFFSET: 1.0, sensors.DRIFT_PER_S: 0.02, sensors.NOISE: 0.09}
"""In the unit of each: two healthy angles may differ by as much, within a session or in a sample. The encoder's rate
amplifies its noise: there all of it counts."""


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
            parameter=parameter,
            angle=name,
            # Where it is the last one, an angle that moves while the table stands is believed: the brake may slip; and
            # one that goes the other way than the motor was told: the drive may disobey.
            in_company=frozenset({"standstill"}) | ({"following"} if fault == sensors.REVERSED else frozenset()),
            spoils_from=0.0 if (channel, fault) == (ENCODER_DEG, sensors.NOISE) else _SPOILS_FROM.get(fault, 0.0),
            due=_DUE.get(fault),
            misleads=fault in (sensors.DRIFT_PER_S, sensors.REVERSED),
            blinds=channel == ENCODER_DEG and fault in (sensors.STUCK, sensors.REVERSED, sensors.DEAD, sensors.NOISE),
            too_much_from=_FAST_DPS if channel == ENCODER_DEG and fault == sensors.DRIFT_PER_S else math.inf,
            # A drive that tells rates which no table has is asked who it is.
            apart=causes.LINK if channel == ENCODER_DEG and fault == sensors.NOISE else frozenset(),
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


def _contact(bit: int, forced: int, text: str, right: frozenset[str], *, jolts: bool = False) -> Kind:
    """A wire that breaks or a contact that welds: one bit of a mask, so that several can at once."""

    def begin(world: World, _: float) -> None:
        faults = world.table.faults
        faults[forced] = float(int(faults[forced]) | bit)

    def end(world: World) -> None:
        faults = world.table.faults
        faults[forced] = float(int(faults[forced]) & ~bit)

    return Kind(Place.SENSOR, text, begin, end, right, jolts=jolts)


_HAND_SWITCH: Final = frozenset({"hand-switch"})
_ANKLE_LATCH: Final = frozenset({"ankle-latch"})
_CONTACTS: Final[dict[str, Kind]] = {
    "upright-switch-open": _contact(
        Input.UPRIGHT_SWITCH, FORCED_OPEN, "the upright switch does not close any more",
        # Whoever looks for it with an angle that is wrong too finds the stop, and each recovery finds it again.
        frozenset({"switches", "reverse-on-load", "drive-fault"}) | causes.ASTRAY,
        # A drive without a brake that let its stuck motor go is not sure that it stands.
    )._replace(apart=frozenset({"stop-time"})),
    "upright-switch-closed": _contact(
        Input.UPRIGHT_SWITCH, FORCED_CLOSED, "the upright switch does not open any more", frozenset({"switches"})
    )._replace(says_upright=True, due=SOON, hidden_by="upright-switch-open"),
    "inverted-switch-open": _contact(
        Input.INVERTED_SWITCH, FORCED_OPEN, "the inverted switch does not close any more", frozenset()
    ),
    "inverted-switch-closed": _contact(
        Input.INVERTED_SWITCH, FORCED_CLOSED, "the inverted switch is closed, which cuts the torque toward inversion",
        causes.STUCK | {"switches"}, jolts=True,
    ),
    "hand-switch-wire": _contact(
        Input.HAND_SWITCH_NO, FORCED_OPEN, "a wire of the hand switch breaks", _HAND_SWITCH
    )._replace(due=BY_HAND._replace(where_held=True)),
    "hand-switch-stuck": _contact(
        Input.HAND_SWITCH_NO, FORCED_CLOSED,
        "the hand switch's contact is welded: it reads as held, and as released too once it is", _HAND_SWITCH,
    ),
    "ankle-latch-wire": _contact(
        Input.ANKLE_LATCH_NO, FORCED_OPEN, "a wire of the ankle latch breaks", _ANKLE_LATCH
    )._replace(due=BY_HAND),
    "ankle-latch-stuck": _contact(
        Input.ANKLE_LATCH_NO, FORCED_CLOSED,
        "the ankle latch's contact is welded: it reads as locked, and as open too once it is", _ANKLE_LATCH,
    ),
    "emergency-stop-wire": _contact(
        Input.ESTOP_CHAIN, FORCED_OPEN, "a wire of the emergency-stop chain breaks", frozenset({"emergency-stop"})
    )._replace(opens_chain=True, due=CHAIN),
}  # fmt: skip

KINDS: Final[dict[str, Kind]] = {
    # The board controls by the encoder: where that lies, the table really moves wrongly.
    **_angle(
        "encoder",
        "the motor-side encoder",
        ENCODER_DEG,
        causes.ANGLES | causes.MOTION | {"drive-fault", "reverse-on-load"},
    ),
    # An angle that jumps looks like a table that turns too fast; the motor cannot tell, since a coupling may break.
    **_angle("inclinometer", "the table-side inclinometer", INCLINOMETER_DEG, causes.ANGLES | {"overspeed"}),
    **_CONTACTS,
}
