"""``righting run``: sessions in real time, on a real table or on the simulated one, until no more are asked for."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from drivers.port import PortError, SerialPort
from firmware_host.blackbox import BlackBoxError
from firmware_host.choosing import Choice
from firmware_host.cli.panel import Panel, PanelUnavailableError, find_panel
from firmware_host.cli.running import Manner, Run
from firmware_host.cli.sessions import EXIT_CODES, complain, load_session
from firmware_host.cli.simulator import SimulatorError, SimulatorProcess
from firmware_host.cli.summary import open_blackbox, tell_outcome, tell_recording
from firmware_host.panel.options import PanelOptions
from firmware_host.preflight import Preflight
from firmware_host.toml_source import FileError


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
    console = Console()
    try:
        session = load_session(options.program, options.rider, options.table)
        named = None if options.simulated else options.port or session.table.file.table.port
        _check(options, named)
        panel = find_panel(options.panel_port, options.panel, headless=options.headless)
        if named is None and session.unscreened:
            print(f"on a real table this rider would be refused: {session.unscreened[0]}")
        with panel, _table(options, named) as url:
            port = SerialPort(url, options.baud or session.table.file.table.baud)
            port.open()
            with contextlib.closing(port):
                if panel.url:
                    console.print(f"Operator panel: {panel.url}", highlight=False)
                return _run_all(Choice(session), options, port, console, panel, simulated=named is None)
    except (FileError, BlackBoxError, PortError, SimulatorError, OptionsError, PanelUnavailableError) as error:
        return complain(error)


def _check(options: RunOptions, port: str | None) -> None:
    """Refuse options that contradict each other. Raises ``OptionsError``."""
    if options.simulated and options.port is not None:
        raise OptionsError("--port is for a real table: leave out --port or --simulated")
    if port is not None and options.speed != 1.0:
        raise OptionsError("--speed is for the simulated table: leave out --speed, or add --simulated")
    if port is not None and options.headless and not options.start and not sys.stdin.isatty():
        raise OptionsError("there is no terminal to press start in: add --start, or run it in a terminal")


@contextlib.contextmanager
def _table(options: RunOptions, port: str | None) -> Iterator[str]:
    """The port to talk to: the one that was named, or that of a simulated table started for this run."""
    if port is not None:
        yield port
        return
    with SimulatorProcess(options.rider, options.table, options.speed, options.seed) as simulator:
        yield simulator.url


def _run_all(
    choice: Choice, options: RunOptions, port: SerialPort, console: Console, panel: Panel, *, simulated: bool
) -> int:
    """Run the first session, and whatever the panel asks for after it; gives the last one's exit code."""
    preflight = Preflight()
    manner = Manner(options.start, options.plain, options.speed, simulated, chosen=False)
    while True:
        clock_s = time.monotonic()
        with open_blackbox(choice.session, options.records, options.seed, clock_s, choice.record()) as blackbox:
            run = Run(choice, port, blackbox, preflight, console, panel, manner)
            outcome = run.run()
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
        choice = following
