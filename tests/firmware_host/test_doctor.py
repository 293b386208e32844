"""``righting doctor`` on real virtual ports: every device we emulate, and what is none. The motor never moves."""

import json
import os
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastcrc.crc16 import modbus
from typer.testing import CliRunner

from drivers.odrive import AxisState
from drivers.port import SerialPort
from drivers.servo_map import read_map
from drivers.vesc import Fault
from firmware_host.cli.app import app
from firmware_host.cli.doctor import DoctorOptions, doctor_command
from firmware_host.cli.virtual import make_board
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from safety.signals import SIMULATOR_SERIALS
from sim import motor_drive
from sim.contacts import EmulatedContacts
from sim.layout import TORQUE_ENABLE
from sim.odrive import EmulatedODrive
from sim.realtime import FaultyTable, PtyLine, run_on
from sim.relay import Relay
from sim.rig import Device
from sim.roboclaw import EmulatedRoboClaw
from sim.servo import EmulatedServo
from sim.table import SimulatedTable
from sim.vesc import EmulatedVesc
from sim.witmotion import EmulatedInclinometer
from tests.sim.pump import Pump, on_a_port
from tests.sim.rigs import driven_table

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning"),  # in pyserial 3.5 itself
]
ROOT = Path(__file__).parents[2]
BAUD = 115200
MAP = read_map(None)
OF_THE_LINE = ("the path is too slow", "nothing came for", "% of what was asked")
"""Findings that are true of a machine that is busy with other tests."""
MADE: dict[str, Callable[[SimulatedTable], Device]] = {
    "roboclaw": lambda table: EmulatedRoboClaw(table, BAUD, 0x82),
    "vesc": lambda table: EmulatedVesc(table, BAUD),
    "odrive": lambda table: EmulatedODrive(table, BAUD),
    "servo": lambda table: EmulatedServo(table, BAUD, MAP),
    "witmotion": lambda table: EmulatedInclinometer(table, BAUD),
    "contacts": lambda table: EmulatedContacts(table, BAUD),
}
NAMED = {
    "roboclaw": ("RoboClaw at address 130 (USB Roboclaw 2x15a v4.2.4)", "4.2.4", "serial timeout, read back"),
    "vesc": ("VESC (410)", "6.05", "timeout, read back"),
    "odrive": ("ODrive, axis 0", "0.6.11", "watchdog, read back"),
    "servo": ("CiA 402 servo at unit 1", None, "timeout, read back"),
    "witmotion": ("WitMotion inclinometer", None, "roll"),
    "contacts": ("Modbus input module at unit 1", None, "inputs"),
}


def doctor(port: str | None, folder: Path, table: Path | None = None) -> tuple[int, Any]:
    """Do what the command does; gives exit code and JSON."""
    target = folder / "told.json"
    code = doctor_command(DoctorOptions(port, table, None, 0.5, str(target)))
    return code, json.loads(target.read_text()) if target.exists() else None


def found(told: dict[str, Any]) -> list[str]:
    """What was found wrong with the device itself."""
    return [one["what"] for one in told["findings"] if not any(text in one["what"] for text in OF_THE_LINE)]


def ask(pump: Pump, folder: Path, table: Path | None = None) -> Any:
    _, told = doctor(pump.name_of_port, folder, table)
    return told


@pytest.mark.requirement("REQ-WIRE-PROBE")
@pytest.mark.parametrize("kind", MADE)
def test_each_device_is_known_and_left_as_it_was(kind: str, tmp_path: Path) -> None:
    table = driven_table()
    device = MADE[kind](table)
    settings, angle_deg = table.settings.copy(), table.truth().angle_deg
    with on_a_port(table, device) as pump:
        told = ask(pump, tmp_path)
    name, firmware, fact = NAMED[kind]
    assert (told["device"], told["name"], told["firmware"]) == (kind, name, firmware)
    assert fact in told["facts"]
    assert all(one["mend"] for one in told["findings"])
    quality = told["quality"]
    assert quality["frames_per_s"] > 0.0
    assert (quality["round_trip"] is None) == (kind == "witmotion")
    if kind == "witmotion":
        assert pump.heard == b"", "nothing is sent to who talks by itself"
    assert not pump.driven
    assert table.settings.tolist() == settings.tolist(), "nothing was set"
    assert table.truth().angle_deg == pytest.approx(angle_deg, abs=1e-6)


