"""Who is behind a request, and whether they may do what it asks."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from firmware_host.panel.access.logins import Login, Logins, hashed
from firmware_host.panel.access.rights import KEPT_WHEN_LOCKED, MESSAGES, PEOPLE_ALONE, RIGHTS, may
from firmware_host.records import ANYBODY, Records, RecordsError, Who, people, person, token, tokens
from firmware_host.roles import Role

Kind = Literal["nobody", "open", "person", "token"]
LOCKED: Final = "the screen is locked: unlock it with the PIN"
LOG_IN: Final = "log in first"
UNKNOWN: Final = "the records cannot be used, so nobody knows who this is: only STOP and RETURN UPRIGHT work"


@dataclass(frozen=True)
class Identity:
    """Whoever sends requests. A person's role and lock follow the login while a socket is open."""

    kind: Kind
    login: Login | None = None
    secret: str | None = None
    """Of the login's cookie."""
    token_id: int | None = None
    token_role: Role | None = None
    expires_at: datetime | None = None
    """Of the token; None: never."""

    @property
    def role(self) -> Role | None:
        """The role at this moment, whether locked or not; None is nobody's."""
        if self.kind == "open":
            return "service"
        if self.login is not None:
            return None if self.login.ended else self.login.role
        return self.token_role

    @property
    def locked(self) -> bool:
        """The screen is locked."""
        return self.login is not None and self.login.locked

    @property
    def who(self) -> Who:
        """As the audit log has it."""
        if self.login is not None:
            return person(self.login.person_id)
        return ANYBODY if self.token_id is None else token(self.token_id)


NOBODY: Final = Identity("nobody")
OPEN: Final = Identity("open")


class Refusal(Exception):
    """A request may not be followed: 401 if logging in or unlocking helps, else 403."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Guard:
    """Knows logins and tokens."""

    def __init__(self, records: Records, logins: Logins, *, loopback: bool) -> None:
        """Make it.

        Args:
            records: where people and tokens are.
            logins: those that are under way.
            loopback: nobody but this machine reaches the panel.
        """
        self._records, self.logins, self._loopback = records, logins, loopback
        self._has_pin = False
        self._revoked: set[int] = set()
        self._tried: dict[int, datetime] = {}
        """When the use of a token was last to be written: as often as it may be, whether that succeeds or not."""

    def is_open(self) -> bool:
        """Nobody has a PIN yet, and nobody but this machine reaches the panel: everybody may do everything."""
        if not self._loopback or self._has_pin:
            return False
        with self._records.read() as transaction:
            self._has_pin = people.anybody_has_pin(transaction)
        return not self._has_pin

    def identify(self, cookie: str | None, authorization: str | None) -> Identity:
        """Say who sends these. Raises ``Refusal`` for a token that is not valid."""
        if authorization is not None:
            return self._by_token(authorization)
        login = self.logins.find(cookie)  # first: whoever is logged in is known without the records
        if login is not None:
            return Identity("person", login, cookie)
        return OPEN if self.is_open() else NOBODY

    def _by_token(self, authorization: str) -> Identity:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refusal(401, "send the token so: Authorization: Bearer TOKEN")
        with self._records.read() as transaction:
            found, now = tokens.find(transaction, hashed(secret.strip())), transaction.now
        if found is None:
            raise Refusal(401, "this token is unknown, was revoked or has expired: ask for a new one")
        if tokens.should_note_use(found, now):
            self._note_use(found.id, now)
        return Identity("token", token_id=found.id, token_role=found.role, expires_at=found.expires_at)

    def _note_use(self, token_id: int, now: datetime) -> None:
        """Write down that a token was used. Records that take nothing more keep no program out."""
        tried = self._tried.get(token_id)
        if tried is not None and now - tried < tokens.USED_EACH:
            return
        self._tried[token_id] = now
        try:
            with self._records.begin() as transaction:
                tokens.note_use(transaction, token_id)
        except RecordsError as error:
            logging.getLogger(__name__).warning("that token %s was used could not be written: %s", token_id, error)

    def revoke(self, token_id: int) -> None:
        """Let sockets know that a token is gone."""
        self._revoked.add(token_id)

    def is_gone(self, identity: Identity) -> bool:
        """Tell whether a socket's identity has ended meanwhile: logged out, revoked, expired, or open no more."""
        if identity.login is not None:
            return identity.login.ended
        if identity.kind == "open":
            return self._has_pin
        expired = identity.expires_at is not None and datetime.now(tz=UTC) >= identity.expires_at
        return expired or identity.token_id in self._revoked

    def pin_was_set(self) -> None:
        """Somebody has a PIN from now on."""
        self._has_pin = True

    def check(self, identity: Identity, method: str, path: str) -> None:
        """Hold a request against the table of rights; a route that is not there is nobody's. Raises ``Refusal``."""
        row = f"{method} {path}"
        if row not in RIGHTS:
            raise Refusal(403, "this is for nobody: docs/api.md has what there is")
        needed = RIGHTS[row]
        if needed is not None:
            self._demand(identity, needed)

    def why_no_message(self, identity: Identity, row: str) -> str:
        """Say why a message of a socket must not be handed on; empty if it may be."""
        if row not in MESSAGES:
            return "not understood: reload the page"
        needed = MESSAGES[row]
        if needed is None:
            return ""
        if identity.login is not None:
            self.logins.find(identity.secret)  # a socket stays open: time locks and ends a login there as elsewhere
        if row in PEOPLE_ALONE and identity.kind == "token":
            return "a program is nobody who watches: open the panel's page"
        if row in KEPT_WHEN_LOCKED and may(identity.role, needed):
            return ""
        try:
            self._demand(identity, needed)
        except Refusal as refusal:
            return str(refusal)
        return ""

    def _demand(self, identity: Identity, needed: Role) -> None:
        if identity.role is None:
            raise Refusal(401, LOG_IN if identity.expires_at is None else UNKNOWN)
        if identity.locked:
            raise Refusal(401, LOCKED)
        if not may(identity.role, needed):
            raise Refusal(403, f"this is for the role {needed}, and you are {identity.role}: ask somebody who may")
