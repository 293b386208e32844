"""What faults made of a session: which promises of the concept they excuse, and from when to when.

What a monitor found counts too: an angle that was convicted stays lost until an operator's reset, whatever it reads.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from drivers.capabilities import Capabilities
from safety.signals import Recovery, Response, Trip
from sim.asked import Harm, Span
from sim.faults import STRAYED_DEG, Fault
from sim.layout import TRACE_COLUMNS
from sim.lockstep import LockstepResult
from sim.oracle_terms import Floats

BOARD_ALONE_S: Final = 0.25
"""A board that hears nobody for so long acts by itself."""
ANGLE_MONITORS: Final = frozenset({"angle-agreement", "angle-plausibility"})
SWITCH_MONITORS: Final = frozenset({"switches"})
LINK_MONITORS: Final = frozenset({"link", "session"})
TRIED_AGAIN_S: Final = 6.0
"""So soon after a try that was in vain a board that is alone begins the next one."""
PAUSE_S: Final = 2.0
"""Nobody tries to recover a rider sooner after a stop, unless a person asks: what is over by then has failed no try."""
UNSURE_DEG: Final = 15.0
"""So near to upright two witnesses that contradict each other on it may both be the right one."""
FOUND_WITHIN_S: Final = 2.0
"""So soon a monitor has found what nothing can move, even where that could be moved again meanwhile."""


def harm_of(
    able: Capabilities,
    met: list[Fault],
    result: LockstepResult,
    trace: Floats,
    trips: list[Trip],
    upright_below_deg: float,
    asked_up_s: float | None,
) -> Harm:
    """What faults can do to a table depends on what its drive can do.

    ``upright_below_deg`` is from where on a rider is upright; at ``asked_up_s`` a person asked for the way up.
    """
    blinding = [] if able.checks_encoder else [fault for fault in met if fault.blinds]
    repeating = [] if able.knows_old_orders else [fault for fault in met if fault.kind.repeats_orders]
    late = [] if able.knows_old_orders else [fault for fault in met if fault.delays_orders]
    unheard_s = spans_of([fault for fault in met if fault.cuts_off], result)
    dead = [fault for fault in met if fault.cannot_move]
    asks_s = begun_times_s([fault for fault in met if fault.kind.asks_up], result)

    def tried_s(stop_s: float) -> float:
        return min([stop_s + PAUSE_S, *(at_s for at_s in asks_s if at_s >= stop_s)])

    given_up_s = _given_up(spans_of([*dead, *blinding], result), unheard_s, trips, result, tried_s)
    # Whoever asks for the way up when the actuator works again is to be brought up, whatever was given up before.
    asked_s = math.inf if asked_up_s is None else asked_up_s
    over_s = max((span.until_s for span in spans_of([*dead, *blinding], result)), default=0.0)
    dead_s = [Span(span.from_s, min(span.until_s, max(asked_s, over_s))) for span in given_up_s]
    # Without a brake none can fail: beside a drive that is dead the gear still holds the table.
    slips_s = spans_of([fault for fault in met if fault.lets_slip and able.brake], result)
    adrift_s = _meetings(slips_s, [*_given_up(spans_of(dead, result), unheard_s, trips, result, tried_s)])
    # An open chain cuts the torque of a table whose brake slips: that stands when friction has slowed it.
    let_go_s = _meetings(slips_s, spans_of([fault for fault in met if fault.kind.opens_chain], result))
    disobeys_s = _first_s([fault for fault in met if fault.kind.ignores_orders], result)
    wrong_motor_s = _first_s([fault for fault in met if _motor_angle_is_lost(fault, trips, result)], result)
    broken = spans_of([fault for fault in met if fault.kind.load_path_broke], result)
    return Harm(
        broke_from_s=min((span.from_s for span in (*adrift_s, *broken)), default=math.inf),
        ties_again_s=max((span.until_s for span in (*adrift_s, *broken)), default=math.inf),
        unbraked=bool(_meetings(slips_s, broken)),
        jolted_s=(
            *spans_of([*blinding, *(fault for fault in met if fault.jolts)], result),
            *_meetings(
                spans_of([fault for fault in met if fault.spoils == "encoder" and fault.blinds], result),
                _spoiled_s(met, trips, result, "inclinometer"),
            ),
            # By one angle alone a table that catches up with a sensor looks like one that runs away: its torque is cut.
            *_meetings(
                _spoiled_s(met, trips, result, "encoder"),
                spans_of([fault for fault in met if fault.spoils == "inclinometer"], result),
            ),
        ),
        stuck_s=(
            *dead_s,
            # A gear that has hold of the table again has it elsewhere: the motor's angle is wrong from there on.
            *(Span(span.from_s, math.inf) for span in broken),
            *_given_up(tuple(_misled_s(met, trips, result)), (), trips, result),
            *_given_up(_blocked_s(trace, upright_below_deg), (), trips, result),
        ),
        coasts=bool(adrift_s or let_go_s or (disobeys_s < math.inf and not able.cuts_torque)) or not able.brake,
        sees_late_from_s=max(disobeys_s, wrong_motor_s),
        wrong_by_dps=0.0 if able.checks_encoder else max((one.amount for one in met if _drifts(one)), default=0.0),
        drifting=not able.checks_encoder and any(fault.spoils == "encoder" and fault.drifts for fault in met),
        off_deg=_off_deg(met),
        unsure_deg=_unsure_deg(met, trips, result),
        repeats_s=min(spans_of(repeating, result), default=None),
        startled_s=_startled_s(able, met, result),
        late_orders_s=spans_of(late, result),
        freed_s=_freed_s(met, result, trips),
        cut_off_s=unheard_s,
        silent_s=spans_of([fault for fault in met if fault.kind.silences], result),
    )


def _motor_angle_is_lost(fault: Fault, trips: list[Trip], result: LockstepResult) -> bool:
    """Tell whether nobody goes by the motor's angle: it is spoiled, or a monitor found what little is wrong with it."""
    return fault.kind.angle == "encoder" and (fault.spoils != "" or _found(fault, trips, result))


