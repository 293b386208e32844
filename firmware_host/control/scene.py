"""What there is to show of a running session: one moment of it, for the terminal and for the panel."""

from typing import Final, NamedTuple

from firmware_host.control.controller import Controller
from firmware_host.control.host import Host
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBox
from safety.alarms import Alarm, Priority
from safety.signals import Telemetry

STATE_WORDS: Final = {
    "offline": "looking for the table board",
    "boarding_waiting": "not ready",
    "boarding_ready": "ready to start",
    "session_moving": "moving",
    "session_holding": "holding",
    "returning_inverted": "returning to horizontal",
    "returning_flat": "resting at horizontal",
    "returning_rising": "coming upright",
    "emergency_inverted": "EMERGENCY RETURN to horizontal",
    "emergency_flat": "EMERGENCY RETURN: flat",
    "emergency_rising": "EMERGENCY RETURN: coming upright slowly",
    "stopped_stopping": "STOPPING",
    "stopped_held": "STOPPED, brake on",
    "recovering_inverted": "RECOVERY to horizontal",
    "recovering_flat": "RECOVERY: flat",
    "recovering_rising": "RECOVERY: coming upright slowly",
    "unlinked": "NO LINK: a table board brings the rider upright by itself, another drive stops",
    "finished": "upright, session over",
    "manual_moving": "moving while held",
    "manual_holding": "let go: standing on the brake, hold to move on, or RETURN UPRIGHT",
}


class Scene(NamedTuple):
    """What there is to show at one moment."""

    now_s: float
    title: str
    state: str
    angle_deg: float | None
    rate_dps: float | None
    target_deg: float | None
    limit_deg: float
    inverted_s: float
    allowance_s: float
    progress: float
    step: str
    link: str
    link_ok: bool
    alarms: tuple[Alarm, ...]
    """The most urgent first; those of low priority say why a start or a motion toward inversion is refused."""
    problem: str
    """Something that is wrong beside the session, such as a full disk."""
    simulated: bool
    segment_index: int
    """Index of the plan's segment being run; -1 outside a program."""
    sounding: Priority | None
    """Priority of the alarm sound; None for silence."""
    audio_pause_left_s: float
    lost_sensors: tuple[str, ...]
    """Angle sensors that are not believed."""
    telemetry: Telemetry | None
    """The newest frame."""


def words(state: str) -> str:
    """Say an operating state in words."""
    return STATE_WORDS.get(state, state)


def make_scene(
    session: Session, controller: Controller, host: Host, blackbox: BlackBox, now_s: float, simulated: bool
) -> Scene:
    """Collect the present moment. Reads what the control thread writes; each value is whole, and a tick old at most."""
    view, output = controller.safety.view, host.output
    plan = session.plan
    segment_index = -1 if output is None else output.segment_index
    segment = plan.segments[segment_index] if 0 <= segment_index < len(plan.segments) else None
    link_ok = output is not None and output.command is not None
    return Scene(
        now_s=now_s,
        title=f"{plan.name}, {session.rider.file.rider.name} on {session.table.file.table.name}",
        state=controller.states.state,
        angle_deg=view.angles.angle_deg,
        rate_dps=view.angles.rate_dps,
        target_deg=None if output is None else output.target_deg,
        limit_deg=session.limits.inverted_limit_deg,
        inverted_s=view.inverted_s,
        allowance_s=session.limits.time_inverted_s,
        progress=0.0 if output is None else output.progress,
        step="" if segment is None else f"step {segment.step + 1} of {plan.step_count}: {segment.label}",
        link=host.link.problem or f"link {host.link.health.diagnose()}",
        link_ok=link_ok,
        alarms=controller.alarms.active,
        problem=blackbox.problem or "",
        simulated=simulated,
        segment_index=segment_index,
        sounding=controller.alarms.sounding(view.now_s),
        audio_pause_left_s=controller.alarms.audio_pause_left_s(view.now_s),
        lost_sensors=tuple(name for name in ("encoder", "inclinometer") if getattr(view.angles, name).lost),
        telemetry=view.telemetry,
    )
