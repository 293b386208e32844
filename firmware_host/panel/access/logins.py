"""Logins of people: a cookie with a random id, of which only a hash is kept.

A login that nobody used for a while is locked, and unlocked with the PIN; after half a day it ends. A restart of the
panel's process in the middle of a session ends none.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from firmware_host.panel.access import keep
from firmware_host.roles import Role

IDLE_S: Final = 15 * 60.0
"""Without a request of this person the login is locked."""
LONGEST_S: Final = 12 * 3600.0
"""Then it ends, used or not."""
SEEN_EACH_S: Final = 30.0
"""What was used is written down so often at most."""
DEVICES_AT_MOST: Final = 200
ID_BYTES: Final = 32


@dataclass
class Login:
    """Of one person on one device."""

    person_id: int
    name: str
    role: Role
    begun_s: float
    seen_s: float
    locked: bool = False
    ended: bool = False
    """For sockets, which hold on to the login that they were opened with."""


class Logins:
    """All logins; safe to be asked from several threads, and never slow."""

    def __init__(self, path: Path | None, now_s: Callable[[], float]) -> None:
        """Begin with what is kept.

        Args:
            path: file of the hashes; None keeps them in memory alone.
            now_s: clock that goes on over a restart of the process.
        """
        self._path, self._now_s = path, now_s
        self._lock = threading.Lock()
        kept = {} if path is None else keep.load(path)
        self._logins = {key: Login(**one) for key, one in kept.get("logins", {}).items()}
        self._devices: dict[str, int] = kept.get("devices", {})
        self._saved_s = now_s()

    def begin(self, person_id: int, name: str, role: Role) -> str:
        """Log a person in; gives the id for the cookie, which is kept nowhere."""
        secret = secrets.token_urlsafe(ID_BYTES)
        with self._lock:
            now_s = self._now_s()
            self._logins[hashed(secret)] = Login(person_id, name, role, now_s, now_s)
            self._save()
        return secret

    def find(self, secret: str | None) -> Login | None:
        """Give the login of a cookie; None if there is none, or it has ended."""
        if secret is None:
            return None
        with self._lock:
            key = hashed(secret)
            login = self._logins.get(key)
            if login is None:
                return None
            now_s = self._now_s()
            if now_s - login.begun_s > LONGEST_S:
                # Not ended for a page that is open: who watches a session goes on watching, and may do nothing else.
                login.locked = True
                del self._logins[key]
                self._save()
                return None
            if now_s - login.seen_s > IDLE_S and not login.locked:
                login.locked = True
                self._save()
            return login

    def use(self, login: Login) -> None:
        """A person did something."""
        with self._lock:
            login.seen_s = self._now_s()
            if login.seen_s - self._saved_s > SEEN_EACH_S:
                self._save()

    def lock(self, login: Login) -> None:
        """Lock it until the PIN is given."""
        with self._lock:
            login.locked = True
            self._save()

    def unlock(self, login: Login) -> None:
        """The PIN was given."""
        with self._lock:
            login.locked, login.seen_s = False, self._now_s()
            self._save()

    def end(self, secret: str) -> None:
        """Log out."""
        with self._lock:
            self._end(hashed(secret))

    def change_person(self, person_id: int, name: str, role: Role | None, *, keep_secret: str | None = None) -> None:
        """Follow a change of a person.

        Args:
            person_id: whose logins.
            name: as it is now.
            role: as it is now; None ends all of them, as after a new PIN.
            keep_secret: cookie of the one that does not end with them.
        """
        kept = None if keep_secret is None else hashed(keep_secret)
        with self._lock:
            for key, login in list(self._logins.items()):
                if login.person_id != person_id:
                    continue
                if role is None and key != kept:
                    self._end(key)
                else:
                    login.name, login.role = name, role or login.role
            self._save()

    def new_device(self, person_id: int) -> str:
        """Remember a device that a person has logged in from; gives the id for its cookie."""
        secret = secrets.token_urlsafe(ID_BYTES)
        with self._lock:
            self._devices[hashed(secret)] = person_id
            while len(self._devices) > DEVICES_AT_MOST:
                del self._devices[next(iter(self._devices))]
            self._save()
        return secret

    def knows_device(self, secret: str | None, person_id: int | None) -> bool:
        """Tell whether a person has logged in from this device before."""
        return secret is not None and person_id is not None and self._devices.get(hashed(secret)) == person_id

    def _end(self, key: str) -> None:
        login = self._logins.pop(key, None)
        if login is not None:
            login.ended = True
            self._save()

    def _save(self) -> None:
        self._saved_s = self._now_s()
        if self._path is not None:
            logins = {key: asdict(login) for key, login in self._logins.items()}
            keep.save(self._path, {"logins": logins, "devices": self._devices})


def hashed(secret: str) -> str:
    """Hash an id or a token: it is random and long, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
