"""Rules of the truth oracle after a trip: upright in time, or held still where that is what is right."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from sim.asked import Asked, Span, Tripped
from sim.oracle_terms import (
    ALONE_S,
    CREPT_DEG,
    HELD_DEG,
    HORIZONTAL_DEG,
    ROW_S,
    STANDING_DPS,
    Columns,
    Margin,
    coasted_deg,
    reached_s,
    slowed_s,
    upright_below_deg,
)

SETTLES_S: Final = 0.2
"""A stop has so long more than the ramp from the rate that it began with, as hard as the table's brake decelerates:
that takes 1 s alone from the 8 deg/s of an emergency return."""
RECOVERS_DPS: Final = 1.5
"""So fast a recovery turns. A drive whose encoder drifts by 0.5 deg/s turns at 1 deg/s then, and takes half as long
again; told to stand it turns at 0.5 deg/s, until its torque is off."""
FLAT_WITHIN_DEG: Final = 3.0
LEAST_REST_S: Final = 5.0
"""So long a rider rests at horizontal at least, whoever brings them up and however fast."""
RECONNECTS_S: Final = 1.0
"""So soon a host has hold of the table again once the line is whole."""


class Deadline(NamedTuple):
    """How soon a rider must be brought out of inversion and upright after a trip."""

    horizontal_s: float
    upright_s: float


DEADLINES: Final = {
    "RETURN": Deadline(25.0, 85.0),
    "EMERGENCY_RETURN": Deadline(12.0, 65.0),
    "STOP": Deadline(25.0, 85.0),
    "TORQUE_OFF": Deadline(25.0, 85.0),
}
"""From 60 degrees; from beyond, in proportion. The later in this list, the stronger."""
STRENGTH: Final = tuple(DEADLINES)
REFERENCE_DEG: Final = 60.0


def rescued(column: Columns, asked: Asked) -> Iterator[Margin]:
    """After a trip the rider comes out of inversion and upright in time, or stands still if that is what is right."""
    ours = tuple(trip for trip in asked.trips if not _in_vain(trip.t_s, asked))
    if not ours and asked.person_stopped_s is None:
        return
    asked = asked._replace(trips=ours)
    if asked.person_stopped_s is not None or asked.harm.cannot_move:
        yield from _held(column, asked)
    # Up to there the rider was to be rescued; whoever stops the table takes on what follows, not what came before.
    until_s = np.inf if asked.person_stopped_s is None else asked.person_stopped_s
    edges_s = {until_s, *(edge_s for span in asked.harm.stuck_s for edge_s in span)}
    asked = asked._replace(changes_s=tuple(sorted({*asked.changes_s, *filter(np.isfinite, edges_s)})))
    unsure_deg = asked.harm.unsure_deg if asked.alarm else 0.0
    horizontal_deg = HORIZONTAL_DEG + asked.harm.off_deg
    for name, below_deg in (("horizontal", horizontal_deg), ("upright", upright_below_deg(asked) + unsure_deg)):
        promises = [promise for promise in _promises(asked) if promise.until_s <= until_s]
        yield from _reached(column, asked, name, below_deg, [*promises, *_promised_again(asked)])


def _in_vain(t_s: float, asked: Asked) -> bool:
    """Tell whether a stop was in the line's hands, which repeated old orders, or began to before it was over."""
    repeats = asked.harm.repeats_s
    return repeats is not None and repeats.from_s - slowed_s(asked) <= t_s < repeats.until_s + ALONE_S


def _held(column: Columns, asked: Asked) -> Iterator[Margin]:
    granted_s = slowed_s(asked)
    # What stopped before a person did, or before nothing could move the table any more, was to be recovered from; but
    # a stop that has its second still to go at that moment lasts.
    lasts_from_s = asked.harm.stuck_from_s - granted_s
    from_s = lasts_from_s if asked.person_stopped_s is None else min(lasts_from_s, asked.person_stopped_s)
    stops = [trip for trip in asked.trips if trip.response in ("STOP", "TORQUE_OFF")]
    heard_s = [trip.t_s for trip in stops if trip.t_s >= from_s and _heard(trip, asked)]
    heard_s += _pressed_s(asked)
    heard_s = [at_s for at_s in heard_s if column["t_s"][0] <= at_s <= column["t_s"][-1]]
    if heard_s and not asked.nothing_holds:  # a gear holds what hangs on it
        yield _stood(column, asked, sorted(heard_s), granted_s)
    stops_s = [trip.t_s for trip in stops]
    lasting_s = [t_s for t_s in stops_s if t_s >= from_s]
    held_s = stops_s if asked.harm.cannot_move else lasting_s
    if held_s and not asked.harm.load_path_breaks:
        yield from _kept(column, max(min(held_s), from_s) + granted_s, HELD_DEG + coasted_deg(asked))


