"""Two independent angles, which of them is believed, and how wrong the believed one may be.

The motor-side encoder and the table-side inclinometer are watched each on its own (``safety.channel``), against each
other, and against the brake (``safety.brake_witness``); the encoder against the drive's rate too
(``safety.drive_rate``). A channel found wrong stays lost until an operator's reset, but for three: one only outvoted,
if the other one is found wrong; the loser of a vote whose winner reads beyond upright; an inclinometer done without
that goes the other way.

With both lost the angle is dead-reckoned from the commanded rate, which is good enough to choose between the fast and
the slow part of a blind return.
"""

from math import isfinite
from typing import Final

from safety.brake_witness import BrakeWitness
from safety.channel import BEHIND, DOUBTED, FASTEST_DPS, Channel
from safety.drive_rate import DriveRate
from safety.limits import Limits
from safety.signals import (
    BOARD_CLOCK_MASK,
    BOARD_WATCHDOG_S,
    DriveFault,
    Input,
    Lost,
    Status,
    Telemetry,
    board_us_between,
)

_ENCODER_FAULT: Final = DriveFault.ENCODER
_BRAKE_CLOSED: Final = Status.BRAKE_CLOSED
_UPRIGHT_SWITCH: Final = Input.UPRIGHT_SWITCH
_LOST_ENCODER: Final = Lost.ENCODER
_LOST_INCLINOMETER: Final = Lost.INCLINOMETER
WINDOW: Final = 12
"""Frames over which the inclinometer's rate is taken."""
PARTING_DEG: Final = 0.2
"""More than the inclinometer's lag and noise make of a motion within the window."""
DRIVE_LAG_S: Final = 0.08
"""First-order lag of the drive behind its command, for the expected rate."""
LATE_US: Final = 50_000
"""A value that has stood still for longer than this counts as one from when it came to be, ..."""
STALE_US: Final = 1_000_000
"""... but as none from longer ago than this."""
LEAP_PER_NOISE: Final = 2.0
"""deg that noise of 1 deg (``Channel.noise_deg``) may add to one step: three standard deviations."""
OUTVOTED: Final = "disagrees with the other angle and with the commanded motion"
CAUGHT: Final = "contradicts the brake: it moves while the table stands on its brake, or did not come the way to it"
REPORTED: Final = "reported lost by the drive"
BEYOND: Final = "reads beyond upright, where the upright switch is open and the other angle is far from it"
OTHER_WAY_DEG: Final = 1.0
"""So far the other way no angle goes that only falls behind: more than its noise, less than matters to a rider."""
BEYOND_DEG: Final = 3.0
"""So far beyond upright no sound table stands: its switch has closed before."""
FAR_DEG: Final = 15.0
"""So far from upright the other angle contradicts the one that is beyond it."""
SETTLE_S: Final = 10.0
"""How slowly dead reckoning follows the measured angles: slower than any sensor drift that agreement would miss."""


