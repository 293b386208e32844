"""The physics against closed forms: energy, friction that sticks, the gear, the brake, the motor, heat, faults."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim import plant
from sim.layout import BRAKE_RELEASE, CURRENT_LIMIT_A, DUTY, TORQUE_ENABLE
from sim.parameters import BodyParameters, GearParameters, MotorParameters, StopParameters, TableParameters
from sim.plant import Floats
from sim.rider import Arms, Rider, Sex

HEAVIEST = Rider(sex=Sex.MALE, mass_kg=136.0, height_m=1.98)
MEDIUM = Rider(sex=Sex.MALE, mass_kg=75.0, height_m=1.75)
TABLE = TableParameters()


def order(duty: float = 0.0, enable: bool = False, release: bool = False, limit_a: float = 100.0) -> Floats:
    drive = np.zeros(4)
    drive[DUTY], drive[TORQUE_ENABLE], drive[BRAKE_RELEASE], drive[CURRENT_LIMIT_A] = duty, enable, release, limit_a
    return drive


def mechanical_energy_j(s: Floats, p: Floats) -> float:
    """Kinetic energy of table and rotor plus the height of the unbalance; stops and friction hold none of it."""
    kinetic = (
        s[plant.INERTIA_KGM2] * s[plant.RATE_RAD_S] ** 2 + p[plant.ROTOR_INERTIA_KGM2] * s[plant.MOTOR_RATE_RAD_S] ** 2
    )
    return float(0.5 * kinetic - s[plant.UNBALANCE_NM] * math.sin(s[plant.ANGLE_RAD] - s[plant.UNBALANCE_PHASE_RAD]))


def head_heavy(offset_mm: float, rider: Rider = HEAVIEST, arms: Arms = Arms.OVERHEAD) -> TableParameters:
    """A table whose pivot setting puts this rider's centre of mass so far headward of the pivot."""
    above_mm = rider.body(arms).com_above_soles_m * 1e3 - TABLE.body.pivot_height_fraction * rider.height_m * 1e3
    return TableParameters(body=BodyParameters(pivot_setting_error_mm=offset_mm - above_mm))


def free_swing(table: TableParameters = TABLE, rider: Rider = MEDIUM) -> Floats:
    """Coupling broken, no friction, no stops, no brake."""
    p = plant.make_parameters(table, rider)
    p[[plant.BEARING_COULOMB_NM, plant.BEARING_VISCOUS, plant.BRAKE_NM, plant.GEAR_LIMIT_NM]] = 0.0
    p[plant.LOWER_STOP_RAD], p[plant.UPPER_STOP_RAD] = -math.inf, math.inf
    return p


def brakeless(p: Floats) -> Floats:
    p[plant.BRAKE_HOLDING] = 0.0
    return p


def released(p: Floats, angle_deg: float) -> Floats:
    """The state at rest with the brake already open."""
    state = plant.make_state(p, angle_deg)
    state[plant.BRAKE_CLOSED] = 0.0
    return state


# --- Gravity and energy ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle_deg", [-60.0, 0.0, 60.0])
def test_foot_heavy_riders_are_pulled_toward_upright(angle_deg: float) -> None:
    p = free_swing()
    state = plant.make_state(p, angle_deg)
    plant.advance_ms(state, p, order(), 100)
    assert state[plant.RATE_RAD_S] < 0.0


