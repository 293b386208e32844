"""What ``docs/proofs.md`` says in numbers and names is what there is."""

import re
from math import ceil
from pathlib import Path

import pytest

from safety.layer import PERIOD_S
from safety.limits import MACHINE
from safety.view import LONGEST_STEP_S
from tests.exploration.test_every_event_in_every_state import LEAST_SITUATIONS
from tests.exploration.world import EVENTS, SWITCHES, WRONG_AT_ONCE
from tests.proofs.formulas import overstep


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return " ".join((repository / "docs" / "proofs.md").read_text().split())


def test_it_counts_the_events_and_the_situations_as_the_exploration_does(page: str) -> None:
    assert f"at least {LEAST_SITUATIONS} situations, {len(EVENTS)} events." in page
    assert f"more than {WRONG_AT_ONCE} of the five wrong at the same time" in page
    assert len(SWITCHES) == 5


def test_every_test_that_it_names_is_there(page: str, repository: Path) -> None:
    tests = "".join(path.read_text() for path in (repository / "tests").rglob("*.py"))
    files = {path.name for path in (repository / "tests").rglob("*.py")}
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in tests] == []
    assert [name for name in re.findall(r"`(?:[\w/]+/)?(test_\w+\.py)`", page) if name not in files] == []


def granted(age_s: float, tick_s: float, *, inverted: bool) -> str:
    """The overstep at the fastest request, as the page writes it, rounded up."""
    rate_dps, reaction_s = MACHINE.invert_rate_dps, PERIOD_S + MACHINE.latency_s
    in_force_dps = rate_dps - MACHINE.accel_dps2 * tick_s
    allowance_deg = MACHINE.angle_margin_deg + in_force_dps * age_s if inverted else 0.0

    def of(stray_dps: float) -> float:
        late_s, brake_dps2 = MACHINE.latency_s + age_s, MACHINE.brake_accel_dps2
        return float(overstep(0.0, allowance_deg, rate_dps, brake_dps2, reaction_s, late_s, tick_s, stray_dps))

    fixed_deg, stray_s = of(0.0), of(1.0) - of(0.0)
    sign = "-" if rounded_up(fixed_deg) < 0.0 else "+"
    return f"e {sign} {abs(rounded_up(fixed_deg)):.2f} deg + {rounded_up(stray_s):.2f} s · r"


def rounded_up(value: float) -> float:
    return ceil(100.0 * value) / 100.0


@pytest.mark.parametrize(
    ("age_s", "tick_s", "row"),
    [
        (0.0, PERIOD_S, "| new | on time |"),
        (MACHINE.link_age_s, PERIOD_S, f"| {MACHINE.link_age_s:g} s old | on time |"),
        (
            MACHINE.link_age_s,
            LONGEST_STEP_S,
            f"| {MACHINE.link_age_s:g} s old | each up to {LONGEST_STEP_S:g} s after the last |",
        ),
    ],
)
def test_the_overstep_in_numbers_is_that_of_the_formula(page: str, age_s: float, tick_s: float, row: str) -> None:
    ends = [granted(age_s, tick_s, inverted=inverted) for inverted in (True, False)]
    assert f"{row} {' | '.join(ends)} |" in page
