"""Device sections of a table file: what is refused, and what is made of the others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.board import HostLink
from drivers.composite import CompositeLink
from drivers.contacts import Contacts
from drivers.dialogue import Order
from drivers.port import PortError, SerialPort
from drivers.ports import Ports
from firmware_host.devices import make_link, make_port, ports_of
from firmware_host.files.tables import EXCHANGE_BYTES, Table, load_table, make_table
from firmware_host.files.toml_source import FileError, parse_toml
from safety.signals import SafeCommand, Telemetry
from sim.contacts import EmulatedContacts
from tests.drivers import test_odrive, test_roboclaw, test_servo, test_vesc
from tests.drivers.polled_link import HOLD, Bench, move
from tests.sim.rigs import driven_table

DRIVE = '[[device]]\nkind = "roboclaw"\nscale = 12777.8\ncurrent_a = 6\n'
CONFIGURATION_BYTES = 100
"""An answer that is longer is a VESC's configuration."""
SENSOR = '[[device]]\nkind = "witmotion"\n'


def table(*sections: str) -> Table:
    return make_table(parse_toml("t.toml", '[table]\nname = "T"\n' + "".join(sections)))


def test_without_devices_a_table_has_its_board() -> None:
    assert isinstance(make_link(load_table(None), lambda: 1, None), HostLink)
    assert isinstance(make_port(load_table(None), ["/dev/null"], None), SerialPort)
    assert ports_of(load_table(None)) is None


def test_the_drive_comes_first_wherever_it_stands_in_the_file() -> None:
    found = table(SENSOR + 'port = "/dev/a"\n', DRIVE + 'port = "/dev/b"\nbaud = 38400\nbrake = true\n')
    assert ports_of(found) == ["/dev/b", "/dev/a"]
    link = make_link(found, lambda: 1, None)
    assert isinstance(link, CompositeLink)
    assert link.drive.setup.address == 0x80
    assert link.capabilities.brake
    assert isinstance(make_port(found, ["/dev/b", "/dev/a"], None), Ports)


def test_a_port_that_is_missing_is_no_port() -> None:
    assert ports_of(table(SENSOR, DRIVE + 'port = "/dev/b"\n')) is None


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ([SENSOR], "names 0 drives"),
        ([DRIVE, '[[device]]\nkind = "vesc"\nscale = 1\ncurrent_a = 6\n'], "names 2 drives"),
        ([DRIVE, SENSOR, SENSOR], "names a kind of device twice"),
        (['[[device]]\nkind = "vesc"\ncurrent_a = 6\n'], "needs scale"),
        (['[[device]]\nkind = "vesc"\nscale = 268\n'], "needs current_a"),
        ([DRIVE + "address = 7\n"], "use 128 to 135"),
        ([DRIVE + "timeout_s = 1.0\n"], "timeout_s"),
        ([DRIVE + "timeout_s = 0.05\n"], "shorter than a RoboClaw can keep; use 0.1 or 0.2"),
        ([DRIVE + "direction = 0\n"], "direction"),
        ([DRIVE + "gear = 3\n"], "gear"),
        ([DRIVE, '[[device]]\nkind = "contacts"\ninputs = ["hand"]\n'], "not a known contact"),
        ([DRIVE, f'[[device]]\nkind = "contacts"\ninputs = {[""] * 9}\n'], "more than the 8 inputs"),
        ([DRIVE.replace("roboclaw", "drive")], "kind"),
        ([DRIVE + 'map = "x.toml"\n'], "map says nothing of a roboclaw: it is for servo; take it out"),
        ([DRIVE, SENSOR + "brake = true\n"], "brake says nothing of a witmotion"),
        ([DRIVE + 'inputs = ["hand_switch_no"]\n'], "inputs says nothing of a roboclaw"),
        ([DRIVE, '[[device]]\nkind = "contacts"\naddress = 0\n'], "use 1 to 247"),
        ([DRIVE, f'[[device]]\nkind = "contacts"\ninputs = {["hand_switch_nc"] * 2}\n'], "names hand_switch_nc twice"),
        ([DRIVE + 'port = "/dev/a"\n', SENSOR + 'port = "/dev/a"\n'], "names a port twice"),
        ([DRIVE.replace("12777.8", "1e-300")], "scale"),
        ([DRIVE.replace("12777.8", "1.2e7")], "more than a roboclaw can count"),
        ([DRIVE, SENSOR + 'port = "socket://h:4001"\n'], "the delay of a network cannot be measured: connect it to"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(sections: list[str], told: str) -> None:
    with pytest.raises(FileError, match=told):
        table(*sections)


@pytest.mark.parametrize(
    ("kind", "baud", "told"),
    [
        ("odrive", 57600, "49 ms on the line, and an answer counts for 30 ms; set the device, and baud, to 115200"),
        ("roboclaw", 19200, "to 38400 or more"),
        ("vesc", 9600, "to 19200 or more"),
        ("servo", 9600, "to 19200 or more"),
    ],
)
def test_a_line_that_is_too_slow_for_the_drive_is_refused_with_the_figure(kind: str, baud: int, told: str) -> None:
    drive = f'[[device]]\nkind = "{kind}"\nscale = 100\ncurrent_a = 6\n'
    with pytest.raises(FileError, match=told):
        table(drive + f"baud = {baud}\n")
    with pytest.raises(PortError, match=told):
        make_port(table(drive), ["/dev/a"], baud)


@pytest.mark.parametrize("kind", sorted(EXCHANGE_BYTES))
def test_what_a_line_is_judged_by_is_what_an_exchange_has_on_it(kind: str) -> None:
    """Measured on the emulated device: from a question until all of its answer is there."""
    physics = driven_table()
    if kind == "contacts":
        device, module = EmulatedContacts(physics, 115200), Contacts(1)
        question = module.transmit(1.0)
        device.uart.receive(question, float(physics.now_ms))
        device.advance(float(physics.now_ms) + 10.0)
        most = len(question) + len(device.uart.send(float(physics.now_ms) + 30.0))
    else:
        most = longest_exchange(BENCHES[kind]())
    assert 0.95 * EXCHANGE_BYTES[kind] <= most <= EXCHANGE_BYTES[kind]


BENCHES: dict[str, Callable[[], Bench]] = {
    "odrive": test_odrive.bench,
    "roboclaw": test_roboclaw.bench,
    "vesc": test_vesc.bench,
    "servo": test_servo.bench,
}


def longest_exchange(found: Bench) -> int:
    """Bytes out and in, in a session with motion; a configuration that arrives in one piece does not count."""
    longest, out, came = 0, 0, 0
    transmit, receive = found.link.transmit, found.link.receive

    def sends(command: SafeCommand | None, now_s: float) -> bytes:
        nonlocal longest, out, came
        data = transmit(command, now_s)
        if data:
            longest = max(longest, out + came if came <= CONFIGURATION_BYTES else 0)
            out, came = len(data), 0
        return data

    def hears(data: bytes, now_s: float) -> list[Telemetry]:
        nonlocal came
        came += len(data)
        return receive(data, now_s)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found.link, "transmit", sends)
        patch.setattr(found.link, "receive", hears)
        found.connect()
        for command in (move(2.0), move(2.0, 0.5), HOLD, move(-2.0)):
            found.run(0.5, command)
    return longest


