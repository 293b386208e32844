"""Documents and texts turn into one another without loss, and every problem finds the field that it belongs to."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.files.documents import (
    comments_in,
    document_of,
    marked,
    place_of,
    program_text,
    read_document,
    rider_text,
    with_account,
    without_places,
)
from firmware_host.files.kinds import FileKind
from firmware_host.files.programs import Program, make_program
from firmware_host.files.riders import make_rider, ridden_by
from firmware_host.files.toml_source import FileError, Problem, parse_toml
from safety.ridden import Ridden
from safety.screening import QUESTIONS
from safety.screening_texts import NEED_CLEARANCE
from tests.firmware_host.program_texts import number, programs

RIDER = {"rider": {"name": "Ada", "sex": "female", "mass_kg": 70.5, "height_m": 1.72, "experience": "regular"}}

ROUNDS = {
    "step": [{"step": [{"for_s": 3, "do": "hold"}], "times": 2, "do": "repeat"}, {"do": "go", "to_deg": 5.5}],
    "motion": {"rate_dps": 2},
    "limits": {},
    "description": "Two lines,\nno more.",
    "name": "Rounds",
}


def fields(document: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Give what is wrong with a rider's document, by field."""
    source = read_document("rider", "r", None, document)
    with pytest.raises(FileError) as caught:
        make_rider(source)
    return [(one["field"], one["text"]) for one in (marked(problem, source) for problem in caught.value.problems)]


def test_a_program_is_written_in_the_order_of_its_model_one_key_a_line() -> None:
    text = 'name = "Rounds"\ndescription = """Two lines,\nno more."""\n\n[motion]\nrate_dps = 2\n\n'
    text += '[[step]]\ndo = "repeat"\ntimes = 2\n\n[[step.step]]\ndo = "hold"\nfor_s = 3\n\n'
    assert program_text(ROUNDS) == text + '[[step]]\ndo = "go"\nto_deg = 5.5\n'


def test_nulls_are_absent_and_dates_are_dates() -> None:
    given_by = {"given_by": "Dr. A", "expires": "2027-06-30", "inverted_limit_deg": None}
    text = rider_text({**RIDER, "clearance": given_by, "screening": None})
    assert text.endswith('[clearance]\ngiven_by = "Dr. A"\nexpires = 2027-06-30\n')
    assert parse_toml("r", text).data["clearance"]["expires"] == date(2027, 6, 30)
    assert document_of(parse_toml("r", text))["clearance"]["expires"] == "2027-06-30"


def test_every_example_goes_to_json_and_back(repository: Path) -> None:
    files = [
        *(repository / "examples" / "programs").glob("*.toml"),
        *(repository / "examples" / "riders").glob("*.toml"),
    ]
    assert len(files) == 10
    for file in files:
        source = parse_toml(file.name, file.read_text())
        document = json.loads(json.dumps(document_of(source)))
        again = read_document("rider" if "rider" in document else "program", "x", None, document)
        assert again.data == source.data


def test_an_account_is_written_with_its_zone() -> None:
    account = Ridden(datetime(2026, 11, 23, 15, 12, tzinfo=timezone(timedelta(hours=1))), 240.0, 480.5)
    text = rider_text(with_account(RIDER, account))
    assert text.endswith("[ridden]\nended = 2026-11-23T15:12:00+01:00\ninverted_s = 240.0\nday_inverted_s = 480.5\n")
    assert ridden_by(make_rider(parse_toml("r", text))) == account
    assert with_account(RIDER, None) == RIDER
    soon = {"ended": "soon", "inverted_s": 1.0, "day_inverted_s": 1.0}
    assert [field for field, _ in fields({**RIDER, "ridden": soon})] == ["ridden.ended"]


@given(programs)
def test_a_program_goes_to_its_document_and_back(program: Program) -> None:
    document = json.loads(json.dumps(document_of(program.source)))
    text = program_text(document)
    again = make_program(parse_toml("again", text))
    assert again.file == program.file
    assert document_of(again.source) == document
    assert program_text(document_of(again.source)) == text


_SEEN = st.characters(exclude_categories=["C", "Z", "M"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0")
_names = st.builds(
    lambda first, rest: first + rest,
    _SEEN,
    st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=99),
)
"""One of nothing but blanks is refused, and so is one with signs that cannot be seen."""


@given(
    st.fixed_dictionaries(
        {
            "rider": st.fixed_dictionaries(
                {
                    "name": _names,
                    "sex": st.sampled_from(["female", "male"]),
                    "mass_kg": number(40.0, 136.0),
                    "height_m": number(1.47, 1.98),
                    "experience": st.just("experienced"),
                },
                optional={"sessions_done": st.integers(0, 1_000_000)},
            )
        },
        optional={
            "limits": st.dictionaries(st.just("time_inverted_s"), number(1.0, 600.0), min_size=1),
            "clearance": st.fixed_dictionaries(
                {"given_by": _names, "expires": st.dates().map(date.isoformat)},
                optional={
                    "inverted_limit_deg": number(1.0, 90.0),
                    "conditions": st.lists(st.sampled_from(sorted(NEED_CLEARANCE))),
                },
            ),
            "screening": st.fixed_dictionaries(
                {"answered": st.dates().map(date.isoformat)},
                optional={
                    "consulted": st.booleans(),
                    "answers": st.dictionaries(st.sampled_from(sorted(QUESTIONS)), st.booleans()),
                },
            ),
            "ridden": st.fixed_dictionaries(
                {
                    "ended": st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)).map(
                        datetime.isoformat
                    ),
                    "inverted_s": number(0.0, 1200.0),
                    "day_inverted_s": number(0.0, 1200.0),
                }
            ),
        },
    )
)
def test_a_rider_goes_to_text_and_back(document: dict[str, Any]) -> None:
    rider = make_rider(read_document("rider", "r", None, document))
    assert document_of(rider.source) == document
    assert rider_text(document_of(rider.source)) == rider_text(document)


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
_keys = st.sampled_from(["name", "description", "motion", "limits", "step", "do", "rider", "clearance", "screening"])


