"""People who work with the table, and what they may do. Hashes of PINs are made and checked in ``panel.access``."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import NotThereError, RecordsError, TakenError
from firmware_host.records.tables import person
from firmware_host.records.who import Who
from firmware_host.roles import ROLES, Role


@dataclass(frozen=True)
class Person:
    """Somebody who may log in."""

    id: int
    name: str
    role: Role
    active: bool
    pin_hash: str | None = field(repr=False)
    """argon2; None: no PIN is set."""
    failed_logins: int
    """In a row."""
    failed_at: datetime | None
    created_at: datetime

    @property
    def has_pin(self) -> bool:
        """Whether this person can log in."""
        return self.pin_hash is not None


def add(transaction: Transaction, who: Who, name: str, role: Role, pin_hash: str | None = None) -> Person:
    """Add a person. Raises ``TakenError`` if the name is in use, and ``RecordsError`` for an unknown role."""
    shown = _named(transaction, name)
    values = {"name": shown, "name_key": name_key(shown), "role": _role(role), "pin_hash": pin_hash, "active": True}
    query = insert(person).values(**values, failed_logins=0, created_at=transaction.now).returning(person.c.id)
    number = transaction.connection.execute(query).scalar_one()
    audit.append(transaction, who, "person added", f"person {number}", {"role": role, "pin": pin_hash is not None})
    return get(transaction, number)


def change(
    transaction: Transaction,
    who: Who,
    person_id: int,
    *,
    name: str | None = None,
    role: Role | None = None,
    pin_hash: str | None = None,
    active: bool | None = None,
) -> Person:
    """Change what is given. Raises ``NotThereError``, ``TakenError`` and ``RecordsError``."""
    before = get(transaction, person_id)
    values: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if name is not None and name.strip() != before.name:
        shown = _named(transaction, name, person_id)
        values |= {"name": shown, "name_key": name_key(shown)}
        told["name"] = "changed"
    if role is not None and role != before.role:
        values["role"] = told["role"] = _role(role)
    if pin_hash is not None:
        values |= {"pin_hash": pin_hash, "failed_logins": 0, "failed_at": None}
        told["pin"] = "changed"
    if active is not None and active != before.active:
        values["active"] = told["active"] = active
    if not values:
        return before
    transaction.connection.execute(update(person).where(person.c.id == person_id).values(**values))
    audit.append(transaction, who, "person changed", f"person {person_id}", told)
    return get(transaction, person_id)


def get(transaction: Transaction, person_id: int) -> Person:
    """Give a person. Raises ``NotThereError``."""
    row = transaction.connection.execute(select(person).where(person.c.id == person_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no person {person_id}: load the list again")
    return _person(row)


def find_by_name(transaction: Transaction, name: str) -> Person | None:
    """Give the person of this name, in upper or lower case; None if there is none."""
    row = transaction.connection.execute(select(person).where(person.c.name_key == name_key(name))).one_or_none()
    return None if row is None else _person(row)


def everybody(transaction: Transaction, *, active: bool | None = None) -> tuple[Person, ...]:
    """Give all people by name; with ``active`` those alone who are, or are not."""
    query = select(person).order_by(person.c.name_key)
    if active is not None:
        query = query.where(person.c.active == active)
    return tuple(_person(row) for row in transaction.connection.execute(query))


def anybody_has_pin(transaction: Transaction) -> bool:
    """Tell whether there is an active person with a PIN: until then nobody can log in, and nobody has to."""
    query = select(func.count()).select_from(person).where(person.c.pin_hash.is_not(None), person.c.active)
    return transaction.connection.execute(query).scalar_one() > 0


def note_login(transaction: Transaction, person_id: int, *, succeeded: bool) -> Person:
    """Write down a try to log in; wrong ones are counted until one is right. Raises ``NotThereError``."""
    before = get(transaction, person_id)
    wrong = 0 if succeeded else before.failed_logins + 1
    values = {"failed_logins": wrong, "failed_at": None if succeeded else transaction.now}
    transaction.connection.execute(update(person).where(person.c.id == person_id).values(**values))
    what = "logged in" if succeeded else "login refused"
    who = Who("person", person_id) if succeeded else Who("anybody")
    audit.append(transaction, who, what, f"person {person_id}", {} if succeeded else {"in a row": wrong})
    return get(transaction, person_id)


def _named(transaction: Transaction, name: str, own: int | None = None) -> str:
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown or len(shown) > 100:
        raise RecordsError("a name must have 1 to 100 characters")
    found = find_by_name(transaction, shown)
    if found is not None and found.id != own:
        raise TakenError(f"there is somebody named {found.name} already: choose a name that tells both apart")
    return shown


def name_key(name: str) -> str:
    """Give what all ways to write a name have in common: case, width of letters and number of spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _role(role: Role) -> Role:
    if role not in ROLES:
        raise RecordsError(f"{role!r} is no role: choose one of {', '.join(ROLES)}")
    return role


def _person(row: Row[Any]) -> Person:
    return Person(
        row.id, row.name, row.role, row.active, row.pin_hash, row.failed_logins, row.failed_at, row.created_at
    )
