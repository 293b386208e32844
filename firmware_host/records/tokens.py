"""Tokens of integrators. A token is shown once when it is made; kept is its sum alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select, update

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import NotThereError, RecordsError
from firmware_host.records.tables import token
from firmware_host.records.who import Who
from firmware_host.roles import ROLES, Role

USED_EACH: Final = timedelta(minutes=1)
"""How closely the last use is kept: a client that asks often must not become a writer."""


@dataclass(frozen=True)
class Token:
    """What is known of a token."""

    id: int
    name: str
    role: Role
    person_id: int | None
    """Who made it."""
    created_at: datetime
    expires_at: datetime | None
    """None: never."""
    used_at: datetime | None


def add(
    transaction: Transaction, who: Who, name: str, role: Role, sha256: str, expires_at: datetime | None = None
) -> Token:
    """Keep a token by the sum of it, in hexadecimal. Raises ``RecordsError``."""
    shown = " ".join(name.split())
    if not shown or len(shown) > 100:
        raise RecordsError("a token's name must have 1 to 100 characters: say what uses it")
    if role not in ROLES:
        raise RecordsError(f"{role!r} is no role: choose one of {', '.join(ROLES)}")
    maker = who.id if who.kind == "person" else None
    values = {"name": shown, "role": role, "sha256": sha256, "person_id": maker, "expires_at": expires_at}
    query = insert(token).values(**values, created_at=transaction.now).returning(token.c.id)
    number = transaction.connection.execute(query).scalar_one()
    audit.append(transaction, who, "token added", f"token {number}", {"role": role})
    return _get(transaction, number)


def find(transaction: Transaction, sha256: str) -> Token | None:
    """Give the token with this sum; None if there is none, or if it has expired."""
    fresh = or_(token.c.expires_at.is_(None), token.c.expires_at > transaction.now)
    row = transaction.connection.execute(select(token).where(token.c.sha256 == sha256, fresh)).one_or_none()
    return None if row is None else _token(row)


def should_note_use(found: Token, now: datetime) -> bool:
    """Tell whether a use of this token is worth writing down."""
    return found.used_at is None or now - found.used_at >= USED_EACH


def note_use(transaction: Transaction, token_id: int) -> None:
    """Write down that a token was used now."""
    transaction.connection.execute(update(token).where(token.c.id == token_id).values(used_at=transaction.now))


def everything(transaction: Transaction) -> tuple[Token, ...]:
    """Give all tokens, the oldest first."""
    return tuple(_token(row) for row in transaction.connection.execute(select(token).order_by(token.c.id)))


def remove(transaction: Transaction, who: Who, token_id: int) -> None:
    """Make a token worthless from now on. Raises ``NotThereError``."""
    _get(transaction, token_id)
    transaction.connection.execute(delete(token).where(token.c.id == token_id))
    audit.append(transaction, who, "token removed", f"token {token_id}")


def _get(transaction: Transaction, token_id: int) -> Token:
    row = transaction.connection.execute(select(token).where(token.c.id == token_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no token {token_id}: load the list again")
    return _token(row)


def _token(row: Row[Any]) -> Token:
    return Token(row.id, row.name, row.role, row.person_id, row.created_at, row.expires_at, row.used_at)
