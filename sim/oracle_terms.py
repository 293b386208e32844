"""What the truth oracle measures by, wherever more than one of its rules does: numbers, and how long things take.

The numbers of its rules are those of the safety concept, written down a second time on purpose: an oracle that read the
limits of the code under test would agree with its mistakes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.asked import Asked, Span

Floats = NDArray[np.float64]
Columns = dict[str, Floats]
ANGLE_EXCESS_DEG: Final = 3.0
STANDING_DPS: Final = 0.1
STANDING_S: Final = 1.0
"""A stop that is to last stands on its brake so soon."""
UPRIGHT_WITHIN_DEG: Final = 3.0
"""So near to where riders board they are upright."""
HORIZONTAL_DEG: Final = 1.0
"""A table rests as level as its inclinometer was mounted, give or take its aim: half a degree is granted for each."""
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
COASTED_DEG: Final = 7.0
"""As far it goes meanwhile, from the rate at which a drive that disobeys is found out."""
ROW_S: Final = 0.01


class Margin(NamedTuple):
    """How far a session stayed from breaking one rule."""

    rule: str
    value: float
    """Below zero the rule is broken."""
    unit: str
    scale: float
    """What ``value`` is compared with to tell which of several rules is nearest to breaking."""
    text: str
    """What was measured where the rule counts; what is granted. As true where the rule was kept as where it broke."""

    @property
    def share(self) -> float:
        """The margin without unit: 1 is as far as can be, 0 the edge."""
        return self.value / self.scale


def upright_below_deg(asked: Asked) -> float:
    """From where on a rider is upright."""
    return asked.upright_deg + UPRIGHT_WITHIN_DEG


def coasted_deg(asked: Asked) -> float:
    """How far a drive that disobeys may have let the table coast, without a brake to stop it."""
    return 0.0 if asked.drive.brakes or asked.harm.jolted_from_s == np.inf else COASTED_DEG


def slowed_s(asked: Asked) -> float:
    """How soon after a stop the table stands."""
    if not asked.harm.coasts:
        return STANDING_S
    return SLIPS_S if asked.drive.brakes and not asked.harm.load_path_breaks else COASTS_S


def crept_deg(asked: Asked, during: Span) -> float:
    """How far a table may go that is to stand: farther while its drive disobeys."""
    return HELD_DEG if any(jolt.meets(during) for jolt in asked.harm.jolted_s) else CREPT_DEG


def reached_s(t_s: Floats, angle_deg: Floats, from_s: float, angle_below_deg: float) -> float | None:
    """Seconds after ``from_s`` at which the angle came to stay at or below a value; None if it never did."""
    after = t_s >= from_s
    above = np.flatnonzero(angle_deg[after] > angle_below_deg)
    times = t_s[after]
    if len(above) == 0:
        return 0.0
    last = int(above[-1])
    return None if last + 1 >= len(times) else float(times[last + 1] - from_s)
