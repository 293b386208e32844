"""The physics of rider, table and actuator, compiled, at four steps a millisecond.

Two rotating masses: the table with its rider, and the motor's rotor seen through the gear. Both turn about the pivot,
in radians of table angle, positive toward inversion. An intact gear locks them together; a gear that slips or a
coupling that breaks lets them part. Each step drifts half a step, kicks, and drifts half a step again (position
Verlet): this is symplectic, so a free swing keeps its energy, and it has one kick, in which dry friction is solved as
an impulse, so that what sticks does not creep.

Dry friction follows Moreau's time-stepping: the rate after the kick is the one that the friction impulse, within its
cone, leads to. Loss in the gear grows with the torque it transmits (a worm's wedge), which gives efficiency when the
motor drives and self-locking when the load does. Friction falls from rest to sliding as in Hess and Soom (1990).

All numbers live in two float64 arrays, the state and the parameters, indexed by the constants below. Fault injection
writes parameters in flight.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import jit
from sim.layout import BRAKE_RELEASE, CURRENT_LIMIT_A, DUTY, TORQUE_ENABLE
from sim.parameters import TableParameters
from sim.rider import Arms, BodyProperties, Rider

Floats = NDArray[np.float64]

STEPS_PER_MS: Final = 4
STEP_S: Final = 1e-3 / STEPS_PER_MS
GRAVITY_MPS2: Final = 9.80665

# --- State ---------------------------------------------------------------------------------------------------------
ANGLE_RAD: Final = 0
RATE_RAD_S: Final = 1
MOTOR_ANGLE_RAD: Final = 2
"""The rotor's angle over the gear ratio; parts from ANGLE_RAD when the gear slips or the coupling breaks."""
MOTOR_RATE_RAD_S: Final = 3
CURRENT_A: Final = 4
BUS_V: Final = 5
BRAKE_CLOSED: Final = 6
"""1 while the brake's springs press, whatever it then holds."""
BRAKE_TIMER_MS: Final = 7
OUTAGE_MS: Final = 8
"""How long the mains have been gone."""
WINDING_C: Final = 9
HOUSING_C: Final = 10
STAGE_C: Final = 11
ARMS: Final = 12
"""0 where they were at the start, 1 overhead."""
SHIFT_M: Final = 13
"""How far the rider has slipped toward the head."""
INERTIA_KGM2: Final = 14
"""Table and rider about the pivot."""
UNBALANCE_NM: Final = 15
"""Largest gravity torque, ..."""
UNBALANCE_PHASE_RAD: Final = 16
"""... and the angle at which it acts: torque = UNBALANCE_NM cos(angle - phase)."""
GEAR_NM: Final = 17
"""Torque that the gear puts on the table."""
CONTACT_NM: Final = 18
"""Torque of an end stop or obstruction on the table."""
GRAVITY_NM: Final = 19
STATE_SIZE: Final = 20

