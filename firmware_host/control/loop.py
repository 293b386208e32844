"""The real-time shell: it owns the clock and the port, and calls the host once a tick.

A tick begins when bytes arrive, or when the link wants to be looked at: to ask a drive that speaks only when asked,
and after 20 ms at the latest, so that a dead link still ticks.
Small enough to read in one sitting; everything that decides is elsewhere.
"""

import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from drivers.link import Port
from firmware_host.control.host import Host
from firmware_host.control.manual import Lease
from firmware_host.control.ticks import NO_REQUEST, OperatorRequest, TickOutput

PERIOD_S: Final = 0.01
COLLECT_EVERY_TICKS: Final = 100


class Clock(Protocol):
    """Time for the control loop."""

    def now_s(self) -> float:
        """Monotonic seconds."""
        ...

    def heard(self, data: bytes) -> bool:
        """Take note of what arrived, if anything; tells whether a tick is due."""
        ...


class MonotonicClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def heard(self, data: bytes) -> bool:  # noqa: ARG002 - time passes without bytes too
        """Say that a tick is always due."""
        return True


class FramePacedClock:
    """Time for a simulated table that runs faster than real time: it passes with the frames that arrive.

    So a hiccup of this machine slows the demonstration down and trips nothing. Never for a real table: there, silence
    is what the link monitor is for. Silence longer than ``PATIENCE_S`` counts here too.
    """

    PATIENCE_S: Final = 1.0

    def __init__(self) -> None:
        self._time_s = self._heard_s = time.monotonic()

    def now_s(self) -> float:
        """Seconds of simulated time."""
        return self._time_s + max(time.monotonic() - self._heard_s - self.PATIENCE_S, 0.0)

    def heard(self, data: bytes) -> bool:
        """Let one period pass for each frame; every frame ends with one zero byte."""
        frames = data.count(0)
        if frames:
            self._time_s = self.now_s() + frames * PERIOD_S
            self._heard_s = time.monotonic()
        return frames > 0 or self.now_s() > self._time_s


class Requests:
    """Presses from other threads, collected for the next tick. Appending to a deque is atomic."""

    def __init__(self) -> None:
        self._presses: deque[str] = deque()
        self._beat_s: float | None = None
        self._lease = Lease()

    def press(self, name: str) -> None:
        """Press: ``start``, ``stop``, ``return_upright``, ``acknowledge`` or ``pause_audio``."""
        if name in ("stop", "return_upright"):
            self._lease.end()  # the controller obeys the press in any case, and goes on with no hold after it
        self._presses.append(name)

    def hold(self, hold: str, direction: int, made_s: float) -> str:
        """Take a sign of a finger on a button of motion by hand; says why it moves nothing.

        Whoever holds also watches: from then on somebody has to be there while the table is away from upright.
        """
        refused = self._lease.renew(hold, direction, made_s, time.monotonic())
        if refused == "":
            self.beat()
        return refused

    def release(self, hold: str) -> None:
        """Take note that a finger is gone."""
        self._lease.release(hold)

    def beat(self) -> None:
        """Note a sign of life of a panel that a person has before them. From the first one on it has to go on."""
        self._beat_s = time.monotonic()

    @property
    def watched(self) -> bool:
        """A panel has watched this session."""
        return self._beat_s is not None

    def take(self) -> OperatorRequest:
        """All presses since the last call, and the age of the newest sign of life."""
        beat_s = self._beat_s
        if not self._presses and beat_s is None:
            return NO_REQUEST
        pressed = {}
        while self._presses:
            pressed[self._presses.popleft()] = True
        if beat_s is None:
            return OperatorRequest(**pressed)
        # The machine's own clock, whatever the loop's is: a person does not live faster with a simulated table.
        now_s = time.monotonic()
        return OperatorRequest(**pressed, presence_age_s=now_s - beat_s, move=self._lease.direction(now_s))


class Loop:
    """Ticks the host until told to end."""

    def __init__(self, host: Host, port: Port, requests: Requests, clock: Clock | None = None) -> None:
        self._host = host
        self._port = port
        self._requests = requests
        self._clock: Clock = MonotonicClock() if clock is None else clock
        self.lateness_s: deque[float] = deque(maxlen=6000)
        """Lateness of the newest ticks, one minute of them."""
        self.stopping = threading.Event()

    def run(self, on_tick: Callable[[TickOutput], bool]) -> None:
        """Tick until ``on_tick`` gives True or ``stopping`` is set. Serve it from a thread of its own."""
        _quiet_collector()
        last_s = self._clock.now_s()
        count = 0
        try:
            while not self.stopping.is_set():
                ticked_s = self._tick(last_s)
                if ticked_s is None:
                    continue
                last_s = ticked_s
                count += 1
                if count % COLLECT_EVERY_TICKS == 0:
                    gc.collect(0)  # young objects only: microseconds, and never in the middle of a tick
                output = self._host.output
                if output is not None and on_tick(output):
                    return
        finally:
            gc.unfreeze()
            gc.enable()

    def _tick(self, last_s: float) -> float | None:
        """Tick; gives when. None: no tick was due, and nothing happened that could be looked at again."""
        clock, port = self._clock, self._port
        deadline_s = last_s + self._host.link.patience_s(last_s)
        left_s = deadline_s - clock.now_s()
        if left_s > 0.0:
            port.wait(left_s)
        data = port.read()
        if not clock.heard(data):
            return None
        now_s = clock.now_s()
        lateness_s = max(now_s - deadline_s, 0.0)
        self.lateness_s.append(lateness_s)
        answer = self._host.exchange(data, now_s, lateness_s, self._requests.take())
        if answer:
            port.write(answer)
        if port.poll(now_s):
            self._host.link.reset()
        return now_s


def _quiet_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.disable()