@given(st.floats(1.0, 150.0), st.floats(-89.0, 89.0))
@settings(max_examples=30, deadline=None)
def test_gravity_torque_is_antisymmetric_in_the_imbalance_and_symmetric_in_the_angle(e_mm: float, deg: float) -> None:
    def torque_nm(offset_mm: float, angle_deg: float) -> float:
        p = free_swing(TableParameters(), MEDIUM)
        p[plant.RIDER_COM_M] = offset_mm / 1e3
        state = plant.make_state(p, angle_deg)
        plant.step_ms(state, p, order())
        return float(state[plant.GRAVITY_NM])

    expected = 75.0 * plant.GRAVITY_MPS2 * e_mm / 1e3 * math.cos(math.radians(deg))
    assert torque_nm(e_mm, deg) == pytest.approx(expected, rel=1e-3, abs=1e-2)
    assert torque_nm(-e_mm, deg) == pytest.approx(-torque_nm(e_mm, deg), rel=1e-3, abs=1e-2)
    assert torque_nm(e_mm, -deg) == pytest.approx(torque_nm(e_mm, deg), rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("rider", [MEDIUM, HEAVIEST], ids=["75kg", "136kg"])
@pytest.mark.parametrize("start_deg", [-60.0, 0.0, 60.0, 89.0])
def test_a_free_swing_keeps_its_energy(rider: Rider, start_deg: float) -> None:
    p = free_swing(rider=rider)
    state = plant.make_state(p, start_deg)
    before, scale = mechanical_energy_j(state, p), state[plant.UNBALANCE_NM]
    worst = 0.0
    for _ in range(6000):
        plant.advance_ms(state, p, order(), 10)
        worst = max(worst, abs(mechanical_energy_j(state, p) - before))
    assert worst < 1e-6 * abs(scale)


@given(
    start_deg=st.floats(-75.0, 90.0),
    rate_dps=st.floats(-60.0, 60.0),
    gear_limit_nm=st.sampled_from([0.0, 30.0, math.inf]),
    efficiency=st.floats(0.3, 0.95),
    brake=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_energy_never_grows_without_a_drive(
    start_deg: float, rate_dps: float, gear_limit_nm: float, efficiency: float, brake: bool
) -> None:
    table = TableParameters(gear=GearParameters(efficiency=efficiency))
    p = plant.make_parameters(table, MEDIUM)
    p[plant.LOWER_STOP_RAD], p[plant.UPPER_STOP_RAD] = -math.inf, math.inf
    p[plant.GEAR_LIMIT_NM] = gear_limit_nm
    state = plant.make_state(p, start_deg)
    state[plant.BRAKE_CLOSED] = float(brake)
    state[plant.RATE_RAD_S] = state[plant.MOTOR_RATE_RAD_S] = math.radians(rate_dps)
    energy = mechanical_energy_j(state, p)
    for _ in range(100):
        plant.advance_ms(state, p, order(release=not brake), 20)
        now = mechanical_energy_j(state, p)
        assert now <= energy + 1e-6 * state[plant.UNBALANCE_NM]
        energy = now


def test_raising_the_arms_moves_the_balance_over_most_of_a_second() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    state = plant.make_state(p, 0.0)
    resting_nm, inertia = state[plant.UNBALANCE_NM], state[plant.INERTIA_KGM2]
    p[plant.ARMS_TARGET] = 1.0
    plant.advance_ms(state, p, order(), 400)
    half_way_nm = state[plant.UNBALANCE_NM]
    plant.advance_ms(state, p, order(), 600)
    shift_m = MEDIUM.body(Arms.OVERHEAD).com_above_soles_m - MEDIUM.body().com_above_soles_m
    assert state[plant.UNBALANCE_NM] == pytest.approx(resting_nm - 75.0 * plant.GRAVITY_MPS2 * shift_m)
    assert half_way_nm == pytest.approx((resting_nm + state[plant.UNBALANCE_NM]) / 2, rel=0.01)
    assert state[plant.INERTIA_KGM2] > inertia


def test_a_body_that_opens_up_turns_slower() -> None:
    p = free_swing()
    p[plant.RIDER_COM_M] = p[plant.RIDER_COM_OVERHEAD_M] = 0.0
    state = plant.make_state(p, 0.0)
    state[plant.RATE_RAD_S], state[plant.MOTOR_RATE_RAD_S] = 1.0, 0.0
    before = state[plant.INERTIA_KGM2]
    p[plant.ARMS_TARGET] = 1.0
    plant.advance_ms(state, p, order(), 1000)
    assert state[plant.INERTIA_KGM2] > 1.1 * before
    assert state[plant.RATE_RAD_S] == pytest.approx(before / state[plant.INERTIA_KGM2], rel=1e-9)
    coupled = plant.make_parameters(TABLE, MEDIUM)
    state = plant.make_state(coupled, 0.0)
    state[plant.RATE_RAD_S] = state[plant.MOTOR_RATE_RAD_S] = 1.0
    whole = state[plant.INERTIA_KGM2] + coupled[plant.ROTOR_INERTIA_KGM2]
    state[plant.ARMS] = 1.0
    plant.settle_rider(state, coupled)
    opened = state[plant.INERTIA_KGM2] + coupled[plant.ROTOR_INERTIA_KGM2]
    assert state[plant.RATE_RAD_S] == state[plant.MOTOR_RATE_RAD_S] == pytest.approx(whole / opened, rel=1e-12)


# --- Friction, gear, brake -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "sticks"), [(0.99, True), (-0.99, True), (1.01, False), (-1.01, False)])
def test_dry_friction_sticks_inside_its_cone_and_not_outside(share: float, sticks: bool) -> None:
    p = free_swing()
    p[plant.RIDER_COM_M] = 0.0
    p[plant.BEARING_COULOMB_NM] = 25.0
    p[plant.RIDER_TORQUE_NM] = 25.0 * share
    state = plant.make_state(p, 10.0)
    before = state[plant.ANGLE_RAD]
    plant.advance_ms(state, p, order(), 60_000)
    if sticks:
        assert state[plant.ANGLE_RAD] == before  # to the last bit: it does not creep
        assert state[plant.RATE_RAD_S] == 0.0
    else:
        assert (state[plant.ANGLE_RAD] - before) * share > math.radians(10.0)


def test_sliding_friction_decelerates_as_the_closed_form_says() -> None:
    p = free_swing()
    p[plant.RIDER_COM_M] = 0.0
    p[plant.BEARING_COULOMB_NM] = 25.0
    state = plant.make_state(p, 0.0)
    state[plant.RATE_RAD_S] = 1.0
    plant.advance_ms(state, p, order(), 100)
    assert state[plant.RATE_RAD_S] == pytest.approx(1.0 - 0.1 * 25.0 / state[plant.INERTIA_KGM2], rel=1e-9)


@pytest.mark.parametrize("angle_deg", [-75.0, -30.0, 0.0, 30.0, 60.0, 90.0])
@pytest.mark.parametrize("offset_mm", [-130.0, 100.0])
def test_the_worm_locks_itself_when_the_brake_fails(angle_deg: float, offset_mm: float) -> None:
    p = brakeless(plant.make_parameters(head_heavy(offset_mm), HEAVIEST, Arms.OVERHEAD))
    state = plant.make_state(p, angle_deg)
    before = state[plant.ANGLE_RAD]
    plant.advance_ms(state, p, order(), 60_000)
    assert state[plant.ANGLE_RAD] == before


def test_an_efficient_gear_does_not_lock() -> None:
    table = head_heavy(100.0).model_copy(update={"gear": GearParameters(efficiency=0.85)})
    assert not table.gear.self_locking
    p = brakeless(plant.make_parameters(table, HEAVIEST, Arms.OVERHEAD))
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(), 5000)
    assert state[plant.ANGLE_RAD] > math.radians(10.0)


@pytest.mark.parametrize("angle_deg", [-75.0, -40.0, 0.0, 40.0, 60.0, 90.0])
def test_the_brake_holds_the_worst_rider_with_the_gear_broken(angle_deg: float) -> None:
    p = plant.make_parameters(head_heavy(165.0), HEAVIEST, Arms.OVERHEAD)
    p[plant.GEAR_LIMIT_NM] = 0.0
    state = plant.make_state(p, angle_deg)
    before = state[plant.ANGLE_RAD]
    plant.advance_ms(state, p, order(), 60_000)
    assert state[plant.ANGLE_RAD] == before


@pytest.mark.parametrize(("parameter", "value"), [(plant.BRAKE_HOLDING, 0.2), (plant.BRAKE_NM, 100.0)])
def test_a_weak_brake_with_the_gear_broken_lets_go(parameter: int, value: float) -> None:
    p = plant.make_parameters(head_heavy(100.0), HEAVIEST, Arms.OVERHEAD)
    p[plant.GEAR_LIMIT_NM], p[parameter] = 0.0, value
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(), 3000)
    assert state[plant.ANGLE_RAD] > math.radians(20.0)


