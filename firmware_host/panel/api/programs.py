"""The library of programs, the editor's preview, and a run on the simulator before anybody lies down."""

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, model_validator

from firmware_host.day import now
from firmware_host.files.documents import document_of, read_document, rider_text
from firmware_host.files.program_preview import library_entry, preview
from firmware_host.files.riders import Rider
from firmware_host.files.toml_source import FileError
from firmware_host.panel.api.documents import PROGRAM, ProgramDocument, Text, checked_program, kept_rider
from firmware_host.panel.api.downloads import attachment, named
from firmware_host.panel.api.parts import LARGEST_ID, AllParts, Body, Done, Id, Me, Parts, Told
from firmware_host.panel.api.problems import ApiError, Problem
from firmware_host.panel.api.work import ask_worker
from firmware_host.records import ChangedMeanwhileError, programs, riders

SIMULATED_S: Final = 60.0
"""A simulation that takes longer is given up."""

router: Final = APIRouter(tags=["programs"])

RiderId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class ProgramEntry(Told):
    """A program in the library."""

    id: int
    name: str
    description: str
    total_s: float | None
    inverted_s: float | None
    highest_deg: float | None
    curve: list[tuple[float, float]]
    fits: bool | None
    """None where no rider was named and the table has nothing against it."""
    why_not: list[str]
    built_in: bool
    archived_at: datetime | None


class ProgramsTold(BaseModel):
    """Programs by name."""

    programs: list[ProgramEntry]


class ProgramTold(BaseModel):
    """A program."""

    id: int
    name: str
    version: int
    text: str
    document: ProgramDocument | None
    """None where the text can no longer be read."""
    built_in: bool
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


class _Source(Body):
    text: Text | None = Field(default=None, examples=['name = "Short"\n\n[[step]]\ndo = "go"\nto_deg = 10\n'])
    document: ProgramDocument | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.document is None):
            raise ValueError("send either text or document")
        return self


class NewProgram(_Source):
    """A program as text or as document."""


class ProgramChange(_Source):
    """A program's new text, and the version that it was made from."""

    version: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class PreviewBody(_Source):
    """What the editor holds, and who would ride."""

    rider_id: RiderId | None = None


class SimulateBody(Body):
    """What is to be tried out, and with whom."""

    text: Text
    rider_id: RiderId | None = None


class Segment(Told):
    """A part of the way."""

    label: str
    step: int
    starts_s: float
    to_deg: float


class Preview(Told):
    """What a program would do."""

    ok: bool
    name: str | None
    text: str | None
    document: dict[str, Any] | None
    program_s: float | None
    total_s: float | None
    inverted_s: float | None
    highest_deg: float | None
    limit_deg: float
    upright_deg: float
    allowance_s: float
    segments: list[Segment]
    curve: list[tuple[float, float]]
    problems: list[Problem]
    advice: list[Problem]


class Simulated(BaseModel):
    """What a program did on the simulated table."""

    outcome: str
    reason: str
    duration_s: float
    highest_deg: float | None
    inverted_s: float
    trips: list[str]
    curve: list[tuple[float, float]]


@router.get("/programs")
def library(
    parts: AllParts,
    _: Me,
    rider_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    archived: Annotated[bool, Query()] = False,
) -> ProgramsTold:
    """List programs; with a rider, each says whether it fits."""
    rider = _rider(parts, rider_id)
    with parts.records.read() as transaction:
        found = programs.library(transaction, archived=archived)
    table, moment = parts.table(), now()
    return ProgramsTold(
        programs=[
            ProgramEntry(
                id=one.id,
                built_in=one.built_in is not None,
                archived_at=one.archived_at,
                **{**library_entry(table, rider, one.name, one.text, moment), "name": one.name},
            )
            for one in found
        ]
    )


@router.post("/programs", status_code=201)
def add_program(body: NewProgram, parts: AllParts, identity: Me) -> ProgramTold:
    """Add a program."""
    program, text = checked_program(body.text, body.document)
    with parts.records.begin() as transaction:
        return _told(programs.add(transaction, identity.who, program.file.name, text))


@router.post("/programs/preview")
def preview_program(body: PreviewBody, parts: AllParts, _: Me) -> Preview:
    """Lay a program out for a rider, right or wrong: each problem at its line and step."""
    rider = _rider(parts, body.rider_id)
    return Preview(**preview(parts.table(), rider, PROGRAM, body.text, body.document, now()))


