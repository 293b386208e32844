"""What the brake can tell: on it the table stands, so an angle that moves there is wrong.

Dead reckoning cannot tell an encoder that drifts from a table that follows it, because the drive controls by the
encoder. A closed brake can. And between two rests both angles must have come the same way, and so from where a stop
was ordered: on a long way before it, what made it necessary would not show.
"""

from typing import Final, NamedTuple

SETTLES_S: Final = 0.5
"""The brake closes, the frame stops swinging."""
FILTER_S: Final = 0.2
UNSEEN_S: Final = 0.1
"""After a silence longer than this nobody knows whether the table stood all the time: a rest begins anew."""
MOVED_DEG: Final = 0.3
"""An angle that moves so far on the brake, and three times as far as the other one, is wrong."""
PARTED_DEG: Final = 0.4
PARTED_SHARE: Final = 0.5
"""Angles whose ways between two rests differ by so much, and by this share of the longer one, contradict each other."""
STOOD_DEG: Final = 0.1
"""An angle that changed less than this has not followed a motion."""

Pair = tuple[float, float]


class _Start(NamedTuple):
    """Where a way to the next rest begins."""

    angles_deg: Pair
    expected_deg: float
    """How far the table should have turned from its last rest to here."""


class BrakeWitness:
    """Two angles on the brake. The answer is the index of the wrong one, or None."""

    __slots__ = (
        "_apart_deg",
        "_expected_deg",
        "_from_deg",
        "_left",
        "_now_deg",
        "_seen_s",
        "_settled",
        "_stop",
        "since_s",
    )

    def __init__(self) -> None:
        self.since_s: float | None = None
        """When the present rest began; None while the table is not on its brake."""
        self._settled = False
        self._seen_s = 0.0
        self._from_deg: Pair = (0.0, 0.0)
        self._now_deg: Pair = (0.0, 0.0)
        self._left: _Start | None = None
        """The end of the last rest."""
        self._stop: _Start | None = None
        """Where the first stop since then was ordered."""
        self._expected_deg = 0.0
        """How far the table should have turned since the last rest."""
        self._apart_deg: float | None = None
        """How far apart the angles were at the end of the last rest, whoever has moved the table since."""

    def forget_the_way(self) -> None:
        """The table moved without our commands, or an angle was lost: nothing to compare the next rest with."""
        self._left = self._stop = None

    def stop_ordered(self, angles_deg: Pair) -> None:
        """From here on the way is short enough for what made the stop necessary to show."""
        if self.since_s is None and self._stop is None:
            self._stop = _Start(angles_deg, self._expected_deg)

    def moving(self, moved_deg: float) -> None:
        """Take a frame off the brake, or one without both angles."""
        if self.since_s is not None and (self._settled or self._apart_deg is None):
            self._apart_deg = self._now_deg[0] - self._now_deg[1]
        if self._settled:
            self._left, self._stop, self._expected_deg = _Start(self._now_deg, 0.0), None, 0.0
        self.since_s, self._settled = None, False
        self._expected_deg += moved_deg

    def standing(self, now_s: float, angles_deg: Pair) -> int | None:
        """Take a frame on the brake."""
        if self.since_s is not None and now_s - self._seen_s > UNSEEN_S:
            self.forget_the_way()
            self.since_s, self._settled = None, False
        if self.since_s is None:
            self.since_s = self._seen_s = now_s
            self._now_deg = angles_deg
            return None
        share = (now_s - self._seen_s) / FILTER_S  # less than 1: longer than half of that was a silence
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
        """The one that contradicts the other on the way from the last rest, or from where the stop was ordered."""
        wrong = None if self._left is None else self._strayed(self._left)
        if wrong is None and self._stop is not None and not self._agree_again():
            wrong = self._strayed(self._stop)
        return wrong

    def _agree_again(self) -> bool:
        """They are as far apart as at the last rest: what one did after the other is how late an inclinometer is."""
        apart_deg = self._now_deg[0] - self._now_deg[1]
        return self._apart_deg is not None and abs(apart_deg - self._apart_deg) <= PARTED_DEG

    def _strayed(self, start: _Start) -> int | None:
        """Of two ways that contradict each other, the one that did not go as commanded is wrong.

        From where a stop was ordered, that is one that went the other way; between two rests, one that stood is too.
        """
        one, other = (now - then for now, then in zip(self._now_deg, start.angles_deg, strict=True))
        if abs(one - other) <= max(PARTED_DEG, PARTED_SHARE * max(abs(one), abs(other))):
            return None
        expected_deg = self._expected_deg - start.expected_deg
        follows = [abs(way) > STOOD_DEG and way * expected_deg > 0.0 for way in (one, other)]
        if follows[0] == follows[1]:
            return None
        wrong = follows.index(False)
        if abs((one, other)[wrong]) <= STOOD_DEG:
            # An inclinometer is late: where a stop is ordered as a motion ends, it goes on while the encoder stands.
            return None if start is self._stop else wrong
        off_deg = [abs(way - expected_deg) for way in (one, other)]
        # One that went the right way, but so far that it is no better, convicts nobody.
        return None if off_deg[wrong] < off_deg[1 - wrong] else wrong