@pytest.mark.parametrize(("release", "delay_ms"), [(True, 60), (False, 50)])
def test_the_brake_follows_its_coil_after_a_delay(release: bool, delay_ms: int) -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    state = plant.make_state(p, -75.0)
    state[plant.BRAKE_CLOSED] = float(release)
    plant.advance_ms(state, p, order(release=release), delay_ms - 1)
    assert state[plant.BRAKE_CLOSED] == float(release)
    plant.advance_ms(state, p, order(release=release), 1)
    assert state[plant.BRAKE_CLOSED] == float(not release)


def test_a_jammed_brake_stays_closed_and_a_dead_supply_closes_it() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.BRAKE_JAMMED] = 1.0
    state = plant.make_state(p, -75.0)
    plant.advance_ms(state, p, order(release=True), 500)
    assert state[plant.BRAKE_CLOSED] == 1.0
    p[plant.BRAKE_JAMMED] = 0.0
    plant.advance_ms(state, p, order(release=True), 500)
    assert state[plant.BRAKE_CLOSED] == 0.0
    p[plant.MAINS_LOST] = 1.0
    plant.advance_ms(state, p, order(release=True), 100)
    assert state[plant.BRAKE_CLOSED] == 0.0  # the hold-up time
    plant.advance_ms(state, p, order(release=True), 100)
    assert state[plant.BUS_V] == 0.0
    assert state[plant.BRAKE_CLOSED] == 1.0


