"""The link from the proofs to the shipped code in floating point: the same formulas, tried with any floats.

Denormals, zeros, and requests that are no numbers are among them. The table of the second part is the world of
``test_envelope_invariant.py`` at its worst: frames that are late, lost and wrong, ticks of any length, commands that
act late, and a drive that turns faster than it was told.
"""

from dataclasses import dataclass, field
from math import copysign
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.envelope import Bounds, nearest_safe_rate_dps
from safety.layer import PERIOD_S, UPRIGHT_SLACK_DEG, _command
from safety.limits import MACHINE, SPECS
from safety.signals import CommandMode, MotionRequest
from safety.supervisor import Supervisor
from safety.view import LONGEST_STEP_S
from tests.proofs.formulas import overstep, stops_within
from tests.safety.kinematic_table import TABLE
from tests.safety.views import view_of

pytestmark = pytest.mark.requirement("REQ-ENV-LIMIT", "REQ-ENV-NUMBER")

ROUNDING: Final = 1e-9
"""Relative: some thousand times what floats lose in these formulas."""
any_float = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
angles = st.floats(-100.0, 100.0)
rates = st.floats(-10.0, 10.0)
bounds = st.builds(
    Bounds,
    lower_deg=angles,
    upper_deg=angles,
    invert_rate_dps=st.floats(0.0, 8.0),
    upright_rate_dps=st.floats(0.0, 8.0),
    accel_dps2=st.floats(0.0, 4.0, exclude_min=True),
    brake_dps2=st.floats(4.0, 8.0),
    reaction_s=st.floats(PERIOD_S + MACHINE.latency_s, PERIOD_S + SPECS["latency_s"].tightest),
)
"""The reaction time is one that a file may give: with a denormal one the squares under the envelope's root vanish."""


def keeps(rate: float, previous: float, room: float, most: float, dt: float, limits: Bounds) -> bool:
    """What is proved of one end, with the signs of the other one turned round: slow enough, or full braking."""
    braked = max(previous - limits.brake_dps2 * dt, 0.0) + ROUNDING
    within = rate <= most and stops_within(rate, room + ROUNDING, limits.brake_dps2, limits.reaction_s)
    return rate <= 0.0 or rate <= braked or within


@settings(max_examples=1000)
@given(any_float, rates, angles, angles, st.floats(0.0, 1.0), bounds)
def test_one_tick_keeps_in_floats_what_is_proved_of_reals(
    request: float, previous: float, low: float, high: float, dt: float, limits: Bounds
) -> None:
    rate = nearest_safe_rate_dps(request, previous, low, high, dt, limits)
    assert keeps(rate, previous, limits.upper_deg - high, limits.invert_rate_dps, dt, limits)
    assert keeps(-rate, -previous, low - limits.lower_deg, limits.upright_rate_dps, dt, limits)


class Happens(NamedTuple):
    """What is drawn for one tick; each of the shares is of the worst that the world allows."""

    request_dps: float
    dt_share: float
    delay_share: float
    stray_share: float
    error_share: float
    other_deg: float
    """How far off the second angle is: nothing vouches for it."""
    frame: bool


class World(NamedTuple):
    """The worst that can happen."""

    tick_s: float
    transit_s: float
    """From the measurement to the host; the rest of the latency is for the command."""
    error_deg: float
    stray_dps: float
    age_s: float


@dataclass
class Table:
    """A table that follows each command late, and too fast."""

    angle_deg: float
    now_s: float = 0.0
    rate_dps: float = 0.0
    waiting: list[tuple[float, float]] = field(default_factory=list)
    trail: list[tuple[float, float]] = field(default_factory=list)

    def go_on(self, until_s: float, stray_dps: float) -> None:
        """Turn as it is told until then, and faster or slower by the stray, but never the other way."""
        while self.waiting and self.waiting[0][0] <= until_s:
            at_s, rate_dps = self.waiting.pop(0)
            self._turn(at_s, stray_dps)
            self.rate_dps = rate_dps
        self._turn(until_s, stray_dps)

    def _turn(self, until_s: float, stray_dps: float) -> None:
        speed_dps = max(abs(self.rate_dps) + stray_dps, 0.0) if self.rate_dps else 0.0
        self.trail.append((self.now_s, self.angle_deg))
        self.angle_deg += copysign(speed_dps, self.rate_dps) * (until_s - self.now_s)
        self.now_s = until_s

    def obey(self, rate_dps: float, delay_s: float) -> None:
        """Follow a rate after the delay, and not before the one that was given before it."""
        earliest_s = self.waiting[-1][0] if self.waiting else self.now_s
        self.waiting.append((max(self.now_s + delay_s, earliest_s), rate_dps))

    def angle_at(self, then_s: float) -> float:
        """The true angle at a time that has passed."""
        after_s, after_deg = self.now_s, self.angle_deg
        for before_s, before_deg in reversed(self.trail):
            if before_s <= then_s:
                share = (then_s - before_s) / (after_s - before_s) if after_s > before_s else 0.0
                return before_deg + (after_deg - before_deg) * share
            after_s, after_deg = before_s, before_deg
        return after_deg


