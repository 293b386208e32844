"""The log of alarms, over all sessions: what sounded or tripped, the newest first."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, tuple_

from firmware_host.records.database import Transaction
from firmware_host.records.sessions import MOST_ON_A_PAGE, Event, event_of, place, tell_place
from firmware_host.records.tables import event

KINDS: Final = frozenset({"alarm", "trip"})
"""Events that belong into the log."""


@dataclass(frozen=True)
class AlarmPage:
    """A part of the log, the newest first."""

    events: tuple[Event, ...]
    next: str | None
    """What to give as ``before`` for the next page; None on the last one."""


def page(transaction: Transaction, limit: int = 100, before: str | None = None) -> AlarmPage:
    """Give a page of the log. Raises ``RecordsError`` for a ``before`` that no page gave."""
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    query = select(event).where(event.c.alarm).order_by(event.c.at.desc(), event.c.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(tuple_(event.c.at, event.c.id) < tuple_(*place(before)))
    rows = transaction.connection.execute(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return AlarmPage(
        tuple(event_of(row) for row in rows[:limit]), None if last is None else tell_place(last.at, last.id)
    )
