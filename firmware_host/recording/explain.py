"""A recorded session in a few sentences: what went wrong, who saw it, what was done, and how long each part took.

Everything is taken from the recording: measurements, commands, trips and link counters. Nothing is asked of the world.
"""

from typing import Any, Final, NamedTuple

from firmware_host.control.ticks import Event
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.margins import Margin, in_words, margins
from firmware_host.recording.moment import Believed, Passed, believed, lost_names, moment
from firmware_host.recording.report import summary
from firmware_host.recording.sides import BoardSide, HostSide, board_in_words, board_side, host_in_words, host_side
from firmware_host.recording.silence import LINK_TRIPS, silence
from safety.alarm_texts import CAUSES, SITUATIONS
from safety.returning import FLAT_TOLERANCE_DEG
from safety.signals import Response, Trip
from safety.view import AT_UPRIGHT_DEG, STANDSTILL_DPS

_URGENT: Final = "high priority"
"""How the event of an alarm begins that denies that all is well."""
BREAKS_OFF: Final = (
    "The recording breaks off there, as it does where the host is killed or loses its power, and what the table did"
    " after that is not in it: a table board brings its rider upright by itself, another drive stops."
)
DONE: Final = {
    Response.RETURN: "began the normal return",
    Response.EMERGENCY_RETURN: "began the emergency return",
    Response.STOP: "stopped the table",
    Response.TORQUE_OFF: "cut the torque and closed the brake",
}


class Phase(NamedTuple):
    """A part of the way after the first trip."""

    name: str
    after_s: float
    """Seconds after the trip, as they passed: a clock that was set counts for nothing."""
    by: str = ""
    """The one angle that says so, where the other one is lost."""


class Explanation(NamedTuple):
    """What happened."""

    sentences: tuple[str, ...]
    trips: tuple[Trip, ...]
    phases: tuple[Phase, ...]
    link_cause: str
    """What silenced the link: ``host``, ``line``, ``host-to-board line`` or ``board``; empty if nothing did."""
    window_s: tuple[float, float] | None
    """From before the first trip to after its end, from the recording's first tick on; None without a trip."""
    margins: tuple[Margin, ...] = ()
    """How far each limit was from being broken at the first trip: those that were broken, then the nearest ones."""
    host: HostSide | None = None
    """What the host saw at the first trip, and did next."""
    board: BoardSide | None = None
    """The same of the board; None if no frame had come."""

    @property
    def in_brief(self) -> tuple[str, ...]:
        """The sentences without what each side saw, which is for whoever mends a table."""
        sides = () if self.host is None else (host_in_words(self.host), board_in_words(self.board))
        return tuple(sentence for sentence in self.sentences if sentence not in sides)

    def facts(self) -> dict[str, Any]:
        """Give all of it in what JSON can carry."""
        return {
            **self._asdict(),
            "brief": list(self.in_brief),
            "trips": [trip._asdict() for trip in self.trips],
            "phases": {phase.name: phase.after_s for phase in self.phases},
            "phases_by": {phase.name: phase.by for phase in self.phases if phase.by},
            "margins": [{**margin._asdict(), "broken": margin.broken} for margin in self.margins],
            "host": _side(self.host),
            "board": _side(self.board),
        }


def _side(side: HostSide | BoardSide | None) -> dict[str, Any] | None:
    return None if side is None else {**side._asdict(), "then": [change._asdict() for change in side.then]}


def explain(recording: Recording) -> Explanation:
    """Explain a recording."""
    trips = tuple(event.trip for event in recording.events if event.trip is not None)
    if not recording.inputs:
        return Explanation(("No tick was recorded, so there is nothing to explain.",), (), (), "", None)
    start_s = recording.inputs[0].now_s
    damage, ending = _damage(recording.problems), _ending(recording)
    if not trips:
        told_all = tuple(one for one in (damage, _nobody_acted(recording), *ending) if one)
        return Explanation(told_all, (), (), "", None)
    first, silent = trips[0], next((trip for trip in trips if trip.monitor in LINK_TRIPS), None)
    passed = Passed(recording)
    phases = _phases(recording, first, passed)
    cause, told = ("", "") if silent is None else silence(recording.inputs, silent)
    at_once, later = (told, "") if silent is first else ("", told)
    seen = _seen(recording, first)
    sentences = [damage, _what(recording, first), at_once, *seen.sentences, _course(first, phases)]
    sentences += [_others(passed, trips), later, *ending]
    last_s = phases[-1].after_s if phases else 30.0
    window = (max(first.since_s - start_s - 5.0, 0.0), first.t_s - start_s + last_s + 5.0)
    told_all = tuple(one for one in sentences if one)
    return Explanation(told_all, trips, phases, cause, window, seen.margins, seen.host, seen.board)


def _damage(problems: list[str]) -> str:
    """Say first of all what nobody can know from here."""
    if not problems:
        return ""
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"The recording is not whole ({problems[0]}{more}): what follows is of what could be read."


def _nobody_acted(recording: Recording) -> str:
    asked = [event.text for event in recording.events if event.kind == "operator" and event.text != "start"]
    people = f" The operator pressed: {', '.join(asked)}." if asked else ""
    nobody = "What could be read tells of no monitor that acted." if recording.problems else "No monitor acted."
    return nobody + people