def test_a_gear_transmits_no_more_than_it_slips_at_and_a_repaired_one_keeps_momentum() -> None:
    p = brakeless(plant.make_parameters(head_heavy(100.0), HEAVIEST, Arms.OVERHEAD))
    p[plant.GEAR_LIMIT_NM] = 40.0
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(), 500)
    assert state[plant.GEAR_NM] == -40.0
    assert state[plant.ANGLE_RAD] > state[plant.MOTOR_ANGLE_RAD]
    rotor, inertia = p[plant.ROTOR_INERTIA_KGM2], state[plant.INERTIA_KGM2]
    momentum = inertia * state[plant.RATE_RAD_S] + rotor * state[plant.MOTOR_RATE_RAD_S]
    p[plant.GEAR_LIMIT_NM] = math.inf
    plant.step_ms(state, p, order())
    assert state[plant.RATE_RAD_S] == state[plant.MOTOR_RATE_RAD_S]
    assert (inertia + rotor) * state[plant.RATE_RAD_S] == pytest.approx(momentum, rel=0.05)


def test_a_slipping_gear_loads_the_motor_with_what_it_transmits_and_with_its_loss() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.GEAR_LIMIT_NM], p[plant.STATIC_FRICTION_RATIO] = 40.0, 1.0
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(0.5, True), 3000)  # the brake holds the table
    assert state[plant.RATE_RAD_S] == 0.0
    assert state[plant.GEAR_NM] == 40.0
    loss = 1.0 / 0.45 - 1.0
    viscous = 2e-5 * 2300.0**2 * state[plant.MOTOR_RATE_RAD_S]
    expected_a = (0.02 * 2300.0 + 40.0 * (1.0 + loss) + viscous) / (0.06 * 2300.0)
    assert state[plant.CURRENT_A] == pytest.approx(expected_a, rel=1e-5)


