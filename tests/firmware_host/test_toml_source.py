"""Whatever a file holds, reading it gives values with their lines, or a FileError with a line and something to do."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, model_validator

from firmware_host.files.toml_source import (
    MAX_BYTES,
    MAX_LINE_CHARS,
    FileError,
    FileModel,
    Problem,
    check_model,
    parse_toml,
    problems_of,
    read_toml,
    suggestion,
)


class _Wheel(FileModel):
    radius_m: float = Field(gt=0.0, examples=["radius_m = 0.3"])
    spokes: int = Field(default=32, ge=3)


class _Bicycle(FileModel):
    name: str = Field(min_length=1, max_length=5)
    wheel: list[_Wheel] = Field(min_length=2, max_length=2)
    gears: list[int] = Field(default_factory=list)


def refused(text: str) -> list[Problem]:
    """Read a bicycle that is wrong."""
    with pytest.raises(FileError) as caught:
        check_model(parse_toml("b.toml", text), _Bicycle)
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return caught.value.problems


def test_each_kind_of_key_is_found_on_its_line() -> None:
    text = """# a comment
name = "x"  # another

"quoted key" = 1
a.b."c d" = [
  1,
  # between
  [2, 3],
]
inline = { one = 1, two = { three = 3 } }
[section]
key = 1
[[list]]
key = 1
[[list]]
  [list.inner]
  key = 2
  [[list.deep]]
  key = 3
  [[list.deep]]
  key = 4
