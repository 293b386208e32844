"""Riders: profile, questions, clearance, limits with their reasons, and what a rider may ask for: a copy, and to be
forgotten.
"""

import json
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from firmware_host.day import now, today
from firmware_host.files.documents import document_of, rider_text, with_account
from firmware_host.files.rider_view import rider_limits, rider_reasons, screening_questions
from firmware_host.panel.access.guard import Refusal
from firmware_host.panel.access.rights import may
from firmware_host.panel.api.documents import RiderDocument, checked_rider, kept_rider
from firmware_host.panel.api.downloads import attachment, named
from firmware_host.panel.api.parts import AllParts, Body, Done, Id, Me, Parts, Told
from firmware_host.panel.api.problems import ApiError, Problem, at_field
from firmware_host.records import ChangedMeanwhileError, Transaction, riders, sessions
from firmware_host.records.database import checkpoint

router: Final = APIRouter(tags=["riders"])

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Question(BaseModel):
    """One question."""

    id: str
    text: str


class QuestionPage(BaseModel):
    """Questions that are asked together."""

    id: str
    title: str
    questions: list[Question]


class Questions(Told):
    """The questionnaire."""

    pages: list[QuestionPage]
    consulted: str
    supervised: str
    valid_days: int


class RiderEntry(BaseModel):
    """A rider in a list."""

    id: int
    name: str
    experience: str
    mass_kg: float | None
    """With the height it tells apart riders of one name; None where the document cannot be used."""
    height_m: float | None
    limit_deg: float | None
    """Highest angle allowed; None where the rider's document cannot be used."""
    reasons: int
    """How many things stand against riding today."""
    sessions: int
    archived_at: datetime | None


class RidersTold(BaseModel):
    """Riders by name."""

    riders: list[RiderEntry]


class Limit(Told):
    """A limit that this rider rides within, and who set it."""

    name: str
    label: str
    value: float
    unit: str
    origin: str


class RiderTold(BaseModel):
    """A rider."""

    id: int
    version: int
    document: RiderDocument
    limits: list[Limit]
    reasons: list[Question]
    """Against riding today; empty if there is nothing."""
    problems: list[Problem]
    """Of the document itself; empty but after an update of the program."""
    sessions: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


class NewRider(Body):
    """A rider to be added."""

    document: RiderDocument


class RiderChange(Body):
    """A rider's new document, and the version that it was made from."""

    document: RiderDocument
    version: Version


class ScreeningBody(Body):
    """Answers to the questions."""

    answers: dict[str, bool] = Field(examples=[{"glaucoma": False}])
    consulted: bool
    supervised: bool
    version: Version | None = None


class ClearanceBody(Body):
    """A physician's permission; None takes it away."""

    clearance: Annotated[dict[str, Any], Field(json_schema_extra={"x-document": "Clearance"})] | None
    version: Version | None = None


class TrendPoint(BaseModel):
    """One session in the course of many."""

    id: int
    started_at: datetime
    outcome: str
    duration_s: float
    inverted_s: float
    highest_deg: float | None
    simulated: bool | None
    comfort_before: int | None
    comfort_after: int | None


class Trends(BaseModel):
    """A rider's sessions, the oldest first."""

    sessions: list[TrendPoint]


@router.get("/screening")
def questions(_: Me) -> Questions:
    """Give the health questions, page by page."""
    return Questions(**screening_questions())


@router.get("/riders")
def list_riders(parts: AllParts, _: Me, archived: Annotated[bool, Query()] = False) -> RidersTold:
    """List riders: those in use, or those in the archive."""
    with parts.records.read() as transaction:
        found = [_told(parts, transaction, one) for one in riders.everyone(transaction, archived=archived)]
    return RidersTold(riders=[_entry(one) for one in found])


@router.post("/riders", status_code=201)
def add_rider(body: NewRider, parts: AllParts, identity: Me) -> RiderTold:
    """Add a rider. A clearance in the document needs the role clinician."""
    document = _document(body.document)
    if "clearance" in document and not may(identity.role, "clinician"):
        raise Refusal(403, _CLEARANCE)
    with parts.records.begin() as transaction:
        return _told(parts, transaction, riders.add(transaction, identity.who, document))


@router.get("/riders/{id}")
def get_rider(rider_id: Id, parts: AllParts, _: Me) -> RiderTold:
    """Give a rider, with limits and what stands against riding today."""
    return _get(parts, rider_id)


@router.put("/riders/{id}")
def change_rider(body: RiderChange, rider_id: Id, parts: AllParts, identity: Me) -> RiderTold:
    """Keep a rider's new document. Another clearance than before needs the role clinician."""
    document = _document(body.document)

    def change(transaction: Transaction) -> None:
        before = riders.get(transaction, rider_id)
        if before.document.get("clearance") != document.get("clearance") and not may(identity.role, "clinician"):
            raise Refusal(403, _CLEARANCE)
        riders.change(transaction, identity.who, rider_id, document, body.version)

    return _changed(parts, rider_id, change)


@router.put("/riders/{id}/screening")
def answer_questions(body: ScreeningBody, rider_id: Id, parts: AllParts, identity: Me) -> RiderTold:
    """Keep a rider's answers, with today's date."""
    section = {
        "answered": today().isoformat(),
        "consulted": body.consulted,
        "supervised": body.supervised,
        "answers": body.answers,
    }

    def change(transaction: Transaction) -> None:
        before = riders.get(transaction, rider_id)
        document = _document({**before.document, "screening": section})
        riders.change(transaction, identity.who, rider_id, document, body.version)

    return _changed(parts, rider_id, change)