@given(st.dictionaries(st.one_of(_keys, st.text(max_size=6)), _json, max_size=6))
def test_no_document_raises_anything_but_a_file_error(document: dict[str, Any]) -> None:
    """What is written down is what was sent, but for nulls and empty sections."""
    kinds: tuple[FileKind, ...] = ("program", "rider")
    for kind in kinds:
        with suppress(FileError):
            source = read_document(kind, "d", None, document)
            assert bare(document_of(source)) == bare(document)


def bare(value: Any) -> Any:
    """Leave out what a file leaves out."""
    if isinstance(value, dict):
        kept = {name: bare(one) for name, one in value.items() if one is not None}
        return {name: one for name, one in kept.items() if name not in ("limits", "motion") or one != {}}
    if isinstance(value, list):
        return [bare(one) for one in value if one is not None]
    return f"{value:g}" if value in (float("inf"), float("-inf")) else value


def test_a_document_that_nests_without_end_is_refused() -> None:
    deep: dict[str, Any] = {"do": "hold"}
    for _ in range(3000):
        deep = {"step": [deep]}
    with pytest.raises(FileError, match="nested"):
        program_text(deep)
    with pytest.raises(FileError, match="nothing to read"):
        read_document("program", "p", None, None)
    with pytest.raises(FileError, match="larger than 128 KiB"):
        read_document("program", "p", "#" * 200_000, None)


def test_a_line_leads_to_the_step_and_the_key_on_it() -> None:
    source = parse_toml("p", program_text(ROUNDS))
    lines = program_text(ROUNDS).split("\n")
    assert place_of(source, lines.index("[motion]") + 1) == ("motion",)
    assert place_of(source, lines.index("for_s = 3") + 1) == ("step", 0, "step", 0, "for_s")
    assert place_of(source, lines.index("[[step.step]]") + 1) == ("step", 0, "step", 0)
    assert place_of(source, lines.index("[[step]]") + 1) == ("step", 0)
    assert place_of(source, None) == place_of(source, 3) == ()


def test_a_line_that_holds_several_values_leads_to_what_they_share() -> None:
    text = 'step = [{do = "go", to_deg = 3}, {do = "hold", for_s = 3}]\nbetween_deg = [1, 2]\n'
    source = parse_toml("p", text)
    assert place_of(source, 1) == ("step",)
    assert place_of(source, 2) == ("between_deg",)
    assert place_of(parse_toml("p", 'step = [\n  {do = "go", to_deg = 3},\n]\n'), 2) == ("step", 0)


def test_problems_are_marked_at_their_fields() -> None:
    source = parse_toml("p", program_text(ROUNDS))
    line = program_text(ROUNDS).split("\n").index("to_deg = 5.5") + 1
    assert marked(Problem("p", line, "too far"), source) == {
        "line": line, "field": "step.1.to_deg", "path": ["step", 1, "to_deg"], "step": 1, "text": "too far",
    }  # fmt: skip
    other = marked(Problem("table.toml", line, "too far"), source)
    assert (other["line"], other["field"], other["path"], other["step"]) == (None, None, [], None)
    assert fields({"rider": {**RIDER["rider"], "mass_kg": 900, "sex": "robot"}}) == [
        ("rider.sex", "sex = 'robot' is not known; write one of: 'female', 'male'"),
        ("rider.mass_kg", "mass_kg = 900 must be at most 400"),
    ]
    given = {"given_by": "Dr. A", "expires": "soon"}
    assert fields({**RIDER, "clearance": given})[0][0] == "clearance.expires"
    assert fields({"rider": {}})[0][0] == "rider"


def test_comments_are_counted_and_hashes_in_texts_are_not() -> None:
    assert comments_in('# one\nname = "# none" # two\nx = [ # three\n 1 ]\n') == 3
    assert comments_in('name = "#"') == 0


def test_places_are_taken_out_of_messages() -> None:
    text = "above the 45 deg set by the rider (r (1):8) and the table (table.toml); write at most 45 (deg)"
    assert without_places(text, ["r (1)", "table.toml"]) == (
        "above the 45 deg set by the rider and the table; write at most 45 (deg)"
    )
