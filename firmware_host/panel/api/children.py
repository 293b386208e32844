"""Work that takes long or much memory, in processes of their own: this one stays small, and answers meanwhile."""

import contextlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from firmware_host.panel.api.problems import ApiError, wait

AT_ONCE: Final = 2
TURN_S: Final = 10.0
"""Whoever would have to wait longer for a turn is sent away,"""
WAITING_AT_MOST: Final = 4
"""and so are all but the first few: those who wait take threads that others need."""
LONGEST_S: Final = 120.0
MOST_OUTPUT_BYTES: Final = 32 * 1024 * 1024


class Finished(NamedTuple):
    """How a process ended."""

    code: int
    output: bytes
    errors: str

    @property
    def complaint(self) -> str:
        """The last line that it wrote to standard error."""
        lines = self.errors.strip().splitlines()
        return lines[-1].removeprefix("righting: ") if lines else "it failed and said nothing"


class Children:
    """Runs Python modules of ours, a few at a time."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._queue = threading.BoundedSemaphore(AT_ONCE + WAITING_AT_MOST)
        niceness = shutil.which("nice")
        self._first = [] if niceness is None else [niceness, "-n", "10"]

    def run(
        self, module: str, arguments: Sequence[str], given: bytes = b"", *, longest_s: float = LONGEST_S
    ) -> Finished:
        """Run ``python -m MODULE``. Raises ``ApiError`` if there is no turn, or it takes too long."""
        with self._turn():
            return self._run(module, arguments, given, longest_s)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        told = "other work of this kind is still going on: try again in a moment"
        if not self._queue.acquire(blocking=False):
            raise wait(TURN_S, told)
        try:
            if not self._turns.acquire(timeout=TURN_S):
                raise wait(TURN_S, told)
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._queue.release()

    def _run(self, module: str, arguments: Sequence[str], given: bytes, longest_s: float) -> Finished:
        try:
            done = subprocess.run(
                [*self._first, sys.executable, "-m", module, *arguments],
                input=given,
                capture_output=True,
                timeout=longest_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            told = f"this took longer than {longest_s:.0f} s and was given up: take a smaller part"
            raise ApiError(503, told) from None
        if len(done.stdout) > MOST_OUTPUT_BYTES:
            raise ApiError(413, "there is too much of it to be shown: download the black box")
        return Finished(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