@router.put("/riders/{id}/clearance")
def set_clearance(body: ClearanceBody, rider_id: Id, parts: AllParts, identity: Me) -> RiderTold:
    """Keep a physician's clearance, or take it away."""

    def change(transaction: Transaction) -> None:
        before = riders.get(transaction, rider_id)
        document = {name: value for name, value in before.document.items() if name != "clearance"}
        if body.clearance is not None:
            document["clearance"] = body.clearance
        riders.change(transaction, identity.who, rider_id, _document(document), body.version)

    return _changed(parts, rider_id, change)


@router.post("/riders/{id}/archive")
def archive_rider(rider_id: Id, parts: AllParts, identity: Me) -> RiderTold:
    """Put a rider away, with everything."""
    return _changed(parts, rider_id, lambda transaction: riders.archive(transaction, identity.who, rider_id))


@router.post("/riders/{id}/restore")
def restore_rider(rider_id: Id, parts: AllParts, identity: Me) -> RiderTold:
    """Take a rider out of the archive."""
    return _changed(parts, rider_id, lambda transaction: riders.restore(transaction, identity.who, rider_id))


@router.get("/riders/{id}/export", response_class=Response, responses=attachment("application/json"))
def export_rider(rider_id: Id, parts: AllParts, identity: Me) -> Response:
    """Give all that is held about a rider, who may ask for it."""
    with parts.records.begin() as transaction:
        everything = riders.everything_about(transaction, identity.who, rider_id)
    body = json.dumps(everything, indent=2, ensure_ascii=False, default=str).encode()
    return Response(body, media_type="application/json", headers=named(f"rider-{rider_id}.json"))


@router.get("/riders/{id}/toml", response_class=Response, responses=attachment("application/toml"))
def rider_file(rider_id: Id, parts: AllParts, _: Me) -> Response:
    """Give a rider as a file for the command line, with what the rider did lately."""
    with parts.records.read() as transaction:
        document = riders.get(transaction, rider_id).document
        text = rider_text(with_account(document, sessions.ridden(transaction, rider_id, now())))
    return Response(text.encode(), media_type="application/toml", headers=named(f"rider-{rider_id}.toml"))


@router.delete("/riders/{id}")
def erase_rider(rider_id: Id, parts: AllParts, identity: Me) -> Done:
    """Forget a rider for good. Sessions stay as the table's history, and are nobody's."""
    with parts.records.begin() as transaction:
        riders.erase(transaction, identity.who, rider_id)
    checkpoint(parts.records)
    return Done()


@router.get("/riders/{id}/trends")
def trends(rider_id: Id, parts: AllParts, _: Me) -> Trends:
    """Give a rider's sessions, the oldest first."""
    with parts.records.read() as transaction:
        riders.get(transaction, rider_id)
        found = sessions.trends(transaction, rider_id)
    return Trends(
        sessions=[
            TrendPoint(
                id=one.session_id,
                started_at=one.started_at,
                outcome=one.outcome,
                duration_s=one.duration_s,
                inverted_s=one.inverted_s,
                highest_deg=one.highest_deg,
                simulated=one.simulated,
                comfort_before=one.comfort_before,
                comfort_after=one.comfort_after,
            )
            for one in found
        ]
    )


_CLEARANCE: Final = (
    "a clearance is entered or changed by the role clinician: leave it as it is, or ask somebody who may"
)


_RIDDEN: Final = "what a rider did lately is reckoned from the sessions in the records: take the section ridden out"


def _document(document: dict[str, Any]) -> dict[str, Any]:
    """Check a document, and give it as it is kept. Raises ``ApiError``."""
    checked = document_of(checked_rider(document).source)
    if "ridden" in checked:
        raise at_field("ridden", _RIDDEN)
    return checked


def _changed(parts: Parts, rider_id: int, change: Any) -> RiderTold:
    try:
        with parts.records.begin() as transaction:
            change(transaction)
    except ChangedMeanwhileError as error:
        current = _get(parts, rider_id).model_dump(mode="json")
        raise ApiError(409, str(error), more={"current": current}) from None
    return _get(parts, rider_id)


def _get(parts: Parts, rider_id: int) -> RiderTold:
    with parts.records.read() as transaction:
        return _told(parts, transaction, riders.get(transaction, rider_id))


def _told(parts: Parts, transaction: Transaction, one: riders.Rider) -> RiderTold:
    limits: list[Limit] = []
    reasons: list[Question] = []
    problems: list[Problem] = []
    table = parts.table()
    try:
        rider = kept_rider(transaction, one)
    except ApiError as error:
        problems = [Problem(**problem) for problem in error.problems]
    else:
        moment = now()
        limits = [Limit(**limit) for limit in rider_limits(table, rider, moment)]
        reasons = [Question(**reason) for reason in rider_reasons(table, rider, moment)]
    return RiderTold(
        id=one.id,
        version=one.version,
        document=one.document,
        limits=limits,
        reasons=reasons,
        problems=problems,
        sessions=riders.session_count(transaction, one.id),
        created_at=one.created_at,
        changed_at=one.changed_at,
        archived_at=one.archived_at,
    )


def _entry(told: RiderTold) -> RiderEntry:
    section = told.document.get("rider", {})
    return RiderEntry(
        id=told.id,
        name=str(section.get("name", "")).strip(),
        experience=str(section.get("experience", "")),
        mass_kg=_figure(section.get("mass_kg")),
        height_m=_figure(section.get("height_m")),
        limit_deg=next((limit.value for limit in told.limits if limit.name == "inverted_limit_deg"), None),
        reasons=len(told.reasons) + len(told.problems),
        sessions=told.sessions,
        archived_at=told.archived_at,
    )


def _figure(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