def _what(recording: Recording, trip: Trip) -> str:
    at_s, waited_ms = trip.t_s - recording.inputs[0].now_s, (trip.t_s - trip.since_s) * 1e3
    doing = _doing(recording.events, trip.t_s)
    return (
        f"{at_s:.2f} s into the recording{doing}, the monitor {trip.monitor} {DONE[trip.response]}: {trip.detail}. "
        f"The cause had appeared {waited_ms:.0f} ms before."
    )


def _doing(events: list[Event], now_s: float) -> str:
    """What the program was at."""
    labels = [event.text for event in events if event.kind == "program" and event.t_s <= now_s]
    return f", at '{labels[-1]}'" if labels else ""


class _Seen(NamedTuple):
    """What was seen at a trip, in words and in figures."""

    sentences: tuple[str, ...]
    margins: tuple[Margin, ...] = ()
    host: HostSide | None = None
    board: BoardSide | None = None


def _seen(recording: Recording, trip: Trip) -> _Seen:
    at = moment(recording, trip)
    if at is None:
        encoder, inclinometer = (
            "nothing" if value is None else f"{value:+.1f} deg" for value in (trip.encoder_deg, trip.inclinometer_deg)
        )
        told = f"The encoder read {encoder}, the inclinometer {inclinometer}."
        return _Seen((told, "The tick of the trip is not in the recording, so nothing more is known of that moment."))
    rows, host, board = margins(recording, at), host_side(recording, at), board_side(recording, at)
    return _Seen((in_words(rows), host_in_words(host), board_in_words(board)), rows, host, board)


def _phases(recording: Recording, trip: Trip, passed: Passed) -> tuple[Phase, ...]:
    """When the table stood, was at horizontal, and upright, by the angles that were believed and stayed so."""
    upright_deg = _upright_deg(recording)
    frames = [one for one in believed(recording) if one.now_s >= trip.t_s]
    found_out = lost_names(frames[-1].lost) if frames else set()
    inverted = False
    found: dict[str, Phase] = {}
    for one in frames:
        after_s, rate, angle = passed.s(trip.t_s, one.now_s), one.telemetry.rate_dps, one.highest_deg
        if trip.response >= Response.STOP and rate is not None and abs(rate) < STANDSTILL_DPS:
            found.setdefault("standstill", Phase("standstill", after_s))
        if angle is None or one.alone in found_out:
            continue
        inverted = inverted or angle > FLAT_TOLERANCE_DEG
        for name, below_deg in (("horizontal", FLAT_TOLERANCE_DEG), ("upright", upright_deg + AT_UPRIGHT_DEG)):
            if angle <= below_deg and (inverted or name == "upright"):
                found.setdefault(name, Phase(name, after_s, one.alone))
    return tuple(sorted(found.values(), key=lambda phase: phase.after_s))


def _upright_deg(recording: Recording) -> float:
    boards = [one.config for one in recording.inputs if one.config is not None]
    return boards[-1].upright_deg if boards else -75.0


def _course(trip: Trip, phases: tuple[Phase, ...]) -> str:
    if not phases:
        return "After that the table was seen neither at horizontal nor upright."
    alone = {phase.by for phase in phases} - {""}
    told = ", ".join(f"{phase.name} after {phase.after_s:.1f} s" for phase in phases)
    by = _by(" and the ".join(sorted(alone)))
    return f"After the {trip.response.name.replace('_', ' ').lower()} it was at {told}{by}."


def _others(passed: Passed, trips: tuple[Trip, ...]) -> str:
    if len(trips) == 1:
        return ""
    first_s = trips[0].t_s
    told = "; ".join(
        f"{trip.monitor} ({trip.response.name}) {passed.s(first_s, trip.t_s):+.2f} s" for trip in trips[1:]
    )
    return f"Then acted: {told}."


def _ending(recording: Recording) -> tuple[str, ...]:
    told, frames = summary(recording), [*believed(recording)]
    last = frames[-1] if frames else None
    alarms = [event.text for event in recording.events if event.kind == "alarm"]
    up = _is_up(recording, told.state, last, alarms)
    where = "the rider upright" if up else f"the table in state '{told.state.replace('_', ' ')}'{_last_seen(last)}"
    ended = f"The session ended as {told.outcome.replace('_', ' ')}, with {where}."
    breaks_off = BREAKS_OFF if told.outcome.startswith("unknown") else ""
    return ended, breaks_off, _last_alarm(alarms[-1]) if alarms and not up else ""


def _last_alarm(alarm: str) -> str:
    priority, _, told = alarm.partition(": ")
    monitor, _, detail = told.partition(": ")
    if monitor in CAUSES:
        return f"The last alarm ({priority}), of the monitor {monitor}: {detail}"
    return f"The last alarm ({priority}): {told}"


def _is_up(recording: Recording, state: str, last: Believed | None, alarms: list[str]) -> bool:
    """Tell whether the rider is known to be upright: one angle alone is no proof, nor what its last alarm denies."""
    if alarms and SITUATIONS["upright-unsure"] in alarms[-1]:
        return False
    if state == "finished":
        return True
    if last is None or last.angle_deg is None or last.lost or (alarms and alarms[-1].startswith(_URGENT)):
        return False
    return last.angle_deg <= _upright_deg(recording) + AT_UPRIGHT_DEG


def _last_seen(last: Believed | None) -> str:
    if last is None or last.angle_deg is None:
        return ", with no angle that was believed"
    return f", last seen at {last.angle_deg:+.1f} deg{_by(last.alone)}"


def _by(alone: str) -> str:
    return f" by the {alone} alone" if alone else ""
