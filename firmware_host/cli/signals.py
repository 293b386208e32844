"""Signals while a session is under way: Ctrl-C and an end that is asked for bring the rider upright."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

TWICE_S: Final = 2.0


class Signals:
    """Takes SIGINT, SIGTERM and SIGHUP within ``with``, in the main thread, and gives them back behind it."""

    def __init__(self, end: Callable[[str], None]) -> None:
        """``end`` is told what to press: ``return_upright``, or ``stop`` for a second signal within two seconds."""
        self._end = end
        self._last_s = -TWICE_S
        self._waker = self._old_waker = -1
        self._before: dict[int, Any] = {}
        self.woken = -1
        """A file descriptor that has bytes once a signal came, to wait on beside others."""
        self.hung_up = False
        """The terminal was closed."""

    def __enter__(self) -> Self:
        """Take the signals."""
        self.woken, self._waker = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._waker, False)
        self._before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup tells to take no notice
            self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._on_hangup)
        self._old_waker = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give them back."""
        signal.set_wakeup_fd(self._old_waker)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.woken)
        os.close(self._waker)

    def drain(self) -> None:
        """Forget what woke: it was seen."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.woken, 64)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal asks for
        """Bring the rider upright; twice within two seconds, stop and brake. Where nothing is at stake, leave."""
        now_s = time.monotonic()
        twice = now_s - self._last_s <= TWICE_S
        self._last_s = now_s
        self._end("stop" if twice else "return_upright")

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal asks for
        """The terminal was closed: shell and system may both say so, which is no person who presses twice."""
        self.hung_up = True
