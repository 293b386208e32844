"""Sessions that were, as ``ingest`` took them up from black boxes, with comfort notes and trends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal, select, tuple_, update

from firmware_host.day import here
from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import NotThereError, RecordsError
from firmware_host.records.tables import Moment, comfort, event, planned, rider, session
from firmware_host.records.who import Who
from safety.ridden import Ridden, ridden_after

MOST_ON_A_PAGE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ACCOUNT: Final = timedelta(days=2)
"""Sessions that began longer ago are of no rest and of no day that still counts."""
_PAST_ALL: Final = 2**63
"""No identifier is so large, and no database takes it."""


@dataclass(frozen=True)
class Session:
    """A session in figures, and whose it was."""

    id: int
    started_at: datetime
    rider_id: int | None
    rider_name: str | None
    program_id: int | None
    program: str
    """The program's name as it was then."""
    table_name: str | None
    outcome: str
    """completed, returned, emergency_returned, stopped or refused; else why it is not known."""
    reason: str
    state: str
    """The last operating state."""
    duration_s: float
    inverted_s: float
    highest_deg: float | None
    highest_rate_dps: float | None
    simulated: bool | None
    """None: no board was reached, so nobody knows."""
    link: str
    trips: tuple[str, ...]
    curve: tuple[tuple[float, float], ...]
    """The angle over the session in a few points, time in s from the first tick on; for a small picture."""
    problems: tuple[str, ...]
    """What is damaged or missing in the black box; empty for a whole one."""
    file: str
    """Name of the black box in the folder of records."""
    sha256: str
    reference: str | None
    comfort_before: int | None
    comfort_after: int | None
    comfort_note: str


@dataclass(frozen=True)
class Event:
    """Something that happened in a session."""

    session_id: int
    t_s: float
    """From the session's first tick."""
    at: datetime
    kind: str
    """state, trip, alarm, inhibit, clear, operator, link, program, loop or warning."""
    text: str
    monitor: str | None
    """Which monitor tripped; None for what is no trip."""


@dataclass(frozen=True)
class Filter:
    """Which sessions to show; what is None does not matter."""

    rider_id: int | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Page:
    """A part of the history, the newest session first."""

    sessions: tuple[Session, ...]
    next: str | None
    """What to give as ``before`` for the next page; None on the last one."""
    total: int
    """How many sessions the filter lets through."""


@dataclass(frozen=True)
class Trend:
    """One session in the course of many."""

    session_id: int
    started_at: datetime
    outcome: str
    duration_s: float
    inverted_s: float
    highest_deg: float | None
    simulated: bool | None
    comfort_before: int | None
    comfort_after: int | None


@dataclass(frozen=True)
class Comfort:
    """How somebody felt: 0 (not at all well) to 10; None where nobody said."""

    before: int | None
    after: int | None
    note: str


def page(transaction: Transaction, which: Filter | None = None, limit: int = 50, before: str | None = None) -> Page:
    """Give a page of the history, the newest first. Raises ``RecordsError`` for a ``before`` that no page gave."""
    which = which or Filter()
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    rows = transaction.connection.execute(page_query(which, limit, before)).all()
    counted = select(func.count(session.c.id)).where(*_conditions(which))
    total = transaction.connection.execute(counted).scalar_one()
    shown = tuple(_session(row) for row in rows[:limit])
    return Page(shown, tell_place(shown[-1].started_at, shown[-1].id) if len(rows) > limit else None, total)


def page_query(which: Filter, limit: int, before: str | None) -> Select[Any]:
    """Give the query of a page, with one row more than fit: it tells whether there is a next page."""
    query = _query().where(*_conditions(which)).order_by(session.c.started_at.desc(), session.c.id.desc())
    if before is not None:
        query = query.where(tuple_(session.c.started_at, session.c.id) < tuple_(*place(before)))
    return query.limit(limit + 1)


