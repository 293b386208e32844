"""The truth oracle: was the rider treated as promised, judged by what really happened.

It reads the simulator's trace of the truth and what a person asked for, and imports nothing from the layers it
judges. The numbers are those of the safety concept, written down here a second time on purpose: an oracle that read
the limits of the code under test would agree with its mistakes.

Each rule gives a signed margin: how far the session stayed from breaking it, in the rule's unit. A rule is broken
below zero. So a search can tell two sessions apart that both kept every promise.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sim.asked import Asked, Span, Tripped
from sim.table import TRACE_COLUMNS

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

ANGLE_EXCESS_DEG: Final = 3.0
DISORIENTING_DPS: Final = 10.0
DISORIENTING_S: Final = 0.1
INVERTING_FACTOR: Final = 1.5
INVERTING_S: Final = 0.3
HEAD_UP_DPS: Final = 2.5
HEAD_UP_S: Final = 0.3
UNSEEN_S: Final = 0.1
"""So much later a drive that disobeys is found out by the table's own angle alone, whose rate is one over 0.12 s."""
TIPPING_DPS2: Final = 30.0
"""What tips a rider; impacts aside."""
STANDING_DPS: Final = 0.1
STANDING_S: Final = 1.0
"""A stop that is to last stands on its brake so soon, ..."""
SETTLES_S: Final = 0.2
"""... or so soon after the ramp from the rate that it began with, as hard as the table's brake decelerates: that takes
1 s alone from the 8 deg/s of an emergency return."""
PEOPLE_S: Final = 1.0
"""So soon after a rider lets go, or a latch opens, nothing goes on toward inversion."""
UPRIGHT_DEG: Final = -72.0
UNSURE_UPRIGHT_DEG: Final = UPRIGHT_DEG + 15.0
"""From here on two witnesses that contradict each other on being upright may both be the right one."""
HORIZONTAL_DEG: Final = 1.0
"""A table rests as level as its inclinometer was mounted, give or take its aim: half a degree is granted for each."""
PARTED_DEG: Final = 1.5
"""Where nothing ties the table to its motor any more, the angle in use may be off by half of what two may disagree."""
CREPT_DEG: Final = 1.0
"""Motion toward inversion that is no more than a brake settling."""
HELD_DEG: Final = ANGLE_EXCESS_DEG
"""A drive that turns the wrong way when a recovery tries it is found out within this, however often it is tried."""
ALONE_S: Final = 2.0
"""So soon a drive that does not return by itself stands once it hears nothing: its timeout, and its ramp."""
SLIPS_S: Final = 2.0
"""So soon a table stands whose torque was told off, where a motor that pushes on has to be stopped by the brake."""
COASTS_S: Final = 4.0
"""So soon a table stands whose torque was cut, where friction alone slows it: at 1.5 deg/s2 from 6 deg/s."""
RECOVERS_DPS: Final = 1.5
"""So fast a recovery turns. A drive whose encoder drifts by 0.5 deg/s turns at 1 deg/s then, and takes half as long
again; told to stand it turns at 0.5 deg/s, until its torque is off."""
COASTED_DEG: Final = 7.0
"""As far it goes meanwhile, from the rate at which a drive that disobeys is found out."""
TOLD_S: Final = 0.5
"""So soon the fault of a drive that let its motor go is known to the host, which asks for one thing after the other."""
RECONNECTS_S: Final = 1.0
"""So soon a host has hold of the table again once the line is whole."""
FREED_S: Final = 0.2
"""So long a table leaps whose full drive pushed against something that gave way: an impact backward."""
ROW_S: Final = 0.01


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
_STRENGTH: Final = tuple(DEADLINES)
REFERENCE_DEG: Final = 60.0


class Margin(NamedTuple):
    """How far a session stayed from breaking one rule."""

    rule: str
    value: float
    """Below zero the rule is broken."""
    unit: str
    scale: float
    """What ``value`` is compared with to tell which of several rules is nearest to breaking."""
    text: str
    """What happened, with numbers: what is said if the rule is broken."""

    @property
    def share(self) -> float:
        """The margin without unit: 1 is as far as can be, 0 the edge."""
        return self.value / self.scale


def judge(trace: Floats, asked: Asked) -> list[str]:
    """Give every property that was broken, in words with numbers; an empty list if all held.

    Args:
        trace: rows of ``sim.table.TRACE_COLUMNS`` at 100 Hz.
        asked: what people asked for.
    """
    broken = [margin for margin in margins(trace, asked) if margin.value < 0.0]
    return [*(f"{one.rule}: {one.text}" for one in broken), *_unexplained(asked)]


