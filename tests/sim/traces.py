"""Traces of the truth for the judge's tests, straight piece by straight piece, and what was asked for meanwhile."""

from typing import Any

import numpy as np

from sim.asked import Asked, Drive, Harm, Span, Tripped
from sim.layout import TRACE_COLUMNS
from sim.oracle import margins
from sim.oracle_terms import Margin

ROW_S = 0.01
ALWAYS = (Span(-np.inf, np.inf),)
Pieces = tuple[tuple[float, float], ...]


def trace(*pieces: tuple[float, float]) -> Any:
    """Straight pieces of (seconds, rate in deg/s) from upright, as rows of the truth; on the brake while at rest."""
    rates = np.concatenate([np.full(round(seconds / ROW_S), rate) for seconds, rate in pieces])
    rows = np.zeros((len(rates), len(TRACE_COLUMNS)))
    for name, values in {
        "t_s": np.arange(len(rates)) * ROW_S,
        "rate_dps": rates,
        "angle_deg": -75.0 + np.cumsum(rates) * ROW_S,
        "brake_closed": rates == 0.0,
        "rider_agrees": 1.0,
        "ankle_latch_locked": 1.0,
    }.items():
        rows[:, TRACE_COLUMNS.index(name)] = values
    return rows


def put(rows: Any, name: str, value: float, from_s: float = 0.0, until_s: float = np.inf) -> Any:
    """Change a column for a while."""
    t_s = rows[:, 0]
    rows[(t_s >= from_s - ROW_S / 2) & (t_s < until_s - ROW_S / 2), TRACE_COLUMNS.index(name)] = value
    return rows


def asked(**changes: Any) -> Asked:
    well: dict[str, Any] = {
        "limit_deg": 60.0,
        "started_s": 0.0,
        "trips": (),
        "rest_s": 10.0,
        "person_stopped_s": None,
    }
    drive, harm = ({name: changes.pop(name) for name in part._fields if name in changes} for part in (Drive, Harm))
    return Asked(**{**well, **changes}, drive=Drive(**drive), harm=Harm(**harm))


def tripped(t_s: float, response: str, monitor: str = "hand-switch") -> dict[str, Any]:
    return {"trips": (Tripped(monitor, response, t_s),), "changes_s": (t_s,), "causes": frozenset({"hand-switch"})}


def margin(rows: Any, rule: str, **changes: Any) -> Margin:
    """The margin of a rule that has a say."""
    return next(found for found in margins(rows, asked(**changes)) if found.rule == rule)


TO_40 = (57.5, 2.0)
TO_FLAT = (5.0, -8.0)
UP = (37.5, -2.0)
AT_40_S = 57.5
EMERGENCY = tripped(AT_40_S, "EMERGENCY_RETURN")
