"""Motion by hand: the table moves while somebody holds a button, and no longer.

Two parts. ``Lease`` says what is held, by this machine's own clock: a browser that freezes, a cable that is pulled and
a panel that hangs all end it within ``LEASE_S``. ``ManualMotion`` makes the wish of a tick, slow and smooth, which
``safety.layer.step`` judges as it judges a program's.

The rules of the lease:

* What is held has to be said again and again. A pause longer than the lease ends it for good: the same hold never goes
  on, so nothing starts again when a stalled network or a frozen page thaws.
* Each message says when it was made, and counts from then on: what a network kept back does nothing.
* One finger at a time: another hold ends the one before it.
"""

from collections import deque
from typing import Final, NamedTuple

from firmware_host.files.validation import MOVEMENT_DEG
from safety.limits import Limits
from safety.profile import Pace, Profile
from safety.returning import FLAT_DEG
from safety.signals import SafeCommand
from safety.view import LONGEST_STEP_S, STANDSTILL_DPS, View

BEAT_S: Final = 0.05
"""A page that holds says so this often."""
LEASE_S: Final = 0.2
"""What was said counts for so long, from the moment at which it was made."""
KNOWN_HOLDS: Final = 1024
"""So many ended holds are remembered; older ones are refused by their age."""
TOWARD: Final = {1: "toward inversion", -1: "toward upright"}


class _Held(NamedTuple):
    id: str
    direction: int
    until_s: float


class Lease:
    """What somebody holds. One thread renews and releases, another one may read; what it reads is one whole value."""

    def __init__(self) -> None:
        self._held: _Held | None = None
        self._ended: deque[str] = deque(maxlen=KNOWN_HOLDS)

    def renew(self, hold: str, direction: int, made_s: float, now_s: float) -> str:
        """Take a message of a hold; says why it moves nothing, and is empty if it does.

        Args:
            hold: a new name for each time that a button goes down.
            direction: 1 toward inversion, -1 toward upright.
            made_s: when the message was made. It counts from then on, or from now if that is earlier.
            now_s: the machine's monotonic clock, as in ``made_s``.
        """
        held = self._held
        if hold in self._ended:
            return "this hold is over: let go, then press again"
        if not -LEASE_S <= now_s - made_s <= LEASE_S:
            self.release(hold)
            return "this came too late, nothing moves: let go, then press again"
        if held is not None and (held.id != hold or held.direction != direction or now_s > held.until_s):
            self.release(held.id)
            if held.id == hold:
                return "this hold had a pause and is over: let go, then press again"
        self._held = _Held(hold, direction, min(made_s, now_s) + LEASE_S)
        return ""

    def release(self, hold: str) -> None:
        """End a hold for good, known or not: its messages may come later."""
        self._ended.append(hold)
        if self._held is not None and self._held.id == hold:
            self._held = None

    def end(self) -> None:
        """End whatever is held."""
        if self._held is not None:
            self.release(self._held.id)

    def direction(self, now_s: float) -> int:
        """Give what is held at this moment: 1, -1, or 0 for nothing."""
        held = self._held
        return held.direction if held is not None and now_s <= held.until_s else 0


class ManualMotion:
    """The wish of each tick while a button is held: at creep speed to the end of the travel, and no farther."""

    __slots__ = ("_anchor_deg", "_limits", "_profile", "_steep_s", "_still_s", "asked", "direction", "target_deg")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._profile: Profile | None = None
        self._anchor_deg: float | None = None
        """Since when the rider hangs there without movement: the angle, ..."""
        self._still_s = self._steep_s = 0.0
        """... and for how long; of it beyond ``steep_deg``."""
        self.asked = 0
        """What was held in the newest tick, whether or not it moves anything: only its change can begin a motion."""
        self.direction = 0
        """Where the motion under way leads; 0 without one."""
        self.target_deg: float | None = None

    def begin(self, direction: int, view: View) -> None:
        """Begin from where the table is, with what it already has of the wanted rate."""
        limits, best = self._limits, view.angles.best_deg
        self.direction = direction
        self.target_deg = limits.inverted_limit_deg if direction > 0 else limits.upright_deg
        if best is not None and (self.target_deg - best) * direction > 0.0:
            self._profile = Profile(best, max(view.turning_dps * direction, 0.0) * direction)

    def end(self) -> None:
        """Want nothing any more."""
        self.direction, self.target_deg, self._profile = 0, None, None

    def rate_dps(self, view: View) -> float | None:
        """Rate to ask for in this tick; None to stand on the brake.

        That is at the end of the travel, without an angle, and while the table still turns the other way.
        """
        profile, target = self._profile, self.target_deg
        if profile is None or target is None or view.angles.best_deg is None:
            return None
        if view.turning_dps * self.direction < -STANDSTILL_DPS:
            return None
        if profile.advance(target, self._pace(), min(view.dt_s, LONGEST_STEP_S)):
            self._profile = None
            return None
        return max(profile.rate_dps * self.direction, 0.0) * self.direction

    def follow(self, command: SafeCommand | None) -> None:
        """Take over the rate that was commanded, where the safety layer gave another one."""
        if self._profile is not None and command is not None and command.rate_dps is not None:
            self._profile.take_over(command.rate_dps)

    def hung_too_long(self, view: View) -> str:
        """Count a tick of hanging without movement; says which limit is over, and is empty where none is.

        What counts as movement is what does so in a program (``firmware_host.files.validation``).
        """
        best, anchor, limits = view.angles.best_deg, self._anchor_deg, self._limits
        if best is None or best <= FLAT_DEG or anchor is None or abs(best - anchor) >= MOVEMENT_DEG:
            self._anchor_deg, self._still_s, self._steep_s = best, 0.0, 0.0
            return ""
        self._still_s += view.dt_s
        self._steep_s += view.dt_s if best > limits.steep_deg else 0.0
        if self._steep_s > limits.steep_hold_s:
            return f"held still for {limits.steep_hold_s:g} s beyond {limits.steep_deg:g} deg"
        return f"held still for {limits.static_hold_s:g} s" if self._still_s > limits.static_hold_s else ""

    def _pace(self) -> Pace:
        """Creep speed, or what is slower: the limit of that direction."""
        limits = self._limits
        if self.direction > 0:
            most_dps = limits.invert_rate_dps
        else:
            most_dps = min(limits.upward_rate_dps, limits.head_up_rate_dps)
        return Pace(min(limits.creep_upright_rate_dps, most_dps), limits.accel_dps2, limits.jerk_dps3)
