"""Promises of the oracle as formulae of signal temporal logic, and what rtamt makes of them.

The numbers are those of the safety concept, written down here once more: what is read from ``sim`` could not contradict
it. A formula's robustness is the distance by which it holds, in the unit of what it compares; below zero it is broken.
"""

from typing import Final, NamedTuple

import numpy as np
import rtamt

from sim.oracle_terms import Columns, Floats

ROWS_A_SECOND: Final = 100
WITHIN_S: Final = {
    "RETURN": (25.0, 85.0),
    "EMERGENCY_RETURN": (12.0, 65.0),
    "STOP": (25.0, 85.0),
    "TORQUE_OFF": (25.0, 85.0),
}
"""So soon after a trip a rider is to be out of inversion, and upright, from up to 60 degrees."""
FROM_DEG: Final = 60.0
HORIZONTAL_DEG: Final = 1.0
UPRIGHT_DEG: Final = -72.0
FREE: Final = 1e6
"""Of the signal ``free`` where nobody chose how fast the rate changes, and minus that elsewhere; beyond any margin."""


class Formula(NamedTuple):
    """A promise in the words of rtamt; times are in seconds."""

    rule: str
    """Of the oracle, whose margin it is compared with."""
    text: str


def of_motion(limit_deg: float, invert_rate_dps: float) -> tuple[Formula, ...]:
    """What holds at every moment, for a rider's limit (deg) and a session's rate toward inversion (deg/s)."""
    return (
        Formula("angle", f"always (angle <= {limit_deg + 3.0})"),
        Formula("rate", "always (eventually[0:0.1] (abs(rate) <= 10.0))"),
        Formula("rate-inverting", f"always (eventually[0:0.3] (rate <= {1.5 * invert_rate_dps}))"),
        Formula("accel", "always ((free >= 0.0) or (abs(accel) <= 30.0))"),
    )


def of_rescue(within_s: float, below_deg: float) -> str:
    """What holds at the moment of a trip: the angle comes to stay at or below a value within a time."""
    return f"eventually[0:{within_s:.2f}] (always (angle <= {below_deg}))"


def signals(column: Columns) -> Columns:
    """What the formulae speak of, from the columns of a trace; the last row is repeated for the longest window.

    A window that the end of a trace cuts off counts for rtamt, and not for the oracle, which cannot say how long what
    it saw last went on. With the repetition both see the same.
    """
    accel_dps2 = column["accel_dps2"]
    whole = {
        "angle": column["angle_deg"],
        "rate": column["rate_dps"],
        "accel": np.nan_to_num(accel_dps2),
        "free": np.where(np.isnan(accel_dps2), FREE, -FREE),
    }
    return {name: np.append(values, np.repeat(values[-1:], ROWS_A_SECOND)) for name, values in whole.items()}


def robustness(formula: str, signals: Columns) -> float:
    """By how much a formula holds at the first row, of signals of equal length at 100 Hz."""
    specification = rtamt.StlDiscreteTimeOfflineSpecification()
    specification.unit = "s"
    specification.set_sampling_period(1000 // ROWS_A_SECOND, "ms", 0.1)
    named = {name: values for name, values in signals.items() if name in formula}
    for name in named:
        specification.declare_var(name, "float")
    specification.spec = formula
    specification.parse()
    rows = len(next(iter(named.values())))
    data = {name: values.tolist() for name, values in named.items()}
    found = specification.evaluate({"time": (np.arange(rows) / ROWS_A_SECOND).tolist(), **data})
    return float(found[0][1])


def promised_s(response: str, from_deg: float, rest_s: float) -> tuple[float, float]:
    """Deadlines out of inversion and upright after a response, from an angle; a return takes its rest beside them."""
    horizontal_s, upright_s = (within_s * max(from_deg / FROM_DEG, 1.0) for within_s in WITHIN_S[response])
    return horizontal_s, upright_s + (rest_s if response == "RETURN" else 0.0)


def stays_below(angle_deg: Floats, rows: int, below_deg: float) -> bool:
    """Tell whether the angle comes to stay at or below a value within so many rows; less than none: never."""
    if rows < 0:
        return False
    return robustness(of_rescue(rows / ROWS_A_SECOND, below_deg), {"angle": angle_deg}) >= 0.0