# --- Parameters: the table -----------------------------------------------------------------------------------------
FRAME_INERTIA_KGM2: Final = 0
FRAME_UNBALANCE_KGM: Final = 1
RIDER_MASS_KG: Final = 2
RIDER_COM_M: Final = 3
"""Centre of mass from the pivot toward the head, arms as at the start."""
RIDER_COM_OVERHEAD_M: Final = 4
RIDER_INERTIA_KGM2: Final = 5
RIDER_INERTIA_OVERHEAD_KGM2: Final = 6
COM_ABOVE_PIVOT_M: Final = 7
BEARING_COULOMB_NM: Final = 8
BEARING_VISCOUS: Final = 9
LOWER_STOP_RAD: Final = 10
UPPER_STOP_RAD: Final = 11
STOP_STIFFNESS: Final = 12
STOP_DAMPING: Final = 13
RESISTANCE_OHM: Final = 14
INDUCTANCE_H: Final = 15
TORQUE_CONSTANT: Final = 16
GEAR_RATIO: Final = 17
ROTOR_INERTIA_KGM2: Final = 18
"""Rotor, friction and rates of the motor: all as seen from the table."""
MOTOR_COULOMB_NM: Final = 19
STATIC_FRICTION_RATIO: Final = 20
STRIBECK_RAD_S: Final = 21
MOTOR_VISCOUS: Final = 22
FORWARD_LOSS: Final = 23
BACKWARD_LOSS: Final = 24
BRAKE_NM: Final = 25
BRAKE_CLOSE_MS: Final = 26
BRAKE_OPEN_MS: Final = 27
BRAKE_RELEASE_V: Final = 28
AMBIENT_C: Final = 29
WINDING_K_PER_W: Final = 30
WINDING_J_PER_K: Final = 31
HOUSING_K_PER_W: Final = 32
HOUSING_J_PER_K: Final = 33
STAGE_OHM: Final = 34
STAGE_K_PER_W: Final = 35
STAGE_J_PER_K: Final = 36
SUPPLY_V: Final = 37
SUPPLY_OHM: Final = 38
HOLD_UP_MS: Final = 39
# --- Parameters: faults, and what the rider does ---------------------------------------------------------------------
OBSTRUCTION_BELOW_RAD: Final = 40
"""The way upright is blocked at this angle; -inf: free. Put it where the table has yet to come."""
OBSTRUCTION_ABOVE_RAD: Final = 41
"""The way to inversion is blocked at this angle; +inf: free."""
RUNAWAY_DUTY: Final = 42
"""The drive ignores its order and drives with this duty; NaN: it obeys. Torque enable still cuts it, unless ..."""
STAGE_SHORTED: Final = 43
"""... this is 1: the power stage drives even without torque enable, and without its current limit."""
TORQUE_LOST: Final = 44
"""1: the motor's circuit is open."""
POLARITY: Final = 45
"""-1: the motor's leads are swapped."""
BRAKE_HOLDING: Final = 46
"""Fraction of its torque that the brake still holds with."""
BRAKE_JAMMED: Final = 47
"""1: the brake does not release."""
GEAR_LIMIT_NM: Final = 48
"""Torque at which the gear slips; +inf: never; 0: the coupling is broken."""
MAINS_LOST: Final = 49
"""1: the supply is gone once the hold-up time is over."""
SAG_V: Final = 50
"""Taken off the supply's voltage."""
ARMS_TARGET: Final = 51
"""1: the rider raises the arms overhead; 0: takes them back."""
SHIFT_TARGET_M: Final = 52
"""Where the rider slips to, along the table toward the head."""
RIDER_TORQUE_NM: Final = 53
"""What the rider (or a bystander) adds, positive toward inversion."""
PARAMETERS_SIZE: Final = 54

_ARMS_PER_MS: Final = 1e-3 / 0.8
"""Arms go up in 0.8 s."""
_SHIFT_M_PER_MS: Final = 0.2e-3
_COPPER_PER_K: Final = 0.00393
_DEEPEST_CONTACT_RAD: Final = 0.2
"""Penetration at which a stop's torque no longer grows, so that an obstruction put behind the table stays finite."""


def make_parameters(table: TableParameters, rider: Rider, arms: Arms = Arms.DOWN) -> Floats:
    """The parameter array of a table with a rider, float64 of shape (PARAMETERS_SIZE,), without faults.

    ``arms`` is the posture at the start; ``ARMS_TARGET`` then moves between it and overhead.
    """
    p = np.zeros(PARAMETERS_SIZE)
    _fill_rider(p, table, rider.height_m, rider.body(arms), rider.body(Arms.OVERHEAD))
    _fill_frame(p, table)
    _fill_actuator(p, table)
    _fill_supply(p, table)
    p[OBSTRUCTION_BELOW_RAD], p[OBSTRUCTION_ABOVE_RAD] = -math.inf, math.inf
    p[RUNAWAY_DUTY] = math.nan
    p[POLARITY] = p[BRAKE_HOLDING] = 1.0
    p[GEAR_LIMIT_NM] = math.inf
    return p


