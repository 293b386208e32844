"""Whether a session may be done at all: table, rider, program and limits held against each other before anything moves.

``prepare`` is the way in: it gives a ``Session`` only when everything fits, and otherwise refuses with all that does
not, each with its file, its line and both numbers. ``examine`` gives the same with the refusals beside the plan.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import floor
from typing import Final, NamedTuple

from firmware_host.control.motion import ARRIVED_DEG
from firmware_host.control.plan import Dwell, Move, Plan, Timed, lay_out, rate_limit_name
from firmware_host.files.limit_chain import Chain, narrowed, tightened
from firmware_host.files.programs import DEFAULT_REST_AT_FLAT_S, Leg, Program
from firmware_host.files.riders import (
    Experience,
    Rider,
    allowed_chain,
    left_of_day,
    rider_chain,
    screening_problems,
)
from firmware_host.files.tables import Table
from firmware_host.files.toml_lines import Location
from firmware_host.files.toml_source import FileError, Problem, in_order
from safety.envelope import on_the_way_deg
from safety.layer import reaction_s
from safety.limits import SPECS, Limits
from safety.returning import FLAT_DEG

MAX_SESSION_S: Final = 3600.0
"""Longest session with its return."""

INVERTED_RESERVE_S: Final = 2.0
"""Kept free of the allowance of time inverted, so that a session done as planned never runs out of it."""

MOVEMENT_DEG: Final = 2.0
"""A smaller motion does not count as movement between two static holds."""

APART_DEG: Final = 0.5
"""So much higher than the angle that a motion goes by may the other one be on a sound table."""

_SAME_DEG: Final = 1e-6
_SAME_S: Final = 1e-6


class Session(NamedTuple):
    """A session that may begin."""

    table: Table
    rider: Rider
    program: Program
    limits: Limits
    """In force for the session: machine, table, rider and program."""
    plan: Plan
    advice: tuple[Problem, ...]
    """Worth telling before the start; nothing that forbids it."""
    unscreened: tuple[Problem, ...]
    """Why the rider may not invert on a real table; empty if nothing is against it."""
    origins: Mapping[str, str]
    """Name of a limit to whoever set it last, with file and line; a limit not named here is the machine's."""


class Examination(NamedTuple):
    """What was found about a session, whether or not it may begin."""

    limits: Limits
    plan: Plan
    refusals: tuple[Problem, ...]
    """Empty if the session may begin."""
    advice: tuple[Problem, ...]
    origins: Mapping[str, str]
    """As in ``Session``."""


def prepare(table: Table, rider: Rider, program: Program, now: datetime) -> Session:
    """Make a session's plan. Raises ``FileError`` with every refusal; nothing may move without a ``Session``."""
    found = examine(table, rider, program, now)
    if found.refusals:
        raise FileError(list(found.refusals))
    return _session(table, rider, program, found, now)


def prepare_again(session: Session, rider: Rider, now: datetime) -> Session:
    """Make the next session of the same, for a rider who has ridden meanwhile.

    What refuses it stands first among what keeps the rider off a real table: an open panel shows it, and goes on.
    """
    return _session(session.table, rider, session.program, examine(session.table, rider, session.program, now), now)


def _session(table: Table, rider: Rider, program: Program, found: Examination, now: datetime) -> Session:
    unscreened = (*found.refusals, *screening_problems(rider, now))
    return Session(table, rider, program, found.limits, found.plan, found.advice, unscreened, found.origins)


def examine(table: Table, rider: Rider, program: Program, now: datetime) -> Examination:
    """Lay a program out and hold it against table, rider and allowance.

    ``now`` is aware; it dates a rider's clearance, and says what is left of the day.
    """
    chain, problems = allowed_chain(table, rider, now)
    found = _examine(chain, program, lambda chain: left_of_day(chain, rider, now))
    refusals = in_order([*problems, *found.refusals])
    return found._replace(refusals=tuple(refusals), advice=tuple(_advice(found.plan, rider, program)))


