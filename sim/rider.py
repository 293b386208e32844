"""A rider made of segments: mass, centre of mass and inertia of a person lying on the table.

Segment data: de Leva 1996 (``sim/data/README.md``). The posture is that of a rider held at the ankles: legs and
trunk in one line, feet at right angles to the shanks, so that heights above the soles are distances along the table.
"""

import csv
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Sex(StrEnum):
    """Which of the two reference bodies is scaled."""

    FEMALE = "female"
    MALE = "male"


class Arms(StrEnum):
    """Where the arms are."""

    DOWN = "down"
    """Along the body."""
    CROSSED = "crossed"
    """Upper arms along the body, forearms across the chest."""
    OVERHEAD = "overhead"
    """Stretched beyond the head: the way to steer an unmotorised table."""


class BodyProperties(NamedTuple):
    """A whole body in one posture, as a rigid body seen from the side."""

    mass_kg: float
    com_above_soles_m: float
    """Distance of the centre of mass from the soles, along the body."""
    inertia_kgm2: float
    """About the mediolateral axis through the centre of mass."""


class Rider(BaseModel):
    """A person within the table's rating. Raises pydantic's ``ValidationError`` outside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sex: Annotated[Sex, Field(strict=False)]
    mass_kg: Annotated[float, Field(ge=40.0, le=136.0, allow_inf_nan=False)]
    height_m: Annotated[float, Field(ge=1.47, le=1.98, allow_inf_nan=False)]

    def body(self, arms: Arms = Arms.DOWN) -> BodyProperties:
        """Mass, centre of mass and inertia with the arms as given."""
        return _assemble(_segments(self.sex, arms), self.mass_kg, self.height_m)


class _Reference(NamedTuple):
    """Segment lengths of a reference body in metres; de Leva 1996, table 4."""

    height_m: float
    vertex_to_gonion: float
    vertex_to_cervicale: float
    cervicale_to_hips: float
    suprasternale_to_hips: float
    upper_arm: float
    forearm: float
    hand: float
    thigh: float
    shank: float
    foot: float


_REFERENCES: Final = {
    Sex.MALE: _Reference(1.741, 0.2033, 0.2429, 0.6033, 0.5319, 0.2817, 0.2689, 0.0862, 0.4222, 0.4340, 0.2581),
    Sex.FEMALE: _Reference(1.735, 0.2002, 0.2437, 0.6148, 0.5293, 0.2751, 0.2643, 0.0780, 0.3685, 0.4323, 0.2283),
}

_SHOULDER_BELOW_SUPRASTERNALE_M: Final = 0.035
"""The shoulder joint's centre lies a little below the notch of the breastbone. The paper does not place it along the
trunk; with this value the body reproduces 0.556 and 0.590 of the height (arms down, overhead) that others computed."""


class _Segment(NamedTuple):
    """One segment (or a pair) as fractions of body mass and height."""

    mass: float
    com_above_soles: float
    gyration_radius: float


def _table(sex: Sex) -> dict[str, dict[str, str]]:
    text = files("sim").joinpath("data", f"de_leva_1996_{sex.value}.csv").read_text(encoding="utf-8")
    return {row["segment"]: row for row in csv.DictReader(text.splitlines())}


def _segments(sex: Sex, arms: Arms) -> list[_Segment]:
    table, reference = _table(sex), _REFERENCES[sex]

    def place(
        name: str, proximal_m: float, length_m: float, direction: int, gyration: str = "rg_transverse"
    ) -> _Segment:
        row = table[name]
        sides = 2 if name in _PAIRED else 1
        com = proximal_m + direction * float(row["com_fraction_from_proximal"]) * length_m
        return _Segment(
            sides * float(row["mass_fraction"]),
            com / reference.height_m,
            float(row[gyration]) * length_m / reference.height_m,
        )

    hip = reference.height_m - reference.vertex_to_cervicale - reference.cervicale_to_hips
    knee = hip - reference.thigh
    ankle = knee - reference.shank
    suprasternale = hip + reference.suprasternale_to_hips
    shoulder = suprasternale - _SHOULDER_BELOW_SUPRASTERNALE_M
    along = 1 if arms is Arms.OVERHEAD else -1
    elbow = shoulder + along * reference.upper_arm
    # Crossed forearms lie along the table's axis: they stay at the elbow's height and turn about their own length.
    fore = 0 if arms is Arms.CROSSED else along
    fore_gyration = "rg_longitudinal" if arms is Arms.CROSSED else "rg_transverse"
    wrist = elbow + fore * reference.forearm
    return [
        place("Head", reference.height_m, reference.vertex_to_gonion, -1),
        place("Trunk", suprasternale, reference.suprasternale_to_hips, -1),
        place("Thigh", hip, reference.thigh, -1),
        place("Shank", knee, reference.shank, -1),
        # At a right angle to the shank, its centre of mass half-way between ankle and sole.
        place("Foot", ankle / 2, reference.foot, 0),
        place("Upper arm", shoulder, reference.upper_arm, along),
        place("Forearm", elbow, reference.forearm, fore, fore_gyration),
        place("Hand", wrist, reference.hand, fore, fore_gyration),
    ]


_PAIRED: Final = frozenset({"Thigh", "Shank", "Foot", "Upper arm", "Forearm", "Hand"})


def _assemble(segments: list[_Segment], mass_kg: float, height_m: float) -> BodyProperties:
    total = sum(segment.mass for segment in segments)  # 1 but for the rounding of the printed table
    com = sum(segment.mass * segment.com_above_soles for segment in segments) / total
    inertia = sum(
        segment.mass * (segment.gyration_radius**2 + (segment.com_above_soles - com) ** 2) for segment in segments
    )
    return BodyProperties(mass_kg, com * height_m, inertia / total * mass_kg * height_m**2)
