"""What a rider did lately: what counts as inverted, whether a rest is due, and what is left of the day.

Moments are arguments, and aware; the zone of the later one says where a day ends. 10 min inverted, twice a day, is the
upper end of what is customary: a maker's manual builds up to "5-10 min twice daily" (S-054 in
``docs/evidence/sources.sdoc``). How long a rest lasts, and what needs none, are choices of this project.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from safety import screening_texts as texts
from safety.returning import FLAT_TOLERANCE_DEG
from safety.screening import Reason

DAY_INVERTED_S: Final = 1200.0
"""Most time inverted in all sessions of a day."""
REST_BETWEEN_S: Final = 3600.0
"""Between two sessions, so that two of a day stay two."""
NEEDS_NO_REST_S: Final = 60.0
"""Whoever was inverted for less may begin again at once: after a session that ended as soon as it began, for one."""


class Ridden(NamedTuple):
    """An account of a rider's sessions on real tables, up to the end of the last one."""

    ended: datetime
    inverted_s: float
    """Since the last rest: of the last session, and of those that it followed sooner."""
    day_inverted_s: float
    """In all sessions that ended on the day of the last one."""


def counts_as_inverted(before: bool, angle_deg: float | None, *, unsure: bool, upright: bool) -> bool:
    """Tell whether this moment is charged to the rider as time inverted.

    Whoever was inverted when an angle was lost, or missed, is charged until the table is seen upright, or both angles
    say that it is not inverted.

    Args:
        before: the moment before this one counted.
        angle_deg: the best that is known of the angle; None without one.
        unsure: an angle is lost, or missing.
        upright: the table is seen upright.
    """
    inverted = angle_deg is not None and angle_deg > FLAT_TOLERANCE_DEG
    return inverted or (before and unsure and not upright)


def ridden_after(before: Ridden | None, ended: datetime, inverted_s: float) -> Ridden:
    """Give the account after one session more, which was inverted for so long; None: there was none before it."""
    if before is None:
        return Ridden(ended, inverted_s, inverted_s)
    since_rest_s = 0.0 if _apart(before.ended, ended) else before.inverted_s
    day_s = before.day_inverted_s if _same_day(before.ended, ended) else 0.0
    return Ridden(ended, since_rest_s + inverted_s, day_s + inverted_s)


def stricter(one: Ridden | None, other: Ridden | None) -> Ridden | None:
    """Give one account for two of the same rider, of which each may know what the other does not.

    What both know is not counted twice: of each time it is the longer one.
    """
    if one is None or other is None:
        return one or other
    # Of two that ended at the same moment the one whose clock was further on: its day is the later one.
    earlier, later = sorted((one, other), key=lambda account: (account.ended, account.ended.utcoffset()))
    since_rest_s, day_s = later.inverted_s, later.day_inverted_s
    if not _apart(earlier.ended, later.ended):
        since_rest_s = max(since_rest_s, earlier.inverted_s)
    if _same_day(earlier.ended, later.ended):
        day_s = max(day_s, earlier.day_inverted_s)
    return Ridden(later.ended, since_rest_s, day_s)


def left_of_day_s(ridden: Ridden | None, now: datetime) -> float:
    """Give for how long, in s, this rider may still be inverted today: from 0 to ``DAY_INVERTED_S``."""
    if ridden is None or not _same_day(ridden.ended, now):
        return DAY_INVERTED_S
    return max(DAY_INVERTED_S - ridden.day_inverted_s, 0.0)


def rest_reasons(ridden: Ridden | None, now: datetime) -> tuple[Reason, ...]:
    """Say why this rider must not begin now: a rest is due, or the clock contradicts the account. Empty if not."""
    if ridden is None:
        return ()
    ended = _told(ridden.ended, now)
    if ridden.ended > now:
        return (Reason("rest", texts.ENDED_LATER.format(ended=ended)),)
    begins = ridden.ended + timedelta(seconds=REST_BETWEEN_S)
    if ridden.inverted_s < NEEDS_NO_REST_S or now >= begins:
        return ()
    text = texts.REST_DUE.format(
        inverted=f"{ridden.inverted_s:.0f}",
        ended=ended,
        rest=f"{REST_BETWEEN_S / 60.0:.0f}",
        begins=_told(begins + timedelta(seconds=59, microseconds=999_999), now),  # no minute is told too early
    )
    return (Reason("rest", text),)


def _apart(earlier: datetime, later: datetime) -> bool:
    return later - earlier >= timedelta(seconds=REST_BETWEEN_S)


def _same_day(earlier: datetime, later: datetime) -> bool:
    """By the zone of either: where the clocks were changed between them, the day's total is not given anew."""
    by_earlier = later.astimezone(earlier.tzinfo).date() == earlier.date()
    by_each = earlier.date() == later.date()
    return by_earlier or by_each or earlier.astimezone(later.tzinfo).date() == later.date()


def _told(moment: datetime, now: datetime) -> str:
    return f"{moment.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
