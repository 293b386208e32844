"""Rules of the truth oracle for every moment: how far, how fast, and nowhere that nobody asked for."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sim.asked import Asked, Span
from sim.oracle_terms import (
    ALONE_S,
    ANGLE_EXCESS_DEG,
    COASTS_S,
    CREPT_DEG,
    HORIZONTAL_DEG,
    ROW_S,
    STANDING_DPS,
    STANDING_S,
    Columns,
    Margin,
    coasted_deg,
    crept_deg,
    slowed_s,
    upright_below_deg,
)

DISORIENTING_DPS: Final = 10.0
DISORIENTING_S: Final = 0.1
INVERTING_FACTOR: Final = 1.5
INVERTING_S: Final = 0.3
HEAD_UP_DPS: Final = 2.5
HIDDEN_DPS: Final = 0.5
"""So much of a rate the noise of an inclinometer may hide from who has no other angle to see it by."""
HEAD_UP_S: Final = 0.3
UNSEEN_S: Final = 0.1
"""So much later a drive that disobeys is found out by the table's own angle alone, whose rate is one over 0.12 s."""
TIPPING_DPS2: Final = 30.0
"""What tips a rider; impacts aside."""
PEOPLE_S: Final = 1.0
"""So soon after a rider lets go, or a latch opens, nothing goes on toward inversion."""
TOLD_S: Final = 0.5
"""So soon the fault of a drive that let its motor go is known to the host, which asks for one thing after the other."""
FREED_S: Final = 0.2
"""So long a table leaps whose full drive pushed against something that gave way: an impact backward."""


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


def _tied(asked: Asked) -> str:
    """What to say of a measurement that leaves out what happened while nothing tied the table to its motor."""
    return ", while tied to its motor" if asked.harm.load_path_breaks else ""