def _fill_rider(
    p: Floats, table: TableParameters, height_m: float, start: BodyProperties, overhead: BodyProperties
) -> None:
    body = table.body
    pivot_m = body.pivot_height_fraction * height_m - body.pivot_setting_error_mm / 1e3
    p[RIDER_MASS_KG] = start.mass_kg
    p[RIDER_COM_M] = start.com_above_soles_m - pivot_m
    p[RIDER_COM_OVERHEAD_M] = overhead.com_above_soles_m - pivot_m
    p[RIDER_INERTIA_KGM2] = start.inertia_kgm2
    p[RIDER_INERTIA_OVERHEAD_KGM2] = overhead.inertia_kgm2
    p[COM_ABOVE_PIVOT_M] = body.com_above_pivot_mm / 1e3


def _fill_frame(p: Floats, table: TableParameters) -> None:
    body, stops = table.body, table.stops
    p[FRAME_INERTIA_KGM2] = body.moving_inertia_kgm2
    p[FRAME_UNBALANCE_KGM] = body.moving_mass_kg * body.moving_com_offset_mm / 1e3
    p[BEARING_COULOMB_NM] = body.bearing_coulomb_nm
    p[BEARING_VISCOUS] = body.bearing_viscous_nms_per_rad
    p[LOWER_STOP_RAD] = math.radians(stops.upright_stop_deg)
    p[UPPER_STOP_RAD] = math.radians(stops.inverted_stop_deg)
    p[STOP_STIFFNESS] = stops.stiffness_nm_per_rad
    p[STOP_DAMPING] = stops.damping_nms_per_rad


def _fill_actuator(p: Floats, table: TableParameters) -> None:
    motor, gear, brake = table.motor, table.gear, table.brake
    p[RESISTANCE_OHM] = motor.resistance_ohm
    p[INDUCTANCE_H] = motor.inductance_mh / 1e3
    p[TORQUE_CONSTANT] = motor.torque_constant_nm_per_a
    p[GEAR_RATIO] = gear.ratio
    p[ROTOR_INERTIA_KGM2] = table.reflected_inertia_kgm2
    p[MOTOR_COULOMB_NM] = motor.coulomb_nm * gear.ratio
    p[STATIC_FRICTION_RATIO] = motor.static_friction_ratio
    p[STRIBECK_RAD_S] = motor.stribeck_rad_s / gear.ratio
    p[MOTOR_VISCOUS] = motor.viscous_nms_per_rad * gear.ratio**2
    p[FORWARD_LOSS] = gear.forward_loss
    p[BACKWARD_LOSS] = gear.backward_loss
    p[BRAKE_NM] = brake.holding_torque_nm
    p[BRAKE_CLOSE_MS] = brake.close_delay_ms
    p[BRAKE_OPEN_MS] = brake.open_delay_ms
    p[BRAKE_RELEASE_V] = brake.release_voltage_v


def _fill_supply(p: Floats, table: TableParameters) -> None:
    thermal, supply = table.thermal, table.supply
    p[AMBIENT_C] = thermal.ambient_c
    p[WINDING_K_PER_W] = thermal.winding_to_housing_k_per_w
    p[WINDING_J_PER_K] = thermal.winding_capacity_j_per_k
    p[HOUSING_K_PER_W] = thermal.housing_to_ambient_k_per_w
    p[HOUSING_J_PER_K] = thermal.housing_capacity_j_per_k
    p[STAGE_OHM] = thermal.stage_resistance_ohm
    p[STAGE_K_PER_W] = thermal.stage_to_ambient_k_per_w
    p[STAGE_J_PER_K] = thermal.stage_capacity_j_per_k
    p[SUPPLY_V] = supply.nominal_v
    p[SUPPLY_OHM] = supply.internal_resistance_ohm
    p[HOLD_UP_MS] = supply.hold_up_s * 1e3


def make_state(p: Floats, angle_deg: float) -> Floats:
    """The state array at rest on the closed brake, everything cold; float64 of shape (STATE_SIZE,)."""
    s = np.zeros(STATE_SIZE)
    s[ANGLE_RAD] = s[MOTOR_ANGLE_RAD] = math.radians(angle_deg)
    s[BRAKE_CLOSED] = 1.0
    s[BUS_V] = p[SUPPLY_V]
    s[WINDING_C] = s[HOUSING_C] = s[STAGE_C] = p[AMBIENT_C]
    settle_rider(s, p)
    return s


