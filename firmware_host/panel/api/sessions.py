"""Choosing what comes next, and the sessions that were: figures, events, and how they felt."""

import time
import uuid
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from firmware_host.files.documents import document_of, rider_text, with_account
from firmware_host.files.riders import load_rider, ridden_by
from firmware_host.panel.api.documents import PROGRAM, RIDER, kept_rider
from firmware_host.panel.api.parts import LARGEST_ID, AllParts, Body, Id, Me
from firmware_host.panel.api.problems import ApiError
from firmware_host.panel.messages import NO_CONTROLLER
from firmware_host.records import Transaction, plans, programs, riders, sessions

router: Final = APIRouter(tags=["sessions"])

Comfort0To10 = Annotated[int, Field(ge=0, le=10)]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
NOTE: Final = 2000
"""Most letters of a note."""


class ChooseBody(Body):
    """Who rides what next; None is the built-in beginner, and the built-in demonstration."""

    rider_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None
    program_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None


class Chosen(BaseModel):
    """The session that begins now; nothing moves before START."""

    session: int
    reference: str


class RiderName(BaseModel):
    """Whose session it was."""

    id: int
    name: str


class SessionEntry(BaseModel):
    """A session in figures."""

    id: int
    started_at: datetime
    rider: RiderName | None
    program: str
    program_id: int | None
    table: str | None
    outcome: str
    reason: str
    duration_s: float
    highest_deg: float | None
    inverted_s: float
    simulated: bool | None
    """None: no board was reached."""
    trips: list[str]
    curve: list[tuple[float, float]]
    """A few points of time in s and angle in deg, for a small picture."""
    comfort_before: int | None
    comfort_after: int | None
    file: str
    """Name of the recording."""


class SessionsTold(BaseModel):
    """A page of the history, the newest first."""

    sessions: list[SessionEntry]
    next: str | None
    """What to give as ``before`` for the next page."""
    total: int


class SessionEvent(BaseModel):
    """Something that happened."""

    t_s: float
    at: datetime
    kind: str
    text: str
    monitor: str | None


class SessionTold(SessionEntry):
    """A session with all that happened in it."""

    state: str
    link: str
    problems: list[str]
    """Of the recording."""
    reference: str | None
    comfort_note: str
    events: list[SessionEvent]


class ComfortBody(Body):
    """How the rider felt: 0 (very bad) to 10 (very good); None leaves what was said before."""

    before: Comfort0To10 | None = None
    after: Comfort0To10 | None = None
    note: Annotated[str, Field(max_length=NOTE)] | None = None


class ComfortBefore(Body):
    """How the rider feels before a session that was chosen."""

    reference: Annotated[str, Field(min_length=1, max_length=64)]
    before: Comfort0To10
    note: Annotated[str, Field(max_length=NOTE)] | None = None


class ComfortTold(BaseModel):
    """What is kept now."""

    before: int | None
    after: int | None
    note: str


@router.post("/sessions/choose")
def choose(body: ChooseBody, parts: AllParts, identity: Me) -> Chosen:
    """Make a session of a rider and a program. It is written down first; then the controller checks it by itself."""
    state = parts.state()
    if state is None:
        raise ApiError(503, NO_CONTROLLER)
    reference = str(uuid.uuid4())
    with parts.records.begin() as transaction:
        rider = None if body.rider_id is None else riders.get(transaction, body.rider_id)
        program = None if body.program_id is None else programs.get(transaction, body.program_id)
        if rider is not None and rider.archived_at is not None:
            raise ApiError(409, f"{rider.name} is in the archive: restore the rider first")
        if program is not None and program.archived_at is not None:
            raise ApiError(409, f"{program.name} is in the archive: restore the program first")
        text = _rider_text(transaction, rider)
        plans.plan(transaction, identity.who, reference, body.rider_id, body.program_id)
    asked = {
        "kind": "choose",
        "id": str(uuid.uuid4()),
        "session": state["session"],
        "pressed_s": time.monotonic(),
        "reference": reference,
        "rider": {"path": RIDER, "text": text},
        "program": {"path": PROGRAM, "text": _program_text(program)},
        "note": {},
    }
    answer = parts.ask(asked)
    if not answer.get("ok"):
        told = [
            {"field": None, "line": one.get("line"), "text": one.get("text", ""), "file": one.get("file")}
            for one in answer.get("problems", [])
        ]
        raise ApiError(409, str(answer.get("error", "the controller refused, and said no more")), told)
    return Chosen(session=answer["session"], reference=reference)