@router.post("/programs/simulate")
def simulate_program(body: SimulateBody, parts: AllParts, _: Me) -> Simulated:
    """Run a program on the simulated table, in lock-step, before anybody lies down."""
    checked_program(body.text, None)
    rider = _rider(parts, body.rider_id)
    with tempfile.TemporaryDirectory(prefix="righting-simulated-") as name:
        folder = Path(name)
        (folder / "program.toml").write_text(body.text, encoding="utf-8")
        arguments = ["bench", str(folder / "program.toml"), "--records", name, "--json", "-"]
        if parts.table_file is not None:
            arguments += ["--table", str(parts.table_file)]
        if rider is not None:
            (folder / "rider.toml").write_text(rider_text(document_of(rider.source)), encoding="utf-8")
            arguments += ["--rider", str(folder / "rider.toml")]
        done = parts.children.run("firmware_host", arguments, longest_s=SIMULATED_S)
        try:
            told = json.loads(done.output)
        except ValueError:
            raise _refused(done.errors, name) from None
        told |= ask_worker(parts.children, "curve", {"file": told["blackbox"]})
    return Simulated(
        outcome=told["outcome"],
        reason=told["reason"],
        duration_s=told["duration_s"],
        highest_deg=told["highest_deg"],
        inverted_s=told["inverted_s"],
        trips=[f"{trip['id']}: {trip['detail']}" for trip in told["trips"]],
        curve=told["curve"],
    )


@router.get("/programs/{id}")
def get_program(program_id: Id, parts: AllParts, _: Me) -> ProgramTold:
    """Give a program."""
    return _get(parts, program_id)


@router.put("/programs/{id}")
def change_program(body: ProgramChange, program_id: Id, parts: AllParts, identity: Me) -> ProgramTold:
    """Keep a program's new text. One that comes with righting cannot be changed: add a copy."""
    program, text = checked_program(body.text, body.document)
    try:
        with parts.records.begin() as transaction:
            return _told(programs.change(transaction, identity.who, program_id, program.file.name, text, body.version))
    except ChangedMeanwhileError as error:
        current = _get(parts, program_id).model_dump(mode="json")
        raise ApiError(409, str(error), more={"current": current}) from None


@router.post("/programs/{id}/archive")
def archive_program(program_id: Id, parts: AllParts, identity: Me) -> ProgramTold:
    """Put a program away."""
    with parts.records.begin() as transaction:
        return _told(programs.archive(transaction, identity.who, program_id))


@router.post("/programs/{id}/restore")
def restore_program(program_id: Id, parts: AllParts, identity: Me) -> ProgramTold:
    """Take a program out of the archive."""
    with parts.records.begin() as transaction:
        return _told(programs.restore(transaction, identity.who, program_id))


@router.get("/programs/{id}/toml", response_class=Response, responses=attachment("application/toml"))
def program_file(program_id: Id, parts: AllParts, _: Me) -> Response:
    """Give a program as a file, as it was written."""
    text = _get(parts, program_id).text
    return Response(text.encode(), media_type="application/toml", headers=named(f"program-{program_id}.toml"))


@router.delete("/programs/{id}")
def erase_program(program_id: Id, parts: AllParts, identity: Me) -> Done:
    """Delete a program; sessions keep its name."""
    with parts.records.begin() as transaction:
        programs.erase(transaction, identity.who, program_id)
    return Done()


def _rider(parts: Parts, rider_id: int | None) -> Rider | None:
    if rider_id is None:
        return None
    with parts.records.read() as transaction:
        return kept_rider(transaction, riders.get(transaction, rider_id))


def _get(parts: Parts, program_id: int) -> ProgramTold:
    with parts.records.read() as transaction:
        return _told(programs.get(transaction, program_id))


def _told(one: programs.Program) -> ProgramTold:
    try:
        document: dict[str, Any] | None = document_of(read_document("program", PROGRAM, one.text, None))
    except FileError:
        document = None
    return ProgramTold(
        id=one.id,
        name=one.name,
        version=one.version,
        text=one.text,
        document=document,
        built_in=one.built_in is not None,
        created_at=one.created_at,
        changed_at=one.changed_at,
        archived_at=one.archived_at,
    )


def _refused(errors: str, folder: str) -> ApiError:
    """Give what the command said against the program, without the folder that nobody knows."""
    lines = [line.removeprefix("righting: ").replace(f"{folder}/", "") for line in errors.strip().splitlines()]
    told = [line for line in lines if line] or ["the simulator said nothing"]
    return ApiError(422, told[0], [{"field": None, "line": None, "text": line} for line in told])
