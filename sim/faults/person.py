"""What the rider, and others at the table, do or are."""

import math
from typing import Final

from sim import plant, sensors
from sim.faults import causes
from sim.faults.kind import BY_HAND, CHAIN, Begin, End, Kind, Parameter, Place, fixed, physics
from sim.faults.world import World
from sim.plant import settle_rider

FIGHTS_NM: Final = Parameter(60.0, 1.0, 120.0, "N m")


def _contact(index: int, begun: float) -> tuple[Begin, End]:
    def begin(world: World, _: float) -> None:
        world.table.faults[index] = begun

    return begin, lambda world: world.heal_sensor(index)


_BODY: Final = (plant.RIDER_MASS_KG, plant.RIDER_INERTIA_KGM2, plant.RIDER_INERTIA_OVERHEAD_KGM2)


def _weigh(world: World, more_kg: float) -> None:
    """Scale the rider: mass and inertias alike, the centre of mass where it was."""
    table = world.table
    factor = 1.0 + more_kg / float(table.physics[plant.RIDER_MASS_KG])
    for index in _BODY:
        table.physics[index] *= factor
    settle_rider(table.state, table.physics)


def _weigh_as_declared(world: World) -> None:
    world.heal_physics(*_BODY)
    settle_rider(world.table.state, world.table.physics)


def _fight(world: World, torque_nm: float) -> None:
    """Against the way that the table goes; at standstill against inversion."""
    rate_dps = world.table.truth().rate_dps
    world.table.physics[plant.RIDER_TORQUE_NM] = -math.copysign(torque_nm, rate_dps if rate_dps else 1.0)


def _press(
    name: str, text: str, right: frozenset[str] = frozenset(), *, stops: bool = False, asks_up: bool = False
) -> Kind:
    """Somebody presses what a request of the operator has under this name."""
    return Kind(
        Place.PERSON,
        text,
        lambda world, _: world.host.presses.append(name),
        None,
        right,
        person_stops=stops,
        asks_up=asks_up,
    )


_arms = physics(plant.ARMS_TARGET)
SLIPS_AT_MOST_MM: Final = 100.0
"""What a table is made to lift: its heaviest rider, so much nearer to the head than the table was set for."""
_LOAD: Final = frozenset({"rider-load", "reverse-on-load", "following", "drive-fault"}) | causes.ASTRAY

KINDS: Final[dict[str, Kind]] = {
    "hand-switch-release": Kind(
        Place.PERSON,
        "the rider lets go of the hand switch, or presses it where that is what brings them back",
        *_contact(sensors.RIDER_AGREES, 0.0),
        frozenset({"hand-switch"}),
        due=BY_HAND,
        asks_up=True,
    ),
    "ankle-latch-open": Kind(
        Place.PERSON,
        "the ankle latch opens",
        *_contact(sensors.ANKLE_LATCH_LOCKED, 0.0),
        frozenset({"ankle-latch"}),
        due=BY_HAND,
    ),
    "emergency-stop": Kind(
        Place.PERSON,
        "somebody presses the emergency stop",
        *_contact(sensors.ESTOP_PRESSED, 1.0),
        frozenset({"emergency-stop"}) | causes.LEFT_THERE,
        opens_chain=True,
        due=CHAIN,
    ),
    "arms-raised": Kind(Place.PERSON, "the rider raises both arms overhead", fixed(_arms[0], 1.0), _arms[1], _LOAD),
    "rider-heavier": Kind(
        Place.PERSON,
        "the rider weighs VALUE more than declared",
        _weigh,
        _weigh_as_declared,
        _LOAD,
        parameter=Parameter(25.0, 1.0, 100.0, "kg"),
    ),
    "rider-lighter": Kind(
        Place.PERSON,
        "the rider weighs VALUE less than declared",
        lambda world, less_kg: _weigh(world, -less_kg),
        _weigh_as_declared,
        _LOAD,
        parameter=Parameter(20.0, 1.0, 35.0, "kg"),
    ),
    "rider-slips": Kind(
        Place.PERSON,
        "the rider slips toward the head by VALUE",
        lambda world, shift_mm: physics(plant.SHIFT_TARGET_M)[0](world, shift_mm / 1e3),
        physics(plant.SHIFT_TARGET_M)[1],
        _LOAD | {"angle-plausibility"},  # recoveries that lift nothing end in a doubt of the encoder
        parameter=Parameter(40.0, 1.0, 200.0, "mm"),
        overloads_from=SLIPS_AT_MOST_MM,
    ),
    "rider-fights": Kind(
        Place.PERSON,
        "the rider pushes with VALUE against the way that the table goes",
        _fight,
        lambda world: world.heal_physics(plant.RIDER_TORQUE_NM),
        _LOAD | {"standstill", "overspeed"},
        parameter=FIGHTS_NM,
    ),
    "rider-braces": Kind(
        Place.PERSON,
        "the rider holds on to what stands there, with VALUE: more than a drive may push with",
        _fight,
        lambda world: world.heal_physics(plant.RIDER_TORQUE_NM),
        causes.BLOCKED | _LOAD | {"standstill"},
        parameter=Parameter(200.0, 120.0, 300.0, "N m"),
        cannot_move=True,
    ),
    "press-stop": _press("stop", "somebody presses STOP", causes.LEFT_THERE, stops=True),
    "press-return": _press("return_upright", "somebody presses RETURN UPRIGHT", asks_up=True),
    "press-start": _press("start", "somebody presses START, at the wrong moment or again"),
    "press-acknowledge": _press("acknowledge", "somebody acknowledges"),
}
