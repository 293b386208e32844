"""A rider as people read it: how far, how long and why, and what stands against riding today, in calm words."""

from datetime import datetime
from typing import Any, Final

from firmware_host.files.documents import marked, without_places
from firmware_host.files.limit_chain import Chain
from firmware_host.files.limit_words import LIMIT_LABELS
from firmware_host.files.riders import SETTLED_AFTER_SESSIONS, Rider, rider_chain, screening_reasons
from firmware_host.files.tables import Table
from safety import screening_texts as texts
from safety.limits import SPECS
from safety.screening import QUESTIONS, VALID_DAYS

SHOWN_LIMITS: Final = (
    "inverted_limit_deg", "time_inverted_s", "static_hold_s", "steep_hold_s", "invert_rate_dps", "upward_rate_dps",
    "head_up_rate_dps", "return_rest_s",
)  # fmt: skip
"""What a rider feels; the others are the machine's own business unless the rider's file narrows them."""

_MACHINE: Final = "the machine: no table goes further"
_OUTSIDE: Final = {
    "rider.mass_kg": "This table carries riders of {min_mass_kg:g} to {max_mass_kg:g} kg. Do not use it.",
    "rider.height_m": "This table is made for riders of {min_height_m:g} to {max_height_m:g} m. Do not use it.",
}
_REASONS: Final = {
    "not-screened": "The health questions have not been answered yet. Answer them before the first ride.",
    "consultation": "A physician is asked before the first use. Ask yours, then answer this question again.",
    "supervision": "Nobody inverts alone. Ride only with somebody beside you who knows how to bring you upright.",
}
_UNANSWERED: Final = "This question is not answered yet: {question}"
_RULED_OUT: Final = "You answered yes: {question} Inversion is not for you while that is so; no clearance changes it."
_NEEDS_CLEARANCE: Final = "You answered yes: {question} Ask a physician for a written clearance for it."
_LAPSED: Final = "You answered yes: {question} The clearance for it ended on {date}. Ask the physician again."


def rider_limits(table: Table, rider: Rider, now: datetime) -> list[dict[str, Any]]:
    """Give the limits that a rider rides within, each with what it is called, its unit, and who set it and why."""
    chain, _ = rider_chain(table, rider, now)
    names = [*SHOWN_LIMITS, *(name for name in rider.file.limits if name in SPECS and name not in SHOWN_LIMITS)]
    return [
        {
            "name": name,
            "label": LIMIT_LABELS[name],
            "value": getattr(chain.limits, name),
            "unit": SPECS[name].unit,
            "origin": _origin(chain, name, table, rider),
        }
        for name in names
    ]


def _origin(chain: Chain, name: str, table: Table, rider: Rider) -> str:
    if name not in chain.origins:
        return _MACHINE
    section = rider.file.rider
    told = without_places(chain.origin(name), (table.source.path, rider.source.path))
    if told.startswith("the allowance of"):
        return _allowed(rider, name)
    if told.startswith("the clearance of") and rider.file.clearance is not None:
        return f"the clearance by {rider.file.clearance.given_by}, until {rider.file.clearance.expires}"
    if told == f"rider {section.name}":
        return "this rider's own limit"
    return told.partition(" (")[0]


def _allowed(rider: Rider, name: str) -> str:
    section = rider.file.rider
    if section.experience != "beginner":
        return f"what {'an' if section.experience[0] in 'aeiou' else 'a'} {section.experience} rider is allowed"
    if name != "inverted_limit_deg":
        return "what a beginner is allowed"
    settled = section.sessions_done >= SETTLED_AFTER_SESSIONS
    return f"what a beginner is allowed {'after' if settled else 'in'} the first {SETTLED_AFTER_SESSIONS} sessions"


def rider_reasons(table: Table, rider: Rider, now: datetime) -> list[dict[str, str]]:
    """Give all that stands against riding today, each with the condition's id or the field's name."""
    paths = (table.source.path, rider.source.path)
    _, problems = rider_chain(table, rider, now)
    told = []
    for problem in problems:
        field = marked(problem, rider.source)["field"] or "rider"
        text = _OUTSIDE.get(field, "").format(**table.file.rating.model_dump())
        told.append({"id": field, "text": text or as_sentence(_named(field, without_places(problem.text, paths)))})
    return [*told, *_screening_reasons(rider, now)]


def _named(field: str, text: str) -> str:
    """Call a limit what people call it."""
    name = field.removeprefix("limits.")
    return text.replace(name, LIMIT_LABELS[name], 1) if name in LIMIT_LABELS else text


def _screening_reasons(rider: Rider, now: datetime) -> list[dict[str, str]]:
    answers = {} if rider.file.screening is None else rider.file.screening.answers
    told = []
    for reason in screening_reasons(rider, now):
        question = QUESTIONS.get(reason.id)
        if question is None:
            text = _REASONS.get(reason.id) or as_sentence(reason.text)
        elif reason.id not in answers:
            text = _UNANSWERED.format(question=question)
        else:
            text = _about(reason.id, question, rider, now)
        told.append({"id": reason.id, "text": text})
    return told


def _about(condition: str, question: str, rider: Rider, now: datetime) -> str:
    """Say what a yes means."""
    if condition in texts.REFUSED:
        return _RULED_OUT.format(question=question)
    given = rider.file.clearance
    if given is not None and condition in given.conditions and given.expires < now.date():
        return _LAPSED.format(question=question, date=given.expires)
    return _NEEDS_CLEARANCE.format(question=question)


def as_sentence(text: str) -> str:
    """Give a reason as it stands alone."""
    return f"{text[:1].upper()}{text[1:]}."


def screening_questions() -> dict[str, Any]:
    """Give the questionnaire, in the order in which it is asked."""
    return {
        "pages": [
            _page("refused", "A yes to one of these rules inversion out", texts.REFUSED),
            _page("clearance", "A yes to one of these takes a physician's written clearance", texts.NEED_CLEARANCE),
        ],
        "consulted": texts.CONSULTED,
        "supervised": texts.SUPERVISED,
        "valid_days": VALID_DAYS,
    }


def _page(name: str, title: str, questions: dict[str, str]) -> dict[str, Any]:
    return {"id": name, "title": title, "questions": [{"id": one, "text": text} for one, text in questions.items()]}
