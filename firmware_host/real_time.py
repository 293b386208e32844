"""What the control loop asks of the system: to come first, and that no other thread of its process keeps it waiting."""

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
def beside_the_loop() -> Iterator[None]:
    """Run a thread so that nothing else on this machine puts it aside; where the system refuses, as it runs anyway.

    A thread that is put aside while it has the interpreter keeps the loop waiting, whatever the loop's own priority is.
    Threads and processes that it starts are ordinary ones.
    """
    if not hasattr(os, "SCHED_RESET_ON_FORK"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(BESIDE_PRIORITY))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)


def ask_for_real_time() -> list[str]:
    """Ask the system for real-time treatment of this thread; returns what was refused, in words."""
    refused = []
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if hasattr(os, "sched_setscheduler"):
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
        except OSError:
            refused.append("real-time priority")
    else:
        refused.append("real-time priority")
    return refused
