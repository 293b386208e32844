"""From one tick to all of them: how far a table whose every rate fits the envelope can pass its limit.

The world of the proof: ticks come after any time ``dt``, up to ``tick``. A rate acts within ``late`` after it was
given, and is followed until the next one acts; the table turns by up to ``stray`` faster while it is told to turn
toward inversion, and not toward inversion while it is not. ``tests/proofs/test_envelope_code.py`` and
``test_layer_code.py`` prove of the shipped code what is assumed of a rate here: it is full braking, or not toward
inversion, or it stops within the room that the measured angle leaves.

The potential is where the table would come to rest, at worst, if it braked fully from the next tick on:

    V = x + way + u tick + u^2 / (2 a) + stray (left + tick + u / a)

``u`` is the newest rate, ``way`` the most that the table can still make of the rates before it acts, and ``left`` the
time for which it can still make something of them. A bound of the potential is the invariant; the true angle is never
above it.
"""

from typing import Any, NamedTuple

import pytest
import z3

from tests.proofs.formulas import overstep, stops_within
from tests.proofs.symbolic import counterexample, prove

pytestmark = pytest.mark.requirement("REQ-ENV-LIMIT")

NONE = z3.RealVal(0)
a, u, w, dt, tick, late, span, stray = z3.Reals("a u w dt tick late span stray")
WORLD = [a > 0, dt > 0, dt <= tick, late >= 0, stray >= 0]


def positive(rate: Any) -> Any:
    return z3.If(rate > 0, rate, NONE)


def stopping(rate: Any) -> Any:
    """Distance of full braking from a rate; none from a rate that does not go toward inversion."""
    return z3.If(rate > 0, rate * rate / (2 * a), NONE)


def braked(rate: Any, brake: Any = a) -> Any:
    return z3.If(rate > brake * dt, rate - brake * dt, NONE)


# What is on its way


def fastest(since: Any) -> Any:
    """The fastest rate that can have been given ``since`` seconds before ``u``: rates fall by at most ``a dt``."""
    return u + a * since


def longest_way(since: Any) -> Any:
    """The most that the table can make of the rates that were in force in the last ``since`` seconds before ``u``."""
    return since * u + a * since * since / 2 + a * since * tick


def test_rates_on_their_way_are_bounded_by_the_newest_one() -> None:
    """By induction from the newest rate back: for any number of rates, given at any times."""
    prove(u <= fastest(NONE))
    later = z3.Real("later")
    prove(w <= fastest(span + dt), later <= fastest(span), later >= w - a * dt, *WORLD)


def one_rate_more(part: Any) -> tuple[Any, list[Any]]:
    """The step of the induction from the last ``span`` seconds to ``part`` of the rate ``w`` before them."""
    way = z3.Real("way")
    claim = way + part * positive(w) <= longest_way(span + part)
    return claim, [way <= longest_way(span), w <= fastest(span + dt), u > 0, span >= 0, a > 0, dt > 0]


def test_what_is_on_its_way_is_bounded_by_the_newest_rate() -> None:
    """By induction too; of the oldest rate only a part may be left."""
    part = z3.Real("part")
    claim, assumptions = one_rate_more(part)
    prove(longest_way(NONE) == 0)
    prove(claim, *assumptions, dt <= tick, part >= 0, part <= dt)


def test_a_longer_tick_or_a_harder_fall_would_break_the_bound() -> None:
    claim, assumptions = one_rate_more(dt)
    assert counterexample(claim, *assumptions, dt <= 3 * tick, tick > 0) is not None
    later = z3.Real("later")
    fall = [later <= fastest(span), later >= w - 1.1 * a * dt]
    assert counterexample(w <= fastest(span + dt), *fall, *WORLD) is not None


# The potential


class Moment(NamedTuple):
    """The table just after a tick."""

    angle: Any
    way: Any
    rate: Any
    left: Any


def potential(now: Moment, held: Any = tick) -> Any:
    moving = z3.If(now.rate > 0, held + now.rate / a, NONE)
    stops = now.angle + now.way + held * positive(now.rate) + stopping(now.rate)
    return stops + stray * (now.left + moving)


def one_tick() -> tuple[Moment, Moment, list[Any]]:
    """Any two moments that follow one another: what acted has moved the table, and the newest rate was held."""
    before = Moment(*z3.Reals("x way u left"))
    moved, after_angle, after_way = z3.Reals("moved after_x after_way")
    acted = z3.If(u > 0, dt, z3.If(before.left < dt, before.left, dt))
    after = Moment(after_angle, after_way, w, z3.If(u > 0, late, before.left - acted))
    world = [
        after.angle <= before.angle + moved + stray * acted,
        moved + after.way <= before.way + dt * positive(u),
        before.left >= 0,
        before.left <= late,
        z3.Implies(u > 0, before.left == late),
        *WORLD,
    ]
    return before, after, world


