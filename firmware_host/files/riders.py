"""Rider files: who rides, what their experience allows, and what keeps them off a table."""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

from pydantic import AwareDatetime, Field, field_validator

from firmware_host.files.kinds import expect_kind
from firmware_host.files.limit_chain import MACHINE_CHAIN, Chain, narrowed, tightened
from firmware_host.files.tables import Table
from firmware_host.files.toml_source import (
    FileError,
    FileModel,
    Name,
    Problem,
    TomlSource,
    check_model,
    read_toml,
    shown_value,
    suggestion,
)
from safety import screening_texts as texts
from safety.ridden import DAY_INVERTED_S, Ridden, left_of_day_s, rest_reasons
from safety.screening import QUESTIONS, MedicalClearance, Reason, Screening, reasons_against

Experience = Literal["beginner", "regular", "experienced"]
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2199
"""Beyond them no zone can be reckoned with."""


class RiderSection(FileModel):
    """Who rides."""

    name: Name = Field(examples=['name = "Ada"'])
    sex: Literal["female", "male"] = Field(examples=['sex = "female"'])
    mass_kg: float = Field(ge=20.0, le=400.0, examples=["mass_kg = 72.5"])
    height_m: float = Field(ge=0.5, le=3.0, examples=["height_m = 1.75"])
    experience: Experience = Field(examples=['experience = "beginner"'])
    sessions_done: int = Field(default=0, ge=0, le=1_000_000)


class ScreeningSection(FileModel):
    """The questionnaire as the rider answered it; ``righting screen`` writes it."""

    answered: date = Field(examples=["answered = 2026-11-23"])
    consulted: bool = False
    """A physician was asked before the first use."""
    supervised: bool = False
    """Somebody will be there who knows how to bring the rider upright."""
    answers: dict[str, bool] = Field(default_factory=dict)
    """Id of each condition to whether it applies."""

    @field_validator("answers")
    @classmethod
    def _known(cls, answers: dict[str, bool]) -> dict[str, bool]:
        return _only_known(answers, QUESTIONS)


T = TypeVar("T", bound=Collection[str])


def _only_known(names: T, known: Collection[str]) -> T:
    for name in names:
        if name not in known:
            raise ValueError(f"{shown_value(name)} is not a known condition; {suggestion(name, known)}")
    return names


class Clearance(FileModel):
    """A physician's written permission: to go beyond what experience alone allows, or to ride with a condition."""

    inverted_limit_deg: float | None = Field(default=None, gt=0.0, le=90.0)
    conditions: list[str] = Field(default_factory=list)
    """Conditions of the questionnaire that the physician has considered."""
    given_by: Name = Field(examples=['given_by = "Dr. A. Example"'])
    expires: date = Field(examples=["expires = 2027-06-30"])

    @field_validator("conditions")
    @classmethod
    def _known(cls, conditions: list[str]) -> list[str]:
        return _only_known(conditions, texts.NEED_CLEARANCE)


class RiddenSection(FileModel):
    """What the rider did lately on real tables (``safety.ridden``); ``righting run`` writes it after each session."""

    ended: AwareDatetime = Field(examples=["ended = 2026-11-23T15:12:00+01:00"])
    """When the last session ended; the day is that of its own zone, where the table stands."""
    inverted_s: float = Field(ge=0.0, le=86_400.0, examples=["inverted_s = 240.0"])
    """Time inverted since the last rest."""
    day_inverted_s: float = Field(ge=0.0, le=86_400.0, examples=["day_inverted_s = 480.0"])
    """Time inverted on the day of the last session."""

    @field_validator("ended")
    @classmethod
    def _of_a_session(cls, ended: datetime) -> datetime:
        if not _FIRST_YEAR <= ended.year <= _LAST_YEAR:
            raise ValueError(f"no session ended in the year {ended.year}; correct it, or take the section out")
        return ended


class RiderFile(FileModel):
    """A rider file as it is written."""

    rider: RiderSection = Field(examples=["[rider]"])
    limits: dict[str, Any] = Field(default_factory=dict)
    clearance: Clearance | None = None
    screening: ScreeningSection | None = None
    ridden: RiddenSection | None = None


class Rider(NamedTuple):
    """A rider whose file could be read; whether table and rider fit is said by ``rider_chain``."""

    file: RiderFile
    source: TomlSource


class Allowance(NamedTuple):
    """What a rider's experience allows."""

    inverted_limit_deg: float
    time_inverted_s: float
    static_hold_s: float


_ALLOWANCES: Final[dict[Experience, Allowance]] = {
    "beginner": Allowance(20.0, 120.0, 60.0),
    "regular": Allowance(45.0, 300.0, 120.0),
    "experienced": Allowance(60.0, 480.0, 180.0),
}
_SETTLED_BEGINNER_DEG: Final = 30.0
SETTLED_AFTER_SESSIONS: Final = 3

_BUILT_IN_RIDER: Final[dict[str, Any]] = {
    "rider": {"name": "Demo", "sex": "female", "mass_kg": 70.0, "height_m": 1.72, "experience": "beginner"}
}


def _clears_angle(file: RiderFile) -> bool:
    return file.clearance is not None and file.clearance.inverted_limit_deg is not None


def load_rider(path: Path | str | None) -> Rider:
    """Load a rider file, or with None a built-in beginner for demonstrations. Raises ``FileError``."""
    if path is None:
        return make_rider(TomlSource("the built-in rider; name yours with --rider", _BUILT_IN_RIDER, {}))
    return make_rider(read_toml(path))


