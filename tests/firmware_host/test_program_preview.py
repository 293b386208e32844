"""What an editor is told of a program: right, refused, half written, or no program at all."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware_host.files.documents import document_of
from firmware_host.files.program_preview import library_entry, preview
from firmware_host.files.programs import Program
from firmware_host.files.riders import Rider, load_rider
from firmware_host.files.tables import load_table
from tests.firmware_host.program_texts import programs

TABLE = load_table(None)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TOO_HIGH = {"name": "High", "step": [{"do": "go", "to_deg": 10}, {"do": "repeat", "times": 2, "step": [
    {"do": "hold", "for_s": 5}, {"do": "go", "to_deg": 70}, {"do": "go", "to_deg": 20}]}]}  # fmt: skip


def regular(repository: Path) -> Rider:
    return load_rider(repository / "examples" / "riders" / "regular.toml")


def shown(rider: Rider | None, document: Any = None, text: str | None = None) -> dict[str, Any]:
    return preview(TABLE, rider, "p", text, document, NOW)


def test_a_program_that_fits_is_shown_with_its_times_and_its_curve(repository: Path) -> None:
    text = (repository / "examples" / "programs" / "intermittent-40.toml").read_text()
    found = shown(regular(repository), text=text)
    assert (found["ok"], found["problems"], found["rider"]) == (True, [], "Rob")
    assert (found["limit_deg"], found["upright_deg"], found["allowance_s"]) == (45.0, -75.0, 300.0)
    assert found["text"] == text
    assert found["comments"] == text.count("#")
    assert found["total_s"] == found["program_s"] + found["return_s"]
    assert found["curve"][-1] == [round(found["total_s"], 3), -75.0]
    assert found["steps"][0]["starts_s"] == 0.0
    assert found["steps"][-1]["ends_s"] == round(found["program_s"], 3)
    assert found["segments"][0]["step"] == 0
    json.dumps(found, allow_nan=False)


def test_a_refused_step_is_marked_where_it_is_within_a_repeat(repository: Path) -> None:
    found = shown(regular(repository), TOO_HIGH)
    assert not found["ok"]
    (problem,) = found["problems"]
    assert problem["path"] == ["step", 1, "step", 1, "to_deg"]
    assert problem["step"] == 1
    assert problem["text"] == (
        "goes to 70 deg, above the 45 deg set by the allowance of regular rider Rob; write at most 45"
    )
    assert found["curve"]


def test_without_a_rider_the_table_decides(repository: Path) -> None:
    (problem,) = shown(None, TOO_HIGH)["problems"]
    assert "above the 60 deg set by table Righting reference table; write" in problem["text"]
    assert shown(None, TOO_HIGH)["advice"] == []
    assert shown(regular(repository), TOO_HIGH)["advice"][0]["path"] == ["step", 1, "step", 1, "to_deg"]


def test_what_keeps_the_rider_off_this_table_is_told_beside_no_step(repository: Path) -> None:
    cleared = load_rider(repository / "examples" / "riders" / "cleared.toml")
    found = preview(
        TABLE, cleared, "p", None, {"name": "N", "step": [{"do": "go", "to_deg": 10}]}, NOW.replace(year=2100)
    )
    (problem,) = found["problems"]
    assert (problem["step"], problem["path"], problem["line"]) == (None, [], None)
    assert "the clearance expired" in problem["text"]


def test_a_half_written_program_says_what_is_missing_and_within_what_it_will_be_held(repository: Path) -> None:
    found = shown(
        regular(repository), {"name": "", "step": [{"do": "go", "to_deg": None}, {"do": "hold", "for_s": -1}]}
    )
    assert (found["ok"], found["curve"], found["limit_deg"]) == (False, [], 45.0)
    assert [problem["path"] for problem in found["problems"]] == [["name"], ["step", 0], ["step", 1, "for_s"]]
    assert found["text"].startswith('name = ""\n')
    assert found["document"]["step"][1] == {"do": "hold", "for_s": -1}


def test_what_is_no_program_is_told_with_its_line() -> None:
    (problem,) = shown(None, text='name = "x"\nstep = [\n')["problems"]
    assert (problem["line"], problem["path"], shown(None, text="x = [")["document"]) == (2, [], None)
    (problem,) = shown(None, text='[rider]\nname = "x"\n')["problems"]
    assert "this is a rider file" in problem["text"]
    assert shown(None, text='[rider]\nname = "x"\n')["document"] is None
    (problem,) = shown(None)["problems"]
    assert "nothing to read" in problem["text"]
    assert shown(None, {"a": [1] * 100_000})["problems"][0]["text"].startswith("is larger than")


@given(programs)
def test_text_and_document_are_shown_alike(program: Program) -> None:
    document = document_of(program.source)
    from_document = preview(TABLE, None, "p", None, document, NOW)
    from_text = preview(TABLE, None, "p", from_document["text"], None, NOW)
    assert from_document == from_text
    assert from_document["document"] == document


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    found = preview(TABLE, None, "p", text, None, NOW)
    assert found["ok"] is False
    assert found["problems"]


def test_a_library_says_whether_a_program_fits_and_why_not(repository: Path) -> None:
    text = (repository / "examples" / "programs" / "oscillating-60.toml").read_text()
    experienced = load_rider(repository / "examples" / "riders" / "experienced.toml")
    entry = library_entry(TABLE, regular(repository), "o", text, NOW)
    assert (entry["fits"], entry["highest_deg"]) == (False, 60.0)
    assert entry["why_not"] == [
        "goes to 60 deg, above the 45 deg set by the allowance of regular rider Rob; write at most 45"
    ]
    assert library_entry(TABLE, experienced, "o", text, NOW)["fits"] is True
    assert library_entry(TABLE, None, "o", text, NOW)["fits"] is None
    assert len(entry["curve"]) <= 120
    broken = library_entry(TABLE, None, "o", "name = 3", NOW)
    assert (broken["fits"], broken["name"], len(broken["why_not"])) == (False, "o", 2)
