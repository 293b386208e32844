"""The way to the table is measured before a session, and judged by the latency for which the envelope brakes."""

import pytest

from drivers.health import HOST_STALL_S, LinkHealth
from drivers.polled import REPLY_S
from drivers.round_trips import ENOUGH, KEPT, LATE_ENOUGH, RoundTrips, figures_of
from firmware_host.control.latency_check import EVERY_S, PATIENCE_S, LatencyCheck
from firmware_host.doctor.quality import Quality, judge
from safety.limits import MACHINE, narrow


def path(*round_trips_s: float) -> LinkHealth:
    health = LinkHealth()
    for round_trip_s in round_trips_s:
        health.take_round_trip(round_trip_s)
    return health


def test_figures_are_those_of_the_round_trips() -> None:
    figures = figures_of([0.010, 0.030, 0.010, 0.010, 0.050])
    assert figures is not None
    assert (figures.exchanges, figures.median_s, figures.worst_s) == (5, 0.010, 0.050)
    assert figures.jitter_s == pytest.approx((0.020 + 0.020 + 0.0 + 0.040) / 4)
    assert str(figures) == "round trip median 10.0, p99 30.0, worst 50.0, jitter 20.0 ms in 5 exchanges"
    assert figures_of([]) is None


@pytest.mark.requirement("REQ-WIRE-PATH")
@pytest.mark.parametrize(("slow", "refused"), [(2, False), (4, True)])
def test_more_than_one_slow_round_trip_in_a_hundred_is_refused(slow: int, refused: bool) -> None:
    most_s = MACHINE.latency_s
    health = path(*[most_s] * (ENOUGH - slow), *[most_s + 0.001] * slow)
    check = LatencyCheck(health, MACHINE)
    check.look(0.0)
    assert check.measured
    assert bool(check.why_not) == refused
    # A table whose file counts on a slower path brakes earlier, and may have one.
    slower = LatencyCheck(health, narrow(MACHINE, {"latency_s": most_s + 0.01}, "a table file"))
    slower.look(0.0)
    assert slower.why_not == ""


def test_nothing_is_said_of_too_few_round_trips_unless_something_has_to_be_explained() -> None:
    health = path(*[0.2] * (ENOUGH - 1))
    check = LatencyCheck(health, MACHINE)
    check.look(0.0)
    assert (check.measured, check.why_not) == (False, "")
    assert "round trip median 200.0" in check.explanation


def test_a_path_is_given_up_only_after_it_was_too_slow_for_long() -> None:
    health = path(*[0.2] * ENOUGH)
    check = LatencyCheck(health, MACHINE)
    check.look(0.0)
    check.look(EVERY_S / 2)
    check.look(PATIENCE_S - 0.1)
    assert not check.hopeless
    for _ in range(KEPT):
        health.take_round_trip(0.01)
    check.look(PATIENCE_S + 0.2)
    assert (check.why_not, check.hopeless) == ("", False), "it has become quick"
    for _ in range(ENOUGH):
        health.take_round_trip(0.2)
    check.look(PATIENCE_S + 1.0)
    check.look(2 * PATIENCE_S + 1.0)
    assert check.hopeless


def test_what_this_machine_was_too_late_to_read_says_nothing_of_the_path() -> None:
    health = LinkHealth()
    health.take_gap(HOST_STALL_S * 2)
    health.take_round_trip(0.5)
    health.take_gap(HOST_STALL_S / 2)
    health.take_round_trip(0.01)
    assert list(health.round_trips.newest) == [0.01]
    assert "round_trips" not in health.as_dict()


def test_answers_that_come_too_late_are_told_from_none() -> None:
    round_trips = RoundTrips()
    round_trips.late.extend([0.12] * (LATE_ENOUGH - 1))
    assert round_trips.too_late(REPLY_S) == ""
    round_trips.late.append(0.12)
    assert "round trip median 120.0" in round_trips.too_late(REPLY_S)
    assert "an answer counts for 30 ms" in round_trips.too_late(REPLY_S)


@pytest.mark.parametrize(
    ("round_trip_s", "silence_s", "lost", "polled", "told"),
    [
        (0.02, 0.05, 0, True, []),
        (0.04, 0.05, 0, True, ["too slow"]),
        (0.04, 0.05, 0, False, []),
        (0.07, 0.05, 0, False, ["too slow"]),
        (0.02, 0.11, 9, True, ["nothing came for 110 ms"]),
        (0.02, 0.05, 9, True, ["9.0% of what was asked"]),
    ],
)
def test_the_doctor_judges_a_line_by_what_a_session_needs(
    round_trip_s: float, silence_s: float, lost: int, polled: bool, told: list[str]
) -> None:
    quality = Quality(1.0, figures_of([round_trip_s] * 91), 100, lost, 91.0, silence_s, 0)
    found = judge(quality, MACHINE, polled=polled)
    assert len(found) == len(told)
    for (serious, what, mend), text in zip(found, told, strict=True):
        assert text in what
        assert mend
        assert serious == ("of what was asked" not in what)
