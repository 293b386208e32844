"""Riders and programs on their way in: read from text or document, and refused with each problem at its field."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

from pydantic import Field

from firmware_host.day import now
from firmware_host.files.documents import marked, program_text, read_document
from firmware_host.files.programs import Program, make_program
from firmware_host.files.riders import Rider, make_rider, with_ridden
from firmware_host.files.toml_source import MAX_BYTES, FileError, TomlSource
from firmware_host.panel.api.problems import ApiError
from firmware_host.records import Transaction, riders, sessions

RIDER: Final = "this rider"
PROGRAM: Final = "this program"
"""Name both in messages; the forms have no files."""

RiderDocument = Annotated[dict[str, Any], Field(json_schema_extra={"x-document": "RiderFile"})]
ProgramDocument = Annotated[dict[str, Any], Field(json_schema_extra={"x-document": "ProgramFile"})]
"""A file's values as JSON, with dates as ISO texts; the OpenAPI document shows the whole model."""
Text = Annotated[str, Field(max_length=MAX_BYTES)]
"""A TOML file."""


def checked_rider(document: Mapping[str, Any]) -> Rider:
    """Check a rider. Raises ``ApiError`` with every problem at its field."""
    source = TomlSource(RIDER, {}, {})
    try:
        source = read_document("rider", RIDER, None, document)
        return make_rider(source)
    except FileError as error:
        _refuse(error, source)


def checked_program(text: str | None, document: Mapping[str, Any] | None) -> tuple[Program, str]:
    """Check a program; gives it with its text. Raises ``ApiError`` with every problem at its line and field."""
    source = TomlSource(PROGRAM, {}, {})
    try:
        if text is None and document is not None:
            text = program_text(document)
        source = read_document("program", PROGRAM, text, None)
        return make_program(source), text or ""
    except FileError as error:
        _refuse(error, source)


def kept_rider(transaction: Transaction, rider: riders.Rider) -> Rider:
    """Give a rider of the records as the rest of the program knows riders, with what they did. Raises ``ApiError``."""
    return with_ridden(checked_rider(rider.document), sessions.ridden(transaction, rider.id, now()))


def _refuse(error: FileError, source: TomlSource) -> NoReturn:
    told = [dict(marked(problem, source)) for problem in error.problems]
    raise ApiError(422, str(told[0]["text"]), told) from None
