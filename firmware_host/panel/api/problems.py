"""Errors as the API tells them: what to do, and each problem beside its field."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from firmware_host.files.toml_source import FileError
from firmware_host.panel.access.guard import Refusal
from firmware_host.panel.access.pins import BusyError
from firmware_host.records import (
    ChangedMeanwhileError,
    NotThereError,
    RecordsBusyError,
    RecordsError,
    TakenError,
)

_AROUND: Final = ("body", "query", "path", "document", "clearance")
"""Parts of a place that a form does not show."""


class Problem(BaseModel):
    """One thing that is wrong."""

    model_config = ConfigDict(extra="allow")

    field: str | None = None
    """Such as ``rider.mass_kg``."""
    line: int | None = None
    """Of the text that was sent."""
    text: str


class Failure(BaseModel):
    """What every error answers."""

    model_config = ConfigDict(extra="allow")

    error: str
    """What is wrong, and what to do."""
    problems: list[Problem] = []


class ApiError(Exception):
    """A request cannot be followed."""

    def __init__(
        self,
        status: int,
        error: str,
        problems: Sequence[Mapping[str, Any]] = (),
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error)
        self.status, self.error, self.problems, self.more = status, error, list(problems), dict(more or {})


def at_field(field: str, text: str) -> ApiError:
    """Give the error for one field of a form."""
    return ApiError(422, text, [{"field": field, "line": None, "text": text}])


def wait(wait_s: float, text: str) -> ApiError:
    """Give the error for somebody who has to wait."""
    return ApiError(429, text, more={"retry_after_s": math.ceil(wait_s)})


def add_handlers(app: FastAPI) -> None:
    """Let the application tell every error so."""
    statuses: tuple[tuple[type[Exception], int], ...] = (
        (NotThereError, 404),
        (TakenError, 409),
        (ChangedMeanwhileError, 409),
        (RecordsBusyError, 503),
        (RecordsError, 409),
    )
    for kind, status in statuses:
        app.add_exception_handler(kind, _records_handler(status))
    app.add_exception_handler(ApiError, _own)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(FileError, _file)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def answer(
    status: int, error: str, problems: Sequence[Mapping[str, Any]] = (), more: Mapping[str, Any] | None = None
) -> JSONResponse:
    """Make an error's answer."""
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if more is not None and "retry_after_s" in more:
        headers["Retry-After"] = str(more["retry_after_s"])
    return JSONResponse({"error": error, "problems": list(problems), **(more or {})}, status, headers)


def _own(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return answer(error.status, error.error, error.problems, error.more)


def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return answer(error.status, str(error))


def _busy(_: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 - the signature of handlers
    return answer(429, "too many are logging in at once: try again in a moment", more={"retry_after_s": 1})


def _records_handler(status: int) -> Any:
    def handle(_: Request, error: Exception) -> JSONResponse:
        return answer(status, str(error))

    return handle


def _file(_: Request, error: Exception) -> JSONResponse:
    """Tell of a file that the panel itself works with: the table's."""
    assert isinstance(error, FileError)
    told = [{"field": None, "line": problem.line, "text": problem.text} for problem in error.problems]
    return answer(409, f"the table file cannot be used: {error.problems[0]}", told)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Tell of a body that is none of ours; never what stood in it."""
    assert isinstance(error, RequestValidationError)
    told = [{"field": _field(one["loc"]), "line": None, "text": str(one["msg"])} for one in error.errors()]
    where = told[0]["field"]
    return answer(422, f"{where}: {told[0]['text']}" if where else str(told[0]["text"]), told)


def _field(location: Sequence[str | int]) -> str | None:
    parts = list(location)
    while parts and parts[0] in _AROUND:
        parts.pop(0)
    return ".".join(str(part) for part in parts) or None


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    text = {404: "there is nothing here: docs/api.md says what there is", 405: "this cannot be done here"}
    said = answer(error.status_code, text.get(error.status_code, str(error.detail)))
    said.headers.update(error.headers or {})
    return said
