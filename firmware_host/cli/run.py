"""``righting run``: sessions in real time, on a real table or on the simulated one, until no more are asked for."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from rich.console import Console

from drivers.link import Port
from drivers.port import PortError
from firmware_host.cli.live_session import LiveSession, Manner
from firmware_host.cli.logbook import Logbook
from firmware_host.cli.outlet import Outlet
from firmware_host.cli.panel import Panel, PanelUnavailableError, find_panel
from firmware_host.cli.sessions import EXIT_CODES, complain, load_session
from firmware_host.cli.simulator import SimulatorError, SimulatorProcess
from firmware_host.cli.summary import open_blackbox, tell_outcome, tell_recording
from firmware_host.control.choosing import Choice
from firmware_host.control.preflight import Preflight
from firmware_host.day import now
from firmware_host.devices import make_port, ports_of
from firmware_host.files.toml_source import FileError
from firmware_host.files.validation import Session
from firmware_host.panel.options import PanelOptions
from firmware_host.recording.blackbox import BlackBoxError


class RunOptions(NamedTuple):
    """What was asked for on the command line."""

    program: Path | None
    rider: Path | None
    table: Path | None
    port: str | None
    baud: int | None
    speed: float
    records: Path
    seed: int
    start: bool
    plain: bool
    simulated: bool
    headless: bool
    panel_port: int
    panel: PanelOptions


class OptionsError(ValueError):
    """Options contradict each other; ``str()`` says what to do."""


def run_command(options: RunOptions) -> int:
    """Run one session after another, as long as the panel asks for more; gives the exit code of the last one."""
    outlet = Outlet(sys.stdout)
    console = Console(file=cast("IO[str]", outlet))
    try:
        session = load_session(options.program, options.rider, options.table)
        named = None if options.simulated else _ports(options, session)
        _check(options, named)
        panel = find_panel(options.panel_port, options.panel, headless=options.headless)
        if named is None and session.unscreened:
            told = f"on a real table this rider would be refused: {session.unscreened[0]}"
            console.print(told, highlight=False, markup=False, soft_wrap=True)
        with panel, _table(options, named) as urls:
            port = make_port(session.table, urls, options.baud)
            port.open()
            with contextlib.closing(port):
                if panel.url:
                    console.print(f"Operator panel: {panel.url}", highlight=False)
                return _run_all(Choice(session), options, port, console, panel, simulated=named is None)
    except (FileError, BlackBoxError, PortError, SimulatorError, OptionsError, PanelUnavailableError) as error:
        return complain(error)
    finally:
        outlet.settle()


def _ports(options: RunOptions, session: Session) -> list[str] | None:
    """The ports that were named, on the command line or in the table file. Raises ``OptionsError``."""
    devices = session.table.file.device
    if options.speed != 1.0 and devices:
        raise OptionsError("--speed is for a table board: with the devices of this table file, leave it out")
    if not devices:
        return [options.port] if options.port else ports_of(session.table)
    if options.port is not None:
        raise OptionsError("--port is for a table board: name the port of each device in the table file")
    found = ports_of(session.table)
    if found is None and any(device.port for device in devices):
        raise OptionsError("some devices of the table file have no port: name all ports, or none for a simulated table")
    return found


def _check(options: RunOptions, port: list[str] | None) -> None:
    """Refuse options that contradict each other. Raises ``OptionsError``."""
    if options.simulated and options.port is not None:
        raise OptionsError("--port is for a real table: leave out --port or --simulated")
    if port is not None and options.speed != 1.0:
        raise OptionsError("--speed is for the simulated table: leave out --speed, or add --simulated")
    if port is not None and options.headless and not options.start and not sys.stdin.isatty():
        raise OptionsError("there is no terminal to press start in: add --start, or run it in a terminal")


@contextlib.contextmanager
def _table(options: RunOptions, port: list[str] | None) -> Iterator[list[str]]:
    """The ports to talk to: those that were named, or those of a simulated table started for this run."""
    if port is not None:
        yield port
        return
    with SimulatorProcess(options.rider, options.table, options.speed, options.seed) as simulator:
        yield simulator.url.split()


def _run_all(
    choice: Choice, options: RunOptions, port: Port, console: Console, panel: Panel, *, simulated: bool
) -> int:
    """Run the first session, and whatever the panel asks for after it; gives the last one's exit code."""
    preflight, logbook = Preflight(), Logbook(options.rider, choice.session.rider)
    manner = Manner(options.start, options.plain, options.speed, simulated, chosen=False)
    while True:
        clock_s = time.monotonic()
        with open_blackbox(choice.session, options.records, options.seed, clock_s, choice.record()) as blackbox:
            run = LiveSession(choice, port, blackbox, preflight, console, panel, manner, logbook.known)
            try:
                outcome = run.run()
            finally:
                _note(logbook, choice, run.inverted_s, console)
        following = run.handover.taken
        if run.kept:
            tell_outcome(console, outcome)
            tell_recording(console, blackbox)
        else:
            blackbox.discard()
            if following is None:
                tell_outcome(console, outcome)
        if following is None:
            following = panel.wait_for_next(outcome, choice, lambda: run.handover.taken)  # noqa: B023 - called at once
        if following is None:
            return EXIT_CODES[outcome.name]
        manner = manner._replace(chosen=manner.chosen or following is not choice)
        choice = logbook.again(following, now())


def _note(logbook: Logbook, choice: Choice, inverted_s: float, console: Console) -> None:
    """Remember who was inverted, however the session ended."""
    if inverted_s > 0.0:
        warning = logbook.note(choice.session.rider, now(), inverted_s)
        if warning:
            console.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)
