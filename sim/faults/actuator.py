"""Faults of what moves and holds the table: drive, motor, gear, brake, supply, and what stands in the way."""

import math
from typing import Final

from sim import plant
from sim.faults import causes
from sim.faults.kind import SOON, Begin, Due, Kind, Parameter, Place, fixed, physics
from sim.faults.world import World

_DUTY: Final = Parameter(0.6, 0.05, 1.0, "of the supply's voltage")
_AHEAD: Final = Parameter(1.0, 0.0, 60.0, "deg")
SEIZED_NM: Final = 5000.0
"""Friction that no motor of a table overcomes."""


def _obstruct(world: World, ahead_deg: float, sign: float) -> None:
    ahead_rad = math.radians(world.table.truth().angle_deg + sign * ahead_deg)
    world.table.physics[plant.OBSTRUCTION_ABOVE_RAD if sign > 0.0 else plant.OBSTRUCTION_BELOW_RAD] = ahead_rad


def _obstruct_ahead(world: World, ahead_deg: float) -> None:
    _obstruct(world, ahead_deg, math.copysign(1.0, world.table.truth().rate_dps))


def _clear_way(world: World) -> None:
    world.heal_physics(plant.OBSTRUCTION_ABOVE_RAD, plant.OBSTRUCTION_BELOW_RAD)


def _heat(*states: int) -> Begin:
    def begin(world: World, temperature_c: float) -> None:
        for state in states:
            world.table.state[state] = temperature_c

    return begin


def _cool(*states: int) -> Begin:
    return lambda world, _: _heat(*states)(world, float(world.table.physics[plant.AMBIENT_C]))


def _hot(what: str, default_c: float, due_from_c: float, *states: int, too_much_from: float = math.inf) -> Kind:
    cool = _cool(*states)
    return Kind(
        Place.PHYSICS,
        f"{what} as hot as VALUE, as after long hard work",
        _heat(*states),
        lambda world: cool(world, 0.0),
        frozenset({"temperature", "drive-fault"}),
        parameter=Parameter(default_c, 40.0, 180.0, "degC"),
        due=Due(SOON.within_s, due_from_c, by_board=plant.WINDING_C in states, fades=True),
        too_much_from=too_much_from,
        apart=causes.DRIVE,
    )


_runaway = physics(plant.RUNAWAY_DUTY)
_polarity = physics(plant.POLARITY)
_torque = physics(plant.TORQUE_LOST)
_holding = physics(plant.BRAKE_HOLDING)
_jammed = physics(plant.BRAKE_JAMMED)
_gear = physics(plant.GEAR_LIMIT_NM)
_friction = physics(plant.MOTOR_COULOMB_NM)
_sag = physics(plant.SAG_V)
_mains = physics(plant.MAINS_LOST)

