"""Limits, each with a unit, a range and a tighter side; they only ever narrow.

The chain is machine -> table file -> rider -> program. Each link may tighten a limit; one that would widen it is
refused with both numbers. ``MACHINE`` is the start of the chain: what no file can exceed.
"""

from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Tighter = Literal["smaller", "larger"]


class LimitSpec(NamedTuple):
    """What is known of a limit beside its value."""

    unit: str
    tighter: Tighter


def _spec(unit: str, tighter: Tighter, lowest: float, highest: float) -> Any:
    return Field(ge=lowest, le=highest, allow_inf_nan=False, json_schema_extra={"unit": unit, "tighter": tighter})


class LimitWidenedError(ValueError):
    """A file tried to widen a limit. ``str()`` names the limit, both numbers and the source."""

    def __init__(self, name: str, asked: float, allowed: float, source: str) -> None:
        unit = SPECS[name].unit
        side = "at most" if SPECS[name].tighter == "smaller" else "at least"
        super().__init__(
            f"{source}: {name} = {asked:g} {unit} is wider than the {allowed:g} {unit} allowed so far; "
            f"write {side} {allowed:g} or leave it out"
        )
        self.name, self.asked, self.allowed, self.source = name, asked, allowed, source


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid", strict=True))
class Limits:
    """All limits in force. Defaults are the machine's: the widest that any file can have.

    Numbers and their reasons: ``docs/safety-concept.md``. Raises pydantic's ``ValidationError`` (a ``ValueError``) for
    an unknown name, a wrong type, NaN, infinity or a value outside its range. A dataclass, because its fields are read
    dozens of times a tick.
    """

    # Where the table may be
    upright_deg: Annotated[float, _spec("deg", "larger", -85.0, -45.0)] = -75.0
    inverted_limit_deg: Annotated[float, _spec("deg", "smaller", 0.0, 90.0)] = 90.0

    # How fast it may move when a program asks
    invert_rate_dps: Annotated[float, _spec("deg/s", "smaller", 0.1, 3.0)] = 3.0
    upward_rate_dps: Annotated[float, _spec("deg/s", "smaller", 0.1, 3.0)] = 3.0
    head_up_rate_dps: Annotated[float, _spec("deg/s", "smaller", 0.1, 2.0)] = 2.0
    accel_dps2: Annotated[float, _spec("deg/s2", "smaller", 0.1, 4.0)] = 2.0
    jerk_dps3: Annotated[float, _spec("deg/s3", "smaller", 0.1, 16.0)] = 4.0

    # How long
    time_inverted_s: Annotated[float, _spec("s", "smaller", 0.0, 600.0)] = 600.0
    static_hold_s: Annotated[float, _spec("s", "smaller", 0.0, 180.0)] = 180.0
    steep_hold_s: Annotated[float, _spec("s", "smaller", 0.0, 10.0)] = 10.0
    """Static hold beyond ``steep_deg``."""
    steep_deg: Annotated[float, _spec("deg", "smaller", 30.0, 75.0)] = 75.0

    # The envelope
    brake_accel_dps2: Annotated[float, _spec("deg/s2", "smaller", 2.0, 12.0)] = 8.0
    """Deceleration that the drive guarantees with the heaviest rider."""
    latency_s: Annotated[float, _spec("s", "larger", 0.0, 0.2)] = 0.06
    """Worst time from a measurement to the table acting on the command made from it."""
    angle_margin_deg: Annotated[float, _spec("deg", "larger", 0.0, 5.0)] = 0.2

    # Returns
    return_rate_dps: Annotated[float, _spec("deg/s", "smaller", 2.5, 4.0)] = 3.0
    return_upright_rate_dps: Annotated[float, _spec("deg/s", "smaller", 0.5, 1.5)] = 1.5
    return_rest_s: Annotated[float, _spec("s", "larger", 10.0, 180.0)] = 10.0
    emergency_rate_dps: Annotated[float, _spec("deg/s", "smaller", 6.0, 8.0)] = 8.0
    emergency_accel_dps2: Annotated[float, _spec("deg/s2", "smaller", 4.0, 8.0)] = 8.0
    emergency_jerk_dps3: Annotated[float, _spec("deg/s3", "smaller", 16.0, 64.0)] = 40.0
    emergency_upright_rate_dps: Annotated[float, _spec("deg/s", "smaller", 1.0, 2.0)] = 2.0
    emergency_rest_s: Annotated[float, _spec("s", "larger", 5.0, 60.0)] = 5.0
    creep_rate_dps: Annotated[float, _spec("deg/s", "smaller", 2.0, 4.0)] = 4.0
    creep_upright_rate_dps: Annotated[float, _spec("deg/s", "smaller", 0.5, 1.5)] = 1.5
    creep_torque_fraction: Annotated[float, _spec("1", "smaller", 0.3, 1.0)] = 0.7
    recovery_pause_s: Annotated[float, _spec("s", "larger", 1.0, 10.0)] = 2.0
    recovery_attempts: Annotated[float, _spec("1", "smaller", 1.0, 3.0)] = 3.0

    # Monitors
    link_age_s: Annotated[float, _spec("s", "smaller", 0.03, 0.1)] = 0.1
    disagree_deg: Annotated[float, _spec("deg", "smaller", 1.0, 3.0)] = 3.0
    disagree_s: Annotated[float, _spec("s", "smaller", 0.02, 0.1)] = 0.1
    angle_step_deg: Annotated[float, _spec("deg", "smaller", 0.5, 3.0)] = 2.0
    """Largest believable change of one angle between two frames 10 ms apart."""
    over_angle_deg: Annotated[float, _spec("deg", "smaller", 0.5, 2.0)] = 2.0
    over_angle_s: Annotated[float, _spec("s", "smaller", 0.02, 0.1)] = 0.1
    overspeed_factor: Annotated[float, _spec("1", "smaller", 1.05, 1.25)] = 1.25
    overspeed_offset_dps: Annotated[float, _spec("deg/s", "smaller", 0.2, 1.0)] = 1.0
    overspeed_s: Annotated[float, _spec("s", "smaller", 0.01, 0.03)] = 0.03
    following_dps: Annotated[float, _spec("deg/s", "smaller", 0.5, 2.0)] = 2.0
    following_s: Annotated[float, _spec("s", "smaller", 0.05, 0.15)] = 0.15
    opposite_s: Annotated[float, _spec("s", "smaller", 0.02, 0.05)] = 0.05
    standstill_deg: Annotated[float, _spec("deg", "smaller", 0.3, 1.0)] = 1.0
    time_inverted_grace_s: Annotated[float, _spec("s", "smaller", 0.0, 30.0)] = 30.0
    tick_warning_s: Annotated[float, _spec("s", "smaller", 0.02, 0.05)] = 0.05
    tick_late_s: Annotated[float, _spec("s", "smaller", 0.05, 0.15)] = 0.15
    rejected_in_row: Annotated[float, _spec("1", "smaller", 1.0, 3.0)] = 3.0


def _specs() -> dict[str, LimitSpec]:
    found = {}
    for name, annotation in Limits.__annotations__.items():
        extra = annotation.__metadata__[0].json_schema_extra
        found[name] = LimitSpec(unit=extra["unit"], tighter=extra["tighter"])
    return found


SPECS: Final[dict[str, LimitSpec]] = _specs()

MACHINE: Final = Limits()
"""What no file can exceed."""


def narrow(base: Limits, overrides: dict[str, float], source: str) -> Limits:
    """Tighten ``base`` by ``overrides``; ``source`` names the file for the message.

    Raises ``LimitWidenedError`` if a value is wider than the one in force, and pydantic's ``ValidationError``
    (a ``ValueError``) for an unknown name, a wrong type, NaN, infinity or a value outside its range.
    """
    narrowed = Limits(**{**asdict(base), **overrides})
    for name in overrides:
        asked, allowed = float(getattr(narrowed, name)), float(getattr(base, name))
        wider = asked > allowed if SPECS[name].tighter == "smaller" else asked < allowed
        if wider:
            raise LimitWidenedError(name, asked, allowed, source)
    return narrowed
