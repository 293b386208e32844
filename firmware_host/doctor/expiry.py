"""The timeout, let run out on the bench: a motion by hand, then silence, and what the table does in it.

The motion is made by the controller as any other, so that the safety layer watches it: an empty table, turned a few
degrees toward inversion at creep speed. Then the host falls silent, as a dead one does. A table board has to say that
its watchdog ran out and bring the table upright; a drive has to stop, which shows in how far the table went.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from drivers.link import Link, Port
from firmware_host.control.controller import Controller
from firmware_host.control.host import Host
from firmware_host.control.ticks import OperatorRequest
from safety.signals import ON_ITS_OWN, Telemetry
from safety.view import AT_UPRIGHT_DEG

GO_DEG: Final = 3.0
"""So far the table is turned: enough that what it does in the silence shows."""
READY_S: Final = 30.0
GOING_S: Final = 20.0
SILENT_S: Final = 1.5
"""So much longer than its timeout nothing is sent to a drive."""
UPRIGHT_S: Final = 30.0
SLACK_S: Final = 0.1
"""The line and the drive's own clock."""
SLOWEST_STOP_DPS2: Final = 4.0
SLACK_DEG: Final = 0.3
_BY_HAND: Final = OperatorRequest(move=1, presence_age_s=0.0)
_WATCHED: Final = OperatorRequest(presence_age_s=0.0)


class Expiry(NamedTuple):
    """What came of it."""

    verified: bool
    text: str
    silent_s: float | None = None
    """How long nothing was sent."""
    rate_dps: float | None = None
    """How fast the table turned before."""
    went_deg: float | None = None
    """How far it went on in the silence."""
    noticed_s: float | None = None
    """When a table board said that its watchdog had run out, from the last command on."""


