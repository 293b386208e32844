"""How far each main limit of a session was from being broken at the moment of a trip.

Each row stands for what one monitor compares, as far as a recording tells it: the session's limits, the newest frame,
the command that was in force, and sums over the ticks before. How long a monitor waits for a condition to last is not
in it: a limit may be broken without a trip.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.moment import Moment, believed, believed_angles_deg, last_framed
from firmware_host.recording.record_schema import RecordedOutput
from firmware_host.recording.session_record import recorded_limits
from safety.angles import Angles
from safety.channel import MISSING_S, largest_step_deg
from safety.layer import LONGEST_GAP_S, PERIOD_S
from safety.limits import Limits
from safety.monitors.drive import heating_a2
from safety.monitors.motion import HEAD_UP_DEG, TILT_MARGIN_DPS
from safety.returning import FLAT_TOLERANCE_DEG
from safety.signals import ON_ITS_OWN, Lost

_ROUNDING: Final = 1e-6
"""Times are sums of hundredths: nearer than this to a limit is at it."""
_SETTLES_S: Final = 2.0
"""So long before the trip the expected rate is followed: longer than the drive's lag and the ramp of any stop."""
_IN_MS_S: Final = 10.0
"""Times below it are told in milliseconds, where the limit is less than a second."""
_NEAREST: Final = 2
"""So many limits that were not broken are told in words."""
_RETURNS: Final = {
    "returning": ("return_rate_dps", "return_upright_rate_dps"),
    "emergency": ("emergency_rate_dps", "emergency_upright_rate_dps"),
    "recovering": ("creep_rate_dps", "creep_upright_rate_dps"),
}
"""Limits of the rate, by the part of the state before the underscore: to horizontal, and on to upright."""


class Margin(NamedTuple):
    """A limit, and how far it was from being broken."""

    name: str
    monitor: str
    """The monitor that watches it."""
    value: float
    limit: float
    tolerance: float
    """How far beyond the limit the monitor bears it, in ``unit``."""
    margin: float
    """From the value to the limit, in ``unit``; negative beyond it."""
    unit: str
    left: float
    """What was left, tolerance included, as a part of the whole (of the angle: of the travel): to compare limits."""

    @property
    def broken(self) -> bool:
        """Nothing was left."""
        return self.margin + self.tolerance < _ROUNDING


def margins(recording: Recording, at: Moment) -> tuple[Margin, ...]:
    """Give the margins at a moment: what was broken, the tripped monitor's own first; then by how little was left.

    What was not measured has no row. Empty if the recording does not tell the session's limits.
    """
    try:
        limits = recorded_limits(recording.metadata)
    except (KeyError, TypeError, ValueError):
        return ()
    rows = [row for part in _PARTS for row in part(recording, at, limits)]
    tripped = at.trip.monitor
    return tuple(sorted(rows, key=lambda row: (not row.broken, row.broken and row.monitor != tripped, row.left)))


def in_words(rows: tuple[Margin, ...]) -> str:
    """Say which limits were broken, and which were the nearest others."""
    if not rows:
        return "How far the limits were from being broken cannot be told: the recording does not hold what it takes."
    broken = [f"{row.name} = {_amount(row.value, row)} (limit {_amount(row.limit, row)})" for row in rows if row.broken]
    near = [
        f"{row.name} = {_amount(row.value, row)} (limit {_amount(row.limit, row)}: {_distance(row)})"
        for row in rows
        if not row.broken
    ][:_NEAREST]
    told = f"Broken limits: {', '.join(broken)}" if broken else "No measured limit was broken"
    return f"{told}; nearest{' besides' if broken else ''}: {', '.join(near)}." if near else f"{told}."


def _distance(row: Margin) -> str:
    return f"{_amount(row.margin, row)} left" if row.margin >= 0.0 else f"{_amount(-row.margin, row)} beyond it, borne"


def _amount(value: float, row: Margin) -> str:
    if row.unit == "s" and row.limit < 1.0 and value < _IN_MS_S:
        return f"{value * 1e3:.0f} ms"
    return f"{value:.0f}" if row.unit == "1" else f"{value:.1f} {row.unit}"


