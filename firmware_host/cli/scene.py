"""From the objects of a running session to what the terminal shows of it."""

from firmware_host.blackbox import BlackBox
from firmware_host.cli.view import Scene
from firmware_host.controller import Controller
from firmware_host.host import Host
from firmware_host.validation import Session


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
    )
