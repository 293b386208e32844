"""Alarms after IEC 60601-1-8: what is wrong, how urgent it is, what to do now, and who has seen it.

An alarm never moves anything and an acknowledgement here clears no trip: the supervisor alone decides that. What is
seen follows the condition; what is heard stays until somebody acknowledged. A pause of the sound ends by itself, and
with every new alarm that is heard.

Priorities (harm, and how soon): HIGH, somebody has to act now, or the rider is inverted and not coming up. MEDIUM, the
table is acting, somebody should look. LOW, the table waits for something at upright.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from safety.alarm_texts import CAUSES, SITUATIONS
from safety.signals import STOP, Trip
from safety.supervisor import Phase, Supervisor
from safety.view import View

AUDIO_PAUSE_S: Final = 120.0
"""The longest that the sound may be paused."""
STAYS_INVERTED_S: Final = 30.0
"""So long inverted without coming up, with a trip or a stop in force, is an emergency whatever the cause."""
COMING_UP_DPS: Final = -0.3
"""At this rate or faster the table is on its way upright."""

RETURNED_AFTER_S: Final = 0.5
"""A cause that comes again after so long without it is heard again, whoever has acknowledged it before."""
_ACT_NOW: Final = ("ankle-latch",)
"""Trips that bring the rider up, and want hands at once besides."""

_CALM: Final = (Phase.RETURNING, Phase.BOARDED)
_ENDED: Final = (Phase.BOARDED, Phase.FREE)
"""After a return, and before or after a session; within one nobody is upright."""
_DENIES: Final = ("no-link", "stays-inverted", "stays-there")
"""Situations in which nothing says that the rider comes up."""


class Priority(IntEnum):
    """The larger value is the more urgent one."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Alarm(NamedTuple):
    """One thing that somebody should know."""

    id: str
    """Of the monitor that tripped, or of the situation."""
    priority: Priority
    cause: str
    """What was seen, with numbers and units; empty for a situation, whose instruction says it."""
    instruction: str
    """What to do now."""
    since_s: float
    """When it appeared, on the clock of ``Alarms.update``."""
    present: bool
    """The condition holds; if not, the alarm is latched."""
    acknowledged: bool

    @property
    def text(self) -> str:
        """Give cause and instruction as one line."""
        return f"{self.id}: {self.cause}. {self.instruction}" if self.cause else self.instruction


