"""TOML files whose every problem is told with its file, its line, and what to do.

Values come from ``tomllib``, the reference reader. It keeps no positions, so the line of each key is found with
tree-sitter's TOML grammar in the same text. A problem with a value that is not in the file (something missing) is
told at the line of the table or list that should hold it.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, NoReturn, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from firmware_host.files.names import expect_seen
from firmware_host.files.toml_lines import BARE_KEY, Location, find_lines

MAX_BYTES: Final = 128 * 1024
"""Largest file that is read. The longest reasonable program has a few kilobytes; more is a mistake or an attack."""

MAX_LINE_CHARS: Final = 1200
"""Longest line that is read: a key of thousands of dotted parts would keep a reader busy for minutes."""

_MAX_TOLD: Final = 50
_SHOWN_CHARS: Final = 60
_POSITION: Final = re.compile(r"\s*\((?:at line (\d+), column (\d+)|at end of document)\)$")

_BOM: Final = "begins with a byte order mark, which TOML does not allow; save it as UTF-8 without it"

TAG_KEY: Final = "do"
"""The key by which a table says what kind it is (a program's steps)."""

_UNKNOWN: Final = "unknown_name"
_MISSING: Final = "missing_name"

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(expect_seen)
]
"""What people call a table, a rider or a program."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class Problem(NamedTuple):
    """One thing that is wrong in a file; ``str()`` is ``path:line: text``."""

    path: str
    line: int | None
    """From 1; None where the problem is the file itself."""
    text: str
    """What is wrong and what to do about it."""

    def __str__(self) -> str:
        """Give the form that editors and terminals turn into a link."""
        return f"{self.path}: {self.text}" if self.line is None else f"{self.path}:{self.line}: {self.text}"


class FileError(Exception):
    """One or more files cannot be used. ``str()`` has a line for every problem, not only for the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class FileModel(BaseModel):
    """Base of everything read from a file: exact types, no unknown keys, no NaN, no infinity, unchangeable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Say of unknown and of missing names what was probably meant: here it is known which names there are."""
        try:
            return handler(data)
        except ValidationError as error:
            told = [cls._explained(one) for one in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, told) from None

    @classmethod
    def _explained(cls, error: ErrorDetails) -> InitErrorDetails:
        kind: str | PydanticCustomError = error["type"]
        name = str(error["loc"][-1]) if error["loc"] else ""
        if kind == "extra_forbidden" and len(error["loc"]) == 1:
            hint = suggestion(name, cls._names())
            kind = PydanticCustomError(_UNKNOWN, "is not a known name; {hint}", {"hint": hint})
        elif kind == "missing" and len(error["loc"]) == 1:
            kind = PydanticCustomError(_MISSING, "is missing; {hint}", {"hint": cls._example(name)})
        elif kind in (_UNKNOWN, _MISSING):  # explained already by the model inside this one
            kind = PydanticCustomError(kind, "{words}", {"words": error["msg"]})
        return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))

    @classmethod
    def _names(cls) -> list[str]:
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def _example(cls, name: str) -> str:
        for own, info in cls.model_fields.items():
            if name in (own, info.alias) and info.examples:
                return f"add it, such as: {info.examples[0]}"
        return "add it"


@dataclass(frozen=True)
class TomlSource:
    """A file's values and the lines that they stand on."""

    path: str
    data: dict[str, Any]
    lines: dict[Location, int] = field(repr=False)

    def line(self, *location: str | int) -> int:
        """Give the line of a value, or of the nearest thing around it that is in the file."""
        for end in range(len(location), 0, -1):
            found = self.lines.get(location[:end])
            if found is not None:
                return found
        return 1

    def problem(self, text: str, *location: str | int) -> Problem:
        """Make a problem at the line of a value."""
        return Problem(self.path, self.line(*location) if self.lines else None, text)

    def at(self, *location: str | int) -> str:
        """Give ``path:line`` of a value, for messages in other files."""
        return f"{self.path}:{self.line(*location)}" if self.lines else self.path


