"""The serial inclinometer: its frames, hostile bytes, and the sensor on its line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from witmotion.protocol import AngleMessage, ConfigCommand, Register, ReturnRateSelect, receive_messages

from drivers.health import STALE_S
from drivers.witmotion import (
    ANGLE,
    ANGLES_ALONE,
    CONFIGURE,
    FRAME_BYTES,
    HUNDRED_A_SECOND,
    Deframer,
    Inclinometer,
    InclinometerSetup,
    encode,
)
from sim.layout import INCLINOMETER_DEG
from sim.sensors import DEAD, fault_index
from sim.witmotion import EmulatedInclinometer
from tests.sim.rigs import UPRIGHT_DEG, driven_table

AS_DELIVERED = (0x001E, 6)
"""Acceleration, rates, angles and field, ten times a second, as its registers have them."""
INT16 = st.integers(-(2**15), 2**15 - 1)

# By the formula of the maker's protocol: 45 deg is 0x2000, -90 deg is 0xC000; the sum is over the ten bytes before.
KNOWN = {
    "55 53 00 20 00 00 00 00 00 00 c8": (0x2000, 0, 0, 0),
    "55 53 00 c0 00 00 00 00 00 00 68": (-0x4000, 0, 0, 0),
    "55 53 01 00 ff ff 00 00 34 12 ed": (1, -1, 0, 0x1234),
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_frames(text: str) -> None:
    assert encode(ANGLE, KNOWN[text]).hex(" ") == text
    assert Deframer().feed(bytes.fromhex(text)) == [bytes.fromhex(text)]


@given(INT16, INT16, INT16)
def test_independent_software_reads_the_same_angles_from_the_same_bytes(roll: int, pitch: int, yaw: int) -> None:
    frame = encode(ANGLE, (roll, pitch, yaw, 0))
    kind = receive_messages[frame[1]]
    assert kind is AngleMessage
    assert AngleMessage.compute_checksum(frame[2:10]) == frame[10]
    theirs = AngleMessage.parse(frame[2:10])
    for axis, angle in (("roll", theirs.roll), ("pitch", theirs.pitch)):
        sensor = Inclinometer(InclinometerSetup(axis, 1, 0.0))
        sensor.receive(frame, 1.0)
        assert sensor.angle_deg(1.0) == pytest.approx(angle)


def test_the_settings_are_those_of_independent_software() -> None:
    assert ConfigCommand(Register.rsw, 0x0008).serialize() == ANGLES_ALONE
    assert ConfigCommand(Register.rate, ReturnRateSelect.rate_100hz.value).serialize() == HUNDRED_A_SECOND


@given(st.lists(INT16, min_size=1, max_size=6), st.binary(max_size=30), st.integers(1, 10))
def test_frames_are_found_behind_noise_and_however_they_are_cut(values: list[int], noise: bytes, piece: int) -> None:
    noise = noise.replace(b"\x55", b"\x54")
    stream = noise + b"".join(encode(ANGLE, (value, 0, 0, 0)) for value in values)
    deframer = Deframer()
    found = []
    for at in range(0, len(stream), piece):
        found += deframer.feed(stream[at : at + piece])
    assert found[-len(values) :] == [encode(ANGLE, (value, 0, 0, 0)) for value in values]


@given(st.lists(st.binary(max_size=500)))
def test_hostile_bytes_raise_nothing_and_are_not_kept(pieces: list[bytes]) -> None:
    deframer = Deframer()
    for piece in pieces:
        deframer.feed(piece)
        assert len(deframer._rest) < FRAME_BYTES


def test_a_damaged_frame_is_counted_and_the_next_one_is_found() -> None:
    good = encode(ANGLE, (100, 0, 0, 0))
    bad = bytearray(good)
    bad[3] ^= 4
    deframer = Deframer()
    assert deframer.feed(bytes(bad) + good) == [good]
    assert deframer.corrupted == 1


def test_direction_and_zero_turn_the_sensor_s_angle_into_the_table_s() -> None:
    sensor = Inclinometer(InclinometerSetup("pitch", -1, -90.0))
    sensor.receive(encode(ANGLE, (0, 0x2000, 0, 0)), 1.0)
    assert sensor.angle_deg(1.0) == pytest.approx(-135.0)
    sensor.receive(encode(ANGLE, (0, -0x8000, 0, 0)), 1.0)
    assert sensor.angle_deg(1.0) == pytest.approx(90.0)  # and not 450


def test_an_axis_that_gravity_does_not_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="roll or pitch"):
        Inclinometer(InclinometerSetup("yaw", 1, 0.0))


def test_an_old_angle_is_none() -> None:
    sensor = Inclinometer(InclinometerSetup("roll", 1, 0.0))
    assert sensor.angle_deg(1.0) is None
    sensor.receive(encode(ANGLE, (0x2000, 0, 0, 0)), 1.0)
    assert sensor.angle_deg(0.99 + STALE_S) == pytest.approx(45.0)
    assert sensor.angle_deg(1.01 + STALE_S) is None


# ------------------------------------------------------------------------------------------------ on its line


def run(sensor: Inclinometer, device: EmulatedInclinometer, seconds: float, begin_s: float = 50.0) -> float:
    table = device.table
    now_s = begin_s
    for _ in range(round(seconds * 100)):
        table.advance_ms(10)
        device.advance(float(table.now_ms))
        now_s += 0.01
        sensor.receive(device.uart.send(float(table.now_ms)), now_s)
        sent = sensor.transmit(now_s)
        if sent:
            device.uart.receive(sent, float(table.now_ms))
    return now_s


@pytest.mark.parametrize(("axis", "direction", "zero_deg"), [("roll", 1, 0.0), ("pitch", -1, 15.0)])
def test_the_emulated_sensor_gives_the_table_s_angle_a_hundred_times_a_second(
    axis: str, direction: int, zero_deg: float
) -> None:
    device = EmulatedInclinometer(driven_table(), 115200, axis, direction, zero_deg)
    sensor = Inclinometer(InclinometerSetup(axis, direction, zero_deg))
    now_s = run(sensor, device, 2.0)
    assert sensor.angle_deg(now_s) == pytest.approx(UPRIGHT_DEG, abs=0.1)
    assert sensor.health.frames == pytest.approx(200, abs=2)
    assert sensor.problem is None


def test_a_sensor_as_it_was_delivered_is_set_to_a_hundred_angles_a_second() -> None:
    device = EmulatedInclinometer(driven_table(), 115200)
    device.saved = AS_DELIVERED
    device.reset()
    sensor = Inclinometer(InclinometerSetup("roll", 1, 0.0))
    now_s = run(sensor, device, 2.5)
    before = sensor.health.frames
    run(sensor, device, 1.0, now_s)
    assert sensor.health.frames - before == pytest.approx(100, abs=2)
    assert sensor.problem is None


def test_a_sensor_that_does_not_listen_is_said_to_be_too_slow() -> None:
    device = EmulatedInclinometer(driven_table(), 115200)
    device.saved = AS_DELIVERED
    device.reset()
    sensor = Inclinometer(InclinometerSetup("roll", 1, 0.0))
    table, now_s = device.table, 50.0
    for _ in range(300):
        table.advance_ms(10)
        device.advance(float(table.now_ms))
        now_s += 0.01
        sensor.receive(device.uart.send(float(table.now_ms)), now_s)
        asked = sensor.transmit(now_s)
        assert asked in (b"", CONFIGURE)
    assert "set it to 100 Hz" in (sensor.problem or "")


def test_a_sensor_that_died_says_nothing_any_more() -> None:
    device = EmulatedInclinometer(driven_table(), 115200)
    sensor = Inclinometer(InclinometerSetup("roll", 1, 0.0))
    now_s = run(sensor, device, 1.0)
    device.table.faults[fault_index(INCLINOMETER_DEG, DEAD)] = 1.0
    now_s = run(sensor, device, 0.3, now_s)
    assert math.isnan(device.table.readings[INCLINOMETER_DEG])
    assert sensor.angle_deg(now_s) is None


def test_something_else_on_the_port_is_said() -> None:
    sensor = Inclinometer(InclinometerSetup("roll", 1, 0.0))
    sensor.receive(b"$GPRMC,123519,A*6A\r\n" * 20, 1.0)
    assert "none is a frame of the inclinometer" in (sensor.problem or "")
