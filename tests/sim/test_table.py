"""The whole table in its loop: start, hard-wired chain, truth and trace, and equality to the last bit."""

import hashlib
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from safety.signals import CommandMode, DriveFault
from sim import board_memory, board_senses, plant, sensors
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BRAKE_RELEASE,
    CURRENT_LIMIT_A,
    DUTY,
    ENCODER_DEG,
    INCLINOMETER_DEG,
    MODE,
    RATE_DPS,
    SESSION_OPEN,
    TORQUE_ENABLE,
    TORQUE_FRACTION,
    TRACE_COLUMNS,
)
from sim.parameters import BodyParameters, StopParameters, TableParameters, ThermalParameters
from sim.rider import Arms, Rider, Sex
from sim.table import SimulatedTable

RIDER = Rider(sex=Sex.FEMALE, mass_kg=62.0, height_m=1.68)


def make_table(seed: int = 7, parameters: TableParameters | None = None, trace_s: float = 100.0) -> SimulatedTable:
    return SimulatedTable(parameters or TableParameters(), RIDER, seed, trace_s=trace_s)


def drive(table: SimulatedTable, duty: float, limit_a: float = 6.0) -> None:
    table.drive[[DUTY, TORQUE_ENABLE, BRAKE_RELEASE, CURRENT_LIMIT_A]] = duty, 1.0, 1.0, limit_a


def rest(table: SimulatedTable) -> None:
    table.drive[:] = 0.0


def boarding_at(angle_deg: float) -> TableParameters:
    return TableParameters(stops=StopParameters(boarding_deg=angle_deg))


def turned_to(angle_deg: float, seed: int = 7) -> SimulatedTable:
    """A table that was turned by hand and has stood there for a while."""
    table = make_table(seed)
    table.state[[plant.ANGLE_RAD, plant.MOTOR_ANGLE_RAD]] = math.radians(angle_deg)
    table.advance_ms(100)
    table.reset_statistics()
    return table


def exercise(seed: int) -> SimulatedTable:
    """A little of everything: drive both ways, faults of physics and sensors, a broken coupling."""
    table = make_table(seed)
    drive(table, 0.6)
    table.advance_ms(4000)
    table.faults[sensors.fault_index(INCLINOMETER_DEG, sensors.NOISE)] = 0.3
    table.physics[plant.ARMS_TARGET] = 1.0
    drive(table, -0.3)
    table.advance_ms(2000)
    table.physics[plant.GEAR_LIMIT_NM] = 20.0
    table.advance_ms(2000)
    rest(table)
    table.advance_ms(500)
    return table


def fingerprint(table: SimulatedTable) -> str:
    digest = hashlib.sha256()
    for array in (table.state, table.readings, table.trace()):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


# --- Start -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("boarding_deg", [-75.0, -76.5])
def test_a_table_starts_at_the_boarding_angle_at_rest_on_the_brake(boarding_deg: float) -> None:
    table = make_table(parameters=boarding_at(boarding_deg))
    for _ in range(2):
        truth = table.truth()
        assert truth.angle_deg == pytest.approx(boarding_deg, abs=1e-12)
        assert (truth.rate_dps, truth.current_a, truth.brake_closed, truth.coupled) == (0.0, 0.0, True, True)
        assert table.readings[ENCODER_DEG] == pytest.approx(boarding_deg, abs=1e-3)
        assert table.readings[INCLINOMETER_DEG] == pytest.approx(boarding_deg, abs=0.1)
        table.advance_ms(10_000)
    assert table.truth().t_s == pytest.approx(20.0)


# --- Determinism -----------------------------------------------------------------------------------------------------


def test_equal_seeds_give_equal_bits_and_other_seeds_do_not() -> None:
    assert fingerprint(exercise(3)) == fingerprint(exercise(3))
    assert fingerprint(exercise(3)) != fingerprint(exercise(4))


def test_a_fresh_process_gives_the_same_bits(repository: Path) -> None:
    code = "from tests.sim.test_table import exercise, fingerprint; print(fingerprint(exercise(3)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout.strip() == fingerprint(exercise(3))


def test_time_can_be_cut_into_any_pieces() -> None:
    whole, pieces = make_table(), make_table()
    for table in (whole, pieces):
        drive(table, 0.5)
    whole.advance_ms(1000)
    for piece in (1, 9, 10, 380, 600):
        pieces.advance_ms(piece)
    assert fingerprint(whole) == fingerprint(pieces)


# --- With the firmware in the loop -----------------------------------------------------------------------------------


