"""What the shipped layer gives to the envelope, proved path by path: the angles, the time, and the bounds.

``Angles.fuse`` and ``layer._command`` run on symbols; what they call the envelope with is caught and compared with what
``test_envelope_invariant.py`` reckons with. Of a table that moves without a command, and of one with no angle left,
nothing is said here.
"""

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import z3

from safety import layer
from safety.angles import Angles
from safety.envelope import Bounds
from safety.layer import PERIOD_S, UPRIGHT_SLACK_DEG
from safety.limits import MACHINE, SPECS, narrow
from safety.profile import Pace
from safety.returning import BLIND_BEYOND_DEG, Stage, creep, emergency_return, normal_return
from safety.signals import Lost, MotionRequest
from safety.supervisor import Phase, Supervisor
from safety.view import LONGEST_STEP_S, View
from tests.proofs.symbolic import Path, Real, counterexample, exact, paths, prove, term_of
from tests.safety.views import view_of

pytestmark = pytest.mark.requirement("REQ-ENV-GATE", "REQ-ENV-LIMIT")

LOW, HIGH, AGE, DT = z3.Reals("low high age dt")
"""The worst angles, the age of the newest frame, the time since the last tick."""
FORCE, ASKED, ANSWER = z3.Reals("force asked answer")
"""Rates: the last command, the one that is asked for, and the one that the envelope gives."""
NAMES = (
    "upright_deg inverted_limit_deg invert_rate_dps upward_rate_dps head_up_rate_dps accel_dps2 brake_accel_dps2 "
    "latency_s angle_margin_deg emergency_rate_dps link_age_s"
)
LIMITS: dict[str, Any] = dict(zip(NAMES.split(), z3.Reals(NAMES), strict=True))
PACE_DPS, PACE_DPS2, FASTEST, ENDLESS = z3.Reals("pace_rate pace_accel fastest endless")
"""Of a return: its pace, what it allows by the lower angle, and a rate for where it sets no limit."""


class Given(NamedTuple):
    """One path to the envelope, and what it was called with there."""

    path: Path
    one_angle_return: bool
    commanded: Any
    previous: Any
    low: Any
    high: Any
    step: Any
    bounds: Bounds

    def prove(self, claim: Any) -> None:
        prove(claim, *self.path.assumptions, *self.path.conditions)

    def refutes(self, claim: Any) -> bool:
        return counterexample(claim, *self.path.assumptions, *self.path.conditions) is not None


def assumed() -> list[Any]:
    """Every limit within the range that a file may give it, a frame that is not too old, and time that passes."""
    found = [term >= 0 for term in (AGE, PACE_DPS, FASTEST)] + [term > 0 for term in (DT, PACE_DPS2)]
    found += [LIMITS["brake_accel_dps2"] >= PACE_DPS2, LIMITS["emergency_rate_dps"] >= PACE_DPS]
    for name, term in LIMITS.items():
        lowest, highest = ends(name)
        found += [term >= exact(lowest), term <= exact(highest)]
    return [*found, LIMITS["emergency_rate_dps"] < ENDLESS]


def seen(path: Path, lost_angles: int, *, inverted: bool, head_up: bool) -> View:
    """A view whose numbers are symbols, of a table that is told to move."""
    names = {"low_deg": LOW, "high_deg": HIGH, "angle_deg": HIGH, "command_dps": FORCE, "age_s": AGE, "dt_s": DT}
    view = view_of({name: Real(term, path) for name, term in names.items()})
    view.angles.lost_angles = lost_angles
    view.inverted, view.head_up = inverted, head_up
    view.request = MotionRequest(Real(ASKED, path))  # type: ignore[arg-type]  # a symbol for a number
    limits: Any = SimpleNamespace(**{name: Real(term, path) for name, term in LIMITS.items()})
    view.limits = limits
    return view


def deciding(path: Path, stage: Stage | None) -> Supervisor:
    """A supervisor that follows requests, or in a return whose numbers are symbols."""
    supervisor = Supervisor()
    if stage is not None:
        rate, fastest = Real(ASKED, path), Real(FASTEST, path)
        pace: Any = Pace(Real(PACE_DPS, path), Real(PACE_DPS2, path), 0.0)  # type: ignore[arg-type]  # the same
        returning: Any = SimpleNamespace(
            stage=stage, pace=pace, rate_dps=lambda _: rate, fastest_dps=lambda _: fastest, follow=lambda _: None
        )
        supervisor.phase, supervisor.returning = Phase.CREEPING, returning
    return supervisor


@pytest.fixture(scope="module")
def calls() -> Iterator[list[Given]]:
    """Every path to the envelope: free, wherever the table is, and in both moving stages of a return."""
    returns = product([Stage.TO_FLAT, Stage.TO_UPRIGHT], [0, int(Lost.ENCODER)], [True], [False])
    free = product([None], [0], [False, True], [False, True])
    with pytest.MonkeyPatch.context() as patched:
        yield [call for situation in (*free, *returns) for call in _explore(patched, *situation)]