def read_toml(path: Path | str) -> TomlSource:
    """Read a file. Raises ``FileError`` for whatever keeps it from being read as TOML."""
    shown = str(path)
    text = _decode(shown, _read_bytes(shown, Path(path)))
    return parse_toml(shown, text)


def parse_toml(shown_path: str, text: str) -> TomlSource:
    """Read TOML text; ``shown_path`` names it in messages. Raises ``FileError``."""
    if text.startswith("\ufeff"):
        _refuse(shown_path, _BOM, 1)
    if not text.strip():
        _refuse(shown_path, "the file is empty; examples/ has files to start from")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE_CHARS:
            told = f"the line has {len(line):,} characters, and at most {MAX_LINE_CHARS:,} are read; break it"
            _refuse(shown_path, told, number)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        _refuse(shown_path, "lists or tables are nested too deeply to be read; take some levels out")
    except ValueError as error:
        raise FileError([_syntax_problem(shown_path, text, error)]) from None
    return TomlSource(shown_path, data, find_lines(text))


def check_model(source: TomlSource, model: type[ModelT]) -> ModelT:
    """Turn a file's values into a model. Raises ``FileError`` with all that is wrong."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        found = problems_of(source, error)
    except RecursionError:
        found = [Problem(source.path, 1, "tables are nested too deeply; take some levels out")]
    raise FileError(found)


def problems_of(source: TomlSource, error: ValidationError, around: Location = ()) -> list[Problem]:
    """Say in a file's terms what a model refused; ``around`` is where in the file the model's values stand."""
    found = [_model_problem(source, one, around) for one in error.errors(include_url=False)]
    return in_order(found)[:_MAX_TOLD]


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort by file and line, each problem once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.path, problem.line or 0))


def suggestion(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or which names there are."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"


# ------------------------------------------------------------------------------------------------ reading the file


def _refuse(path: str, text: str, line: int | None = None) -> NoReturn:
    raise FileError([Problem(path, line, text)]) from None


def _read_bytes(shown: str, path: Path) -> bytes:
    try:
        if path.is_dir():
            _refuse(shown, "is a folder; name a .toml file in it")
        if path.exists() and not path.is_file():
            _refuse(shown, "is not a regular file; name a .toml file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(shown, f"there is no such file{_near_file(path)}")
    except PermissionError:
        _refuse(shown, f"may not be read by this user; allow it with: chmod u+r '{shown}'")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        _refuse(shown, f"cannot be read ({reason}); check the path and the disk")
    if len(data) > MAX_BYTES:
        _refuse(shown, f"is larger than {MAX_BYTES // 1024} KiB, the most that is read; is it the right file?")
    return data


def _near_file(path: Path) -> str:
    """Say which file beside the missing one was probably meant."""
    try:
        beside = sorted(other.name for other in path.parent.glob("*.toml"))
    except (OSError, ValueError):
        return ""
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist either: check the path"
    near = get_close_matches(path.name, beside, n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else "; check the path"


def _decode(shown: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(shown, f"is not UTF-8 text (byte 0x{data[error.start]:02x}); save it as UTF-8", line)


def _syntax_problem(path: str, text: str, error: ValueError) -> Problem:
    message = str(error)
    position = _POSITION.search(message)
    if position is None:
        return Problem(path, None, f"is not valid TOML: {message}; correct it")
    message = message[: position.start()].rstrip(".")
    message = _CLEARER.get(message, message)
    if position[1] is not None:
        return Problem(path, int(position[1]), f"is not valid TOML: {message}, at column {position[2]}; correct it")
    line = text.rstrip().count("\n") + 1
    hint = "is something left open?" if message.startswith(("Un", "Expected")) else "correct it"
    return Problem(path, line, f"is not valid TOML: {message}, at the end of the file; {hint}")


_CLEARER: Final = {"Cannot overwrite a value": "a name is given a second time"}


# --------------------------------------------------------------------------------------- telling what a model refused


def _model_problem(source: TomlSource, error: ErrorDetails, around: Location) -> Problem:
    location = _file_location(source.data, (*around, *error["loc"]))
    tag = (TAG_KEY,) if error["type"] == "union_tag_invalid" else ()
    return source.problem(_reason(error, _shown_name(location)), *location, *tag)


def _file_location(data: Any, loc: Location) -> Location:
    """Turn pydantic's location into the file's: pydantic adds the tag of each union that it went through."""
    location: list[str | int] = []
    tag_seen = False
    for part in loc:
        if not tag_seen and isinstance(data, dict) and data.get(TAG_KEY) == part:
            tag_seen = True
            continue
        tag_seen = False
        location.append(part)
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
    return tuple(location)


def _shown_name(location: Location) -> str:
    """Name a value as a person would find it: its key, and which element of a list."""
    if not location:
        return "the file"
    if isinstance(location[-1], int):
        around = _shown_name(location[:-1])
        return f"{around} {location[-1] + 1}" if around == "step" else f"element {location[-1] + 1} of {around}"
    return location[-1] if BARE_KEY.fullmatch(location[-1]) else repr(location[-1])


def _reason(error: ErrorDetails, name: str) -> str:
    kind, ctx, given = error["type"], error.get("ctx", {}), shown_value(error["input"])
    if kind in (_UNKNOWN, _MISSING):
        return f"{name} {error['msg']}"
    if kind == "extra_forbidden":  # a model that is not a FileModel, such as the simulator's
        return f"{name} is not a known name; take it out"
    if kind in _EXPECTED:
        return f"{name} must be {_EXPECTED[kind]}, not {given}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"{name} = {given} must be {words} {ctx[key]:g}"
    if kind in ("literal_error", "union_tag_invalid"):
        wanted = str(ctx.get("expected") or ctx.get("expected_tags"))
        name, given = (name, given) if kind == "literal_error" else (TAG_KEY, repr(ctx.get("tag")))
        return f"{name} = {given} is not known; write one of: {wanted.replace(' or ', ', ')}"
    if kind == "union_tag_not_found":
        return f'{name} has no {TAG_KEY}; say what the step does, such as: {TAG_KEY} = "go"'
    if kind in ("too_short", "too_long"):
        side = f"at least {ctx.get('min_length')}" if kind == "too_short" else f"at most {ctx.get('max_length')}"
        return f"{name} has {ctx.get('actual_length')} elements; {side} can stand here"
    if kind in ("string_too_short", "string_too_long"):
        side = f"at least {ctx.get('min_length')}" if "short" in kind else f"at most {ctx.get('max_length')}"
        return f"{name} must have {side} characters"
    if kind in ("recursion_loop", "recursion_depth_exceeded"):
        return f"{name} is nested too deeply; take some levels out"
    message = str(ctx["error"]) if kind == "value_error" else error["msg"]
    return f"{name}: {message}"


def shown_value(value: object) -> str:
    """Show a value as it could stand in a TOML file, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, float):
        return f"{value:g}"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


_EXPECTED: Final[dict[str, str]] = {
    "finite_number": "a finite number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "string_type": 'text in "quotes"',
    "bool_type": "true or false",
    "date_type": "a date such as 2027-06-30, without quotes",
    "datetime_type": "a time with its zone, such as 2026-11-23T15:12:00+01:00, without quotes",
    "timezone_aware": "a time with its zone, such as 2026-11-23T15:12:00+01:00",
    "list_type": "a list in [brackets]",
    "tuple_type": "a list in [brackets]",
    "dict_type": "a table such as [limits]",
    "model_type": "a table of its own, headed by its name in [brackets]",
    "model_attributes_type": "a table of its own, headed by its name in [brackets]",
}

_BOUNDS: Final[dict[str, tuple[str, str]]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