class Alarms:
    """The alarms of one session, the most urgent first."""

    __slots__ = ("_acknowledged", "_gone_since_s", "_paused_until_s", "_since_s", "_standing_since_s", "active")

    def __init__(self) -> None:
        self.active: tuple[Alarm, ...] = ()
        self._since_s: dict[str, float] = {}
        self._acknowledged: set[str] = set()
        self._gone_since_s: dict[str, float] = {}
        """Since when the cause of a latched alarm is gone."""
        self._paused_until_s: float | None = None
        self._standing_since_s: float | None = None

    @property
    def text(self) -> str:
        """Say the most urgent alarm, above LOW; empty without one."""
        return self.active[0].text if self.active and self.active[0].priority > Priority.LOW else ""

    def update(self, now_s: float, supervisor: Supervisor, view: View, *, linked: bool) -> bool:
        """Take one tick's state; tells whether an alarm appeared, came again, went, or changed its priority."""
        quiet = not supervisor.active and not supervisor.latched and not self.active and (linked or not view.away)
        if (
            quiet
            and not view.unsure_upright
            and (supervisor.phase is Phase.FREE or (supervisor.phase in _CALM and not (view.inverted or view.away)))
        ):
            self._standing_since_s = None
            return False
        urgent = self._situations(now_s, supervisor, view, linked=linked)
        found = _trips(supervisor, view, _situation(supervisor, view, urgent)) + urgent
        before = {alarm.id: alarm.priority for alarm in self.active}
        urgency = {alarm.id: alarm.priority for alarm in found}
        again = self._again(now_s, found)
        for name, priority in urgency.items():
            if priority > before.get(name, 0) or name in again:  # new, back, or more urgent than what was seen
                self._since_s[name] = now_s
                self._acknowledged.discard(name)
                if priority > Priority.LOW:
                    self._paused_until_s = None
        self._acknowledged &= urgency.keys()
        kept = [
            alarm._replace(since_s=self._since_s[alarm.id], acknowledged=alarm.id in self._acknowledged)
            for alarm in found
        ]
        self.active = tuple(sorted(kept, key=lambda alarm: (-alarm.priority, alarm.since_s)))
        return urgency != before or bool(again)

    def _again(self, now_s: float, found: list[Alarm]) -> set[str]:
        """Name the alarms whose cause was gone for a while, and is back."""
        gone = {alarm.id: self._gone_since_s.get(alarm.id, now_s) for alarm in found if not alarm.present}
        back = {
            alarm.id
            for alarm in found
            if alarm.present and now_s - self._gone_since_s.get(alarm.id, now_s) >= RETURNED_AFTER_S
        }
        self._gone_since_s = gone
        return back

    def acknowledge(self) -> None:
        """Somebody has seen what is shown: silence it. Clears no trip and moves nothing."""
        self._acknowledged = {alarm.id for alarm in self.active}
        self.active = tuple(alarm._replace(acknowledged=True) for alarm in self.active)

    def put_away(self) -> None:
        """Somebody has seen what the end of a session left: no tick clears it any more, and what is gone goes."""
        self.acknowledge()
        self.active = tuple(alarm for alarm in self.active if alarm.present)

    def pause_audio(self, now_s: float) -> None:
        """Silence everything for at most ``AUDIO_PAUSE_S``; a new one breaks it, and no second press prolongs it."""
        if self.audio_pause_left_s(now_s) <= 0.0:
            self._paused_until_s = now_s + AUDIO_PAUSE_S

    def audio_pause_left_s(self, now_s: float) -> float:
        """Give how long the sound is still paused; 0 if it is not."""
        return 0.0 if self._paused_until_s is None else min(max(self._paused_until_s - now_s, 0.0), AUDIO_PAUSE_S)

    def sounding(self, now_s: float) -> Priority | None:
        """Give the priority to be heard; None for silence. LOW is not heard."""
        if self.audio_pause_left_s(now_s) > 0.0:
            return None
        heard = [alarm.priority for alarm in self.active if not alarm.acknowledged and alarm.priority > Priority.LOW]
        return max(heard, default=None)

    def _situations(self, now_s: float, supervisor: Supervisor, view: View, *, linked: bool) -> list[Alarm]:
        """What is urgent whatever the cause is."""
        stands_s = self._stands_s(now_s, supervisor, view)
        stands = stands_s >= STAYS_INVERTED_S and view.inverted and linked  # else it is long ago that anything was seen
        told = supervisor.exhausted or supervisor.waits_for_a_person or not linked
        stays = stands_s >= STAYS_INVERTED_S and not view.inverted and not told
        held = supervisor.waits_for_a_person and view.away and not supervisor.latched
        found = (
            ("given-up", Priority.HIGH, supervisor.exhausted and view.away and not _disobeys(supervisor)),
            ("no-link", Priority.HIGH, view.away and not linked),
            ("stays-inverted", Priority.HIGH, stands and not _disobeys(supervisor)),
            ("stays-there", Priority.HIGH, stays and not _disobeys(supervisor)),
            ("held", Priority.MEDIUM, held),
            ("upright-unsure", Priority.MEDIUM, supervisor.phase in _ENDED and view.unsure_upright),
        )
        return [
            Alarm(name, priority, "", SITUATIONS[name], now_s, True, False) for name, priority, is_so in found if is_so
        ]

    def _stands_s(self, now_s: float, supervisor: Supervisor, view: View) -> float:
        """For how long a rider who is to be brought upright has not come any nearer."""
        # On its closed brake no table comes up, however the noise of an angle shakes; a blind one goes as it is told.
        coming_up = view.turning_dps <= COMING_UP_DPS
        rests = supervisor.returning is not None and supervisor.returning.rests(view)
        if supervisor.phase is Phase.FREE or not (view.inverted or view.away) or coming_up or rests:
            self._standing_since_s = None
        elif self._standing_since_s is None:
            self._standing_since_s = now_s
        return 0.0 if self._standing_since_s is None else now_s - self._standing_since_s


def _trips(supervisor: Supervisor, view: View, situation: str) -> list[Alarm]:
    """Every latched trip, and what forbids inversion."""
    active, doing = supervisor.active, SITUATIONS[situation]
    found = [
        Alarm(name, _priority(trip, view), trip.detail, f"{doing} {CAUSES[name]}", trip.t_s, name in active, False)
        for name, trip in supervisor.latched.items()
    ]
    waiting = SITUATIONS["waiting"]
    for name in supervisor.inhibited:
        if name not in supervisor.latched:
            detail = active[name].detail(view)
            found.append(Alarm(name, Priority.LOW, detail, f"{waiting} {CAUSES[name]}", view.clock_s, True, False))
    return found


def _priority(trip: Trip, view: View) -> Priority:
    if not view.away:
        return Priority.LOW
    return Priority.HIGH if trip.response >= STOP or trip.monitor in _ACT_NOW else Priority.MEDIUM


def _situation(supervisor: Supervisor, view: View, urgent: list[Alarm]) -> str:
    """Name what the table does for the rider; no trip says that they come up where another alarm denies it."""
    if _disobeys(supervisor) and view.away:
        return "disobeys"
    if supervisor.exhausted and view.away:
        return "given-up"
    if supervisor.waits_for_a_person and view.away:
        return "held"
    for alarm in urgent:
        if alarm.id in _DENIES:
            return alarm.id
    if not view.away:
        return "upright"
    return "recovering" if supervisor.phase in (Phase.STOPPING, Phase.HELD, Phase.CREEPING) else "returning"


def _disobeys(supervisor: Supervisor) -> bool:
    """The motor pushes against the brake: whoever released that by hand would let it run away."""
    return "torque-off" in supervisor.latched and supervisor.phase is Phase.HELD