@jit
def settle_rider(s: Floats, p: Floats) -> None:
    """Bring inertia and gravity torque up to date after the rider, or a parameter of the rider, has moved."""
    arms = s[ARMS]
    com = p[RIDER_COM_M] + arms * (p[RIDER_COM_OVERHEAD_M] - p[RIDER_COM_M]) + s[SHIFT_M]
    inertia = p[RIDER_INERTIA_KGM2] + arms * (p[RIDER_INERTIA_OVERHEAD_KGM2] - p[RIDER_INERTIA_KGM2])
    above, mass = p[COM_ABOVE_PIVOT_M], p[RIDER_MASS_KG]
    along_kgm = mass * com + p[FRAME_UNBALANCE_KGM]
    before = s[INERTIA_KGM2]
    s[INERTIA_KGM2] = p[FRAME_INERTIA_KGM2] + inertia + mass * (com * com + above * above)
    s[UNBALANCE_NM] = GRAVITY_MPS2 * math.hypot(along_kgm, mass * above)
    s[UNBALANCE_PHASE_RAD] = math.atan2(mass * above, along_kgm)
    _keep_momentum(s, p, before)


@jit
def _keep_momentum(s: Floats, p: Floats, inertia_before: float) -> None:
    """A body that opens up turns slower."""
    if s[RATE_RAD_S] == s[MOTOR_RATE_RAD_S]:
        rotor = p[ROTOR_INERTIA_KGM2]
        s[RATE_RAD_S] *= (inertia_before + rotor) / (s[INERTIA_KGM2] + rotor)
        s[MOTOR_RATE_RAD_S] = s[RATE_RAD_S]
    else:
        s[RATE_RAD_S] *= inertia_before / s[INERTIA_KGM2]


@jit
def step_ms(s: Floats, p: Floats, drive: Floats) -> None:
    """One millisecond: supply, brake, heat and rider once, then the mechanics in STEPS_PER_MS steps.

    ``drive`` is the board's order to its power stage (``sim.layout``, DRIVE).
    """
    _move_rider(s, p)
    source_v = _supply(s, p)
    _brake(s, p, drive[BRAKE_RELEASE] > 0.5 and s[BUS_V] >= p[BRAKE_RELEASE_V])
    duty, powered = _power_stage(p, drive, source_v)
    resistance = _resistance(s, p, duty)
    if powered:
        limit_a = math.inf if p[STAGE_SHORTED] > 0.5 else drive[CURRENT_LIMIT_A]
        _mechanics(s, p, duty * source_v * p[POLARITY], resistance, limit_a)
    else:
        # An open bridge: the current dies through the diodes within a step.
        s[CURRENT_A] = 0.0
        _mechanics(s, p, 0.0, resistance, 0.0)
    s[BUS_V] = max(0.0, source_v - p[SUPPLY_OHM] * duty * s[CURRENT_A] * p[POLARITY])
    _heat(s, p)


@jit
def advance_ms(s: Floats, p: Floats, drive: Floats, milliseconds: int) -> None:
    """The physics alone under a constant order, for tests and benchmarks."""
    for _ in range(milliseconds):
        step_ms(s, p, drive)


@jit
def _move_rider(s: Floats, p: Floats) -> None:
    if s[ARMS] == p[ARMS_TARGET] and s[SHIFT_M] == p[SHIFT_TARGET_M]:
        return
    s[ARMS] += min(max(p[ARMS_TARGET] - s[ARMS], -_ARMS_PER_MS), _ARMS_PER_MS)
    s[SHIFT_M] += min(max(p[SHIFT_TARGET_M] - s[SHIFT_M], -_SHIFT_M_PER_MS), _SHIFT_M_PER_MS)
    settle_rider(s, p)


