"""From the [[device]] sections of a table file to the link and the ports that a session talks through."""

from collections.abc import Callable, Sequence
from pathlib import Path

from drivers.board import HostLink
from drivers.capabilities import DRIVES, TABLE_BOARD, Capabilities
from drivers.composite import Beside, CompositeLink
from drivers.contacts import NAMES, Contacts
from drivers.dialogue import Dialogue, DriveSetup
from drivers.link import Link, Port
from drivers.odrive import ODrive
from drivers.polled import PolledDrive
from drivers.port import PortError, SerialPort
from drivers.ports import Ports
from drivers.roboclaw import RoboClaw
from drivers.servo import Servo
from drivers.servo_map import MapError, read_map
from drivers.vesc import Vesc
from drivers.witmotion import Inclinometer, InclinometerSetup
from firmware_host.files.tables import NO_DELAY_KNOWN, DeviceSection, Table, too_slow
from firmware_host.files.toml_source import FileError


def make_link(table: Table, draw_nonce: Callable[[], int], serial: int | None, *, simulated: bool = False) -> Link:
    """Make the link to a table: to its board, or to the devices that its file names.

    ``serial`` is the one board to accept; for simulated devices the number that stands in for theirs. Raises
    ``FileError`` for a register map that cannot be used.
    """
    devices = table.file.device
    if not devices:
        return HostLink(draw_nonce, None if simulated else serial)
    first, *others = ordered(devices)
    setup = _setup(table, first, serial if simulated else None)
    drive = PolledDrive(_dialogue(table, first, setup), setup, draw_nonce)
    return CompositeLink(drive, [_beside(device) for device in others])


def capabilities(link: Link) -> Capabilities:
    """What the table at a link can do: a board all that the protocol asks for, devices what they say themselves."""
    return link.capabilities if isinstance(link, CompositeLink) else TABLE_BOARD


def ordered(devices: Sequence[DeviceSection]) -> list[DeviceSection]:
    """The devices in the order of their lines: the drive first."""
    return sorted(devices, key=lambda device: not device.is_drive)


def make_port(table: Table, urls: Sequence[str], baud: int | None) -> Port:
    """Make the port to talk through: one for a board, one each for devices. ``baud`` overrides the file's.

    Raises ``drivers.port.PortError`` for an inclinometer behind a network, and for a rate that is too slow.
    """
    devices = ordered(table.file.device)
    for url, device in zip(urls, devices, strict=False):
        if device.kind == "witmotion" and "://" in url:
            raise PortError(f"{url}: {NO_DELAY_KNOWN}")
        slow = too_slow(device.kind, baud or device.baud)
        if slow:
            raise PortError(f"{url}: {slow}")
    if not devices:
        return SerialPort(urls[0], baud or table.file.table.baud)
    return Ports([SerialPort(url, baud or device.baud) for url, device in zip(urls, devices, strict=True)])


def attach(port: Port, link: Link) -> None:
    """Let a link of devices know which of its ports came back."""
    if isinstance(port, Ports) and isinstance(link, CompositeLink):
        port.reopened = link.reset_line


def ports_of(table: Table) -> list[str] | None:
    """The ports that a table file names, the drive's first; None if any is missing."""
    devices = ordered(table.file.device)
    named = [device.port for device in devices] if devices else [table.file.table.port]
    found = [port for port in named if port is not None]
    return found if len(found) == len(named) else None


def map_path(table: Table, device: DeviceSection) -> Path | None:
    """Where a servo's register map is; None for the generic one."""
    return None if device.map is None else Path(table.source.path).parent / device.map


def _setup(table: Table, device: DeviceSection, serial: int | None) -> DriveSetup:
    limits = table.limits
    assert device.scale is not None  # the file was checked
    assert device.current_a is not None
    capabilities = DRIVES[device.kind]._replace(
        brake=device.brake, self_locking=device.self_locking, sto=device.stop_chain
    )
    return DriveSetup(
        device.scale,
        device.direction,
        device.zero_deg,
        device.current_a,
        limits.upright_deg,
        limits.inverted_limit_deg,
        limits.emergency_rate_dps,
        capabilities,
        device.timeout_s,
        device.unit,
        serial,
    )


def _dialogue(table: Table, device: DeviceSection, setup: DriveSetup) -> Dialogue:
    if device.kind == "servo":
        try:
            return Servo(setup, read_map(map_path(table, device)))
        except (MapError, OSError) as error:
            at = table.file.device.index(device)
            raise FileError([table.source.problem(str(error), "device", at, "map")]) from error
    makes: dict[str, Callable[[DriveSetup], Dialogue]] = {"roboclaw": RoboClaw, "vesc": Vesc, "odrive": ODrive}
    return makes[device.kind](setup)


def _beside(device: DeviceSection) -> Beside:
    if device.kind == "contacts":
        return Contacts(device.unit, tuple(NAMES) if device.inputs is None else device.inputs)
    zero_deg = 0.0 if device.zero_deg is None else device.zero_deg
    return Inclinometer(InclinometerSetup(device.axis, device.direction, zero_deg))
