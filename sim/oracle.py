"""The truth oracle: was the rider treated as promised, judged by what really happened.

It reads the simulator's trace of the truth and what a person asked for, and imports nothing from the layers it judges.

Each rule (``sim.oracle_motion``, ``sim.oracle_rescue``) gives a signed margin: how far the session stayed from breaking
it, in the rule's unit. A rule is broken below zero, and a search can tell two sessions apart that both kept every
promise.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sim.asked import Asked, Owed, Span, Tripped
from sim.layout import TRACE_COLUMNS
from sim.oracle_motion import accel, again, alone, angle, people, rates, unasked
from sim.oracle_rescue import STRENGTH, rescued, rested, waited
from sim.oracle_terms import ALONE_S, COASTS_S, STANDING_DPS, Columns, Floats, Margin, slowed_s, upright_below_deg

AWAY_DEG: Final = 20.0
"""So far from upright every monitor holds the table to be away from it, and its switch to be open."""
UP_BY_ITSELF: Final = ("rider is brought upright.", "rider is upright.")
"""What nobody may be told of a rider who is held."""
PARTED_DEG: Final = 1.5
"""Where nothing ties the table to its motor any more, the angle in use may be off by half of what two may disagree."""


def judge(trace: Floats, asked: Asked) -> list[str]:
    """Give every property that was broken, in words with numbers; an empty list if all held.

    Args:
        trace: rows of ``sim.layout.TRACE_COLUMNS`` at 100 Hz.
        asked: what people asked for.
    """
    broken = [margin for margin in margins(trace, asked) if margin.value < 0.0]
    return [*(f"{one.rule}: {one.text}" for one in broken), *_replay(asked), *_ended(asked)]


def margins(trace: Floats, asked: Asked) -> list[Margin]:
    """Give the margin of each rule that has a say in this session."""
    if len(trace) == 0:
        return []
    column = {name: trace[:, index] for index, name in enumerate(TRACE_COLUMNS)}
    if asked.harm.repeats_s is None:
        return [*_driven(column, asked), *_left(column, asked)]
    before, after = _ours(column, asked, asked.harm.repeats_s)
    # How far the line has turned the table meanwhile is not counted, nor whether anybody let go while it did.
    later = [*rates(after, asked), *accel(after, asked), *rescued(after, asked)] if len(after["t_s"]) else []
    return [*_driven(before, asked), *later, *_left(column, asked)]


def _ours(column: Columns, asked: Asked, repeats: Span) -> tuple[Columns, Columns]:
    """Give what came before a line repeated old orders, and what came once the drive hears new ones again."""
    t_s = column["t_s"]
    parts = (t_s < repeats.from_s, t_s >= repeats.until_s + ALONE_S + slowed_s(asked))
    before, after = ({name: values[rows] for name, values in column.items()} for rows in parts)
    return before, after


def _driven(column: Columns, asked: Asked) -> list[Margin]:
    """What is judged of the motion as long as it is by what somebody said."""
    if not len(column["t_s"]):
        return []
    return [
        *angle(column, asked),
        *rates(column, asked),
        *accel(column, asked),
        *unasked(column, asked),
        *people(column, asked),
        *rescued(column, asked),
        *waited(column, asked),
        *rested(column, asked),
        *alone(column, asked),
        *again(column, asked),
    ]


def wrong_causes(asked: Asked) -> list[str]:
    """Give the trips whose monitor is no right answer to any fault that was injected before it."""
    if asked.causes is None or not asked.changes_s:
        return []
    after = [trip for trip in asked.trips if trip.t_s >= asked.changes_s[0]]
    return [f"cause: {_said(trip)}" for trip in after if trip.monitor not in asked.causes]


def false_trips(asked: Asked) -> list[str]:
    """Give the trips that came before any fault did."""
    first_s = min(asked.changes_s, default=float("inf"))
    return [f"false trip: {_said(trip)}" for trip in asked.trips if trip.t_s < first_s]


def unanswered(trace: Floats, asked: Asked) -> list[str]:
    """Give the faults that had to be answered, lasted away from upright for as long as they may, and met no trip."""
    column = {name: trace[:, index] for index, name in enumerate(TRACE_COLUMNS)} if len(trace) else {}
    found = ((owed, _due_at_s(column, asked, owed)) for owed in asked.owed if column)
    late = [
        (owed, due_s)
        for owed, due_s in found
        if due_s is not None and not any(_answers(trip, owed, due_s) for trip in asked.trips)
    ]
    return [
        f"unanswered: {owed.fault}: no {owed.least} or stronger by {due_s:.2f} s, {owed.within_s:g} s after it met a "
        "table away from upright"
        for owed, due_s in late
    ]


def _answers(trip: Tripped, owed: Owed, due_s: float) -> bool:
    return trip.t_s <= due_s and STRENGTH.index(trip.response) >= STRENGTH.index(owed.least)


def _due_at_s(column: Columns, asked: Asked, owed: Owed) -> float | None:
    """When an answer is due: so soon after the fault has lasted long enough with the table away from upright."""
    if asked.started_s is None:
        return None
    t_s, away = column["t_s"], column["angle_deg"] > asked.upright_deg + AWAY_DEG
    meets = away & (t_s >= max(owed.lasts.from_s, asked.started_s)) & (t_s < owed.lasts.until_s)
    lasted_s = t_s - np.maximum.accumulate(np.where(meets, t_s[0], t_s))
    noticed_s = owed.within_s if owed.noticed_s is None else owed.noticed_s
    noticed = np.flatnonzero(meets & (lasted_s >= noticed_s))
    due_s = float(t_s[noticed[0]]) + owed.within_s - noticed_s if len(noticed) else np.inf
    return due_s if due_s <= t_s[-1] else None


def _said(trip: Tripped) -> str:
    return f"{trip.monitor} ({trip.response}) at {trip.t_s:.2f} s"


def _replay(asked: Asked) -> list[str]:
    return ["replay: the black box, replayed, gave other commands"] if asked.replayed is False else []


def _ended(asked: Asked) -> list[str]:
    return [] if asked.ended else ["ended: the session was never over, although every fault was"]


def _left(column: Columns, asked: Asked) -> Iterator[Margin]:
    """However it went: the rider is upright in the end, or held still with an alarm.

    A host that is gone shows none, and a drive without a return has no buzzer: who hears of it is up to what hangs
    on the host's sign of life, which no simulator has. There, standing still is all that is promised.
    """
    end_deg, rate_dps = float(column["angle_deg"][-1]), float(column["rate_dps"][-1])
    alarm = "" if any(promise in asked.alarm for promise in UP_BY_ITSELF) else asked.alarm
    most_deg = upright_below_deg(asked) + (PARTED_DEG if asked.harm.load_path_breaks else 0.0)
    end_s = float(column["t_s"][-1])
    unreached = not asked.drive.returns_by_itself and any(
        span.from_s < end_s <= span.until_s for span in asked.harm.silent_s
    )
    unheard = asked.harm.repeats_s is not None and end_s < asked.harm.repeats_s.until_s + ALONE_S + slowed_s(asked)
    free = unheard or (asked.nothing_holds and end_s < asked.harm.ties_again_s + COASTS_S)
    still_dps = np.inf if free else STANDING_DPS + asked.harm.wrong_by_dps
    if end_deg > most_deg and (alarm or unreached) and abs(rate_dps) <= still_dps:
        return
    ended, granted = f"ended at {end_deg:.2f} deg", f"granted up to {most_deg:g} deg"
    if end_deg > most_deg:
        ended += f", turning at {abs(rate_dps):.2f} deg/s, {'with' if alarm else 'without'} an alarm"
        still = [f"up to {still_dps:g} deg/s"] if still_dps < np.inf else []
        granted += f", or {' and '.join([*still, *([] if unreached else ['an alarm'])])}"
    yield Margin("left", most_deg - end_deg, "deg", 3.0, f"{ended}; {granted}")