def test_a_slipping_gear_grips_again_once_both_turn_alike() -> None:
    p = brakeless(plant.make_parameters(TABLE, MEDIUM))
    p[plant.RIDER_COM_M], p[plant.GEAR_LIMIT_NM] = 0.0, 40.0
    p[[plant.MOTOR_COULOMB_NM, plant.FORWARD_LOSS, plant.BACKWARD_LOSS, plant.BEARING_COULOMB_NM]] = 0.0
    p[[plant.MOTOR_VISCOUS, plant.BEARING_VISCOUS]] = 0.0
    state = plant.make_state(p, 0.0)
    state[plant.RATE_RAD_S] = 0.5
    plant.advance_ms(state, p, order(), 1000)
    assert state[plant.RATE_RAD_S] == state[plant.MOTOR_RATE_RAD_S]
    share = state[plant.INERTIA_KGM2] / (state[plant.INERTIA_KGM2] + p[plant.ROTOR_INERTIA_KGM2])
    assert state[plant.RATE_RAD_S] == pytest.approx(0.5 * share, rel=1e-9)


def test_a_broken_coupling_drops_the_rider_while_the_motor_stands() -> None:
    p = brakeless(plant.make_parameters(head_heavy(60.0, MEDIUM), MEDIUM, Arms.OVERHEAD))
    p[plant.GEAR_LIMIT_NM] = 0.0
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(), 100)
    # 60 mm head-heavy: an unbraked 75 kg rider gains some 15 deg/s in a tenth of a second (domain survey).
    assert 10.0 < math.degrees(state[plant.RATE_RAD_S]) < 15.0
    assert state[plant.MOTOR_RATE_RAD_S] == 0.0


# --- Stops and obstructions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("duty", "stop_deg"), [(1.0, 94.0), (-1.0, -79.0)])
def test_end_stops_hold_the_motor_at_rated_current(duty: float, stop_deg: float) -> None:
    p = plant.make_parameters(TABLE, HEAVIEST)
    state = released(p, stop_deg - math.copysign(5.0, duty))
    plant.advance_ms(state, p, order(duty, True, True, TABLE.motor.rated_current_a), 5000)
    assert abs(math.degrees(state[plant.ANGLE_RAD]) - stop_deg) < 2.0
    assert abs(state[plant.RATE_RAD_S]) < 1e-6
    assert state[plant.CONTACT_NM] * duty < 0.0


@pytest.mark.parametrize(
    ("duty", "parameter", "at_deg"),
    [(0.5, plant.OBSTRUCTION_ABOVE_RAD, 10.0), (-0.5, plant.OBSTRUCTION_BELOW_RAD, -10.0)],
)
def test_obstructions_stop_the_table_and_let_it_go_again(duty: float, parameter: int, at_deg: float) -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    free = p[parameter]
    p[parameter] = math.radians(at_deg)
    state = released(p, 0.0)
    plant.advance_ms(state, p, order(duty, True, True, 6.0), 6000)
    assert abs(math.degrees(state[plant.ANGLE_RAD]) - at_deg) < 2.0
    p[parameter] = free
    plant.advance_ms(state, p, order(duty, True, True, 6.0), 2000)
    assert abs(math.degrees(state[plant.ANGLE_RAD])) > 12.0


@pytest.mark.parametrize("toward", [-1.0, 1.0])
def test_stops_push_and_never_pull(toward: float) -> None:
    p = free_swing()
    p[plant.RIDER_COM_M] = 0.0
    p[plant.LOWER_STOP_RAD], p[plant.UPPER_STOP_RAD] = -0.1, 0.1
    state = plant.make_state(p, 0.0)
    state[plant.RATE_RAD_S] = 2.0 * toward
    pushed = 0
    for _ in range(300):
        plant.step_ms(state, p, order())
        assert state[plant.CONTACT_NM] * state[plant.ANGLE_RAD] <= 0.0
        pushed += state[plant.CONTACT_NM] != 0.0
    assert pushed > 10
    assert abs(state[plant.RATE_RAD_S]) < 2.0


