"""A recorded session in a few sentences: what went wrong, who saw it, what was done, and how long each part took.

Everything is taken from the recording: measurements, commands, trips and link counters. Nothing is asked of the world.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.control.ticks import Event
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.report import summary
from firmware_host.recording.silence import LINK_TRIPS, silence
from safety.returning import FLAT_TOLERANCE_DEG
from safety.signals import Lost, Response, Telemetry, Trip
from safety.view import AT_UPRIGHT_DEG, STANDSTILL_DPS

_URGENT: Final = "high priority"
"""How the event of an alarm begins that denies that all is well."""
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
    """Seconds after the trip."""


class Explanation(NamedTuple):
    """What happened."""

    sentences: tuple[str, ...]
    trips: tuple[Trip, ...]
    phases: tuple[Phase, ...]
    link_cause: str
    """What silenced the link: ``host``, ``line``, ``host-to-board line`` or ``board``; empty if nothing did."""
    window_s: tuple[float, float] | None
    """From before the first trip to after its end, from the recording's first tick on; None without a trip."""


def explain(recording: Recording) -> Explanation:
    """Explain a recording."""
    trips = tuple(event.trip for event in recording.events if event.trip is not None)
    if not recording.inputs:
        return Explanation(("No tick was recorded, so there is nothing to explain.",), (), (), "", None)
    start_s = recording.inputs[0].now_s
    damage, ending = _damage(recording.problems), _ending(recording)
    if not trips:
        return Explanation(tuple(one for one in (damage, _nobody_acted(recording), ending) if one), (), (), "", None)
    first, silent = trips[0], next((trip for trip in trips if trip.monitor in LINK_TRIPS), None)
    phases = _phases(recording, first)
    cause, told = ("", "") if silent is None else silence(recording.inputs, silent)
    at_once, later = (told, "") if silent is first else ("", told)
    sentences = [damage, _what(recording, first), _seen(first), at_once, _course(first, phases)]
    sentences += [_others(trips), later, ending]
    last_s = phases[-1].after_s if phases else 30.0
    window = (max(first.since_s - start_s - 5.0, 0.0), first.t_s - start_s + last_s + 5.0)
    return Explanation(tuple(one for one in sentences if one), trips, phases, cause, window)


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


def _seen(trip: Trip) -> str:
    encoder, inclinometer = (
        "nothing" if value is None else f"{value:+.1f} deg" for value in (trip.encoder_deg, trip.inclinometer_deg)
    )
    return f"The encoder read {encoder}, the inclinometer {inclinometer}."


def _phases(recording: Recording, trip: Trip) -> tuple[Phase, ...]:
    """When the table stood, was at horizontal, and upright, by the angle that was believed."""
    upright_deg = _upright_deg(recording)
    inverted = False
    found: dict[str, float] = {}
    for now_s, telemetry, angle in _believed(recording):
        if now_s < trip.t_s:
            continue
        after_s = now_s - trip.t_s
        rate = telemetry.rate_dps
        if trip.response >= Response.STOP and rate is not None and abs(rate) < STANDSTILL_DPS:
            found.setdefault("standstill", after_s)
        if angle is None:
            continue
        inverted = inverted or angle > FLAT_TOLERANCE_DEG
        if inverted and angle <= FLAT_TOLERANCE_DEG:
            found.setdefault("horizontal", after_s)
        if angle <= upright_deg + AT_UPRIGHT_DEG:
            found.setdefault("upright", after_s)
    return tuple(sorted((Phase(*item) for item in found.items()), key=lambda phase: phase.after_s))


def _believed(recording: Recording) -> Iterator[tuple[float, Telemetry, float | None]]:
    """Each frame with its time, and the angle that was believed: none once both are lost.

    A tick without a command says nothing of the angles, and what was found before still holds.
    """
    lost = 0
    for one, output in zip(recording.inputs, recording.outputs, strict=True):
        if output.command is not None:
            lost = output.command.lost_angles
        if one.telemetry is not None:
            encoder_deg = None if lost & Lost.ENCODER else one.telemetry.encoder_deg
            inclinometer_deg = None if lost & Lost.INCLINOMETER else one.telemetry.inclinometer_deg
            yield one.now_s, one.telemetry, inclinometer_deg if encoder_deg is None else encoder_deg


def _upright_deg(recording: Recording) -> float:
    boards = [one.config for one in recording.inputs if one.config is not None]
    return boards[-1].upright_deg if boards else -75.0


def _course(trip: Trip, phases: tuple[Phase, ...]) -> str:
    if not phases:
        return "After that the table was seen neither at horizontal nor upright."
    told = ", ".join(f"{phase.name} after {phase.after_s:.1f} s" for phase in phases)
    return f"After the {trip.response.name.replace('_', ' ').lower()} it was at {told}."


def _others(trips: tuple[Trip, ...]) -> str:
    if len(trips) == 1:
        return ""
    told = "; ".join(f"{trip.monitor} ({trip.response.name}) {trip.t_s - trips[0].t_s:+.2f} s" for trip in trips[1:])
    return f"Then acted: {told}."


def _ending(recording: Recording) -> str:
    told, last_deg = summary(recording), None
    for _, _, angle_deg in _believed(recording):
        last_deg = angle_deg
    alarms = [event.text for event in recording.events if event.kind == "alarm"]
    there = last_deg is not None and last_deg <= _upright_deg(recording) + AT_UPRIGHT_DEG
    up = told.state == "finished" or (there and not (alarms and alarms[-1].startswith(_URGENT)))
    alarm = f" The last alarm: {alarms[-1]}" if alarms and not up else ""
    seen = ", with no angle that was believed" if last_deg is None else f", last seen at {last_deg:+.1f} deg"
    where = "the rider upright" if up else f"the table in state '{told.state.replace('_', ' ')}'{seen}"
    return f"The session ended as {told.outcome.replace('_', ' ')}, with {where}.{alarm}"