KINDS: Final[dict[str, Kind]] = {
    "runaway": Kind(
        Place.PHYSICS,
        "the drive ignores its orders and turns toward inversion with VALUE, until its torque enable is taken away",
        *_runaway,
        causes.RUNAWAY,
        parameter=_DUTY,
        cannot_move=True,
        jolts=True,
        ignores_orders=True,
    ),
    "runaway-upright": Kind(
        Place.PHYSICS,
        "the drive ignores its orders and turns toward upright with VALUE, until its torque enable is taken away",
        lambda world, duty: _runaway[0](world, -duty),
        _runaway[1],
        causes.RUNAWAY,
        parameter=_DUTY,
        cannot_move=True,
        jolts=True,
        ignores_orders=True,
    ),
    "reversed-polarity": Kind(
        Place.PHYSICS,
        "the motor's leads are swapped: it turns the wrong way",
        fixed(_polarity[0], -1.0),
        _polarity[1],
        causes.DRIVE,
        cannot_move=True,
        jolts=True,
    ),
    "torque-lost": Kind(
        Place.PHYSICS,
        "the motor's circuit is open: it does not pull",
        fixed(_torque[0], 1.0),
        _torque[1],
        causes.DRIVE,
        cannot_move=True,
        jolts=True,
    ),
    "stall": Kind(
        Place.PHYSICS,
        "the gear seizes: the table turns neither way",
        fixed(_friction[0], SEIZED_NM),
        _friction[1],
        causes.DRIVE,
        cannot_move=True,
        jolts=True,
    ),
    "obstruction": Kind(
        Place.PHYSICS,
        "something stands in the table's way, VALUE ahead of where it is going",
        _obstruct_ahead,
        _clear_way,
        causes.BLOCKED,
        parameter=_AHEAD,
        gives_way=True,
    ),
    "obstruction-inverting": Kind(
        Place.PHYSICS,
        "something stands in the way to inversion, VALUE from where the table is",
        lambda world, ahead_deg: _obstruct(world, ahead_deg, 1.0),
        _clear_way,
        causes.BLOCKED,
        parameter=_AHEAD,
        gives_way=True,
    ),
    "obstruction-returning": Kind(
        Place.PHYSICS,
        "something stands in the way upright, VALUE from where the table is",
        lambda world, ahead_deg: _obstruct(world, ahead_deg, -1.0),
        _clear_way,
        causes.BLOCKED,
        parameter=_AHEAD,
        gives_way=True,
    ),
    "brake-slips": Kind(
        Place.PHYSICS,
        "the brake holds with VALUE of its torque; the gear may still lock by itself",
        *_holding,
        causes.MOTION | {"drive-fault"},
        parameter=Parameter(0.0, 0.0, 1.0, "of it"),
        brake_fails=True,
    ),
    "brake-jammed": Kind(
        Place.PHYSICS,
        "the brake does not release any more",
        fixed(_jammed[0], 1.0),
        _jammed[1],
        causes.DRIVE | {"rider-load"},  # a brake that drags looks like a rider who is too heavy
        cannot_move=True,
        jolts=True,
    ),
    "gear-slips": Kind(
        Place.PHYSICS,
        "the gear slips at VALUE on the table",
        *_gear,
        causes.DRIVE | causes.ANGLES,
        parameter=Parameter(30.0, 0.0, 100.0, "N m"),
        cannot_move=True,
        load_path_broke=True,
        in_company=causes.TRIED,
    ),
    "coupling-broken": Kind(
        Place.PHYSICS,
        "the coupling breaks: nothing but its bearings and the brake holds the table",
        fixed(_gear[0], 0.0),
        _gear[1],
        causes.DRIVE | causes.ANGLES,
        cannot_move=True,
        load_path_broke=True,
        in_company=causes.TRIED,
    ),
    "motor-hot": _hot("the motor is", 110.0, 105.0, plant.WINDING_C, plant.HOUSING_C),
    # A drive that grows hot gives less, and then nothing.
    "drive-hot": _hot("the power stage is", 80.0, 80.0, plant.STAGE_C, too_much_from=85.0),
    "power-sag": Kind(
        Place.PHYSICS,
        "the supply sags by VALUE",
        *_sag,
        # A supply that comes back finds a drive that had made up for it: the motor turns faster until it has eased off.
        frozenset({"energy", "drive-fault", "overspeed"}) | causes.STUCK,
        parameter=Parameter(5.0, 0.1, 10.0, "V"),
        due=SOON._replace(value_from=5.0, by_board=True, least="EMERGENCY_RETURN"),
        too_much_from=5.5,
        # At the rate of an emergency return the motor sets more against the voltage than is left, and brakes itself.
        jolts_from=9.0,
    ),
    "brown-out": Kind(
        Place.PHYSICS,
        "the supply sags by VALUE: too far for the brake's coil, whose springs win",
        *_sag,
        causes.LINK | causes.DRIVE | {"energy"},
        parameter=Parameter(14.0, 10.0, 23.0, "V"),
        cannot_move=True,
        jolts=True,
    ),
    "power-loss": Kind(
        Place.PHYSICS,
        "the mains are gone",
        fixed(_mains[0], 1.0),
        _mains[1],
        causes.LINK | causes.DRIVE | {"energy"},
        cannot_move=True,
        jolts=True,
    ),
}