def closed_loop(rider: Rider, parameters: TableParameters | None = None) -> SimulatedTable:
    """A table whose firmware obeys orders, with a rider whose arms are overhead."""
    parameters = parameters or TableParameters()
    settings = board_memory.make_settings(parameters, -75.0, 90.0, 8.0, 0.25)
    memory = board_memory.make_memory(-75.0)
    return SimulatedTable(parameters, rider, 5, settings, memory, arms=Arms.OVERHEAD)


def ask(table: SimulatedTable, mode: CommandMode, rate_dps: float, seconds: float) -> None:
    """Fresh orders at 100 Hz, as a living host would send them."""
    for _ in range(round(seconds * 100.0)):
        table.order[[MODE, RATE_DPS, ACCEL_DPS2, TORQUE_FRACTION, AGE_S, SESSION_OPEN]] = mode, rate_dps, 8.0, 1, 0, 1
        table.advance_ms(10)


@pytest.mark.requirement("REQ-RSP-EMERGENCY-RETURN")
@pytest.mark.parametrize(
    ("rider", "offset_mm"),
    [
        (Rider(sex=Sex.FEMALE, mass_kg=40.0, height_m=1.47), 0.0),
        (Rider(sex=Sex.MALE, mass_kg=136.0, height_m=1.98), -50.0),
        (Rider(sex=Sex.MALE, mass_kg=136.0, height_m=1.98), 122.0),
    ],
    ids=["light", "heavy and foot-heavy", "heavy and 100 mm head-heavy"],
)
def test_every_rider_follows_the_emergency_rate_and_stops_gently(rider: Rider, offset_mm: float) -> None:
    table = closed_loop(rider, TableParameters(body=BodyParameters(pivot_setting_error_mm=offset_mm)))
    ask(table, CommandMode.MOVE, 3.0, 45.0)
    assert table.truth().angle_deg > 55.0
    table.reset_statistics()
    ask(table, CommandMode.MOVE, -8.0, 4.0)
    assert table.truth().rate_dps == pytest.approx(-8.0, abs=0.3)
    ask(table, CommandMode.HOLD, 0.0, 2.0)
    truth = table.truth()
    assert (truth.rate_dps, truth.brake_closed) == (0.0, True)
    assert truth.max_rate_dps < 8.5
    assert 8.0 <= truth.max_accel_dps2 < 12.0


@pytest.mark.requirement("REQ-BRD-RETURN")
def test_a_table_whose_host_falls_silent_returns_in_the_same_loop() -> None:
    table = closed_loop(RIDER)
    ask(table, CommandMode.MOVE, 3.0, 30.0)
    assert table.truth().angle_deg > 0.0
    table.advance_ms(90_000)
    truth = table.truth()
    assert truth.angle_deg == pytest.approx(-75.0, abs=1.0)
    assert truth.brake_closed
    assert truth.horizontal_at_s is not None
    assert truth.upright_at_s is not None
    assert truth.horizontal_at_s < truth.upright_at_s


# --- Hard-wired chain ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REQ-BRD-CHAIN")
def test_the_emergency_stop_cuts_torque_and_drops_the_brake_whatever_the_drive_says() -> None:
    table = turned_to(-30.0)
    drive(table, 0.5)
    table.advance_ms(2000)
    assert table.truth().rate_dps > 3.0
    table.faults[sensors.ESTOP_PRESSED] = 1.0
    table.advance_ms(150)
    stopped = table.truth()
    assert (stopped.rate_dps, stopped.current_a, stopped.brake_closed) == (0.0, 0.0, True)
    table.advance_ms(5000)
    assert table.truth().angle_deg == stopped.angle_deg
    table.faults[sensors.ESTOP_PRESSED] = 0.0
    table.advance_ms(500)
    assert table.truth().rate_dps > 3.0


@pytest.mark.requirement("REQ-BRD-CHAIN")
@pytest.mark.parametrize(("duty", "moves"), [(0.5, False), (-0.5, True)])
def test_the_inverted_switch_cuts_torque_toward_inversion_only(duty: float, moves: bool) -> None:
    table = turned_to(92.0)
    drive(table, duty)
    table.advance_ms(2000)
    assert (abs(table.truth().angle_deg - 92.0) > 3.0) is moves