def _rider_text(transaction: Transaction, rider: riders.Rider | None) -> str:
    """Give the rider as a file; without one it is the built-in beginner, and never whoever rode before."""
    known = load_rider(None) if rider is None else kept_rider(transaction, rider)
    return rider_text(with_account(document_of(known.source), ridden_by(known)))


def _program_text(program: programs.Program | None) -> str:
    if program is not None:
        return program.text
    return (files("firmware_host") / "demonstration.toml").read_text(encoding="utf-8")


@router.post("/sessions/comfort")
def comfort_before(body: ComfortBefore, parts: AllParts, identity: Me) -> ComfortTold:
    """Keep how a rider feels before a session that was chosen."""
    with parts.records.begin() as transaction:
        return _comfort(sessions.set_comfort_before(transaction, identity.who, body.reference, body.before, body.note))


@router.get("/sessions")
def history(
    parts: AllParts,
    _: Me,
    rider_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    outcome: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=sessions.MOST_ON_A_PAGE)] = 50,
    before: Cursor = None,
) -> SessionsTold:
    """List sessions, the newest first."""
    with parts.records.read() as transaction:
        page = sessions.page(transaction, sessions.Filter(rider_id, outcome), limit, before)
    return SessionsTold(
        sessions=[SessionEntry(**_entry(one)) for one in page.sessions], next=page.next, total=page.total
    )


@router.get("/sessions/{id}")
def get_session(session_id: Id, parts: AllParts, _: Me) -> SessionTold:
    """Give a session with its events."""
    with parts.records.read() as transaction:
        one = sessions.get(transaction, session_id)
        events = sessions.events(transaction, session_id)
    return SessionTold(
        **_entry(one),
        state=one.state,
        link=one.link,
        problems=list(one.problems),
        reference=one.reference,
        comfort_note=one.comfort_note,
        events=[
            SessionEvent(t_s=event.t_s, at=event.at, kind=event.kind, text=event.text, monitor=event.monitor)
            for event in events
        ],
    )


@router.put("/sessions/{id}/comfort")
def set_comfort(body: ComfortBody, session_id: Id, parts: AllParts, identity: Me) -> ComfortTold:
    """Keep how the rider felt before and after."""
    with parts.records.begin() as transaction:
        return _comfort(sessions.set_comfort(transaction, identity.who, session_id, body.before, body.after, body.note))


def _entry(one: sessions.Session) -> dict[str, Any]:
    rider = None if one.rider_id is None else RiderName(id=one.rider_id, name=one.rider_name or "")
    return {
        "id": one.id,
        "started_at": one.started_at,
        "rider": rider,
        "program": one.program,
        "program_id": one.program_id,
        "table": one.table_name,
        "outcome": one.outcome,
        "reason": one.reason,
        "duration_s": one.duration_s,
        "highest_deg": one.highest_deg,
        "inverted_s": one.inverted_s,
        "simulated": one.simulated,
        "trips": list(one.trips),
        "curve": list(one.curve),
        "comfort_before": one.comfort_before,
        "comfort_after": one.comfort_after,
        "file": one.file,
    }


def _comfort(kept: sessions.Comfort) -> ComfortTold:
    return ComfortTold(before=kept.before, after=kept.after, note=kept.note)
