"""How often a recovery was tried, and what came of the last one: did an angle lie, or does the drive not obey?

An angle that lies stops a recovery that would have brought the rider upright, so it may be tried once more without that
angle. A drive that runs away is no better without it: each try moves the rider as nobody told it to, one too many. A
person may ask for more, but not for as many as one likes: each may cost a degree toward inversion.
"""

from typing import Final

from safety.view import View

ASTRAY_DEG: Final = 0.3
"""So far from the way that it was told the table has gone by both angles where the drive ran away."""
ROSE_DEG: Final = 0.1
"""More than a load sags when its brake opens."""
BRAKE_GRIPS_S: Final = 0.2
"""For so long, at most, a table goes on at the rate that it was told while its brake closes and takes hold of it."""
MADE_WAY_DEG: Final = 10.0
"""A recovery that brought the rider so much nearer to upright, by both angles, did not come to nothing. Where one angle
is left, what it says of a recovery that was told to go so far is believed, once.
"""
AGREE_DEG: Final = 0.5
"""Two angles of which neither is believed, and that went the same way within this, are witnesses after all."""
RISEN_DEG: Final = 1.5
"""Once recoveries have turned the rider so far toward inversion, all together, asking for another one helps nobody."""


class Attempts:
    """Counts the recoveries that came to nothing."""

    __slots__ = (
        "_expected_deg",
        "_from_deg",
        "_left_dps",
        "_lone_way",
        "_most_deg",
        "_risen_deg",
        "begun",
        "count",
        "cut_by_motion",
        "ran_away",
    )

    def __init__(self) -> None:
        self.count = 0
        """Below 0: given up."""
        self.begun = False
        """At least one was begun since the rider was upright, or since one made way."""
        self.ran_away = False
        """Both angles saw the drive run away in a recovery: what is learnt of an angle later is no new chance."""
        self.cut_by_motion = False
        """Since the rider was upright the torque was cut because of how an angle moved: blind nobody would see that."""
        self._from_deg: tuple[float | None, float | None] = (None, None)
        """Encoder and inclinometer when the last one began."""
        self._risen_deg = 0.0
        """How far those before it turned the table toward inversion."""
        self._most_deg = 0.0
        """How far the worst of them did."""
        self._expected_deg = 0.0
        """How far the table should have turned since the last one began."""
        self._left_dps = 0.0
        """The rate that it should have had when it ended."""
        self._lone_way = False
        """One was said to have made way by the one angle that is left: that is believed once until upright."""

    def begin(self, view: View) -> None:
        """Begin one more."""
        angles = view.angles
        self.count += 1
        rise_deg = self._rise_deg(view)
        self._most_deg = max(self._most_deg, rise_deg - self._risen_deg)
        self._risen_deg = rise_deg
        self.begun = True
        self._from_deg = (angles.encoder.value_deg, angles.inclinometer.value_deg)
        self._expected_deg = self._left_dps = 0.0

    def interrupted(self) -> None:
        """A person ended the one that is under way: it came to nothing by no fault of drive or angle."""
        self.count = max(self.count - 1, 0)

    def watch(self, view: View) -> None:
        """Take a tick of one that is under way."""
        self._left_dps = view.angles.expected_dps
        self._expected_deg += self._left_dps * view.dt_s

    def weigh(self, view: View) -> None:
        """Look at what came of the last one, with the table at rest: one that made way does not count."""
        ways_deg = self._ways_deg(view)
        lone = not (ways_deg or self._lone_way or self.ran_away) and self._expected_deg < -MADE_WAY_DEG
        if max(self._way_left_deg(view) if lone else ways_deg, default=0.0) < -MADE_WAY_DEG:
            self.count, self._risen_deg, self.begun = min(self.count, 0), 0.0, False
            self._most_deg = 0.0
            self._lone_way |= lone

    def made_it_worse(self, view: View) -> bool:
        """Tell whether another one, even if a person asks for it, would only turn the rider farther down.

        Two angles say so, or the one that is left in more than one attempt: in one it may have jumped.
        """
        rise_deg = self._rise_deg(view)
        others_deg = rise_deg - max(self._most_deg, rise_deg - self._risen_deg)
        return rise_deg > RISEN_DEG and (others_deg > ASTRAY_DEG or self._two_say_deg(view) > 0.0)

    def turned_down(self, view: View) -> bool:
        """Tell whether this one alone has turned the rider down as far as all together may, by what angle is left."""
        return self._rise_deg(view) - self._risen_deg > RISEN_DEG

    def both_say_turned_down(self, view: View) -> bool:
        """Tell the same by two angles, or by an encoder that is doubted alone while the other one sees no way made."""
        ways_deg = self._measured_deg(view)
        if view.angles.encoder.only_doubted and not view.angles.inclinometer.lost and len(ways_deg) > 1:
            return ways_deg[0] > RISEN_DEG and ways_deg[1] > -ASTRAY_DEG
        return self._two_say_deg(view) > RISEN_DEG

    def _rise_deg(self, view: View) -> float:
        """How far all of them together turned the table down: by both angles, or by the one that is left.

        Each is compared with what it said itself: what one angle says beyond the other is no way that a table went.
        """
        left_deg = max(min(self._way_left_deg(view), default=0.0), 0.0)
        return self._risen_deg + max(self._two_say_deg(view), left_deg)

    def _two_say_deg(self, view: View) -> float:
        """How far the last one turned the table down by two angles: both are believed, or neither, and they agree."""
        return max(min(self._ways_deg(view) or self._ways_lost_deg(view), default=0.0), 0.0)

    def _way_left_deg(self, view: View) -> list[float]:
        """The same by the one angle that is believed; nothing without one, or where both measure."""
        angles = view.angles
        if angles.both_measure:
            return []
        return [
            channel.value_deg - before
            for channel, before in zip((angles.encoder, angles.inclinometer), self._from_deg, strict=True)
            if not channel.lost and channel.value_deg is not None and before is not None
        ]

    def _ways_lost_deg(self, view: View) -> list[float]:
        """The same by two angles that are both lost, where they agree."""
        ways_deg = self._measured_deg(view)
        agree = len(ways_deg) > 1 and max(ways_deg) - min(ways_deg) <= AGREE_DEG
        return ways_deg if agree and view.angles.encoder.lost and view.angles.inclinometer.lost else []

    def went_astray(self, view: View) -> bool:
        """Both angles say that the table went where the last one did not tell it to go: then none of them lied."""
        ways_deg = self._ways_deg(view)
        if not ways_deg:
            return False
        low_deg, high_deg = min(ways_deg) - self._expected_deg, max(ways_deg) - self._expected_deg
        if min(ways_deg) > ROSE_DEG and low_deg > ASTRAY_DEG:
            return True  # no recovery is told to turn the rider down, and what coasts goes on the way that it was told
        most_deg = ASTRAY_DEG + BRAKE_GRIPS_S * abs(self._left_dps)
        return low_deg > most_deg or high_deg < -most_deg

    def _ways_deg(self, view: View) -> list[float]:
        """How far the table has turned since the last one began, by each angle; nothing unless both measure it."""
        ways_deg = self._measured_deg(view)
        return ways_deg if len(ways_deg) > 1 and view.angles.both_measure else []

    def _measured_deg(self, view: View) -> list[float]:
        """How far each angle says that it went, believed or not."""
        now_deg = (view.angles.encoder.value_deg, view.angles.inclinometer.value_deg)
        pairs = zip(now_deg, self._from_deg, strict=True)
        return [now - before for now, before in pairs if now is not None and before is not None]

    def give_up(self) -> None:
        """Try none any more, until a person asks for one."""
        self.count = -1

    def may_be_tried_again(self) -> None:
        """Forget that it was given up."""
        self.count = max(self.count, 0)

    def learnt_of_an_angle(self) -> None:
        """What went wrong so far went wrong by an angle that is not believed any more: it counts no longer."""
        if not self.ran_away:
            self.count = 0

    def forget(self) -> None:
        """The rider is upright."""
        self.count, self.ran_away, self.begun, self.cut_by_motion, self._lone_way = 0, False, False, False, False
        self._from_deg, self._risen_deg, self._most_deg = (None, None), 0.0, 0.0