def angle(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    coasted = column["t_s"] >= asked.harm.jolted_from_s
    jolted = asked.harm.jolted_from_s < np.inf
    for rows, when, granted_deg in (
        (~coasted, ", before a fault jolted the table" if jolted else "", ANGLE_EXCESS_DEG),
        (coasted, ", after a fault jolted the table", ANGLE_EXCESS_DEG + coasted_deg(asked)),
    ):
        if rows.any():
            highest, most = float(column["angle_deg"][rows].max()), asked.limit_deg + granted_deg
            granted = f"granted {most:g} deg, {granted_deg:g} deg above the limit"
            text = f"up to {highest:.2f} deg{when}{_tied(asked)}; {granted}"
            yield Margin("angle", most - highest, "deg", granted_deg, text)


def rates(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    angle_deg, rate_dps = column["angle_deg"], column["rate_dps"]
    coasting = _coasting(column, asked)
    aside = ", coasting aside" if coasting.any() else ""
    driven_dps = np.where(coasting, 0.0, rate_dps)
    head_up_dps = np.where(angle_deg < -HORIZONTAL_DEG, -driven_dps, 0.0)
    late = column["t_s"] >= asked.harm.sees_late_from_s
    about = column["t_s"] >= asked.harm.sees_late_from_s - HEAD_UP_S - UNSEEN_S
    until = ", until the table's own angle alone shows it" if late.any() else ""
    head_up_most_dps = HEAD_UP_DPS + (HIDDEN_DPS if asked.harm.drifting else 0.0)
    for rule, way, values, most, longest_s in (
        ("rate", "either way", np.abs(rate_dps), DISORIENTING_DPS, DISORIENTING_S),
        (
            "rate-inverting",
            f"toward inversion{aside}",
            driven_dps,
            INVERTING_FACTOR * asked.invert_rate_dps,
            INVERTING_S,
        ),
        (
            "rate-head-up",
            f"toward upright while head-up{aside}{until}",
            np.where(late, 0.0, head_up_dps),
            head_up_most_dps,
            HEAD_UP_S,
        ),
        (
            "rate-head-up",
            f"toward upright while head-up{aside}, once the table's own angle alone shows it",
            np.where(about, head_up_dps, 0.0),
            head_up_most_dps,
            HEAD_UP_S + UNSEEN_S,
        ),
    ):
        rows = round(longest_s / ROW_S) + 1
        if len(values) < rows:
            continue
        lasting_dps = float(sliding_window_view(values, rows).min(axis=1).max())
        measured = f"up to {lasting_dps:.2f} deg/s, kept up for longer than {longest_s:g} s, {way}{_tied(asked)}"
        yield Margin(rule, most - lasting_dps, "deg/s", most, f"{measured}; granted {most:g} deg/s")


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
        found |= (t_s >= cut_s) & (t_s < cut_s + slowed_s(asked))
    for span in () if asked.drive.returns_by_itself else asked.harm.cut_off_s:
        # Nobody hears of it, and one after the other of the few words that pass sets it going: its timeout stops it.
        found |= (t_s >= max(span.from_s, asked.harm.jolted_from_s)) & (t_s < span.until_s + slowed_s(asked))
    return found


def accel(column: Columns, asked: Asked) -> Iterator[Margin]:
    column = _while_whole(column, asked)
    if not len(column["t_s"]):
        return
    chosen = ~np.isnan(column["accel_dps2"]) & ~_let_go(column, asked)
    for span in asked.harm.jolted_s:
        chosen &= (column["t_s"] < span.from_s) | (column["t_s"] >= span.until_s + COASTS_S)
    most = float(np.abs(np.where(chosen, column["accel_dps2"], 0.0)).max())
    excused = "impacts aside" if (chosen | np.isnan(column["accel_dps2"])).all() else "impacts and excused times aside"
    text = (
        f"up to {most:.2f} deg/s2, {excused}{_tied(asked)}; granted {TIPPING_DPS2:g} deg/s2, beyond which a rider tips"
    )
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


def unasked(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Nothing moves toward inversion before the operator asks, where anything holds the table."""
    if asked.nothing_holds:
        return
    t_s, angle_deg = column["t_s"], column["angle_deg"]
    before = angle_deg if asked.started_s is None else angle_deg[t_s < asked.started_s]
    if len(before):
        crept = float(before.max()) - float(before[0])
        text = f"up to {crept:.2f} deg toward inversion before anybody asked; granted {CREPT_DEG:g} deg"
        yield Margin("unasked", CREPT_DEG - crept, "deg", CREPT_DEG, text)


def people(column: Columns, asked: Asked) -> Iterator[Margin]:
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
    granted_deg = crept_deg(asked, Span(float(let_go_s[0]), float(let_go_s[-1]) + ROW_S))
    where = f"with the switch released or the latch open for longer than {PEOPLE_S:g} s{_tied(asked)}"
    measured = f"{went_deg:.2f} deg in all toward inversion, faster than {STANDING_DPS:g} deg/s, {where}"
    text = f"{measured}; granted {granted_deg:g} deg"
    yield Margin("people", granted_deg - went_deg, "deg", granted_deg, text)


def alone(column: Columns, asked: Asked) -> Iterator[Margin]:
    """A table that does not return by itself, and hears nobody, stands still, and goes on doing so."""
    if asked.drive.returns_by_itself or asked.harm.load_path_breaks or asked.harm.cannot_move:
        return
    t_s, rate_dps = column["t_s"], column["rate_dps"]
    for span in asked.harm.silent_s:
        left = (t_s >= span.from_s + ALONE_S) & (t_s < span.until_s)
        if left.any():
            most_dps = float(np.abs(rate_dps[left]).max())
            measured = f"up to {most_dps:.2f} deg/s, in a silence of the host after its first {ALONE_S:g} s"
            text = f"{measured}; granted {STANDING_DPS:g} deg/s"
            yield Margin("alone", STANDING_DPS - most_dps, "deg/s", STANDING_DPS, text)


def again(column: Columns, asked: Asked) -> Iterator[Margin]:
    """Who was brought upright while nobody reached the table stays there: no session goes on by itself after that."""
    if asked.harm.load_path_breaks:
        return
    t_s, angle_deg, upright_deg = column["t_s"], column["angle_deg"], upright_below_deg(asked)
    for span in asked.harm.silent_s:
        granted_deg = crept_deg(asked, Span(span.from_s, np.inf))
        inside = np.flatnonzero((t_s >= span.from_s) & (t_s < span.until_s))
        if not len(inside) or angle_deg[inside[0]] <= upright_deg or angle_deg[inside[-1]] > upright_deg:
            continue
        rose = float(angle_deg[inside[-1] :].max() - angle_deg[inside[-1]])
        where = "after a silence of the host in which it came upright"
        text = f"up to {rose:.2f} deg toward inversion, {where}; granted {granted_deg:g} deg"
        yield Margin("again", granted_deg - rose, "deg", granted_deg, text)
