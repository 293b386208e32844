"""Rest between two sessions and the total of a day: every threshold from both sides, midnight, and two accounts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety import screening_texts as texts
from safety.ridden import (
    DAY_INVERTED_S,
    NEEDS_NO_REST_S,
    REST_BETWEEN_S,
    Ridden,
    counts_as_inverted,
    left_of_day_s,
    rest_reasons,
    ridden_after,
    stricter,
)

pytestmark = pytest.mark.requirement("REQ-PPL-BUDGET")

HOME = timezone(timedelta(hours=1))
ENDED = datetime(2026, 11, 23, 15, 12, tzinfo=HOME)
REST = timedelta(seconds=REST_BETWEEN_S)
TICK = timedelta(microseconds=1)


def account(inverted_s: float = 480.0, day_s: float = 480.0, ended: datetime = ENDED) -> Ridden:
    return Ridden(ended, inverted_s, day_s)


def may_begin(ridden: Ridden | None, now: datetime) -> bool:
    return rest_reasons(ridden, now) == ()


def test_who_has_not_ridden_needs_no_rest_and_has_the_whole_day() -> None:
    assert may_begin(None, ENDED)
    assert left_of_day_s(None, ENDED) == DAY_INVERTED_S == 1200.0


@pytest.mark.parametrize(
    ("inverted_s", "later", "may"),
    [
        (480.0, timedelta(0), False),
        (480.0, REST - TICK, False),
        (480.0, REST, True),
        (480.0, REST + TICK, True),
        (NEEDS_NO_REST_S - 0.001, timedelta(0), True),
        (NEEDS_NO_REST_S, timedelta(0), False),
        (NEEDS_NO_REST_S + 0.001, timedelta(0), False),
        (NEEDS_NO_REST_S, REST, True),
        (0.0, -TICK, False),
        (480.0, -TICK, False),
    ],
)
def test_a_rest_lasts_an_hour_after_a_minute_inverted(inverted_s: float, later: timedelta, may: bool) -> None:
    assert may_begin(account(inverted_s), ENDED + later) is may


def test_the_rest_is_told_with_the_minute_from_which_on_there_is_none() -> None:
    (reason,) = rest_reasons(account(479.6), ENDED + timedelta(minutes=5))
    told = texts.REST_DUE.format(inverted="480", ended="2026-11-23 15:12", rest="60", begins="2026-11-23 16:12")
    assert reason == ("rest", told)
    for past in (timedelta(seconds=1), TICK):
        (later,) = rest_reasons(account(ended=ENDED + past), ENDED + timedelta(minutes=5))
        assert later.text.endswith("until 2026-11-23 16:13"), "no minute in which the rest still lasts"
    (elsewhere,) = rest_reasons(account(), (ENDED + timedelta(minutes=5)).astimezone(UTC))
    assert elsewhere.text.endswith("until 2026-11-23 15:12"), "told in the zone of the one who asks"


def test_an_account_from_the_future_refuses_and_names_the_clock() -> None:
    (reason,) = rest_reasons(account(0.0), ENDED - TICK)
    assert reason == ("rest", texts.ENDED_LATER.format(ended="2026-11-23 15:12"))
    assert "clock" in reason.text
    assert may_begin(account(0.0), ENDED)


@pytest.mark.parametrize(
    ("day_s", "left_s"),
    [(0.0, 1200.0), (480.0, 720.0), (1199.5, 0.5), (DAY_INVERTED_S, 0.0), (DAY_INVERTED_S + 0.5, 0.0)],
)
def test_a_day_has_twenty_minutes(day_s: float, left_s: float) -> None:
    assert left_of_day_s(account(day_s=day_s), ENDED + REST) == left_s


def test_the_day_ends_at_midnight_where_the_table_stands() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=HOME)
    assert left_of_day_s(account(), midnight - TICK) == 720.0
    assert left_of_day_s(account(), midnight) == DAY_INVERTED_S
    told_in_utc = account(ended=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))  # 0:30 of the 23rd, at home
    assert left_of_day_s(told_in_utc, ENDED) == 720.0


def test_two_accounts_of_one_moment_allow_no_more_than_either_in_either_order() -> None:
    """Told in two zones the same moment may be of two days."""
    home, east = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
    one = account(ended=datetime(2026, 11, 23, 23, 30, tzinfo=home), day_s=900.0)
    other = account(ended=datetime(2026, 11, 24, 0, 30, tzinfo=east), day_s=900.0)
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=home)
    assert left_of_day_s(other, noon) == DAY_INVERTED_S - 900.0
    for both in (stricter(one, other), stricter(other, one)):
        assert left_of_day_s(both, noon) == DAY_INVERTED_S - 900.0


def test_a_clock_that_is_put_back_gives_no_second_allowance() -> None:
    """In the night of 2026-10-25 the clocks of Central Europe went from UTC+2 to UTC+1."""
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    ridden = account(ended=datetime(2026, 10, 25, 0, 20, tzinfo=summer), day_s=DAY_INVERTED_S)
    assert left_of_day_s(ridden, datetime(2026, 10, 25, 12, 0, tzinfo=winter)) == 0.0
    assert left_of_day_s(ridden, datetime(2026, 10, 25, 23, 59, tzinfo=winter)) == 0.0
    assert left_of_day_s(ridden, datetime(2026, 10, 26, 0, 0, tzinfo=winter)) == DAY_INVERTED_S


def test_a_clock_that_is_put_forward_ends_no_day_early() -> None:
    """In the night of 2026-03-29 the clocks of Central Europe went from UTC+1 to UTC+2."""
    winter, summer = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
    ridden = account(ended=datetime(2026, 3, 29, 0, 20, tzinfo=winter), day_s=DAY_INVERTED_S)
    assert left_of_day_s(ridden, datetime(2026, 3, 30, 0, 59, tzinfo=summer)) == 0.0
    assert left_of_day_s(ridden, datetime(2026, 3, 30, 1, 0, tzinfo=summer)) == DAY_INVERTED_S


def test_sessions_add_up_to_the_day_and_until_a_rest() -> None:
    first = ridden_after(None, ENDED, 40.0)
    assert first == account(40.0, 40.0)
    soon = ridden_after(first, ENDED + REST - TICK, 30.0)
    assert soon == account(70.0, 70.0, ENDED + REST - TICK), "two short ones without a rest are one that needs it"
    rested = ridden_after(soon, soon.ended + REST, 30.0)
    assert rested == account(30.0, 100.0, soon.ended + REST)
    midnight = datetime(2026, 11, 24, tzinfo=HOME)
    assert ridden_after(account(40.0, 500.0, midnight - TICK), midnight, 30.0) == account(70.0, 30.0, midnight)


def test_of_two_accounts_each_time_is_the_longer_one() -> None:
    one, other = account(500.0, 600.0), account(30.0, 700.0, ENDED + REST - TICK)
    assert stricter(one, None) == stricter(None, one) == stricter(one, one) == one
    assert stricter(None, None) is None
    assert stricter(one, other) == stricter(other, one) == account(500.0, 700.0, other.ended)
    assert stricter(account(30.0, 900.0), account(40.0, 100.0, ENDED + TICK)) == account(40.0, 900.0, ENDED + TICK)
    assert stricter(one, account(30.0, 30.0, ENDED + REST)) == account(30.0, 600.0, ENDED + REST)
    tomorrow = account(30.0, 30.0, datetime(2026, 11, 24, tzinfo=HOME))
    assert stricter(account(500.0, 600.0, tomorrow.ended - TICK), tomorrow) == account(500.0, 30.0, tomorrow.ended)


moments = st.integers(0, 3 * 86_400).map(lambda s: ENDED + timedelta(seconds=s))
times_s = st.floats(0.0, 2000.0)
accounts = st.builds(Ridden, moments, times_s, times_s)


@given(accounts, accounts, moments)
def test_one_account_for_two_allows_no_more_than_either(one: Ridden, other: Ridden, now: datetime) -> None:
    both = stricter(one, other)
    assert may_begin(both, now) <= (may_begin(one, now) and may_begin(other, now))
    if now >= max(one.ended, other.ended):
        assert left_of_day_s(both, now) <= min(left_of_day_s(one, now), left_of_day_s(other, now))


@given(accounts, st.integers(0, 86_400), times_s, moments)
def test_a_session_more_never_allows_more(before: Ridden, later_s: int, inverted_s: float, now: datetime) -> None:
    after = ridden_after(before, before.ended + timedelta(seconds=later_s), inverted_s)
    assert may_begin(after, now) <= may_begin(before, now)
    if now >= after.ended:
        assert left_of_day_s(after, now) <= left_of_day_s(before, now)


@pytest.mark.parametrize(
    ("before", "angle_deg", "unsure", "upright", "counts"),
    [
        (False, 0.6, False, False, True),
        (False, 0.5, False, False, False),
        (True, 0.6, False, True, True),
        (True, -20.0, False, False, False),
        (True, -20.0, True, False, True),
        (True, -20.0, True, True, False),
        (True, None, True, False, True),
        (True, None, True, True, False),
        (False, None, True, False, False),
    ],
)
def test_what_counts_as_inverted(
    before: bool, angle_deg: float | None, unsure: bool, upright: bool, counts: bool
) -> None:
    assert counts_as_inverted(before, angle_deg, unsure=unsure, upright=upright) is counts
