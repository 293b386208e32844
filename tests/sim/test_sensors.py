"""The sensors: resolution, lag, noise, contacts, and every fault of each."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.signals import Input
from sim import plant, sensors
from sim.layout import (
    BUS_V,
    CURRENT_A,
    DRIVE_TEMPERATURE_C,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INCLINOMETER_DEG,
    INPUTS,
    MOTOR_TEMPERATURE_C,
    READINGS_SIZE,
)
from sim.parameters import SensorParameters, TableParameters
from sim.plant import Floats
from sim.rider import Rider, Sex

RIDER = Rider(sex=Sex.FEMALE, mass_kg=62.0, height_m=1.68)
COUNT_DEG = 360.0 / (2000.0 * 2300.0)
ALL_CHANNELS = [
    ENCODER_DEG,
    INCLINOMETER_DEG,
    ENCODER_RATE_DPS,
    CURRENT_A,
    BUS_V,
    DRIVE_TEMPERATURE_C,
    MOTOR_TEMPERATURE_C,
]


class Bench:
    """Sensors on a table that is moved by hand: the angle is whatever the test says."""

    def __init__(self, table: TableParameters | None = None, seed: int = 1, angle_deg: float = 0.0) -> None:
        table = table or TableParameters()
        self.plant_parameters = plant.make_parameters(table, RIDER)
        self.plant = plant.make_state(self.plant_parameters, angle_deg)
        self.parameters = sensors.make_parameters(table, seed)
        self.memory, self.faults = sensors.make_memory(), sensors.make_faults()
        self.readings = np.zeros(READINGS_SIZE)

    def turn_to(self, angle_deg: float) -> None:
        self.plant[plant.ANGLE_RAD] = self.plant[plant.MOTOR_ANGLE_RAD] = math.radians(angle_deg)

    def fault(self, channel: int, fault: int, value: float = 1.0) -> None:
        self.faults[sensors.fault_index(channel, fault)] = value

    def run(self, milliseconds: int, rate_dps: float = 0.0) -> Floats:
        """Readings of each millisecond, shape (milliseconds, READINGS_SIZE)."""
        rows = np.empty((milliseconds, READINGS_SIZE))
        for row in rows:
            self.turn_to(math.degrees(self.plant[plant.ANGLE_RAD]) + rate_dps * 1e-3)
            sensors.sense_ms(
                self.memory, self.parameters, self.faults, self.plant, self.plant_parameters, self.readings
            )
            row[:] = self.readings
        return rows

    def inputs(self) -> int:
        return int(self.run(1)[0, INPUTS])


def quiet() -> TableParameters:
    return TableParameters(sensors=SensorParameters(inclinometer_noise_deg=0.0, current_noise_a=0.0, bus_noise_v=0.0))


# --- Healthy ---------------------------------------------------------------------------------------------------------


@given(st.floats(-80.0, 95.0))
def test_the_encoder_gives_whole_counts_of_the_motor(angle_deg: float) -> None:
    bench = Bench(angle_deg=angle_deg)
    reading = bench.run(1)[0, ENCODER_DEG]
    assert abs(reading - angle_deg) <= COUNT_DEG / 2 + 1e-12
    assert reading / COUNT_DEG == pytest.approx(round(reading / COUNT_DEG), abs=1e-6)


def test_the_encoder_sees_the_motor_and_the_inclinometer_the_table() -> None:
    bench = Bench(quiet())
    bench.plant[plant.MOTOR_ANGLE_RAD] = math.radians(20.0)
    sensors.sense_ms(bench.memory, bench.parameters, bench.faults, bench.plant, bench.plant_parameters, bench.readings)
    assert bench.readings[ENCODER_DEG] == pytest.approx(20.0, abs=COUNT_DEG)
    assert bench.readings[INCLINOMETER_DEG] == 0.0


@pytest.mark.parametrize("rate_dps", [-8.0, -0.5, 0.0, 2.0, 8.0])
def test_the_rate_settles_within_a_count_per_filter_time(rate_dps: float) -> None:
    rows = Bench(angle_deg=-20.0).run(200, rate_dps)
    assert np.abs(rows[50:, ENCODER_RATE_DPS] - rate_dps).max() < COUNT_DEG / 1e-3 / 2
    assert rows[50:, ENCODER_RATE_DPS].mean() == pytest.approx(rate_dps, abs=0.01)


def test_offsets_of_reference_and_mounting_are_in_the_readings() -> None:
    table = TableParameters(sensors=SensorParameters(encoder_zero_offset_deg=0.7, inclinometer_mounting_error_deg=-0.4))
    row = Bench(table, angle_deg=10.0).run(1)[0]
    assert row[ENCODER_DEG] == pytest.approx(10.7, abs=COUNT_DEG)
    assert row[INCLINOMETER_DEG] == pytest.approx(9.6, abs=0.1)


def test_the_inclinometer_lags_by_its_filter_time() -> None:
    bench = Bench(quiet(), angle_deg=0.0)
    bench.run(100)
    bench.turn_to(10.0)
    rows = bench.run(200)[:, INCLINOMETER_DEG]
    after_20_ms, settled = rows[20], rows[-1]
    assert after_20_ms == pytest.approx(10.0 * (1.0 - math.exp(-1.0)), abs=0.5)
    assert settled == pytest.approx(10.0, abs=0.011)
    moving = bench.run(500, 8.0)
    lag_deg = moving[-1, ENCODER_DEG] - moving[-1, INCLINOMETER_DEG]
    assert 0.15 < lag_deg < 0.25


def test_the_inclinometer_is_sampled_quantised_and_noisy() -> None:
    rows = Bench(angle_deg=12.345).run(20_000)[:, INCLINOMETER_DEG]
    samples = rows[::5]
    assert (rows.reshape(-1, 5) == samples[:, None]).all()
    assert np.abs(samples * 100.0 - np.round(samples * 100.0)).max() < 1e-6
    assert samples.mean() == pytest.approx(12.345, abs=0.002)
    assert samples.std() == pytest.approx(0.02, rel=0.1)
    assert np.abs(samples - 12.345).max() < 3.5 * 0.02 + 0.005


def test_current_voltage_and_temperatures_read_what_is_there() -> None:
    bench = Bench(quiet())
    bench.plant[[plant.CURRENT_A, plant.BUS_V, plant.STAGE_C, plant.WINDING_C]] = 2.344, 23.507, 31.2, 57.8
    row = bench.run(1)[0]
    assert row[[CURRENT_A, BUS_V, DRIVE_TEMPERATURE_C, MOTOR_TEMPERATURE_C]] == pytest.approx([2.34, 23.5, 31.0, 58.0])
    bench.plant_parameters[plant.POLARITY] = -1.0
    assert bench.run(1)[0, CURRENT_A] == pytest.approx(-2.34)


# --- Noise -----------------------------------------------------------------------------------------------------------


def test_noise_is_normal_enough_white_and_bounded() -> None:
    parameters = sensors.make_parameters(TableParameters(), 12345)
    drawn = np.array(
        [[sensors.noise(parameters, float(tick), channel) for tick in range(20_000)] for channel in (1, 3)]
    )
    assert np.abs(drawn.mean(axis=1)).max() < 0.03
    assert np.abs(drawn.std(axis=1) - 1.0).max() < 0.02
    assert np.abs(drawn).max() < 3.47
    assert abs(np.corrcoef(drawn[0, 1:], drawn[0, :-1])[0, 1]) < 0.03
    assert abs(np.corrcoef(drawn[0], drawn[1])[0, 1]) < 0.03
    assert (np.abs(drawn) > 2.0).mean() == pytest.approx(0.0455, abs=0.012)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 6))
def test_noise_repeats_for_the_same_seed_and_differs_for_another(seed: int, tick: int, channel: int) -> None:
    parameters = sensors.make_parameters(TableParameters(), seed)
    other = sensors.make_parameters(TableParameters(), seed ^ 1)
    assert sensors.noise(parameters, float(tick), channel) == sensors.noise(parameters, float(tick), channel)
    assert [sensors.noise(parameters, float(tick + i), channel) for i in range(4)] != [
        sensors.noise(other, float(tick + i), channel) for i in range(4)
    ]


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_that_do_not_fit_are_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="use 0 to"):
        sensors.make_parameters(TableParameters(), seed)


# --- Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ALL_CHANNELS)
def test_a_dead_channel_is_absent_and_comes_back(channel: int) -> None:
    bench = Bench()
    bench.fault(channel, sensors.DEAD)
    rows = bench.run(20)
    assert np.isnan(rows[10:, channel]).all()
    others = [other for other in range(READINGS_SIZE) if other not in (channel, ENCODER_RATE_DPS)]
    assert not np.isnan(rows[10:, others]).any()
    bench.fault(channel, sensors.DEAD, 0.0)
    assert not np.isnan(bench.run(20)[10:]).any()


def test_a_dead_encoder_takes_its_rate_with_it() -> None:
    bench = Bench()
    bench.fault(ENCODER_DEG, sensors.DEAD)
    assert np.isnan(bench.run(5)[:, ENCODER_RATE_DPS]).all()
    bench.fault(ENCODER_DEG, sensors.DEAD, 0.0)
    assert bench.run(5)[:, ENCODER_RATE_DPS] == pytest.approx([0.0] * 5)


@pytest.mark.parametrize("channel", ALL_CHANNELS)
def test_a_stuck_channel_repeats_its_last_value(channel: int) -> None:
    bench = Bench(angle_deg=-30.0)
    before = bench.run(30, 5.0)[-1, channel]
    bench.fault(channel, sensors.STUCK)
    bench.plant[[plant.CURRENT_A, plant.BUS_V, plant.STAGE_C, plant.WINDING_C]] += 3.0
    assert (bench.run(30, 5.0)[:, channel] == before).all()
    bench.fault(channel, sensors.STUCK, 0.0)
    assert bench.run(300, -5.0)[-1, channel] != before


def test_a_stuck_encoder_has_no_rate() -> None:
    bench = Bench(angle_deg=-30.0)
    bench.run(50, 5.0)
    bench.fault(ENCODER_DEG, sensors.STUCK)
    assert bench.run(100, 5.0)[-1, ENCODER_RATE_DPS] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("channel", ALL_CHANNELS)
def test_offset_and_drift_add_up(channel: int) -> None:
    bench = Bench(quiet())
    healthy = bench.run(1)[0, channel]
    bench.fault(channel, sensors.OFFSET, 4.0)
    assert bench.run(10)[-1, channel] - healthy == pytest.approx(4.0, abs=0.01)
    bench.fault(channel, sensors.OFFSET, 0.0)
    bench.fault(channel, sensors.DRIFT_PER_S, 2.0)
    assert bench.run(1000)[-1, channel] - healthy == pytest.approx(2.0, abs=0.05)


def test_a_jump_of_the_encoder_stays_within_the_estimators_range() -> None:
    bench = Bench()
    bench.run(10)
    bench.fault(ENCODER_DEG, sensors.OFFSET, 90.0)
    rates = bench.run(100)[:, ENCODER_RATE_DPS]
    assert rates.max() == 200.0
    assert abs(rates[-1]) < 1e-3


def test_a_reversed_channel_turns_where_it_stands() -> None:
    bench = Bench(quiet(), angle_deg=-75.0)
    bench.run(10)
    bench.fault(ENCODER_DEG, sensors.REVERSED)
    rows = bench.run(1000, 5.0)
    assert rows[0, ENCODER_DEG] == pytest.approx(-75.0, abs=0.02)
    assert rows[-1, ENCODER_DEG] == pytest.approx(-80.0, abs=0.02)
    assert rows[-1, ENCODER_RATE_DPS] == pytest.approx(-5.0, abs=0.1)
    assert rows[-1, INCLINOMETER_DEG] == pytest.approx(-70.0, abs=0.2)


def test_extra_noise_adds_to_what_the_channel_has() -> None:
    bench = Bench()
    bench.fault(INCLINOMETER_DEG, sensors.NOISE, 0.5)
    assert bench.run(20_000)[::5, INCLINOMETER_DEG].std() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(("channel", "fault"), [(-1, 0), (7, 0), (0, -1), (0, 6)])
def test_faults_that_do_not_exist_are_refused(channel: int, fault: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        sensors.fault_index(channel, fault)


# --- Contacts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "closed_when_1", "closed_when_0"),
    [
        (sensors.RIDER_AGREES, Input.HAND_SWITCH_NO, Input.HAND_SWITCH_NC),
        (sensors.ANKLE_LATCH_LOCKED, Input.ANKLE_LATCH_NO, Input.ANKLE_LATCH_NC),
        (sensors.ESTOP_PRESSED, 0, Input.ESTOP_CHAIN),
    ],
)
def test_contacts_follow_people(index: int, closed_when_1: int, closed_when_0: int) -> None:
    bench = Bench()
    both = closed_when_1 | closed_when_0
    for value, expected in ((1.0, closed_when_1), (0.0, closed_when_0), (1.0, closed_when_1)):
        bench.faults[index] = value
        assert bench.inputs() & both == expected


def test_limit_switches_close_at_their_ends_and_do_not_chatter() -> None:
    bench = Bench()

    def at(angle_deg: float) -> int:
        bench.turn_to(angle_deg)
        return bench.inputs() & (Input.UPRIGHT_SWITCH | Input.INVERTED_SWITCH)

    assert at(0.0) == 0
    assert at(-74.4) == 0
    assert at(-74.6) == Input.UPRIGHT_SWITCH
    assert at(-74.45) == Input.UPRIGHT_SWITCH  # hysteresis
    assert at(-74.3) == 0
    assert at(90.9) == 0
    assert at(91.1) == Input.INVERTED_SWITCH
    assert at(90.95) == Input.INVERTED_SWITCH
    assert at(90.8) == 0


@pytest.mark.parametrize("bit", [1 << n for n in range(7)])
def test_wires_break_and_contacts_weld(bit: int) -> None:
    bench = Bench(angle_deg=-75.0)
    for held in (0.0, 1.0):
        bench.faults[sensors.RIDER_AGREES] = held
        bench.faults[sensors.FORCED_OPEN], bench.faults[sensors.FORCED_CLOSED] = 0.0, bit
        assert bench.inputs() & bit
        bench.faults[sensors.FORCED_OPEN] = bit
        assert not bench.inputs() & bit, "a welded contact says nothing through a broken wire"