def _most(name: str, monitor: str, value: float, limit: float, unit: str, tolerance: float = 0.0) -> Margin:
    """Make the row of a limit that the value must stay below."""
    whole = limit + tolerance
    left = (whole - value) / whole if whole > 0.0 else 0.0
    return Margin(name, monitor, value, limit, tolerance, limit - value, unit, left)


def _angles(_: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    encoder, inclinometer = at.angles_deg
    believed = [] if at.frame is None else believed_angles_deg(at.frame, at.lost_angles).values()
    if believed:
        most, borne = limits.inverted_limit_deg, limits.over_angle_deg
        row = _most("angle", "over-angle", max(believed), most, "deg", borne)
        yield row._replace(left=(row.margin + borne) / (most + borne - limits.upright_deg))
    if encoder is not None and inclinometer is not None:
        apart = abs(encoder - inclinometer)
        yield _most("difference of the two angles", "angle-agreement", apart, limits.disagree_deg, "deg")


def _channels(recording: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    """Each angle by itself: how far it went since its last value, and how long it has been without one."""
    newest = last_framed(recording, at.place)
    if newest is None or at.frame is None:
        return
    for name, value in zip(("encoder", "inclinometer"), at.angles_deg, strict=True):
        before = _before(recording, newest, f"{name}_deg")
        if before is None:
            continue
        then_s, then_deg = before
        gap_s = at.frame_s - then_s
        if value is None:
            yield _most(f"time without a value of the {name}", "angle-plausibility", gap_s, MISSING_S, "s")
        else:
            most = largest_step_deg(gap_s, limits)
            yield _most(f"step of the {name}", "angle-plausibility", abs(value - then_deg), most, "deg")


def _before(recording: Recording, place: int, name: str) -> tuple[float, float] | None:
    """Give when an angle had its last value before a tick, and which."""
    for one in reversed(recording.inputs[:place]):
        value = None if one.telemetry is None else getattr(one.telemetry, name)
        if value is not None:
            return one.now_s, value
    return None


def _rates(recording: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    """The motor's rate, while its encoder is believed: the rate of the other angle is not recorded."""
    rate = None if at.frame is None else at.frame.rate_dps
    if rate is None or at.lost_angles & Lost.ENCODER:
        return
    expected = _expected_dps(recording, at, limits)
    allowed = _allowed_dps(at, limits)
    most = limits.overspeed_factor * allowed + limits.overspeed_offset_dps
    angle = next((angle for angle in at.angles_deg if angle is not None), None)
    if rate < 0.0 and angle is not None and angle < HEAD_UP_DEG:
        most = min(most, max(-expected, limits.head_up_rate_dps) + TILT_MARGIN_DPS)
    where = "toward upright" if rate < 0.0 else "toward inversion"
    yield _most(f"rate {where}", "overspeed", abs(rate), allowed, "deg/s", most - allowed)
    if at.in_force is not None and at.in_force.command is not None:
        off = abs(rate - expected)
        yield _most("difference of the rate from the expected one", "following", off, limits.following_dps, "deg/s")


def _allowed_dps(at: Moment, limits: Limits) -> float:
    """How fast the motion in force may be: of a return its own rate, else that of the direction and of where it is."""
    if at.frame is not None and at.frame.status & ON_ITS_OWN:
        return limits.emergency_rate_dps  # the board's own return
    state = at.output.state if at.in_force is None else at.in_force.state
    command_dps = _commanded_dps(at.in_force)
    kind, _, part = state.partition("_")
    angle = next((angle for angle in at.angles_deg if angle is not None), 0.0)
    if kind in _RETURNS:
        allowed: float = getattr(limits, _RETURNS[kind][part == "rising"])
    elif command_dps > 0.0 or (command_dps == 0.0 and at.frame is not None and (at.frame.rate_dps or 0.0) >= 0.0):
        allowed = limits.invert_rate_dps
    else:
        allowed = limits.upward_rate_dps if angle > FLAT_TOLERANCE_DEG else limits.head_up_rate_dps
    return max(allowed, abs(command_dps))


def _commanded_dps(output: RecordedOutput | None) -> float:
    return 0.0 if output is None or output.command is None else output.command.rate_dps or 0.0


def _expected_dps(recording: Recording, at: Moment, limits: Limits) -> float:
    """The rate that the drive should have had, by the safety layer's own model of it."""
    angles, inputs = Angles(), recording.inputs
    first = max(at.place - round(_SETTLES_S / PERIOD_S), 1)
    for place in range(first, at.place + 1):
        before, frame = recording.outputs[place - 1], inputs[place].telemetry
        passed_s = _passed_s(inputs[place - 1].now_s, inputs[place].now_s)
        angles.expect(_commanded_dps(before), limits.brake_accel_dps2, passed_s)
        if frame is not None and (before.command is None or frame.status & ON_ITS_OWN):
            angles.resync(frame.rate_dps)
    return angles.expected_dps


def _passed_s(then_s: float, now_s: float) -> float:
    """The time between two ticks, as far as the safety layer counts it where the clock was set."""
    return min(max(now_s - then_s, 0.0), LONGEST_GAP_S)


def _link(recording: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    """How old the telemetry had become, the loop's delay, and whether the board hears and takes commands."""
    newest = last_framed(recording, at.place if at.tick.telemetry is None else at.place - 1)
    if newest is not None:
        age_s = at.tick.now_s - recording.inputs[newest].now_s
        yield _most("age of the telemetry", "link", age_s, limits.link_age_s, "s")
    yield _most("delay of the control loop", "tick", at.tick.lateness_s, limits.tick_late_s, "s")
    if at.frame is None:
        return
    watchdog_s = 0.0 if at.tick.config is None else at.tick.config.watchdog_s
    if watchdog_s > 0.0 and at.frame.command_age_s is not None:
        yield _most("age of the board's newest command", "link", at.frame.command_age_s, watchdog_s, "s")
    yield _most("refused commands in a row", "rejected", at.frame.rejected_in_row, limits.rejected_in_row, "1")


def _drive(recording: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    t = at.frame
    if t is None:
        return
    if t.bus_v is not None:
        left_v = t.bus_v - limits.bus_reserve_v
        share = left_v / limits.bus_reserve_v
        yield Margin("supply", "energy", t.bus_v, limits.bus_reserve_v, 0.0, left_v, "V", share)
    if t.drive_temperature_c is not None:
        yield _most("drive temperature", "temperature", t.drive_temperature_c, limits.drive_warm_c, "degC")
    if t.motor_temperature_c is not None:
        yield _most("motor temperature", "temperature", t.motor_temperature_c, limits.motor_warm_c, "degC")
    effective_a = _effective_a(recording, at)
    yield _most("effective motor current", "duty", effective_a, limits.duty_current_a, "A")


def _effective_a(recording: Recording, at: Moment) -> float:
    """The current that heats the motor, averaged as the monitor does it."""
    mean_a2, last_s = 0.0, recording.inputs[0].now_s - PERIOD_S
    for one in recording.inputs[: at.place + 1]:
        passed_s, last_s = _passed_s(last_s, one.now_s), one.now_s
        if one.telemetry is not None and one.telemetry.current_a is not None:
            mean_a2 = heating_a2(mean_a2, one.telemetry.current_a, passed_s)
    return float(mean_a2**0.5)


def _people(recording: Recording, at: Moment, limits: Limits) -> Iterator[Margin]:
    inverted_s = _inverted_s(recording, at)
    if inverted_s > 0.0:
        yield _most("time inverted", "time-inverted", inverted_s, limits.time_inverted_s, "s")
    age_s = at.tick.operator.presence_age_s
    if age_s is not None:
        yield _most("age of the panel's sign of life", "presence", age_s, limits.presence_s, "s")


def _inverted_s(recording: Recording, at: Moment) -> float:
    """The session's time above horizontal until then."""
    total_s, then_s, inverted = 0.0, recording.inputs[0].now_s, False
    for now_s, _, angle, _ in believed(recording):
        if now_s > at.tick.now_s:
            break
        total_s += _passed_s(then_s, now_s) if inverted else 0.0
        then_s, inverted = now_s, inverted if angle is None else angle > FLAT_TOLERANCE_DEG
    return total_s + (_passed_s(then_s, at.tick.now_s) if inverted else 0.0)


_PARTS: Final[tuple[Callable[[Recording, Moment, Limits], Iterator[Margin]], ...]] = (
    _angles, _channels, _rates, _link, _drive, _people,
)  # fmt: skip