def test_an_obstruction_behind_the_table_stays_finite() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.OBSTRUCTION_ABOVE_RAD] = math.radians(-30.0)
    state = released(p, 30.0)
    plant.advance_ms(state, p, order(), 3000)
    assert np.isfinite(state).all()
    assert abs(state[plant.RATE_RAD_S]) < 10.0


# --- Motor, supply, heat ---------------------------------------------------------------------------------------------


def test_current_of_a_blocked_motor_rises_as_the_closed_form_says() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.MOTOR_COULOMB_NM] = 1e6
    state = plant.make_state(p, 0.0)
    duty = 0.3
    resistance = 0.5 * (1.0 + 0.00393 * 2.0) + 0.05 + duty**2 * 0.15
    for millisecond in range(1, 6):
        plant.step_ms(state, p, order(duty, True))
        expected = duty * 24.0 / resistance * (1.0 - math.exp(-millisecond * 1e-3 * resistance / 0.5e-3))
        assert state[plant.CURRENT_A] == pytest.approx(expected, rel=1e-3)  # the winding warms by a hair


def test_a_free_motor_starts_as_its_two_equations_say() -> None:
    """L di/dt = V - R i - k w and J dw/dt = k i - b w, solved by the eigenvalues of the pair."""
    p = plant.make_parameters(TABLE, MEDIUM)
    p[[plant.RIDER_COM_M, plant.MOTOR_COULOMB_NM, plant.BEARING_COULOMB_NM, plant.BEARING_VISCOUS]] = 0.0
    p[plant.FORWARD_LOSS] = p[plant.BACKWARD_LOSS] = 0.0
    p[plant.WINDING_J_PER_K] = 1e12
    state = released(p, 0.0)
    duty, constant, viscous = 0.5, 0.06 * 2300.0, 2e-5 * 2300.0**2
    resistance, inductance = 0.5 * (1.0 + 0.00393 * 2.0) + 0.05 + duty**2 * 0.15, 0.5e-3
    inertia = state[plant.INERTIA_KGM2] + p[plant.ROTOR_INERTIA_KGM2]
    matrix = np.array([[-resistance / inductance, -constant / inductance], [constant / inertia, -viscous / inertia]])
    settled = -np.linalg.solve(matrix, np.array([duty * 24.0 / inductance, 0.0]))
    values, vectors = np.linalg.eig(matrix)
    weights = np.linalg.solve(vectors, -settled)
    for milliseconds in range(1, 101):
        plant.step_ms(state, p, order(duty, True, True))
        current_a, rate = settled + (vectors * np.exp(values * milliseconds * 1e-3)) @ weights
        assert state[plant.RATE_RAD_S] == pytest.approx(rate, rel=2e-2, abs=2e-6)
        assert state[plant.CURRENT_A] == pytest.approx(current_a, abs=0.01 * 24.0 * duty / resistance)


@pytest.mark.parametrize(("duty", "load_nm"), [(0.4, 0.0), (0.9, -100.0), (0.5, 60.0), (-0.7, 90.0)])
def test_steady_speed_follows_from_voltage_and_load(duty: float, load_nm: float) -> None:
    """Without loss in the gear: V = R i + k w, and k i balances load, dry and viscous friction."""
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.RIDER_COM_M], p[plant.RIDER_TORQUE_NM], p[plant.STATIC_FRICTION_RATIO] = 0.0, load_nm, 1.0
    p[plant.FORWARD_LOSS] = p[plant.BACKWARD_LOSS] = 0.0
    p[plant.LOWER_STOP_RAD], p[plant.UPPER_STOP_RAD] = -math.inf, math.inf
    p[plant.WINDING_J_PER_K] = 1e12
    state = released(p, 0.0)
    plant.advance_ms(state, p, order(duty, True, True), 20_000)
    constant = 0.06 * 2300.0
    resistance = 0.5 * (1.0 + 0.00393 * 2.0) + 0.05 + duty**2 * 0.15
    dry = math.copysign(0.02 * 2300.0 + 2.0, duty)
    viscous = 2e-5 * 2300.0**2 + 1.0
    rate = (duty * 24.0 - (dry - load_nm) * resistance / constant) / (constant + viscous * resistance / constant)
    assert state[plant.RATE_RAD_S] == pytest.approx(rate, rel=1e-6)
    assert state[plant.CURRENT_A] == pytest.approx((dry + viscous * rate - load_nm) / constant, rel=1e-6)
    assert state[plant.BUS_V] == pytest.approx(24.0 - 0.15 * duty * state[plant.CURRENT_A], rel=1e-6)