def examine_within(chain: Chain, program: Program) -> Examination:
    """Lay a program out and hold it against limits, whoever set them; advice is for a rider, and here is none."""
    return _examine(chain, program, lambda chain: chain)


def _examine(chain: Chain, program: Program, at_last: Callable[[Chain], Chain]) -> Examination:
    chain, refused = narrowed(chain, program.file.limits, program.source, f"program {program.file.name}")
    chain = at_last(chain)
    judge = _Judge(program, chain)
    judge.motion_section()
    chain = _with_rest(program, chain)
    laid = lay_out(program, chain.limits)
    judge.motions(laid.timed)
    judge.times(laid.timed, laid.plan)
    refusals = in_order([*refused, *laid.problems, *judge.problems()])
    return Examination(chain.limits, laid.plan, tuple(refusals), (), chain.origins)


def _with_rest(program: Program, chain: Chain) -> Chain:
    """Narrow to the program's rest at horizontal; one that is too short was refused and is left out here."""
    stated = program.file.motion.rest_at_flat_s
    rest_s = DEFAULT_REST_AT_FLAT_S if stated is None else stated
    return tightened(chain, {"return_rest_s": rest_s}, f"program {program.file.name}")


def why_no_longer(session: Session, now: datetime, *, simulated: bool) -> str:
    """Say why a session that was made at another moment must not begin now; empty if it may.

    A panel stays open over night, and the next session of the same begins days later: clearances and questionnaires
    expire meanwhile, and a rest may be due. ``simulated``: nobody lies on the table, so that neither questionnaire nor
    rest count.
    """
    chain, problems = rider_chain(session.table, session.rider, now)
    if not simulated:
        problems += screening_problems(session.rider, now)
    judge = _Judge(session.program, chain)
    judge.inverted((), session.plan)
    problems += judge.problems()
    return f"{problems[0]}; then choose the rider again" if problems else ""


# --------------------------------------------------------------------------------------------------------- the judging


def within_reach_deg(limits: Limits) -> float:
    """Give the highest angle at which a motion arrives, although the safety layer keeps the table short of the limit.

    By the higher of two angles it keeps its margin, and what commands that are on their way may still add.
    """
    short_deg = limits.angle_margin_deg + on_the_way_deg(limits.brake_accel_dps2, reaction_s(limits))
    return limits.inverted_limit_deg - short_deg + ARRIVED_DEG - APART_DEG


class _Finding(NamedTuple):
    excess: float
    problem: Problem


