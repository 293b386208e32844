"""A session in figures, added up tick by tick, so that a recording of any length can be summed up as it is read."""

from typing import Any, NamedTuple

from firmware_host.control.outcome import PROGRAM_FINISHED, outcome_name
from firmware_host.control.ticks import Event, TickInput
from firmware_host.recording.moment import believed_deg
from firmware_host.recording.record_schema import RecordedOutput
from firmware_host.recording.session_record import recorded_plan
from safety.ridden import counts_as_inverted
from safety.signals import Input, Response, Telemetry


class SessionSummary(NamedTuple):
    """A session in figures, as measured: by the encoder, or by the inclinometer where that is absent."""

    program: str
    outcome: str
    """completed, returned, emergency_returned, stopped or refused, as in the command line; else why it is not known."""
    state: str
    """The last operating state."""
    duration_s: float
    inverted_s: float
    """Time measured above horizontal."""
    max_angle_deg: float | None
    max_rate_dps: float | None
    trips: tuple[str, ...]
    link: str
    problems: tuple[str, ...]

    def lines(self) -> list[tuple[str, str]]:
        """Give names and values for people."""
        angle = "unknown" if self.max_angle_deg is None else f"{self.max_angle_deg:+.1f} deg"
        rate = "unknown" if self.max_rate_dps is None else f"{self.max_rate_dps:.1f} deg/s"
        told = [
            ("program", self.program),
            ("outcome", self.outcome),
            ("duration", f"{self.duration_s:.1f} s, {self.inverted_s:.1f} s inverted"),
            ("highest angle", angle),
            ("highest rate", rate),
            ("link", self.link),
            ("trips", "; ".join(self.trips) or "none"),
        ]
        return told + [("problem", problem) for problem in self.problems]


class Summing:
    """Adds a session up. What was not recorded is None or said to be unknown, never 0."""

    def __init__(self) -> None:
        self.first_s: float | None = None
        """The loop's clock at the first tick."""
        self._last_s = 0.0
        self._inverted_s, self._inverted = 0.0, False
        self._lost = 0
        """Bits of ``Lost``."""
        self._max_angle_deg: float | None = None
        self._max_rate_dps: float | None = None
        self._began = self._asked = False
        self._state: str | None = None
        self._strongest = Response.NONE

    def tick(self, one: TickInput, output: RecordedOutput) -> None:
        """Add the next tick."""
        if self.first_s is None:
            self.first_s = one.now_s
        elif self._inverted:
            self._inverted_s += one.now_s - self._last_s
        self._last_s = one.now_s
        self._asked = self._asked or one.operator.return_upright
        self._state = output.state
        self._began = self._began or output.state.startswith(("session", "manual_moving"))
        self._strongest = max(self._strongest, output.response)
        if output.command is not None:
            self._lost = output.command.lost_angles
        if one.telemetry is not None:
            self._measured(one.telemetry)

    def _measured(self, frame: Telemetry) -> None:
        """Take the angle that is believed; of what shows the table upright, a recording has the switch."""
        angle = believed_deg(frame, self._lost)
        unsure, upright = angle is None or self._lost != 0, frame.inputs & Input.UPRIGHT_SWITCH != 0
        self._inverted = counts_as_inverted(self._inverted, angle, unsure=unsure, upright=upright)
        if angle is not None:
            self._max_angle_deg = angle if self._max_angle_deg is None else max(self._max_angle_deg, angle)
        if frame.rate_dps is not None:
            rate_dps = abs(frame.rate_dps)
            self._max_rate_dps = rate_dps if self._max_rate_dps is None else max(self._max_rate_dps, rate_dps)

    def summary(
        self, metadata: dict[str, str], events: list[Event], health: list[dict[str, Any]], problems: list[str]
    ) -> SessionSummary:
        """Give what it came to, with what stands beside the ticks."""
        return SessionSummary(
            program=_program(metadata),
            outcome=self._outcome(events),
            state=self._state or "nothing recorded",
            duration_s=0.0 if self.first_s is None else self._last_s - self.first_s,
            inverted_s=self._inverted_s,
            max_angle_deg=self._max_angle_deg,
            max_rate_dps=self._max_rate_dps,
            trips=tuple(event.text for event in events if event.kind == "trip"),
            link=_link(health),
            problems=tuple(problems),
        )

    def _outcome(self, events: list[Event]) -> str:
        """Judge by what was recorded how the session ended, by the same rules as the controller."""
        if self._state is None:
            return "unknown: nothing was recorded"
        if not self._began:
            return "refused" if self._state != "unlinked" else "stopped"
        if not self._state.startswith(("finished", "stopped_held", "unlinked", "offline", "boarding")):
            return f"unknown: the recording ends in state {self._state}"
        done = any(event.kind == "program" and event.text == PROGRAM_FINISHED for event in events)
        tripped = any(event.kind == "trip" for event in events)
        undisturbed = done and not tripped and not self._asked
        return outcome_name(self._strongest, unlinked=self._state == "unlinked", undisturbed=undisturbed)


def _program(metadata: dict[str, str]) -> str:
    try:
        return recorded_plan(metadata).name
    except (KeyError, TypeError, ValueError):
        return "unknown program"


def _link(health: list[dict[str, Any]]) -> str:
    if not health:
        return "not recorded"
    last = health[-1]
    told = [f"{last.get('frames', 'unknown')} frames"]
    names = ("lost_frames", "corrupted_frames", "repeated_frames", "reordered_frames", "late_frames", "stale_frames")
    counters = (*names, "rejected_commands", "host_stalls", "board_reboots", "reconnections")
    told += [f"{last[name]} {name.removesuffix('_frames').replace('_', ' ')}" for name in counters if last.get(name)]
    round_trip_s = last.get("round_trip_s")
    if round_trip_s is not None:
        told.append(f"round trip {round_trip_s * 1e3:.1f} ms")
    return ", ".join(told)