# --- Faults and people -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("REQ-BRD-REBOOT")
def test_lost_mains_leave_the_rider_on_the_brake() -> None:
    table = turned_to(30.0)
    drive(table, -0.5)
    table.advance_ms(1000)
    table.physics[plant.MAINS_LOST] = 1.0
    table.advance_ms(400)
    held = table.truth()
    assert (held.bus_v, held.rate_dps, held.brake_closed) == (0.0, 0.0, True)
    table.advance_ms(60_000)
    assert table.truth().angle_deg == held.angle_deg


def test_a_broken_coupling_shows_as_two_angles_that_part() -> None:
    table = turned_to(30.0)
    table.physics[plant.GEAR_LIMIT_NM] = 0.0
    drive(table, 0.3)
    table.advance_ms(1500)
    assert not table.truth().coupled
    assert table.readings[ENCODER_DEG] - table.readings[INCLINOMETER_DEG] > 10.0


def test_arms_at_the_start_are_those_asked_for() -> None:
    crossed = SimulatedTable(TableParameters(), RIDER, 1, arms=Arms.CROSSED)
    down = SimulatedTable(TableParameters(), RIDER, 1)
    assert abs(crossed.state[plant.UNBALANCE_NM]) < abs(down.state[plant.UNBALANCE_NM])


# --- Truth and trace -------------------------------------------------------------------------------------------------


def test_truth_keeps_the_extremes_and_the_times() -> None:
    table = turned_to(-3.0)
    drive(table, 0.4)
    table.advance_ms(2000)
    drive(table, -0.4)
    table.advance_ms(6000)
    truth = table.truth()
    trace = table.trace()
    angle_deg, rate_dps, t_s = trace[:, 1], trace[:, 2], trace[:, 0]
    assert truth.max_angle_deg == pytest.approx(angle_deg.max(), abs=0.01)
    assert truth.min_angle_deg == pytest.approx(angle_deg.min(), abs=0.01)
    assert truth.max_rate_dps == pytest.approx(np.abs(rate_dps).max(), abs=0.3)
    assert truth.inverted_s == pytest.approx((angle_deg > 0.0).sum() * 0.01, abs=0.02)
    assert truth.horizontal_at_s == pytest.approx(t_s[angle_deg > 0.0].max(), abs=0.02)
    assert truth.upright_at_s is None


def test_truth_tells_when_the_boarding_end_was_reached() -> None:
    table = turned_to(-72.0)
    drive(table, -0.3)
    table.advance_ms(2000)
    trace = table.trace()
    assert table.truth().upright_at_s == pytest.approx(trace[trace[:, 1] > -74.5, 0].max(), abs=0.02)
    assert table.truth().horizontal_at_s is None


def test_acceleration_is_that_of_the_drive() -> None:
    table = turned_to(0.0)
    drive(table, 1.0, limit_a=2.0)
    table.advance_ms(300)
    rates = table.trace()[:, 2]
    expected = np.abs(rates[5:] - rates[:-5]).max() / 0.05
    assert table.truth().max_accel_dps2 == pytest.approx(expected, rel=0.1)
    assert table.truth().max_accel_dps2 > 1.0


def test_brake_impacts_do_not_count_as_acceleration() -> None:
    table = turned_to(0.0)
    drive(table, 0.6, limit_a=2.0)
    table.advance_ms(2000)
    before = table.truth()
    table.drive[BRAKE_RELEASE] = 0.0
    table.advance_ms(200)
    after = table.truth()
    trace = table.trace()
    assert after.rate_dps == 0.0
    assert before.rate_dps / 0.05 > 50.0  # what the impact would have counted as
    assert after.max_accel_dps2 == before.max_accel_dps2
    assert np.isnan(trace[-15:, 3]).any()


def test_impacts_on_a_stop_do_not_count_as_acceleration() -> None:
    table = turned_to(0.0)
    drive(table, 0.6, limit_a=2.0)
    table.advance_ms(2000)
    before = table.truth()
    table.physics[plant.OBSTRUCTION_ABOVE_RAD] = math.radians(before.angle_deg + 0.5)
    table.advance_ms(1000)
    assert table.truth().contact_nm < 0.0
    assert table.truth().max_accel_dps2 == before.max_accel_dps2


def test_the_trace_keeps_the_newest_rows_in_order() -> None:
    table = make_table(trace_s=0.7)
    table.advance_ms(505)
    assert table.trace().shape == (50, len(TRACE_COLUMNS))
    table.advance_ms(2000)
    trace = table.trace()
    assert trace.shape == (70, len(TRACE_COLUMNS))
    assert trace[-1, 0] == pytest.approx(2.5)
    assert np.diff(trace[:, 0]) == pytest.approx([0.01] * 69)


