"""The operating states: every state, every trigger, and what no path may do."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firmware_host.control.operating_states import STATES, TRANSITIONS, OperatingStates, diagram

pytestmark = pytest.mark.requirement("REQ-SES-STATES")

TRIGGERS = sorted({str(transition["trigger"]) for transition in TRANSITIONS})
SAFETY = {"safety_returns", "safety_hurries", "safety_stops", "safety_holds", "safety_recovers", "safety_loses_link"}


def leaves() -> list[str]:
    found = []
    for state in STATES:
        if isinstance(state, str):
            found.append(state)
        else:
            found += [f"{state['name']}_{child}" for child in state["children"]]
    return found


LEAVES = leaves()
LEFT = [state for state in LEAVES if state.startswith(("returning", "emergency", "recovering", "stopped", "unlinked"))]


def machine_in(state: str) -> OperatingStates:
    states = OperatingStates()
    states.machine.set_state(state, states)
    return states


def after(state: str, trigger: str) -> str:
    states = machine_in(state)
    states.fire(trigger)
    return states.state


def reachable() -> dict[str, list[str]]:
    """Every state that can be reached, with a shortest way there."""
    ways: dict[str, list[str]] = {"offline": []}
    queue = deque(["offline"])
    while queue:
        state = queue.popleft()
        for trigger in TRIGGERS:
            reached = after(state, trigger)
            if reached not in ways:
                ways[reached] = [*ways[state], trigger]
                queue.append(reached)
    return ways


def test_every_state_can_be_reached_and_no_other() -> None:
    assert sorted(reachable()) == sorted(LEAVES)


@pytest.mark.requirement("REQ-SES-START")
@pytest.mark.parametrize("state", LEAVES)
def test_the_session_begins_only_with_start_and_only_when_ready(state: str) -> None:
    begins = [trigger for trigger in TRIGGERS if after(state, trigger).startswith("session")]
    if state == "boarding_ready":
        assert begins == ["start"]
    elif not state.startswith("session"):
        assert begins == []


@pytest.mark.parametrize("state", LEAVES)
@pytest.mark.parametrize("trigger", sorted(SAFETY))
def test_the_safety_layer_is_followed_from_every_state(state: str, trigger: str) -> None:
    expected = {
        "safety_returns": "returning_inverted",
        "safety_hurries": "emergency_inverted",
        "safety_stops": "stopped_stopping",
        "safety_holds": "stopped_held",
        "safety_recovers": "recovering_inverted",
        "safety_loses_link": "unlinked",
    }
    assert after(state, trigger) == expected[trigger]


def test_a_session_that_was_left_never_goes_on() -> None:
    """Not by whatever comes after it either: a link that fails once the rider is upright is no new beginning."""
    left = {*LEFT, "finished"}
    assert left_for(left) == left


def left_for(states: set[str]) -> set[str]:
    """All that can come after these."""
    while (more := states | {after(state, trigger) for state in states for trigger in TRIGGERS}) != states:
        states = more
    return states


@pytest.mark.parametrize("state", LEFT)
def test_what_was_over_while_nobody_heard_it_is_over(state: str) -> None:
    assert after(state, "over") == "finished"


def test_every_way_upright_has_its_three_parts() -> None:
    for way in ("returning", "emergency", "recovering"):
        assert after(f"{way}_inverted", "reach_flat") == f"{way}_flat"
        assert after(f"{way}_flat", "leave_flat") == f"{way}_rising"
        assert after(f"{way}_inverted", "leave_flat") == f"{way}_rising"


@given(st.lists(st.sampled_from(TRIGGERS), max_size=30))
def test_no_sequence_of_triggers_raises(triggers: list[str]) -> None:
    states = OperatingStates()
    for trigger in triggers:
        states.fire(trigger)
        assert states.state in LEAVES


def test_the_diagram_shows_every_state() -> None:
    text = diagram()
    assert text.startswith("---")
    for leaf in LEAVES:
        assert leaf in text


class AnyTriggers(RuleBasedStateMachine):
    """Any sequence of triggers: a running session was started once, and from ready."""

    def __init__(self) -> None:
        super().__init__()
        self.states = OperatingStates()
        self.starts = 0

    @rule(trigger=st.sampled_from(TRIGGERS))
    def fire(self, trigger: str) -> None:
        before = self.states.state
        self.states.fire(trigger)
        if not before.startswith("session") and self.states.in_session:
            assert (before, trigger) == ("boarding_ready", "start")
            self.starts += 1

    @invariant()
    def session_was_started(self) -> None:
        if self.states.in_session:
            assert self.starts > 0


test_any_triggers = AnyTriggers.TestCase