def waited(column: Columns, asked: Asked) -> Iterator[Margin]:
    """After a person's stop the table waits for a person: it moves neither way by itself."""
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    spans = [span for span in asked.waits_s if asked.started_s is not None and span.from_s > asked.started_s]
    for span in spans:
        stood_deg = angle_deg[(t_s >= span.from_s + slowed_s(asked)) & (t_s < span.until_s)]
        if len(stood_deg):
            moved_deg = float(np.abs(stood_deg - stood_deg[0]).max())
            text = f"{moved_deg:.2f} deg after a person's stop, before anybody asked; granted {CREPT_DEG:g} deg"
            yield Margin("waits", CREPT_DEG - moved_deg, "deg", CREPT_DEG, text)


def rested(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Whoever is brought out of inversion rests at horizontal, before the head goes up."""
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    after = t_s >= min((trip.t_s for trip in asked.trips), default=np.inf)
    if not asked.rests or not after.any() or angle_deg[after][0] <= FLAT_WITHIN_DEG:
        return
    t_s, angle_deg = t_s[after], angle_deg[after]
    flat_s, up_s = t_s[angle_deg <= FLAT_WITHIN_DEG], t_s[angle_deg < -FLAT_WITHIN_DEG]
    if len(up_s):
        rest_s = float(up_s[0] - flat_s[0])
        text = f"{rest_s:.2f} s within {FLAT_WITHIN_DEG:g} deg of horizontal on the way up; granted {LEAST_REST_S:g} s"
        yield Margin("rest", rest_s - LEAST_REST_S, "s", LEAST_REST_S, text)


def _heard(trip: Tripped, asked: Asked) -> bool:
    """Not where the board brings the rider upright by itself: it refuses all, or the line went before it had stood."""
    if not asked.drive.returns_by_itself:
        return True
    until_s = trip.t_s + slowed_s(asked)
    lost = any(one.monitor == "link" and trip.t_s <= one.t_s <= until_s for one in asked.trips)
    return trip.monitor != "rejected" and not lost


def _pressed_s(asked: Asked) -> list[float]:
    """When a person ordered a stop that arrived at the table: a board that hears no host brings its rider upright."""
    pressed_s = asked.person_stopped_s
    if pressed_s is None:
        return []
    until = Span(pressed_s - RECONNECTS_S, pressed_s + slowed_s(asked))
    unheard = any(span.meets(until) for span in _unheard(asked))
    lost = any(one.monitor == "link" and until.from_s <= one.t_s <= until.until_s for one in asked.trips)
    return [] if unheard or lost else [pressed_s]


def _stood(column: Columns, asked: Asked, stops_s: list[float], granted_s: float) -> Margin:
    """How soon after the first stop the table stood, or after the next one where that came sooner.

    A drive that disobeys a recovery sets what coasts in motion again: the stop that follows is one of its own.
    """
    t_s, stop_s = column["t_s"], stops_s[0]
    held = (column["brake_closed"] > 0.5) | (not asked.drive.brakes)
    standing = (t_s >= stop_s) & held & (np.abs(column["rate_dps"]) <= STANDING_DPS)
    rows = np.flatnonzero(standing)
    stood_s = float(t_s[rows[0]] if len(rows) else t_s[-1])
    begun_s = [at_s for at_s in stops_s if at_s <= stood_s] if asked.harm.coasts else [stop_s]
    took_s = max(end_s - from_s for from_s, end_s in pairwise([*begun_s, stood_s]))
    granted_s = max(granted_s, _ramp_s(column, asked, stop_s))
    stood = "stood on its brake" if asked.drive.brakes else "stood"
    once = f" {took_s:.2f} s after the stop"
    after = once if len(begun_s) == 1 else f", up to {took_s:.2f} s from a stop to the next one or to standing"
    text = f"{stood}{after}" if len(rows) else f"never {stood} after the stop"
    text += f"; granted {round(granted_s, 2):g} s"
    return Margin("standstill", granted_s - took_s if len(rows) else -max(took_s, ROW_S), "s", granted_s, text)


def _ramp_s(column: Columns, asked: Asked, stop_s: float) -> float:
    """How long a stop may take from the rate at which the table turned."""
    row = min(int(np.searchsorted(column["t_s"], stop_s)), len(column["t_s"]) - 1)
    return abs(float(column["rate_dps"][row])) / asked.brake_accel_dps2 + SETTLES_S


def _kept(column: Columns, from_s: float, granted_deg: float) -> Iterator[Margin]:
    later = column["angle_deg"][column["t_s"] >= from_s]
    if len(later):
        rose = float((later - np.minimum.accumulate(later)).max())
        text = f"up to {rose:.2f} deg toward inversion, once it was to stand; granted {granted_deg:g} deg"
        yield Margin("held", granted_deg - rose, "deg", granted_deg, text)


class _Promise(NamedTuple):
    """From when to when a trip's deadline counts: a fault that begins or ends before it is met begins it anew."""

    from_s: float
    until_s: float
    """Until a stronger response comes, too: what is late by then is late."""
    response: str
    stronger_s: float
    """How much later than the first one it came."""


def _promises(asked: Asked) -> Iterator[_Promise]:
    from_s = min((trip.t_s for trip in asked.trips), default=None)
    while from_s is not None:
        until_s = min((change_s for change_s in asked.changes_s if change_s > from_s), default=float("inf"))
        stages = _stages([trip for trip in asked.trips if trip.t_s < until_s])
        ends_s = [*(stage.t_s for stage in stages[1:]), until_s]
        for stage, end_s in zip(stages, ends_s, strict=True):
            if end_s > from_s:
                yield _Promise(from_s, end_s, stage.response, max(stage.t_s - from_s, 0.0))
        from_s = until_s if until_s < float("inf") else None


def _stages(trips: list[Tripped]) -> list[Tripped]:
    """Give the trips that asked for more than every one before them."""
    found: list[Tripped] = []
    for trip in sorted(trips, key=lambda one: one.t_s):
        if not found or STRENGTH.index(trip.response) > STRENGTH.index(found[-1].response):
            found.append(trip)
    return found


def _promised_again(asked: Asked) -> Iterator[_Promise]:
    """Whoever asks for the way up after a stop is promised what a stop without a person's word would have been."""
    from_s = asked.asked_up_s
    if from_s is None or any(
        span.meets(Span(from_s - RECONNECTS_S, from_s + RECONNECTS_S)) for span in _unheard(asked)
    ):
        return
    edges_s = [from_s, *(change_s for change_s in asked.changes_s if change_s > from_s), np.inf]
    for begin_s, end_s in pairwise(edges_s):
        yield _Promise(begin_s, end_s, "STOP", 0.0)


def _unheard(asked: Asked) -> tuple[Span, ...]:
    """When a word of a person may not have arrived at the table."""
    return (*asked.harm.silent_s, *asked.harm.cut_off_s)


def _reached(column: Columns, asked: Asked, name: str, below_deg: float, promises: list[_Promise]) -> Iterator[Margin]:
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    for promise in promises:
        if any(span.meets(Span(promise.from_s, promise.until_s)) for span in asked.harm.stuck_s):
            continue
        inside = (t_s >= promise.from_s) & (t_s < promise.until_s)
        if not inside.any() or _excused(asked, promise):
            continue
        start_deg = float(angle_deg[inside][0])
        longest_s = _longest_s(promise, name, start_deg, asked.rest_s)
        longest_s *= RECOVERS_DPS / (RECOVERS_DPS - asked.harm.wrong_by_dps)
        took_s = reached_s(t_s[inside], angle_deg[inside], promise.from_s, below_deg)
        if took_s is None and promise.from_s + longest_s > promise.until_s:
            continue
        watched_s = float(t_s[inside][-1]) - promise.from_s
        reached = f"{name} ({below_deg:g} deg or less)"
        never = f"not {reached} at the end of the {watched_s:.2f} s watched"
        told = never if took_s is None else f"{reached} after {took_s:.2f} s"
        text = f"{told}; granted {round(longest_s, 2):g} s from {start_deg:.1f} deg"
        value = longest_s - took_s if took_s is not None else min(longest_s - watched_s, -ROW_S)
        yield Margin(f"rescue-{name}", value, "s", longest_s, text)


def _excused(asked: Asked, promise: _Promise) -> bool:
    """Nobody can bring a rider upright who cannot reach the table, if it does not do so by itself."""
    span = Span(promise.from_s, promise.until_s)
    return not asked.drive.returns_by_itself and any(cut.holds(span) for cut in asked.harm.cut_off_s)


def _longest_s(promise: _Promise, name: str, start_deg: float, rest_s: float) -> float:
    """What the strongest response promises from when it came, and no more than the weakest did from the beginning."""
    from_first_s = _promised_s("RETURN", name, start_deg, rest_s)
    return min(promise.stronger_s + _promised_s(promise.response, name, start_deg, rest_s), from_first_s)


def _promised_s(response: str, name: str, start_deg: float, rest_s: float) -> float:
    deadline, scale = DEADLINES[response], max(start_deg / REFERENCE_DEG, 1.0)
    if name == "horizontal":
        return deadline.horizontal_s * scale
    return deadline.upright_s * scale + (rest_s if response == "RETURN" else 0.0)