def test_a_table_at_rest_has_its_angle_for_a_potential() -> None:
    """So the invariant holds where a motion begins inside the limit."""
    angle = z3.Real("x")
    prove(potential(Moment(angle, NONE, NONE, NONE)) == angle, *WORLD)


@pytest.mark.requirement("REQ-ENV-NARROWED")
def test_full_braking_never_raises_the_potential() -> None:
    """Nor does anything slower, whatever the limit is: also where it was narrowed under a moving table."""
    before, after, world = one_tick()
    prove(potential(after) <= potential(before), w <= braked(u), *world)


def test_less_braking_or_a_longer_tick_would_raise_it() -> None:
    """The lemma can fail: with nine tenths of the braking, and with ticks twice as long as they may be."""
    before, after, world = one_tick()
    rises = potential(after) <= potential(before)
    assert counterexample(rises, w == braked(u, 0.9 * a), *world) is not None
    half = potential(after, tick / 2) <= potential(before, tick / 2)
    assert counterexample(half, w == braked(u), stray == 0, *world) is not None


def test_the_angle_is_never_above_the_potential() -> None:
    """So a bound of the potential is a bound of the angle, between the ticks too: at any time before the next one."""
    before, _, world = one_tick()
    passed, made, acted = z3.Reals("passed made acted")
    meanwhile = [
        passed >= 0,
        passed <= dt,
        before.way >= 0,
        made <= before.way + passed * positive(u),
        acted >= 0,
        acted <= before.left + z3.If(u > 0, passed, NONE),
    ]
    prove(before.angle + made + stray * acted <= potential(before), *meanwhile, *world)


# A rate that fits

measured, angle_then, error, allowance, limit, age, period, latency, since = z3.Reals(
    "measured angle_then error allowance limit age period latency since"
)
REACTION = period + latency
NOW = Moment(*z3.Reals("x way u left"))
GRANTED = {
    "error": error,
    "allowance": allowance,
    "rate": u,
    "brake": a,
    "reaction": REACTION,
    "late": latency + age,
    "tick": tick,
    "stray": stray,
}
"""The arguments of ``overstep``."""
MEASURED = [
    measured >= angle_then - error,
    NOW.angle <= angle_then + z3.Real("moved") + stray * since,
    z3.Real("moved") + NOW.way <= longest_way(since + NOW.left),
    since + NOW.left <= latency + age,
    *(term >= 0 for term in (since, NOW.left, latency, age)),
    period > 0,
    u > 0,
    *WORLD,
]
"""The angle was measured ``since`` seconds ago, with an error; what was made of it acts ``left`` seconds from now."""


def fits(reaction: Any = REACTION, beyond: Any = NONE) -> Any:
    """What the envelope asks of a rate toward the limit, by what it knows."""
    return stops_within(u, limit - measured - allowance + beyond, a, reaction)


def kept(**changes: Any) -> Any:
    """The potential is not above the limit by more than the proof grants; with changes, less is granted."""
    return potential(NOW) <= limit + overstep(**{**GRANTED, **changes})


def test_a_rate_that_fits_keeps_the_potential_below_the_limit_and_the_overstep() -> None:
    """For any error, allowance, age of the frame, latency, length of the ticks and stray."""
    prove(kept(), fits(), *MEASURED)


def test_with_a_sound_drive_and_enough_allowance_there_is_no_overstep() -> None:
    """Ticks on time, a fresh frame, no stray and an error within the allowance: never beyond the limit."""
    prove(potential(NOW) <= limit, fits(), age == 0, tick == period, stray == 0, error <= allowance, *MEASURED)


def test_at_the_inverted_end_an_old_frame_makes_little_difference() -> None:
    """The layer adds a margin, and the rate in force for the age: the new rate is no faster than that by much."""
    margin, force, accel = z3.Reals("margin force accel")
    added = [allowance == margin + force * age, u <= force + accel * dt, accel >= 0]
    least = margin + (u - accel * tick) * age
    prove(kept(allowance=least), fits(), *added, *MEASURED)


@pytest.mark.parametrize("less", [{"error": NONE}, {"stray": NONE}, {"late": latency}, {"tick": period}])
def test_each_part_of_the_overstep_is_needed(less: dict[str, Any]) -> None:
    """Without it there are numbers for which the table passes what would be granted."""
    assert counterexample(kept(**less), fits(), tick >= period, error >= 0, *MEASURED) is not None


@pytest.mark.parametrize(
    ("reaction", "beyond"), [(period, NONE), (latency, NONE), (REACTION, a * REACTION * REACTION / 2)]
)
def test_without_latency_sample_or_late_commands_it_would_not_stop_in_time(reaction: Any, beyond: Any) -> None:
    """Each part of the envelope's own condition is needed as well."""
    assert counterexample(kept(), fits(reaction, beyond), *MEASURED) is not None
