"""What is told from the recording of a session: pictures, explanation, black box, table and report."""

import json
import os
import uuid
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

from firmware_host.panel.api.children import Finished
from firmware_host.panel.api.downloads import attachment, named
from firmware_host.panel.api.parts import AllParts, Id, Me, Parts
from firmware_host.panel.api.problems import ApiError
from firmware_host.panel.api.work import work
from firmware_host.recording.blackbox_reader import BlackBoxReadError
from firmware_host.recording.csv_export import csv_pieces
from firmware_host.records import NotThereError, sessions

router: Final = APIRouter(tags=["sessions"])

_PICTURE: Final = ".png"
_EXPLAINED: Final = "-explained.png"
"""Endings of the pictures that the commands put beside a recording."""
_PNG_END: Final = b"IEND\xaeB`\x82"
"""How every whole picture ends."""


class Explanation(BaseModel):
    """What happened, in sentences."""

    text: list[str]
    brief: list[str]
    """The same without what each side saw, which is for whoever mends a table."""
    trips: list[dict[str, Any]]
    phases: dict[str, float]
    phases_by: dict[str, str]
    """Of a phase that one angle alone tells of, which one."""
    margins: list[dict[str, Any]]
    """How far each limit was from being broken at the first trip."""
    host: dict[str, Any] | None
    """What the host saw at the first trip, and did next."""
    board: dict[str, Any] | None
    """The same of the board."""


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
    same = {name: told[name] for name in Explanation.model_fields if name != "text"}
    return Explanation(text=told["sentences"], **same)


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