def _found(fault: Fault, trips: list[Trip], result: LockstepResult) -> bool:
    begun_s = _first_s([fault], result)
    return any(at_s >= begun_s for at_s in _tripped_s(ANGLE_MONITORS, trips, result))


def _drifts(fault: Fault) -> bool:
    """Tell whether a drive goes on turning by its encoder, and turns wrong."""
    return fault.spoils == "encoder" and fault.kind.misleads and not fault.blinds


def _startled_s(able: Capabilities, met: list[Fault], result: LockstepResult) -> tuple[float, ...]:
    """When a drive from a shop jolts of itself."""
    leaps = [] if able.checks_encoder else changes_s([one for one in met if one.kind.angle == "encoder"], result)
    jumps = [] if able.returns_by_itself else begun_times_s([one for one in met if one.kind.startles], result)
    return (*leaps, *jumps)


def _freed_s(met: list[Fault], result: LockstepResult, trips: list[Trip]) -> tuple[float, ...]:
    """When something gave way before anything had tripped on it."""
    tripped_s = [result.simulated_s(trip.t_s) for trip in trips if trip.response > Response.INHIBIT]
    spans = spans_of([fault for fault in met if fault.kind.gives_way and fault.duration_s is not None], result)
    untold = [span for span in spans if not any(span.from_s <= at_s <= span.until_s for at_s in tripped_s)]
    return tuple(span.until_s for span in untold)


