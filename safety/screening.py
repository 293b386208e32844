"""Who may invert: answers and clearances in, every reason against it out.

Nothing here allows a motion; what it refuses is refused before anything moves. A question that was not answered counts
as a refusal, and so does a questionnaire that is too old. Dates are arguments.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from safety import screening_texts as texts

VALID_DAYS: Final = 180
"""Health changes: so long a questionnaire counts."""
QUESTIONS: Final[dict[str, str]] = {**texts.REFUSED, **texts.NEED_CLEARANCE}
"""Id of each condition to the question about it."""


class Screening(NamedTuple):
    """A questionnaire as a rider answered it."""

    answered: date
    answers: Mapping[str, bool]
    """Id of a condition to whether it applies; one that is missing was not answered."""
    consulted: bool
    supervised: bool


class MedicalClearance(NamedTuple):
    """What a physician permits in writing."""

    conditions: frozenset[str]
    expires: date


class Reason(NamedTuple):
    """One thing that keeps a rider off the table."""

    id: str
    """The condition's, or ``not-screened``, ``expired``, ``consultation``, ``supervision`` or ``rest``."""
    text: str
    """For the rider; ends without a full stop."""


def reasons_against(
    screening: Screening | None, clearance: MedicalClearance | None, today: date, file: str
) -> tuple[Reason, ...]:
    """Give every reason why this rider may not invert today; empty if there is none.

    Args:
        screening: the questionnaire; None if there is none.
        clearance: the physician's; None if there is none.
        today: the date that both are held against.
        file: names the rider's file in what to do next.
    """
    if screening is None:
        return (Reason("not-screened", texts.NOT_SCREENED.format(file=file)),)
    found = _by_date(screening.answered, today)
    for condition, question in QUESTIONS.items():
        found += _by_answer(condition, question, screening.answers.get(condition), clearance, today, file)
    if not screening.consulted:
        found.append(Reason("consultation", texts.NOT_CONSULTED))
    if not screening.supervised:
        found.append(Reason("supervision", texts.NOT_SUPERVISED))
    return tuple(found)


def _by_date(answered: date, today: date) -> list[Reason]:
    days = (today - answered).days
    if days < 0:
        return [Reason("expired", texts.FROM_THE_FUTURE.format(date=answered.isoformat()))]
    if days > VALID_DAYS:
        text = texts.EXPIRED.format(date=answered.isoformat(), most=VALID_DAYS)
        return [Reason("expired", text)]
    return []


def _by_answer(
    condition: str, question: str, answer: bool | None, clearance: MedicalClearance | None, today: date, file: str
) -> list[Reason]:
    if answer is None:
        return [Reason(condition, texts.UNANSWERED.format(question=question, file=file))]
    if not answer:
        return []
    if condition in texts.REFUSED:
        return [Reason(condition, texts.REFUSES.format(question=question))]
    if clearance is None or condition not in clearance.conditions:
        return [Reason(condition, texts.NEEDS_CLEARANCE.format(question=question, condition=condition))]
    if today > clearance.expires:
        text = texts.CLEARANCE_EXPIRED.format(condition=condition, date=clearance.expires.isoformat())
        return [Reason(condition, text)]
    return []
