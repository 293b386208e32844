"""What happened over all sessions: the alarm log, and the audit log with its chain."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel

from firmware_host.panel.api.parts import AllParts, Me
from firmware_host.records import alarm_log, audit

MOST: Final = 500
router: Final = APIRouter(tags=["logs"])


class AlarmEntry(BaseModel):
    """An alarm or a trip."""

    session_id: int
    at: datetime
    t_s: float
    """From the session's first tick."""
    kind: str
    text: str
    monitor: str | None


class Alarms(BaseModel):
    """A page of the alarm log, the newest first."""

    alarms: list[AlarmEntry]
    next: str | None


class AuditEntry(BaseModel):
    """Who did what. People are numbers here, so that a name can be forgotten."""

    id: int
    at: datetime | None
    who: str
    what: str
    subject: str | None
    details: dict[str, Any]
    sha256: str
    problem: str
    """Why this entry cannot be read; empty if it can be."""


class Audit(BaseModel):
    """A page of the audit log, the newest first."""

    entries: list[AuditEntry]
    next: int | None


class Verdict(BaseModel):
    """Whether the chain is whole."""

    ok: bool
    entries: int
    head: str
    """To be noted elsewhere: a later check can be held against it."""
    problem: str | None
    problems: list[str]


@router.get("/alarms")
def alarms(
    parts: AllParts,
    _: Me,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    before: Annotated[str | None, Query(max_length=100)] = None,
) -> Alarms:
    """List alarms and trips of all sessions."""
    with parts.records.read() as transaction:
        page = alarm_log.page(transaction, limit, before)
    return Alarms(
        alarms=[
            AlarmEntry(
                session_id=one.session_id, at=one.at, t_s=one.t_s, kind=one.kind, text=one.text, monitor=one.monitor
            )
            for one in page.events
        ],
        next=page.next,
    )


@router.get("/audit")
def list_audit(
    parts: AllParts,
    _: Me,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Audit:
    """List who did what."""
    with parts.records.read() as transaction:
        found = audit.page(transaction, limit + 1, before)
    shown = found[:limit]
    return Audit(
        entries=[AuditEntry(**one._asdict()) for one in shown], next=shown[-1].id if len(found) > limit else None
    )


@router.get("/audit/verify")
def verify(parts: AllParts, _: Me) -> Verdict:
    """Walk the whole chain of the audit log."""
    with parts.records.read() as transaction:
        verdict = audit.verify(transaction)
    problems = list(verdict.problems)
    return Verdict(
        ok=verdict.whole,
        entries=verdict.head.entries,
        head=str(verdict.head),
        problem=problems[0] if problems else None,
        problems=problems,
    )
