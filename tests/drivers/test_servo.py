"""The Modbus servo: states of the profile, register maps as files, and the driver against the emulated servo."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.capabilities import Capabilities
from drivers.dialogue import DriveSetup
from drivers.polled import PolledDrive
from drivers.servo import Servo, State, fault_of, state_of
from drivers.servo_map import MapError, RegisterMap, make_map, read_map
from safety.signals import DriveFault, Reject, SafeCommand, Status
from sim import motor_drive
from sim.layout import MODE
from sim.plant import STAGE_C
from sim.servo import EmulatedServo, counts_per_degree
from tests.drivers.polled_link import (
    HOLD,
    OFF,
    Bench,
    follows,
    keeps_a_hundred_a_second,
    lets_go_without_its_encoder,
    limits_the_current,
    measures_supply_and_heat,
    motion_gets_rid_of_a_fault,
    move,
    stops_without_its_host,
)
from tests.sim.rigs import UPRIGHT_DEG, driven_table

CAPABILITIES = Capabilities("CiA 402 servo", motor_angle=True, brake=True, self_locking=True, current=True)
CLEAR = SafeCommand(OFF.mode, None, 8.0, 1.0, 0, True)
MAP = read_map(None)


def bench(registers: RegisterMap = MAP, baud: int = 115200, direction: int = 1) -> Bench:
    table = driven_table()
    device = EmulatedServo(table, baud, registers, 1, direction)
    scale = counts_per_degree(table)
    setup = DriveSetup(scale, direction, 0.0, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, 0.2, 1)
    return Bench(table, device, setup, lambda made: Servo(made, registers))


def servo(found: Bench) -> EmulatedServo:
    device = found.device
    assert isinstance(device, EmulatedServo)
    return device


# ------------------------------------------------------------------------------------------------ states and maps


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (0x0000, State.NOT_READY),
        (0x0250, State.SWITCH_ON_DISABLED),
        (0x0231, State.READY_TO_SWITCH_ON),
        (0x0233, State.SWITCHED_ON),
        (0x0237, State.OPERATION_ENABLED),
        (0x1637, State.OPERATION_ENABLED),
        (0x0217, State.QUICK_STOP_ACTIVE),
        (0x021F, State.FAULT_REACTION_ACTIVE),
        (0x0218, State.FAULT),
        (0x0001, State.FAULT),
    ],
)
def test_status_words_as_the_profile_s_table_has_them(word: int, state: State) -> None:
    assert state_of(word) is state


@given(st.integers(0, 0xFFFF))
def test_every_status_word_and_error_code_means_something(word: int) -> None:
    assert state_of(word) in State
    assert fault_of(word)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (0x2310, DriveFault.OVERCURRENT),
        (0x7121, DriveFault.OVERCURRENT),
        (0x3210, DriveFault.DRIVER),
        (0x3220, DriveFault.UNDERVOLTAGE),
        (0x3120, DriveFault.UNDERVOLTAGE),
        (0x4310, DriveFault.OVERTEMPERATURE),
        (0x7305, DriveFault.ENCODER),
        (0x5000, DriveFault.DRIVER),
    ],
)
def test_error_codes_of_the_profile(code: int, fault: int) -> None:
    assert fault_of(code) == fault


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**15), 2**15 - 1), st.booleans())
def test_blocks_are_packed_and_unpacked_in_either_word_order(position: int, current: int, low_word_first: bool) -> None:
    registers = MAP._replace(low_word_first=low_word_first)
    words = registers.pack(registers.feedback, {"position": position, "current": current, "error_code": 0x7510})
    assert len(words) == registers.feedback.registers
    found = registers.unpack(registers.feedback, words)
    assert (found["position"], found["current"], found["error_code"]) == (position, current, 0x7510)
    if not low_word_first:
        assert words[3:5] == [position >> 16 & 0xFFFF, position & 0xFFFF]


def generic() -> dict[str, Any]:
    return tomllib.loads((Path("drivers") / "servo_maps" / "cia402.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("section", "changes", "told"),
    [
        ("command", {"fields": ["control_word"]}, "lacks target_velocity"),
        ("feedback", {"fields": ["status_word", "speed"]}, "unknown field 'speed'"),
        ("feedback", {"fields": "status_word"}, "a list of names"),
        ("mode", {"address": 70000}, "0 to 0xFFFF"),
        ("timeout", {"unit_s": 0}, "above 0"),
        ("scales", {"bus_v": "much"}, "above 0"),
    ],
)
def test_a_map_that_cannot_be_used_says_why(section: str, changes: dict[str, Any], told: str) -> None:
    data = generic()
    data[section] |= changes
    with pytest.raises(MapError, match=told):
        make_map(data)


def test_a_map_without_a_section_or_that_is_no_toml_says_so(tmp_path: Path) -> None:
    data = generic()
    del data["scales"]
    with pytest.raises(MapError, match=r"section \[scales\] is missing"):
        make_map(data)
    file = tmp_path / "map.toml"
    file.write_text("name = ")
    with pytest.raises(MapError, match=r"map\.toml"):
        read_map(file)
    file.write_text("name = 'x'")
    with pytest.raises(MapError, match=r"map\.toml: the section"):
        read_map(file)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_hostile_bytes_make_no_session(pieces: list[bytes]) -> None:
    setup = DriveSetup(1e4, 1, 0.0, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, 0.2, 1)
    link = PolledDrive(Servo(setup, MAP), setup, lambda: 1)
    for number, piece in enumerate(pieces):
        link.transmit(HOLD, number * 0.01)
        assert link.receive(piece, number * 0.01) == []
    assert link.config is None


# ------------------------------------------------------------------------------------------------ the servo

OTHER = MAP._replace(
    name="another make",
    low_word_first=True,
    read_write=False,
    command=MAP.command._replace(
        address=0x0100, fields=("control_word", "profile_acceleration", "target_velocity", "torque_limit")
    ),
    feedback=MAP.feedback._replace(
        address=0x0200, fields=("status_word", "error_code", "position", "velocity", "current")
    ),
    mode_at=0x0110,
    timeout_at=0x0111,
    timeout_unit_s=0.01,
    velocity=0.1,
)
"""Other places, another word order, no function 23, no voltage, temperature or timeout in the answer."""


@pytest.mark.parametrize("registers", [MAP, OTHER], ids=["generic", "other"])
@pytest.mark.parametrize("direction", [1, -1])
def test_the_table_follows_and_telemetry_says_so_in_its_own_directions(registers: RegisterMap, direction: int) -> None:
    found = bench(registers, direction=direction).connect()
    last = follows(found)
    if registers is MAP:
        measures_supply_and_heat(last)
    else:
        assert (last.bus_v, last.drive_temperature_c) == (None, None)


def test_a_session_begins_with_a_timeout_that_was_read_back() -> None:
    found = bench().connect()
    config = found.link.config
    assert config is not None
    assert config.watchdog_s == pytest.approx(0.2)
    assert config.serial == 0  # a unit address is no serial number of a simulator
    assert found.table.settings[motor_drive.TIMEOUT_S] == pytest.approx(0.2)


def test_the_exchange_keeps_a_hundred_a_second_at_115200_baud() -> None:
    keeps_a_hundred_a_second(bench().connect())


def test_a_timeout_or_mode_that_is_not_kept_is_no_session() -> None:
    found = bench()
    servo(found).keeps_timeout = False
    found.run(1.0, HOLD)
    assert "keeps a timeout of 0 s although 0.2 s was set" in (found.link.problem or "")
    found = bench()
    servo(found).refuses_mode = True
    found.run(1.0, HOLD)
    assert "does not take the mode" in (found.link.problem or "")
    assert found.link.config is None


@pytest.mark.parametrize("late_ms", [60.0, 100.0, 150.0])
def test_late_answers_are_not_taken_for_a_mode_or_timeout_that_is_not_kept(late_ms: float) -> None:
    found = bench()
    servo(found).turnaround_ms = late_ms
    for _ in range(2000):
        found.tick(HOLD)
        assert "maker's program" not in (found.link.problem or "")


def test_a_map_for_another_make_is_told_with_what_to_do() -> None:
    found = bench()
    servo(found).map = OTHER
    found.run(1.0, HOLD)
    assert "refuses its control word (it has no such address): check the register map" in (found.link.problem or "")


def test_a_stop_ends_on_the_brake_and_torque_off_acts_at_once() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(1.5, HOLD)
    assert found.last.status == Status.BRAKE_CLOSED
    assert found.table.truth().brake_closed
    found.run(2.0, move(3.0))
    found.run(0.03, OFF)
    assert found.table.order[MODE] == motor_drive.OFF
    assert servo(found).state is State.SWITCH_ON_DISABLED


def test_when_the_host_dies_it_stops_quickly_and_the_next_command_moves_again() -> None:
    found = bench().connect()
    stops_without_its_host(found)
    assert found.table.truth().brake_closed
    assert servo(found).error == MAP.timeout_fault
    told = [t.status & Status.WATCHDOG_EXPIRED for t in found.run(0.2, HOLD)]
    assert told[0]
    assert not told[-1], "the host is heard again, and the servo stands: a flag that stays would keep it there"
    found.run(1.5, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)
    assert found.last.faults == 0


def test_faults_stay_until_the_operator_clears_them() -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    servo(found).trip(0x2310)
    found.run(0.5, move(2.0))
    assert found.last.faults == DriveFault.OVERCURRENT
    assert not found.last.status & Status.TORQUE_ON
    found.run(0.3, CLEAR)
    assert found.last.faults == 0
    found.run(1.0, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)


def test_a_motion_from_rest_begins_without_a_fault_that_is_over() -> None:
    motion_gets_rid_of_a_fault(found := bench().connect(), lambda: servo(found).trip(0x2310))


def test_an_encoder_that_gives_nothing_is_a_fault() -> None:
    lets_go_without_its_encoder(bench().connect())


def test_heat_is_a_fault() -> None:
    found = bench().connect()
    found.table.state[STAGE_C] = 95.0
    found.run(0.3, HOLD)
    assert found.last.faults == DriveFault.OVERTEMPERATURE


def test_an_order_that_is_refused_is_counted_and_what_is_measured_comes_all_the_same() -> None:
    found = bench().connect()
    servo(found).most_velocity = 10
    frames = found.run(0.5, move(2.0))
    assert len(frames) > 15
    assert found.last.rejected_in_row > 3
    assert found.last.reject_reason == Reject.RANGE
    assert found.last.encoder_deg == pytest.approx(UPRIGHT_DEG, abs=0.1)
    found.run(0.3, HOLD)
    assert found.last.rejected_in_row == 0


def test_after_a_reset_a_new_session_begins_and_the_absolute_angle_is_still_known() -> None:
    found = bench().connect()
    found.run(2.0, move(2.0))
    servo(found).reset()
    found.run(4.0, HOLD)
    assert found.link.health.board_reboots == 1
    assert found.last.session_id == 1001
    assert found.last.encoder_deg == pytest.approx(found.table.truth().angle_deg, abs=0.1)


def test_a_lower_torque_is_a_lower_limit() -> None:
    limits_the_current(bench().connect())


def test_a_slow_answer_is_waited_for() -> None:
    found = bench().connect()
    servo(found).turnaround_ms = 9.0
    assert len(found.run(2.0, move(1.0))) >= 99


def test_a_timeout_s_reaction_goes_on_to_its_end_when_the_host_is_back_meanwhile() -> None:
    found = bench().connect()
    found.run(3.0, move(6.0))
    found.silence(0.3)
    assert servo(found).state is State.FAULT_REACTION_ACTIVE
    assert found.table.truth().rate_dps > 1.0
    found.run(0.05, HOLD)
    assert servo(found).state is State.FAULT_REACTION_ACTIVE
    found.run(1.0, HOLD)
    assert servo(found).state is State.SWITCH_ON_DISABLED
    assert found.table.truth().rate_dps == 0.0
