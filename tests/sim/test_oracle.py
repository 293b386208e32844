"""The judge itself: for each property a session that keeps it, and one that breaks it."""

from typing import Any

import numpy as np
import pytest

from sim.oracle import Asked, judge
from sim.table import TRACE_COLUMNS

ROW_S = 0.01


def trace(*pieces: tuple[float, float]) -> Any:
    """Straight pieces of (seconds, rate in deg/s) from upright, as rows of the truth."""
    rates = np.concatenate([np.full(round(seconds / ROW_S), rate) for seconds, rate in pieces])
    rows = np.zeros((len(rates), len(TRACE_COLUMNS)))
    rows[:, TRACE_COLUMNS.index("t_s")] = np.arange(len(rates)) * ROW_S
    rows[:, TRACE_COLUMNS.index("rate_dps")] = rates
    rows[:, TRACE_COLUMNS.index("angle_deg")] = -75.0 + np.cumsum(rates) * ROW_S
    return rows


def asked(**changes: Any) -> Asked:
    well: dict[str, Any] = {
        "limit_deg": 60.0,
        "started_s": 0.0,
        "trip_s": None,
        "response": "NONE",
        "rest_s": 10.0,
        "person_stopped": False,
    }
    return Asked(**{**well, **changes})


TO_40 = (57.5, 2.0)
TO_FLAT = (5.0, -8.0)
UP = (37.5, -2.0)
AT_40_S = 57.5
EMERGENCY = {"trip_s": AT_40_S, "response": "EMERGENCY_RETURN"}


@pytest.mark.requirement("REQ-PRM-ANGLE", "REQ-PRM-RATE", "REQ-PRM-UNASKED", "REQ-PRM-RESCUE", "REQ-PRM-END")
@pytest.mark.parametrize(
    ("pieces", "changes", "broken"),
    [
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {}, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), EMERGENCY, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"limit_deg": 36.9}, ("angle",)),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"limit_deg": 36.9, "load_path_broke": True}, ()),
        ((TO_40, (0.2, -11.0), (4.725, -8.0), (5.0, 0.0), UP), {}, ("rate",)),
        (((0.5, 5.0), (0.5, -2.4), (1.0, -1.3)), {}, ("rate",)),
        ((TO_40, TO_FLAT, (1.0, -3.0), (36.0, -2.0)), {}, ("rate",)),
        ((TO_40, TO_FLAT, UP), {"started_s": 30.0}, ("unasked",)),
        ((TO_40, TO_FLAT, UP), {"started_s": None}, ("unasked",)),
        ((TO_40, (8.0, 0.0), TO_FLAT, UP), EMERGENCY, ("rescue",)),
        ((TO_40, TO_FLAT, (25.0, 0.0), UP), EMERGENCY, ("rescue",)),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "alarm": "release the brake"}, ("rescue", "rescue")),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "cannot_move": True, "alarm": "release the brake"}, ()),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "cannot_move": True}, ("left",)),
        ((TO_40, (90.0, 0.0)), {}, ("left",)),
        ((TO_40, (90.0, 0.2)), {**EMERGENCY, "cannot_move": True, "alarm": "x"}, ("held", "left")),
        (
            (TO_40, (5.0, 0.0)),
            {"trip_s": 50.0, "response": "STOP", "person_stopped": True, "alarm": "press u"},
            ("held",),
        ),
    ],
)
def test_a_property(pieces: tuple[tuple[float, float], ...], changes: dict[str, Any], broken: tuple[str, ...]) -> None:
    found = judge(trace(*pieces), asked(**changes))
    assert tuple(text.partition(":")[0] for text in found) == broken, found


def test_a_session_without_a_row_breaks_nothing() -> None:
    assert judge(trace((0.0, 0.0)), asked()) == []
