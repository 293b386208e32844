"""The three targets of ``--righting-target``, each opened as a ``stand.Opened``."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from firmware_host.cli.hil.hands import PersonsHands, RemoteHands, SimulatedHands
from firmware_host.cli.hil.labgrid import SUFFIXES, EnvironmentFileError, ports_in
from firmware_host.cli.hil.lines import LockstepLine, PortLine
from firmware_host.cli.hil.stand import Opened
from firmware_host.cli.simulator import SimulatorProcess
from firmware_host.cli.virtual import make_table_end
from firmware_host.control.real_time import real_time
from firmware_host.devices import make_port, ordered, ports_of
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import Table

FILE: Final = "file"
"""The ports that the table file names."""
SEED: Final = 1
CLOCK_PPM: Final = 50.0
"""In lock-step the host's clock runs so much faster than the table's, as two quartzes may."""
REAL_S: Final = 300.0
TRACE_S: Final = 2000.0
"""A simulated table in this process remembers half an hour: until then it takes more and more memory."""
SIMULATED_LOAD: Final = "a simulated rider of 70 kg"
EMPTY: Final = "nothing: the table is empty"


class TargetError(Exception):
    """The target cannot be used as it is; ``str()`` says what to do."""


def allowed_deg(table: Table, asked_deg: float | None) -> float:
    """Give how far the table may be turned: its own limit, or less where that is asked. Raises ``TargetError``."""
    most_deg = table.limits.inverted_limit_deg
    if asked_deg is None:
        return most_deg
    if not 0.0 <= asked_deg <= most_deg:
        raise TargetError(f"--righting-limit-deg {asked_deg:g}: this table may be turned to 0 to {most_deg:g} deg")
    return asked_deg


def open_lockstep(table: Table, limit_deg: float, soak_s: float, clock_ppm: float = CLOCK_PPM) -> Opened:
    """Make a simulated table in this process."""
    table_end = make_table_end(table, load_rider(None), SEED)
    table_end.table.advance_ms(0)  # compile before a test begins
    line = LockstepLine(table_end, SEED, clock_ppm)
    hands = SimulatedHands(line.world)
    return Opened(table, line, hands, True, limit_deg, soak_s, TRACE_S, "simulated table in lock-step")


@contextlib.contextmanager
def virtual_table(path: Path) -> Iterator[SimulatorProcess]:
    """Start a simulated table as a process of its own, on virtual ports."""
    with contextlib.ExitStack() as stack:
        with real_time(inherited=True):
            simulator = stack.enter_context(SimulatorProcess(None, path, 1.0, SEED))
        yield simulator


def open_virtual(table: Table, simulator: SimulatorProcess, limit_deg: float, soak_s: float) -> Opened:
    """Open the ports of a simulated table. Raises ``drivers.port.PortError``."""
    line = PortLine(make_port(table, simulator.url.split(), None))
    told = "simulated table on a virtual port, in real time"
    return Opened(table, line, RemoteHands(simulator), True, limit_deg, soak_s, REAL_S, told)


def ports(table: Table, target: str) -> list[str]:
    """Give the ports of a hardware target, the drive's first. Raises ``TargetError``."""
    devices = ordered(table.file.device)
    kinds = [device.kind for device in devices]
    if target.endswith(SUFFIXES):
        try:
            found: list[str] | None = ports_in(Path(target), kinds)
        except EnvironmentFileError as error:
            raise TargetError(str(error)) from None
    else:
        found = ports_of(table) if target == FILE else target.split()
    if found is None:
        raise TargetError("--righting-target file: the table file names no port for each of its devices; add them")
    wanted = len(devices) or 1
    if len(found) != wanted:
        told = ", ".join(kinds) or "the table board"
        raise TargetError(f"--righting-target {target}: {len(found)} ports, and {wanted} are needed, for {told}")
    return found


def open_hardware(table: Table, target: str, limit_deg: float, soak_s: float, say: Callable[[str], None]) -> Opened:
    """Open real ports. Raises ``TargetError`` and ``drivers.port.PortError``."""
    urls = ports(table, target)
    hands = PersonsHands(say, table.file.table.hand_switch)
    line = PortLine(make_port(table, urls, None))
    return Opened(table, line, hands, False, limit_deg, soak_s, REAL_S, " ".join(urls))
