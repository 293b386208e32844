"""Two independent angles, which of them is believed, and how wrong the believed one may be.

The motor-side encoder and the table-side inclinometer are watched each on its own and against each other. A channel
found wrong stays lost until an operator's reset, or until the other one is caught moving on a closed brake. With both
lost the angle is dead-reckoned from the commanded rate, which is good enough to choose between the fast and the slow
part of a blind return.
"""

from math import isfinite
from typing import Final

from safety.limits import Limits
from safety.signals import DriveFault, Status, Telemetry

_ENCODER_FAULT: Final = DriveFault.ENCODER
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
BOARD_OBEYS_S: Final = 0.25
"""The board follows a command no longer than this: then its watchdog runs out."""
BRAKE_SETTLES_S: Final = 0.5
REST_FILTER_S: Final = 0.2
MOVED_AT_REST_DEG: Final = 0.3
"""A table on its brake stands: a channel that shows so much motion there, and three times the other's, is wrong."""
OUTVOTED: Final = "disagrees with the other angle and with the commanded motion"
SETTLE_S: Final = 10.0
"""How slowly dead reckoning follows the measured angles: slower than any sensor drift that agreement would miss."""


class Channel:
    """One angle: its last believable value, and the reason why it is lost, if it is."""

    __slots__ = (
        "_driven_deg",
        "_other_deg",
        "_seen_s",
        "_still_deg",
        "_still_s",
        "lost",
        "lost_since_s",
        "name",
        "value_deg",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.value_deg: float | None = None
        self.lost = ""
        """Why it is not believed; empty while it is."""
        self.lost_since_s = 0.0
        """When what made it lost began."""
        self._still_s = 0.0
        self._seen_s: float | None = None
        self._still_deg: float | None = None
        self._driven_deg = 0.0
        self._other_deg: float | None = None

    def lose(self, reason: str, since_s: float) -> None:
        """Believe it no more; the first reason stays."""
        if not self.lost:
            self.lost, self.lost_since_s = reason, since_s

    def update(self, value_deg: float | None, now_s: float, moved_deg: float, limits: Limits) -> None:
        """Take one frame's value; ``moved_deg`` is how far the table should have turned since the last frame."""
        seen_s, before_deg = self._seen_s, self.value_deg
        if seen_s is None:
            seen_s = self._seen_s = now_s
        if value_deg is None:
            if now_s - seen_s > MISSING_S:
                self.lose("no value", seen_s)
            return
        if not -RANGE_DEG <= value_deg <= RANGE_DEG:  # written so that NaN fails it
            self.lose(f"reads {value_deg:.1f} deg, outside +-{RANGE_DEG:.0f}", now_s)
            return
        if before_deg is not None:
            step = abs(value_deg - before_deg)
            believable = limits.angle_step_deg
            if step > believable and step > believable + FASTEST_DPS * max(now_s - seen_s - FRAME_S, 0.0):
                self.lose(f"jumped by {step:.1f} deg in a frame", now_s)
        still = self._still_deg
        if still is None or not -STUCK_DEG <= value_deg - still <= STUCK_DEG:
            self._still_deg, self._still_s = value_deg, now_s
            self._driven_deg, self._other_deg = 0.0, None
        else:
            self._driven_deg += moved_deg
        self.value_deg, self._seen_s = value_deg, now_s

    def lose_if_it_stands_while(self, other: "Channel") -> None:
        """Lost, if it shows no change while the table should have moved, and by the other channel did."""
        other_deg = other.value_deg
        if self._other_deg is None or other_deg is None:
            self._other_deg = other_deg
            return
        driven_deg = self._driven_deg
        if -DRIVEN_DEG <= driven_deg <= DRIVEN_DEG:
            return
        moved_deg = other_deg - self._other_deg
        if moved_deg * driven_deg > 0.0 and abs(moved_deg) > DRIVEN_DEG / 2.0:
            self.lose("does not move while the table does", self._still_s)

    def reset(self) -> None:
        """Believe the channel again: the operator acknowledged, and the next frames decide anew."""
        self.lost, self.value_deg, self._seen_s = "", None, None
        self._still_deg, self._driven_deg, self._other_deg = None, 0.0, None


class Rest:
    """Two channels while the table stands on its brake: how far each has moved since the brake settled."""

    __slots__ = ("_from_deg", "_now_deg", "_seen_s", "since_s")

    def __init__(self, now_s: float, *values_deg: float) -> None:
        self.since_s = self._seen_s = now_s
        self._from_deg = self._now_deg = list(values_deg)

    def moved_deg(self, now_s: float, *values_deg: float) -> list[float]:
        """Take a frame's values; gives the distances, without sign and noise."""
        share = min((now_s - self._seen_s) / REST_FILTER_S, 1.0)
        self._seen_s = now_s
        self._now_deg = [old + (new - old) * share for old, new in zip(self._now_deg, values_deg, strict=True)]
        if now_s - self.since_s < BRAKE_SETTLES_S:
            self._from_deg = self._now_deg
        return [abs(new - old) for old, new in zip(self._from_deg, self._now_deg, strict=True)]


class Angles:
    """Both channels, fused. The public fields are those of the newest frame, or dead-reckoned since."""

    __slots__ = (
        "_at",
        "_compared_deg",
        "_compared_s",
        "_now_s",
        "_outvoted",
        "_ramped_dps",
        "_rate_off_deg",
        "_rest",
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
        self._outvoted: tuple[Channel, Channel] | None = None
        """The channel that a vote lost and the one that it kept, until something better than a vote is known."""
        self._rest: Rest | None = None
        self._now_s = 0.0
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
        dt_s = dt_s if dt_s < BOARD_OBEYS_S else BOARD_OBEYS_S
        if command_dps != self._ramped_dps:
            change = accel_dps2 * dt_s
            self._ramped_dps = min(max(command_dps, self._ramped_dps - change), self._ramped_dps + change)
        share = dt_s / DRIVE_LAG_S if dt_s < DRIVE_LAG_S else 1.0
        self.expected_dps += (self._ramped_dps - self.expected_dps) * share
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

    def update(self, t: Telemetry, now_s: float, dt_s: float, limits: Limits, *, on_its_own: bool = False) -> None:
        """Take a fresh frame; ``on_its_own`` says that the table may have moved without our commands."""
        self._now_s = now_s
        moved = self.expected_dps * dt_s
        self.encoder.update(t.encoder_deg, now_s, moved, limits)
        self.inclinometer.update(t.inclinometer_deg, now_s, moved, limits)
        if t.faults & _ENCODER_FAULT:
            self.encoder.lose("reported lost by the drive", now_s)
        encoder, inclinometer = self.encoder, self.inclinometer
        if not encoder.lost and not inclinometer.lost:
            encoder.lose_if_it_stands_while(inclinometer)
            inclinometer.lose_if_it_stands_while(encoder)
        elif self._outvoted is not None:
            self._reconsider(t, now_s, *self._outvoted)
        self._compare_rate(t, now_s)
        self._update_rates(t, now_s)
        self.fuse(1.0 if on_its_own else min(dt_s / SETTLE_S, 1.0))

    def fuse(self, settle: float = 0.0) -> None:
        """Derive the public angles from the channels; ``settle`` draws the estimate toward them."""
        encoder = None if self.encoder.lost else self.encoder.value_deg
        inclinometer = None if self.inclinometer.lost else self.inclinometer.value_deg
        middle = encoder if inclinometer is None else inclinometer
        self.angle_deg = inclinometer if encoder is None else encoder
        if encoder is not None and inclinometer is not None:
            middle = (encoder + inclinometer) / 2.0
        if middle is not None:
            estimate = self.estimate_deg
            self.estimate_deg = middle if estimate is None else estimate + (middle - estimate) * settle
        if encoder is not None and inclinometer is not None:
            self.best_deg, self.disagreement_deg = encoder, encoder - inclinometer
            self.low_deg, self.high_deg = (encoder, inclinometer) if encoder < inclinometer else (inclinometer, encoder)
        else:
            best = self.estimate_deg if middle is None else middle
            self.best_deg = self.low_deg = self.high_deg = best
            self.disagreement_deg = None

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
                self.encoder.lose("its rate contradicts its angle", now_s)
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
        self._outvoted = (encoder, inclinometer) if farther else (inclinometer, encoder)
        self._outvoted[0].lose(OUTVOTED, self._now_s)
        self._rest = None
        self.fuse()

    def _reconsider(self, t: Telemetry, now_s: float, outvoted: Channel, kept: Channel) -> None:
        """Dead reckoning cannot tell an encoder that drifts from a table that follows it: the brake can."""
        if kept.value_deg is None or outvoted.value_deg is None or not t.status & Status.BRAKE_CLOSED:
            self._rest = None
            return
        if self._rest is None:
            self._rest = Rest(now_s, kept.value_deg, outvoted.value_deg)
            return
        kept_moved, outvoted_moved = self._rest.moved_deg(now_s, kept.value_deg, outvoted.value_deg)
        if kept_moved > MOVED_AT_REST_DEG and kept_moved > 3.0 * outvoted_moved:
            began_s = self._rest.since_s
            self._outvoted = self._rest = None
            outvoted.lost = ""
            kept.lost = ""
            kept.lose("moves while the table stands on its brake", began_s)

    def reset(self) -> None:
        """Believe both channels again; the next frames decide anew."""
        self.encoder.reset()
        self.inclinometer.reset()
        self.estimate_deg = None
        self._outvoted = self._rest = None
        self._compared_s, self._rate_off_deg = None, 0.0
        self._window.clear()
        self._at = 0