def test_the_gear_has_the_efficiency_it_is_given() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[[plant.RIDER_COM_M, plant.MOTOR_COULOMB_NM, plant.MOTOR_VISCOUS]] = 0.0
    p[[plant.BEARING_COULOMB_NM, plant.BEARING_VISCOUS]] = 0.0
    p[plant.STATIC_FRICTION_RATIO] = 1.0
    p[plant.RIDER_TORQUE_NM] = -100.0
    p[plant.UPPER_STOP_RAD] = math.inf
    p[plant.WINDING_J_PER_K] = 1e12
    state = released(p, 0.0)
    plant.advance_ms(state, p, order(0.8, True, True), 10_000)
    assert state[plant.GEAR_NM] == pytest.approx(100.0, rel=1e-6)
    assert 100.0 / (state[plant.CURRENT_A] * 0.06 * 2300.0) == pytest.approx(0.45, rel=1e-6)


def test_the_drive_raises_the_worst_rider_at_the_emergency_rate() -> None:
    p = plant.make_parameters(head_heavy(150.0), HEAVIEST, Arms.OVERHEAD)
    state = released(p, 60.0)
    state[plant.WINDING_C] = 80.0
    plant.advance_ms(state, p, order(-1.0, True, True, 6.0), 8000)
    assert math.degrees(state[plant.ANGLE_RAD]) < 0.0
    assert math.degrees(state[plant.RATE_RAD_S]) < -8.0


def test_no_load_turns_the_runaway_drive_much_beyond_ten_degrees_a_second() -> None:
    p = plant.make_parameters(head_heavy(150.0), HEAVIEST, Arms.OVERHEAD)
    p[plant.RUNAWAY_DUTY] = 1.0
    state = released(p, -70.0)
    fastest = 0.0
    for _ in range(1700):
        plant.advance_ms(state, p, order(0.0, True, True), 10)
        fastest = max(fastest, math.degrees(state[plant.RATE_RAD_S]))
    assert 9.0 < fastest < 10.0


@pytest.mark.parametrize("offset_mm", [-150.0, 100.0])
@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_the_drive_can_always_brake_at_eight_degrees_a_second_squared(offset_mm: float, direction: float) -> None:
    """Three quarters of the rated current against the motion, friction helping."""
    p = plant.make_parameters(head_heavy(offset_mm), HEAVIEST, Arms.OVERHEAD)
    state = released(p, 0.0)
    state[plant.RATE_RAD_S] = state[plant.MOTOR_RATE_RAD_S] = math.radians(8.0) * direction
    plant.advance_ms(state, p, order(0.0, True, True, 0.75 * TABLE.motor.rated_current_a), 200)
    assert math.degrees(state[plant.RATE_RAD_S]) * direction < 8.0 - 0.2 * 8.0


@pytest.mark.parametrize("offset_mm", [-150.0, 100.0])
@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_a_cut_of_the_torque_does_not_tip_the_rider(offset_mm: float, direction: float) -> None:
    p = brakeless(plant.make_parameters(head_heavy(offset_mm), HEAVIEST, Arms.OVERHEAD))
    state = released(p, 0.0)
    state[plant.RATE_RAD_S] = state[plant.MOTOR_RATE_RAD_S] = math.radians(8.0) * direction
    plant.advance_ms(state, p, order(), 50)
    change_dps2 = (8.0 - math.degrees(state[plant.RATE_RAD_S]) * direction) / 0.05
    assert 0.0 < change_dps2 < 30.0


