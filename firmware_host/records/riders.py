"""Riders: profile, limits, screening and clearance in one document, as a rider file has them.

A rider may ask for all that is held about them (``everything_about``) and to be forgotten (``erase``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import ChangedMeanwhileError, NotThereError, RecordsError
from firmware_host.records.tables import comfort, event, planned, rider, session
from firmware_host.records.who import Who


@dataclass(frozen=True)
class Rider:
    """A rider as kept."""

    id: int
    name: str
    version: int
    """1 when added, one more at each change."""
    document: dict[str, Any] = field(repr=False)
    """A ``firmware_host.files.riders.RiderFile`` as JSON."""
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


def add(transaction: Transaction, who: Who, document: Mapping[str, Any]) -> Rider:
    """Add a rider; the document was checked by ``firmware_host.files.riders`` before. Raises ``RecordsError``."""
    now = transaction.now
    values = {"name": _name(document), "document": dict(document), "version": 1}
    query = insert(rider).values(**values, created_at=now, changed_at=now).returning(rider.c.id)
    number = transaction.connection.execute(query).scalar_one()
    audit.append(transaction, who, "rider added", f"rider {number}", {"parts": sorted(document)})
    return get(transaction, number)


def change(
    transaction: Transaction, who: Who, rider_id: int, document: Mapping[str, Any], version: int | None = None
) -> Rider:
    """Keep a new document. Raises ``NotThereError``, and ``ChangedMeanwhileError`` if ``version`` is an older one.

    The log tells which parts of the document changed and never what stands in them.
    """
    before = get(transaction, rider_id)
    if version is not None and version != before.version:
        raise ChangedMeanwhileError("this rider", before.version)
    names = sorted({*before.document, *document})
    parts = [name for name in names if before.document.get(name) != document.get(name)]
    if not parts:
        return before
    values = {"name": _name(document), "document": dict(document), "version": before.version + 1}
    query = update(rider).where(rider.c.id == rider_id).values(**values, changed_at=transaction.now)
    transaction.connection.execute(query)
    told = {"parts": parts, "version": before.version + 1}
    audit.append(transaction, who, "rider changed", f"rider {rider_id}", told)
    return get(transaction, rider_id)


def get(transaction: Transaction, rider_id: int) -> Rider:
    """Give a rider. Raises ``NotThereError``."""
    row = transaction.connection.execute(select(rider).where(rider.c.id == rider_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no rider {rider_id}: load the list again")
    return _rider(row)


def everyone(transaction: Transaction, *, archived: bool = False) -> tuple[Rider, ...]:
    """Give riders by name: those in use, or those in the archive."""
    put_away = rider.c.archived_at.is_not(None) if archived else rider.c.archived_at.is_(None)
    query = select(rider).where(put_away).order_by(func.lower(rider.c.name), rider.c.id)
    return tuple(_rider(row) for row in transaction.connection.execute(query))


def session_count(transaction: Transaction, rider_id: int) -> int:
    """Give how many sessions this rider had."""
    query = select(func.count()).select_from(session).where(session.c.rider_id == rider_id)
    return transaction.connection.execute(query).scalar_one()


def archive(transaction: Transaction, who: Who, rider_id: int) -> Rider:
    """Put a rider away, with everything. Raises ``NotThereError``."""
    return _put_away(transaction, who, rider_id, transaction.now, "rider archived")


def restore(transaction: Transaction, who: Who, rider_id: int) -> Rider:
    """Take a rider out of the archive. Raises ``NotThereError``."""
    return _put_away(transaction, who, rider_id, None, "rider restored")


def erase(transaction: Transaction, who: Who, rider_id: int) -> int:
    """Forget a rider for good; gives how many sessions stay behind without a rider. Raises ``NotThereError``.

    Profile, screening, clearance, comfort notes and plans are deleted. Sessions stay, as a table's history, and belong
    to nobody. The audit log keeps the number of the rider, which is never given again. Afterwards, and outside the
    transaction, ``database.checkpoint`` removes what was erased from SQLite's log too.
    """
    get(transaction, rider_id)
    connection = transaction.connection
    own = select(session.c.id).where(session.c.rider_id == rider_id)
    references = select(planned.c.reference).where(planned.c.rider_id == rider_id)
    connection.execute(delete(comfort).where(comfort.c.session_id.in_(own) | comfort.c.reference.in_(references)))
    connection.execute(delete(planned).where(planned.c.rider_id == rider_id))
    left = connection.execute(
        update(session).where(session.c.rider_id == rider_id).values(rider_id=None, reference=None)
    ).rowcount
    connection.execute(delete(rider).where(rider.c.id == rider_id))
    audit.append(transaction, who, "rider erased", f"rider {rider_id}", {"sessions left": left})
    return left


def everything_about(transaction: Transaction, who: Who, rider_id: int) -> dict[str, Any]:
    """Give everything that is held about a rider, as JSON has it; the log tells that it was asked for.

    Raises ``NotThereError``.
    """
    found = get(transaction, rider_id)
    audit.append(transaction, who, "rider exported", f"rider {rider_id}")
    connection = transaction.connection
    sessions = connection.execute(
        select(session).where(session.c.rider_id == rider_id).order_by(session.c.started_at, session.c.id)
    ).all()
    numbers = select(session.c.id).where(session.c.rider_id == rider_id)
    plans = connection.execute(select(planned).where(planned.c.rider_id == rider_id).order_by(planned.c.planned_at))
    references = select(planned.c.reference).where(planned.c.rider_id == rider_id)
    notes = connection.execute(
        select(comfort)
        .where(comfort.c.session_id.in_(numbers) | comfort.c.reference.in_(references))
        .order_by(comfort.c.id)
    )
    events = connection.execute(select(event).where(event.c.session_id.in_(numbers)).order_by(event.c.at, event.c.id))
    entries = audit.page(transaction, limit=100_000, subject=f"rider {rider_id}")
    return {
        "rider": _plain(asdict(found)),
        "sessions": [_plain(dict(row._mapping)) for row in sessions],
        "events": [_plain(dict(row._mapping)) for row in events],
        "comfort": [_plain(dict(row._mapping)) for row in notes],
        "planned": [_plain(dict(row._mapping)) for row in plans],
        "audit": [_plain(entry._asdict()) for entry in reversed(entries)],
    }


def _put_away(transaction: Transaction, who: Who, rider_id: int, at: datetime | None, what: str) -> Rider:
    before = get(transaction, rider_id)
    if (before.archived_at is None) == (at is None):
        return before
    transaction.connection.execute(update(rider).where(rider.c.id == rider_id).values(archived_at=at))
    audit.append(transaction, who, what, f"rider {rider_id}")
    return get(transaction, rider_id)


def _name(document: Mapping[str, Any]) -> str:
    section = document.get("rider")
    name = section.get("name") if isinstance(section, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        raise RecordsError('a rider needs a name: write it into the part "rider" as "name"')
    return name.strip()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _rider(row: Row[Any]) -> Rider:
    return Rider(row.id, row.name, row.version, row.document, row.created_at, row.changed_at, row.archived_at)
