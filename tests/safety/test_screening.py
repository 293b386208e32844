"""Who may invert: every reason alone and together, and no condition more ever makes it better."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety import screening_texts as texts
from safety.screening import QUESTIONS, VALID_DAYS, MedicalClearance, Screening, reasons_against

pytestmark = pytest.mark.requirement("REQ-PPL-SCREENING")

TODAY = date(2026, 11, 23)
HEALTHY = dict.fromkeys(QUESTIONS, False)
WELL = Screening(TODAY, HEALTHY, consulted=True, supervised=True)
ALL_CLEARED = MedicalClearance(frozenset(texts.NEED_CLEARANCE), TODAY)
conditions = st.sets(st.sampled_from(sorted(QUESTIONS)))


def ids(screening: Screening | None, clearance: MedicalClearance | None = None, today: date = TODAY) -> list[str]:
    return [reason.id for reason in reasons_against(screening, clearance, today, "r.toml")]


def test_a_healthy_rider_who_answered_everything_may_ride() -> None:
    assert ids(WELL) == []


def test_without_a_questionnaire_nobody_rides() -> None:
    (reason,) = reasons_against(None, ALL_CLEARED, TODAY, "r.toml")
    assert (reason.id, "righting screen r.toml" in reason.text) == ("not-screened", True)


@pytest.mark.parametrize("condition", sorted(texts.REFUSED))
def test_each_of_the_six_refuses_whatever_a_physician_says(condition: str) -> None:
    assert ids(WELL._replace(answers={**HEALTHY, condition: True}), ALL_CLEARED) == [condition]


@pytest.mark.requirement("REQ-PPL-CLEARANCE")
@pytest.mark.parametrize("condition", sorted(texts.NEED_CLEARANCE))
def test_each_of_the_others_takes_a_clearance_of_its_own(condition: str) -> None:
    sick = WELL._replace(answers={**HEALTHY, condition: True})
    others = ALL_CLEARED._replace(conditions=ALL_CLEARED.conditions - {condition})
    assert ids(sick) == ids(sick, others) == [condition]
    assert ids(sick, ALL_CLEARED) == []
    (expired,) = reasons_against(sick, ALL_CLEARED, TODAY + timedelta(1), "r.toml")
    assert "expired on 2026-11-23" in expired.text


@pytest.mark.parametrize("condition", sorted(QUESTIONS))
def test_a_question_that_was_not_answered_refuses(condition: str) -> None:
    answers = {name: answer for name, answer in HEALTHY.items() if name != condition}
    assert ids(WELL._replace(answers=answers), ALL_CLEARED) == [condition]


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False), (VALID_DAYS, False), (VALID_DAYS + 1, True)])
def test_a_questionnaire_counts_for_half_a_year(days: int, refused: bool) -> None:
    assert ids(WELL, None, TODAY + timedelta(days)) == (["expired"] if refused else [])


@pytest.mark.requirement("REQ-PPL-SUPERVISION")
def test_a_physician_is_asked_first_and_nobody_inverts_alone() -> None:
    assert ids(WELL._replace(consulted=False, supervised=False)) == ["consultation", "supervision"]


@given(conditions, conditions, conditions)
def test_a_condition_more_never_takes_a_reason_away(has: set[str], more: set[str], cleared: set[str]) -> None:
    clearance = MedicalClearance(frozenset(cleared & texts.NEED_CLEARANCE.keys()), TODAY)
    before = ids(WELL._replace(answers={**HEALTHY, **dict.fromkeys(has, True)}), clearance)
    after = ids(WELL._replace(answers={**HEALTHY, **dict.fromkeys(has | more, True)}), clearance)
    assert set(before) <= set(after)
    assert set(before) == {name for name in has if name in texts.REFUSED or name not in clearance.conditions}


GLAUCOMA = WELL._replace(answers={**HEALTHY, "glaucoma": True})
HERNIA = WELL._replace(answers={**HEALTHY, "hernia": True})
UNANSWERED = WELL._replace(answers={name: answer for name, answer in HEALTHY.items() if name != "hernia"})
LATER = TODAY + timedelta(1)


@pytest.mark.parametrize(
    ("screening", "clearance", "today", "told"),
    [
        (UNANSWERED, None, TODAY, texts.UNANSWERED.format(question=QUESTIONS["hernia"], file="r.toml")),
        (GLAUCOMA, None, TODAY, texts.REFUSES.format(question=QUESTIONS["glaucoma"])),
        (HERNIA, None, TODAY, texts.NEEDS_CLEARANCE.format(question=QUESTIONS["hernia"], condition="hernia")),
        (HERNIA, ALL_CLEARED, LATER, texts.CLEARANCE_EXPIRED.format(condition="hernia", date="2026-11-23")),
        (WELL, None, TODAY - timedelta(1), texts.FROM_THE_FUTURE.format(date="2026-11-23")),
        (WELL, None, TODAY + timedelta(181), texts.EXPIRED.format(date="2026-11-23", most=180)),
        (WELL._replace(consulted=False), None, TODAY, texts.NOT_CONSULTED),
        (WELL._replace(supervised=False), None, TODAY, texts.NOT_SUPERVISED),
    ],
)
def test_each_reason_tells_its_question_its_date_and_what_to_do(
    screening: Screening, clearance: MedicalClearance | None, today: date, told: str
) -> None:
    (reason,) = reasons_against(screening, clearance, today, "r.toml")
    assert reason.text == told
    assert reason.id in {"hernia", "glaucoma", "expired", "consultation", "supervision"}
