"""RoboClaw: bytes, what hostile ones cannot do, and the driver against the emulated controller and its failures."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import witmotion
from drivers.capabilities import Capabilities
from drivers.dialogue import DriveSetup, Order
from drivers.line_chunks import split
from drivers.polled import FORGET_S, PolledDrive
from drivers.roboclaw import (
    KEPT_BYTES,
    AnswerReader,
    Command,
    Error,
    RoboClaw,
    encode_request,
    encode_setting,
    encode_speed,
)
from safety.signals import CommandMode, DriveFault, Input, SafeCommand, Status
from sim import motor_drive, plant, sensors
from sim.layout import ENCODER_DEG, MODE, RATE_DPS
from sim.plant import SAG_V, STAGE_C
from sim.roboclaw import EmulatedRoboClaw, counts_per_degree
from sim.sensors import ESTOP_PRESSED, OFFSET, fault_index
from tests.drivers.polled_link import (
    HOLD,
    OFF,
    Bench,
    does_not_wind_up,
    follows,
    keeps_a_hundred_a_second,
    limits_the_current,
    measures_supply_and_heat,
    move,
    stops_without_its_host,
)
from tests.sim.rigs import UPRIGHT_DEG, driven_table

ADDRESS = 0x80
CAPABILITIES = Capabilities("RoboClaw", motor_angle=True, brake=True, self_locking=True, current=True)


def bench(baud: int = 115200, direction: int = 1, timeout_s: float = 0.2) -> Bench:
    table = driven_table()
    device = EmulatedRoboClaw(table, baud, ADDRESS, direction)
    setup = DriveSetup(
        counts_per_degree(table), direction, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, timeout_s, ADDRESS
    )
    return Bench(table, device, setup, RoboClaw)


def dialogue(link: PolledDrive) -> RoboClaw:
    found = link.dialogue
    assert isinstance(found, RoboClaw)
    return found


def controller(found: Bench) -> EmulatedRoboClaw:
    device = found.device
    assert isinstance(device, EmulatedRoboClaw)
    return device


# ------------------------------------------------------------------------------------------------ bytes

# Sent by the vendor's Python package basicmicro 2.0.10 through a virtual port (test_against_basicmicro.py repeats it).
VENDOR_FRAMES = {
    "80 26 00 01 8f 4e 00 00 4a df b6 57": encode_speed(0x80, 102_222, 19_167),
    "80 0e 02 38 17": encode_setting(0x80, Command.SET_TIMEOUT, 2),
    "80 20 00 00 5b fe": encode_setting(0x80, Command.DUTY, 0),
    "80 5a": encode_request(0x80, Command.GET_ERROR),
}


@pytest.mark.parametrize("text", VENDOR_FRAMES)
def test_frames_are_those_of_the_vendor_s_software(text: str) -> None:
    assert VENDOR_FRAMES[text].hex(" ") == text


def answers(reader: AnswerReader, *commands: int) -> AnswerReader:
    reader.clear()
    reader.expected.extend(commands)
    return reader


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 255), st.integers(1, 7))
def test_an_answer_is_read_however_it_is_cut(count: int, status: int, cut: int) -> None:
    body = count.to_bytes(4, "big", signed=True) + bytes((status,))
    whole = body + _crc(Command.GET_ENCODER, body)
    reader = answers(AnswerReader(ADDRESS), Command.GET_ENCODER)
    found = reader.feed(whole[:cut]) + reader.feed(whole[cut:])
    assert [answer.values for answer in found] == [(count, status)]


def _crc(command: int, body: bytes) -> bytes:
    """By the shift register of the manual, a bit at a time."""
    crc = 0
    for byte in bytes((ADDRESS, command)) + body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc.to_bytes(2, "big")


@given(st.binary(max_size=64), st.integers(0, 8 * 64 - 1))
def test_one_bit_that_is_wrong_is_never_an_answer(noise: bytes, bit: int) -> None:
    body = (1234).to_bytes(4, "big")
    whole = bytearray(body + _crc(Command.GET_ERROR, body) + noise)
    whole[bit % 48 // 8] ^= 1 << bit % 8
    reader = answers(AnswerReader(ADDRESS), Command.GET_ERROR)
    assert reader.feed(bytes(whole)) == []
    assert reader.corrupted == 1


@given(
    st.lists(st.binary(max_size=2000), max_size=8),
    st.lists(st.sampled_from(list(Command)), max_size=4),
)
def test_hostile_bytes_raise_nothing_and_are_not_kept(pieces: list[bytes], expected: list[Command]) -> None:
    reader = answers(AnswerReader(ADDRESS), *expected)
    for piece in pieces:
        reader.feed(piece)
        assert len(reader._rest) <= KEPT_BYTES


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_hostile_bytes_make_no_session(pieces: list[bytes]) -> None:
    setup = DriveSetup(1e4, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, 0.2, ADDRESS)
    link = PolledDrive(RoboClaw(setup), setup, lambda: 1)
    now_s = 5.0
    for piece in pieces:
        now_s += 0.01
        link.transmit(HOLD, now_s)
        assert link.receive(piece, now_s) == []
    assert link.config is None


# ------------------------------------------------------------------------------------------------ the controller


def test_a_session_begins_with_version_tuning_and_a_timeout_that_was_read_back() -> None:
    found = bench().connect()
    config = found.link.config
    assert config is not None
    assert config.firmware == (4, 2, 4)
    assert config.watchdog_s == pytest.approx(0.2)
    assert (config.upright_deg, config.inverted_limit_deg, config.max_rate_dps) == (-75.0, 60.0, 8.0)
    assert found.link.capabilities.timeout_s == pytest.approx(0.2)
    assert found.table.settings[motor_drive.TIMEOUT_S] == pytest.approx(0.2)
    assert found.link.problem is None


@pytest.mark.parametrize("direction", [1, -1])
def test_the_table_follows_and_telemetry_says_so_in_its_own_directions(direction: int) -> None:
    found = bench(direction=direction).connect()
    last = follows(found)
    measures_supply_and_heat(last)
    assert (last.inclinometer_deg, last.motor_temperature_c) == (None, None)
    assert last.echoed_sequence == last.sequence
    found.run(2.0, move(-2.0))
    assert found.last.rate_dps == pytest.approx(-2.0, abs=0.1)


def test_the_exchange_keeps_a_hundred_a_second_at_115200_baud() -> None:
    keeps_a_hundred_a_second(bench().connect())


def test_requests_one_by_one_where_the_controller_does_not_queue_them() -> None:
    found = bench()
    controller(found).queues = False
    found.connect()
    frames = found.run(2.0, move(1.0))
    assert dialogue(found.link).one_by_one
    assert frames
    assert found.last.rate_dps == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("answered", "one_by_one"), [((1, 1, 1, 1, 1), True), ((1, 2, 1, 1, 1, 3, 1, 1), False)])
def test_a_noisy_line_is_no_controller_that_loses_requests(answered: tuple[int, ...], one_by_one: bool) -> None:
    found = bench().connect()
    for count in answered:
        one = dialogue(found.link)
        one.ask(Order(True, 1.0, 3.0, 6.0, False))
        for _ in range(count):
            one.feed(b"\xff")
        one.give_up()
    assert dialogue(found.link).one_by_one is one_by_one


def test_a_stop_ends_on_the_brake_with_the_torque_off() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(1.2, HOLD)
    assert found.last.status == Status.BRAKE_CLOSED
    assert found.table.truth().brake_closed
    assert found.table.truth().rate_dps == 0.0
    assert found.table.order[MODE] == motor_drive.OFF


@pytest.mark.parametrize("jump_deg", [-8.0, -2.0, 5.0])
def test_an_encoder_that_jumps_at_rest_becomes_no_order_when_the_table_moves_again(jump_deg: float) -> None:
    """The drive reports a spike for a moment. A table on its brake is taken over at rest.

    None of the jumps leads back to the counter's zero: that is a reset, and the encoder then gives no angle at all.
    """
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(1.2, HOLD)
    found.table.faults[fault_index(ENCODER_DEG, OFFSET)] = jump_deg
    jumped = found.run(0.02, HOLD)
    for _ in range(50):
        jumped += found.tick(move(-0.5))
        assert -0.51 <= found.table.order[RATE_DPS] <= 0.0
    spike_dps = max((frame.rate_dps or 0.0 for frame in jumped), key=abs)
    assert spike_dps * jump_deg > 0.0
    assert abs(spike_dps) > 50.0


@pytest.mark.parametrize(("wanted_dps", "from_dps"), [(2.9, 2.9), (1.0, 1.0), (5.0, 3.0), (-1.0, 0.0)])
def test_a_table_that_turns_is_taken_over_at_the_smaller_of_rate_and_command(
    wanted_dps: float, from_dps: float
) -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(0.03, OFF)
    turning_dps = found.last.rate_dps or 0.0
    assert turning_dps > 1.5
    found.tick(move(wanted_dps))
    found.tick(move(wanted_dps))
    # It slows down meanwhile, and a ramp of 8 deg/s2 goes on for a tick or two.
    slowest_dps = min(from_dps, found.last.rate_dps or 0.0) - 0.2
    assert slowest_dps <= found.table.order[RATE_DPS] <= min(from_dps, turning_dps) + 0.2


def test_torque_off_acts_at_once() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(0.03, OFF)
    assert found.table.order[MODE] == motor_drive.OFF
    found.run(0.2, OFF)
    assert found.last.status == Status.BRAKE_CLOSED


def test_nothing_is_said_to_hold_where_neither_brake_nor_gear_does() -> None:
    found = bench()
    found.link.setup = found.link.setup._replace(capabilities=CAPABILITIES._replace(brake=False, self_locking=False))
    found.connect()
    assert not found.last.status & Status.BRAKE_CLOSED


def test_when_the_host_dies_the_timeout_stops_the_motor() -> None:
    found = bench().connect()
    stops_without_its_host(found, within_s=0.5)
    assert found.table.truth().brake_closed


def test_without_a_command_the_motor_is_told_to_stand_and_telemetry_goes_on() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    frames = found.run(2.0, None)
    assert len(frames) > 150
    assert found.table.truth().rate_dps == 0.0
    assert found.last.status & Status.BRAKE_CLOSED


@pytest.mark.parametrize(
    ("wanted_s", "kept_s"), [(0.05, 0.1), (0.1, 0.1), (0.15, 0.1), (0.19, 0.1), (0.2, 0.2), (0.25, 0.2), (0.3, 0.3)]
)
def test_the_timeout_is_rounded_down_to_tenths_but_never_to_none(wanted_s: float, kept_s: float) -> None:
    found = bench(timeout_s=wanted_s)
    controller(found).stored_timeout = 7
    found.connect()
    assert found.table.settings[motor_drive.TIMEOUT_S] == pytest.approx(kept_s)
    assert found.link.capabilities.timeout_s == pytest.approx(kept_s)


def test_a_timeout_that_is_not_kept_is_no_session() -> None:
    found = bench()
    controller(found).keeps_timeout = False
    found.run(2.0, HOLD)
    assert found.link.config is None
    assert found.link.problem is not None
    assert "keeps a serial timeout of 0.0 s" in found.link.problem
    assert "Motion Studio" in found.link.problem


def test_a_motor_that_is_not_tuned_or_set_up_for_less_is_no_session() -> None:
    found = bench()
    controller(found).pid = (0, 0, 0, 200_000)
    found.run(1.0, HOLD)
    assert "not tuned" in (found.link.problem or "")
    controller(found).pid = (65536, 0, 0, 1000)
    found.run(1.0, HOLD)
    assert "1000 counts/s" in (found.link.problem or "")
    assert found.link.config is None
    controller(found).pid = (65536, 0, 0, 200_000)
    found.connect()


def test_after_a_reset_the_session_ends_and_a_new_one_begins_without_the_old_zero() -> None:
    found = bench().connect()
    found.run(2.0, move(2.0))
    before = found.last.session_id
    controller(found).reset()
    found.run(2.0, HOLD)
    assert found.link.health.board_reboots == 1
    assert found.last.session_id == before + 1
    assert found.last.encoder_deg is None  # where it stands now is not known until somebody says so


def test_a_stored_timeout_does_not_hide_a_reset() -> None:
    found = bench().connect()
    found.run(3.0, move(2.0))
    controller(found).stored_timeout = 2
    controller(found).reset()
    found.run(3.0, HOLD)
    assert found.link.health.board_reboots == 1  # by the count, which is back at 0


def test_the_cable_out_and_in_again() -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    found.cut = True
    found.run(0.5, move(2.0))
    assert found.table.truth().rate_dps == pytest.approx(0.0, abs=0.05)
    found.cut = False
    found.link.reset()
    assert found.run(0.6, HOLD)
    assert found.last.session_id == 1000
    found.cut = True
    found.run(FORGET_S + 1.0, HOLD)
    found.cut = False
    found.run(1.0, HOLD)
    assert found.last.session_id == 1001


def test_a_slow_answer_is_waited_for_and_one_that_is_too_slow_is_not_believed() -> None:
    found = bench().connect()
    controller(found).turnaround_ms = 12.0
    assert len(found.run(2.0, move(1.0))) >= 80
    controller(found).turnaround_ms = 150.0
    found.run(0.5, HOLD)
    assert found.run(2.0, HOLD) == []
    controller(found).turnaround_ms = 0.2
    found.run(0.5, HOLD)
    assert found.run(1.0, HOLD)


def test_an_answer_that_a_stalled_host_finds_late_is_not_acted_on() -> None:
    found = bench().connect()
    found.tick(move(1.0))
    waiting = b"".join(part for _ in range(40) for _, part in split(found.rig.advance(0.01), 1))
    found.now_s += 0.4
    before = found.link.health.stale_frames
    assert found.link.receive(waiting, found.now_s) == []
    assert found.link.health.stale_frames == before + 1
    assert found.link.health.host_stalls > 0
    found.run(0.1, HOLD)
    assert found.last.status & Status.TORQUE_ON == 0


@pytest.mark.parametrize("every", [1, 10], ids=["a hundred a second", "ten a second"])
def test_a_sensor_in_the_place_of_the_drive_is_not_called_a_slow_path(every: int) -> None:
    found, frame = bench(), witmotion.encode(witmotion.ANGLE, (1, 2, 3, 4))
    for tick in range(1000):
        found.now_s += 0.01
        found.link.receive(frame if tick % every == 0 else b"", found.now_s)
        found.link.transmit(HOLD, found.now_s)
    assert "none is an answer of a RoboClaw" in (found.link.problem or "")


def test_wrong_bits_on_the_line_cost_an_exchange_and_no_more() -> None:
    found = bench().connect()
    data = found.rig.advance(0.01)
    found.now_s += 0.01
    spoiled = bytearray(data[3:])
    spoiled[5] ^= 0x10
    assert found.link.receive(bytes(spoiled), found.now_s) == []
    found.link.transmit(HOLD, found.now_s)
    assert found.link.health.corrupted_frames == 1
    assert found.run(0.3, HOLD)
    assert found.last.session_id == 1000


def test_the_emergency_stop_is_an_input_and_stops_the_motor() -> None:
    found = bench().connect()
    assert found.last.inputs & Input.ESTOP_CHAIN
    found.run(2.0, move(2.0))
    found.table.faults[ESTOP_PRESSED] = 1.0
    found.run(0.5, move(2.0))
    assert not found.last.inputs & Input.ESTOP_CHAIN
    assert not found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == 0.0
    found.table.faults[ESTOP_PRESSED] = 0.0
    found.run(0.2, HOLD)
    assert found.last.inputs & Input.ESTOP_CHAIN


@pytest.mark.parametrize(
    ("errors", "fault"),
    [
        (Error.CURRENT_1, DriveFault.OVERCURRENT),
        (Error.TEMPERATURE, DriveFault.OVERTEMPERATURE),
        (Error.MAIN_LOW, DriveFault.UNDERVOLTAGE),
        (Error.SPEED_1, DriveFault.ENCODER),
        (Error.MAIN_HIGH, DriveFault.DRIVER),
        (Error.DRIVER_1, DriveFault.DRIVER),
        (Error.DRIVER_2, DriveFault.DRIVER),
        (Error.SPEED_2, DriveFault.DRIVER),
        (Error.POSITION_2, DriveFault.DRIVER),
        (Error.CURRENT_2, DriveFault.DRIVER),
    ],
)
def test_latched_errors_are_drive_faults_with_the_torque_off(errors: Error, fault: int) -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    controller(found).errors = errors
    found.run(0.3, move(2.0))
    assert found.last.faults == fault
    assert not found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("bit", [1 << at for at in range(1, 16)])
def test_every_error_is_a_fault_and_the_torque_is_off_whether_it_has_a_name_or_not(bit: int) -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    controller(found).errors = bit
    found.run(0.1, move(2.0))
    assert found.last.faults
    assert not found.last.status & Status.TORQUE_ON


@pytest.mark.parametrize("bit", [1 << at for at in range(16, 32) if not 0x0038_0000 & 1 << at])
def test_a_warning_or_message_stops_nothing(bit: int) -> None:
    """A limit switch at the inverted end is S5, and a rider who stands on it comes back under torque."""
    found = bench().connect()
    controller(found).errors = bit
    found.run(1.0, move(2.0))
    assert found.last.faults == 0
    assert found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("fault", [sensors.DEAD, sensors.STUCK])
def test_a_rate_loop_without_feedback_does_not_wind_up(fault: int) -> None:
    found = bench().connect()
    does_not_wind_up(found, fault)
    assert found.last.faults == 0


def test_a_stop_of_a_rate_loop_without_feedback_is_no_ramp() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.table.faults[fault_index(ENCODER_DEG, sensors.STUCK)] = 1.0
    while not found.last.faults:
        found.tick(move(3.0))
    found.run(0.03, HOLD)
    assert not found.last.status & Status.TORQUE_ON
    found.run(1.0, HOLD)
    assert not found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == 0.0


def test_a_motor_that_is_held_gets_no_torque_until_it_is_told_to_stand() -> None:
    found = bench().connect()
    found.table.physics[plant.BRAKE_JAMMED] = 1.0
    found.run(1.0, move(3.0))
    assert found.last.faults == DriveFault.OVERCURRENT
    assert not found.last.status & Status.TORQUE_ON
    found.table.physics[plant.BRAKE_JAMMED] = 0.0
    found.run(0.5, HOLD)
    assert found.last.faults == 0
    found.run(2.0, move(3.0))
    assert found.table.truth().rate_dps == pytest.approx(3.0, abs=0.1)


def test_warnings_of_heat_and_low_supply_come_before_the_stop() -> None:
    found = bench().connect()
    found.table.state[STAGE_C] = 92.0
    found.run(0.5, HOLD)
    assert found.last.faults == DriveFault.OVERTEMPERATURE
    found.table.state[STAGE_C] = 22.0
    found.table.physics[SAG_V] = 15.0
    found.run(0.5, HOLD)
    assert found.last.faults == DriveFault.UNDERVOLTAGE


def test_a_lower_torque_is_a_lower_current_limit() -> None:
    limits_the_current(bench().connect())


@pytest.mark.parametrize("baud", [38400, 57600, 115200, 460800])
def test_slower_lines_give_fewer_frames(baud: int) -> None:
    found = bench(baud).connect()
    assert len(found.run(2.0, move(1.0))) >= {38400: 90, 57600: 90}.get(baud, 200)


def test_a_rate_beyond_the_fastest_is_cut_and_said() -> None:
    found = bench().connect()
    found.run(3.0, move(9.5))
    assert found.last.status & Status.RATE_LIMITED
    assert found.table.truth().max_rate_dps < 8.3


@given(st.lists(st.sampled_from(["move", "back", "hold", "off", "none"]), min_size=1, max_size=12))
def test_no_sequence_of_commands_raises_or_moves_faster_than_told(commands: list[str]) -> None:
    orders: dict[str, Any] = {"move": move(3.0), "back": move(-3.0), "hold": HOLD, "off": OFF, "none": None}
    found = bench().connect()
    for name in commands:
        found.run(0.2, orders[name])
    assert found.table.truth().max_rate_dps < 4.0


def test_a_command_of_a_mode_without_a_rate_is_a_stop() -> None:
    found = bench().connect()
    found.run(1.0, SafeCommand(CommandMode.MOVE, None, 8.0, 1.0))
    assert found.last.status & Status.BRAKE_CLOSED
