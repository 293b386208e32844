"""What a rider reads: limits with their reasons, and what stands against riding, in words without files and lines."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firmware_host.files.documents import read_document
from firmware_host.files.limit_words import LIMIT_LABELS
from firmware_host.files.rider_view import SHOWN_LIMITS, rider_limits, rider_reasons, screening_questions
from firmware_host.files.riders import make_rider
from firmware_host.files.tables import load_table
from safety.limits import SPECS
from safety.screening import QUESTIONS

TABLE = load_table(None)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADA = {"name": "Ada", "sex": "female", "mass_kg": 70, "height_m": 1.72, "experience": "beginner", "sessions_done": 1}
NO = dict.fromkeys(QUESTIONS, False)
WELL = {"answered": "2026-11-01", "consulted": True, "supervised": True, "answers": NO}


def limits(rider: dict[str, Any] = ADA, table: Path | None = None, **more: Any) -> dict[str, tuple[float, str]]:
    source = read_document("rider", "r", None, {"rider": rider, **more})
    found = rider_limits(load_table(table), make_rider(source), NOW)
    return {one["name"]: (one["value"], one["origin"]) for one in found}


def reasons(rider: dict[str, Any] = ADA, **more: Any) -> dict[str, str]:
    source = read_document("rider", "r", None, {"rider": rider, **more})
    return {one["id"]: one["text"] for one in rider_reasons(TABLE, make_rider(source), NOW)}


def test_every_limit_has_a_label_of_its_own() -> None:
    assert set(LIMIT_LABELS) == set(SPECS)
    assert len(set(LIMIT_LABELS.values())) == len(SPECS)


def test_limits_say_who_set_them_and_why(repository: Path) -> None:
    found = limits(limits={"time_inverted_s": 60, "jerk_dps3": 2})
    assert found["inverted_limit_deg"] == (20.0, "what a beginner is allowed in the first 3 sessions")
    assert found["static_hold_s"] == (60.0, "what a beginner is allowed")
    assert found["time_inverted_s"] == (60.0, "this rider's own limit")
    assert found["jerk_dps3"] == (2.0, "this rider's own limit")
    assert found["invert_rate_dps"] == (3.0, "the machine: no table goes further")
    assert list(found) == [*SHOWN_LIMITS, "jerk_dps3"]
    settled = limits({**ADA, "sessions_done": 3})["inverted_limit_deg"]
    assert settled == (30.0, "what a beginner is allowed after the first 3 sessions")
    expert = {**ADA, "experience": "experienced"}
    given = {"inverted_limit_deg": 75, "given_by": "Dr. A", "expires": "2027-06-30"}
    steep = limits(expert, repository / "examples" / "table-90.toml", clearance=given)
    assert steep["inverted_limit_deg"] == (75.0, "the clearance by Dr. A, until 2027-06-30")
    assert steep["time_inverted_s"][1] == "what an experienced rider is allowed"
    assert limits(expert, clearance=given)["inverted_limit_deg"] == (60.0, "table Righting reference table")


RIDDEN = {"ended": "2026-11-26T11:30:00+00:00", "inverted_s": 480.0, "day_inverted_s": 1100.0}


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_what_was_ridden_is_told_in_sentences_and_as_the_limit_it_leaves() -> None:
    until = "Inverted for 480 s until 2026-11-26 11:30: rest for 60 min, until 2026-11-26 12:30."
    assert reasons(screening=WELL, ridden=RIDDEN) == {"rest": until}
    assert limits(ridden=RIDDEN)["time_inverted_s"] == (100.0, "what is left of the day's 20 min inverted")
    later = reasons(screening=WELL, ridden={**RIDDEN, "ended": "2026-11-26T12:30:00+00:00"})["rest"]
    assert later == "The last session ended at 2026-11-26 12:30, which is later than now: check the computer's clock."


def test_nothing_stands_against_a_rider_who_is_well() -> None:
    assert reasons(screening=WELL) == {}


def test_without_the_questions_nobody_rides() -> None:
    assert list(reasons()) == ["not-screened"]
    assert list(reasons(screening={**WELL, "answered": "2026-01-01"})) == ["expired"]
    about = reasons(screening={**WELL, "consulted": False, "supervised": False})
    assert list(about) == ["consultation", "supervision"]
    assert (
        about["consultation"]
        == "A physician is asked before the first use. Ask yours, then answer this question again."
    )


def test_each_answer_has_its_sentence() -> None:
    answers = {**NO, "glaucoma": True, "hernia": True, "stroke": True, "pregnancy": True}
    del answers["cataract"]
    given = {"conditions": ["hernia", "stroke"], "given_by": "Dr. A", "expires": "2026-11-25"}
    found = reasons(screening={**WELL, "answers": answers}, clearance=given)
    assert list(found) == ["cataract", "glaucoma", "hernia", "pregnancy", "stroke"]
    assert found["cataract"] == "This question is not answered yet: Do you have a cataract?"
    assert found["glaucoma"].endswith("Inversion is not for you while that is so; no clearance changes it.")
    assert found["pregnancy"].endswith("Ask a physician for a written clearance for it.")
    assert found["hernia"].endswith("The clearance for it ended on 2026-11-25. Ask the physician again.")
    assert list(reasons(screening={**WELL, "answers": answers | {"glaucoma": False, "cataract": False}},
                        clearance={**given, "conditions": ["hernia", "stroke", "pregnancy"], "expires": "2026-11-26"},
                        )) == []  # fmt: skip


def test_who_is_outside_the_rating_reads_it_beside_the_field() -> None:
    found = reasons({**ADA, "mass_kg": 150}, screening=WELL)
    assert found == {"rider.mass_kg": "This table carries riders of 40 to 136 kg. Do not use it."}
    tall = reasons({**ADA, "height_m": 2.1}, screening=WELL)
    assert tall == {"rider.height_m": "This table is made for riders of 1.47 to 1.98 m. Do not use it."}


def test_an_own_limit_that_is_wider_than_allowed_is_called_by_its_name() -> None:
    found = reasons(screening=WELL, limits={"time_inverted_s": 200})
    told = "Time inverted in a session = 200 s is wider than the 120 s set by the allowance of beginner rider Ada; "
    assert found == {"limits.time_inverted_s": told + "write at most 120 or leave it out."}


def test_the_questionnaire_asks_every_question_once() -> None:
    found = screening_questions()
    asked = [question["id"] for page in found["pages"] for question in page["questions"]]
    assert asked == list(QUESTIONS)
    assert found["valid_days"] == 180
