"""Wrong tries slow down: whoever guesses waits longer and longer, and nobody is locked out for good.

Three counts are kept. One for a name from one place, whose waits grow to minutes. One for a name from everywhere, and
one for all names from everywhere, whose waits grow to seconds; these do not count for whoever sits at the machine or
has a device that this person has logged in from: so a stranger who keeps guessing does not keep the operator out.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from firmware_host.panel.access import keep
from firmware_host.records.people import name_key

KNOWN_AT_MOST: Final = 2000
"""Counts; the oldest go first."""
FORGOTTEN_AFTER_S: Final = 900.0
"""Without another wrong try."""


class _Rule(NamedTuple):
    free: int
    """Wrong tries without a wait."""
    longest_s: float

    def wait_s(self, wrong: int) -> float:
        """Give the wait after so many wrong tries: 1, 2, 4, ... seconds."""
        over = wrong - self.free
        return 0.0 if over < 0 else min(2.0 ** min(over, 30), self.longest_s)


HERE: Final = _Rule(3, 300.0)
NAME: Final = _Rule(10, 30.0)
ALL: Final = _Rule(40, 5.0)


class _Count(NamedTuple):
    wrong: int
    last_s: float


class Slowdown:
    """Counts tries; a try counts as wrong until it turns out right, so that many at once gain nothing."""

    def __init__(self, path: Path | None, now_s: Callable[[], float]) -> None:
        """Begin with what is kept.

        Args:
            path: file of the counts; None keeps them in memory alone.
            now_s: clock that goes on over a restart of the process.
        """
        self._path, self._now_s = path, now_s
        self._lock = threading.Lock()
        kept = {} if path is None else keep.load(path)
        self._counts = OrderedDict((key, _Count(int(wrong), float(last_s))) for key, (wrong, last_s) in kept.items())

    def begin(self, name: str, place: str, *, trusted: bool) -> float:
        """Count a try that begins; gives 0, or the seconds to wait, and then it was no try.

        Args:
            name: who it claims to be.
            place: address that it comes from.
            trusted: from the machine itself, or from a device that this person has logged in from.
        """
        with self._lock:
            now_s = self._now_s()
            asked = self._asked(name, place, trusted=trusted)
            wait_s = max(self._wait_s(key, rule, now_s) for key, rule in asked)
            if wait_s > 0.0:
                return wait_s
            for key, _ in asked:
                self._counts[key] = _Count(self._wrong(key, now_s) + 1, now_s)
                self._counts.move_to_end(key)
            while len(self._counts) > KNOWN_AT_MOST:
                self._counts.popitem(last=False)
            self._save()
            return 0.0

    def right(self, name: str, place: str, *, trusted: bool) -> None:
        """A try turned out right: it is taken back, and the count of this name from this place is forgotten."""
        with self._lock:
            for key, rule in self._asked(name, place, trusted=trusted):
                count = self._counts.get(key)
                if count is not None:
                    wrong = 0 if rule is HERE else count.wrong - 1
                    self._counts[key] = count._replace(wrong=max(wrong, 0))
            self._save()

    def _asked(self, name: str, place: str, *, trusted: bool) -> list[tuple[str, _Rule]]:
        name = name_key(name)  # as logins know names: another way to write one is no other person
        here = [(_key("here", name, place), HERE)]
        return here if trusted else [*here, (_key("name", name), NAME), (_key("all"), ALL)]

    def _wrong(self, key: str, now_s: float) -> int:
        count = self._counts.get(key)
        return 0 if count is None or now_s - count.last_s > FORGOTTEN_AFTER_S else count.wrong

    def _wait_s(self, key: str, rule: _Rule, now_s: float) -> float:
        wrong = self._wrong(key, now_s)
        return 0.0 if wrong == 0 else max(self._counts[key].last_s + rule.wait_s(wrong) - now_s, 0.0)

    def _save(self) -> None:
        if self._path is not None:
            keep.save(self._path, {key: list(count) for key, count in self._counts.items()})


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
