"""Nothing moves unless table, rider and program fit; what does not is told with its line and both numbers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.control.plan import Move, Timed, lay_out
from firmware_host.files.programs import Program
from firmware_host.files.riders import Rider, make_rider
from firmware_host.files.tables import Table, load_table, make_table
from firmware_host.files.toml_source import FileError, parse_toml
from firmware_host.files.validation import (
    INVERTED_RESERVE_S,
    MAX_SESSION_S,
    MOVEMENT_DEG,
    Examination,
    examine,
    prepare,
    prepare_again,
    why_no_longer,
)
from safety.screening import QUESTIONS
from tests.firmware_host.program_texts import program, programs

pytestmark = pytest.mark.requirement("REQ-LIM-PROGRAM")

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHO = "the allowance of {} rider R (r.toml:6)"


def rider(experience: str = "regular", text: str = "", mass_kg: int = 70) -> Rider:
    """Make a rider; the experience is on line 6."""
    lines = ["[rider]", 'name = "R"', 'sex = "male"', f"mass_kg = {mass_kg}", "height_m = 1.8"]
    return make_rider(parse_toml("r.toml", "\n".join([*lines, f'experience = "{experience}"', text])))


def full_table() -> Table:
    """Make a table for ninety degrees."""
    return make_table(parse_toml("t.toml", '[table]\nname = "T"\n[limits]\ninverted_limit_deg = 90'))


CLEARED = '[clearance]\ninverted_limit_deg = 90\ngiven_by = "Dr. X"\nexpires = 2030-01-01'


def examined(steps: str, head: str = "", *, by: Rider | None = None, on: Table | None = None) -> Examination:
    """Examine a program: by a regular rider on the reference table unless said otherwise."""
    return examine(on or load_table(None), by or rider(), program(steps, head), NOW)


def refusals(steps: str, head: str = "", *, by: Rider | None = None, on: Table | None = None) -> list[str]:
    """Say what a program is refused for."""
    return [str(problem) for problem in examined(steps, head, by=by, on=on).refusals]


def go(angle_deg: float, more: str = "") -> str:
    """Write a step."""
    return f"[[step]]\ndo = 'go'\nto_deg = {angle_deg}\n{more}"


def hold(for_s: float) -> str:
    """Write a step."""
    return f"[[step]]\ndo = 'hold'\nfor_s = {for_s}\n"


def test_an_angle_at_the_limit_passes_and_above_it_is_refused() -> None:
    assert refusals(go(45)) == []
    assert refusals(go(45.5)) == [
        f"p.toml:4: goes to 45.5 deg, above the 45 deg set by {WHO.format('regular')}; write at most 45"
    ]


def test_the_worst_angle_of_a_line_is_told_once() -> None:
    told = refusals("[[step]]\ndo='progressive'\nfrom_deg=40\nto_deg=60\nby_deg=5\nhold_s=1\n")
    assert len(told) == 1
    assert told[0].startswith("p.toml:5: goes to 60 deg, above the 45 deg")


def test_no_angle_lies_beyond_upright() -> None:
    assert refusals(go(-75)) == []
    assert refusals(go(-76)) == [
        "p.toml:4: goes to -76 deg, beyond upright at -75 deg, set by the machine; write at least -75"
    ]


@pytest.mark.parametrize(
    ("to_deg", "limit", "most"),
    [(10, "invert_rate_dps", "3"), (-70, "invert_rate_dps", "3")],
)
def test_a_rate_above_the_inverting_limit_is_refused(to_deg: int, limit: str, most: str) -> None:
    assert refusals(go(to_deg, "rate_dps = 3")) == []
    (told,) = refusals(go(to_deg, "rate_dps = 3.5"))
    assert told.startswith(f"p.toml:5: rate_dps = 3.5 deg/s is above the {most} deg/s ({limit}) set by the machine; ")


def test_toward_upright_the_limit_depends_on_where_the_motion_ends() -> None:
    assert refusals(go(20) + go(0, "rate_dps = 3\n")) == []
    assert refusals(go(20) + go(-10, "rate_dps = 2\n")) == []
    (told,) = refusals(go(20) + go(-10, "rate_dps = 2.5\n"))
    assert told.startswith("p.toml:8: rate_dps = 2.5 deg/s is above the 2 deg/s (head_up_rate_dps) set by the machine")
    (told,) = refusals(go(20) + go(0, "rate_dps = 3.1\n"))
    assert "above the 3 deg/s (upward_rate_dps)" in told


def test_an_angle_that_the_margin_keeps_out_of_reach_is_refused() -> None:
    limits = "[limits]\nangle_margin_deg = {}\n"
    assert refusals(go(45), limits.format(0.4)) == []
    assert refusals(go(40.4), limits.format(5)) == []
    (told,) = refusals(go(45), limits.format(5))
    assert told.startswith(f"p.toml:6: goes to 45 deg, too near to the 45 deg set by {WHO.format('regular')} for ")
    assert "for angle_margin_deg = 5 deg, set by program P (p.toml" in told
    assert told.endswith("; write at most 40.4")


def test_the_programs_own_pace_is_held_against_the_limits() -> None:
    told = refusals(go(10), "[motion]\nrate_dps = 4\naccel_dps2 = 3\njerk_dps3 = 5\n")
    assert [line.split(" set by")[0] for line in told] == [
        "p.toml:3: rate_dps = 4 deg/s is above the 3 deg/s (invert_rate_dps)",
        "p.toml:4: accel_dps2 = 3 deg/s2 is above the 2 deg/s2 (accel_dps2)",
        "p.toml:5: jerk_dps3 = 5 deg/s3 is above the 4 deg/s3 (jerk_dps3)",
    ]
    assert refusals(go(10), "[motion]\nrate_dps = 3\naccel_dps2 = 2\njerk_dps3 = 4\n") == []


def test_what_a_program_does_not_say_gives_way_to_tighter_limits() -> None:
    slow = rider("regular", "[limits]\ninvert_rate_dps = 1\naccel_dps2 = 0.5\njerk_dps3 = 1\nreturn_rest_s = 90")
    found = examined(go(10), by=slow)
    assert found.refusals == ()
    assert found.limits.return_rest_s == 90.0


def test_the_rest_at_horizontal_is_sixty_seconds_unless_said() -> None:
    assert examined(go(10)).limits.return_rest_s == 60.0
    assert examined(go(10), "[motion]\nrest_at_flat_s = 10\n").limits.return_rest_s == 10.0
    careful = rider("regular", "[limits]\nreturn_rest_s = 90")
    assert refusals(go(10), "[motion]\nrest_at_flat_s = 45\n", by=careful) == [
        "p.toml:3: rest_at_flat_s = 45 s is shorter than the 90 s set by rider R (r.toml:8); write at least 90"
    ]


def test_a_hold_up_to_the_limit_passes_and_longer_is_refused() -> None:
    assert refusals(go(30) + hold(120)) == []
    (told,) = refusals(go(30) + hold(120.5))
    assert told.startswith(
        "p.toml:7: holds still for 120.5 s at 30 deg, longer than the 120 s set by the allowance of regular rider R"
    )


def test_holds_add_up_unless_there_is_movement_between_them() -> None:
    assert refusals(go(30) + hold(80) + go(32) + hold(80)) == []
    assert len(refusals(go(30) + hold(80) + hold(80))) == 1
    (told,) = refusals(go(30) + hold(80) + go(31) + hold(80))
    assert told.startswith("p.toml:13: holds still for 162 s at 31 deg, longer than the 120 s")


def test_a_tremble_is_no_movement() -> None:
    text = "[[step]]\ndo='oscillate'\nbetween_deg=[20, 21]\ncycles=35\n"
    (told,) = refusals(text)
    assert told.startswith("p.toml:4: holds still for")


def test_at_or_before_horizontal_a_rest_is_as_long_as_wanted() -> None:
    assert refusals(go(20) + "[[step]]\ndo='rest'\nfor_s=600\n" + go(-20) + hold(600)) == []


def test_beyond_the_steep_angle_a_hold_is_short() -> None:
    steps = go(75) + hold(15) + go(85) + hold(10) + go(75) + hold(15)
    cleared = rider("experienced", CLEARED)
    assert refusals(steps, by=cleared, on=full_table()) == []
    told = refusals(go(85) + hold(11), by=cleared, on=full_table())
    assert [line[:85] for line in told] == [
        "p.toml:7: holds still for 11 s at 85 deg, longer than the 10 s beyond 75 deg set by the machine"[:85]
    ]


def test_time_inverted_counts_the_return_and_keeps_a_reserve() -> None:
    once = go(30) + hold(100.05)
    inverted_s = examined(once).plan.inverted_s
    assert inverted_s == pytest.approx(15.75 + 100.05 + 12)

    def allowed(time_inverted_s: float) -> list[str]:
        return refusals(once, by=rider("regular", f"[limits]\ntime_inverted_s = {time_inverted_s}"))

    assert allowed(inverted_s + 2.0) == []
    assert allowed(inverted_s + 1.9) == [
        "p.toml:7: the program needs 129.8 s inverted (with its return, and 2 s in reserve), more than the 129.7 s "
        "set by rider R (r.toml:8); shorten it from here on"
    ]


def test_a_program_that_never_inverts_needs_no_allowance() -> None:
    assert refusals(go(-10) + hold(20), by=rider("regular", "[limits]\ntime_inverted_s = 0")) == []


def test_a_session_lasts_an_hour_at_most() -> None:
    rests = "[[step]]\ndo='rest'\nfor_s=1700\n"
    assert refusals(rests * 2) == []
    (told,) = refusals(rests * 2 + hold(150))
    assert told.startswith("p.toml:10: the session takes 60.7 min with its return, longer than the 60 min allowed")


def test_the_programs_limits_narrow_and_are_named() -> None:
    assert refusals(go(30), "[limits]\ninverted_limit_deg = 25\n") == [
        "p.toml:6: goes to 30 deg, above the 25 deg set by program P (p.toml:3); write at most 25"
    ]
    assert refusals(go(30), "[limits]\ninverted_limit_deg = 50\n") == [
        "p.toml:3: inverted_limit_deg = 50 deg is wider than the 45 deg set by the allowance of regular rider R "
        "(r.toml:6); write at most 45 or leave it out"
    ]
    assert refusals(go(30), "[limits]\ninverted_limit_deg = nan\n") == [
        "p.toml:3: inverted_limit_deg must be a finite number, not nan"
    ]


def test_everything_is_refused_at_once_in_the_order_of_the_files() -> None:
    heavy = rider("beginner", "[limits]\ntime_inverted_s = 200", mass_kg=150)
    told = refusals(go(30, "rate_dps = 5\n") + hold(90), "[limits]\njerk_dps3 = 9\n", by=heavy)
    assert [line.split(" ")[0] for line in told] == [
        "p.toml:3:",  # jerk above the limit's range
        "p.toml:6:",  # angle
        "p.toml:7:",  # rate
        "p.toml:10:",  # hold
        "r.toml:4:",  # mass
        "r.toml:8:",  # allowance widened
    ]


def test_nothing_is_prepared_that_is_refused() -> None:
    with pytest.raises(FileError, match=r"p\.toml:4: goes to 50 deg, above the 45 deg"):
        prepare(load_table(None), rider(), program(go(50)), NOW)
    session = prepare(load_table(None), rider(), program(go(15)), NOW)
    assert session.plan.max_deg == 15.0
    assert session.limits.inverted_limit_deg == 45.0
    assert session.advice == ()


@pytest.mark.parametrize(
    ("experience", "rise_deg", "settle_s"), [("beginner", 10, 30), ("regular", 15, 20), ("experienced", 20, 10)]
)
def test_large_first_steps_are_advised_against_and_not_refused(experience: str, rise_deg: int, settle_s: int) -> None:
    by = rider(experience)
    twice = go(rise_deg) + hold(settle_s) + go(2 * rise_deg)
    assert examined(twice, by=by).advice == ()
    hasty = examined(go(rise_deg) + hold(settle_s - 1) + go(2 * rise_deg), by=by)
    steep = examined(go(rise_deg + 1), by=by)
    assert [problem.line for problem in (*hasty.advice, *steep.advice)] == [10, 4]
    assert hasty.refusals == steep.refusals == ()
    assert f"steps of at most {rise_deg} deg and at least {settle_s} s" in steep.advice[0].text


def test_going_back_to_an_angle_is_no_first_step() -> None:
    assert examined(go(15) + hold(20) + go(30) + go(0) + go(30)).advice == ()


@given(programs, st.sampled_from(["beginner", "regular", "experienced", "cleared"]))
def test_a_plan_without_refusals_keeps_every_limit_and_no_other_is_refused(found: Program, who: str) -> None:
    by = rider("experienced", CLEARED) if who == "cleared" else rider(who)
    result = examine(full_table(), by, found, NOW)
    laid = lay_out(found, result.limits)
    if laid.problems:
        assert result.refusals
        return
    broken = [what for what, kept in _kept(result, laid.timed).items() if not kept]
    assert bool(broken) == bool(result.refusals), (broken, result.refusals)


def _kept(result: Examination, timed: tuple[Timed, ...]) -> dict[str, bool]:
    """Judge a plan a second time, more plainly."""
    limits, plan = result.limits, result.plan
    return {
        "angle": all(limits.upright_deg <= one.ends_deg <= limits.inverted_limit_deg for one in timed),
        "rate": all(_keeps_its_rate(one, result) for one in timed),
        "hold": _longest_still_s(timed, 0.0) <= limits.static_hold_s + 1e-6,
        "steep hold": _longest_still_s(timed, limits.steep_deg) <= limits.steep_hold_s + 1e-6,
        "inverted": plan.inverted_s == 0.0 or plan.inverted_s + INVERTED_RESERVE_S <= limits.time_inverted_s,
        "total": plan.total_s <= MAX_SESSION_S,
    }


def _longest_still_s(timed: tuple[Timed, ...], above_deg: float) -> float:
    """Longest stay without a motion of at least ``MOVEMENT_DEG`` from where the stay began."""
    longest_s = still_s = 0.0
    anchor_deg = -90.0
    for one in timed:
        if abs(one.ends_deg - anchor_deg) >= MOVEMENT_DEG:
            anchor_deg, still_s = one.ends_deg, 0.0
        elif one.ends_deg > above_deg:
            still_s += one.duration_s
        else:
            still_s = 0.0 if one.ends_deg <= 0.0 else still_s
        longest_s = max(longest_s, still_s)
    return longest_s


def _keeps_its_rate(one: Timed, result: Examination) -> bool:
    if not isinstance(one.segment, Move):
        return True
    limits = result.limits
    if one.ends_deg > one.from_deg:
        return one.segment.pace.rate_dps <= limits.invert_rate_dps
    most = limits.upward_rate_dps if one.ends_deg >= 0.0 else limits.head_up_rate_dps
    return one.segment.pace.rate_dps <= most


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.mark.requirement("REQ-LIM-CLEARANCE", "REQ-PPL-SCREENING")
def test_a_session_outlives_no_clearance_and_no_questionnaire() -> None:
    answers = "\n".join(f"{condition} = {str(condition == 'hernia').lower()}" for condition in QUESTIONS)
    text = f"""[screening]