# --- The motor as a witness ------------------------------------------------------------------------------------------


def motor_rate_dps(table: SimulatedTable) -> Iterator[tuple[float, float]]:
    """What the board makes of its motor, and the truth, millisecond by millisecond."""
    for rate_dps, seconds in ((3.0, 40.0), (-8.0, 4.0), (2.0, 4.0), (-1.5, 10.0)):
        for _ in range(round(seconds * 1000.0)):
            table.order[[MODE, RATE_DPS, ACCEL_DPS2, TORQUE_FRACTION, AGE_S, SESSION_OPEN]] = 2, rate_dps, 8.0, 1, 0, 1
            table.advance_ms(1)
            yield float(table.memory[board_memory.MOTOR_RATE_DPS]), table.truth().rate_dps


@pytest.mark.requirement("REQ-BRD-MOTOR")
@pytest.mark.parametrize("ambient_c", [5.0, 40.0])
@pytest.mark.parametrize("mass_kg", [40.0, 136.0])
def test_the_board_knows_its_motor_s_rate_without_the_encoder(mass_kg: float, ambient_c: float) -> None:
    parameters = TableParameters(thermal=ThermalParameters(ambient_c=ambient_c))
    table = closed_loop(Rider(sex=Sex.MALE, mass_kg=mass_kg, height_m=1.7), parameters)
    pairs = np.array(list(motor_rate_dps(table)))
    told = pairs[~np.isnan(pairs[:, 0])]
    assert len(told) > 0.99 * len(pairs)
    assert np.abs(told[:, 0] - told[:, 1]).max() < 0.15


@pytest.mark.requirement("REQ-BRD-MOTOR")
@pytest.mark.parametrize(
    ("fault", "value"),
    [(sensors.STUCK, 1.0), (sensors.REVERSED, 1.0), (sensors.NOISE, 1.0), (sensors.DEAD, 1.0), (sensors.OFFSET, 9.0)],
    ids=["stuck", "reversed", "noisy", "dead", "jumps"],
)
def test_an_encoder_that_lies_does_not_make_the_drive_jump(fault: int, value: float) -> None:
    table = closed_loop(RIDER)
    ask(table, CommandMode.MOVE, 3.0, 30.0)
    table.reset_statistics()
    table.faults[sensors.fault_index(ENCODER_DEG, fault)] = value
    ask(table, CommandMode.MOVE, 3.0, 1.0)
    trusted_dps = board_senses.MOTOR_TRUST_DPS + board_senses.MOTOR_TRUST_SHARE * 3.0
    assert abs(table.truth().rate_dps - 3.0) < trusted_dps + 0.15
    assert table.truth().max_accel_dps2 < 30.0


@pytest.mark.requirement("REQ-BRD-MOTOR")
def test_an_encoder_that_stands_is_lost_by_the_motor_alone() -> None:
    table = closed_loop(RIDER)
    ask(table, CommandMode.MOVE, 3.0, 30.0)
    table.faults[sensors.fault_index(ENCODER_DEG, sensors.STUCK)] = 1.0
    table.faults[sensors.fault_index(INCLINOMETER_DEG, sensors.DEAD)] = 1.0
    ask(table, CommandMode.MOVE, 3.0, 0.5)
    assert int(table.memory[board_memory.FAULTS]) & DriveFault.ENCODER


@pytest.mark.requirement("REQ-BRD-MOTOR")
def test_with_the_motor_s_leads_swapped_it_is_the_motor_that_stands_alone() -> None:
    table = closed_loop(RIDER)
    ask(table, CommandMode.MOVE, 3.0, 20.0)
    table.physics[plant.POLARITY] = -1.0
    ask(table, CommandMode.MOVE, 3.0, 0.5)
    assert table.truth().rate_dps < -1.0
    assert not int(table.memory[board_memory.FAULTS]) & DriveFault.ENCODER


@pytest.mark.requirement("REQ-BRD-MOTOR")
def test_an_open_circuit_tells_no_rate() -> None:
    """Its voltage is all there is, and nothing set against it: without a current the motor would seem to race."""
    table = closed_loop(RIDER)
    ask(table, CommandMode.MOVE, 3.0, 20.0)
    assert table.memory[board_memory.MOTOR_RATE_DPS] == pytest.approx(3.0, abs=0.2)
    table.physics[plant.TORQUE_LOST] = 1.0
    ask(table, CommandMode.MOVE, 3.0, 0.5)
    assert math.isnan(table.memory[board_memory.MOTOR_RATE_DPS])
