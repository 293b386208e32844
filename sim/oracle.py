"""The truth oracle: was the rider treated as promised, judged by what really happened.

It reads the simulator's trace of the truth and what a person asked for, and imports nothing from the layers it
judges. The numbers are those of the safety concept, written down here a second time on purpose: an oracle that read
the limits of the code under test would agree with its mistakes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.table import TRACE_COLUMNS

Floats = NDArray[np.float64]

ANGLE_EXCESS_DEG: Final = 3.0
DISORIENTING_DPS: Final = 10.0
DISORIENTING_S: Final = 0.1
INVERTING_DPS: Final = 1.5 * 3.0
INVERTING_S: Final = 0.3
HEAD_UP_DPS: Final = 2.5
HEAD_UP_S: Final = 0.3
STANDING_DPS: Final = 0.1
UPRIGHT_DEG: Final = -72.0
CREPT_DEG: Final = 1.0
"""Motion toward inversion that is no more than a brake settling."""
ROW_S: Final = 0.01


class Deadline(NamedTuple):
    """How soon a rider must be brought out of inversion and upright after a trip."""

    horizontal_s: float
    upright_s: float


DEADLINES: Final = {
    "EMERGENCY_RETURN": Deadline(12.0, 65.0),
    "RETURN": Deadline(25.0, 85.0),
    "STOP": Deadline(25.0, 85.0),
    "TORQUE_OFF": Deadline(25.0, 85.0),
}
"""From 60 degrees; from beyond, in proportion."""
REFERENCE_DEG: Final = 60.0


class Asked(NamedTuple):
    """What people and trips asked for, in seconds of simulated time."""

    limit_deg: float
    """The rider's limit in this session."""
    started_s: float | None
    """When the operator started the session; None if nobody did."""
    trip_s: float | None
    """The first trip; None if there was none."""
    response: str
    """Name of the strongest response."""
    rest_s: float
    """The rest at horizontal that belongs to the return."""
    person_stopped: bool
    """A person ordered the stop, so that standing still is right."""
    load_path_broke: bool = False
    """A gear or coupling failed."""
    cannot_move: bool = False
    """Nothing can move the table upright: the actuator is dead, or the way is blocked. Standing still is right."""
    alarm: str = ""
    """What the operator was told at the end."""


def judge(trace: Floats, asked: Asked) -> list[str]:
    """Give every property that was broken, in words with numbers; an empty list if all held.

    Args:
        trace: rows of ``sim.table.TRACE_COLUMNS`` at 100 Hz.
        asked: what people asked for.
    """
    if len(trace) == 0:
        return []
    column = {name: trace[:, index] for index, name in enumerate(TRACE_COLUMNS)}
    return [
        *_angle(column["angle_deg"], asked),
        *_rates(column["angle_deg"], column["rate_dps"], asked),
        *_unasked(column["t_s"], column["angle_deg"], asked),
        *_rescued(column["t_s"], column["angle_deg"], column["rate_dps"], asked),
        *_left(column["angle_deg"], column["rate_dps"], asked),
    ]


def _angle(angle_deg: Floats, asked: Asked) -> list[str]:
    highest = float(angle_deg.max())
    if asked.load_path_broke or highest <= asked.limit_deg + ANGLE_EXCESS_DEG:
        return []
    return [f"angle: {highest:.1f} deg is more than {ANGLE_EXCESS_DEG:g} above the limit of {asked.limit_deg:g} deg"]


def _rates(angle_deg: Floats, rate_dps: Floats, asked: Asked) -> list[str]:
    if asked.load_path_broke:
        return []
    rules = (
        ("faster than 10 deg/s", np.abs(rate_dps) > DISORIENTING_DPS, DISORIENTING_S),
        ("toward inversion too fast", rate_dps > INVERTING_DPS, INVERTING_S),
        ("head-up too fast", (angle_deg < -CREPT_DEG) & (rate_dps < -HEAD_UP_DPS), HEAD_UP_S),
    )
    found = []
    for text, broken, longest_s in rules:
        lasted_s = _longest_run(broken) * ROW_S
        if lasted_s > longest_s:
            worst = float(np.abs(rate_dps[broken]).max())
            found.append(f"rate: {text}: up to {worst:.1f} deg/s, for {lasted_s:.2f} s, more than {longest_s:g} s")
    return found


def _unasked(t_s: Floats, angle_deg: Floats, asked: Asked) -> list[str]:
    before = angle_deg if asked.started_s is None else angle_deg[t_s < asked.started_s]
    if len(before) == 0 or float(before.max()) - float(before[0]) <= CREPT_DEG:
        return []
    return [f"unasked: moved {float(before.max()) - float(before[0]):.1f} deg toward inversion before anybody asked"]


def _rescued(t_s: Floats, angle_deg: Floats, rate_dps: Floats, asked: Asked) -> list[str]:
    """After a trip the rider comes out of inversion and upright in time, or stands still if that is what is right."""
    if asked.trip_s is None or asked.response not in DEADLINES:
        return []
    after = t_s >= asked.trip_s
    if asked.person_stopped or asked.cannot_move:
        later = t_s >= asked.trip_s + 1.0
        moving = later & (np.abs(rate_dps) > STANDING_DPS)
        turning_over = moving & (rate_dps > 0.0)
        return ["held: moved toward inversion after the stop"] if _longest_run(turning_over) * ROW_S > 1.0 else []
    start_deg = float(angle_deg[after][0]) if after.any() else float(angle_deg[-1])
    deadline = DEADLINES[asked.response]
    scale = max(start_deg / REFERENCE_DEG, 1.0)
    rest_s = asked.rest_s if asked.response == "RETURN" else 0.0
    found = []
    for name, reached, longest_s in (
        ("horizontal", reached_s(t_s, angle_deg, asked.trip_s, 0.5), deadline.horizontal_s * scale),
        ("upright", reached_s(t_s, angle_deg, asked.trip_s, UPRIGHT_DEG), deadline.upright_s * scale + rest_s),
    ):
        took = "never" if reached is None else f"after {reached:.1f} s"
        if reached is None or reached > longest_s:
            found.append(f"rescue: {name} {took}, within {longest_s:.1f} s was promised, from {start_deg:.1f} deg")
    return found


def _left(angle_deg: Floats, rate_dps: Floats, asked: Asked) -> list[str]:
    """However it went: the rider is upright in the end, or held still with an alarm."""
    end_deg = float(angle_deg[-1])
    if end_deg <= UPRIGHT_DEG or (asked.alarm and abs(float(rate_dps[-1])) <= STANDING_DPS):
        return []
    told = "with an alarm" if asked.alarm else "without an alarm"
    return [f"left: at {end_deg:.1f} deg, turning at {float(rate_dps[-1]):.1f} deg/s, {told}"]


def reached_s(t_s: Floats, angle_deg: Floats, from_s: float, angle_below_deg: float) -> float | None:
    """Seconds after ``from_s`` at which the angle came to stay at or below a value; None if it never did."""
    after = t_s >= from_s
    above = np.flatnonzero(angle_deg[after] > angle_below_deg)
    times = t_s[after]
    if len(above) == 0:
        return 0.0
    last = int(above[-1])
    return None if last + 1 >= len(times) else float(times[last + 1] - from_s)


def _longest_run(broken: NDArray[np.bool_]) -> int:
    """Rows of the longest unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], broken, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