def _explore(
    patched: pytest.MonkeyPatch, stage: Stage | None, lost_angles: int, inverted: bool, head_up: bool
) -> Iterator[Given]:
    def run(path: Path) -> Any:
        caught: list[Any] = []

        def envelope(*given: Any) -> Real:
            caught.append(given)
            return Real(ANSWER, path)

        patched.setattr(layer, "inf", Real(ENDLESS, path))
        patched.setattr(layer, "nearest_safe_rate_dps", envelope)
        view = seen(path, lost_angles, inverted=inverted, head_up=head_up)
        command = layer._command(view, deciding(path, stage))
        return None if command is None else (term_of(command.rate_dps), *caught[0])

    for path in paths(assumed(), run):
        if path.result is not None:
            commanded, _, *numbers, bounds = path.result
            previous, low, high, step = map(term_of, numbers)
            one_angle_return = stage is not None and lost_angles != 0
            yield Given(path, one_angle_return, commanded, previous, low, high, step, Bounds(*map(term_of, bounds)))


def test_what_the_envelope_gives_is_what_is_commanded(calls: list[Given]) -> None:
    assert len(calls) > 20, "the exploration lost its reach"
    for call in calls:
        call.prove(call.commanded == ANSWER)


def test_the_upper_angle_is_the_higher_one_and_the_margin_and_the_way_of_its_age(calls: list[Given]) -> None:
    """And not an angle less: with half of the age counted there is a counterexample."""
    speed = z3.If(FORCE > 0, FORCE, -FORCE)
    at_most = LIMITS["emergency_rate_dps"]
    for call in calls:
        margin = call.high - HIGH - LIMITS["angle_margin_deg"]
        call.prove(z3.Implies(speed <= at_most, margin == speed * AGE))
        call.prove(z3.And(LIMITS["link_age_s"] >= AGE, margin >= 0))
    half = HIGH + LIMITS["angle_margin_deg"] + speed * AGE / 2
    assert any(call.refutes(call.high <= half) for call in calls)


def test_the_lower_angle_is_given_as_it_is_and_the_end_of_the_travel_has_the_slack(calls: list[Given]) -> None:
    for call in calls:
        call.prove(call.low == LOW)
        beyond = LIMITS["upright_deg"] - call.bounds.lower_deg
        slack_deg = UPRIGHT_SLACK_DEG + (BLIND_BEYOND_DEG if call.one_angle_return else 0.0)
        call.prove(beyond == exact(slack_deg))


def test_the_rate_in_force_is_the_last_command(calls: list[Given]) -> None:
    """It is cut where no command can be: all are within the bounds, or full braking of the one before."""
    fastest = LIMITS["emergency_rate_dps"]
    for call in calls:
        call.prove(z3.Implies(z3.And(fastest >= FORCE, fastest >= -FORCE), call.previous == FORCE))
        call.prove(z3.And(call.bounds.invert_rate_dps <= fastest, call.bounds.upright_rate_dps <= fastest))


def test_a_late_tick_brakes_for_all_of_its_time_up_to_the_longest_step(calls: list[Given]) -> None:
    longest = exact(LONGEST_STEP_S)
    for call in calls:
        call.prove(call.step == z3.If(longest < DT, longest, DT))


def test_the_bounds_are_those_that_the_proofs_assume(calls: list[Given]) -> None:
    """``assumed`` of ``test_envelope_code.py``, and the reaction time of ``test_envelope_invariant.py``."""
    for call in calls:
        bounds = call.bounds
        call.prove(z3.And(bounds.invert_rate_dps >= 0, bounds.upright_rate_dps >= 0))
        call.prove(z3.And(bounds.accel_dps2 > 0, bounds.accel_dps2 <= bounds.brake_dps2))
        call.prove(bounds.brake_dps2 == LIMITS["brake_accel_dps2"])
        call.prove(bounds.upper_deg == LIMITS["inverted_limit_deg"])
        call.prove(bounds.reaction_s == exact(PERIOD_S) + LIMITS["latency_s"])


def ends(name: str) -> tuple[float, float]:
    """Both ends of the range that a file may give a limit."""
    first, last = sorted((getattr(MACHINE, name), SPECS[name].tightest))
    return first, last


@pytest.mark.parametrize(
    ("brake_dps2", "fastest_dps"), [*product(ends("brake_accel_dps2"), ends("emergency_rate_dps"))]
)
def test_every_return_has_a_pace_as_the_proofs_assume_it(brake_dps2: float, fastest_dps: float) -> None:
    """Its acceleration is no more than the brake's, and nothing is faster than an emergency: at the ends of ranges."""
    limits = narrow(MACHINE, {"brake_accel_dps2": brake_dps2, "emergency_rate_dps": fastest_dps}, "file")
    for plan in (normal_return(limits), emergency_return(limits), creep(limits)):
        for pace in (plan.inverted, plan.head_up):
            assert 0.0 < pace.accel_dps2 <= brake_dps2
            assert 0.0 <= pace.rate_dps <= fastest_dps


@pytest.mark.parametrize("lost", [(), ("encoder",), ("inclinometer",)])
def test_the_worst_angles_enclose_every_one_that_is_believed(lost: tuple[str, ...]) -> None:
    """So one of two angles within an error is enough for the true angle to be known; of one that is left, that one."""
    terms = dict(zip(("encoder", "inclinometer"), z3.Reals("encoder inclinometer"), strict=True))

    def run(path: Path) -> Angles:
        angles = Angles()
        for name, term in terms.items():
            channel = getattr(angles, name)
            channel.value_deg, channel.lost = Real(term, path), "lost" if name in lost else ""
        angles.fuse()
        return angles

    for path in paths([], run):
        low, high = path.result.low_deg.term, path.result.high_deg.term
        believed = [term for name, term in terms.items() if name not in lost]
        prove(z3.And(*(z3.And(low <= term, term <= high) for term in believed)), *path.conditions)
        prove(z3.Or(*(high == term for term in believed)), *path.conditions)