def turned(table: Table, world: World, happenings: list[Happens], latency_s: float) -> tuple[float, float]:
    """Let all of it happen under the shipped gate, and give the lowest and the highest true angle."""
    view, supervisor = view_of({"age_s": world.age_s, "command_dps": 0.0}), Supervisor()
    lowest = highest = table.angle_deg
    for one in happenings:
        view.dt_s = one.dt_share * world.tick_s
        table.go_on(table.now_s + view.dt_s, one.stray_share * world.stray_dps)
        assert view.age_s is not None
        view.age_s += view.dt_s
        if one.frame or view.age_s > world.age_s:
            measured_deg = table.angle_at(table.now_s - world.transit_s) + one.error_share * world.error_deg
            both = measured_deg, measured_deg + one.other_deg
            view.angles.angle_deg, view.angles.low_deg, view.angles.high_deg = measured_deg, min(both), max(both)
            view.age_s = 0.0
        view.request = MotionRequest(one.request_dps)
        command = _command(view, supervisor)
        assert command is not None
        assert command.rate_dps is not None
        view.command_mode, view.command_dps = CommandMode.MOVE, command.rate_dps
        table.obey(command.rate_dps, one.delay_share * (latency_s - world.transit_s))
        lowest, highest = min(lowest, table.angle_deg), max(highest, table.angle_deg)
    return lowest, highest


def granted_deg(world: World, rate_dps: float, allowance_deg: float) -> float:
    """The overstep that is proved, at the fastest rate; none where the allowance is larger."""
    reaction_s, late_s = PERIOD_S + TABLE.latency_s, TABLE.latency_s + world.age_s
    brake_dps2, tick_s = TABLE.brake_accel_dps2, max(world.tick_s, PERIOD_S)
    worst = overstep(world.error_deg, allowance_deg, rate_dps, brake_dps2, reaction_s, late_s, tick_s, world.stray_dps)
    return max(float(worst), 0.0) + ROUNDING


shares = st.floats(0.0, 1.0)
signed_shares = st.floats(-1.0, 1.0) | st.sampled_from([-1.0, 1.0])
requests = st.sampled_from([20.0, -20.0]) | any_float
worlds = st.builds(
    World,
    tick_s=st.floats(0.0, LONGEST_STEP_S, exclude_min=True) | st.sampled_from([PERIOD_S, LONGEST_STEP_S]),
    transit_s=st.floats(0.0, TABLE.latency_s),
    error_deg=st.floats(0.0, 1.0),
    stray_dps=st.floats(0.0, 2.0),
    age_s=st.floats(0.0, TABLE.link_age_s),
)
happenings = st.builds(
    Happens,
    request_dps=requests,
    dt_share=st.floats(0.0, 1.0, exclude_min=True) | st.just(1.0),
    delay_share=shares | st.just(1.0),
    stray_share=signed_shares,
    error_share=signed_shares,
    other_deg=st.floats(-3.0, 3.0) | st.just(0.0),
    frame=st.booleans(),
)


@settings(max_examples=150)
@given(worlds, st.lists(happenings, min_size=10, max_size=40), st.floats(0.0, 2.0), st.booleans())
def test_the_gate_keeps_the_table_within_the_overstep_whatever_happens(
    world: World, drawn: list[Happens], room_deg: float, upright: bool
) -> None:
    end_deg = TABLE.upright_deg - UPRIGHT_SLACK_DEG if upright else TABLE.inverted_limit_deg
    table = Table(end_deg + room_deg if upright else end_deg - room_deg)
    lowest, highest = turned(table, world, drawn * 4, TABLE.latency_s)
    invert_dps, upright_dps = TABLE.invert_rate_dps, max(TABLE.upward_rate_dps, TABLE.head_up_rate_dps)
    faster_dps = TABLE.accel_dps2 * max(world.tick_s, PERIOD_S)
    added_deg = TABLE.angle_margin_deg + (invert_dps - faster_dps) * world.age_s
    assert highest <= TABLE.inverted_limit_deg + granted_deg(world, invert_dps, added_deg)
    assert lowest >= TABLE.upright_deg - UPRIGHT_SLACK_DEG - granted_deg(world, upright_dps, 0.0)


@pytest.mark.parametrize("changed", [{"error_deg": 2.0}, {"stray_dps": 9.0}, {"latency_s": 0.3}, {"tick_s": 0.3}])
def test_a_table_that_is_worse_than_reckoned_with_passes_what_is_granted(changed: dict[str, float]) -> None:
    """Or the trial above would show nothing."""
    world = World(tick_s=PERIOD_S, transit_s=0.03, error_deg=0.0, stray_dps=0.0, age_s=0.0)
    worse = world._replace(**{name: value for name, value in changed.items() if name in World._fields})
    always = [Happens(20.0, 1.0, 1.0, 1.0, -1.0, 0.0, frame=True)] * 300
    added_deg = TABLE.angle_margin_deg
    for tried, latency_s, keeps_it in ((world, TABLE.latency_s, True), (worse, changed.get("latency_s", 0.06), False)):
        _, highest = turned(Table(TABLE.inverted_limit_deg - 3.0), tried, always, latency_s)
        within = highest <= TABLE.inverted_limit_deg + granted_deg(world, TABLE.invert_rate_dps, added_deg)
        assert within is keeps_it