def make_rider(source: TomlSource) -> Rider:
    """Check a rider file that was read. Raises ``FileError`` with all that is wrong."""
    expect_kind(source, "rider")
    file = check_model(source, RiderFile)
    _, problems = narrowed(MACHINE_CHAIN, file.limits, source, f"rider {file.rider.name}", alone=True)
    if _clears_angle(file) and file.rider.experience != "experienced":
        text = f"inverted_limit_deg is for experienced riders, and this one is {file.rider.experience}; take it out"
        problems.append(source.problem(text, "clearance", "inverted_limit_deg"))
    if problems:
        raise FileError(problems)
    return Rider(file, source)


def allowance(rider: RiderSection) -> Allowance:
    """Give what experience allows: angle, time inverted in a session, time without movement (docs/files.md)."""
    base = _ALLOWANCES[rider.experience]
    if rider.experience == "beginner" and rider.sessions_done >= SETTLED_AFTER_SESSIONS:
        return base._replace(inverted_limit_deg=_SETTLED_BEGINNER_DEG)
    return base


def rider_chain(table: Table, rider: Rider, now: datetime) -> tuple[Chain, list[Problem]]:
    """Narrow a table's limits to what a rider may do now, and say all that keeps this rider off this table.

    ``now`` is aware; it decides whether a clearance still counts, and what is left of the day.
    """
    chain, problems = allowed_chain(table, rider, now)
    return left_of_day(chain, rider, now), problems


def left_of_day(chain: Chain, rider: Rider, now: datetime) -> Chain:
    """Narrow to the time inverted that is left of the day. Last of all: no file is refused for what a day leaves."""
    origin = texts.DAY_LEFT.format(most=f"{DAY_INVERTED_S / 60.0:.0f}")
    return tightened(chain, {"time_inverted_s": left_of_day_s(ridden_by(rider), now)}, origin)


def allowed_chain(table: Table, rider: Rider, now: datetime) -> tuple[Chain, list[Problem]]:
    """As ``rider_chain``, on a day on which this rider has not ridden yet."""
    section = rider.file.rider
    allowed = allowance(section)
    origin = f"the allowance of {section.experience} rider {section.name} ({rider.source.at('rider', 'experience')})"
    problems = _outside_rating(table, rider)
    angle, angle_origin, clearance = allowed.inverted_limit_deg, origin, rider.file.clearance
    if clearance is not None and clearance.inverted_limit_deg is not None:
        angle = clearance.inverted_limit_deg
        angle_origin = f"the clearance of rider {section.name} ({rider.source.at('clearance', 'inverted_limit_deg')})"
        problems += _expired(rider, clearance, now.date())
    chain = tightened(table.chain, {"inverted_limit_deg": angle}, angle_origin)
    chain = tightened(
        chain, {"time_inverted_s": allowed.time_inverted_s, "static_hold_s": allowed.static_hold_s}, origin
    )
    chain, refused = narrowed(chain, rider.file.limits, rider.source, f"rider {section.name}")
    return chain, problems + refused


def ridden_by(rider: Rider) -> Ridden | None:
    """Give the account of what a rider did lately; None if there is none."""
    section = rider.file.ridden
    return None if section is None else Ridden(section.ended, section.inverted_s, section.day_inverted_s)


def with_ridden(rider: Rider, ridden: Ridden | None) -> Rider:
    """Give a rider with this account in the place of the file's own."""
    section = None if ridden is None else RiddenSection(**ridden._asdict())
    return rider._replace(file=rider.file.model_copy(update={"ridden": section}))


def screening_reasons(rider: Rider, now: datetime) -> tuple[Reason, ...]:
    """Give all that keeps a rider off a real table now; ``safety.screening`` and ``safety.ridden`` decide."""
    section, given = rider.file.screening, rider.file.clearance
    screening = None
    if section is not None:
        screening = Screening(section.answered, section.answers, section.consulted, section.supervised)
    clearance = None if given is None else MedicalClearance(frozenset(given.conditions), given.expires)
    against = reasons_against(screening, clearance, now.date(), rider.source.path)
    return against + rest_reasons(ridden_by(rider), now)


def screening_problems(rider: Rider, now: datetime) -> list[Problem]:
    """Say all that keeps a rider off a real table now, each at its line."""
    return [rider.source.problem(one.text, *_place(one)) for one in screening_reasons(rider, now)]


def _place(reason: Reason) -> tuple[str, ...]:
    return ("ridden", "ended") if reason.id == "rest" else ("screening", "answers", reason.id)


def _outside_rating(table: Table, rider: Rider) -> list[Problem]:
    rating, section = table.file.rating, rider.file.rider
    found = []
    for name, unit, value, least, most in (
        ("mass_kg", "kg", section.mass_kg, rating.min_mass_kg, rating.max_mass_kg),
        ("height_m", "m", section.height_m, rating.min_height_m, rating.max_height_m),
    ):
        if not least <= value <= most:
            rated = f"table {table.file.table.name} ({table.source.at('rating')}) is rated for"
            text = f"{name} = {value:g} {unit} is outside the {least:g} to {most:g} {unit} that {rated}; do not use it"
            found.append(rider.source.problem(text, "rider", name))
    return found


def _expired(rider: Rider, clearance: Clearance, today: date) -> list[Problem]:
    if today <= clearance.expires:
        return []
    text = f"the clearance expired on {clearance.expires}, and today is {today}; ask {clearance.given_by} for a new one"
    return [rider.source.problem(text, "clearance", "expires")]