class _Judge:
    """Holds what is laid out against the limits; of the same rule on the same line it keeps the worst case."""

    def __init__(self, program: Program, chain: Chain) -> None:
        self._program, self._source, self._chain = program, program.source, chain
        self._found: dict[tuple[int, str], _Finding] = {}

    def problems(self) -> list[Problem]:
        """Give all that was found."""
        return [finding.problem for finding in self._found.values()]

    def motion_section(self) -> None:
        """Hold the program's pace against the limits."""
        motion = self._program.file.motion
        for name, value, limit in (
            ("rate_dps", motion.rate_dps, "invert_rate_dps"),
            ("accel_dps2", motion.accel_dps2, "accel_dps2"),
            ("jerk_dps3", motion.jerk_dps3, "jerk_dps3"),
        ):
            if value is not None:
                self._at_most(name, value, limit, ("motion",))
        rest_s, least_s = motion.rest_at_flat_s, self._chain.limits.return_rest_s
        if rest_s is not None and rest_s < least_s:
            who = self._who("return_rest_s")
            text = f"rest_at_flat_s = {rest_s:g} s is shorter than the {least_s:g} s set by {who}"
            line = self._source.line("motion", "rest_at_flat_s")
            self._report(line, "rest", least_s - rest_s, f"{text}; write at least {least_s:g}")

    def motions(self, timed: Iterable[Timed]) -> None:
        """Hold every motion against the ends of the travel and the limits of rate."""
        for one in timed:
            if one.leg is not None:
                self._angle(one.leg)
                self._rate(one.leg, one.from_deg)

    def _angle(self, leg: Leg) -> None:
        limits, line = self._chain.limits, self._source.line(*leg.location, leg.key)
        highest, lowest = limits.inverted_limit_deg, limits.upright_deg
        if leg.to_deg > highest:
            who = self._who("inverted_limit_deg")
            text = f"goes to {leg.to_deg:g} deg, above the {highest:g} deg set by {who}"
            self._report(line, "high", leg.to_deg - highest, f"{text}; write at most {highest:g}")
        elif leg.to_deg > within_reach_deg(limits):
            most, margin_deg = within_reach_deg(limits), limits.angle_margin_deg
            text = f"goes to {leg.to_deg:g} deg, too near to the {highest:g} deg set by"
            text += f" {self._who('inverted_limit_deg')} for angle_margin_deg = {margin_deg:g} deg,"
            text += f" set by {self._who('angle_margin_deg')}; write at most {floor(most * 10.0) / 10.0:g}"
            self._report(line, "high", leg.to_deg - most, text)
        if leg.to_deg < lowest:
            text = f"goes to {leg.to_deg:g} deg, beyond upright at {lowest:g} deg, set by {self._who('upright_deg')}"
            self._report(line, "low", lowest - leg.to_deg, f"{text}; write at least {lowest:g}")

    def _rate(self, leg: Leg, from_deg: float) -> None:
        if leg.rate_dps is not None:
            limit = rate_limit_name(from_deg, leg.to_deg, self._chain.limits)
            self._at_most("rate_dps", leg.rate_dps, limit, leg.location)

    def times(self, timed: tuple[Timed, ...], plan: Plan) -> None:
        """Hold the laid-out times against the allowance and the longest session."""
        self._static(timed)
        self.inverted(timed, plan)
        if plan.total_s > MAX_SESSION_S:
            line = _line_where(timed, [one.duration_s for one in timed], MAX_SESSION_S - plan.return_s)
            text = f"the session takes {plan.total_s / 60.0:.1f} min with its return, longer than the"
            self._report(line, "total", 0.0, f"{text} {MAX_SESSION_S / 60.0:g} min allowed; shorten it from here on")

    def _report(self, line: int, rule: str, excess: float, text: str) -> None:
        """Keep a problem unless a worse one of its kind is known for the line."""
        known = self._found.get((line, rule))
        if known is None or excess > known.excess:
            self._found[line, rule] = _Finding(excess, Problem(self._source.path, line, text))

    def _static(self, timed: tuple[Timed, ...]) -> None:
        held_s = steep_s = 0.0
        anchor_deg: float | None = None
        for one in timed:
            if anchor_deg is None or abs(one.ends_deg - anchor_deg) >= MOVEMENT_DEG or one.ends_deg <= FLAT_DEG:
                held_s = steep_s = 0.0
                anchor_deg = one.ends_deg
                if isinstance(one.segment, Move):
                    continue
            if one.ends_deg > FLAT_DEG:
                held_s += one.duration_s
                self._held(one, held_s, "static_hold_s")
            if one.ends_deg > self._chain.limits.steep_deg:
                steep_s += one.duration_s
                self._held(one, steep_s, "steep_hold_s")

    def _held(self, one: Timed, held_s: float, limit: str) -> None:
        most_s = float(getattr(self._chain.limits, limit))
        if held_s <= most_s + _SAME_S:
            return
        steep = f" beyond {self._chain.limits.steep_deg:g} deg" if limit == "steep_hold_s" else ""
        text = (
            f"holds still for {held_s:g} s at {one.ends_deg:g} deg, longer than the {most_s:g} s{steep} set by "
            f"{self._who(limit)}; shorten it, or move by at least {MOVEMENT_DEG:g} deg in between"
        )
        self._report(one.segment.line, limit, held_s - most_s, text)

    def inverted(self, timed: tuple[Timed, ...], plan: Plan) -> None:
        """Hold the time inverted against the allowance; where nothing is timed, at the program's first line."""
        allowance_s = self._chain.limits.time_inverted_s
        if plan.inverted_s == 0.0 or plan.inverted_s + INVERTED_RESERVE_S <= allowance_s:
            return
        line = _line_where(timed, [one.inverted_s for one in timed], allowance_s - INVERTED_RESERVE_S)
        text = (
            f"the program needs {plan.inverted_s + INVERTED_RESERVE_S:.1f} s inverted (with its return, and "
            f"{INVERTED_RESERVE_S:g} s in reserve), more than the {allowance_s:g} s set by "
            f"{self._who('time_inverted_s')}; shorten it from here on"
        )
        self._report(line, "inverted", 0.0, text)

    def _at_most(self, name: str, value: float, limit: str, location: Location) -> None:
        most = float(getattr(self._chain.limits, limit))
        if value <= most:
            return
        unit = SPECS[limit].unit
        text = f"{name} = {value:g} {unit} is above the {most:g} {unit} ({limit}) set by {self._who(limit)}"
        line = self._source.line(*location, name)
        self._report(line, limit, value - most, f"{text}; write at most {most:g}")

    def _who(self, limit: str) -> str:
        return self._chain.origin(limit)