class Trial:
    """One silence, and what came of it. ``clock`` gives seconds that only rise."""

    def __init__(
        self, controller: Controller, link: Link, port: Port, clock: Callable[[], float], tell: Callable[[str], None]
    ) -> None:
        self._controller, self._link, self._port = controller, link, port
        self._host = Host(controller, link, None)
        self._clock, self._tell = clock, tell
        self._waits_for: tuple[str, ...] = ()
        self._pressed = False

    def run(self) -> Expiry:
        """Do it. Whatever comes of it, the table is brought upright in the end as far as software can."""
        if not self._until(lambda: self._state == "boarding_ready", READY_S):
            return Expiry(
                False, f"the table is not ready: {', '.join(self._waits_for) or self._link.problem or 'silent'}"
            )
        config, begun = self._link.config, self._telemetry
        assert config is not None
        assert begun is not None
        from_deg = begun.encoder_deg or 0.0
        self._tell("ready; the table turns")
        going = self._until(lambda: self._angle_deg() - from_deg >= GO_DEG, GOING_S, self._press)
        if not going:
            self._until(lambda: False, 1.0)
            return Expiry(False, "the table did not turn; look for what forbids it: righting run shows it")
        self._tell(f"silence: the host is dead now, the timeout is {config.watchdog_s:g} s")
        before = self._telemetry
        assert before is not None
        by_itself = self._watch_board(config.watchdog_s) if self._is_board else None
        done = by_itself or self._watch_drive(before, config.watchdog_s)
        self._tell("the table is brought upright")
        self._until(lambda: self._upright, UPRIGHT_S)
        return done

    @property
    def _is_board(self) -> bool:
        return not hasattr(self._link, "drive")

    @property
    def _state(self) -> str:
        return self._controller.states.state

    @property
    def _telemetry(self) -> Telemetry | None:
        return self._controller.safety.view.telemetry

    def _angle_deg(self) -> float:
        t = self._telemetry
        return -90.0 if t is None or t.encoder_deg is None else t.encoder_deg

    @property
    def _upright(self) -> bool:
        return self._angle_deg() <= self._controller.safety.view.limits.upright_deg + AT_UPRIGHT_DEG

    def _press(self) -> OperatorRequest:
        """Hold the button; once the motion was ended (by a line that stalled, say), let go and press anew."""
        self._pressed = self._controller.manual_direction != 0 or not self._pressed
        return _BY_HAND if self._pressed else _WATCHED

    def _until(
        self, done: Callable[[], bool], most_s: float, operator: Callable[[], OperatorRequest] = lambda: _WATCHED
    ) -> bool:
        """Control the table until something is so, or the time is over; tells which."""
        last_s = self._clock()
        ends_s = last_s + most_s
        while (now_s := self._clock()) < ends_s:
            self._port.wait(self._link.patience_s(now_s))
            now_s = self._clock()
            data = self._port.read()
            late_s = max(now_s - last_s - self._link.patience_s(last_s), 0.0)
            self._port.write(self._host.exchange(data, now_s, late_s, operator()))
            last_s = now_s
            self._tell_waiting()
            if done():
                return True
        return False

    def _tell_waiting(self) -> None:
        waits_for = self._controller.safety.supervisor.inhibited
        if waits_for != self._waits_for:
            self._waits_for = waits_for
            if waits_for:
                self._tell(f"waiting for: {', '.join(waits_for)}")

    def _listen(self) -> list[Telemetry]:
        """Be dead: hear what comes, and send nothing."""
        self._port.wait(0.01)
        return self._link.receive(self._port.read(), self._clock())

    def _watch_board(self, timeout_s: float) -> Expiry:
        """Listen until the board says that nobody commands it, and has brought the table upright."""
        begun_s = self._clock()
        noticed_s = None
        upright_deg = self._controller.safety.view.limits.upright_deg + AT_UPRIGHT_DEG
        while (passed_s := self._clock() - begun_s) < UPRIGHT_S:
            for t in self._listen():
                if noticed_s is None and t.status & ON_ITS_OWN == ON_ITS_OWN:
                    noticed_s = passed_s
                if noticed_s is not None and t.encoder_deg is not None and t.encoder_deg <= upright_deg:
                    return self._judge_board(timeout_s, noticed_s, self._clock() - begun_s)
        told = "never noticed that the host is dead" if noticed_s is None else "did not bring the table upright"
        return Expiry(False, f"the board {told}", UPRIGHT_S, noticed_s=noticed_s)

    @staticmethod
    def _judge_board(timeout_s: float, noticed_s: float, silent_s: float) -> Expiry:
        text = f"the watchdog ran out {noticed_s * 1e3:.0f} ms after the last command, and the board went upright"
        verified = noticed_s <= timeout_s + SLACK_S
        if not verified:
            text += f": later than the {timeout_s * 1e3:.0f} ms that it promises"
        return Expiry(verified, text, silent_s, noticed_s=noticed_s)

    def _watch_drive(self, before: Telemetry, timeout_s: float) -> Expiry:
        """Say nothing for longer than the timeout, then ask how far the table went."""
        begun_s = self._clock()
        while self._clock() - begun_s < timeout_s + SILENT_S:
            self._listen()
        silent_s = self._clock() - begun_s
        seen = self._telemetry
        self._until(lambda: self._telemetry is not seen, 1.0)
        after = self._telemetry
        if after is None or after is seen or after.encoder_deg is None or before.encoder_deg is None:
            return Expiry(False, "the drive does not answer after the silence", silent_s)
        rate_dps = abs(before.rate_dps or 0.0)
        went_deg = after.encoder_deg - before.encoder_deg
        most_deg = rate_dps * (timeout_s + SLACK_S) + rate_dps**2 / (2.0 * SLOWEST_STOP_DPS2) + SLACK_DEG
        on_deg = rate_dps * silent_s
        text = (
            f"at {rate_dps:.1f} deg/s the table went on for {went_deg:.2f} deg in {silent_s:.1f} s of silence; "
            f"it would have gone {on_deg:.1f} deg without a timeout, and {most_deg:.2f} deg are allowed"
        )
        return Expiry(abs(went_deg) <= most_deg < on_deg, text, silent_s, rate_dps, went_deg)