class Angles:
    """Both channels, fused. The public fields are those of the newest frame, or dead-reckoned since."""

    __slots__ = (
        "_at",
        "_brake",
        "_changed_deg",
        "_changed_us",
        "_doubted_deg",
        "_drive_rate",
        "_now_s",
        "_outvoted",
        "_ramped_dps",
        "_voted_out",
        "_window",
        "angle_deg",
        "best_deg",
        "disagreement_deg",
        "encoder",
        "estimate_deg",
        "expected_dps",
        "high_deg",
        "inclinometer",
        "lost_angles",
        "low_deg",
        "parting",
        "rate_dps",
        "table_rate_dps",
    )

    def __init__(self) -> None:
        self.encoder = Channel("encoder")
        self.inclinometer = Channel("inclinometer")
        self.estimate_deg: float | None = None
        """Dead-reckoned from the commanded rate, drawn slowly toward the measured angles."""
        self._outvoted: Channel | None = None
        """Lost by a vote alone; it may yet be the right one."""
        self._voted_out: Channel | None = None
        """Lost by a vote, and perhaps for more reasons since."""
        self._brake = BrakeWitness()
        self._doubted_deg = (0.0, 0.0)  # where the inclinometer was doubted, and how far the table was told to go since
        self.lost_angles = 0
        """Bits of ``Lost``: the channels that are not believed."""
        self._now_s = 0.0
        self._drive_rate = DriveRate()
        self._ramped_dps = 0.0
        self.expected_dps = 0.0
        """The rate that the drive should have by now."""
        self.rate_dps: float | None = None
        """Rate from the encoder if it is believed, else from the inclinometer."""
        self.table_rate_dps: float | None = None
        """Rate from the inclinometer alone."""
        self.parting = False
        """The inclinometer goes away from the encoder. One that catches up with it was late: its rate says nothing."""
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
        self._window: list[tuple[int, float, float]] = []
        """Board's time in us of which the inclinometer tells, the inclinometer, and how far the encoder is from it."""
        self._at = 0
        self._changed_deg: float | None = None
        """The inclinometer, and the board's time at which it came to be that."""
        self._changed_us = 0

    def expect(self, command_dps: float, accel_dps2: float, dt_s: float) -> None:
        """Go one tick ahead with the last command, whether or not a frame came."""
        dt_s = dt_s if dt_s < BOARD_WATCHDOG_S else BOARD_WATCHDOG_S
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
        self._drive_rate.forget()

    def forget_rates(self) -> None:
        """After silence: a rate across the gap would be that of a motion long past."""
        self._window.clear()
        self._at, self.table_rate_dps, self.parting = 0, None, False
        self._changed_deg = None

    def update(self, t: Telemetry, now_s: float, dt_s: float, limits: Limits, *, on_its_own: bool = False) -> None:
        """Take a fresh frame; ``on_its_own`` says that the table may have moved without our commands."""
        self._now_s = now_s
        moved = self.expected_dps * dt_s
        self.encoder.update(t.encoder_deg, now_s, moved, limits)
        self.inclinometer.update(t.inclinometer_deg, now_s, moved, limits)
        if t.faults & _ENCODER_FAULT:
            self.encoder.lose(REPORTED, now_s)
        encoder, inclinometer = self.encoder, self.inclinometer
        if not encoder.lost and not inclinometer.lost:
            encoder.lose_if_it_stands_while(inclinometer)
            inclinometer.lose_if_it_stands_while(encoder)
        self._ask_the_doubted(moved, driven=not on_its_own and not t.status & _BRAKE_CLOSED)
        self._ask_the_brake(t, now_s, moved, on_its_own=on_its_own)
        self._ask_the_switch(t, now_s, limits)
        self._compare_rate(t, now_s)
        self._update_rates(t)
        # The last angle may be wrong too, without a second one to say so: then dead reckoning is the other witness.
        settle = 0.0 if self.lost_angles else min(dt_s / SETTLE_S, 1.0)
        self.fuse(1.0 if on_its_own else settle)

    def fuse(self, settle: float = 0.0) -> None:
        """Derive the public angles from the channels; ``settle`` draws the estimate toward them."""
        encoder = None if self.encoder.lost else self.encoder.value_deg
        inclinometer = None if self.inclinometer.lost else self.inclinometer.value_deg
        self.lost_angles = (_LOST_ENCODER if self.encoder.lost else 0) | (
            _LOST_INCLINOMETER if self.inclinometer.lost else 0
        )
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
        value = self.encoder.value_deg
        if self.encoder.lost or value is None:
            self._drive_rate.skip()
            return
        wrong = self._drive_rate.wrong(value, t.rate_dps, now_s)
        if wrong:
            self.encoder.lose(wrong, now_s)

    def _update_rates(self, t: Telemetry) -> None:
        inclinometer, encoder = self.inclinometer, self.encoder
        value = inclinometer.value_deg
        if value is None or inclinometer.lost:
            self.forget_rates()
        else:
            encoder_deg = encoder.value_deg
            off = 0.0 if encoder_deg is None or encoder.lost else encoder_deg - value
            self._take_rate(t.board_time_us, value, off)
        rate = t.rate_dps
        believed = rate is not None and isfinite(rate) and not encoder.lost
        self.rate_dps = rate if believed else self.table_rate_dps

    def _take_rate(self, now_us: int, value_deg: float, off_deg: float) -> None:
        """By the board's clock: frames that were held up on the line and arrive at once are no fast motion."""
        if value_deg != self._changed_deg:
            if self._leapt(now_us, value_deg):
                self.forget_rates()
            self._changed_deg, self._changed_us = value_deg, now_us
        # The last angle is believed at once: nothing else would see a table that begins to run away.
        newest = (now_us if self.encoder.lost else self._told_us(now_us), value_deg, off_deg)
        if len(self._window) < WINDOW:
            self._window.append(newest)
            return
        then_us, then_deg, then_off_deg = self._window[self._at]
        self._window[self._at] = newest
        self._at = (self._at + 1) % WINDOW
        passed_s = board_us_between(then_us, now_us) / 1e6
        self.table_rate_dps = (value_deg - then_deg) / passed_s if passed_s > 0.0 else None
        self.parting = abs(off_deg) > abs(then_off_deg) + PARTING_DEG

    def _told_us(self, now_us: int) -> int:
        """Tell of when the value is: one that stood still for a moment and caught up would otherwise look fast."""
        stood_us = board_us_between(self._changed_us, now_us)
        return (now_us - min(stood_us, STALE_US)) & BOARD_CLOCK_MASK if stood_us > LATE_US else now_us

    def _leapt(self, now_us: int, value_deg: float) -> bool:
        """Tell whether no table turns so far since the value changed last: then it is the sensor that jumped."""
        before_deg = self._changed_deg
        if before_deg is None:
            return False
        passed_s = board_us_between(self._changed_us, now_us) / 1e6
        return abs(value_deg - before_deg) > FASTEST_DPS * passed_s + LEAP_PER_NOISE * self.inclinometer.noise_deg

    def stop_ordered(self) -> None:
        """Remember where: once the brake is closed, the two ways to there are compared."""
        encoder_deg, inclinometer_deg = self.encoder.value_deg, self.inclinometer.value_deg
        if encoder_deg is not None and inclinometer_deg is not None:
            self._brake.stop_ordered((encoder_deg, inclinometer_deg))

    def vote(self) -> None:
        """Of two channels that disagree, lose the one farther from dead reckoning."""
        encoder, inclinometer, estimate = self.encoder, self.inclinometer, self.estimate_deg
        if self.disagreement_deg is None or estimate is None:
            return
        assert encoder.value_deg is not None
        assert inclinometer.value_deg is not None
        farther = abs(encoder.value_deg - estimate) > abs(inclinometer.value_deg - estimate)
        self._outvoted = self._voted_out = encoder if farther else inclinometer
        self._outvoted.lose(OUTVOTED, self._now_s)
        self.fuse()

    @property
    def outvoted_deg(self) -> float | None:
        """The angle by a channel that a vote alone has lost: it may yet be the right one."""
        return None if self._outvoted is None else self._outvoted.value_deg

    @property
    def rate_shakes(self) -> bool:
        """The rate in use is the drive's, and may soon turn out to be noise."""
        return not self.encoder.lost and self._drive_rate.shakes

    @property
    def both_measure(self) -> bool:
        """Nothing speaks against what both channels say together; a doubt alone, of the encoder, is no evidence."""
        return not self.inclinometer.lost and (not self.encoder.lost or self.encoder.only_doubted)

    def doubt_encoder(self) -> bool:
        """Before a rider is given up: all that stopped the recoveries came through the encoder; do without it."""
        believed = not self.encoder.lost and not self.inclinometer.lost and self.inclinometer.value_deg is not None
        if believed:
            self.encoder.lose(DOUBTED, self._now_s)
            self.fuse()
        return believed

    def drop_inclinometer(self) -> None:
        """The last angle falls behind a motor that turns as told: do without it, and let the upright switch decide."""
        self.inclinometer.lose(BEHIND, self._now_s)
        self._doubted_deg = (self.inclinometer.value_deg or 0.0, 0.0)
        self.fuse()

    def _ask_the_doubted(self, moved_deg: float, *, driven: bool) -> None:
        """One that was done without and then goes the other way does measure: it may be the only one to see that.

        What it says while the table stands, or goes on its own, says nothing of a drive.
        """
        inclinometer = self.inclinometer
        if not inclinometer.fell_behind or inclinometer.value_deg is None:
            return
        if not driven:
            self._doubted_deg = (inclinometer.value_deg, 0.0)
            return
        before_deg, told_deg = self._doubted_deg[0], self._doubted_deg[1] + moved_deg
        self._doubted_deg = (before_deg, told_deg)
        went_deg = inclinometer.value_deg - before_deg
        if went_deg * told_deg < 0.0 and min(abs(went_deg), abs(told_deg)) > OTHER_WAY_DEG:
            inclinometer.lost = ""

    def _ask_the_brake(self, t: Telemetry, now_s: float, moved_deg: float, *, on_its_own: bool) -> None:
        encoder_deg, inclinometer_deg, rest = t.encoder_deg, t.inclinometer_deg, self._brake
        if on_its_own:
            rest.forget_the_way()
        if not t.status & _BRAKE_CLOSED or encoder_deg is None or inclinometer_deg is None:
            rest.moving(moved_deg)
            return
        wrong = rest.standing(now_s, (encoder_deg, inclinometer_deg))
        if wrong is not None:
            caught, other = (self.encoder, self.inclinometer) if wrong == 0 else (self.inclinometer, self.encoder)
            self._convict(caught, other, now_s if rest.since_s is None else rest.since_s)

    def _ask_the_switch(self, t: Telemetry, now_s: float, limits: Limits) -> None:
        """The winner of a vote must not read where no table can be: else the loser was right, whatever else was said.

        A drive and an encoder that are both turned round agree with each other in all that the table is told to do.
        """
        other = self._voted_out
        if other is None or other.value_deg is None or t.inputs & _UPRIGHT_SWITCH:
            return
        won = self.inclinometer if other is self.encoder else self.encoder
        beyond = not won.lost and won.value_deg is not None and won.value_deg < limits.upright_deg - BEYOND_DEG
        if beyond and other.value_deg > limits.upright_deg + FAR_DEG:
            other.lost, self._outvoted, self._voted_out = "", None, None
            won.lose(BEYOND, now_s)

    def _convict(self, caught: Channel, other: Channel, since_s: float) -> None:
        """Lose the one that the brake contradicts, if the other one is believed, or lost by a vote alone."""
        if other is self._outvoted:
            other.lost = ""
        if other.lost:
            return
        self._outvoted = None
        caught.lose(CAUGHT, since_s)

    @staticmethod
    def agree(t: Telemetry | None, limits: Limits) -> bool:
        """Tell whether a frame has both angles, and they agree: else nothing tells which of them is wrong."""
        if t is None or t.encoder_deg is None or t.inclinometer_deg is None:
            return False
        return abs(t.encoder_deg - t.inclinometer_deg) <= limits.disagree_deg  # NaN is not

    def reset(self) -> None:
        """Believe both channels again; the next frames decide anew."""
        self.encoder.reset()
        self.inclinometer.reset()
        self.estimate_deg = None
        self._outvoted = self._voted_out = None
        self._brake = BrakeWitness()
        self._drive_rate.forget()
        self.forget_rates()
