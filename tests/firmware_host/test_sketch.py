"""A session in a few points."""

from itertools import pairwise

import pytest

from firmware_host.control.ticks import NO_REQUEST, TickInput
from firmware_host.recording.sketch import MOST_POINTS, Sketch
from safety.signals import Telemetry


def frame(encoder: float | None, inclinometer: float | None = None) -> Telemetry:
    return Telemetry(1, 0, 0, None, None, encoder, inclinometer, 0.0, 0.0, 24.0, None, None, 0, 0, 0, 0, 0)


def sketch(seconds: float, first_s: float = 1000.0) -> list[tuple[float, float]]:
    made = Sketch()
    for number in range(round(seconds * 100) + 1):
        t_s = number * 0.01
        made.tick(TickInput(first_s + t_s, frame(-75.0 + t_s), None, 0.0, NO_REQUEST))
    return made.points()


@pytest.mark.parametrize("seconds", [0.0, 0.3, 10.0, 200.0, 3600.0])
def test_few_points_from_begin_to_end_whatever_the_length(seconds: float) -> None:
    points = sketch(seconds)
    assert 1 <= len(points) <= MOST_POINTS
    assert points[0] == (0.0, -75.0)
    assert points[-1][0] == pytest.approx(seconds, abs=0.06)
    assert points[-1][1] == pytest.approx(-75.0 + seconds, abs=0.06)
    steps = [after[0] - before[0] for before, after in pairwise(points[:-1])]
    assert all(step <= max(2.2 * seconds / MOST_POINTS * 1.2, 0.7) for step in steps)


def test_the_other_angle_stands_in_and_nothing_measured_is_no_point() -> None:
    made = Sketch()
    made.tick(TickInput(5.0, None, None, 0.0, NO_REQUEST))
    made.tick(TickInput(5.1, frame(None), None, 0.0, NO_REQUEST))
    assert made.points() == []
    made.tick(TickInput(6.0, frame(None, 12.34), None, 0.0, NO_REQUEST))
    assert made.points() == [(1.0, 12.3)]