def spoil(device: Any) -> list[str]:
    """Set a device as nobody should; gives what has to be found."""
    if isinstance(device, EmulatedRoboClaw):
        device.pid, device.pins, device.errors = (0, 0, 0, 100_000), (0, 0, 0, 0, 0), 0x1000
        return ["not tuned", "no input is set to E-Stop", "the controller reports: current_1"]
    if isinstance(device, EmulatedVesc):
        device.timeout_ms, device.fault, device._fault_until_ms = 1000, Fault.DRIVER, 1e9
        return ["the timeout is 1000 ms", "a fault: driver"]
    if isinstance(device, EmulatedODrive):
        device.trip(0x20)
        device._state = int(AxisState.CLOSED_LOOP_CONTROL)
        return ["does not stop it within 0.25 s, and the axis is armed", "the drive reports: drv_fault"]
    device.trip(0x2310)
    return ["it reports error 0x2310"]


@pytest.mark.parametrize("kind", ["roboclaw", "vesc", "odrive", "servo"])
def test_what_is_unsafe_is_said_with_how_to_mend_it(kind: str, tmp_path: Path) -> None:
    table = driven_table()
    device = MADE[kind](table)
    wrong = spoil(device)
    with on_a_port(table, device) as pump:
        code, told = doctor(pump.name_of_port, tmp_path)
    assert (code, told["safe"]) == (1, False)
    for what in wrong:
        (finding,) = [one for one in told["findings"] if what in one["what"]]
        assert finding["level"] == "unsafe"
        assert finding["mend"]
    assert not pump.driven


@pytest.mark.parametrize(
    ("bits", "level", "what"),
    [
        (0x40, "unsafe", "the controller reports: driver_1 (0x40)"),
        (0x2200, "unsafe", "the controller reports: speed_2 (0x200), current_2 (0x2000)"),
        (0x0004_0000, "unsafe", "the controller reports: warn_main_high (0x40000)"),
        (0x0080_0000, "note", "the controller reports: signal_5 (0x800000)"),
    ],
)
def test_no_status_bit_of_a_roboclaw_is_kept_back(bits: int, level: str, what: str, tmp_path: Path) -> None:
    table = driven_table()
    device = EmulatedRoboClaw(table, BAUD)
    device.stored_timeout, device.errors = 2, bits
    with on_a_port(table, device) as pump:
        told = ask(pump, tmp_path)
    assert (level, what) in [(one["level"], one["what"]) for one in told["findings"]]


def test_a_motor_that_turns_is_asked_nothing_more(tmp_path: Path) -> None:
    table = driven_table()
    device = EmulatedRoboClaw(table, BAUD)
    device._obey(38, (round(2 * device.scale), round(2 * device.scale)))  # by a host that set no timeout, and died
    with on_a_port(table, device) as pump:
        code, told = doctor(pump.name_of_port, tmp_path)
        asked = bytes(pump.heard)
    assert code == 1
    assert "the motor turns" in told["findings"][0]["what"]
    assert told["quality"] is None
    assert asked.count(b"\x80") <= 4, "it was identified and its speed was read, and no more"


def test_a_table_file_says_what_should_be_there_and_what_is_missing(tmp_path: Path) -> None:
    text = (ROOT / "examples/table-roboclaw.toml").read_text()
    head, drive, *_ = text.split("[[device]]")
    file = tmp_path / "table.toml"
    file.write_text("[[device]]".join([head, drive]))
    table = driven_table()
    with on_a_port(table, EmulatedRoboClaw(table, BAUD)) as pump:
        told = ask(pump, tmp_path, file)
    assert "no angle of the table itself (an inclinometer), no hand switch" in "; ".join(found(told))
    table = driven_table()
    with on_a_port(table, EmulatedVesc(table, BAUD)) as pump:
        told = ask(pump, tmp_path, file)
    assert "the table file names no vesc" in found(told)


