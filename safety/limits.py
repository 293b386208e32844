"""Limits, each with a unit, a range and a tighter side; they only ever narrow.

The chain is machine -> table file -> rider -> program. Each link may tighten a limit; one that would widen it is
refused with both numbers. ``MACHINE`` is the start of the chain: what no file can exceed.
"""

from dataclasses import asdict, fields
from typing import Any, Final, Literal, NamedTuple

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Tighter = Literal["smaller", "larger"]


class LimitSpec(NamedTuple):
    """What is known of a limit beside its value."""

    unit: str
    tighter: Tighter
    """The only way in which a file may change it."""
    tightest: float
    """How far a file may go."""


def _limit(unit: str, widest: float, tightest: float) -> Any:
    """Describe a limit: the machine's value, and the value beyond which no session would be possible."""
    low, high = sorted((widest, tightest))
    tighter = "smaller" if tightest < widest else "larger"
    known: dict[str, Any] = {"unit": unit, "tighter": tighter, "tightest": tightest}
    return Field(widest, ge=low, le=high, allow_inf_nan=False, json_schema_extra=known)


_ABSURD: Final = 1e300
"""A whole number in a file may have any size; one beyond this, infinity and NaN are compared with nothing."""


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
    upright_deg: float = _limit("deg", -75.0, -45.0)
    inverted_limit_deg: float = _limit("deg", 90.0, 0.0)

    # How fast it may move when a program asks
    invert_rate_dps: float = _limit("deg/s", 3.0, 0.1)
    upward_rate_dps: float = _limit("deg/s", 3.0, 0.1)
    head_up_rate_dps: float = _limit("deg/s", 2.0, 0.1)
    accel_dps2: float = _limit("deg/s2", 2.0, 0.1)
    jerk_dps3: float = _limit("deg/s3", 4.0, 0.1)

    # How long
    time_inverted_s: float = _limit("s", 600.0, 0.0)
    static_hold_s: float = _limit("s", 180.0, 0.0)
    steep_hold_s: float = _limit("s", 10.0, 0.0)
    """Static hold beyond ``steep_deg``."""
    steep_deg: float = _limit("deg", 75.0, 30.0)

    # The envelope
    brake_accel_dps2: float = _limit("deg/s2", 8.0, 4.0)
    """Deceleration that the drive guarantees with the heaviest rider."""
    latency_s: float = _limit("s", 0.06, 0.2)
    """Worst time from a measurement to the table acting on the command made from it."""
    angle_margin_deg: float = _limit("deg", 0.2, 5.0)

    # Returns. At the tight end of every range they still keep promise 4: here, tighter is slower, and later.
    return_rate_dps: float = _limit("deg/s", 3.0, 2.9)
    return_upright_rate_dps: float = _limit("deg/s", 1.5, 1.3)
    return_accel_dps2: float = _limit("deg/s2", 2.0, 1.8)
    return_jerk_dps3: float = _limit("deg/s3", 4.0, 3.6)
    return_rest_s: float = _limit("s", 10.0, 180.0)
    emergency_rate_dps: float = _limit("deg/s", 8.0, 6.0)
    emergency_accel_dps2: float = _limit("deg/s2", 8.0, 6.0)
    emergency_jerk_dps3: float = _limit("deg/s3", 40.0, 30.0)
    emergency_upright_rate_dps: float = _limit("deg/s", 2.0, 1.8)
    emergency_rest_s: float = _limit("s", 5.0, 8.0)
    creep_rate_dps: float = _limit("deg/s", 4.0, 3.5)
    creep_upright_rate_dps: float = _limit("deg/s", 1.5, 1.4)
    creep_torque_fraction: float = _limit("1", 0.7, 0.7)
    """No room: the heaviest rider that slipped, on a worn table, takes all of it."""
    recovery_pause_s: float = _limit("s", 2.0, 3.0)
    recovery_attempts: float = _limit("1", 3.0, 3.0)
    """No room: whatever is in the way for a while is still there at the first one."""

    # Monitors
    link_age_s: float = _limit("s", 0.1, 0.03)
    disagree_deg: float = _limit("deg", 3.0, 1.0)
    disagree_s: float = _limit("s", 0.1, 0.02)
    angle_step_deg: float = _limit("deg", 2.0, 0.5)
    """Largest believable change of one angle between two frames 10 ms apart."""
    over_angle_deg: float = _limit("deg", 2.0, 0.5)
    over_angle_s: float = _limit("s", 0.1, 0.02)
    overspeed_factor: float = _limit("1", 1.25, 1.05)
    overspeed_offset_dps: float = _limit("deg/s", 1.0, 0.2)
    overspeed_s: float = _limit("s", 0.03, 0.01)
    following_dps: float = _limit("deg/s", 2.0, 1.0)
    following_s: float = _limit("s", 0.15, 0.05)
    opposite_s: float = _limit("s", 0.05, 0.02)
    standstill_deg: float = _limit("deg", 1.0, 0.3)
    time_inverted_grace_s: float = _limit("s", 30.0, 0.0)
    presence_s: float = _limit("s", 2.0, 0.5)
    """Age of the panel's newest sign of life at which the operator counts as gone."""
    presence_late_s: float = _limit("s", 10.0, 1.0)
    """Age at which the return hurries."""
    tick_warning_s: float = _limit("s", 0.05, 0.02)
    tick_late_s: float = _limit("s", 0.15, 0.05)
    bus_reserve_v: float = _limit("V", 20.0, 48.0)
    """Supply that a return under the heaviest load still needs."""
    drive_warm_c: float = _limit("degC", 75.0, 40.0)
    drive_hot_c: float = _limit("degC", 85.0, 50.0)
    motor_warm_c: float = _limit("degC", 100.0, 40.0)
    motor_hot_c: float = _limit("degC", 120.0, 50.0)
    duty_current_a: float = _limit("A", 6.0, 1.0)
    """Effective motor current that may last."""
    load_step_a: float = _limit("A", 2.0, 0.3)
    load_step_s: float = _limit("s", 0.1, 0.02)
    balance_low_a: float = _limit("A", 0.0, 5.0)
    """Mean current of the balance test; measured on the table with riders at the ends of its rating."""
    balance_high_a: float = _limit("A", 4.0, 0.5)
    rejected_in_row: float = _limit("1", 3.0, 1.0)


SPECS: Final[dict[str, LimitSpec]] = {
    field.name: LimitSpec(**field.default.json_schema_extra)  # type: ignore[union-attr]  # pydantic's
    for field in fields(Limits)
}

MACHINE: Final = Limits()
"""What no file can exceed."""


def narrow(base: Limits, overrides: dict[str, float], source: str) -> Limits:
    """Tighten ``base`` by ``overrides``; ``source`` names the file for the message.

    Raises ``LimitWidenedError`` if a value is wider than the one in force, and pydantic's ``ValidationError``
    (a ``ValueError``) for an unknown name, a wrong type, NaN, infinity or a value outside its range.
    """
    for name, asked in overrides.items():
        if name in SPECS and type(asked) in (int, float) and -_ABSURD < asked < _ABSURD:
            allowed = float(getattr(base, name))
            if asked > allowed if SPECS[name].tighter == "smaller" else asked < allowed:
                raise LimitWidenedError(name, asked, allowed, source)
    return Limits(**{**asdict(base), **overrides})
