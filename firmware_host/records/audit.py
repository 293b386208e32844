"""The audit log: who did what, in a chain that shows whether an entry was changed, taken out, put in or moved.

An entry's sum is taken over the sum before it and the entry as canonical JSON. The head holds how many entries there
are and the last sum, so that a tail that was cut off is noticed too. Whoever can write the whole database can make a
new chain: against that helps a head noted elsewhere, which ``verify`` compares.

Entries hold numbers of people, never names, no health answer and no secret.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, insert, select, type_coerce, update
from sqlalchemy.types import NullType

from firmware_host.records.database import Transaction
from firmware_host.records.errors import RecordsError
from firmware_host.records.tables import audit, audit_head
from firmware_host.records.who import Who

BEGINNING: Final = "0" * 64
"""The sum before the first entry."""
_HEAD: Final = 1
_BATCH: Final = 1_000
_RAW: Final[list[Any]] = [type_coerce(column, NullType()).label(column.name) for column in audit.c]
"""As the database holds them: whoever writes past the log writes anything, and that has to be told, not to fail."""


class Entry(NamedTuple):
    """One line of the log."""

    id: int
    at: datetime | None
    """None where it cannot be read."""
    who: str
    """Such as ``person 3``; see ``records.who``."""
    what: str
    """Such as ``rider changed``."""
    subject: str | None
    """What it was done to, such as ``rider 3``."""
    details: dict[str, Any]
    sha256: str
    problem: str = ""
    """Why this entry cannot be read; empty if it can be."""


class Head(NamedTuple):
    """Where the chain ends. ``str()`` is what to note down elsewhere."""

    entries: int
    sha256: str

    def __str__(self) -> str:
        """Give the form that ``parse_head`` reads."""
        return f"{self.entries}:{self.sha256}"


class Verdict(NamedTuple):
    """What ``verify`` found."""

    head: Head
    problems: tuple[str, ...]
    """What is broken, and where; empty for a whole chain."""

    @property
    def whole(self) -> bool:
        """Nothing is broken."""
        return not self.problems


def parse_head(text: str) -> Head:
    """Read a head that somebody noted down. Raises ``RecordsError``."""
    entries, _, sha256 = text.strip().partition(":")
    if not entries.isdecimal() or len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise RecordsError(f"{text!r} is no head of an audit log: give it as it was printed, NUMBER:SUM")
    return Head(int(entries), sha256)


def append(
    transaction: Transaction, who: Who, what: str, subject: str | None = None, details: Mapping[str, Any] | None = None
) -> int:
    """Add an entry, in the transaction of the change that it tells of; gives its id.

    ``details`` is for values that JSON has: no name, no secret, no answer about health.
    """
    connection = transaction.connection
    ends = select(audit_head.c.entries, audit_head.c.sha256).where(audit_head.c.id == _HEAD)
    before = connection.execute(ends.with_for_update()).one()
    number: int = before.entries + 1
    told = _canonical(dict(details or {}))
    entry = (number, transaction.now, str(who), what, subject, told)
    total = _sum(before.sha256, *entry)
    names = ("id", "at", "who", "what", "subject", "details")
    values = dict(zip(names, entry, strict=True))
    connection.execute(insert(audit).values(**values, previous=before.sha256, sha256=total))
    connection.execute(update(audit_head).where(audit_head.c.id == _HEAD).values(entries=number, sha256=total))
    return number


def page(
    transaction: Transaction, limit: int = 100, before: int | None = None, subject: str | None = None
) -> tuple[Entry, ...]:
    """Give entries, the newest first: those with an id below ``before``, and about ``subject`` alone if given."""
    query = select(*_RAW).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(_entry(row) for row in transaction.connection.execute(query))


def head(transaction: Transaction) -> Head:
    """Give where the chain ends."""
    return _heads(transaction)[0]


def _heads(transaction: Transaction) -> tuple[Head, list[str]]:
    """Give the head, and what is wrong with it."""
    columns: list[Any] = [type_coerce(column, NullType()) for column in (audit_head.c.entries, audit_head.c.sha256)]
    rows = transaction.connection.execute(select(*columns).order_by(audit_head.c.id)).all()
    if not rows:
        return Head(0, BEGINNING), []
    entries, sha256 = rows[0]
    problems = [] if len(rows) == 1 else [f"the chain has {len(rows)} heads, and one is right: some were put in"]
    if not isinstance(entries, int) or not isinstance(sha256, str):
        return Head(0, BEGINNING), [*problems, "the head of the chain cannot be read"]
    return Head(entries, sha256), problems


def verify(transaction: Transaction, noted: Head | None = None) -> Verdict:
    """Walk the whole chain, a batch at a time; ``noted`` is a head that it must still lead through."""
    end, problems = _heads(transaction)
    before, expected, noted_seen = BEGINNING, 1, noted is None or noted == Head(0, BEGINNING)
    for row in _rows(transaction):
        damage = _damage(row)
        if damage:
            problems.append(damage)
            before, expected = row.sha256, row.id + 1 if isinstance(row.id, int) else expected + 1
            continue
        problems += _numbering(row.id, expected)
        if row.previous != before:
            problems.append(f"entry {row.id} does not follow the entry before it: one was put in, taken out or moved")
        if _sum(row.previous, row.id, _moment(row.at), row.who, row.what, row.subject, row.details) != row.sha256:
            problems.append(f"entry {row.id} was changed")
        noted_seen = noted_seen or noted == Head(row.id, row.sha256)
        before, expected = row.sha256, row.id + 1
    if end != Head(expected - 1, before):
        problems.append(
            f"the chain ends with entry {expected - 1}, and its head tells of {end.entries} entries: "
            "the end was cut off, or entries were added past the log"
        )
    if not noted_seen and noted is not None:
        problems.append(f"the chain does not lead through the head noted as entry {noted.entries}: it was made anew")
    return Verdict(end, tuple(problems))


def _numbering(found: int, expected: int) -> list[str]:
    if found == expected:
        return []
    if found < expected:
        return [f"entry {found} has no place in the chain: it was put in or moved"]
    missing = str(expected) if found == expected + 1 else f"{expected} to {found - 1}"
    return [f"missing: entry {missing}"]


def _rows(transaction: Transaction) -> Iterator[Row[Any]]:
    last = -(2**62)
    while True:
        query = select(*_RAW).where(audit.c.id > last).order_by(audit.c.id).limit(_BATCH)
        rows = transaction.connection.execute(query).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _entry(row: Row[Any]) -> Entry:
    damage = _damage(row)
    if damage:
        number = row.id if isinstance(row.id, int) else 0
        who, what, subject, sha256 = (_text(one) for one in (row.who, row.what, row.subject, row.sha256))
        return Entry(number, _moment(row.at), who, what, subject, {}, sha256, damage)
    return Entry(row.id, _moment(row.at), row.who, row.what, row.subject, json.loads(row.details), row.sha256)


def _damage(row: Row[Any]) -> str:
    """Say why an entry cannot be read; empty if it can be."""
    kinds = {"id": int, "who": str, "what": str, "previous": str, "sha256": str}
    wrong = [name for name, kind in kinds.items() if not isinstance(getattr(row, name), kind)]
    wrong += ["at"] if _moment(row.at) is None else []
    wrong += [] if row.subject is None or isinstance(row.subject, str) else ["subject"]
    wrong += [] if _is_object(row.details) else ["details"]
    return f"entry {row.id} cannot be read ({', '.join(wrong)}): it was changed" if wrong else ""


def _is_object(details: object) -> bool:
    try:
        return isinstance(details, str) and isinstance(json.loads(details), dict)
    except (ValueError, RecursionError):
        return False


def _moment(raw: object) -> datetime | None:
    """Read a time as the database holds it: text in one form only on SQLite, aware on PostgreSQL."""
    if isinstance(raw, datetime):
        return raw if raw.tzinfo is not None else raw.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(str(raw))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.isoformat(" ", "microseconds") == raw else None


def _text(raw: object) -> str:
    return raw if isinstance(raw, str) else ""


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _sum(
    previous: str, number: int, at: datetime | None, who: str, what: str, subject: str | None, details: str
) -> str:
    assert at is not None  # an entry that cannot be read has no sum
    shown = at.astimezone(UTC).isoformat(timespec="microseconds")
    told = _canonical([previous, number, shown, who, what, subject, details])
    return hashlib.sha256(told.encode()).hexdigest()