def _meetings(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """When one of the first lasts and one of the others, too."""
    return [one.both(other) for one, other in itertools.product(some, others) if one.meets(other)]


def _given_up(
    stuck_s: tuple[Span, ...],
    unheard_s: tuple[Span, ...],
    trips: list[Trip],
    result: LockstepResult,
    tried_s: Callable[[float], float] = lambda _: -math.inf,
) -> Iterator[Span]:
    """A table that was stopped while nothing could move it may have been given up; any other goes on afterwards.

    ``tried_s`` gives for the time of the first stop how long what is stuck has to last for a recovery to fail by it.
    Where host and board do not hear each other it is the board that gives up, and no trip tells of it but that of the
    link.
    """
    stops_s = [result.simulated_s(trip.t_s) for trip in trips if trip.response >= Response.STOP]
    lost_s = _tripped_s(LINK_MONITORS, trips, result)
    for span in stuck_s:
        found = Span(span.from_s, span.until_s + FOUND_WITHIN_S)
        first_s = min((at_s for at_s in stops_s if found.from_s <= at_s <= found.until_s), default=math.inf)
        stopped = first_s < math.inf and span.until_s >= tried_s(first_s)
        alone = any(found.both(one).lasts_s > BOARD_ALONE_S for one in unheard_s)
        given_up = stopped or (alone and any(at_s <= found.until_s for at_s in lost_s))
        yield Span(span.from_s, math.inf) if given_up else span


def _tripped_s(monitors: frozenset[str], trips: list[Trip], result: LockstepResult) -> list[float]:
    return [result.simulated_s(trip.t_s) for trip in trips if trip.monitor in monitors]


def _kept(span: Span, monitors: frozenset[str], trips: list[Trip], result: LockstepResult) -> Span:
    """What a monitor has found is believed no more until an operator's reset, also when it is right again."""
    found = any(at_s >= span.from_s for at_s in _tripped_s(monitors, trips, result))
    return Span(span.from_s, math.inf) if found else span


def _spoiled_s(met: list[Fault], trips: list[Trip], result: LockstepResult, name: str = "") -> list[Span]:
    """When an angle is spoiled: any, or the one of this name."""
    spoiling = [fault for fault in met if fault.spoils and name in ("", fault.spoils)]
    return [_kept(span, ANGLE_MONITORS, trips, result) for span in spans_of(spoiling, result)]


def _switch_says_s(met: list[Fault], trips: list[Trip], result: LockstepResult) -> list[Span]:
    """When the upright switch says upright wherever the table is, or is no witness any more because it did."""
    saying = [fault for fault in met if fault.kind.says_upright]
    return [_kept(span, SWITCH_MONITORS, trips, result) for span in spans_of(saying, result)]


def _unsure_deg(met: list[Fault], trips: list[Trip], result: LockstepResult) -> float:
    """How far from upright the witnesses may take a table to be upright, if an alarm says that they contradict."""
    spoiled_s = _spoiled_s(met, trips, result)
    return UNSURE_DEG if _meetings(spoiled_s, _switch_says_s(met, trips, result)) else STRAYED_DEG if spoiled_s else 0.0


def _off_deg(met: list[Fault]) -> float:
    """How far off an angle may be that counts as right, where the other one has a fault too."""
    if len({fault.kind.angle for fault in met} - {""}) < 2:
        return 0.0
    return STRAYED_DEG if any(fault.kind.angle and not fault.spoils for fault in met) else 0.0


def _misled_s(faults: list[Fault], trips: list[Trip], result: LockstepResult) -> Iterator[Span]:
    """When both angles are spoiled: one goes another way than the table, or from when a monitor cut the torque."""
    both = _meetings(*(_spoiled_s(faults, trips, result, name) for name in ("encoder", "inclinometer")))
    cuts = [trip for trip in trips if trip.response is Response.TORQUE_OFF and trip.recovery is Recovery.AUTOMATIC]
    cut_s = min((result.simulated_s(trip.t_s) for trip in cuts), default=math.inf)
    misleads = any(fault.kind.misleads for fault in faults if fault.spoils)
    for span in both:
        told = span if misleads else span.both(Span(cut_s, math.inf))
        if told.lasts_s > 0.0:
            yield told


def _blocked_s(trace: Floats, upright_below_deg: float) -> tuple[Span, ...]:
    """From when to when something pushed back on the way up, if the table never got past it.

    What a board pushed against a short time before the end is still there: it tries again, after a pause each time.
    """
    t_s, angle_deg, contact_nm = (trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "angle_deg", "contact_nm"))
    pushed_s = t_s[(angle_deg > upright_below_deg) & (contact_nm > 0.0)]
    ends_above = len(trace) > 0 and angle_deg[-1] > upright_below_deg
    if not ends_above or not len(pushed_s):
        return ()
    still = t_s[-1] - pushed_s[-1] < TRIED_AGAIN_S
    return (Span(float(pushed_s[0]), math.inf if still else float(pushed_s[-1])),)


def begun_times_s(faults: list[Fault], result: LockstepResult) -> list[float]:
    """When these faults began, in simulated time."""
    return [begun_s for fault in faults if (begun_s := result.begun_s(fault)) is not None]


def _first_s(faults: list[Fault], result: LockstepResult) -> float:
    """When the first of these faults began; infinite if none did."""
    return min(begun_times_s(faults, result), default=math.inf)


def spans_of(faults: Iterable[Fault], result: LockstepResult) -> tuple[Span, ...]:
    """From when to when these faults lasted, in simulated time."""
    begun = [(fault, begun_s) for fault in faults if (begun_s := result.begun_s(fault)) is not None]
    return tuple(
        Span(begun_s, round(begun_s + fault.lasts_s, 6) if fault.lasts_s < math.inf else math.inf)
        for fault, begun_s in begun
    )


def changes_s(faults: list[Fault], result: LockstepResult) -> tuple[float, ...]:
    """When a fault began or ended, in simulated time."""
    found = []
    for fault in faults:
        begun_s = result.begun_s(fault)
        if begun_s is not None:
            found += [begun_s] if fault.lasts_s == math.inf else [begun_s, round(begun_s + fault.lasts_s, 6)]
    return tuple(sorted(found))
