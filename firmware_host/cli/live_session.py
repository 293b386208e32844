"""One session of ``righting run`` under way: the control loop, the terminal, and what the panel may ask of both."""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from rich.console import Console

from drivers.composite import CompositeLink
from drivers.link import Port
from firmware_host.cli.auto_start import AutoStart
from firmware_host.cli.keys import Keys
from firmware_host.cli.panel import Panel
from firmware_host.cli.sessions import make_controller
from firmware_host.cli.signals import Signals
from firmware_host.cli.terminal_view import LiveView, PlainView, TerminalView
from firmware_host.control.choosing import Choice, Chooser, Handover
from firmware_host.control.controller import Controller
from firmware_host.control.controls import BEFORE_START, Controls
from firmware_host.control.host import Host
from firmware_host.control.latency_check import LatencyCheck
from firmware_host.control.loop import Clock, FramePacedClock, Loop, MonotonicClock, Requests
from firmware_host.control.outcome import Outcome
from firmware_host.control.preflight import CONFIRMATIONS, Preflight
from firmware_host.control.real_time import beside_the_loop, real_time
from firmware_host.control.scene import Scene, make_scene
from firmware_host.control.ticks import Event, TickOutput
from firmware_host.day import now, today
from firmware_host.devices import attach, make_link
from firmware_host.files.riders import Rider, ridden_by
from firmware_host.files.validation import why_no_longer
from firmware_host.panel.desk import AtHand
from firmware_host.recording.blackbox import BlackBox
from safety.ridden import rest_reasons
from safety.signals import SIMULATOR_SERIALS, CommandMode

KEYS: Final = "[space] STOP   [u] return upright   [a] alarm seen   [Ctrl-C] return upright, twice: stop"
KEYS_TO_START: Final = "[s] start   " + KEYS
NO_ANSWER_S: Final = 5.0
"""A port on which no table board answers for so long is given up."""
REDRAW_S: Final = 0.1


class Manner(NamedTuple):
    """How sessions are run, one after the other."""

    start: bool
    """As soon as the table is ready, without asking."""
    plain: bool
    speed: float
    simulated: bool
    """The command started the table itself, and nobody lies on it."""
    chosen: bool
    """Somebody chose this session at a panel: it waits for them."""