def _line_where(timed: tuple[Timed, ...], parts_s: list[float], full_s: float) -> int:
    """Give the line of the segment in which a running sum passes a bound; of the last one that adds if none does."""
    done_s, line = 0.0, 1
    for one, part_s in zip(timed, parts_s, strict=True):
        if part_s > 0.0:
            line = one.segment.line
        done_s += part_s
        if done_s > full_s:
            break
    return line


# ----------------------------------------------------------------------------------------------------------- the advice


class _StepIn(NamedTuple):
    """How an inversion is best begun: rise by no more than this, and stay so long before rising further."""

    rise_deg: float
    settle_s: float


_STEP_IN: Final[dict[Experience, _StepIn]] = {
    "beginner": _StepIn(10.0, 30.0),
    "regular": _StepIn(15.0, 20.0),
    "experienced": _StepIn(20.0, 10.0),
}


def _advice(plan: Plan, rider: Rider, program: Program) -> list[Problem]:
    """Say where a program takes the rider into inversion in larger steps than guides recommend."""
    experience = rider.file.rider.experience
    best = _STEP_IN[experience]
    stayed_s: dict[float, float] = {}
    highest_deg = FLAT_DEG
    for segment in plan.segments:
        if isinstance(segment, Dwell):
            stayed_s[segment.at_deg] = stayed_s.get(segment.at_deg, 0.0) + segment.for_s
        elif segment.to_deg > highest_deg:
            highest_deg, settled_deg = segment.to_deg, _settled_deg(stayed_s, best.settle_s)
            if segment.to_deg - settled_deg > best.rise_deg + _SAME_DEG:
                text = (
                    f"advice: rises to {segment.to_deg:g} deg, and the rider has settled at {settled_deg:g} deg; "
                    f"{experience} riders do better with steps of at most {best.rise_deg:g} deg and at least "
                    f"{best.settle_s:g} s at each"
                )
                return [Problem(program.source.path, segment.line, text)]
    return []


def _settled_deg(stayed_s: dict[float, float], settle_s: float) -> float:
    """Give the highest angle at or above which the rider has stayed long enough in all."""
    total_s = 0.0
    for angle_deg in sorted(stayed_s, reverse=True):
        total_s += stayed_s[angle_deg]
        if total_s >= settle_s:
            return max(angle_deg, FLAT_DEG)
    return FLAT_DEG
