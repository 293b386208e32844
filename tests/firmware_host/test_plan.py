"""Plans: times agree with the trajectories, motions join, and nothing reverses without a rest."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.control.motion import REVERSAL_REST_S, Motion
from firmware_host.control.plan import Dwell, LaidOut, Move, Plan, lay_out, return_time
from firmware_host.files.programs import Program
from firmware_host.files.tables import load_table
from safety.limits import MACHINE, Limits, narrow
from tests.firmware_host.program_texts import program, programs

LIMITS = load_table(None).limits


def laid(steps: str, head: str = "", limits: Limits = LIMITS) -> LaidOut:
    """Lay out a program."""
    return lay_out(program(steps, head), limits)


def course(plan: Plan) -> list[str]:
    """Show a plan's segments."""
    return [f"{s.to_deg:g}@{s.pace.rate_dps:g}" if isinstance(s, Move) else f"{s.for_s:g} s" for s in plan.segments]


def test_it_begins_at_the_boarding_position_and_ends_with_the_return() -> None:
    plan = laid("[[step]]\ndo = 'go'\nto_deg = 30\n[[step]]\ndo = 'hold'\nfor_s = 20\n").plan
    assert course(plan) == ["30@2", "20 s"]
    up_s, down_s = (105 / 2 + 1 + 0.5), 20.0
    assert plan.starts_s == pytest.approx((0.0, up_s))
    assert plan.program_s == pytest.approx(up_s + down_s)
    assert plan.return_s == pytest.approx((30 / 3 + 1.5 + 0.5) + 10 + (75 / 1.5 + 0.75 + 0.5))
    assert plan.inverted_s == pytest.approx((30 / 2 + 0.75) + 20 + (30 / 3 + 1.5 + 0.5))
    assert plan.total_s == plan.program_s + plan.return_s
    assert (plan.max_deg, plan.step_count, plan.name) == (30.0, 2, "P")


def test_segments_carry_line_label_and_step() -> None:
    plan = laid("[[step]]\ndo = 'go'\nto_deg = 30\n[[step]]\ndo = 'hold'\nfor_s = 20\n").plan
    assert [(s.line, s.label, s.step) for s in plan.segments] == [(4, "go to 30 deg", 0), (7, "hold 20 s", 1)]


def test_without_a_rate_each_direction_has_its_own_limit() -> None:
    text = "[[step]]\ndo='go'\nto_deg=30\n[[step]]\ndo='go'\nto_deg=10\n[[step]]\ndo='go'\nto_deg=-20\n"
    slow = narrow(LIMITS, {"invert_rate_dps": 1.5, "upward_rate_dps": 1.2, "head_up_rate_dps": 0.8}, "x")
    assert course(laid(text, limits=slow).plan) == ["30@1.5", "0.3 s", "10@1.2", "-20@0.8"]
    assert course(laid(text, "[motion]\nrate_dps = 3\n").plan) == ["30@3", "0.3 s", "10@3", "-20@2"]
    assert course(laid(text).plan) == ["30@2", "0.3 s", "10@2", "-20@2"]


def test_a_leg_past_horizontal_has_the_slower_limit_of_both_sides() -> None:
    text = "[[step]]\ndo='go'\nto_deg=30\n[[step]]\ndo='go'\nto_deg=-20\n[[step]]\ndo='go'\nto_deg=-40\n"
    slow = narrow(LIMITS, {"upward_rate_dps": 0.5}, "x")
    assert course(laid(text, limits=slow).plan) == ["30@2", "0.3 s", "-20@0.5", "-40@2"]


def test_accelerations_come_from_the_program_or_the_tighter_limit() -> None:
    text = "[[step]]\ndo='go'\nto_deg=30\n"
    (move,) = laid(text, "[motion]\naccel_dps2 = 1\njerk_dps3 = 3\n").plan.segments
    assert isinstance(move, Move)
    assert move.pace == (2.0, 1.0, 3.0)
    (move,) = laid(text, limits=narrow(LIMITS, {"accel_dps2": 0.5, "jerk_dps3": 2.0}, "x")).plan.segments
    assert isinstance(move, Move)
    assert move.pace == (2.0, 0.5, 2.0)


def test_a_rest_is_kept_before_a_reversal_and_not_added_to_a_longer_pause() -> None:
    text = "[[step]]\ndo='oscillate'\nbetween_deg=[10, 30]\ncycles=2\npause_s={}\n"
    assert course(laid(text.format(0)).plan)[:5] == ["10@2", "30@2", "0.3 s", "10@2", "0.3 s"]
    assert course(laid(text.format(0.1)).plan)[:5] == ["10@2", "30@2", "0.1 s", "0.2 s", "10@2"]
    assert course(laid(text.format(4)).plan)[:4] == ["10@2", "30@2", "4 s", "10@2"]


def test_going_where_one_is_already_takes_no_segment() -> None:
    text = "[[step]]\ndo='go'\nto_deg=-75\n[[step]]\ndo='go'\nto_deg=5\n[[step]]\ndo='go'\nto_deg=5\n"
    assert course(laid(text).plan) == ["5@2"]


