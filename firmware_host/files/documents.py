"""Files as documents: what a form holds as JSON, and the TOML text of the same, there and back.

A document may be half written: a form that somebody is filling in becomes text all the same, and whoever reads that
text says what is missing, at the line that ``marked`` turns back into the field. A value that is null is absent. Text
that was made here has one key a line; comments are not part of a document, and ``comments_in`` counts what would go.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, TypedDict, get_args

import tomlkit
import tree_sitter_toml
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item
from tree_sitter import Language, Parser

from firmware_host.files.kinds import FileKind
from firmware_host.files.programs import (
    Go,
    Hold,
    Intermittent,
    MotionSection,
    Oscillate,
    ProgramFile,
    Progressive,
    Regressive,
    Repeat,
    Rest,
    WarmUp,
)
from firmware_host.files.riders import Clearance, RiddenSection, RiderFile, RiderSection, ScreeningSection
from firmware_host.files.toml_lines import BARE_KEY, Location
from firmware_host.files.toml_source import MAX_BYTES, TAG_KEY, FileError, FileModel, Problem, TomlSource, parse_toml
from safety.ridden import Ridden

Document = Mapping[str, Any]

STEP_KINDS: Final[dict[str, type[FileModel]]] = {
    get_args(model.model_fields[TAG_KEY].annotation)[0]: model
    for model in (Go, Hold, Rest, Oscillate, Progressive, Regressive, Intermittent, WarmUp, Repeat)
}
"""What a step may do, with the model of its values."""

_LINES: Final = re.compile(r"[^\n\r]+(\n[^\r]*)+")
"""Text that reads better on several lines."""
_NOT_A_DOCUMENT: Final = "cannot be written as a file ({reason}); send names with numbers, texts, lists and tables"
_STEP: Final = "step"
_EMPTY_IS_ABSENT: Final = ("limits", "motion")
_DATES: Final[tuple[tuple[str, str, type[date]], ...]] = (
    ("clearance", "expires", date), ("screening", "answered", date), ("ridden", "ended", datetime),
)  # fmt: skip


class Marked(TypedDict):
    """A problem, and where it belongs in a form."""

    line: int | None
    field: str | None
    """Dotted path, such as ``rider.mass_kg`` or ``step.0.to_deg``."""
    path: list[str | int]
    """The same as a list; empty for the file as a whole."""
    step: int | None
    """Index of a program's top-level step."""
    text: str


# --------------------------------------------------------------------------------------------------- documents to text


def program_text(document: Document) -> str:
    """Write a program's document as TOML. Raises ``FileError`` for what no file can hold."""
    return _written(document, ProgramFile)


def rider_text(document: Document) -> str:
    """Write a rider's document as TOML; its dates are ISO texts. Raises ``FileError`` for what no file can hold."""
    return _written(_with_dates(document), RiderFile)


def read_document(kind: FileKind, name: str, text: str | None, document: Document | None) -> TomlSource:
    """Read a program or a rider from its text, or from its document.

    Args:
        kind: of file.
        name: names the source in messages.
        text: the TOML text; None to take the document.
        document: as JSON.

    Raises ``FileError`` for what cannot be read as TOML. Whether the values are right is said by ``make_program`` and
    ``make_rider``.
    """
    if text is None:
        if document is None:
            raise FileError([Problem(name, None, "there is nothing to read: send a text or a document")])
        text = rider_text(document) if kind == "rider" else program_text(document)
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise FileError([Problem(name, None, f"is larger than {MAX_BYTES // 1024} KiB, the most that is read")])
    return parse_toml(name, text)


def _with_dates(document: Document) -> Document:
    """Turn the texts of dates into dates; one that is no date stays a text, for the model to refuse."""
    dated = dict(document)
    for section, key, kind in _DATES:
        values = dated.get(section)
        if isinstance(values, Mapping) and isinstance(values.get(key), str):
            try:
                dated[section] = {**values, key: kind.fromisoformat(values[key])}
            except ValueError:
                continue
    return dated


def _written(document: Document, model: type[FileModel]) -> str:
    try:
        return "\n".join(_lines(document, model, ())).strip("\n") + "\n"
    except (TOMLKitError, TypeError, ValueError, AttributeError) as error:
        raise FileError([Problem("document", None, _NOT_A_DOCUMENT.format(reason=error))]) from None
    except RecursionError:
        reason = "it is nested too deeply"
        raise FileError([Problem("document", None, _NOT_A_DOCUMENT.format(reason=reason))]) from None


