"""The operating states of the table, as tables.

The rules of this file:

* The machine says what the operating side wants; the safety layer says what happens. Where the safety layer acts, the
  machine follows it from any state, so its picture can never contradict the motion.
* Only ``start`` leads into motion toward inversion, and only from ``boarding_ready``.
* Only ``hold_to_move`` leads into motion by hand, from ``boarding_ready`` or from standing after such a motion.
* Nothing leads from a return, a stop or a recovery back into the session: a session that was left is over, and stays
  so whatever becomes of the link.
* What forbids inversion while the table is upright ends a session too: when it is over, somebody has to start anew.

The diagram in ``docs/operating-states.md`` is made from these tables:
``python -m firmware_host.control.operating_states``.
"""

from typing import Any, Final

from transitions.extensions import HierarchicalGraphMachine, HierarchicalMachine

from safety.layer import Verdict
from safety.returning import Stage
from safety.signals import Response
from safety.supervisor import Phase, Supervisor


def _way(name: str) -> dict[str, Any]:
    """A way upright in its three parts: to horizontal, resting there, on to upright."""
    return {"name": name, "children": ["inverted", "flat", "rising"], "initial": "inverted"}


STATES: Final[list[Any]] = [
    "offline",
    {"name": "boarding", "children": ["waiting", "ready"], "initial": "waiting"},
    {"name": "session", "children": ["moving", "holding"], "initial": "moving"},
    _way("returning"),
    _way("emergency"),
    {"name": "stopped", "children": ["stopping", "held"], "initial": "stopping"},
    _way("recovering"),
    "unlinked",
    "finished",
    {"name": "manual", "children": ["moving", "holding"], "initial": "moving"},
]
"""A new one is added at the end: recordings hold its number."""

LEAVES: Final = tuple(
    name
    for state in STATES
    for name in ([state] if isinstance(state, str) else [f"{state['name']}_{child}" for child in state["children"]])
)
"""Full names of all states that the machine can be in."""

_WAYS: Final = ("returning", "emergency", "recovering")

TRANSITIONS: Final[list[dict[str, Any]]] = [
    {"trigger": "link_up", "source": "offline", "dest": "boarding"},
    {"trigger": "link_down", "source": ["boarding", "session", "manual"], "dest": "offline"},
    {"trigger": "all_clear", "source": "boarding_waiting", "dest": "boarding_ready"},
    {"trigger": "not_clear", "source": "boarding_ready", "dest": "boarding_waiting"},
    {"trigger": "start", "source": "boarding_ready", "dest": "session"},
    {"trigger": "hold", "source": "session_moving", "dest": "session_holding"},
    {"trigger": "move", "source": "session_holding", "dest": "session_moving"},
    # By hand: while somebody holds the button, and no longer.
    {"trigger": "hold_to_move", "source": ["boarding_ready", "manual_holding"], "dest": "manual_moving"},
    {"trigger": "let_go", "source": "manual_moving", "dest": "manual_holding"},
    {"trigger": "at_upright", "source": "manual_holding", "dest": "boarding"},
    {"trigger": "forbidden_at_upright", "source": "session", "dest": "boarding"},
    # The safety layer acts: from anywhere.
    {"trigger": "safety_loses_link", "source": "*", "dest": "unlinked"},
    {"trigger": "safety_returns", "source": "*", "dest": "returning"},
    {"trigger": "safety_hurries", "source": "*", "dest": "emergency"},
    {"trigger": "safety_stops", "source": "*", "dest": "stopped_stopping"},
    {"trigger": "safety_holds", "source": "*", "dest": "stopped_held"},
    {"trigger": "safety_recovers", "source": "*", "dest": "recovering"},
    {"trigger": "safety_boards", "source": "*", "dest": "finished"},
    # It was over while nobody heard the board: whoever left a session does not come back into it.
    {"trigger": "over", "source": [*_WAYS, "stopped", "unlinked"], "dest": "finished"},
    *(
        {"trigger": trigger, "source": way, "dest": f"{way}_{part}"}
        for way in _WAYS
        for trigger, part in (("reach_flat", "flat"), ("leave_flat", "rising"))
    ),
]


class OperatingStates:
    """The machine. ``follow`` keeps it true to the safety layer; ``state`` is its present state's full name."""

    state: str
    in_session: bool
    """A program is running."""

    def __init__(self, machine_class: type[HierarchicalMachine] = HierarchicalMachine, **options: Any) -> None:
        self.machine = machine_class(
            model=self,
            states=STATES,
            transitions=TRANSITIONS,
            initial="offline",
            auto_transitions=False,
            ignore_invalid_triggers=True,
            **options,
        )
        self._seen: tuple[object, ...] = ()
        self.in_session = False

    def fire(self, trigger: str) -> None:
        """Fire a trigger; one that has no meaning in this state does nothing."""
        self.machine.trigger_event(self, trigger)
        self.in_session = self.state.startswith("session")

    def follow(self, verdict: Verdict, supervisor: Supervisor, *, linked: bool, away: bool) -> None:
        """Take over what the safety layer does. Cheap while nothing changes."""
        stage = None if supervisor.returning is None else supervisor.returning.stage
        seen = (verdict.phase, verdict.response, stage, linked, away, bool(verdict.inhibited), self.state)
        if seen == self._seen:
            return
        self._seen = seen
        for trigger in _triggers(verdict, stage, linked=linked, away=away):
            self.fire(trigger)


def _triggers(verdict: Verdict, stage: Stage | None, *, linked: bool, away: bool) -> list[str]:
    phase = verdict.phase
    if not linked:
        return ["safety_loses_link"] if away else ["link_down"]
    if phase in (Phase.RETURNING, Phase.CREEPING):
        if stage == Stage.ARRIVED:
            return []  # the next tick says that the rider is boarded
        hurried = "safety_hurries" if verdict.response == Response.EMERGENCY_RETURN else "safety_returns"
        way = "safety_recovers" if phase == Phase.CREEPING else hurried
        parts = {Stage.FLAT: ["reach_flat"], Stage.TO_UPRIGHT: ["leave_flat"]}
        return [way, *parts.get(stage or Stage.TO_FLAT, [])]
    if phase == Phase.STOPPING:
        return ["safety_stops"]
    if phase == Phase.HELD:
        return ["safety_holds"]
    if phase == Phase.BOARDED:
        return ["safety_boards"]
    if away:
        return ["link_up", "not_clear"]
    clear = ["forbidden_at_upright", "not_clear"] if verdict.inhibited else ["all_clear"]
    return ["link_up", "at_upright", "over", *clear]


def diagram() -> str:
    """Give the diagram of the tables in this file, as Mermaid text."""
    states = OperatingStates(HierarchicalGraphMachine, graph_engine="mermaid", show_auto_transitions=False)
    return str(states.machine.get_graph().source)


if __name__ == "__main__":
    print(diagram())