@jit
def _supply(s: Floats, p: Floats) -> float:
    """Voltage behind the supply's internal resistance."""
    if p[MAINS_LOST] > 0.5:
        s[OUTAGE_MS] += 1.0
        if s[OUTAGE_MS] > p[HOLD_UP_MS]:
            return 0.0
    else:
        s[OUTAGE_MS] = 0.0
    return float(max(0.0, p[SUPPLY_V] - p[SAG_V]))


@jit
def _brake(s: Floats, p: Floats, release: bool) -> None:
    """The brake follows its coil after a delay."""
    closed = s[BRAKE_CLOSED] > 0.5
    wanted = not release or p[BRAKE_JAMMED] > 0.5
    if wanted == closed:
        s[BRAKE_TIMER_MS] = 0.0
        return
    s[BRAKE_TIMER_MS] += 1.0
    if s[BRAKE_TIMER_MS] >= (p[BRAKE_CLOSE_MS] if wanted else p[BRAKE_OPEN_MS]):
        s[BRAKE_CLOSED] = 1.0 if wanted else 0.0
        s[BRAKE_TIMER_MS] = 0.0


@jit
def _power_stage(p: Floats, drive: Floats, source_v: float) -> tuple[float, bool]:
    """Duty in force, and whether the bridge conducts at all."""
    runaway = not math.isnan(p[RUNAWAY_DUTY])
    enabled = drive[TORQUE_ENABLE] > 0.5 or (runaway and p[STAGE_SHORTED] > 0.5)
    powered = enabled and source_v > 0.0 and p[TORQUE_LOST] < 0.5
    duty = p[RUNAWAY_DUTY] if runaway else drive[DUTY]
    return (min(max(duty, -1.0), 1.0), True) if powered else (0.0, False)


@jit
def _resistance(s: Floats, p: Floats, duty: float) -> float:
    """Of the motor's whole circuit; the supply's share is transformed by the duty."""
    winding = p[RESISTANCE_OHM] * (1.0 + _COPPER_PER_K * (s[WINDING_C] - 20.0))
    return float(winding + p[STAGE_OHM] + duty * duty * p[SUPPLY_OHM])


@jit
def _heat(s: Floats, p: Floats) -> None:
    square = s[CURRENT_A] * s[CURRENT_A]
    copper_w = square * p[RESISTANCE_OHM] * (1.0 + _COPPER_PER_K * (s[WINDING_C] - 20.0))
    to_housing_w = (s[WINDING_C] - s[HOUSING_C]) / p[WINDING_K_PER_W]
    to_ambient_w = (s[HOUSING_C] - p[AMBIENT_C]) / p[HOUSING_K_PER_W]
    from_stage_w = (s[STAGE_C] - p[AMBIENT_C]) / p[STAGE_K_PER_W]
    s[WINDING_C] += 1e-3 * (copper_w - to_housing_w) / p[WINDING_J_PER_K]
    s[HOUSING_C] += 1e-3 * (to_housing_w - to_ambient_w) / p[HOUSING_J_PER_K]
    s[STAGE_C] += 1e-3 * (square * p[STAGE_OHM] - from_stage_w) / p[STAGE_J_PER_K]


class _Terms(NamedTuple):
    """What stays the same for the steps of one millisecond."""

    step_per_inertia: float
    step_per_rotor: float
    inertia_share: float
    """The table's share in the inertia of table and rotor."""
    table_dry_nm: float
    """Dry friction of bearings and brake."""
    motor_dry_nm: float
    forward_loss: float
    forward_gain: float
    """What the gear's loss leaves of its torque while the motor drives, at a given acceleration of the motor."""
    backward_gain: float
    gear_limit_nm: float