@pytest.mark.parametrize(("named", "there"), [("vesc", "witmotion"), ("witmotion", "vesc"), ("contacts", "vesc")])
def test_another_device_than_the_table_file_names_for_the_port_is_unsafe(
    named: str, there: str, tmp_path: Path
) -> None:
    table = driven_table()
    file = tmp_path / "table.toml"
    with on_a_port(table, MADE[there](table)) as pump:
        text = (ROOT / "examples/table-vesc.toml").read_text()
        file.write_text(text.replace(f'kind = "{named}"', f'kind = "{named}"\nport = "{pump.name_of_port}"'))
        code, told = doctor(pump.name_of_port, tmp_path, file)
    assert (code, told["device"]) == (1, there)
    assert f"the table file names this port for its {named}, and a {there} is on it" in found(told)
    assert "swap the ports" in told["findings"][0]["mend"]


@contextmanager
def board_port() -> Iterator[tuple[str, SimulatedTable]]:
    board = make_board(load_table(None), load_rider(None), seed=1, serial=SIMULATOR_SERIALS.stop + 1000)
    board.table.advance_ms(0)
    stopping = threading.Event()
    line = PtyLine()
    thread = threading.Thread(target=run_on, args=(line, FaultyTable(board, [], 1), 1.0, stopping.is_set))
    thread.start()
    try:
        yield line.name, board.table
    finally:
        stopping.set()
        thread.join()
        line.close()


def test_a_table_board_tells_its_settings_and_is_given_no_command(tmp_path: Path) -> None:
    (tmp_path / "table.toml").write_text('[table]\nname = "Other"\nserial = 7\n[limits]\ninverted_limit_deg = 30\n')
    with board_port() as (port, table):
        angle_deg = table.truth().angle_deg
        _, told = doctor(port, tmp_path)
        _, other = doctor(port, tmp_path, tmp_path / "table.toml")
        assert table.drive[TORQUE_ENABLE] == 0.0
        assert table.truth().brake_closed
        assert table.truth().angle_deg == pytest.approx(angle_deg, abs=1e-6)
    assert (told["device"], told["serial"], told["firmware"]) == ("board", 1016, "1.0.0")
    assert told["facts"]["watchdog, as the board says"] == "0.25 s"
    assert told["quality"]["round_trip"]["exchanges"] > 1
    assert found(told) == []
    assert "the board has serial number 1016, the table file names 7" in found(other)[0]
    assert "inverted limit: board 60, table 30 deg" in found(other)[1]


def test_a_path_that_is_too_slow_is_refused_with_what_was_measured(tmp_path: Path) -> None:
    table = driven_table()
    with on_a_port(table, EmulatedODrive(table, BAUD)) as pump, Relay(pump.name_of_port, delay_s=0.04) as relay:
        code, told = doctor(relay.url, tmp_path)
    assert (code, told["device"]) == (1, "odrive")
    assert told["quality"]["round_trip"]["median_s"] >= 0.08
    assert any("the path is too slow: round trip median" in one["what"] for one in told["findings"])


def test_an_inclinometer_behind_a_network_is_unsafe(tmp_path: Path) -> None:
    table = driven_table()
    with on_a_port(table, EmulatedInclinometer(table, BAUD)) as pump, Relay(pump.name_of_port) as relay:
        code, told = doctor(relay.url, tmp_path)
    assert (code, told["device"]) == (1, "witmotion")
    assert "it is behind a network" in found(told)


def test_a_drive_is_found_behind_rfc_2217(tmp_path: Path) -> None:
    table = driven_table()
    with on_a_port(table, EmulatedVesc(table, BAUD)) as pump, Relay(pump.name_of_port, rfc2217=True) as relay:
        _, told = doctor(relay.url, tmp_path)
    assert told["device"] == "vesc"


