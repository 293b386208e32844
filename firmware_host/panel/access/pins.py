"""PINs and passwords: hashed with argon2id, one at a time."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 4
SHORTEST_OF_STAFF: Final = 6
STAFF: Final = frozenset({"clinician", "service"})
"""They may change what others rely on."""
LONGEST: Final = 128
MEMORY_KIB: Final = 19 * 1024
"""With two rounds and one lane the least that OWASP's cheat sheet on password storage names for argon2id; more would be
taken from the 120 MB that the panel's process may use."""
ROUNDS: Final = 2
BUSY_S: Final = 2.0
"""Whoever has to wait longer for a turn is sent away,"""
WAITING_AT_MOST: Final = 8
"""and so are all but the first few: a flood of logins must not take every thread."""

NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$cmlnaHRpbmctbm9ib2R5$mGwaaWqB5TSdyzPB3SS8wLjTGk+L9hD7JMXWBcYBMcY"
"""Checked where there is no such person, so that the time to an answer tells nobody which names there are."""


class BusyError(RuntimeError):
    """Too many are logging in at once."""


class Pins:
    """Makes and checks hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)
        self._turn = threading.Lock()
        self._queue = threading.BoundedSemaphore(1 + WAITING_AT_MOST)

    def hashed(self, pin: str) -> str:
        """Hash a PIN. Raises ``BusyError``."""
        with self._own_turn():
            return self._hasher.hash(pin)

    def right(self, kept: str | None, pin: str) -> bool:
        """Check a PIN against the hash that is kept; takes as long where there is none. Raises ``BusyError``."""
        with self._own_turn():
            try:
                self._hasher.verify(kept or NOBODYS, pin)
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    @contextlib.contextmanager
    def _own_turn(self) -> Iterator[None]:
        if not self._queue.acquire(blocking=False):
            raise BusyError
        try:
            if not self._turn.acquire(timeout=BUSY_S):
                raise BusyError
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._queue.release()


def why_not(pin: str, role: str) -> str:
    """Say why this cannot be a PIN; empty if it can."""
    shortest = SHORTEST_OF_STAFF if role in STAFF else SHORTEST
    if not shortest <= len(pin) <= LONGEST:
        return f"a PIN of a {role} has {shortest} to {LONGEST} characters; take a longer one or a password"
    if len(set(pin)) == 1:
        return "one character over and over is the first that anybody tries; take another PIN"
    return ""
