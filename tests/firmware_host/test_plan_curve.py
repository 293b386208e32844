"""The curve that is drawn is the way that the table takes: corners exact, no peak lost, upright in the end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.control.motion import Motion
from firmware_host.control.plan import Move, lay_out
from firmware_host.files.plan_curve import MOST_POINTS, curve, thinned
from firmware_host.files.programs import Program
from firmware_host.files.tables import load_table
from safety.limits import MACHINE
from tests.firmware_host.program_texts import program, programs

LIMITS = load_table(None).limits
SHORT = "[[step]]\ndo = 'go'\nto_deg = 30\n[[step]]\ndo = 'hold'\nfor_s = 20\n"


def test_it_goes_there_holds_rests_at_horizontal_and_comes_upright() -> None:
    plan = lay_out(program(SHORT), LIMITS).plan
    points = curve(plan, LIMITS, 6)
    assert [angle_deg for _, angle_deg in points] == [-75.0, 30.0, 30.0, 0.0, 0.0, -75.0]
    assert [t_s for t_s, _ in points] == pytest.approx([0.0, 54.0, 74.0, 86.0, 96.0, plan.total_s])


def test_points_between_corners_are_those_of_the_motion() -> None:
    plan = lay_out(program(SHORT), LIMITS).plan
    move = plan.segments[0]
    assert isinstance(move, Move)
    motion = Motion(-75.0)
    motion.start(30.0, -75.0, 0.0, move.pace)
    inside = [point for point in curve(plan, LIMITS) if 0.0 < point[0] < 54.0]
    assert len(inside) > 100
    for t_s, angle_deg in inside:
        assert angle_deg == pytest.approx(motion.at(t_s).angle_deg, abs=1e-6)


def test_a_program_that_stays_head_up_returns_without_a_rest() -> None:
    plan = lay_out(program("[[step]]\ndo = 'go'\nto_deg = -30\n"), LIMITS).plan
    assert [angle_deg for _, angle_deg in curve(plan, LIMITS, 3)] == [-75.0, -30.0, -75.0]
    nowhere = lay_out(program("[[step]]\ndo = 'go'\nto_deg = -75\n"), LIMITS).plan
    assert curve(nowhere, LIMITS) == [(0.0, -75.0)]


@given(programs)
def test_the_curve_is_short_goes_on_in_time_and_keeps_its_peak(found: Program) -> None:
    plan = lay_out(found, MACHINE).plan
    points = curve(plan, MACHINE)
    assert len(points) <= MOST_POINTS
    assert all(before[0] <= after[0] for before, after in pairwise(points))
    assert points[-1][0] == pytest.approx(plan.total_s)
    assert points[-1][1] == MACHINE.upright_deg
    assert max(angle_deg for _, angle_deg in points) == pytest.approx(plan.max_deg, abs=1e-6)


def test_a_program_of_thousands_of_corners_is_thinned() -> None:
    text = "[[step]]\ndo='repeat'\ntimes=100\n[[step.step]]\ndo='oscillate'\nbetween_deg=[1, 30]\ncycles=10\n"
    points = curve(lay_out(program(text), MACHINE).plan, MACHINE)
    assert len(points) <= MOST_POINTS
    assert max(angle_deg for _, angle_deg in points) == 30.0


@given(st.lists(st.floats(-90.0, 90.0), max_size=200), st.integers(4, 50))
def test_thinning_keeps_ends_and_extremes(angles: list[float], most: int) -> None:
    points = [(float(index), angle_deg) for index, angle_deg in enumerate(angles)]
    kept = thinned(points, most)
    assert len(kept) <= most
    assert set(kept) <= set(points)
    assert kept == sorted(kept)
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        assert max(kept, key=lambda point: point[1])[1] == max(angles)
        assert min(kept, key=lambda point: point[1])[1] == min(angles)
