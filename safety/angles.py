"""Two independent angles, which of them is believed, and how wrong the believed one may be.

The motor-side encoder and the table-side inclinometer are watched each on its own and against each other. A
channel found wrong stays lost until an operator's reset. With both lost the angle is dead-reckoned from the
commanded rate, which is good enough to choose between the fast and the slow part of a blind return.
"""

from math import isfinite
from typing import Final

from safety.limits import Limits
from safety.signals import DriveFault, Telemetry

RANGE_DEG: Final = 95.0
"""No mount of the table can read beyond this."""
FRAME_S: Final = 0.01
FASTEST_DPS: Final = 30.0
"""Even a table whose load path broke turns slower than this within one frame."""
MISSING_S: Final = 0.03
"""An absent angle is believed lost after three frames."""
STUCK_DEG: Final = 0.05
DRIVEN_DEG: Final = 1.0
"""A channel is stuck if it shows no change while the table should have moved this far."""
WINDOW: Final = 10
"""Frames over which the inclinometer's rate is taken."""
DRIVE_LAG_S: Final = 0.08
"""First-order lag of the drive behind its command, for the expected rate."""
RATE_MEMORY_S: Final = 1.5
RATE_OFF_DEG: Final = 1.5
"""The encoder is lost if its rate says so much more or less motion than its angle, over about ``RATE_MEMORY_S``."""
LONGEST_GAP_S: Final = 0.1
"""Frames farther apart than this are not compared."""
SETTLE_S: Final = 10.0
"""How slowly dead reckoning follows the measured angles: slower than any sensor drift that agreement would miss."""


class Channel:
    """One angle: its last believable value, and the reason why it is lost, if it is."""

    __slots__ = ("_driven_deg", "_other_deg", "_seen_s", "_still_deg", "lost", "name", "value_deg")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value_deg: float | None = None
        self.lost = ""
        self._seen_s: float | None = None
        self._still_deg: float | None = None
        self._driven_deg = 0.0
        self._other_deg: float | None = None

    def update(self, value_deg: float | None, now_s: float, moved_deg: float, limits: Limits) -> None:
        """Take one frame's value; ``moved_deg`` is how far the table should have turned since the last frame."""
        if self._seen_s is None:
            self._seen_s = now_s
        if value_deg is None:
            if now_s - self._seen_s > MISSING_S:
                self.lost = self.lost or "no value"
            return
        if not -RANGE_DEG <= value_deg <= RANGE_DEG:  # written so that NaN fails it
            self.lost = self.lost or f"reads {value_deg:.1f} deg, outside +-{RANGE_DEG:.0f}"
            return
        if self.value_deg is not None:
            step = abs(value_deg - self.value_deg)
            if step > limits.angle_step_deg + FASTEST_DPS * max(now_s - self._seen_s - FRAME_S, 0.0):
                self.lost = self.lost or f"jumped by {step:.1f} deg in a frame"
        self._watch_stuck(value_deg, moved_deg)
        self.value_deg, self._seen_s = value_deg, now_s

    def _watch_stuck(self, value_deg: float, moved_deg: float) -> None:
        if self._still_deg is None or abs(value_deg - self._still_deg) > STUCK_DEG:
            self._still_deg, self._driven_deg, self._other_deg = value_deg, 0.0, None
        else:
            self._driven_deg += moved_deg

    def stands_while(self, other_deg: float | None) -> bool:
        """No change while the table should have moved ``DRIVEN_DEG`` and the other channel moved that way."""
        if self._other_deg is None or other_deg is None:
            self._other_deg = other_deg
            return False
        moved_deg = other_deg - self._other_deg
        same_way = moved_deg * self._driven_deg > 0.0
        return same_way and abs(self._driven_deg) > DRIVEN_DEG and abs(moved_deg) > DRIVEN_DEG / 2.0

    def reset(self) -> None:
        """Believe the channel again: the operator acknowledged, and the next frames decide anew."""
        self.lost, self.value_deg, self._seen_s = "", None, None
        self._still_deg, self._driven_deg, self._other_deg = None, 0.0, None


