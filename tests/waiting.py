"""Waiting for what becomes true in another process or thread."""

import time
from collections.abc import Callable
from typing import Final

LONGEST_S: Final = 60.0
"""Only a hang takes so long."""
STEP_S: Final = 0.01


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fails with ``what`` if it does not come."""
    given_up_s = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < given_up_s, what
        time.sleep(STEP_S)
