"""What the brake can tell: on it the table stands, so an angle that moves there is wrong.

Dead reckoning cannot tell an encoder that drifts from a table that follows it, because the drive controls by the
encoder. A closed brake can. And between two rests both angles must have come the same way.
"""

from typing import Final

SETTLES_S: Final = 0.5
"""The brake closes, the frame stops swinging."""
FILTER_S: Final = 0.2
MOVED_DEG: Final = 0.3
"""An angle that moves so far on the brake, and three times as far as the other one, is wrong."""
PARTED_DEG: Final = 0.4
PARTED_SHARE: Final = 0.5
"""Angles whose ways between two rests differ by so much, and by this share of the longer one, contradict each other."""
STOOD_DEG: Final = 0.1
"""An angle that changed less than this has not followed a motion."""

Pair = tuple[float, float]


class Rest:
    """Two angles on the brake. The answer is the index of the wrong one, or None."""

    __slots__ = ("_expected_deg", "_from_deg", "_left_deg", "_now_deg", "_seen_s", "_settled", "since_s")

    def __init__(self) -> None:
        self.since_s: float | None = None
        """When the present rest began; None while the table is not on its brake."""
        self._settled = False
        self._seen_s = 0.0
        self._from_deg: Pair = (0.0, 0.0)
        self._now_deg: Pair = (0.0, 0.0)
        self._left_deg: Pair | None = None
        """The angles at the end of the last rest."""
        self._expected_deg = 0.0
        """How far the table should have turned since then."""

    def forget_the_way(self) -> None:
        """The table moved without our commands, or an angle was lost: nothing to compare the next rest with."""
        self._left_deg = None

    def moving(self, moved_deg: float) -> None:
        """Take a frame off the brake, or one without both angles."""
        if self.since_s is not None:
            self._left_deg = self._now_deg if self._settled else self._left_deg
            self._expected_deg = 0.0 if self._settled else self._expected_deg
            self.since_s, self._settled = None, False
        self._expected_deg += moved_deg

    def standing(self, now_s: float, angles_deg: Pair) -> int | None:
        """Take a frame on the brake."""
        if self.since_s is None:
            self.since_s = self._seen_s = now_s
            self._now_deg = angles_deg
            return None
        share = min((now_s - self._seen_s) / FILTER_S, 1.0)
        self._seen_s = now_s
        (one, other), (new_one, new_other) = self._now_deg, angles_deg
        self._now_deg = (one + (new_one - one) * share, other + (new_other - other) * share)
        if now_s - self.since_s < SETTLES_S:
            return None
        if not self._settled:
            self._settled, self._from_deg = True, self._now_deg
            return self._parted()
        return self._moved()

    def _moved(self) -> int | None:
        moved = [abs(now - start) for now, start in zip(self._now_deg, self._from_deg, strict=True)]
        for wrong, right in ((0, 1), (1, 0)):
            if moved[wrong] > MOVED_DEG and moved[wrong] > 3.0 * moved[right]:
                return wrong
        return None

    def _parted(self) -> int | None:
        """Between two rests: of two that contradict each other, the one that did not go as commanded is wrong."""
        if self._left_deg is None:
            return None
        one, other = (now - left for now, left in zip(self._now_deg, self._left_deg, strict=True))
        if abs(one - other) <= max(PARTED_DEG, PARTED_SHARE * max(abs(one), abs(other))):
            return None
        follows = [abs(way) > STOOD_DEG and way * self._expected_deg > 0.0 for way in (one, other)]
        if follows[0] == follows[1]:
            return None
        return follows.index(False)