def margins(trace: Floats, asked: Asked) -> list[Margin]:
    """Give the margin of each rule that has a say in this session."""
    if len(trace) == 0:
        return []
    column = {name: trace[:, index] for index, name in enumerate(TRACE_COLUMNS)}
    if asked.harm.repeats_s is None:
        return [*_driven(column, asked), *_left(column, asked)]
    before, after = _ours(column, asked, asked.harm.repeats_s)
    # How far the line has turned the table meanwhile is not counted, nor whether anybody let go while it did.
    later = [*_rates(after, asked), *_accel(after, asked), *_rescued(after, asked)] if len(after["t_s"]) else []
    return [*_driven(before, asked), *later, *_left(column, asked)]


def _ours(column: Columns, asked: Asked, repeats: Span) -> tuple[Columns, Columns]:
    """Give what came before a line repeated old orders, and what came once the drive hears new ones again."""
    t_s = column["t_s"]
    parts = (t_s < repeats.from_s, t_s >= repeats.until_s + ALONE_S + _slowed_s(asked))
    before, after = ({name: values[rows] for name, values in column.items()} for rows in parts)
    return before, after


def _driven(column: Columns, asked: Asked) -> list[Margin]:
    """What is judged of the motion as long as it is by what somebody said."""
    if not len(column["t_s"]):
        return []
    return [
        *_angle(column, asked),
        *_rates(column, asked),
        *_accel(column, asked),
        *_unasked(column, asked),
        *_people(column, asked),
        *_rescued(column, asked),
        *_alone(column, asked),
        *_again(column, asked),
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


def _said(trip: Tripped) -> str:
    return f"{trip.monitor} ({trip.response}) at {trip.t_s:.2f} s"


def _unexplained(asked: Asked) -> list[str]:
    return ["replay: the black box, replayed, gave other commands"] if asked.replayed is False else []


def _while_whole(column: Columns, asked: Asked) -> Columns:
    """The rows in which something ties the table to its motor."""
    if not asked.harm.load_path_breaks:
        return column
    whole = column["t_s"] < asked.harm.broke_from_s
    return {name: values[whole] for name, values in column.items()}


def _while_held(column: Columns, asked: Asked) -> Columns:
    """The rows in which the motor, or what it turns by, has hold of the table."""
    if not asked.harm.load_path_breaks:
        return column
    t_s = column["t_s"]
    held = (t_s < asked.harm.broke_from_s) | (t_s >= asked.harm.ties_again_s + COASTS_S)
    return {name: values[held] for name, values in column.items()}


def _angle(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    coasted = column["t_s"] >= asked.harm.jolted_from_s
    for rows, granted_deg in ((~coasted, ANGLE_EXCESS_DEG), (coasted, ANGLE_EXCESS_DEG + _coasted_deg(asked))):
        if rows.any():
            highest, most = float(column["angle_deg"][rows].max()), asked.limit_deg + granted_deg
            text = f"{highest:.1f} deg is more than {granted_deg:g} above the limit of {asked.limit_deg:g} deg"
            yield Margin("angle", most - highest, "deg", granted_deg, text)


def _coasted_deg(asked: Asked) -> float:
    """How far a drive that disobeys may have let the table coast, without a brake to stop it."""
    return 0.0 if asked.drive.brakes or asked.harm.jolted_from_s == np.inf else COASTED_DEG


def _rates(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    angle_deg, rate_dps = column["angle_deg"], column["rate_dps"]
    driven_dps = np.where(_coasting(column, asked), 0.0, rate_dps)
    head_up_dps = np.where(angle_deg < -HORIZONTAL_DEG, -driven_dps, 0.0)
    late = column["t_s"] >= asked.harm.sees_late_from_s
    about = column["t_s"] >= asked.harm.sees_late_from_s - HEAD_UP_S - UNSEEN_S
    for rule, text, values, most, longest_s in (
        ("rate", "too fast either way", np.abs(rate_dps), DISORIENTING_DPS, DISORIENTING_S),
        (
            "rate-inverting",
            "too fast toward inversion",
            driven_dps,
            INVERTING_FACTOR * asked.invert_rate_dps,
            INVERTING_S,
        ),
        ("rate-head-up", "too fast upright while head-up", np.where(late, 0.0, head_up_dps), HEAD_UP_DPS, HEAD_UP_S),
        (
            "rate-head-up",
            "too fast upright while head-up, seen by the table's own angle",
            np.where(about, head_up_dps, 0.0),
            HEAD_UP_DPS,
            HEAD_UP_S + UNSEEN_S,
        ),
    ):
        rows = round(longest_s / ROW_S) + 1
        if len(values) < rows:
            continue
        lasting_dps = float(sliding_window_view(values, rows).min(axis=1).max())
        told = f"{text}: {lasting_dps:.2f} deg/s or more for longer than {longest_s:g} s, where {most:g} are promised"
        yield Margin(rule, most - lasting_dps, "deg/s", most, told)


def _coasting(column: Columns, asked: Asked) -> NDArray[np.bool_]:
    """Rows in which the torque is cut, and nothing could have brought the table to rest yet."""
    t_s = column["t_s"]
    found = np.zeros(len(t_s), dtype=np.bool_)
    # A drive with a fault has let its motor go: only a brake could do more.
    cuts = ("TORQUE_OFF",) if asked.drive.brakes else ("TORQUE_OFF", "drive-fault")
    # Nor is a stop by a drive that disobeys a ramp: its torque goes off.
    adrift_s = np.inf if asked.drive.brakes else asked.harm.jolted_from_s
    stops = [one for one in asked.trips if one.response in ("STOP", "TORQUE_OFF") and one.t_s >= adrift_s]
    cut = stops + [one for one in asked.trips if {one.response, one.monitor} & {*cuts}]
    for cut_s in [trip.t_s for trip in cut if asked.harm.coasts]:
        found |= (t_s >= cut_s) & (t_s < cut_s + _slowed_s(asked))
    for span in () if asked.drive.returns_by_itself else asked.harm.cut_off_s:
        # Nobody hears of it, and one after the other of the few words that pass sets it going: its timeout stops it.
        found |= (t_s >= max(span.from_s, asked.harm.jolted_from_s)) & (t_s < span.until_s + _slowed_s(asked))
    return found


def _slowed_s(asked: Asked) -> float:
    """How soon after a stop the table stands."""
    if not asked.harm.coasts:
        return STANDING_S
    return SLIPS_S if asked.drive.brakes and not asked.harm.load_path_breaks else COASTS_S


def _accel(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    if not len(column["t_s"]):
        return
    chosen = ~np.isnan(column["accel_dps2"]) & ~_let_go(column, asked)
    for span in asked.harm.jolted_s:
        chosen &= (column["t_s"] < span.from_s) | (column["t_s"] >= span.until_s + COASTS_S)
    most = float(np.abs(np.where(chosen, column["accel_dps2"], 0.0)).max())
    text = f"{most:.1f} deg/s2, more than the {TIPPING_DPS2:g} that tip a rider"
    yield Margin("accel", TIPPING_DPS2 - most, "deg/s2", TIPPING_DPS2, text)


def _let_go(column: Columns, asked: Asked) -> NDArray[np.bool_]:
    """Rows in which nobody held the table back: it sprang free of something.

    Or a drive from a shop may have let its motor go by itself: a brake closes by its springs then.
    """
    t_s = column["t_s"]
    found = np.zeros(len(t_s), dtype=np.bool_)
    for at_s in asked.harm.freed_s:
        found |= (t_s >= at_s) & (t_s < at_s + FREED_S)
    failed_s = [trip.t_s for trip in asked.trips if trip.monitor == "drive-fault" and not asked.drive.returns_by_itself]
    spans = [Span(at_s - TOLD_S, at_s) for at_s in failed_s] + [Span(at_s, at_s) for at_s in asked.harm.startled_s]
    spans += asked.harm.late_orders_s
    for span in [*spans, *(() if asked.drive.slows_alone else asked.harm.cut_off_s)]:
        found |= (t_s >= span.from_s) & (t_s < span.until_s + STANDING_S)
    return found


def _unasked(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Nothing moves toward inversion before the operator asks, where anything holds the table."""
    if asked.nothing_holds:
        return
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    before = angle_deg if asked.started_s is None else angle_deg[t_s < asked.started_s]
    if len(before):
        crept = float(before.max()) - float(before[0])
        text = f"moved {crept:.1f} deg toward inversion before anybody asked"
        yield Margin("unasked", CREPT_DEG - crept, "deg", CREPT_DEG, text)


def _people(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Nothing goes on toward inversion once the rider let go of the switch, or the ankles are free.

    A drive that disobeys is found out within what is granted to one, however often a recovery tries it. What nothing
    ties to its motor swings whenever its brake opens, and nobody can know of it.
    """
    column = _while_held(column, asked)
    good = (column["rider_agrees"] > 0.5) & (column["ankle_latch_locked"] > 0.5)
    if good.all():
        return
    row = np.arange(len(good))
    since_s = (row - np.maximum.accumulate(np.where(good, row, -1))) * ROW_S
    rate_dps = column["rate_dps"]
    going = (since_s > PEOPLE_S) & (rate_dps > STANDING_DPS)
    let_go_s = column["t_s"][~good]
    went_deg = float(rate_dps[going].sum()) * ROW_S
    text = f"went {went_deg:.1f} deg toward inversion, with the switch released or the latch open for {PEOPLE_S:g} s"
    granted_deg = _crept_deg(asked, Span(float(let_go_s[0]), float(let_go_s[-1]) + ROW_S))
    yield Margin("people", granted_deg - went_deg, "deg", granted_deg, text)


def _crept_deg(asked: Asked, during: Span) -> float:
    """How far a table may go that is to stand: farther while its drive disobeys."""
    return HELD_DEG if any(jolt.meets(during) for jolt in asked.harm.jolted_s) else CREPT_DEG


def _rescued(column: Columns, asked: Asked) -> Iterator[Margin]:
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
    upright_deg = UNSURE_UPRIGHT_DEG if asked.harm.unsure_upright and asked.alarm else UPRIGHT_DEG
    horizontal_deg = HORIZONTAL_DEG + asked.harm.off_deg
    for name, below_deg in (("horizontal", horizontal_deg), ("upright", upright_deg)):
        yield from _reached(column, asked, name, below_deg, until_s)


def _in_vain(t_s: float, asked: Asked) -> bool:
    """Tell whether a stop was in the line's hands, which repeated old orders, or began to before it was over."""
    repeats = asked.harm.repeats_s
    return repeats is not None and repeats.from_s - _slowed_s(asked) <= t_s < repeats.until_s + ALONE_S


def _held(column: Columns, asked: Asked) -> Iterator[Margin]:
    granted_s = _slowed_s(asked)
    # What stopped before a person did, or before nothing could move the table any more, was to be recovered from; but
    # a stop that has its second still to go at that moment lasts.
    lasts_from_s = asked.harm.stuck_from_s - granted_s
    from_s = lasts_from_s if asked.person_stopped_s is None else min(lasts_from_s, asked.person_stopped_s)
    stops = [trip for trip in asked.trips if trip.response in ("STOP", "TORQUE_OFF")]
    heard_s = [trip.t_s for trip in stops if trip.t_s >= from_s and _heard(trip, asked)]
    heard_s += _pressed_s(asked)
    if heard_s and not asked.nothing_holds:  # a gear holds what hangs on it
        yield _stood(column, asked, sorted(heard_s), granted_s)
    stops_s = [trip.t_s for trip in stops]
    lasting_s = [t_s for t_s in stops_s if t_s >= from_s]
    held_s = stops_s if asked.harm.cannot_move else lasting_s
    if held_s and not asked.harm.load_path_breaks:
        yield from _kept(column, max(min(held_s), from_s) + granted_s, HELD_DEG + _coasted_deg(asked))


def _heard(trip: Tripped, asked: Asked) -> bool:
    """Not where the board brings the rider upright by itself: it refuses all, or the line went before it had stood."""
    if not asked.drive.returns_by_itself:
        return True
    until_s = trip.t_s + _slowed_s(asked)
    lost = any(one.monitor == "link" and trip.t_s <= one.t_s <= until_s for one in asked.trips)
    return trip.monitor != "rejected" and not lost


def _pressed_s(asked: Asked) -> list[float]:
    """When a person ordered a stop that arrived at the table: a board that hears no host brings its rider upright."""
    pressed_s = asked.person_stopped_s
    if pressed_s is None:
        return []
    until = Span(pressed_s - RECONNECTS_S, pressed_s + _slowed_s(asked))
    unheard = any(span.meets(until) for span in (*asked.harm.silent_s, *asked.harm.cut_off_s))
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
    told = f"after {took_s:.2f} s" if len(rows) else "never"
    text = (
        f"stood {'on its brake ' if asked.drive.brakes else ''}{told}, within {granted_s:g} s of the stop was promised"
    )
    return Margin("standstill", granted_s - took_s if len(rows) else -max(took_s, ROW_S), "s", granted_s, text)


def _ramp_s(column: Columns, asked: Asked, stop_s: float) -> float:
    """How long a stop may take from the rate at which the table turned."""
    row = min(int(np.searchsorted(column["t_s"], stop_s)), len(column["t_s"]) - 1)
    return abs(float(column["rate_dps"][row])) / asked.brake_accel_dps2 + SETTLES_S


def _kept(column: Columns, from_s: float, granted_deg: float) -> Iterator[Margin]:
    later = column["angle_deg"][column["t_s"] >= from_s]
    if len(later):
        rose = float((later - np.minimum.accumulate(later)).max())
        text = f"moved {rose:.1f} deg toward inversion after the stop"
        yield Margin("held", granted_deg - rose, "deg", granted_deg, text)


def _alone(column: Columns, asked: Asked) -> Iterator[Margin]:
    """A table that does not return by itself, and hears nobody, stands still, and goes on doing so."""
    if asked.drive.returns_by_itself or asked.harm.load_path_breaks or asked.harm.cannot_move:
        return
    t_s, rate_dps = column["t_s"], column["rate_dps"]
    for span in asked.harm.silent_s:
        left = (t_s >= span.from_s + ALONE_S) & (t_s < span.until_s)
        if left.any():
            most_dps = float(np.abs(rate_dps[left]).max())
            text = f"turned at {most_dps:.2f} deg/s more than {ALONE_S:g} s after the last word of a host"
            yield Margin("alone", STANDING_DPS - most_dps, "deg/s", STANDING_DPS, text)


def _again(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Who was brought upright while nobody reached the table stays there: no session goes on by itself after that."""
    if asked.harm.load_path_breaks:
        return
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    for span in asked.harm.silent_s:
        granted_deg = _crept_deg(asked, Span(span.from_s, np.inf))
        inside = np.flatnonzero((t_s >= span.from_s) & (t_s < span.until_s))
        if not len(inside) or angle_deg[inside[0]] <= UPRIGHT_DEG or angle_deg[inside[-1]] > UPRIGHT_DEG:
            continue
        rose = float(angle_deg[inside[-1] :].max() - angle_deg[inside[-1]])
        text = f"moved {rose:.1f} deg toward inversion again, after the table had come upright by itself"
        yield Margin("again", granted_deg - rose, "deg", granted_deg, text)


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
        if not found or _STRENGTH.index(trip.response) > _STRENGTH.index(found[-1].response):
            found.append(trip)
    return found


def _reached(column: Columns, asked: Asked, name: str, below_deg: float, until_s: float) -> Iterator[Margin]:
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    for promise in [promise for promise in _promises(asked) if promise.until_s <= until_s]:
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
        told = "never" if took_s is None else f"after {took_s:.1f} s"
        text = f"{name} {told}, within {longest_s:.1f} s was promised, from {start_deg:.1f} deg"
        watched_s = float(t_s[inside][-1]) - promise.from_s
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


def _left(column: Columns, asked: Asked) -> Iterator[Margin]:
    """However it went: the rider is upright in the end, or held still with an alarm.

    A host that is gone shows none, and a drive without a return has no buzzer: who hears of it is up to what hangs
    on the host's sign of life, which no simulator has. There, standing still is all that is promised.
    """
    end_deg, rate_dps = float(column["angle_deg"][-1]), float(column["rate_dps"][-1])
    most_deg = UPRIGHT_DEG + (PARTED_DEG if asked.harm.load_path_breaks else 0.0)
    end_s = float(column["t_s"][-1])
    alone = not asked.drive.returns_by_itself and any(
        span.from_s < end_s <= span.until_s for span in asked.harm.silent_s
    )
    unheard = asked.harm.repeats_s is not None and end_s < asked.harm.repeats_s.until_s + ALONE_S + _slowed_s(asked)
    free = unheard or (asked.nothing_holds and end_s < asked.harm.ties_again_s + COASTS_S)
    still_dps = np.inf if free else STANDING_DPS + asked.harm.wrong_by_dps
    if end_deg > most_deg and (asked.alarm or alone) and abs(rate_dps) <= still_dps:
        return
    told = "with an alarm" if asked.alarm else "without an alarm"
    text = f"at {end_deg:.1f} deg, turning at {rate_dps:.1f} deg/s, {told}"
    yield Margin("left", most_deg - end_deg, "deg", 3.0, text)


def reached_s(t_s: Floats, angle_deg: Floats, from_s: float, angle_below_deg: float) -> float | None:
    """Seconds after ``from_s`` at which the angle came to stay at or below a value; None if it never did."""
    after = t_s >= from_s
    above = np.flatnonzero(angle_deg[after] > angle_below_deg)
    times = t_s[after]
    if len(above) == 0:
        return 0.0
    last = int(above[-1])
    return None if last + 1 >= len(times) else float(times[last + 1] - from_s)