def test_a_timed_oscillation_takes_as_many_whole_cycles_as_fit() -> None:
    text = "[[step]]\ndo='oscillate'\nbetween_deg=[10, 30]\nfor_s={}\n"
    cycle_s = 2 * (10 + 1 + 0.5 + 0.3)  # without the rest before the first motion of all, which goes the same way
    for for_s, cycles in ((cycle_s - 0.2, 1), (2 * cycle_s - 0.2, 2), (2 * cycle_s - 0.4, 1), (10 * cycle_s, 10)):
        moves = [s for s in laid(text.format(for_s)).plan.segments if isinstance(s, Move)]
        assert len(moves) == 1 + 2 * cycles


def test_an_oscillation_too_short_for_one_cycle_is_told() -> None:
    (problem,) = laid("[[step]]\ndo='oscillate'\nbetween_deg=[10, 30]\nfor_s=20\n").problems
    assert str(problem) == "p.toml:5: for_s = 20 s is shorter than one cycle of 23.3 s; write at least 24"


def test_too_many_cycles_stop_at_the_bound() -> None:
    text = "[[step]]\ndo='repeat'\ntimes=100\n[[step.step]]\ndo='oscillate'\nbetween_deg=[1, 1.5]\nfor_s=3600\n"
    found = laid(text)
    assert "more than the 10,000 motions and holds" in found.problems[0].text
    assert len(found.timed) <= 10_010


def test_progress_goes_from_nought_to_one() -> None:
    plan = laid("[[step]]\ndo = 'go'\nto_deg = 30\n[[step]]\ndo = 'hold'\nfor_s = 20\n").plan
    assert plan.progress(0, 0.0) == 0.0
    assert plan.progress(0, -1.0) == 0.0
    assert plan.progress(0, 1e9) == plan.progress(1, 0.0) == pytest.approx(54 / 74)
    assert plan.progress(1, 10.0) == pytest.approx(64 / 74)
    assert plan.progress(1, 99.0) == plan.progress(2, 0.0) == 1.0
    assert laid("[[step]]\ndo = 'go'\nto_deg = -75\n").plan.progress(0, 0.0) == 1.0


def test_the_return_from_head_up_goes_straight_on() -> None:
    assert return_time(-15.0, LIMITS).duration_s == pytest.approx(60 / 1.5 + 0.75 + 0.5)
    assert return_time(-15.0, LIMITS).inverted_s == 0.0
    assert return_time(LIMITS.upright_deg, LIMITS).duration_s == 0.0
    resting = narrow(MACHINE, {"return_rest_s": 90.0}, "x")
    assert return_time(15.0, resting).duration_s - return_time(15.0, MACHINE).duration_s == pytest.approx(80.0)


@given(programs)
def test_planned_times_are_those_of_the_motions_followed(found: Program) -> None:
    plan = lay_out(found, MACHINE).plan
    at_deg, now_s, inverted_s = MACHINE.upright_deg, 0.0, 0.0
    for start_s, segment in zip(plan.starts_s, plan.segments, strict=True):
        assert start_s == pytest.approx(now_s, abs=1e-6)
        if isinstance(segment, Dwell):
            assert segment.at_deg == at_deg
            now_s += segment.for_s
            inverted_s += segment.for_s if at_deg > 0.0 else 0.0
            continue
        motion = Motion(at_deg)
        motion.start(segment.to_deg, at_deg, 0.0, segment.pace)
        now_s += motion.duration_s
        samples = [motion.at((k + 0.5) / 200.0 * motion.duration_s).angle_deg > 0.0 for k in range(200)]
        inverted_s += motion.duration_s * sum(samples) / 200.0
        at_deg = segment.to_deg
    assert plan.program_s == pytest.approx(now_s, abs=1e-6)
    back = return_time(at_deg, MACHINE)
    assert plan.inverted_s - back.inverted_s == pytest.approx(inverted_s, abs=0.01 * (now_s + 1.0))


@given(programs)
def test_motions_join_rest_before_reversals_and_keep_their_rates(found: Program) -> None:
    laid_out = lay_out(found, MACHINE)
    for before, after in pairwise(laid_out.timed):
        assert before.ends_deg == after.from_deg
    way, rested_s = 0.0, 0.0
    for one in laid_out.timed:
        if isinstance(one.segment, Dwell):
            rested_s += one.segment.for_s
            continue
        new_way = 1.0 if one.segment.to_deg > one.from_deg else -1.0
        if new_way == -way:
            assert rested_s >= REVERSAL_REST_S - 1e-9
        way, rested_s = new_way, 0.0
        assert one.duration_s > 0.0
        assert 0.0 <= one.inverted_s <= one.duration_s


@given(programs, st.floats(0.0, 1.0))
def test_progress_never_goes_back(found: Program, part: float) -> None:
    plan = lay_out(found, MACHINE).plan
    done = [plan.progress(index, part * 100.0) for index in range(len(plan.segments) + 1)]
    assert done == sorted(done)
    assert done[-1] == 1.0