def get(transaction: Transaction, session_id: int) -> Session:
    """Give a session. Raises ``NotThereError``."""
    row = transaction.connection.execute(_query().where(session.c.id == session_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no session {session_id}: load the history again")
    return _session(row)


def find_by_reference(transaction: Transaction, reference: str) -> Session | None:
    """Give the newest session that was begun with this reference; None if none was taken up yet."""
    query = _query().where(session.c.reference == reference).order_by(session.c.started_at.desc()).limit(1)
    row = transaction.connection.execute(query).one_or_none()
    return None if row is None else _session(row)


def events(transaction: Transaction, session_id: int) -> tuple[Event, ...]:
    """Give what happened in a session, in order; nothing for a session that is not there."""
    query = select(event).where(event.c.session_id == session_id).order_by(event.c.t_s, event.c.id)
    return tuple(event_of(row) for row in transaction.connection.execute(query))


def trends(transaction: Transaction, rider_id: int, limit: int = 500) -> tuple[Trend, ...]:
    """Give a rider's newest sessions, the oldest of them first."""
    figures = ("id", "started_at", "outcome", "duration_s", "inverted_s", "highest_deg", "simulated")
    columns = [session.c[name] for name in figures]
    query = (
        select(*columns, comfort.c.before, comfort.c.after)
        .outerjoin(comfort, comfort.c.session_id == session.c.id)
        .where(session.c.rider_id == rider_id)
        .order_by(session.c.started_at.desc(), session.c.id.desc())
        .limit(limit)
    )
    return tuple(Trend(*row) for row in reversed(transaction.connection.execute(query).all()))


def ridden(transaction: Transaction, rider_id: int, now: datetime) -> Ridden | None:
    """Give what a rider did lately on tables that were not known to be simulated; None for nothing.

    ``now`` is aware, in the zone where the table stands.
    """
    query = select(session.c.started_at, session.c.duration_s, session.c.inverted_s).where(
        session.c.rider_id == rider_id,
        session.c.started_at >= now - _ACCOUNT,
        session.c.simulated.is_not(True),
        session.c.inverted_s > 0.0,
    )
    rows = transaction.connection.execute(query)
    account: Ridden | None = None
    for ended, inverted_s in sorted(
        (row.started_at + timedelta(seconds=row.duration_s), row.inverted_s) for row in rows
    ):
        account = ridden_after(account, _where(now, ended), inverted_s)
    return account


def _where(now: datetime, moment: datetime) -> datetime:
    """Give a moment by the clocks that ``now`` is told by: those of here may have been put forward or back since."""
    is_here = here(now).utcoffset() == now.utcoffset()
    return here(moment) if is_here else moment.astimezone(now.tzinfo)


def set_comfort(
    transaction: Transaction,
    who: Who,
    session_id: int,
    before: int | None = None,
    after: int | None = None,
    note: str | None = None,
) -> Comfort:
    """Keep how a rider felt before and after a session; None leaves what was said before.

    Raises ``NotThereError``, and ``RecordsError`` for a number outside 0 to 10.
    """
    get(transaction, session_id)
    found = _keep_comfort(transaction, comfort.c.session_id == session_id, session_id, before, after, note)
    audit.append(transaction, who, "comfort noted", f"session {session_id}")
    return found


def set_comfort_before(
    transaction: Transaction, who: Who, reference: str, before: int, note: str | None = None
) -> Comfort:
    """Keep how a rider feels before a session that is only planned. Raises as ``set_comfort``."""
    taken_up = find_by_reference(transaction, reference)
    if taken_up is not None:
        return set_comfort(transaction, who, taken_up.id, before=before, note=note)
    if transaction.connection.execute(select(planned.c.who).where(planned.c.reference == reference)).first() is None:
        raise NotThereError(f"nobody planned {reference}: choose rider and program again")
    found = _keep_comfort(transaction, comfort.c.reference == reference, None, before, None, note, reference)
    audit.append(transaction, who, "comfort noted", None, {"reference": reference})
    return found


def _keep_comfort(
    transaction: Transaction,
    where: ColumnElement[bool],
    session_id: int | None,
    before: int | None,
    after: int | None,
    note: str | None,
    reference: str | None = None,
) -> Comfort:
    for value in (before, after):
        if value is not None and not 0 <= value <= 10:
            raise RecordsError(f"comfort goes from 0 to 10, and {value} is outside: choose a number in between")
    connection = transaction.connection
    row = connection.execute(select(comfort).where(where)).one_or_none()
    if row is None:
        found = Comfort(before, after, note or "")
        values = {"before": before, "after": after, "note": found.note, "changed_at": transaction.now}
        connection.execute(insert(comfort).values(session_id=session_id, reference=reference, **values))
        return found
    found = Comfort(
        row.before if before is None else before,
        row.after if after is None else after,
        row.note if note is None else note,
    )
    values = {"before": found.before, "after": found.after, "note": found.note, "changed_at": transaction.now}
    connection.execute(update(comfort).where(comfort.c.id == row.id).values(**values))
    return found


def _query() -> Select[Any]:
    joined = session.outerjoin(rider, rider.c.id == session.c.rider_id)
    joined = joined.outerjoin(comfort, comfort.c.session_id == session.c.id)
    notes = (comfort.c.before.label("comfort_before"), comfort.c.after.label("comfort_after"), comfort.c.note)
    return select(session, rider.c.name.label("rider_name"), *notes).select_from(joined)


def _conditions(which: Filter) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if which.rider_id is not None:
        wanted.append(session.c.rider_id == which.rider_id)
    if which.outcome is not None:
        wanted.append(session.c.outcome == which.outcome)
    return wanted


def tell_place(at: datetime, number: int) -> str:
    """Give a place in a list that is sorted by time and id, as text."""
    return f"{(at - _EPOCH) // _MICROSECOND}-{number}"


def place(cursor: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Read what ``tell_place`` gave, as values of a query. Raises ``RecordsError``."""
    micros, _, number = cursor.partition("-")
    try:
        at, last = _EPOCH + int(micros) * _MICROSECOND, int(number)
        if not 0 <= last < _PAST_ALL:
            raise ValueError(number)
        return literal(at, Moment()), literal(last)
    except (ValueError, OverflowError) as error:
        raise RecordsError(f"{cursor!r} is no place in the history: begin with the first page") from error


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        started_at=row.started_at,
        rider_id=row.rider_id,
        rider_name=row.rider_name,
        program_id=row.program_id,
        program=row.program,
        table_name=row.table_name,
        outcome=row.outcome,
        reason=row.reason,
        state=row.state,
        duration_s=row.duration_s,
        inverted_s=row.inverted_s,
        highest_deg=row.highest_deg,
        highest_rate_dps=row.highest_rate_dps,
        simulated=row.simulated,
        link=row.link,
        trips=tuple(row.trips),
        curve=tuple((t_s, angle_deg) for t_s, angle_deg in row.curve or ()),
        problems=tuple(row.problems),
        file=row.file,
        sha256=row.sha256,
        reference=row.reference,
        comfort_before=row.comfort_before,
        comfort_after=row.comfort_after,
        comfort_note=row.note or "",
    )


def event_of(row: Row[Any]) -> Event:
    """Give a row of events."""
    return Event(row.session_id, row.t_s, row.at, row.kind, row.text, row.monitor)
