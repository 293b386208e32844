"""The angle over a session in a few points, taken tick by tick: enough for a small picture in a list."""

from typing import Final

from firmware_host.control.ticks import TickInput

MOST_POINTS: Final = 60
_FIRST_STEP_S: Final = 0.5


class Sketch:
    """Keeps points that lie evenly in time; where they become too many, every second one goes and the step doubles."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._last: tuple[float, float] | None = None
        self._start_s: float | None = None
        self._step_s = _FIRST_STEP_S

    def tick(self, one: TickInput) -> None:
        """Take the next tick; one without an angle is left out."""
        self._start_s = one.now_s if self._start_s is None else self._start_s
        if one.telemetry is None:
            return
        encoder, inclinometer = one.telemetry.encoder_deg, one.telemetry.inclinometer_deg
        angle = inclinometer if encoder is None else encoder
        if angle is None:
            return
        point = self._last = (round(one.now_s - self._start_s, 1), round(angle, 1))
        if self._points and point[0] < self._points[-1][0] + self._step_s:
            return
        self._points.append(point)
        if len(self._points) == MOST_POINTS:
            del self._points[1::2]
            self._step_s *= 2.0

    def points(self) -> list[tuple[float, float]]:
        """Give at most ``MOST_POINTS`` of time in s from the first tick on and angle in deg, up to the end."""
        if self._last is None or self._last == self._points[-1]:
            return list(self._points)
        return [*self._points, self._last]