answered = {NOW:%Y-%m-%d}
consulted = true
supervised = true
[screening.answers]
{answers}
[clearance]
conditions = ["hernia"]
given_by = "Dr. X"
expires = 2026-06-30"""
    session = prepare(load_table(None), rider(text=text), program(go(15)), NOW)
    assert session.unscreened == ()
    assert why_no_longer(session, noon(2026, 6, 30), simulated=False) == ""
    assert "2026-06-30" in why_no_longer(session, noon(2026, 7, 1), simulated=False)
    assert why_no_longer(session, noon(2026, 7, 1), simulated=True) == ""
    assert "180 days" in why_no_longer(session, noon(2026, 12, 1), simulated=False)
    steep = prepare(full_table(), rider("experienced", CLEARED), program(go(15)), NOW)
    assert why_no_longer(steep, noon(2030, 1, 1), simulated=True) == ""
    assert "expired on 2030-01-01" in why_no_longer(steep, noon(2030, 1, 2), simulated=True)


def rode(day_s: float, inverted_s: float = 0.0) -> str:
    """Write an account of a rider who rode half an hour ago."""
    return f"[ridden]\nended = 2026-06-01T11:30:00Z\ninverted_s = {inverted_s}\nday_inverted_s = {day_s}"


UP_TO_15 = go(15) + "[[step]]\ndo = 'hold'\nfor_s = 60"


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_program_runs_within_what_is_left_of_the_day_and_no_longer_one_does() -> None:
    needed_s = examined(UP_TO_15).plan.inverted_s + INVERTED_RESERVE_S
    fits = examined(UP_TO_15, by=rider(text=rode(1199.999 - needed_s)))
    assert fits.refusals == ()
    assert fits.limits.time_inverted_s == pytest.approx(needed_s + 0.001)
    assert fits.origins["time_inverted_s"] == "what is left of the day's 20 min inverted"
    (told,) = refusals(UP_TO_15, by=rider(text=rode(1200.001 - needed_s)))
    assert "set by what is left of the day's 20 min inverted; shorten it from here on" in told
    assert refusals("[[step]]\ndo = 'go'\nto_deg = -40", by=rider(text=rode(5000.0))) == []


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_program_s_own_limit_is_not_held_against_what_a_day_leaves() -> None:
    found = examined(UP_TO_15, "[limits]\ntime_inverted_s = 250\n", by=rider(text=rode(1000.0)))
    assert (found.refusals, found.limits.time_inverted_s) == ((), 200.0)


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_rest_ends_in_the_middle_of_a_day() -> None:
    answers = "\n".join(f"{condition} = false" for condition in QUESTIONS)
    well = (
        f"[screening]\nanswered = {NOW:%Y-%m-%d}\nconsulted = true\nsupervised = true\n[screening.answers]\n{answers}\n"
    )
    session = prepare(load_table(None), rider(text=well + rode(60.0, 60.0)), program(go(15)), NOW)
    (due,) = session.unscreened
    assert "until 2026-06-01 12:30" in due.text
    assert "then choose the rider again" in why_no_longer(session, NOW.replace(minute=29, second=59), simulated=False)
    assert why_no_longer(session, NOW.replace(minute=30), simulated=False) == ""
    assert why_no_longer(session, NOW, simulated=True) == ""


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_the_next_of_the_same_is_held_against_what_was_ridden_meanwhile() -> None:
    session = prepare(load_table(None), rider(), program(UP_TO_15), NOW)
    shorter = prepare_again(session, rider(text=rode(1000.0)), NOW)
    assert shorter.limits.time_inverted_s == 200.0
    assert shorter.unscreened == session.unscreened, "the questionnaire, and nothing else"
    over = prepare_again(session, rider(text=rode(1190.0)), NOW)
    assert "set by what is left of the day" in over.unscreened[0].text
    assert over.unscreened[1:] == session.unscreened
    assert "what is left of the day" in why_no_longer(over, NOW, simulated=True)
    assert why_no_longer(over, NOW.replace(day=2), simulated=True) == ""
