"""Choosing what comes next, and all that was: figures, events, pictures, files."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from firmware_host.files.documents import document_of, rider_text
from firmware_host.files.riders import load_rider
from firmware_host.panel.api.children import Finished
from firmware_host.panel.api.documents import PROGRAM, RIDER, kept_rider
from firmware_host.panel.api.downloads import attachment, named
from firmware_host.panel.api.parts import LARGEST_ID, AllParts, Body, Id, Me, Parts
from firmware_host.panel.api.problems import ApiError
from firmware_host.panel.api.work import work
from firmware_host.panel.messages import NO_CONTROLLER
from firmware_host.recording.blackbox_reader import BlackBoxReadError
from firmware_host.recording.csv_export import csv_pieces
from firmware_host.records import NotThereError, plans, programs, riders, sessions

router: Final = APIRouter(tags=["sessions"])

Comfort0To10 = Annotated[int, Field(ge=0, le=10)]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
NOTE: Final = 2000
"""Most letters of a note."""
_PICTURE: Final = ".png"
_EXPLAINED: Final = "-explained.png"
"""Endings of the pictures that the commands put beside a recording."""
_PNG_END: Final = b"IEND\xaeB`\x82"
"""How every whole picture ends."""


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


class Explanation(BaseModel):
    """What happened, in sentences."""

    text: list[str]
    trips: list[dict[str, Any]]
    phases: dict[str, float]


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
        plans.plan(transaction, identity.who, reference, body.rider_id, body.program_id)
    asked = {
        "kind": "choose",
        "id": str(uuid.uuid4()),
        "session": state["session"],
        "pressed_s": time.monotonic(),
        "reference": reference,
        "rider": {"path": RIDER, "text": _rider_text(rider)},
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


def _rider_text(rider: riders.Rider | None) -> str:
    """Give the rider as a file; without one it is the built-in beginner, and never whoever rode before."""
    known = load_rider(None) if rider is None else kept_rider(rider)
    return rider_text(document_of(known.source))


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


@router.get("/sessions/{id}/picture.png", response_class=Response, responses=attachment("image/png"))
def picture(session_id: Id, parts: AllParts, _: Me) -> Response:
    """Give the picture of a session; the first time it is drawn, which takes a moment."""
    return _picture(parts, session_id, "report", _PICTURE)


@router.get("/sessions/{id}/explanation.png", response_class=Response, responses=attachment("image/png"))
def explanation_picture(session_id: Id, parts: AllParts, _: Me) -> Response:
    """Give the picture of what led to a trip and what followed."""
    return _picture(parts, session_id, "explain", _EXPLAINED)


@router.get("/sessions/{id}/explanation")
def explanation(session_id: Id, parts: AllParts, _: Me) -> Explanation:
    """Say in a few sentences what happened in a session."""
    file = _recorded(parts, session_id)[1]
    target = file.with_name(file.stem + _EXPLAINED)
    done = _draw(parts, "explain", file, target)
    try:
        told = json.loads(done.output)
    except ValueError:
        raise ApiError(409, done.complaint) from None
    return Explanation(text=told["sentences"], trips=told["trips"], phases=told["phases"])


@router.get("/sessions/{id}/blackbox", response_class=Response, responses=attachment("application/octet-stream"))
def black_box(session_id: Id, parts: AllParts, _: Me) -> Response:
    """Give the recording itself; it names nobody."""
    file = _recorded(parts, session_id)[1]
    return FileResponse(file, media_type="application/octet-stream", filename=file.name)


@router.get("/sessions/{id}/csv", response_class=Response, responses=attachment("text/csv; charset=utf-8"))
def csv(session_id: Id, parts: AllParts, _: Me) -> Response:
    """Give every tick of a session as a line of a table."""
    file = _recorded(parts, session_id)[1]
    pieces: Iterator[str] = csv_pieces(file)
    try:
        first = next(pieces, "")
    except BlackBoxReadError as error:
        raise ApiError(409, str(error)) from None
    return StreamingResponse(
        chain([first], pieces), media_type="text/csv; charset=utf-8", headers=named(f"{file.stem}.csv")
    )


@router.get("/sessions/{id}/report.pdf", response_class=Response, responses=attachment("application/pdf"))
def report(session_id: Id, parts: AllParts, _: Me) -> Response:
    """Give the report of a session on paper, with the rider's name."""
    one, file = _recorded(parts, session_id)
    said = (one.comfort_before, one.comfort_after, one.comfort_note)
    comfort = {"before": said[0], "after": said[1], "note": said[2]} if said != (None, None, "") else None
    made = work(parts.children, "paper", {"file": str(file), "rider": one.rider_name, "comfort": comfort})
    return Response(made, media_type="application/pdf", headers=named(f"{file.stem}.pdf"))


def _picture(parts: Parts, session_id: int, command: str, ending: str) -> Response:
    file = _recorded(parts, session_id)[1]
    target = file.with_name(file.stem + ending)
    made = _drawn(file, target)
    if made is None:
        done = _draw(parts, command, file, target)
        if done.code != 0:
            raise ApiError(409, done.complaint)
        made = target.read_bytes()
    return Response(made, media_type="image/png")


def _drawn(file: Path, target: Path) -> bytes | None:
    """Give a picture that is there, if it is whole and no older than its recording."""
    try:
        if target.stat().st_mtime_ns < file.stat().st_mtime_ns:
            return None
        made = target.read_bytes()
    except OSError:
        return None
    return made if made.endswith(_PNG_END) else None


def _draw(parts: Parts, command: str, file: Path, target: Path) -> Finished:
    """Draw a picture beside a recording: it is put there whole, and with the time of what it shows."""
    shown_ns = file.stat().st_mtime_ns
    fresh = file.with_name(f".{uuid.uuid4()}{_PICTURE}")
    try:
        done = parts.children.run("firmware_host", [command, str(file), "--json", "-", "--picture", str(fresh)])
        if done.code == 0:
            os.utime(fresh, ns=(shown_ns, shown_ns))
            fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return done


def _recorded(parts: Parts, session_id: int) -> tuple[sessions.Session, Path]:
    """Give a session and its black box. Raises ``NotThereError``."""
    with parts.records.read() as transaction:
        one = sessions.get(transaction, session_id)
    file = parts.black_boxes / Path(one.file).name
    if not file.is_file():
        raise NotThereError(f"the recording {one.file} is not in the folder of records any more: look in your backups")
    return one, file


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
