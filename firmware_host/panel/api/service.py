"""The table's file and its limits, serial ports, and a bundle for whoever helps from afar."""

from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel

from firmware_host.diagnostics import write_bundle
from firmware_host.disk import replace_text
from firmware_host.files.table_change import table_change, table_limits
from firmware_host.files.tables import make_table
from firmware_host.files.toml_source import FileError, parse_toml
from firmware_host.panel.api.documents import Text
from firmware_host.panel.api.downloads import attachment, named
from firmware_host.panel.api.parts import AllParts, Body, Me, Told
from firmware_host.panel.api.problems import ApiError, Problem
from firmware_host.port_survey import survey
from firmware_host.records import audit

router: Final = APIRouter(tags=["service"])

_NAMES_IN_SETUP: Final = frozenset(
    {"rider", "program", "unscreened", "segments", "reference", "height_m", "limits", "table", "table_file"}
)
_NAMES_IN_STATE: Final = frozenset({"reference", "step", "blackbox"})
"""Nobody's name, program or build goes into the bundle; limits say whose they are, and a file's name which program."""


class TableLimit(Told):
    """A limit: the machine's, the one that this table leaves, and how far a file may go."""

    name: str
    unit: str
    machine: float
    table: float
    tighter: str
    tightest: float
    origin: str


class TableTold(BaseModel):
    """The table that sessions run on."""

    text: str
    path: str | None
    """None is the built-in table, which no file can change: start with --table FILE."""
    name: str
    serial: int | None
    port: str | None
    baud: int
    hand_switch: str
    firmware: str | None
    """Of the board that is connected; None where none told it."""
    limits: list[TableLimit]


class TableText(Body):
    """A table file."""

    text: Text


class TableChange(BaseModel):
    """Something that another text would change."""

    name: str
    before: Any
    after: Any
    unit: str


class TableChanges(BaseModel):
    """All that another text would change, or why it cannot be used."""

    changes: list[TableChange]
    problems: list[Problem]


class TableKept(TableChanges):
    """The file was written."""

    notice: str


class PortTold(BaseModel):
    """A serial port, and who answers there."""

    device: str
    description: str
    answer: str
    board: bool


class Ports(BaseModel):
    """The serial ports of this machine."""

    ports: list[PortTold]


@router.get("/service/table")
def table(parts: AllParts, _: Me) -> TableTold:
    """Give the table's file, and every limit."""
    found = parts.table()
    board = (parts.state() or {}).get("board") or (parts.setup() or {}).get("board") or {}
    firmware = board.get("firmware")
    section = found.file.table
    text = "" if parts.table_file is None else parts.table_file.read_text(encoding="utf-8")
    return TableTold(
        text=text,
        path=None if parts.table_file is None else parts.table_file.name,
        name=section.name,
        serial=section.serial,
        port=section.port,
        baud=section.baud,
        hand_switch=section.hand_switch,
        firmware=None if firmware is None else str(firmware),
        limits=[TableLimit(**limit) for limit in table_limits(found)],
    )


@router.post("/service/table/diff")
def compare(body: TableText, parts: AllParts, _: Me) -> TableChanges:
    """Say what another text of the table's file would change."""
    return TableChanges(**table_change(parts.table(), body.text))


@router.put("/service/table")
def write_table(body: TableText, parts: AllParts, identity: Me) -> TableKept:
    """Write the table's file. It counts from the next start on."""
    if parts.table_file is None:
        raise ApiError(409, "this is the built-in table: write a file of your own, and start with --table FILE")
    change = table_change(parts.table(), body.text)
    try:
        make_table(parse_toml(parts.table_file.name, body.text))
    except FileError as error:
        told = [{"field": None, "line": problem.line, "text": problem.text} for problem in error.problems]
        raise ApiError(422, error.problems[0].text, told) from None
    changed = [one["name"] for one in change["changes"]]
    with parts.records.begin() as transaction:
        audit.append(transaction, identity.who, "table file changed", None, {"changed": changed})
        _write(parts.table_file, body.text)
    return TableKept(**change, notice="Written. It counts from the next start of righting on.")


@router.get("/service/ports")
def ports(parts: AllParts, _: Me) -> Ports:
    """Ask on every serial port who is there; the port of the running session is left alone."""
    setup = parts.setup() or {}
    found = parts.table().file.table
    in_use = setup.get("port") or (None if setup.get("simulated") else found.port)
    answers = survey(in_use=in_use, baud=found.baud)
    return Ports(
        ports=[
            PortTold(device=one.device, description=one.description, answer=one.answer, board=one.board is not None)
            for one in answers
        ]
    )


@router.get("/service/diagnostics", response_class=Response, responses=attachment("application/zip"))
def diagnostics(parts: AllParts, _: Me) -> Response:
    """Give a bundle for whoever helps from afar: no names, no secrets, nothing about health."""
    setup, state = parts.setup() or {}, parts.state() or {}
    live = {
        "state": {name: value for name, value in state.items() if name not in _NAMES_IN_STATE},
        "setup": {name: value for name, value in setup.items() if name not in _NAMES_IN_SETUP},
    }
    target = BytesIO()
    write_bundle(target, parts.table(), parts.black_boxes, live)
    return Response(target.getvalue(), media_type="application/zip", headers=named("righting-diagnostics.zip"))


def _write(file: Path, text: str) -> None:
    """Replace a file, whole or not at all. Raises ``ApiError``."""
    try:
        replace_text(file, text, file.stat().st_mode & 0o777)
    except OSError as error:
        raise ApiError(409, f"{file.name} cannot be written ({error.strerror}): check who may write there") from None