@pytest.mark.parametrize("kind", ["roboclaw", "vesc", "servo"])
def test_the_largest_scale_still_fits_into_every_order(kind: str) -> None:
    found = table(f'[[device]]\nkind = "{kind}"\nscale = 1.193e7\ncurrent_a = 6\n')
    link = make_link(found, lambda: 1, None)
    assert isinstance(link, CompositeLink)
    dialogue, limits = link.drive.dialogue, found.limits
    vars(dialogue)["identified"] = True
    for rate_dps in (limits.emergency_rate_dps, -limits.emergency_rate_dps):
        assert dialogue.ask(Order(True, rate_dps, limits.emergency_accel_dps2, 6.0, False))


def test_an_inclinometer_behind_a_network_is_refused_however_its_port_is_named() -> None:
    found = table(DRIVE + 'port = "socket://h:4000"\n', SENSOR)
    with pytest.raises(PortError, match="the delay of a network cannot be measured"):
        make_port(found, ["socket://h:4000", "rfc2217://h:4001"], None)
    assert isinstance(make_port(found, ["socket://h:4000", "/dev/a"], None), Ports)


def test_a_port_that_is_named_by_two_names_is_named_twice(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to("/dev/null")
    with pytest.raises(FileError, match="names a port twice"):
        table(DRIVE + 'port = "/dev/null"\n', SENSOR + f'port = "{tmp_path / "by-id"}"\n')


def test_a_register_map_is_found_beside_the_table_file_or_told_to_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    text = '[table]\nname = "T"\n[[device]]\nkind = "servo"\nscale = 1e4\ncurrent_a = 6\nmap = "mine.toml"\n'
    file.write_text(text)
    with pytest.raises(FileError, match=r"table\.toml:7: .*mine\.toml: there is no such register map; write"):
        make_link(load_table(file), lambda: 1, None)
    generic = Path(__file__).parents[2] / "drivers" / "servo_maps" / "cia402.toml"
    (tmp_path / "mine.toml").write_text(generic.read_text())
    assert isinstance(make_link(load_table(file), lambda: 1, None), CompositeLink)