class LiveSession:
    """One session under way: the control loop in its thread, the terminal in this one."""

    def __init__(
        self,
        choice: Choice,
        port: Port,
        blackbox: BlackBox,
        preflight: Preflight,
        console: Console,
        panel: Panel,
        manner: Manner,
        known: Callable[[Rider], Rider],
    ) -> None:
        session = choice.session
        self._choice, self._session, self._manner, self._panel = choice, session, manner, panel
        self._preflight = preflight
        self._controller: Controller = make_controller(session)
        serial = SIMULATOR_SERIALS.start if manner.simulated else session.table.file.table.serial
        self._link = make_link(session.table, _draw_nonce, serial, simulated=manner.simulated)
        attach(port, self._link)
        self._blackbox = blackbox
        self._host = Host(self._controller, self._link, blackbox)
        self._requests = Requests()
        clock: Clock = FramePacedClock() if manner.speed != 1.0 else MonotonicClock()
        self._clock = clock
        self._loop = Loop(self._host, port, self._requests, clock)
        beside = self._link.device_health()[1:] if isinstance(self._link, CompositeLink) else []
        self._latency = LatencyCheck(self._link.health, session.limits, beside)
        self.handover = Handover()
        """Takes the session that is chosen instead of this one, or after it."""
        self._chooser = Chooser(session, self.handover, self._may_be_replaced, self._nobody_lies_here, now, known)
        self._controls = Controls(
            self._controller,
            self._requests,
            preflight,
            lambda text: self._note("operator", text),
            lambda: self._chooser.busy,
            lambda: self._no_longer() or self._path_refuses(),
        )
        self.kept = False
        """Something moved: the recording is worth keeping."""
        self._begun = self._asked_to_confirm = self._alone = False
        self._outlet = console.file
        self._events: deque[Event] = deque()
        self._auto_start = AutoStart(start=manner.start, simulated=manner.simulated)
        self._heard_s = clock.now_s()
        self._answered = False
        self._judged: tuple[object, str] | None = None
        self._refused = ""
        self._failure: BaseException | None = None
        live = console.is_terminal and not manner.plain
        asks = panel.url != "" or not (manner.simulated or manner.start)
        self._view: TerminalView = LiveView(console, KEYS_TO_START if asks else KEYS) if live else PlainView(console)

    def run(self) -> Outcome:
        """Run until the session is over."""
        thread = threading.Thread(target=self._control, name="control", daemon=True)
        try:
            with Signals(self._end) as signals:
                try:
                    thread.start()
                    self._panel.show(self._at_hand())
                    self._serve_terminal(thread, signals)
                finally:
                    self._loop.stopping.set()
                    thread.join()
                    self.handover.end()
        finally:
            self._view.close()
        if self._failure is not None:
            raise self._failure
        if self.kept and self._controller.trip_ids:
            self._preflight.begin_anew(f"after a session that ended by a trip ({', '.join(self._controller.trip_ids)})")
        return self._outcome()

    @property
    def inverted_s(self) -> float:
        """How long somebody was inverted: never on a board that said that nobody lies on its table."""
        return 0.0 if self._nobody_lies_here() else self._controller.safety.view.charged_s

    def _at_hand(self) -> AtHand:
        return AtHand(
            choice=self._choice,
            simulated=self._manner.simulated,
            blackbox=self._blackbox.path.name,
            scene=self._scene,
            outcome=lambda: self._controller.outcome,
            board=lambda: self._link.config,
            link_stats=self._link.health.as_dict,
            controls=self._controls,
            chooser=self._chooser,
            watched=lambda: self._requests.watched or self._manner.chosen,
        )

    def _control(self) -> None:
        try:
            with real_time() as refused:
                for text in refused:
                    self._events.append(Event(self._clock.now_s(), "loop", f"the system gave no {text}"))
                self._loop.run(self._on_tick)
        except BaseException as error:
            self._failure = error  # told by the thread that owns the terminal; the board's watchdog acts meanwhile

    def _on_tick(self, output: TickOutput) -> bool:
        if output.events:
            self._events.extend(output.events)
        self._look(output)
        if self.handover.offered is not None and self.handover.decide(free=self._may_be_replaced()):
            return True
        if self._starts_by_itself(output.state == "boarding_ready"):
            self._refused = self._no_longer()
            if self._refused:
                return True
            self._requests.press("start")
        if self._gives_up_the_path():
            self._refused = self._latency.explanation
            return True
        unscreened = output.command is not None and "screening" in self._controller.safety.supervisor.inhibited
        if unscreened and (self._panel.url == "" or self._manner.start):  # at a panel somebody else can be chosen
            self._refused = "\n".join(str(problem) for problem in self._session.unscreened)
            return True
        if self._nobody_answers(output) and not self._refused:
            self._refused = self._link.problem or "no table board answers on this port; check cable, power and baud"
            return True
        return self._controller.outcome is not None

    def _nobody_answers(self, output: TickOutput) -> bool:
        """The port leads to no board. One that answered before is waited for, where a panel shows what is missing."""
        now_s = self._clock.now_s()
        self._heard_s += self._loop.lateness_s[-1]  # while this machine stood still, nobody could be heard
        if output.state != "offline":
            self._heard_s, self._answered = now_s, True
        waits = self._answered and self._panel.url != ""
        return now_s - self._heard_s > NO_ANSWER_S and not waits

    def _path_refuses(self) -> str:
        """Say why the way to the table is too slow. A table that was started for this run is not far away."""
        return "" if self._manner.simulated else self._latency.why_not

    def _gives_up_the_path(self) -> bool:
        """It is too slow and stays so, and nobody is at a panel who could wait for a better one."""
        if self._manner.simulated or self._begun:
            return False
        if self._controller.outcome is not None:
            return self._latency.explanation != ""  # what ended it before it began comes of the path
        return self._latency.hopeless and (self._panel.url == "" or self._manner.start)

    def _look(self, output: TickOutput) -> None:
        """Look at what the tick did: for the pre-flight check before the start, and for whether anything moved."""
        controller = self._controller
        view = controller.safety.view
        if output.state in BEFORE_START:
            if view.fresh and view.telemetry is not None:
                self._preflight.observe(view.telemetry, view.clock_s)
            self._look_at_the_path()
        elif not self.kept:
            command = output.command
            self.kept = (command is not None and command.mode is CommandMode.MOVE) or output.state == "unlinked"
        if not self._begun and (controller.started or controller.moved):
            self._begun = self.kept = True
            self._pass_preflight()

    def _look_at_the_path(self) -> None:
        if self._manner.simulated:
            return
        check, before = self._latency, self._path_refuses()
        check.look(self._clock.now_s())
        if self._path_refuses() and not before:
            self._note("warning", check.why_not)

    def _pass_preflight(self) -> None:
        """A motion begins: either all is checked, or the table was told to start without anybody."""
        due = self._preflight.due(today())
        if due:
            waived = "was told to start without asking" if self._manner.start else "nobody watches a simulated table"
            blocked, people = self._controls.to_confirm()
            done = f"confirmed without a look, {waived}" if blocked or people else "done"
            self._note("preflight", f"the check {due}: {done}")
        self._preflight.passed(today())

    def _starts_by_itself(self, ready: bool) -> bool:
        return self._auto_start.presses(
            time.monotonic(),
            ready=ready,
            alone_after_s=math.inf if self._requests.watched else self._panel.patience_s,
            withheld=self._manner.chosen or self._chooser.busy,
            once=not self._begun and self._latency.measured and not self._latency.why_not,
        )

    def _may_be_replaced(self) -> bool:
        """Nothing has started, or the session is over."""
        controller = self._controller
        waiting = controller.states.state in BEFORE_START and not controller.started
        return waiting or controller.outcome is not None

    def _nobody_lies_here(self) -> bool:
        config = self._link.config
        return config is not None and config.simulated

    def _no_longer(self) -> str:
        """Say why this session must not begin now. Asked often, it is looked up anew where the answer may differ."""
        moment, simulated, session = now(), self._nobody_lies_here(), self._session
        asked = moment.date(), simulated, rest_reasons(ridden_by(session.rider), moment)
        if self._judged is None or self._judged[0] != asked:
            self._judged = asked, why_no_longer(session, moment, simulated=simulated)
        why = self._judged[1]
        if why == "" and session.unscreened and not simulated:
            return self._chooser.begin_again(self._choice)
        return why

    def _scene(self) -> Scene:
        return make_scene(
            self._session, self._controller, self._host, self._blackbox, self._clock.now_s(), self._manner.simulated
        )

    def _note(self, kind: str, text: str) -> None:
        """Tell something that the controller does not see, in the terminal and in the black box. From any thread."""
        event = Event(self._clock.now_s(), kind, text)
        self._host.note(event)
        self._events.append(event)

    def _serve_terminal(self, thread: threading.Thread, signals: Signals) -> None:
        with beside_the_loop(), Keys() as keys:
            while thread.is_alive():
                self._on_key(keys.wait(REDRAW_S, signals.woken))
                signals.drain()
                while self._events:
                    self._view.tell(self._events.popleft())
                self._view.show(self._scene())
                self._panel.supervise()
                if not self._alone and (signals.hung_up or keys.gone or getattr(self._outlet, "gone", False)):
                    self._left_alone()
            while self._events:
                self._view.tell(self._events.popleft())

    def _on_key(self, key: str) -> None:
        if key == "s":
            self._press_start()
        name = {" ": "stop", "u": "return_upright", "a": "acknowledge"}.get(key)
        if name is not None:
            self._requests.press(name)

    def _press_start(self) -> None:
        """Start, or say what is missing. What only a person can see is asked for once: the second press says yes."""
        blocked, people = ([], []) if self._manner.simulated else self._controls.to_confirm()
        if blocked:
            self._note("warning", "cannot start yet: " + "; ".join(blocked))
        elif people and not self._asked_to_confirm:
            self._asked_to_confirm = True
            told = "; ".join(CONFIRMATIONS[check] for check in people)
            self._note("preflight", f"Look first, and press s again if all of this is so: {told}")
        elif self._manner.simulated:
            self._requests.press("start")
        else:
            refused = self._controls.press("start", people)
            if refused:
                self._note("warning", refused)

    def _left_alone(self) -> None:
        """The terminal was closed, and nobody sees or presses anything there: bring the rider upright.

        But move nothing that a person stopped: there the rider's hand switch still asks for the way upright. And
        whoever watches at a panel may go on.
        """
        self._alone = True
        self._note("warning", "the terminal is gone")
        state = self._controller.states.state
        waits_for_panel = self._panel.url != "" and state in BEFORE_START
        if not (self._requests.watched or waits_for_panel or state.startswith("stopped")):
            self._end("return_upright")

    def _end(self, press: str) -> None:
        """Press; where nothing is at stake, leave."""
        state = self._controller.states.state
        if state in BEFORE_START or state == "unlinked":
            self._loop.stopping.set()
        else:
            self._requests.press(press)

    def _outcome(self) -> Outcome:
        if self._refused:
            return Outcome("refused", self._refused)
        outcome = self._controller.outcome
        if outcome is not None:
            return outcome
        if not self._controller.started and not self.kept:
            return Outcome("refused", "left before the start")
        return self._controller.outcome_so_far()


def _draw_nonce() -> int:
    return int.from_bytes(os.urandom(4), "little")