class Stranger(threading.Thread):
    """Somebody on a port who is nothing of ours: says something now and then, or answers."""

    def __init__(self, says: bytes, answers: Callable[[bytes], bytes]) -> None:
        super().__init__(daemon=True)
        self._says, self._answers = says, answers
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.name_of_port = os.ttyname(self._theirs)
        self.heard: list[bytes] = []
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            data = os.read(self._ours, 4096) if ready else b""
            if data:
                self.heard.append(data)
            os.write(self._ours, self._answers(data) if data else self._says)

    def __enter__(self) -> "Stranger":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join()
        os.close(self._ours)
        os.close(self._theirs)


def nothing(data: bytes) -> bytes:  # noqa: ARG001 - what an answer is made of
    return b""


NMEA = b"$GPGLL,4916.45,N,12311.12,W,225444,A*31\r\n"
REFUSAL = b"\x01\x83\x01" + modbus(b"\x01\x83\x01").to_bytes(2, "little")
STRANGERS: dict[str, tuple[bytes, Callable[[bytes], bytes], str, str]] = {
    "silence": (b"", nothing, "", "switched on"),
    "an echo": (b"", lambda data: data, "what is sent comes back", "wiring"),
    "a GPS": (NMEA, nothing, "NMEA 0183 (sentence GPGLL)", "righting ports"),
    "a console": (b"Welcome to Linux\r\nlogin: ", nothing, "Welcome to Linux", "righting ports"),
    "noise": (bytes(range(128, 256)), nothing, "nothing known", "--baud"),
    "a Modbus meter": (
        b"",
        lambda data: REFUSAL if data[:2] == b"\x01\x03" else b"",
        "a Modbus device at unit 1, which refuses what is read (it does not know the function)",
        "register map",
    ),
}


@pytest.mark.requirement("REQ-WIRE-PROBE")
@pytest.mark.parametrize("kind", STRANGERS)
def test_what_is_something_else_is_described_with_what_to_do(kind: str, tmp_path: Path) -> None:
    says, answers, heard, advice = STRANGERS[kind]
    with Stranger(says, answers) as stranger:
        code, told = doctor(stranger.name_of_port, tmp_path)
    assert (code, told["device"]) == (2, None)
    assert heard in told["heard"]
    assert advice in told["advice"]
    if says:
        assert stranger.heard == [], "nothing is sent to who talks by itself"
    elif kind == "silence":
        # A controller that takes single bytes as speeds stands still again after each question.
        assert b"".join(stranger.heard).endswith(b"\0")


def test_a_port_that_cannot_be_used_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    for port, advice in (("/dev/no-such-port", "righting ports"), (f"socket://127.0.0.1:{free}", "nobody listens")):
        code, told = doctor(port, tmp_path)
        assert code == 2
        assert advice in told["problem"]
    with Stranger(b"", nothing) as stranger:
        busy = SerialPort(stranger.name_of_port, BAUD)
        busy.open()
        code, told = doctor(stranger.name_of_port, tmp_path)
        busy.close()
    assert code == 2
    assert "another program uses it" in told["problem"]
    assert "another program uses it" in capsys.readouterr().err
    code, _ = doctor(None, tmp_path)
    assert code == 2
    assert "which port?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_rate_that_no_port_can_do_is_refused_as_in_a_table_file(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--port", "/dev/null", "--baud", "99999999999"])
    assert done.exit_code == 2
    assert "less than or equal to 4000000" in done.output or "is not in the range" in done.output


def test_a_device_that_turns_itself_off_while_it_is_measured_is_said(tmp_path: Path) -> None:
    table = driven_table()
    device = EmulatedODrive(table, BAUD)
    assert table.memory[motor_drive.TORQUE_ON] == 0.0
    with on_a_port(table, device) as pump, Relay(pump.name_of_port) as relay:
        gone = threading.Timer(1.5, relay.drop)
        gone.start()
        target = tmp_path / "told.json"
        code = doctor_command(DoctorOptions(relay.url, None, None, 30.0, str(target)))
        gone.join()
    assert code == 2
    assert "the port vanished" in json.loads(target.read_text())["problem"]