def test_the_current_limit_limits() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    state = released(p, 0.0)
    for _ in range(200):
        plant.step_ms(state, p, order(1.0, True, True, 3.0))
        assert abs(state[plant.CURRENT_A]) <= 3.0


@pytest.mark.parametrize(
    ("parameter", "value", "enable", "moves"),
    [
        (plant.TORQUE_LOST, 1.0, True, 0.0),
        (plant.POLARITY, -1.0, True, -1.0),
        (plant.POLARITY, 1.0, True, 1.0),
        (plant.RUNAWAY_DUTY, -0.6, True, -1.0),
        (plant.RUNAWAY_DUTY, -0.6, False, 0.0),
        (plant.MAINS_LOST, 1.0, True, 0.0),
        (plant.SAG_V, 24.0, True, 0.0),
    ],
)
def test_faults_of_the_drive(parameter: int, value: float, enable: bool, moves: float) -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[parameter] = value
    p[plant.HOLD_UP_MS] = 0.0
    state = released(p, 0.0)
    plant.advance_ms(state, p, order(0.5, enable, True), 1000)
    moved_deg = math.degrees(state[plant.ANGLE_RAD])
    assert moved_deg == 0.0 if moves == 0.0 else moved_deg * moves > 1.0


def test_a_shorted_stage_drives_without_torque_enable() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.RUNAWAY_DUTY], p[plant.STAGE_SHORTED] = 0.5, 1.0
    state = released(p, 0.0)
    plant.advance_ms(state, p, order(release=True, limit_a=0.0), 1000)
    assert math.degrees(state[plant.ANGLE_RAD]) > 1.0


def test_winding_and_housing_settle_where_the_heat_balance_is() -> None:
    p = plant.make_parameters(TABLE, MEDIUM)
    p[plant.MOTOR_COULOMB_NM] = 1e6
    p[[plant.WINDING_J_PER_K, plant.HOUSING_J_PER_K, plant.STAGE_J_PER_K]] /= 20.0
    state = plant.make_state(p, 0.0)
    plant.advance_ms(state, p, order(1.0, True, limit_a=4.0), 800_000)
    copper_w = 16.0 * 0.5 * (1.0 + 0.00393 * (state[plant.WINDING_C] - 20.0))
    assert state[plant.CURRENT_A] == 4.0
    assert state[plant.HOUSING_C] == pytest.approx(22.0 + 2.5 * copper_w, rel=1e-3)
    assert state[plant.WINDING_C] == pytest.approx(state[plant.HOUSING_C] + 1.5 * copper_w, rel=1e-3)
    assert state[plant.STAGE_C] == pytest.approx(22.0 + 4.0 * 16.0 * 0.05, rel=1e-3)


# --- Parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": {"moving_mass_kg": 14.0}},
        {"body": {"moving_inertia_kgm2": float("inf")}},
        {"gear": {"ratio": "2300"}},
        {"motor": {"colour": "red"}},
        {"supply": {"nominal_v": float("nan")}},
        {"stops": {"upright_stop_deg": -70.0}},
        {"stops": {"inverted_switch_deg": 95.0}},
        {"gear": {"ratio": 100.0, "efficiency": 0.2}},
    ],
)
def test_impossible_tables_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TableParameters.model_validate(wrong)


def test_a_table_reads_from_a_file_section_and_integers_will_do() -> None:
    table = TableParameters.model_validate({"motor": {"rated_current_a": 8}, "stops": {"boarding_deg": -75}})
    assert table.motor == MotorParameters(rated_current_a=8.0)
    assert table.stops == StopParameters()


def test_the_default_drive_cannot_run_beyond_ten_degrees_a_second() -> None:
    assert 9.0 < TABLE.no_load_rate_dps < 10.0
    assert TABLE.gear.self_locking
