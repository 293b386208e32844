"""The library of programs: TOML texts, checked by ``firmware_host.files.programs`` before they come here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import ChangedMeanwhileError, NotThereError, RecordsError
from firmware_host.records.tables import program
from firmware_host.records.who import PANEL, Who


@dataclass(frozen=True)
class Program:
    """A program as kept."""

    id: int
    name: str
    version: int
    text: str = field(repr=False)
    """TOML."""
    built_in: str | None
    """Key of a program that comes with righting; None for one that somebody wrote."""
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


class BuiltIn(NamedTuple):
    """A program that comes with righting."""

    name: str
    text: str


def add(transaction: Transaction, who: Who, name: str, text: str) -> Program:
    """Add a program. Raises ``RecordsError`` if the name is empty."""
    number = _insert(transaction, name, text, None)
    audit.append(transaction, who, "program added", f"program {number}")
    return get(transaction, number)


def change(
    transaction: Transaction, who: Who, program_id: int, name: str, text: str, version: int | None = None
) -> Program:
    """Keep a new text. Raises ``NotThereError``, ``RecordsError`` for a built-in program, and
    ``ChangedMeanwhileError`` if ``version`` is not the present one.
    """
    before = _own(transaction, program_id, "changed")
    if version is not None and version != before.version:
        raise ChangedMeanwhileError("this program", before.version)
    if (name.strip(), text) == (before.name, before.text):
        return before
    _update(transaction, before, name, text)
    audit.append(transaction, who, "program changed", f"program {program_id}", {"version": before.version + 1})
    return get(transaction, program_id)


def get(transaction: Transaction, program_id: int) -> Program:
    """Give a program. Raises ``NotThereError``."""
    row = transaction.connection.execute(select(program).where(program.c.id == program_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no program {program_id}: load the list again")
    return _program(row)


def library(transaction: Transaction, *, archived: bool = False) -> tuple[Program, ...]:
    """Give programs by name: those in use, or those in the archive."""
    put_away = program.c.archived_at.is_not(None) if archived else program.c.archived_at.is_(None)
    query = select(program).where(put_away).order_by(func.lower(program.c.name), program.c.id)
    return tuple(_program(row) for row in transaction.connection.execute(query))


def archive(transaction: Transaction, who: Who, program_id: int) -> Program:
    """Put a program away. Raises ``NotThereError``, and ``RecordsError`` for a built-in one."""
    return _put_away(transaction, who, program_id, transaction.now, "program archived")


def restore(transaction: Transaction, who: Who, program_id: int) -> Program:
    """Take a program out of the archive. Raises ``NotThereError``."""
    return _put_away(transaction, who, program_id, None, "program restored")


def erase(transaction: Transaction, who: Who, program_id: int) -> None:
    """Delete a program; sessions keep its name. Raises ``NotThereError``, and ``RecordsError`` for a built-in one."""
    _own(transaction, program_id, "deleted")
    transaction.connection.execute(delete(program).where(program.c.id == program_id))
    audit.append(transaction, who, "program deleted", f"program {program_id}")


def built_in_are(transaction: Transaction, programs: Mapping[str, BuiltIn]) -> bool:
    """Tell whether the built-in programs are up to date already."""
    query = select(program).where(program.c.built_in.is_not(None))
    present = {row.built_in: (row.name, row.text) for row in transaction.connection.execute(query)}
    return all(present.get(key) == (one.name, one.text) for key, one in programs.items())


def keep_built_in(transaction: Transaction, programs: Mapping[str, BuiltIn]) -> None:
    """Bring the built-in programs up to date, by their keys; nothing is written if nothing changed."""
    query = select(program).where(program.c.built_in.is_not(None))
    present = {row.built_in: _program(row) for row in transaction.connection.execute(query)}
    for key, one in programs.items():
        before = present.get(key)
        if before is None:
            number = _insert(transaction, one.name, one.text, key)
            audit.append(transaction, PANEL, "built-in program added", f"program {number}", {"key": key})
        elif (one.name, one.text) != (before.name, before.text):
            _update(transaction, before, one.name, one.text)
            audit.append(transaction, PANEL, "built-in program changed", f"program {before.id}", {"key": key})


def _insert(transaction: Transaction, name: str, text: str, built_in: str | None) -> int:
    now = transaction.now
    values = {"name": _named(name), "text": text, "built_in": built_in, "version": 1}
    query = insert(program).values(**values, created_at=now, changed_at=now).returning(program.c.id)
    number: int = transaction.connection.execute(query).scalar_one()
    return number


def _update(transaction: Transaction, before: Program, name: str, text: str) -> None:
    values = {"name": _named(name), "text": text, "version": before.version + 1, "changed_at": transaction.now}
    transaction.connection.execute(update(program).where(program.c.id == before.id).values(**values))


def _own(transaction: Transaction, program_id: int, done: str) -> Program:
    found = get(transaction, program_id)
    if found.built_in is not None:
        raise RecordsError(f"{found.name} comes with righting and cannot be {done}: make a copy under another name")
    return found


def _put_away(transaction: Transaction, who: Who, program_id: int, at: datetime | None, what: str) -> Program:
    before = _own(transaction, program_id, "archived")
    if (before.archived_at is None) == (at is None):
        return before
    transaction.connection.execute(update(program).where(program.c.id == program_id).values(archived_at=at))
    audit.append(transaction, who, what, f"program {program_id}")
    return get(transaction, program_id)


def _named(name: str) -> str:
    if not name.strip():
        raise RecordsError('a program needs a name: write it into the part "program" as "name"')
    return name.strip()


def _program(row: Row[Any]) -> Program:
    return Program(
        row.id, row.name, row.version, row.text, row.built_in, row.created_at, row.changed_at, row.archived_at
    )
