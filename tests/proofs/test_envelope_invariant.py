"""From one tick to all of them: a table whose every rate fits the envelope never passes its limit.

The world of the proof: time goes in ticks of ``d``. A command acts ``n`` ticks after it was made, so that ``n`` rates
are always on their way; the reaction time is ``T = (n + 1) d``. The angle that the envelope gets is never below the
true one (``safety.layer`` adds the margin for that). ``tests/proofs/test_envelope_code.py`` proves of the shipped code
what is assumed of a rate here: it is full braking, or not toward inversion, or it satisfies
``u T + u^2 / (2 a) + a T^2 / 2 <= room``.

The potential is where the table would stop if all that is on its way were driven out and it then braked fully:

    V = x + d (sum of the rates on their way, as far as they are positive) + u^2 / (2 a)

Its bound is the invariant; the true angle is never above the potential.
"""

from typing import Any

import pytest
import z3

from tests.proofs.symbolic import counterexample, prove

pytestmark = pytest.mark.requirement("REQ-ENV-LIMIT")

x, d, a, u, limit, stray = z3.Reals("x d a u limit stray")
n = z3.Real("n")


def positive(rate: Any) -> Any:
    return z3.If(rate > 0, rate, z3.RealVal(0))


def stopping(rate: Any) -> Any:
    """Distance of full braking from a rate; none from a rate that does not go toward inversion."""
    return z3.If(rate > 0, rate * rate / (2 * a), z3.RealVal(0))


def braked(rate: Any) -> Any:
    return z3.If(rate > a * d, rate - a * d, z3.RealVal(0))


def test_full_braking_never_raises_the_potential() -> None:
    """A tick of braking puts one smaller rate behind those on their way: what it adds, the stopping distance loses."""
    added = d * positive(braked(u)) + stopping(braked(u)) - stopping(u)
    prove(added <= 0, d > 0, a > 0)


def test_less_than_full_braking_would_raise_it() -> None:
    """The lemma can fail: with nine tenths of the braking there is a counterexample."""
    less = z3.If(u > 0.9 * a * d, u - 0.9 * a * d, z3.RealVal(0))
    added = d * positive(less) + stopping(less) - stopping(u)
    assert counterexample(added <= 0, d > 0, a > 0) is not None


@pytest.mark.parametrize("late_ticks", range(1, 9))
def test_what_is_on_its_way_is_bounded_by_the_newest_rate(late_ticks: int) -> None:
    """Rates fall by at most ``a d`` a tick: the ``n`` before ``u`` make at most ``n u d + a d^2 n (n+1) / 2``."""
    rates = z3.Reals(" ".join(f"v{i}" for i in range(late_ticks)))
    chain = [*rates, u]
    falls = [chain[i + 1] >= chain[i] - a * d for i in range(late_ticks)]
    way = d * z3.Sum([positive(rate) for rate in rates])
    bound = late_ticks * u * d + a * d * d * late_ticks * (late_ticks + 1) / 2
    prove(way <= bound, *falls, u > 0, a > 0, d > 0)


def rate_fits(reaction: Any, with_late: bool = True) -> Any:
    """The envelope's condition for the newest rate."""
    late = a * reaction * reaction / 2 if with_late else z3.RealVal(0)
    return x + u * reaction + u * u / (2 * a) + late <= limit


def potential() -> Any:
    """The largest potential that the rates on their way allow, for any number of them."""
    return x + d * u + n * u * d + a * d * d * n * (n + 1) / 2 + u * u / (2 * a)


def test_a_rate_that_fits_keeps_the_potential_below_the_limit() -> None:
    """For every number of late ticks at once."""
    prove(potential() <= limit, rate_fits((n + 1) * d), u > 0, a > 0, d > 0, n >= 0)


@pytest.mark.parametrize(("reaction", "with_late"), [(d, True), (n * d, True), ((n + 1) * d, False)])
def test_without_latency_or_late_term_it_would_not(reaction: Any, with_late: bool) -> None:
    """Each part of the condition is needed: leaving out the latency, the sample or the late commands is refuted."""
    found = counterexample(potential() <= limit, rate_fits(reaction, with_late), u > 0, a > 0, d > 0, n >= 1)
    assert found is not None


def test_the_angle_is_never_above_the_potential() -> None:
    """So the bound of the potential is a bound of the angle, between the ticks too: within one the rate is constant."""
    way, first, share = z3.Reals("way first share")
    inside = [way >= positive(first), d > 0, a > 0, share >= 0, share <= 1]
    prove(x + share * d * first <= x + d * way + stopping(u), *inside)


def test_a_drive_that_strays_oversteps_by_no_more_than_its_error_times_the_stopping_time() -> None:
    """A table up to ``stray`` faster than commanded: with ``stray`` for the time that is left the bound never rises."""
    reserve = stray * (n * d + u / a)
    after = stray * (n * d + braked(u) / a)
    added = d * positive(braked(u)) + stopping(braked(u)) - stopping(u)
    still_moving = u >= a * d
    prove(added + stray * d + after - reserve <= 0, still_moving, stray >= 0, a > 0, d > 0, n >= 0)


@pytest.mark.requirement("REQ-ENV-NARROWED")
def test_a_potential_beyond_a_narrowed_limit_only_falls() -> None:
    """Where a limit was narrowed under a moving table, full braking is what the code gives: see the lemma above."""
    before = z3.Real("before")
    after = before + d * positive(braked(u)) + stopping(braked(u)) - stopping(u)
    prove(z3.Implies(before > limit, after <= before), d > 0, a > 0)