"""
    source = parse_toml("f.toml", text)
    expected: dict[tuple[str | int, ...], int] = {
        ("name",): 2,
        ("quoted key",): 4,
        ("a", "b", "c d"): 5,
        ("a", "b", "c d", 0): 6,
        ("a", "b", "c d", 1): 8,
        ("a", "b", "c d", 1, 1): 8,
        ("inline", "two", "three"): 10,
        ("section",): 11,
        ("section", "key"): 12,
        ("list",): 13,
        ("list", 0): 13,
        ("list", 1): 15,
        ("list", 1, "inner"): 16,
        ("list", 1, "inner", "key"): 17,
        ("list", 1, "deep", 0): 18,
        ("list", 1, "deep", 1, "key"): 21,
    }
    assert {location: source.line(*location) for location in expected} == expected


def test_a_value_that_is_not_there_is_told_at_what_should_hold_it() -> None:
    source = parse_toml("f.toml", "a = 1\n[b]\nc = 1\n[[d]]\n[[d]]\n")
    assert source.line("b", "missing") == 2
    assert source.line("d", 1, "missing", "deeper") == 5
    assert source.line("missing") == 1


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    told = refused('gears = [1, "two"]\nnmae = "x"\n[[wheel]]\nradius_m = -1\n[[wheel]]\nspokes = 2.5\nradius = 1\n')
    assert [str(problem) for problem in told] == [
        "b.toml:1: name is missing; add it",
        "b.toml:1: element 2 of gears must be a whole number, not 'two'",
        "b.toml:2: nmae is not a known name; did you mean name?",
        "b.toml:4: radius_m = -1 must be more than 0",
        "b.toml:5: radius_m is missing; add it, such as: radius_m = 0.3",
        "b.toml:6: spokes must be a whole number, not 2.5",
        "b.toml:7: radius is not a known name; did you mean radius_m?",
    ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("nan", "must be a finite number, not nan"),
        ("inf", "must be a finite number, not inf"),
        ("-inf", "must be a finite number, not -inf"),
        ("1e999", "must be a finite number, not inf"),
        ("true", "must be a number, not true"),
        ('"0.3"', "must be a number, not '0.3'"),
        ("[0.3]", "must be a number, not a list"),
        ("{ m = 1 }", "must be a number, not a table"),
        ("2027-01-01", "must be a number, not 2027-01-01"),
        ("9" * 400, "must be a number, not 999"),
    ],
)
def test_a_wrong_number_is_told_as_it_was_written(value: str, told: str) -> None:
    (problem,) = refused(f'name = "x"\n[[wheel]]\nradius_m = 1\n[[wheel]]\nradius_m = {value}\n')
    assert str(problem).startswith(f"b.toml:5: radius_m {told}")


@pytest.mark.parametrize(
    ("name", "told"),
    [('""', "name must have at least 1 characters"), ('"longer"', "name must have at most 5 characters")],
)
def test_a_text_of_the_wrong_length_is_told(name: str, told: str) -> None:
    (problem,) = refused(f"name = {name}\nwheel = [{{ radius_m = 1 }}, {{ radius_m = 1 }}]\n")
    assert str(problem) == f"b.toml:1: {told}"


def test_a_model_that_is_not_a_file_of_ours_can_be_told_too() -> None:
    class Plain(BaseModel, extra="forbid"):
        size: int

        @model_validator(mode="after")
        def _even(self) -> Self:
            if self.size % 2:
                raise ValueError("size must be even; add one")
            return self

    source = parse_toml("t.toml", "a = 1\n[physics]\nsize = 1\n")
    for values, told in (
        ({"size": 1}, "t.toml:2: physics: size must be even; add one"),
        ({"size": 2, "sise": 3}, "t.toml:2: sise is not a known name; take it out"),
    ):
        with pytest.raises(ValidationError) as caught:
            Plain.model_validate(values)
        (problem,) = problems_of(source, caught.value, ("physics",))
        assert str(problem) == told


def test_whole_numbers_may_stand_where_numbers_may() -> None:
    text = 'name = "x"\n[[wheel]]\nradius_m = 1\n[[wheel]]\nradius_m = 2\n'
    assert check_model(parse_toml("b.toml", text), _Bicycle).wheel[1].radius_m == 2.0


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a = 1\nb = \nc = 3\n", 2, "is not valid TOML: Invalid value, at column 5; correct it"),
        ("a = 1\na = 2\n", 2, "a name is given a second time"),
        ("a = 1\n[b\n", 2, "is not valid TOML"),
        ('a = 1\nb = "open', 2, "is something left open?"),
        ("a = 1\nb = [1,\n2,\n", 3, "is not valid TOML"),
        ("x = " + "[" * (MAX_LINE_CHARS - 10), None, "nested too deeply"),
        ("a = 1\nb" + ".b" * MAX_LINE_CHARS + " = 1\n", 2, f"at most {MAX_LINE_CHARS:,} are read"),
    ],
)
def test_a_slip_of_syntax_has_its_line(text: str, line: int | None, told: str) -> None:
    (problem,) = refused(text)
    assert problem.line == line
    assert told in problem.text


@pytest.mark.parametrize("text", ["", "\n\n", "   \t\n"])
def test_an_empty_file_is_called_empty(text: str) -> None:
    (problem,) = refused(text)
    assert "the file is empty; examples/ has files" in problem.text


def test_windows_line_ends_count_as_one() -> None:
    assert parse_toml("f.toml", "a = 1\r\n\r\n[b]\r\nc = 1\r\n").line("b", "c") == 4


def problem_of(path: Path) -> Problem:
    """Read a file that cannot be read."""
    with pytest.raises(FileError) as caught:
        read_toml(path)
    (problem,) = caught.value.problems
    assert problem.path == str(path)
    return problem


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "regular.toml").write_text("a = 1")
    assert "did you mean" in problem_of(tmp_path / "reglar.toml").text
    assert "regular.toml" in problem_of(tmp_path / "reglar.toml").text
    assert problem_of(tmp_path / "zzz").text == "there is no such file; check the path"
    assert "the folder" in problem_of(tmp_path / "nowhere" / "x.toml").text


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert "is a folder" in problem_of(tmp_path).text


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in problem_of(tmp_path / "pipe").text


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a = 1")
    assert "cannot be read (Not a directory)" in problem_of(tmp_path / "file" / "x.toml").text


def test_a_file_that_may_not_be_read_says_how_to_allow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.toml"
    path.write_text("a = 1")
    path.chmod(0)
    if os.geteuid() == 0:  # nothing is forbidden to root: stand in for the system's answer

        def forbidden(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", forbidden)
    assert "may not be read by this user; allow it with: chmod u+r" in problem_of(path).text


def test_impossible_paths_are_refused() -> None:
    with pytest.raises(FileError):
        read_toml("a\0b.toml")
    with pytest.raises(FileError, match="cannot be read"):
        read_toml("a" * 5000)


def test_other_encodings_have_the_line_of_the_first_odd_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('a = 1\nname = "Jürgen"\n'.encode("latin-1"))
    problem = problem_of(path)
    assert (problem.line, problem.text) == (2, "is not UTF-8 text (byte 0xfc); save it as UTF-8")
    path.write_bytes("a = 1\n".encode("utf-8-sig"))
    assert "byte order mark" in problem_of(path).text


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#\n" * MAX_BYTES)
    assert f"is larger than {MAX_BYTES // 1024} KiB" in problem_of(path).text
    path.write_bytes(b"a=1\n" + b"#\n" * (MAX_BYTES // 2 - 2))
    assert read_toml(path).data == {"a": 1}


def test_a_model_is_read_with_its_source(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_text("radius_m = 0.3\n")
    source = read_toml(path)
    wheel = check_model(source, _Wheel)
    assert (source.at("radius_m"), wheel.radius_m) == (f"{path}:1", 0.3)


def test_a_suggestion_names_the_nearest_or_all() -> None:
    assert suggestion("nmae", ["name", "wheel"]) == "did you mean name?"
    assert suggestion("zzz", ["name", "wheel"]) == "known here: name, wheel"


_KEYS = st.sampled_from(["a", "b", "step", '"q r"', "'l'", "a.b", "c . d"])
_VALUES = st.sampled_from(["1", "-2.5", "nan", "true", '"x"', "'''y\nz'''", "[1, {a = 2},\n3]", "{}", "2027-01-01"])
_LINES = st.one_of(
    st.builds("{} = {}".format, _KEYS, _VALUES),
    st.builds("[{}]".format, _KEYS),
    st.builds("[[{}]]".format, _KEYS),
    st.just("# comment"),
    st.text(max_size=12),
)


def told_by(read: Callable[[], object]) -> list[Problem] | None:
    """Give what a file is refused for; None if it is read. Any other exception is a failure of the test."""
    try:
        read()
    except FileError as error:
        return error.problems
    return None


@given(st.one_of(st.text(max_size=300), st.lists(_LINES, max_size=25).map("\n".join)))
def test_no_text_raises_anything_but_a_file_error(text: str) -> None:
    told = told_by(lambda: check_model(parse_toml("junk.toml", text), _Bicycle))
    lines = text.count("\n") + 1
    assert told != []
    assert all(problem.line is None or 1 <= problem.line <= lines for problem in told or [])


@given(st.lists(_LINES, max_size=25).map("\n".join))
def test_values_are_those_of_the_reference_reader(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert told_by(lambda: parse_toml("junk.toml", text))
        return
    if text.strip():
        assert repr(parse_toml("junk.toml", text).data) == repr(data)  # as text: NaN is not equal to itself


def _locations(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    else:
        return [here]
    return [here, *(found for key, one in inside for found in _locations(one, (*here, key)))]


@given(st.lists(_LINES.filter(lambda line: line.startswith(("[", "a", "b", "s", '"'))), max_size=25).map("\n".join))
def test_every_value_that_was_read_has_a_line(text: str) -> None:
    try:
        source = parse_toml("f.toml", text)
    except FileError:
        return
    assert [location for location in _locations(source.data) if location and location not in source.lines] == []


@given(data=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes the file anew
def test_no_bytes_raise_anything_but_a_file_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "junk.toml"
    path.write_bytes(data)
    assert told_by(lambda: read_toml(path)) != []
