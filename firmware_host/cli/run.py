"""``righting run``: a session in real time, on a real table or on the simulated one."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from drivers.link import Port
from drivers.port import PortError
from firmware_host.blackbox import BlackBox, BlackBoxError
from firmware_host.cli.keys import Keys
from firmware_host.cli.panel import Panel, PanelUnavailableError, find_panel
from firmware_host.cli.sessions import EXIT_CODES, complain, load_session, make_controller
from firmware_host.cli.simulator import SimulatorError, SimulatorProcess
from firmware_host.cli.summary import open_blackbox, tell_summary
from firmware_host.cli.view import LiveView, PlainView, View
from firmware_host.controller import Controller, Outcome
from firmware_host.devices import attach, make_link, make_port, ports_of
from firmware_host.host import Host
from firmware_host.loop import Clock, FramePacedClock, Loop, MonotonicClock, Requests, ask_for_real_time
from firmware_host.scene import Scene, make_scene
from firmware_host.ticks import Event, TickOutput
from firmware_host.toml_source import FileError
from firmware_host.validation import Session
from safety.signals import SIMULATOR_SERIALS

KEYS: Final = "[space] STOP   [u] return upright   [a] alarm seen   [Ctrl-C] return upright, twice: stop"
KEYS_TO_START: Final = "[s] start   " + KEYS
NO_ANSWER_S: Final = 5.0
"""A port on which no table board answers for so long is refused."""
PRESSED_AGAIN_S: Final = 1.0
"""A start that presses itself tries again so much later."""
TWICE_S: Final = 2.0
REDRAW_S: Final = 0.1
BEFORE_START: Final = ("offline", "boarding_waiting", "boarding_ready")


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


class OptionsError(ValueError):
    """Options contradict each other; ``str()`` says what to do."""


def run_command(options: RunOptions) -> int:
    """Run one session; gives the exit code."""
    console = Console()
    try:
        session = load_session(options.program, options.rider, options.table)
        named = None if options.simulated else _ports(options, session)
        _check(options, named)
        panel = find_panel(options.panel_port, headless=options.headless)
        if named is None and session.unscreened:
            print(f"on a real table this rider would be refused: {session.unscreened[0]}")
        with panel, _table(options, named) as urls:
            port = make_port(session.table, urls, options.baud)
            port.open()
            with contextlib.closing(port):
                if panel.url:
                    console.print(f"Operator panel: {panel.url}", highlight=False)
                while True:
                    with open_blackbox(session, options.records, options.seed, time.monotonic()) as blackbox:
                        running = _Run(session, port, blackbox, options, console, panel, simulated=named is None)
                        outcome = running.run()
                    tell_summary(console, outcome, blackbox)
                    if not panel.wait_for_next(outcome):
                        return EXIT_CODES[outcome.name]
    except (FileError, BlackBoxError, PortError, SimulatorError, OptionsError, PanelUnavailableError) as error:
        return complain(error)


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


class _Run:
    """One session under way: the control loop in its thread, the terminal in this one."""

    def __init__(
        self,
        session: Session,
        port: Port,
        blackbox: BlackBox,
        options: RunOptions,
        console: Console,
        panel: Panel,
        *,
        simulated: bool,
    ) -> None:
        self._session, self._options, self._panel = session, options, panel
        self._simulated = simulated
        self._controller: Controller = make_controller(session)
        serial = SIMULATOR_SERIALS.start if simulated else session.table.file.table.serial
        self._link = make_link(session.table, _draw_nonce, serial, simulated=simulated)
        attach(port, self._link)
        self._blackbox = blackbox
        self._host = Host(self._controller, self._link, blackbox)
        self._requests = Requests()
        clock: Clock = FramePacedClock() if options.speed != 1.0 else MonotonicClock()
        self._clock = clock
        self._loop = Loop(self._host, port, self._requests, clock)
        self._events: deque[Event] = deque()
        self._ready_s: float | None = None
        self._next_start_s = 0.0
        self._begun_s = clock.now_s()
        self._refused = ""
        self._failure: BaseException | None = None
        self._last_signal_s = -TWICE_S
        live = console.is_terminal and not options.plain
        asks = panel.url != "" or not (self._simulated or options.start)
        self._view: View = LiveView(console, KEYS_TO_START if asks else KEYS) if live else PlainView(console)

    def run(self) -> Outcome:
        """Run until the session is over."""
        woken, waker = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(waker, False)
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        old_waker = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        thread = threading.Thread(target=self._control, name="control", daemon=True)
        try:
            thread.start()
            self._panel.show(
                self._session, self._requests, self._scene, lambda: self._controller.outcome, simulated=self._simulated
            )
            self._serve_terminal(thread, woken)
        finally:
            self._loop.stopping.set()
            thread.join()
            signal.set_wakeup_fd(old_waker)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._view.close()
            os.close(woken)
            os.close(waker)
        if self._failure is not None:
            raise self._failure
        return self._outcome()

    def _control(self) -> None:
        try:
            for text in ask_for_real_time():
                self._events.append(Event(self._clock.now_s(), "loop", f"the system gave no {text}"))
            self._loop.run(self._on_tick)
        except BaseException as error:
            self._failure = error  # told by the thread that owns the terminal; the board's watchdog acts meanwhile

    def _on_tick(self, output: TickOutput) -> bool:
        if output.events:
            self._events.extend(output.events)
        ready = output.state == "boarding_ready"
        if not ready:
            self._ready_s = None
        elif self._ready_s is None:
            self._ready_s = time.monotonic()
        if self._ready_s is not None and self._starts_by_itself(time.monotonic() - self._ready_s):
            self._press_start(time.monotonic())
        if output.command is not None and "screening" in self._controller.safety.supervisor.inhibited:
            self._refused = "\n".join(str(problem) for problem in self._session.unscreened)
            return True
        if output.state == "offline" and self._clock.now_s() - self._begun_s > NO_ANSWER_S and not self._refused:
            self._refused = self._link.problem or "no table board answers on this port; check cable, power and baud"
            return True
        return self._controller.outcome is not None

    def _press_start(self, now_s: float) -> None:
        """Once, and again if nothing came of it: a press that is held counts no longer."""
        if now_s >= self._next_start_s:
            self._next_start_s = now_s + PRESSED_AGAIN_S
            self._requests.press("start")

    def _starts_by_itself(self, ready_s: float) -> bool:
        """With --start, and on a simulated table before which nobody sits."""
        alone = not self._requests.watched and ready_s >= self._panel.patience_s
        return self._options.start or (self._simulated and alone)

    def _scene(self) -> Scene:
        return make_scene(
            self._session, self._controller, self._host, self._blackbox, self._clock.now_s(), self._simulated
        )

    def _serve_terminal(self, thread: threading.Thread, woken: int) -> None:
        with Keys() as keys:
            while thread.is_alive():
                self._on_key(keys.wait(REDRAW_S, woken))
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 64)
                while self._events:
                    self._view.tell(self._events.popleft())
                self._view.show(self._scene())
                self._panel.supervise()
            while self._events:
                self._view.tell(self._events.popleft())

    def _on_key(self, key: str) -> None:
        name = {" ": "stop", "u": "return_upright", "s": "start", "a": "acknowledge"}.get(key)
        if name is not None:
            self._requests.press(name)

    def _on_signal(self, number: int, frame: object) -> None:  # noqa: ARG002 - the signature that signal asks for
        """Bring the rider upright; twice within two seconds, stop and brake. Where nothing is at stake, leave."""
        state = self._controller.states.state
        if state in BEFORE_START or state == "unlinked":
            self._loop.stopping.set()
            return
        now_s = time.monotonic()
        twice = now_s - self._last_signal_s <= TWICE_S
        self._last_signal_s = now_s
        self._requests.press("stop" if twice else "return_upright")

    def _outcome(self) -> Outcome:
        if self._refused:
            return Outcome("refused", self._refused)
        outcome = self._controller.outcome
        if outcome is not None:
            return outcome
        if not self._controller.started:
            return Outcome("refused", "left before the start")
        return self._controller.outcome_so_far()


def _draw_nonce() -> int:
    return int.from_bytes(os.urandom(4), "little")
