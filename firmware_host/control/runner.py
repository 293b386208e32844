"""A plan under way: which rate its present segment asks for."""

from typing import Final

from firmware_host.control.motion import Motion
from firmware_host.control.plan import Move, Plan, Segment

BRAKED_DWELL_S: Final = 2.0
"""A dwell at least this long stands on the brake; a shorter one is held under torque, which spares the brake."""
RIPPLE_DPS: Final = 0.2
"""A measured rate below this is no motion to plan from."""


class Runner:
    """Walks through the segments of a plan."""

    __slots__ = ("_elapsed_s", "_motion", "_plan", "at", "overdue")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.at = 0
        """Index of the present segment; the number of segments once the plan is done."""
        self.overdue = False
        """The present motion takes so much longer than planned that something must be holding the table."""
        self._elapsed_s = 0.0
        self._motion: Motion | None = None

    @property
    def segment(self) -> Segment | None:
        """The present segment; None when the plan is done."""
        segments = self._plan.segments
        return segments[self.at] if self.at < len(segments) else None

    @property
    def target_deg(self) -> float | None:
        """Where the present motion leads; None in a dwell."""
        segment = self.segment
        return segment.to_deg if isinstance(segment, Move) else None

    @property
    def progress(self) -> float:
        """Part of the planned time that is done, 0 to 1."""
        return self._plan.progress(self.at, self._elapsed_s)

    def rate_dps(self, dt_s: float, angle_deg: float, rate_dps: float) -> float | None:
        """Rate to ask for in this tick; None to stand on the brake.

        Raises ``MotionError`` if no motion can be planned from this state.
        """
        self._elapsed_s += dt_s
        segment = self.segment
        if isinstance(segment, Move):
            return self._move(segment, angle_deg, rate_dps)
        if segment is not None:
            if self._elapsed_s < segment.for_s:
                return None if segment.for_s >= BRAKED_DWELL_S else 0.0
            self._next()
        return 0.0

    def _move(self, segment: Move, angle_deg: float, rate_dps: float) -> float:
        motion = self._motion
        if motion is None:
            motion = self._motion = Motion(angle_deg)
            start_dps = rate_dps if abs(rate_dps) > RIPPLE_DPS else 0.0
            motion.start(segment.to_deg, angle_deg, start_dps, segment.pace)
            self._elapsed_s = 0.0
        if motion.finished(self._elapsed_s, angle_deg):
            self._next()
            return 0.0
        self.overdue = motion.overdue(self._elapsed_s)
        return motion.rate_to_ask_dps(self._elapsed_s, angle_deg)

    def _next(self) -> None:
        self.at += 1
        self._elapsed_s = 0.0
        self._motion = None
