"""ODrive: lines, what hostile ones cannot do, and the driver against the emulated drive and its failures."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.capabilities import Capabilities
from drivers.dialogue import DriveSetup
from drivers.odrive import (
    KEPT_BYTES,
    AxisState,
    Error,
    InputMode,
    LineReader,
    ODrive,
    checksum,
    encode_line,
    encode_velocity,
    number,
)
from drivers.polled import PolledDrive
from safety.signals import DriveFault, Input, SafeCommand, Status
from sim import motor_drive
from sim.layout import MODE
from sim.odrive import SERIAL, EmulatedODrive, turns_per_degree
from sim.plant import STAGE_C
from sim.sensors import ESTOP_PRESSED
from tests.drivers.polled_link import (
    HOLD,
    OFF,
    Bench,
    follows,
    lets_go_without_its_encoder,
    limits_the_current,
    measures_supply_and_heat,
    motion_gets_rid_of_a_fault,
    move,
    stops_without_its_host,
)
from tests.sim.rigs import UPRIGHT_DEG, driven_table

CAPABILITIES = Capabilities("ODrive", motor_angle=True, brake=True, self_locking=True, current=True)
CLEAR = SafeCommand(OFF.mode, None, 8.0, 1.0, 0, True)


def bench(baud: int = 115200, direction: int = 1) -> Bench:
    table = driven_table()
    device = EmulatedODrive(table, baud, direction)
    setup = DriveSetup(turns_per_degree(table), direction, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, 0.2)
    return Bench(table, device, setup, ODrive)


def drive(found: Bench) -> EmulatedODrive:
    device = found.device
    assert isinstance(device, EmulatedODrive)
    return device


# ------------------------------------------------------------------------------------------------ lines


# ``ODriveError``, ``AxisState``, ``InputMode`` of odrive/enums.py in the vendor's package odrive 0.6.11.post1 (MIT, on
# PyPI). The package itself is not installed for the tests: it brings aiohttp, IPython and a native library with it.
VENDOR_ERRORS = {
    "INITIALIZING": 0x0000_0001,
    "SYSTEM_LEVEL": 0x0000_0002,
    "TIMING_ERROR": 0x0000_0004,
    "MISSING_ESTIMATE": 0x0000_0008,
    "BAD_CONFIG": 0x0000_0010,
    "DRV_FAULT": 0x0000_0020,
    "MISSING_INPUT": 0x0000_0040,
    "DC_BUS_OVER_VOLTAGE": 0x0000_0100,
    "DC_BUS_UNDER_VOLTAGE": 0x0000_0200,
    "DC_BUS_OVER_CURRENT": 0x0000_0400,
    "DC_BUS_OVER_REGEN_CURRENT": 0x0000_0800,
    "CURRENT_LIMIT_VIOLATION": 0x0000_1000,
    "MOTOR_OVER_TEMP": 0x0000_2000,
    "INVERTER_OVER_TEMP": 0x0000_4000,
    "VELOCITY_LIMIT_VIOLATION": 0x0000_8000,
    "POSITION_LIMIT_VIOLATION": 0x0001_0000,
    "REQUESTED_CURRENT_TOO_HIGH": 0x0002_0000,
    "WATCHDOG_TIMER_EXPIRED": 0x0100_0000,
    "ESTOP_REQUESTED": 0x0200_0000,
    "SPINOUT_DETECTED": 0x0400_0000,
    "BRAKE_RESISTOR_DISARMED": 0x0800_0000,
    "THERMISTOR_DISCONNECTED": 0x1000_0000,
    "CALIBRATION_ERROR": 0x4000_0000,
}
VENDOR_STATES = {"IDLE": 1, "CLOSED_LOOP_CONTROL": 8}
VENDOR_INPUT_MODES = {"PASSTHROUGH": 1}


def test_the_numbers_of_errors_states_and_modes_are_the_vendor_s() -> None:
    assert {one.name: one.value for one in Error} == VENDOR_ERRORS
    assert {one.name: one.value for one in AxisState} == VENDOR_STATES
    assert {one.name: one.value for one in InputMode} == VENDOR_INPUT_MODES


def test_the_example_of_the_documentation() -> None:
    assert encode_line("r vbus_voltage") == b"r vbus_voltage *93\n"


@given(st.binary(max_size=128))
def test_the_checksum_is_every_byte_exclusive_or_the_next(text: bytes) -> None:
    assert checksum(text) == reduce(xor, text, 0)


@given(st.floats(-1e4, 1e4))
def test_an_order_is_a_line_like_any_other(turns_per_s: float) -> None:
    assert encode_velocity(0, turns_per_s) == encode_line(f"v 0 {turns_per_s:.4f} 0")


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode_line("x" * 128)


ANSWERS = st.text(st.characters(codec="ascii", exclude_characters="\r\n"), min_size=1, max_size=40).map(str.strip)


@given(st.lists(ANSWERS.filter(bool), min_size=1, max_size=5), st.integers(1, 30))
def test_answers_are_read_however_they_are_cut(texts: list[str], piece: int) -> None:
    stream = b"".join(text.encode() + b"*%d\r\n" % checksum(text.encode()) for text in texts)
    reader = LineReader()
    found = []
    for at in range(0, len(stream), piece):
        found += reader.feed(stream[at : at + piece])
    assert found == [text.encode() for text in texts]


@given(st.data())
def test_one_bit_that_is_wrong_is_never_that_answer(data: st.DataObject) -> None:
    text = b"-1.250000 3.500000"
    line = bytearray(text + b"*%d\r\n" % checksum(text))
    bit = data.draw(st.integers(0, 8 * len(text) - 1))
    line[bit // 8] ^= 1 << bit % 8
    assert all(not found for found in LineReader().feed(bytes(line)))


@given(st.lists(st.binary(max_size=2000), max_size=6))
def test_hostile_bytes_raise_nothing_and_are_not_kept(pieces: list[bytes]) -> None:
    reader = LineReader()
    for piece in pieces:
        reader.feed(piece)
        assert len(reader._rest) <= KEPT_BYTES


@given(st.lists(st.sampled_from([b"nan", b"inf", b"-1e400", b"1 2 3", b"invalid property", b"7", b"\xff", b"1_0"])))
def test_hostile_answers_raise_nothing(texts: list[bytes]) -> None:
    setup = DriveSetup(6.4, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES)
    link = PolledDrive(ODrive(setup), setup, lambda: 1)
    for turn, text in enumerate(texts):
        link.transmit(HOLD, turn * 0.02)
        link.receive((text + b"*%d\r\n" % checksum(text)) * 8, turn * 0.02 + 0.01)


@pytest.mark.parametrize(
    ("text", "value"), [(b"1.5", 1.5), (b"-3", -3.0), (b"nan", None), (b"inf", None), (b"", None), (b"x", None)]
)
def test_numbers(text: bytes, value: float | None) -> None:
    assert number(text) == value


# ------------------------------------------------------------------------------------------------ the drive


def test_a_session_begins_with_version_serial_and_a_watchdog_that_was_read_back() -> None:
    found = bench().connect()
    config = found.link.config
    assert config is not None
    assert config.firmware == (0, 6, 11)
    assert config.serial == SERIAL & 0xFFFFFFFF
    assert config.watchdog_s == pytest.approx(0.2)
    assert found.table.settings[motor_drive.TIMEOUT_S] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("axis0.config.watchdog_timeout", "on at 0.0 s although 0.2 s was set"),
        ("axis0.config.enable_watchdog", "off at 0.2 s"),
    ],
)
def test_a_watchdog_that_cannot_be_set_is_no_session(name: str, told: str) -> None:
    found = bench()
    drive(found).read_only.add(name)
    found.run(1.0, HOLD)
    assert found.link.config is None
    assert told in (found.link.problem or "")


def test_a_ramp_of_its_own_is_no_session() -> None:
    found = bench()
    drive(found)._settings["axis0.controller.config.input_mode"] = 2.0
    drive(found).read_only.add("axis0.controller.config.input_mode")
    found.run(1.0, HOLD)
    assert "not PASSTHROUGH" in (found.link.problem or "")


@pytest.mark.parametrize("direction", [1, -1])
def test_the_table_follows_and_telemetry_says_so_in_its_own_directions(direction: int) -> None:
    found = bench(direction=direction).connect()
    last = follows(found)
    measures_supply_and_heat(last)
    assert last.motor_temperature_c == pytest.approx(22.0, abs=2.0)


def test_the_exchange_keeps_seventy_five_a_second_at_115200_baud() -> None:
    found = bench().connect()
    found.run(0.5, move(1.0))
    assert len(found.run(2.0, move(1.0))) >= 150


def test_a_stop_ends_on_the_brake_with_the_axis_idle() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(1.5, HOLD)
    assert found.table.order[MODE] == motor_drive.OFF
    assert found.last.status == Status.BRAKE_CLOSED
    assert found.table.truth().brake_closed


def test_when_the_host_dies_the_watchdog_disarms_and_the_next_command_moves_again() -> None:
    found = bench().connect()
    stops_without_its_host(found)
    assert found.table.truth().brake_closed
    assert drive(found).reason == Error.WATCHDOG_TIMER_EXPIRED
    found.run(0.1, HOLD)
    found.run(1.5, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)
    assert found.last.faults == 0


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (Error.CURRENT_LIMIT_VIOLATION, DriveFault.OVERCURRENT),
        (Error.MOTOR_OVER_TEMP, DriveFault.OVERTEMPERATURE),
        (Error.DC_BUS_UNDER_VOLTAGE, DriveFault.UNDERVOLTAGE),
        (Error.SPINOUT_DETECTED, DriveFault.ENCODER),
        (Error.DRV_FAULT, DriveFault.DRIVER),
        (Error.DC_BUS_OVER_VOLTAGE, DriveFault.DRIVER),
    ],
)
def test_errors_stay_faults_until_the_operator_clears_them(error: Error, fault: int) -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    drive(found).trip(error)
    found.run(0.3, move(2.0))
    assert found.last.faults == fault
    assert not found.last.status & Status.TORQUE_ON
    found.run(0.5, move(2.0))
    assert found.last.faults == fault
    found.run(0.3, CLEAR)
    assert found.last.faults == 0
    found.run(1.0, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)


def test_a_motion_from_rest_begins_without_an_error_that_is_over() -> None:
    motion_gets_rid_of_a_fault(found := bench().connect(), lambda: drive(found).trip(Error.DRV_FAULT))


def test_an_encoder_that_gives_nothing_disarms() -> None:
    lets_go_without_its_encoder(bench().connect())


def test_a_current_that_is_not_read_any_more_is_not_told_any_more() -> None:
    found = bench().connect()
    told = [found.run(1.0, move(2.0))[-1].current_a]
    drive(found).trip(Error.DRV_FAULT)  # what disarmed it is asked for then, in the place of the current
    told.append(found.run(0.5, move(2.0))[-1].current_a)
    told.append(found.run(1.0, HOLD)[-1].current_a)
    assert told == [pytest.approx(1.5, abs=1.0), None, pytest.approx(0.0, abs=0.1)]


def test_heat_and_the_emergency_stop_are_told() -> None:
    found = bench().connect()
    assert found.last.inputs == Input.ESTOP_CHAIN
    found.run(0.5, move(2.0))
    found.table.faults[ESTOP_PRESSED] = 1.0
    found.run(0.3, move(2.0))
    assert found.last.inputs == 0
    found.table.faults[ESTOP_PRESSED] = 0.0
    found.run(0.3, CLEAR)
    assert found.last.inputs == Input.ESTOP_CHAIN
    found.table.state[STAGE_C] = 95.0
    found.run(0.3, HOLD)
    assert found.last.faults == DriveFault.OVERTEMPERATURE


def test_the_watchdog_s_error_is_cleared_once_the_host_is_heard_though_nothing_moves() -> None:
    found = bench().connect()
    found.run(0.5, move(2.0))
    found.silence(0.5)
    told = [t.status & Status.WATCHDOG_EXPIRED for t in found.run(0.5, HOLD)]
    assert any(told)
    assert not told[-1]


def test_a_chain_that_is_closed_again_is_told_and_needs_no_acknowledgement() -> None:
    found = bench().connect()
    found.run(0.5, move(2.0))
    found.table.faults[ESTOP_PRESSED] = 1.0
    found.run(0.3, OFF)
    assert found.last.inputs == 0
    found.table.faults[ESTOP_PRESSED] = 0.0
    found.run(0.3, OFF)
    assert found.last.inputs == Input.ESTOP_CHAIN  # the reason why the axis was disarmed says so still
    found.run(1.0, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)


def test_after_a_reset_a_new_session_begins_without_the_old_zero() -> None:
    found = bench().connect()
    found.run(3.0, move(2.0))
    drive(found).reset()
    found.run(2.5, HOLD)
    assert found.link.health.board_reboots == 1
    assert found.last.session_id == 1001
    assert found.last.encoder_deg is None
    assert found.table.settings[motor_drive.TIMEOUT_S] == pytest.approx(0.2)  # set again


def test_a_lower_torque_is_a_lower_current_limit() -> None:
    limits_the_current(bench().connect())


def test_wrong_bits_on_the_line_cost_an_exchange_and_no_more() -> None:
    found = bench().connect()
    data = bytearray(found.rig.advance(0.01)[3:])
    data[3] ^= 0x10
    found.now_s += 0.01
    assert found.link.receive(bytes(data), found.now_s) == []
    found.link.transmit(HOLD, found.now_s)
    assert found.link.health.corrupted_frames == 1
    assert found.run(0.5, HOLD)
    assert found.last.session_id == 1000


def test_words_in_place_of_numbers_are_told_with_what_to_do() -> None:
    setup = DriveSetup(6.4, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES)
    dialogue = ODrive(setup)
    link = PolledDrive(dialogue, setup, lambda: 1)
    link.transmit(HOLD, 1.0)
    link.receive(b"invalid property*%d\r\n" % checksum(b"invalid property") * 4, 1.01)
    assert "'invalid property' when asked for fw_version_major" in (link.problem or "")
    assert not dialogue.identified


def test_a_slow_answer_is_waited_for_and_one_that_is_too_slow_is_not_believed() -> None:
    found = bench().connect()
    drive(found).turnaround_ms = 12.0
    assert len(found.run(2.0, move(1.0))) >= 60
    drive(found).turnaround_ms = 150.0
    found.run(1.0, HOLD)
    assert found.run(1.0, HOLD) == []
