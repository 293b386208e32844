"""The curve of a plan, for drawing: where the table will be from the start until the rider is upright again."""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Final, NamedTuple

from firmware_host.control.motion import Motion
from firmware_host.control.plan import Dwell, Plan
from safety.limits import Limits
from safety.profile import Pace
from safety.returning import FLAT_DEG, FLAT_TOLERANCE_DEG, normal_return

Point = tuple[float, float]
"""Time from the start in seconds, and the angle there in degrees."""

MOST_POINTS: Final = 600
_LEAST_FOR_BUCKETS: Final = 4


class _Piece(NamedTuple):
    """A stretch of the curve: a motion from rest to rest, or with no pace a stay."""

    from_deg: float
    to_deg: float
    pace: Pace | None
    for_s: float
    """Of a stay; a motion takes what it takes."""


def curve(plan: Plan, limits: Limits, most: int = MOST_POINTS) -> list[Point]:
    """Sample a plan with its return: corners exactly, motions between them as far as ``most`` points allow.

    A plan of so many corners that they alone are more is thinned out as ``thinned`` says.
    """
    pieces = list(_pieces(plan, limits))
    motions = [_motion(piece) for piece in pieces]
    moving_s = sum(motion.duration_s for motion in motions if motion is not None)
    spare = most - len(pieces) - 1
    now_s, points = 0.0, [(0.0, limits.upright_deg)]
    for piece, motion in zip(pieces, motions, strict=True):
        duration_s = piece.for_s if motion is None else motion.duration_s
        if motion is not None and spare > 0 and moving_s > 0.0:
            inside = floor(spare * duration_s / moving_s)
            times_s = [duration_s * (number + 1) / (inside + 1) for number in range(inside)]
            points += [(now_s + t_s, motion.at(t_s).angle_deg) for t_s in times_s]
        now_s += duration_s
        points.append((now_s, piece.to_deg))
    return thinned(points, most)


def _pieces(plan: Plan, limits: Limits) -> Iterator[_Piece]:
    at_deg = limits.upright_deg
    for segment in plan.segments:
        if isinstance(segment, Dwell):
            yield _Piece(at_deg, at_deg, None, segment.for_s)
            continue
        yield _Piece(at_deg, segment.to_deg, segment.pace, 0.0)
        at_deg = segment.to_deg
    back = normal_return(limits)
    if at_deg > FLAT_TOLERANCE_DEG:
        yield _Piece(at_deg, FLAT_DEG, back.inverted, 0.0)
        yield _Piece(FLAT_DEG, FLAT_DEG, None, back.rest_s)
        at_deg = FLAT_DEG
    if at_deg != limits.upright_deg:
        yield _Piece(at_deg, limits.upright_deg, back.head_up, 0.0)


def _motion(piece: _Piece) -> Motion | None:
    if piece.pace is None:
        return None
    motion = Motion(piece.from_deg)
    motion.start(piece.to_deg, piece.from_deg, 0.0, piece.pace)
    return motion


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Keep at most ``most`` points: the first, the last, and of each stretch of time the lowest and the highest.

    No peak is lost that way, and nothing is drawn where the table is not.
    """
    if len(points) <= max(most, _LEAST_FOR_BUCKETS):
        return list(points)
    inner, buckets = points[1:-1], max(1, (most - 2) // 2)
    begin_s, length_s = inner[0][0], max(inner[-1][0] - inner[0][0], 1e-9)
    extremes: dict[int, tuple[int, int]] = {}
    for index, (t_s, angle_deg) in enumerate(inner):
        bucket = min(buckets - 1, int((t_s - begin_s) / length_s * buckets))
        low, high = extremes.get(bucket, (index, index))
        extremes[bucket] = (
            index if angle_deg < inner[low][1] else low,
            index if angle_deg > inner[high][1] else high,
        )
    kept = sorted({index for pair in extremes.values() for index in pair})
    return [points[0], *(inner[index] for index in kept), points[-1]]