@jit
def _terms(s: Floats, p: Floats) -> _Terms:
    """Friction between rest and sliding is taken from the rate at the beginning of the millisecond."""
    slowness = s[MOTOR_RATE_RAD_S] / p[STRIBECK_RAD_S]
    stribeck = 1.0 + (p[STATIC_FRICTION_RATIO] - 1.0) / (1.0 + slowness * slowness)
    share = s[INERTIA_KGM2] / (s[INERTIA_KGM2] + p[ROTOR_INERTIA_KGM2])
    forward_loss = stribeck * p[FORWARD_LOSS]
    return _Terms(
        STEP_S / s[INERTIA_KGM2],
        STEP_S / p[ROTOR_INERTIA_KGM2],
        share,
        p[BEARING_COULOMB_NM] + s[BRAKE_CLOSED] * p[BRAKE_NM] * p[BRAKE_HOLDING],
        stribeck * p[MOTOR_COULOMB_NM],
        forward_loss,
        1.0 / (1.0 + forward_loss * share),
        1.0 / (1.0 - stribeck * p[BACKWARD_LOSS] * share),
        p[GEAR_LIMIT_NM],
    )


@jit
def _mechanics(s: Floats, p: Floats, volts: float, resistance: float, limit_a: float) -> None:
    """The steps of one millisecond; ``volts`` is what the bridge puts out, ``limit_a`` what it lets through."""
    terms = _terms(s, p)
    angle, rate, motor_angle, motor_rate = s[ANGLE_RAD], s[RATE_RAD_S], s[MOTOR_ANGLE_RAD], s[MOTOR_RATE_RAD_S]
    current, gear_nm, contact_nm, gravity_nm = s[CURRENT_A], 0.0, 0.0, 0.0
    newton_m_per_a = p[TORQUE_CONSTANT] * p[GEAR_RATIO]
    # Exact solution of the current at constant rate, and its mean over a step.
    decay = math.exp(-STEP_S * resistance / p[INDUCTANCE_H])
    mean_share = (1.0 - decay) * p[INDUCTANCE_H] / (STEP_S * resistance)
    driven_a, braked_a = volts / resistance, newton_m_per_a / resistance
    lower = max(p[LOWER_STOP_RAD], p[OBSTRUCTION_BELOW_RAD])
    upper = min(p[UPPER_STOP_RAD], p[OBSTRUCTION_ABOVE_RAD])
    stiffness, damping = p[STOP_STIFFNESS], p[STOP_DAMPING]
    rider_nm, bearing_viscous, motor_viscous = p[RIDER_TORQUE_NM], p[BEARING_VISCOUS], p[MOTOR_VISCOUS]
    start = angle
    along_nm = s[UNBALANCE_NM] * math.cos(angle - s[UNBALANCE_PHASE_RAD])
    across_nm = s[UNBALANCE_NM] * math.sin(angle - s[UNBALANCE_PHASE_RAD])
    for _ in range(STEPS_PER_MS):
        angle += 0.5 * STEP_S * rate
        motor_angle += 0.5 * STEP_S * motor_rate

        final_a = driven_a - braked_a * motor_rate
        mean_a = min(max(final_a + (current - final_a) * mean_share, -limit_a), limit_a)
        current = min(max(final_a + (current - final_a) * decay, -limit_a), limit_a)

        gravity_nm = _turned(along_nm, across_nm, angle - start)
        contact_nm = _contact(angle, rate, lower, upper, stiffness, damping)
        table_nm = gravity_nm + contact_nm + rider_nm - bearing_viscous * rate
        motor_nm = newton_m_per_a * mean_a - motor_viscous * motor_rate
        rate, motor_rate, gear_nm = _kick(terms, rate, motor_rate, table_nm, motor_nm)

        angle += 0.5 * STEP_S * rate
        motor_angle += 0.5 * STEP_S * motor_rate
    s[ANGLE_RAD], s[RATE_RAD_S], s[MOTOR_ANGLE_RAD], s[MOTOR_RATE_RAD_S] = angle, rate, motor_angle, motor_rate
    s[CURRENT_A], s[GEAR_NM], s[CONTACT_NM], s[GRAVITY_NM] = current, gear_nm, contact_nm, gravity_nm


@jit
def _turned(along: float, across: float, by: float) -> float:
    """``along`` cos(by) - ``across`` sin(by), to 1e-15 for the small angles of a millisecond."""
    square = by * by
    cosine = 1.0 - square * (0.5 - square * (1.0 / 24.0 - square / 720.0))
    sine = by * (1.0 - square * (1.0 / 6.0 - square / 120.0))
    return along * cosine - across * sine


