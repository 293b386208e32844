"""From the safety layer's commands to orders for a motor: ramps, how a stop ends on the brake, when torque is refused.

All that it knows of the motor is what the drive says of itself. It knows no bytes and no session.
"""

from collections import deque
from typing import Final

from drivers.dialogue import STAND_DPS2, DriveSetup, Order
from safety.signals import CommandMode, DriveFault, SafeCommand

WILD_DPS: Final = 12.0
"""No table turns faster."""
SETTLED_DPS: Final = 0.4
SETTLED_S: Final = 0.04
SETTLE_MOST_S: Final = 0.25
"""So long after the ramp of a stop the torque goes off, whatever the rate says: one that lies must not keep it on."""
TURNS_DPS: Final = 0.5
"""A motor that was told to turn faster than this turns, by its own encoder, ..."""
TURNS_SHARE: Final = 0.2
"""... at this share of it at least, ..."""
TURNS_S: Final = 0.15
"""... after so long; or something holds it, or its encoder fails. The drive would push on as hard as it can, which is
too fast where nothing holds it."""
WRONG_WAY_DPS: Final = 1.0
WRONG_WAY_S: Final = 0.04
"""One that turns the other way as fast as this, by its own encoder, is driven farther that way with all that the drive
has."""
WILD_TIMES: Final = 3
WILD_S: Final = 1.0
"""A drive that says so often within so long that it turns as fast as no table does has an encoder that is of no use to
it: with torque it would turn the table as fast as it can, either way. It gets none until that is past."""
IDLES: Final = 3
"""So many readings in a row are no single one that was wrong."""
BRAKE_OPENS_S: Final = 0.07
BRAKE_CLOSES_S: Final = 0.1
COASTS_S: Final = 4.0
"""Without a brake a table whose torque was cut on its way is slowed by its gear's friction alone."""
LEAST_ACCEL_DPS2: Final = 1.0
_MOVE: Final = CommandMode.MOVE
_OFF: Final = CommandMode.TORQUE_OFF


