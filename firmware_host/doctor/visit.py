"""One port from the beginning to the end: opened, identified, examined, judged, closed."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from drivers.capabilities import DRIVES
from drivers.composite import CompositeLink
from drivers.port import PortError, SerialPort
from drivers.servo_map import read_map
from firmware_host.devices import make_link, map_path
from firmware_host.doctor import board, odrive, roboclaw, sensors, servo, vesc
from firmware_host.doctor.findings import Examination, Finding, Place, note, unsafe
from firmware_host.doctor.identify import Found, NothingKnown, identify
from firmware_host.doctor.line import Line, LineLostError
from firmware_host.doctor.quality import judge
from firmware_host.files.tables import DeviceSection, Table, real_port
from safety.limits import MACHINE
from safety.signals import BoardConfig

BAUD: Final = 115200
POLLED: Final = (*DRIVES, "contacts")
_NO_SIMULATOR: Final = 0


class Visit(NamedTuple):
    """What became of one port: one of the three."""

    port: str
    baud: int
    problem: str | None
    """Why the port could not be looked at, and what to do."""
    nothing: NothingKnown | None
    examination: Examination | None


def visit(url: str, baud: int | None, table: Table | None, seconds: float, tell: Callable[[str], None]) -> Visit:
    """Look at a port; whatever becomes of it is in the answer.

    Args:
        url: the port.
        baud: its rate; None takes that of the table file, or 115200.
        table: what should be there.
        seconds: how long the line is measured.
        tell: takes what is being done, in words.
    """
    device = _device_at(url, table)
    rate = baud or (device.baud if device else table.file.table.baud if table else BAUD)
    port = SerialPort(url, rate)
    try:
        port.open()
        line = Line(port)
        expected = None if device is None else (device.kind, device.unit)
        registers = read_map(_map_of(table))
        found = identify(line, registers, expected, tell)
        if isinstance(found, NothingKnown):
            return Visit(url, rate, None, found, None)
        same = device is not None and device.kind == found.kind
        place = Place(table, device if same else _device_of(found.kind, table))
        tell(f"found: {found.kind}; measuring the line for {seconds:g} s")
        examination = _examine(line, found, place, seconds)
        examination = _judged(examination, place)
        if device is not None and not same:
            other = unsafe(
                f"the table file names this port for its {device.kind}, and a {found.kind} is on it",
                "swap the ports in the table file, or correct kind there",
            )
            examination = examination._replace(findings=(other, *examination.findings))
        return Visit(url, line.baud, None, None, examination)
    except (PortError, LineLostError) as error:
        return Visit(url, rate, str(error), None, None)
    finally:
        port.close()


def _device_at(url: str, table: Table | None) -> DeviceSection | None:
    devices = () if table is None else table.file.device
    return next((device for device in devices if device.port and real_port(device.port) == real_port(url)), None)


def _device_of(kind: str, table: Table | None) -> DeviceSection | None:
    devices = () if table is None else table.file.device
    return next((device for device in devices if device.kind == kind), None)


def _map_of(table: Table | None) -> Path | None:
    device = _device_of("servo", table)
    return None if table is None or device is None else map_path(table, device)


def _examine(line: Line, found: Found, place: Place, seconds: float) -> Examination:
    kind, address, answer = found
    if kind == "board":
        return board.examine(line, address, place, seconds)
    if kind == "witmotion":
        return sensors.examine_inclinometer(line, place, seconds)
    if kind == "roboclaw":
        return roboclaw.examine(line, address, answer, place, seconds)
    if kind == "vesc":
        return vesc.examine(line, answer, place, seconds)
    if kind == "odrive":
        axis = place.device.unit if place.device is not None else address
        return odrive.examine(line, axis, place, seconds)
    if kind == "servo":
        registers = read_map(_map_of(place.table))
        return servo.examine(line, address, answer, registers, seconds)
    return sensors.examine_contacts(line, address, answer, place, seconds)


def _judged(examination: Examination, place: Place) -> Examination:
    """Add what is wrong with the line, and with the table as a whole."""
    limits = MACHINE if place.table is None else place.table.limits
    found = list(examination.findings)
    if examination.quality is not None:
        polled = examination.kind in POLLED
        for serious, what, mend in judge(examination.quality, limits, polled=polled):
            found.append(unsafe(what, mend) if serious else note(what, mend))
    found += _judge_table(examination.kind, place)
    return examination._replace(findings=tuple(found))


def _judge_table(kind: str, place: Place) -> list[Finding]:
    """Is the device the table's, and does the table have all that it needs?"""
    table = place.table
    if table is None:
        return []
    if place.device is None:
        if kind == "board" and not table.file.device:
            return []
        return [unsafe(f"the table file names no {kind}", "use the table's own file, or the other port")]
    if not place.device.is_drive:
        return []
    link = make_link(table, lambda: 1, None)
    assert isinstance(link, CompositeLink)
    # The timeout is read back by each session, which refuses without it.
    equipment = link.capabilities._replace(timeout_s=place.device.timeout_s).equipment
    limits = table.limits
    config = BoardConfig(
        1,
        _NO_SIMULATOR,
        (0, 0, 0),
        0,
        limits.upright_deg,
        limits.inverted_limit_deg,
        limits.emergency_rate_dps,
        place.device.timeout_s,
        equipment,
    )
    return board.judge_config(config, place)
