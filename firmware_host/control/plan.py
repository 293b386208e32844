"""The plan of a session: a program laid out in time, motion by motion, with the return that ends it.

The times are those of the jerk-limited trajectories that the controller will follow. Whether a plan may be carried
out is not said here: ``firmware_host.files.validation`` holds it against the limits, and gives it out only if it may.
"""

from math import ceil
from typing import Final, NamedTuple

from firmware_host.control.motion import REVERSAL_REST_S, MotionError, MoveTime, move_time
from firmware_host.files.programs import (
    DEFAULT_ACCEL_DPS2,
    DEFAULT_JERK_DPS3,
    DEFAULT_RATE_DPS,
    MAX_SEGMENTS,
    Leg,
    Program,
    Shuttle,
    Wait,
    unfold,
)
from firmware_host.files.toml_lines import Location
from firmware_host.files.toml_source import Problem
from safety.limits import Limits
from safety.profile import Pace
from safety.returning import FLAT_DEG, FLAT_TOLERANCE_DEG, normal_return

_SAME_DEG: Final = 1e-6


class Move(NamedTuple):
    """Go to an angle and stop there."""

    to_deg: float
    pace: Pace
    line: int
    """Line of the program that asks for it."""
    label: str
    step: int
    """Index of the program's top-level step, from 0."""


class Dwell(NamedTuple):
    """Stay at an angle."""

    for_s: float
    at_deg: float
    line: int
    label: str
    step: int


Segment = Move | Dwell


class Plan(NamedTuple):
    """A program laid out in time, from the boarding position to where the return takes over."""

    name: str
    step_count: int
    segments: tuple[Segment, ...]
    starts_s: tuple[float, ...]
    """When each segment begins, from the start of the program."""
    program_s: float
    """Time of all segments."""
    return_s: float
    """Time of the normal return after them."""
    inverted_s: float
    """Time above horizontal, with the return."""
    max_deg: float

    @property
    def total_s(self) -> float:
        """Time of the whole session."""
        return self.program_s + self.return_s

    def progress(self, index: int, since_s: float) -> float:
        """Give the part of the program's time that is done, 0 to 1, ``since_s`` into segment ``index``.

        A segment that takes longer than planned waits at its end; an index past the last one is 1.
        """
        if index >= len(self.segments) or self.program_s <= 0.0:
            return 1.0
        starts_s = self.starts_s
        ends_s = starts_s[index + 1] if index + 1 < len(starts_s) else self.program_s
        done_s = starts_s[index] + since_s if since_s > 0.0 else starts_s[index]
        return (done_s if done_s < ends_s else ends_s) / self.program_s


class Timed(NamedTuple):
    """A segment with what it takes, and the leg of the program that asked for it."""

    segment: Segment
    duration_s: float
    inverted_s: float
    """The part of it above horizontal."""
    from_deg: float
    ends_deg: float
    leg: Leg | None
    """None for a dwell."""


class LaidOut(NamedTuple):
    """A program laid out."""

    plan: Plan
    timed: tuple[Timed, ...]
    problems: tuple[Problem, ...]
    """What cannot be laid out; the plan ends before it, or leaves it out."""


def lay_out(program: Program, limits: Limits) -> LaidOut:
    """Lay a program out from the boarding position on."""
    layout = _Layout(program, limits)
    layout.lay_out()
    return LaidOut(layout.plan(), tuple(layout.timed), tuple(layout.problems))


def rate_limit_name(from_deg: float, to_deg: float, limits: Limits) -> str:
    """Name the limit of rate for a motion. One that passes horizontal has the slower one of both sides all the way."""
    if to_deg > from_deg:
        return "invert_rate_dps"
    if from_deg <= FLAT_TOLERANCE_DEG:
        return "head_up_rate_dps"
    if to_deg >= FLAT_DEG:
        return "upward_rate_dps"
    return min("head_up_rate_dps", "upward_rate_dps", key=lambda name: float(getattr(limits, name)))


def return_time(from_deg: float, limits: Limits) -> MoveTime:
    """Time the normal return from rest at an angle: to horizontal, the rest there, on to upright."""
    plan = normal_return(limits)
    if from_deg <= FLAT_TOLERANCE_DEG:
        return move_time(from_deg, limits.upright_deg, plan.head_up)
    down = move_time(from_deg, FLAT_DEG, plan.inverted)
    up = move_time(FLAT_DEG, limits.upright_deg, plan.head_up)
    return MoveTime(down.duration_s + plan.rest_s + up.duration_s, down.inverted_s)