@jit
def _contact(angle: float, rate: float, lower: float, upper: float, stiffness: float, damping: float) -> float:
    """Torque of a stop: pushes, never pulls."""
    if angle > upper:
        return min(0.0, -stiffness * min(angle - upper, _DEEPEST_CONTACT_RAD) - damping * rate)
    if angle < lower:
        return max(0.0, stiffness * min(lower - angle, _DEEPEST_CONTACT_RAD) - damping * rate)
    return 0.0


@jit
def _kick(
    terms: _Terms, rate: float, motor_rate: float, table_nm: float, motor_nm: float
) -> tuple[float, float, float]:
    """Rates of table and motor after one step under the given torques, and the gear's torque on the table."""
    slip = motor_rate - rate
    if slip != 0.0 and terms.gear_limit_nm == math.inf:
        # A gear that was just repaired: both go on with their common momentum.
        rate = motor_rate = motor_rate - terms.inertia_share * slip
        slip = 0.0
    if slip == 0.0:
        after, gear_nm = _locked(terms, rate, table_nm, motor_nm)
        if abs(gear_nm) <= terms.gear_limit_nm:
            return after, after, gear_nm
        slip = gear_nm
    return _slipping(terms, rate, motor_rate, table_nm, motor_nm, slip)


@jit
def _slipping(
    terms: _Terms, rate: float, motor_rate: float, table_nm: float, motor_nm: float, slip: float
) -> tuple[float, float, float]:
    """Table and motor each for itself, with what the gear still transmits in the direction of ``slip``."""
    gear_nm = math.copysign(terms.gear_limit_nm, slip)
    motor_dry_nm = terms.motor_dry_nm + terms.forward_loss * terms.gear_limit_nm
    rate = _dry(rate + terms.step_per_inertia * (table_nm + gear_nm), terms.step_per_inertia * terms.table_dry_nm)
    motor_rate = _dry(motor_rate + terms.step_per_rotor * (motor_nm - gear_nm), terms.step_per_rotor * motor_dry_nm)
    difference = motor_rate - rate
    if terms.gear_limit_nm > 0.0 and difference * slip < 0.0:
        rate = motor_rate = motor_rate - terms.inertia_share * difference
    return rate, motor_rate, gear_nm


@jit
def _dry(free: float, most: float) -> float:
    """The rate that dry friction leaves of ``free`` when it can change it by ``most``: zero if that is enough."""
    if free > most:
        return free - most
    if free < -most:
        return free + most
    return 0.0


@jit
def _locked(terms: _Terms, rate: float, table_nm: float, motor_nm: float) -> tuple[float, float]:
    """Rate after one step, and the gear's torque on the table, while table and motor turn as one."""
    heading = rate if rate != 0.0 else table_nm + motor_nm
    sign = 1.0 if heading > 0.0 else -1.0
    for _ in range(2):
        gear_nm = _gear_torque(terms, sign, table_nm, motor_nm)
        after = rate + terms.step_per_inertia * (gear_nm + table_nm - sign * terms.table_dry_nm)
        if after * sign > 0.0:
            return after, gear_nm
        sign = -sign
    # Neither direction is consistent: friction stops it and holds. The gear carries what brake and bearing do not.
    return 0.0, -_dry(table_nm + rate / terms.step_per_inertia, terms.table_dry_nm)


@jit
def _gear_torque(terms: _Terms, sign: float, table_nm: float, motor_nm: float) -> float:
    """The gear's torque on the table while sliding in the direction of ``sign``.

    Without loss in the gear it would be ``lossless``. The loss grows with the torque: it shrinks it where the motor
    drives and swells it where the load does.
    """
    share = terms.inertia_share
    driving_nm = share * (motor_nm - sign * terms.motor_dry_nm)
    lossless = driving_nm - (1.0 - share) * (table_nm - sign * terms.table_dry_nm)
    return lossless * (terms.forward_gain if sign * lossless >= 0.0 else terms.backward_gain)
