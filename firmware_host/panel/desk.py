"""A session as the panel shows it, in numbers and words that JSON can carry."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from firmware_host.controller import Outcome
from firmware_host.plan import Move
from firmware_host.scene import Scene, words
from firmware_host.validation import Session
from safety.signals import Input, Status, Telemetry

_HAND: Final = (Input.HAND_SWITCH_NO, Input.HAND_SWITCH_NC, "held", "released")
_LATCH: Final = (Input.ANKLE_LATCH_NO, Input.ANKLE_LATCH_NC, "locked", "open")


class SessionDesk(NamedTuple):
    """Fits ``station.Desk``."""

    session: int
    plan_of: Session
    simulated: bool
    scene: Callable[[], Scene]
    outcome: Callable[[], Outcome | None]
    press: Callable[[str], None]
    beat: Callable[[], None]

    @property
    def held(self) -> bool:
        """The table stands still until a person asks for motion."""
        return self.scene().state.startswith("stopped")

    def setup(self) -> dict[str, Any]:
        """Give what stays the same during the session."""
        session = self.plan_of
        plan, limits = session.plan, session.limits
        segments = [
            {
                "label": segment.label,
                "step": segment.step,
                "starts_s": starts_s,
                "to_deg": segment.to_deg if isinstance(segment, Move) else segment.at_deg,
            }
            for segment, starts_s in zip(plan.segments, plan.starts_s, strict=True)
        ]
        return {
            "program": plan.name,
            "rider": session.rider.file.rider.name,
            "table": session.table.file.table.name,
            "height_m": session.rider.file.rider.height_m,
            "simulated": self.simulated,
            "unscreened": [str(problem) for problem in session.unscreened],
            "upright_deg": limits.upright_deg,
            "limit_deg": limits.inverted_limit_deg,
            "allowance_s": limits.time_inverted_s,
            "program_s": plan.program_s,
            "total_s": plan.total_s,
            "segments": segments,
        }

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        scene, outcome = self.scene(), self.outcome()
        shown = scene._asdict()
        for unsent in ("title", "limit_deg", "allowance_s", "simulated", "telemetry"):
            del shown[unsent]
        return {
            **shown,
            "words": words(scene.state),
            "alarms": [
                {**alarm._asdict(), "priority": alarm.priority.name, "text": alarm.text} for alarm in scene.alarms
            ],
            "sounding": None if scene.sounding is None else scene.sounding.name,
            "machine": None if scene.telemetry is None else _machine(scene.telemetry),
            "outcome": None if outcome is None else outcome._asdict(),
        }


def _machine(t: Telemetry) -> dict[str, Any]:
    """Give what the board measures."""
    return {
        "encoder_deg": t.encoder_deg,
        "inclinometer_deg": t.inclinometer_deg,
        "current_a": t.current_a,
        "bus_v": t.bus_v,
        "drive_temperature_c": t.drive_temperature_c,
        "motor_temperature_c": t.motor_temperature_c,
        "hand_switch": _pair(t.inputs, *_HAND),
        "ankle_latch": _pair(t.inputs, *_LATCH),
        "emergency_stop": "released" if t.inputs & Input.ESTOP_CHAIN else "pressed",
        "upright_switch": "closed" if t.inputs & Input.UPRIGHT_SWITCH else "open",
        "inverted_switch": "closed" if t.inputs & Input.INVERTED_SWITCH else "open",
        "brake": "closed" if t.status & Status.BRAKE_CLOSED else "open",
    }


def _pair(inputs: int, closed: int, opened: int, yes: str, no: str) -> str:
    """Read a switch with two contacts, of which exactly one is closed."""
    first, second = bool(inputs & closed), bool(inputs & opened)
    return "contradictory" if first == second else yes if first else no
