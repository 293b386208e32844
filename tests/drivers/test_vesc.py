"""VESC: packets, what hostile ones cannot do, and the driver against the emulated controller and its failures."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import vesc
from drivers.capabilities import Capabilities
from drivers.dialogue import STAND, DriveSetup
from drivers.polled import PolledDrive
from drivers.vesc import (
    APP_CONFIG,
    KEPT_BYTES,
    MASK,
    REQUESTS,
    Command,
    Deframer,
    Fault,
    Vesc,
    encode_order,
    encode_packet,
)
from safety.signals import DriveFault, Status
from sim import motor_drive, sensors
from sim.layout import MODE, RATE_DPS
from sim.plant import STAGE_C
from sim.vesc import EmulatedVesc, steps_per_degree
from tests.drivers.polled_link import (
    HOLD,
    OFF,
    Bench,
    does_not_wind_up,
    follows_and_measures_all,
    keeps_a_hundred_a_second,
    lets_go_without_its_encoder,
    move,
    says_nothing_that_is_no_number,
    stops_without_its_host,
)
from tests.sim.rigs import UPRIGHT_DEG, driven_table

CAPABILITIES = Capabilities("VESC", motor_angle=True, self_locking=True, current=True)


def bench(baud: int = 115200, direction: int = 1, timeout_ms: int = 200) -> Bench:
    table = driven_table()
    device = EmulatedVesc(table, baud, direction, timeout_ms)
    setup = DriveSetup(steps_per_degree(table), direction, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES, 0.2)
    return Bench(table, device, setup, Vesc)


def controller(found: Bench) -> EmulatedVesc:
    device = found.device
    assert isinstance(device, EmulatedVesc)
    return device


# ------------------------------------------------------------------------------------------------ bytes

# By the packet rules of the published firmware; the same bytes as pyvesc 1.0.5 makes of SetRPM(10000), SetCurrent(0),
# SetCurrentBrake(5000) and a request for the firmware.
KNOWN = {
    "02 05 08 00 00 27 10 8f 6d 03": encode_order(Command.SET_RPM, 10_000),
    "02 05 06 00 00 00 00 cd 85 03": encode_order(Command.SET_CURRENT, 0),
    "02 05 07 00 00 13 88 21 74 03": encode_order(Command.SET_CURRENT_BRAKE, 5000),
    "02 01 00 00 00 03": encode_packet(bytes((Command.FIRMWARE,))),
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_packets(text: str) -> None:
    assert KNOWN[text].hex(" ") == text


@given(st.binary(min_size=1, max_size=1024))
def test_a_packet_is_as_the_firmware_s_rules_say(payload: bytes) -> None:
    packet = encode_packet(payload)
    head = bytes((2, len(payload))) if len(payload) < 256 else b"\x03" + len(payload).to_bytes(2, "big")
    assert packet == head + payload + binascii.crc_hqx(payload, 0).to_bytes(2, "big") + b"\x03"


@pytest.mark.parametrize("size", [0, 1025])
def test_a_payload_that_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_packet(bytes(size))


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=5), st.integers(1, 300))
def test_packets_are_read_however_they_are_cut(payloads: list[bytes], piece: int) -> None:
    stream = b"".join(map(encode_packet, payloads))
    deframer = Deframer()
    found = []
    for at in range(0, len(stream), piece):
        found += deframer.feed(stream[at : at + piece])
    assert found == payloads


@given(st.binary(min_size=1, max_size=50), st.data())
def test_one_bit_that_is_wrong_is_never_that_payload(payload: bytes, data: st.DataObject) -> None:
    packet = bytearray(encode_packet(payload))
    bit = data.draw(st.integers(0, 8 * len(packet) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    assert payload not in Deframer().feed(bytes(packet))


def test_a_packet_behind_a_damaged_one_is_found() -> None:
    bad = bytearray(encode_packet(b"\x08abcd"))
    bad[4] ^= 1
    assert b"\x04good" in Deframer().feed(bytes(bad) + encode_packet(b"\x04good") + bytes(300))


@given(st.lists(st.binary(max_size=3000), max_size=6))
def test_hostile_bytes_raise_nothing_and_are_not_kept(pieces: list[bytes]) -> None:
    deframer = Deframer()
    for piece in pieces:
        deframer.feed(piece)
        assert len(deframer._rest) <= KEPT_BYTES


@pytest.mark.parametrize("pattern", [b"\x03", b"\x03\x03\xff", b"\x02\xff", b"\x02", b"\x02\x02\x00\x00\x03"])
def test_hostile_bytes_are_looked_at_a_few_times_each_however_they_arrive(
    pattern: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, extent = 0, vesc._extent

    def counts(rest: bytes, at: int) -> tuple[int, int]:
        nonlocal looked
        looked += 1
        return extent(rest, at)

    monkeypatch.setattr(vesc, "_extent", counts)
    deframer, hostile = Deframer(), (pattern * 4096)[:4096]
    for at in range(len(hostile)):
        deframer.feed(hostile[at : at + 1])
    assert looked <= 3 * len(hostile)
    deframer.clear()
    assert deframer.feed(encode_packet(b"\x04good")) == [b"\x04good"]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_hostile_payloads_raise_nothing(payloads: list[bytes]) -> None:
    setup = DriveSetup(268.0, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES)
    link = PolledDrive(Vesc(setup), setup, lambda: 1)
    for number, payload in enumerate(payloads):
        now_s = number * 0.01
        link.transmit(HOLD, now_s)
        for command in (0, 17, 50):
            found = link.receive(encode_packet(bytes((command,)) + payload), now_s + 0.005)
            says_nothing_that_is_no_number(found)


# ------------------------------------------------------------------------------------------------ the controller


def test_a_session_begins_with_the_firmware_and_its_timeout() -> None:
    found = bench().connect()
    config = found.link.config
    assert config is not None
    assert config.firmware == (6, 5, 0)
    assert config.serial == 0x2A0B8C3D
    assert config.watchdog_s == pytest.approx(0.2)


@pytest.mark.parametrize("timeout_ms", [1000, 0, 251])
def test_an_unsafe_timeout_is_no_session_and_is_said_with_what_to_do(timeout_ms: int) -> None:
    found = bench(timeout_ms=timeout_ms)
    found.run(1.0, HOLD)
    assert found.link.config is None
    assert f"timeout is {timeout_ms} ms: set it to 200 ms in VESC Tool" in (found.link.problem or "")
    controller(found).timeout_ms = 200
    found.connect()


@pytest.mark.parametrize("direction", [1, -1])
def test_the_table_follows_and_telemetry_says_so_in_its_own_directions(direction: int) -> None:
    follows_and_measures_all(bench(direction=direction).connect())


def test_the_exchange_keeps_a_hundred_a_second_at_115200_baud() -> None:
    keeps_a_hundred_a_second(bench().connect())


def test_firmware_without_the_status_byte_is_understood() -> None:
    found = bench()
    controller(found).has_status = False
    found.connect()
    found.run(1.0, move(2.0))
    assert found.last.rate_dps == pytest.approx(2.0, abs=0.1)


def test_at_standstill_under_torque_a_current_holds() -> None:
    found = bench().connect()
    found.run(2.0, move(2.0))
    found.run(1.0, move(0.0))
    assert found.table.order[MODE] == motor_drive.FOLLOW
    assert found.table.order[RATE_DPS] == 0.0
    assert found.table.truth().rate_dps == pytest.approx(0.0, abs=0.05)


def test_a_stop_ends_with_the_torque_off_on_the_gear() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(1.5, HOLD)
    assert found.table.order[MODE] == motor_drive.OFF
    assert found.last.status == Status.BRAKE_CLOSED  # the gear's doing: no load turns it
    assert not found.table.truth().brake_closed
    assert found.table.truth().rate_dps == 0.0


def test_torque_off_acts_at_once() -> None:
    found = bench().connect()
    found.run(2.0, move(3.0))
    found.run(0.03, OFF)
    assert found.table.order[MODE] == motor_drive.OFF


def test_without_a_brake_a_table_that_coasts_is_not_said_to_be_held() -> None:
    found = bench().connect()
    found.run(2.0, move(6.0))
    said = [(frame.status & Status.BRAKE_CLOSED, abs(found.table.truth().rate_dps)) for _ in range(500)
            for frame in found.tick(OFF)]  # fmt: skip
    assert any(held for held, _ in said)
    assert max(rate_dps for held, rate_dps in said if held) == 0.0
    assert max(rate_dps for _, rate_dps in said[20:]) > 1.0, "it coasts"


def test_when_the_host_dies_the_timeout_lets_the_motor_go() -> None:
    found = bench().connect()
    stops_without_its_host(found)  # by friction, and a gear that no load turns
    assert found.table.order[MODE] == motor_drive.OFF


def test_a_motor_that_coasts_is_taken_over_at_its_rate() -> None:
    found = bench().connect()
    found.run(2.0, move(8.0))
    found.silence(0.3)
    most_dps2 = 0.0
    for _ in range(30):
        found.tick(move(8.0))
        most_dps2 = max(most_dps2, abs(found.table.truth().accel_dps2))
    assert most_dps2 < 40.0, "its ramp has 30"


def test_asking_for_values_does_not_feed_the_timeout() -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    for _ in range(40):
        found.rig.advance(0.01)
        controller(found).uart.receive(REQUESTS[0], float(found.table.now_ms))
    assert found.table.order[MODE] == motor_drive.OFF
    assert REQUESTS[0][3:7] == MASK.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Fault.OVER_CURRENT, DriveFault.OVERCURRENT),
        (Fault.OVER_TEMPERATURE_MOTOR, DriveFault.OVERTEMPERATURE),
        (Fault.UNDER_VOLTAGE, DriveFault.UNDERVOLTAGE),
        (Fault.ENCODER_SPI, DriveFault.ENCODER),
        (Fault.DRIVER, DriveFault.DRIVER),
        (Fault.OVER_VOLTAGE, DriveFault.DRIVER),
        (99, DriveFault.DRIVER),
    ],
)
def test_fault_codes_are_drive_faults_with_the_torque_off_and_pass_by_themselves(code: int, fault: int) -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    controller(found).trip(code)
    found.run(0.3, move(2.0))
    assert found.last.faults == fault
    assert not found.last.status & Status.TORQUE_ON
    found.run(0.5, HOLD)
    assert found.last.faults == 0


def test_an_encoder_that_gives_nothing_is_a_fault() -> None:
    lets_go_without_its_encoder(bench().connect())


def test_a_rate_loop_whose_encoder_stands_does_not_wind_up() -> None:
    does_not_wind_up(bench().connect(), sensors.STUCK)


def test_heat_is_a_fault() -> None:
    found = bench().connect()
    found.table.state[STAGE_C] = 95.0
    found.run(0.2, HOLD)
    assert found.last.faults == DriveFault.OVERTEMPERATURE


def test_after_a_reset_a_new_session_begins_without_the_old_zero() -> None:
    found = bench().connect()
    found.run(3.0, move(2.0))
    controller(found).reset()
    found.run(2.0, HOLD)
    assert found.link.health.board_reboots == 1
    assert found.last.session_id == 1001
    assert found.last.encoder_deg is None


def test_after_a_reset_on_the_way_it_counts_from_within_the_way_that_the_table_coasted() -> None:
    found = bench().connect()
    found.run(4.0, move(8.0))
    controller(found).reset()
    found.run(3.0, HOLD)
    assert abs(float(found.link.position or 0.0)) > steps_per_degree(found.table), "it coasted"
    assert found.link.health.board_reboots == 1
    assert found.last.encoder_deg is None


def test_a_boot_from_the_watchdog_is_a_reset_too() -> None:
    found = bench().connect()
    controller(found).trip(Fault.BOOTED_FROM_WATCHDOG)
    found.run(0.1, HOLD)
    assert found.link.health.board_reboots == 1


def test_the_cable_out_and_in_again() -> None:
    found = bench().connect()
    found.run(1.0, move(2.0))
    found.cut = True
    found.run(0.8, move(2.0))
    assert found.table.truth().rate_dps == pytest.approx(0.0, abs=0.05)
    found.cut = False
    assert found.run(0.6, HOLD)
    assert found.last.session_id == 1000


def test_a_slow_answer_is_waited_for_and_one_that_is_too_slow_is_not_believed() -> None:
    found = bench().connect()
    controller(found).turnaround_ms = 12.0
    assert len(found.run(2.0, move(1.0))) >= 80
    controller(found).turnaround_ms = 150.0
    found.run(0.5, HOLD)
    assert found.run(1.0, HOLD) == []


def test_a_configuration_that_is_too_short_is_no_answer() -> None:
    setup = DriveSetup(268.0, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, CAPABILITIES)
    dialogue = Vesc(setup)
    dialogue._step = 1
    dialogue.ask(STAND)
    dialogue.feed(encode_packet(bytes((Command.GET_APP_CONFIG,)) + bytes(APP_CONFIG.size - 2)))
    assert dialogue.waiting