class Orders:
    """Turns commands into orders: ramps, how a stop ends with the torque off, and when the brake or gear then holds."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._ramp_dps = 0.0
        self._ordered_s: float | None = None
        self._began_s: float | None = None
        self._still_since_s: float | None = None
        self._stopped_s: float | None = None
        self._off_since_s: float | None = None
        self._off = True
        self._turned = False
        """The torque went off while the table was told to turn."""
        self._rate_dps: float | None = None
        self._held = False
        self._taken_s = 0.0
        self._stands_since_s: float | None = None
        self._idles = 0
        """How many readings in a row said that the motor does not turn as it is told."""
        self._wild_s: deque[float] = deque(maxlen=WILD_TIMES)
        """When it said last that it turns as fast as no table does."""
        self.limited = False
        """The newest order is slower than the command."""
        self.stuck = False
        """The motor did not turn as told: it gets no torque until it is told to stand."""

    def order(self, command: SafeCommand | None, now_s: float) -> Order:
        """What the drive is told for a command; None is told to stand still."""
        dt_s = 0.0 if self._ordered_s is None else min(max(now_s - self._ordered_s, 0.0), 0.1)
        self._ordered_s = now_s
        if command is None or command.mode != _MOVE:
            stuck, self.stuck, self._stands_since_s = self.stuck, False, None
            if stuck:
                return self._torque_off(clear_faults=False)  # what wound up must not be slowed down by a ramp
        if command is None:
            return self._stand(STAND_DPS2, dt_s, now_s, clear_faults=False)
        mode, rate_dps, accel_dps2, torque_fraction, _, clear_faults = command
        if mode == _MOVE and rate_dps is not None:
            if self.stuck or self.wild:
                return self._torque_off(clear_faults=clear_faults)
            return self._move(rate_dps, max(accel_dps2, LEAST_ACCEL_DPS2), torque_fraction, dt_s, now_s)
        if mode == _OFF:
            return self._torque_off(clear_faults=clear_faults)
        return self._stand(max(accel_dps2, LEAST_ACCEL_DPS2), dt_s, now_s, clear_faults=clear_faults)

    def anew(self) -> "Orders":
        """Begin anew, without forgetting what the encoder is worth."""
        again = Orders(self._setup)
        again._wild_s, again._taken_s = self._wild_s, self._taken_s
        return again

    @property
    def faults(self) -> int:
        """Bits of ``DriveFault`` that the drive itself does not see."""
        return (DriveFault.OVERCURRENT if self.stuck else 0) | (DriveFault.ENCODER if self.wild else 0)

    @property
    def wild(self) -> bool:
        """Its encoder is of no use to the drive."""
        wild_s = self._wild_s
        return len(wild_s) == WILD_TIMES and self._taken_s - wild_s[0] < WILD_S

    def take(self, rate_dps: float | None, *, torque_on: bool, obeys: bool, asked_s: float) -> bool:
        """Take what was measured; tells whether brake or gear hold the table by now."""
        before_dps, self._rate_dps = self._rate_dps, rate_dps
        if rate_dps is not None and not abs(rate_dps) <= WILD_DPS:  # written so that NaN is wild
            self._wild_s.append(asked_s)
        self._watch_motor(rate_dps, before_dps, obeys=obeys, asked_s=asked_s)
        if torque_on:
            self._off_since_s, self._turned = None, False
        elif self._off_since_s is None:
            self._off_since_s = asked_s
            self._turned = self._turned or self._ramp_dps != 0.0  # the drive let go by itself
        closes_s = COASTS_S if self._turned and not self._setup.capabilities.brake else BRAKE_CLOSES_S
        self._held = self._off_since_s is not None and asked_s - self._off_since_s >= closes_s
        return self._held

    def _watch_motor(self, rate_dps: float | None, before_dps: float | None, *, obeys: bool, asked_s: float) -> None:
        """The drive's own rate against what it was told: its rate loop must not wind up without an answer."""
        told_dps, gap_s, self._taken_s = self._ramp_dps, asked_s - self._taken_s, asked_s
        turns = rate_dps is None or rate_dps * told_dps > TURNS_SHARE * told_dps * told_dps
        astray = rate_dps is not None and rate_dps * told_dps < 0.0 and abs(rate_dps) > WRONG_WAY_DPS
        if astray and rate_dps is not None and before_dps is not None and abs(rate_dps) < abs(before_dps):
            turns = True  # a table that coasted the other way is being stopped, as it should be
        self._idles = 0 if turns or abs(told_dps) < TURNS_DPS else self._idles + 1
        if not obeys or turns or abs(told_dps) < TURNS_DPS or gap_s > TURNS_S / 2.0:
            self._stands_since_s = None
        elif self._stands_since_s is None:
            self._stands_since_s = asked_s
        elif asked_s - self._stands_since_s >= (WRONG_WAY_S if astray else TURNS_S):
            self.stuck = True

    def _torque_off(self, *, clear_faults: bool) -> Order:
        self._turned = self._turned or self._ramp_dps != 0.0
        self._off, self._ramp_dps = True, 0.0
        self._still_since_s = self._stopped_s = None
        return Order(False, 0.0, STAND_DPS2, self._setup.current_a, clear_faults)

    def _move(self, rate_dps: float, accel_dps2: float, torque_fraction: float, dt_s: float, now_s: float) -> Order:
        most = self._setup.max_rate_dps
        wanted = min(max(rate_dps, -most), most)
        self.limited = wanted != rate_dps
        if self._off:
            self._ramp_dps = self._taken_over_dps(wanted)
            self._began_s = now_s
        self._off = False
        self._still_since_s = self._stopped_s = None
        opened = self._began_s is None or now_s - self._began_s >= BRAKE_OPENS_S
        if opened or self._ramp_dps != 0.0:
            self._ramp(wanted, accel_dps2, dt_s)
        current_a = self._setup.current_a * min(max(torque_fraction, 0.1), 1.0)
        # Whoever is to be moved must not hang by a fault that is over: a drive that latches it gets rid of it first.
        return Order(True, self._ramp_dps, accel_dps2, current_a, clear_faults=not opened)

    def _taken_over_dps(self, wanted_dps: float) -> float:
        """A table that turns already is taken over at its rate: the smaller of what drive and command make of it.

        One that brake or gear hold stands, whatever the rate says: an encoder that jumps must not become an order.
        """
        rate_dps = self._rate_dps
        if rate_dps is None or self._held or abs(rate_dps) < SETTLED_DPS or rate_dps * wanted_dps <= 0.0:
            return 0.0
        return min(rate_dps, wanted_dps, key=abs)

    def _stand(self, accel_dps2: float, dt_s: float, now_s: float, *, clear_faults: bool) -> Order:
        # By its own encoder the motor stands already, or turns the other way: what pushes then has wound up.
        if self._off or self._idles >= IDLES:
            return self._torque_off(clear_faults=clear_faults)
        self._ramp(0.0, accel_dps2, dt_s)
        self.limited = False
        if self._ramp_dps == 0.0:
            if self._stopped_s is None:
                self._stopped_s = now_s
            moving = self._rate_dps is not None and abs(self._rate_dps) > SETTLED_DPS
            if moving:
                self._still_since_s = None
            elif self._still_since_s is None:
                self._still_since_s = now_s
            settled = self._still_since_s is not None and now_s - self._still_since_s >= SETTLED_S
            if settled or now_s - self._stopped_s >= SETTLE_MOST_S:
                return self._torque_off(clear_faults=clear_faults)
        return Order(True, self._ramp_dps, accel_dps2, self._setup.current_a, False)

    def _ramp(self, wanted_dps: float, accel_dps2: float, dt_s: float) -> None:
        step = accel_dps2 * dt_s
        self._ramp_dps += min(max(wanted_dps - self._ramp_dps, -step), step)