class _Layout:
    """The walk through a program's parts that turns them into timed segments."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self.program, self.limits = program, limits
        self.timed: list[Timed] = []
        self.problems: list[Problem] = []
        self._at_deg = limits.upright_deg
        self._way = 0.0
        """Sign of the last motion; 0 before the first."""
        self._rested_s = 0.0
        self._move_times: dict[tuple[float, float, Pace], MoveTime] = {}

    def lay_out(self) -> None:
        """Lay out the whole program, as far as it can be."""
        for step, part in unfold(self.program):
            if len(self.timed) > MAX_SEGMENTS:
                text = f"up to here the program has more than the {MAX_SEGMENTS:,} motions and holds that are allowed"
                self._report(f"{text}; repeat less", part.location)
                return
            try:
                self._part(part, step)
            except MotionError as error:
                self._report(str(error), part.location)
                return

    def plan(self) -> Plan:
        """Sum up what was laid out."""
        starts_s, now_s = [], 0.0
        for one in self.timed:
            starts_s.append(now_s)
            now_s += one.duration_s
        back = return_time(self._at_deg, self.limits)
        return Plan(
            name=self.program.file.name,
            step_count=len(self.program.file.step),
            segments=tuple(one.segment for one in self.timed),
            starts_s=tuple(starts_s),
            program_s=now_s,
            return_s=back.duration_s,
            inverted_s=sum(one.inverted_s for one in self.timed) + back.inverted_s,
            max_deg=max((one.ends_deg for one in self.timed), default=self._at_deg),
        )

    def _line(self, location: Location, *key: str) -> int:
        return self.program.source.line(*location, *key)

    def _report(self, text: str, location: Location, *key: str) -> None:
        self.problems.append(self.program.source.problem(text, *location, *key))

    def _part(self, part: Leg | Wait | Shuttle, step: int) -> None:
        if isinstance(part, Leg):
            self._leg(part, step)
        elif isinstance(part, Wait):
            self._wait(part, step)
        else:
            self._shuttle(part, step)

    def _leg(self, leg: Leg, step: int) -> None:
        left_deg = leg.to_deg - self._at_deg
        if abs(left_deg) < _SAME_DEG:
            return
        way = 1.0 if left_deg > 0.0 else -1.0
        line = self._line(leg.location, leg.key)
        if way == -self._way and self._rested_s < REVERSAL_REST_S:
            self._stay(REVERSAL_REST_S - self._rested_s, line, leg.label, step)
        pace = self._pace(leg)
        time = self._time(leg.to_deg, pace)
        move = Move(leg.to_deg, pace, line, leg.label, step)
        self.timed.append(Timed(move, *time, self._at_deg, leg.to_deg, leg))
        self._at_deg, self._way, self._rested_s = leg.to_deg, way, 0.0

    def _wait(self, wait: Wait, step: int) -> None:
        self._stay(wait.for_s, self._line(wait.location, wait.key), wait.label, step)

    def _stay(self, for_s: float, line: int, label: str, step: int) -> None:
        static = self._at_deg > FLAT_DEG
        dwell = Dwell(for_s, self._at_deg, line, label, step)
        self.timed.append(Timed(dwell, for_s, for_s if static else 0.0, self._at_deg, self._at_deg, None))
        self._rested_s += for_s

    def _shuttle(self, shuttle: Shuttle, step: int) -> None:
        """Lay out cycle after cycle, and take the first one that does not fit back out."""
        left_s, cycles, cycle_s = shuttle.for_s, 0, 0.0
        while left_s > 0.0 and len(self.timed) <= MAX_SEGMENTS:
            before = len(self.timed), self._at_deg, self._way, self._rested_s
            for part in shuttle.cycle:
                self._part(part, step)
            cycle_s = sum(one.duration_s for one in self.timed[before[0] :])
            left_s -= cycle_s
            if left_s < 0.0:
                del self.timed[before[0] :]
                _, self._at_deg, self._way, self._rested_s = before
                break
            cycles += 1
        if cycles == 0:
            text = f"for_s = {shuttle.for_s:g} s is shorter than one cycle of {cycle_s:.1f} s"
            self._report(f"{text}; write at least {ceil(cycle_s)}", shuttle.location, "for_s")

    def _pace(self, leg: Leg) -> Pace:
        motion, limits = self.program.file.motion, self.limits
        usual = DEFAULT_RATE_DPS if motion.rate_dps is None else motion.rate_dps
        rate = leg.rate_dps
        if rate is None:
            rate = min(usual, getattr(limits, rate_limit_name(self._at_deg, leg.to_deg, limits)))
        accel, jerk = motion.accel_dps2, motion.jerk_dps3
        return Pace(
            rate,
            min(DEFAULT_ACCEL_DPS2, limits.accel_dps2) if accel is None else accel,
            min(DEFAULT_JERK_DPS3, limits.jerk_dps3) if jerk is None else jerk,
        )

    def _time(self, to_deg: float, pace: Pace) -> MoveTime:
        key = (self._at_deg, to_deg, pace)
        if key not in self._move_times:
            self._move_times[key] = move_time(*key)
        return self._move_times[key]
