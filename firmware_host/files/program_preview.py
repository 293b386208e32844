"""What a program would do with a rider, before anybody lies down: its curve, its times, each problem at its step."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from firmware_host.control.plan import Move, Plan
from firmware_host.files.documents import (
    Document,
    comments_in,
    document_of,
    marked,
    program_text,
    read_document,
    without_places,
)
from firmware_host.files.kinds import kind_of
from firmware_host.files.plan_curve import curve
from firmware_host.files.programs import Program, make_program
from firmware_host.files.riders import Rider, rider_chain
from firmware_host.files.tables import Table
from firmware_host.files.toml_source import FileError, Problem, TomlSource
from firmware_host.files.validation import Examination, examine, examine_within

THUMBNAIL_POINTS: Final = 120
_MOST_TOLD: Final = 50


def preview(
    table: Table, rider: Rider | None, name: str, text: str | None, document: Document | None, now: datetime
) -> dict[str, Any]:
    """Give all that an editor shows of a program, right or wrong; what is wrong is in ``problems``.

    Args:
        table: that it would run on.
        rider: who would ride; None holds the program against the table alone.
        name: names the program in messages.
        text: as TOML; None to take the document.
        document: as JSON.
        now: dates a rider's clearance, and says what is left of the day.
    """
    answer = _nothing_yet(table, rider, text, now)
    try:
        answer["text"] = program_text(document) if text is None and document is not None else text
        source = read_document("program", name, answer["text"], None)
        answer["document"] = document_of(source) if kind_of(source) in ("program", None) else None
        program = make_program(source)
    except FileError as error:
        answer["problems"] = _unread(error, name, answer["text"])
        return answer
    found = _examined(table, rider, program, now)
    return {**answer, **_laid_out(program.source, found, _paths(table, rider))}


def library_entry(table: Table, rider: Rider | None, name: str, text: str, now: datetime) -> dict[str, Any]:
    """Give what a list of programs shows of one: its times, a small curve, and whether it fits.

    ``fits`` is None where nobody is chosen and the table has nothing against it.
    """
    entry: dict[str, Any] = {"name": name, "description": "", "total_s": None, "inverted_s": None}
    entry |= {"highest_deg": None, "curve": [], "fits": False, "why_not": []}
    try:
        program = make_program(read_document("program", name, text, None))
    except FileError as error:
        return {**entry, "why_not": [problem.text for problem in error.problems]}
    found = _examined(table, rider, program, now)
    paths = (*_paths(table, rider), name)
    return {
        "name": program.file.name,
        "description": program.file.description,
        "total_s": found.plan.total_s,
        "inverted_s": found.plan.inverted_s,
        "highest_deg": found.plan.max_deg,
        "curve": _rounded(curve(found.plan, found.limits, THUMBNAIL_POINTS)),
        "fits": False if found.refusals else None if rider is None else True,
        "why_not": [without_places(problem.text, paths) for problem in found.refusals[:_MOST_TOLD]],
    }


def _examined(table: Table, rider: Rider | None, program: Program, now: datetime) -> Examination:
    return examine_within(table.chain, program) if rider is None else examine(table, rider, program, now)


def _paths(table: Table, rider: Rider | None) -> tuple[str, ...]:
    return (table.source.path,) if rider is None else (table.source.path, rider.source.path)


def _nothing_yet(table: Table, rider: Rider | None, text: str | None, now: datetime) -> dict[str, Any]:
    """Give an answer about a program of which nothing could be read: who would ride, and within what."""
    limits = table.limits if rider is None else rider_chain(table, rider, now)[0].limits
    answer: dict[str, Any] = {"ok": False, "name": None, "text": text, "document": None}
    answer |= dict.fromkeys(("program_s", "return_s", "total_s", "inverted_s", "highest_deg"))
    answer |= {"limit_deg": limits.inverted_limit_deg, "upright_deg": limits.upright_deg}
    answer |= {"allowance_s": limits.time_inverted_s, "rider": None if rider is None else rider.file.rider.name}
    answer |= {"segments": [], "steps": [], "curve": [], "problems": [], "advice": []}
    return {**answer, "comments": 0 if text is None else comments_in(text)}


def _unread(error: FileError, name: str, text: str | None) -> list[Any]:
    """Mark what keeps a program from being read; lines of a text that is no TOML lead to no step."""
    try:
        source = read_document("program", name, text, None)
    except FileError:
        source = TomlSource(name, {}, {})
    return [marked(problem, source) for problem in error.problems]


def _laid_out(source: TomlSource, found: Examination, paths: Sequence[str]) -> dict[str, Any]:
    plan, limits = found.plan, found.limits
    return {
        "ok": not found.refusals,
        "name": plan.name,
        "program_s": plan.program_s,
        "return_s": plan.return_s,
        "total_s": plan.total_s,
        "inverted_s": plan.inverted_s,
        "highest_deg": plan.max_deg,
        "limit_deg": limits.inverted_limit_deg,
        "upright_deg": limits.upright_deg,
        "allowance_s": limits.time_inverted_s,
        "segments": _segments(plan),
        "steps": _steps(plan),
        "curve": _rounded(curve(plan, limits)),
        "problems": _told(found.refusals, source, paths),
        "advice": _told(found.advice, source, paths),
    }


def _told(problems: Sequence[Problem], source: TomlSource, paths: Sequence[str]) -> list[Any]:
    everywhere = (*paths, source.path)
    return [
        {**marked(problem, source), "text": without_places(problem.text, everywhere)}
        for problem in problems[:_MOST_TOLD]
    ]


def _segments(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "label": segment.label,
            "step": segment.step,
            "starts_s": round(starts_s, 3),
            "to_deg": segment.to_deg if isinstance(segment, Move) else segment.at_deg,
        }
        for segment, starts_s in zip(plan.segments, plan.starts_s, strict=True)
    ]


def _steps(plan: Plan) -> list[dict[str, Any]]:
    """Give when each top-level step begins and ends; a step that moves nothing and waits for nothing has no time."""
    times: dict[int, tuple[float, float]] = {}
    spans = pairwise([*plan.starts_s, plan.program_s])
    for segment, (starts_s, ends_s) in zip(plan.segments, spans, strict=True):
        times[segment.step] = (times.get(segment.step, (starts_s, ends_s))[0], ends_s)
    return [{"step": step, "starts_s": round(a, 3), "ends_s": round(b, 3)} for step, (a, b) in times.items()]


def _rounded(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    return [[round(t_s, 3), round(angle_deg, 3)] for t_s, angle_deg in points]