def _lines(values: Document, model: type[FileModel] | None, header: tuple[str, ...]) -> Iterator[str]:
    """Write values in the model's order: plain ones, then tables, then lists of steps, as TOML wants them."""
    known = [] if model is None else list(model.model_fields)
    names = sorted(values, key=lambda name: known.index(name) if name in known else len(known))
    present = [(name, values[name]) for name in names if not _absent(name, values[name])]
    for name, value in present:
        if not _is_section(value) and not _is_steps(name, value):
            yield f"{_key(name)} = {_plain(value)}"
    for name, value in present:
        if _is_section(value):
            inner = (*header, _key(name))
            yield from ("", f"[{'.'.join(inner)}]")
            yield from _lines(value, _MODELS.get(name), inner)
    for name, value in present:
        if _is_steps(name, value):
            inner = (*header, _key(name))
            for step in value:
                yield from ("", f"[[{'.'.join(inner)}]]")
                yield from _lines(step, STEP_KINDS.get(str(step.get(TAG_KEY))), inner)


_MODELS: Final[dict[str, type[FileModel]]] = {
    "motion": MotionSection, "rider": RiderSection, "clearance": Clearance, "screening": ScreeningSection,
    "ridden": RiddenSection,
}  # fmt: skip


def _absent(name: str, value: object) -> bool:
    return value is None or (name in _EMPTY_IS_ABSENT and value == {})


def _is_section(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_steps(name: str, value: object) -> bool:
    return name == _STEP and isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else tomlkit.key([name]).as_string()


def _plain(value: Any) -> str:
    """Write a value on one line, or a text of several lines on as many."""
    if isinstance(value, Mapping):
        pairs = [f"{_key(name)} = {_plain(one)}" for name, one in value.items() if one is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list):  # not by tomlkit: for thousands of elements it takes minutes
        return f"[{', '.join(_plain(one) for one in value if one is not None)}]"
    if isinstance(value, str):
        return tomlkit.string(value, multiline=_LINES.fullmatch(value) is not None).as_string()
    item: Item = tomlkit.item(value)
    return item.as_string()


# --------------------------------------------------------------------------------------------------- text to documents


def document_of(source: TomlSource) -> dict[str, Any]:
    """Give a file's values as JSON has them: dates as ISO texts; numbers that JSON lacks as TOML spells them."""
    return {name: _as_json(value) for name, value in source.data.items()}


def with_account(document: Document, ridden: Ridden | None) -> Document:
    """Give a rider's document with what the rider did lately; None leaves it as it is."""
    if ridden is None:
        return document
    return {**document, "ridden": RiddenSection(**ridden._asdict()).model_dump(mode="json")}


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value:g}"
    return value


def comments_in(text: str) -> int:
    """Count the comments of a text: what is lost when it is written anew from its document."""
    pending, found = [Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node], 0
    while pending:
        node = pending.pop()
        found += node.type == "comment"
        pending += node.children
    return found


# ------------------------------------------------------------------------------------------------ from lines to fields


def place_of(source: TomlSource, line: int | None) -> Location:
    """Give what stands on a line: a key, a step, a section; the common part where a line holds several values."""
    if line is None:
        return ()
    here = [location for location, found in source.lines.items() if found == line]
    if not here:
        return ()
    around = {location[:end] for location in here for end in range(len(location))}
    ends = [location for location in here if location not in around]
    return _common(ends)


def _common(locations: Sequence[Location]) -> Location:
    first, last = min(locations, key=_sortable), max(locations, key=_sortable)
    shared = [one for one, other in zip(first, last, strict=False) if one == other]
    length = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(shared))
    return first[:length]


def _sortable(location: Location) -> tuple[str, ...]:
    return tuple(f"{part:09d}" if isinstance(part, int) else part for part in location)


def marked(problem: Problem, source: TomlSource) -> Marked:
    """Say of a problem where in a form it belongs; one of another file belongs to none of this one's fields."""
    own = problem.path == source.path
    path = place_of(source, problem.line) if own else ()
    step = path[1] if len(path) > 1 and path[0] == _STEP else None
    return Marked(
        line=problem.line if own else None,
        field=".".join(map(str, path)) or None,
        path=list(path),
        step=step if isinstance(step, int) else None,
        text=problem.text,
    )


def without_places(text: str, paths: Iterable[str]) -> str:
    """Take ``(path:line)`` out of a message: people with a form before them have no lines."""
    for path in paths:
        text = re.sub(rf" \({re.escape(path)}(:\d+|, which sets no \w+)?\)", "", text)
    return text
