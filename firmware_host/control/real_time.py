"""What the control loop asks of the system: to come first, and that no other thread of its process keeps it waiting.

Whoever asks gives it back at the end. What is started meanwhile is ordinary: a browser with the loop's priority can
keep a whole machine from everything else.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

SWITCH_INTERVAL_S: Final = 0.0005
"""How long another thread of this process may keep the interpreter while a tick is due."""
REALTIME_PRIORITY: Final = 20
BESIDE_PRIORITY: Final = 10
"""Of the threads beside the loop: below it, and above what else runs on this machine."""


@contextlib.contextmanager
def real_time(*, inherited: bool = False) -> Iterator[list[str]]:
    """Run this thread before all others, as the loop must be; yields what the system refused, in words.

    ``inherited``: what it starts comes first, too. That is for a process which stands in for hardware.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        with _priority(REALTIME_PRIORITY, inherited) as granted:
            yield [] if granted else ["real-time priority"]
    finally:
        sys.setswitchinterval(before_s)


@contextlib.contextmanager
def beside_the_loop() -> Iterator[None]:
    """Run a thread so that nothing else on this machine puts it aside; where the system refuses, as it runs anyway.

    A thread that is put aside while it has the interpreter keeps the loop waiting, whatever the loop's own priority is.
    """
    with _priority(BESIDE_PRIORITY, inherited=False):
        yield


@contextlib.contextmanager
def _priority(priority: int, inherited: bool) -> Iterator[bool]:
    """Give this thread a real-time priority for a while; yields whether the system granted it."""
    if not hasattr(os, "SCHED_RESET_ON_FORK"):
        yield False
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    policy = os.SCHED_FIFO if inherited else os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    granted = True
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        granted = False
    try:
        yield granted
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)
