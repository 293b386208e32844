"""The shipped envelope, proved path by path for all real numbers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import z3

from safety import envelope
from safety.envelope import Bounds
from tests.proofs.formulas import stops_within
from tests.proofs.symbolic import Path, Real, counterexample, paths, prove, term_of


class Tick(NamedTuple):
    """The arguments of one tick, as terms, and one path with what the code gave on it."""

    path: Path
    request: Any
    previous: Any
    low: Any
    high: Any
    dt: Any
    bounds: Bounds
    rate: Any

    def prove(self, claim: Any) -> None:
        prove(claim, *self.path.assumptions, *self.path.conditions)

    @property
    def braked(self) -> Any:
        """The rate in force after braking for one tick, toward standstill."""
        step = self.bounds.brake_dps2 * self.dt
        towards = z3.If(self.previous - step > 0, self.previous - step, z3.RealVal(0))
        away = z3.If(self.previous + step < 0, self.previous + step, z3.RealVal(0))
        return z3.If(self.previous > 0, towards, away)


def symbols() -> tuple[list[Any], Bounds]:
    request, previous, low, high, dt = z3.Reals("request previous low high dt")
    bounds = Bounds(*z3.Reals("lower upper invert upright accel brake reaction"))
    return [request, previous, low, high, dt], bounds


def assumed(dt: Any, bounds: Bounds) -> list[Any]:
    return [
        dt > 0,
        bounds.invert_rate_dps >= 0,
        bounds.upright_rate_dps >= 0,
        bounds.accel_dps2 > 0,
        bounds.accel_dps2 <= bounds.brake_dps2,
        bounds.reaction_s > 0,
    ]


@pytest.fixture(scope="module")
def ticks() -> Iterator[list[Tick]]:
    """Every path through one tick of the shipped code; its root and its question for infinity are those of symbols."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(envelope, "isfinite", lambda _: True)
        patched.setattr(envelope, "sqrt", lambda value: value.path.root(value))
        yield _explore()


def _explore() -> list[Tick]:
    arguments, bounds = symbols()
    assumptions = assumed(arguments[-1], bounds)

    def run(path: Path) -> Any:
        request, previous, low, high, dt = (Real(term, path) for term in arguments)
        limits = Bounds(*(Real(term, path) for term in bounds))  # type: ignore[arg-type]  # symbols for numbers
        return envelope.nearest_safe_rate_dps(request, previous, low, high, dt, limits)  # type: ignore[arg-type]

    found = []
    for path in paths(assumptions, run):
        rate = term_of(path.result)
        request, previous, low, high, dt = arguments
        found.append(Tick(path, request, previous, low, high, dt, bounds, rate))
    return found


def fits(rate: Any, room: Any, bounds: Bounds) -> Any:
    return stops_within(rate, room, bounds.brake_dps2, bounds.reaction_s)


@pytest.mark.requirement("REQ-ENV-LIMIT")
def test_there_is_always_a_rate_to_give(ticks: list[Tick]) -> None:
    """No path divides by zero or takes the root of a negative number, and every path ends with a rate."""
    assert len(ticks) > 20, "the exploration lost its reach"
    for tick in ticks:
        for obligation in tick.path.obligations:
            prove(obligation, *tick.path.assumptions)


@pytest.mark.requirement("REQ-ENV-LIMIT")
def test_inverted_end(ticks: list[Tick]) -> None:
    """A rate toward inversion stops before the limit, or it is the rate in force under full braking."""
    for tick in ticks:
        within = fits(tick.rate, tick.bounds.upper_deg - tick.high, tick.bounds)
        tick.prove(z3.Or(tick.rate <= 0, tick.rate <= tick.braked, within))


@pytest.mark.requirement("REQ-ENV-LIMIT")
def test_upright_end(ticks: list[Tick]) -> None:
    """A rate toward upright stops before the end of the travel, or it is the rate in force under full braking."""
    for tick in ticks:
        within = fits(-tick.rate, tick.low - tick.bounds.lower_deg, tick.bounds)
        tick.prove(z3.Or(tick.rate >= 0, tick.rate >= tick.braked, within))


@pytest.mark.requirement("REQ-ENV-NUMBER", "REQ-ENV-SLEW")
def test_rates_and_slopes_keep_their_limits(ticks: list[Tick]) -> None:
    """Toward standstill at most the guaranteed braking, away from it at most the acceleration; no rate too fast."""
    for tick in ticks:
        bounds, rate, previous = tick.bounds, tick.rate, tick.previous
        tick.prove(z3.Or(rate <= 0, rate <= bounds.invert_rate_dps, rate <= tick.braked))
        tick.prove(z3.Or(rate >= 0, rate >= -bounds.upright_rate_dps, rate >= tick.braked))
        tick.prove(rate <= previous + z3.If(previous >= 0, bounds.accel_dps2, bounds.brake_dps2) * tick.dt)
        tick.prove(rate >= previous - z3.If(previous <= 0, bounds.accel_dps2, bounds.brake_dps2) * tick.dt)


@pytest.mark.requirement("REQ-RSP-INHIBIT")
def test_forbidden_inversion_is_never_given(ticks: list[Tick]) -> None:
    """With a limit of 0 toward inversion, from standstill, whatever is asked: nothing positive."""
    for tick in ticks:
        forbidden = z3.And(tick.bounds.invert_rate_dps == 0, tick.previous <= 0)
        tick.prove(z3.Implies(forbidden, tick.rate <= 0))


def test_a_request_that_is_safe_and_near_is_given_as_it_is(ticks: list[Tick]) -> None:
    """The envelope takes nothing that it need not take: a rate within all limits comes out as it went in."""
    for tick in ticks:
        bounds, request, previous = tick.bounds, tick.request, tick.previous
        inverted_room, upright_room = bounds.upper_deg - tick.high, tick.low - bounds.lower_deg
        inside = [fits(request, inverted_room, bounds), fits(-request, upright_room, bounds)]
        faster, slower = bounds.accel_dps2 * tick.dt, bounds.brake_dps2 * tick.dt
        out = [previous >= 0, request > 0, request <= bounds.invert_rate_dps, inside[0]]
        out += [request <= previous + faster, request >= previous - slower]
        back = [
            previous <= 0,
            request < 0,
            request >= -bounds.upright_rate_dps,
            inside[1],
            fits(0, inverted_room, bounds),
        ]
        back += [request >= previous - faster, request <= previous + slower]
        tick.prove(z3.Implies(z3.Or(z3.And(*out), z3.And(*back)), tick.rate == request))


def test_a_proof_can_fail(ticks: list[Tick]) -> None:
    """A stronger claim than the code keeps has a counterexample: that the rate stops within half of the room."""
    found = []
    for tick in ticks:
        within = fits(tick.rate, (tick.bounds.upper_deg - tick.high) / 2, tick.bounds)
        claim = z3.Or(tick.rate <= 0, tick.rate <= tick.braked, within)
        found.append(counterexample(claim, *tick.path.assumptions, *tick.path.conditions) is not None)
    assert any(found)