class Angles:
    """Both channels, fused. The public fields are those of the newest frame, or dead-reckoned since."""

    __slots__ = (
        "_at",
        "_compared_deg",
        "_compared_s",
        "_ramped_dps",
        "_rate_off_deg",
        "_window",
        "angle_deg",
        "best_deg",
        "disagreement_deg",
        "encoder",
        "estimate_deg",
        "expected_dps",
        "high_deg",
        "inclinometer",
        "low_deg",
        "rate_dps",
        "table_rate_dps",
    )

    def __init__(self) -> None:
        self.encoder = Channel("encoder")
        self.inclinometer = Channel("inclinometer")
        self.estimate_deg: float | None = None
        """Dead-reckoned from the commanded rate, drawn slowly toward the measured angles."""
        self._compared_s: float | None = None
        self._compared_deg = 0.0
        self._rate_off_deg = 0.0
        self._ramped_dps = 0.0
        self.expected_dps = 0.0
        """The rate that the drive should have by now."""
        self.rate_dps: float | None = None
        """Rate from the encoder if it is believed, else from the inclinometer."""
        self.table_rate_dps: float | None = None
        """Rate from the inclinometer alone."""
        self.angle_deg: float | None = None
        """The believed angle; None with both channels lost."""
        self.best_deg: float | None = None
        """The believed angle, or the dead-reckoned one."""
        self.low_deg: float | None = None
        """The least inverted angle that the believed channels allow."""
        self.high_deg: float | None = None
        """The most inverted angle that the believed channels allow."""
        self.disagreement_deg: float | None = None
        """Encoder less inclinometer while both are believed."""
        self._window: list[tuple[float, float]] = []
        self._at = 0

    def expect(self, command_dps: float, accel_dps2: float, dt_s: float) -> None:
        """Go one tick ahead with the last command, whether or not a frame came."""
        change = accel_dps2 * dt_s
        self._ramped_dps = min(max(command_dps, self._ramped_dps - change), self._ramped_dps + change)
        self.expected_dps += (self._ramped_dps - self.expected_dps) * min(dt_s / DRIVE_LAG_S, 1.0)
        if self.estimate_deg is not None:
            self.estimate_deg += self.expected_dps * dt_s

    def resync(self, rate_dps: float | None) -> None:
        """Expect the rate that is measured: the table moved without our commands, or its brake fell."""
        believable = rate_dps is not None and abs(rate_dps) <= FASTEST_DPS  # written so that NaN fails it
        self._ramped_dps = self.expected_dps = rate_dps if rate_dps is not None and believable else 0.0
        self._compared_s, self._rate_off_deg = None, 0.0

    def forget_rates(self) -> None:
        """After silence: a rate across the gap would be that of a motion long past."""
        self._window.clear()
        self._at, self.table_rate_dps = 0, None

    def update(self, t: Telemetry, now_s: float, dt_s: float, limits: Limits) -> None:
        """Take a fresh frame."""
        moved = self.expected_dps * dt_s
        self.encoder.update(t.encoder_deg, now_s, moved, limits)
        self.inclinometer.update(t.inclinometer_deg, now_s, moved, limits)
        if t.faults & DriveFault.ENCODER:
            self.encoder.lost = self.encoder.lost or "reported lost by the drive"
        self._lose_stuck()
        self._compare_rate(t, now_s)
        self._update_rates(t, now_s)
        self.fuse(min(dt_s / SETTLE_S, 1.0))

    def fuse(self, settle: float = 0.0) -> None:
        """Derive the public angles from the channels; ``settle`` draws the estimate toward them."""
        encoder = None if self.encoder.lost else self.encoder.value_deg
        inclinometer = None if self.inclinometer.lost else self.inclinometer.value_deg
        middle = encoder if inclinometer is None else inclinometer
        self.disagreement_deg = None
        if encoder is not None and inclinometer is not None:
            self.disagreement_deg = encoder - inclinometer
            middle = (encoder + inclinometer) / 2.0
        if middle is not None:
            estimate = self.estimate_deg
            self.estimate_deg = middle if estimate is None else estimate + (middle - estimate) * settle
        self.angle_deg = inclinometer if encoder is None else encoder
        self.best_deg = self.low_deg = self.high_deg = self.estimate_deg if self.angle_deg is None else self.angle_deg
        if encoder is not None and inclinometer is not None:
            self.low_deg, self.high_deg = (encoder, inclinometer) if encoder < inclinometer else (inclinometer, encoder)

    def _lose_stuck(self) -> None:
        """A channel that stands while the other one moves is stuck; if both stand, the table is (monitor following)."""
        encoder, inclinometer = self.encoder, self.inclinometer
        for one, other in ((encoder, inclinometer), (inclinometer, encoder)):
            if not one.lost and not other.lost and one.stands_while(other.value_deg):
                one.lost = "does not move while the table does"

    def _compare_rate(self, t: Telemetry, now_s: float) -> None:
        """The drive's rate must be that of its own angle: one that froze would look like a table that never stands."""
        value, rate, then_s = self.encoder.value_deg, t.rate_dps, self._compared_s
        self._compared_s = None
        if self.encoder.lost or value is None or rate is None or not isfinite(rate):
            return
        if then_s is not None and 0.0 < now_s - then_s < LONGEST_GAP_S:
            gap_s, capped_dps = now_s - then_s, min(max(rate, -FASTEST_DPS), FASTEST_DPS)
            fresh_deg = capped_dps * gap_s - (value - self._compared_deg)
            self._rate_off_deg += fresh_deg - self._rate_off_deg * gap_s / RATE_MEMORY_S
            if abs(self._rate_off_deg) > RATE_OFF_DEG:
                self.encoder.lost = "its rate contradicts its angle"
        self._compared_s, self._compared_deg = now_s, value

    def _update_rates(self, t: Telemetry, now_s: float) -> None:
        value = self.inclinometer.value_deg
        if value is None or self.inclinometer.lost:
            self._window.clear()
            self._at = 0
            self.table_rate_dps = None
        elif len(self._window) < WINDOW:
            self._window.append((now_s, value))
        else:
            then_s, then_deg = self._window[self._at]
            self._window[self._at] = (now_s, value)
            self._at = (self._at + 1) % WINDOW
            self.table_rate_dps = (value - then_deg) / (now_s - then_s) if now_s > then_s else None
        rate = t.rate_dps
        believed = rate is not None and isfinite(rate) and not self.encoder.lost
        self.rate_dps = rate if believed else self.table_rate_dps

    def vote(self) -> None:
        """Of two channels that disagree, lose the one farther from dead reckoning."""
        encoder, inclinometer, estimate = self.encoder, self.inclinometer, self.estimate_deg
        if self.disagreement_deg is None or estimate is None:
            return
        assert encoder.value_deg is not None
        assert inclinometer.value_deg is not None
        farther = abs(encoder.value_deg - estimate) > abs(inclinometer.value_deg - estimate)
        (encoder if farther else inclinometer).lost = "disagrees with the other angle and with the commanded motion"
        self.fuse()

    def reset(self) -> None:
        """Believe both channels again; the next frames decide anew."""
        self.encoder.reset()
        self.inclinometer.reset()
        self.estimate_deg = None
        self._compared_s, self._rate_off_deg = None, 0.0
        self._window.clear()
        self._at = 0
