"""From every situation that can be reached, and after everything that can happen in it, what must be true is true.

Enumerated breadth first until nothing new is found: all operating states, and all phases of the safety layer, with
every press of the operator, every finger that goes down or up on a button of motion by hand, and every change of chain,
hand switch, link, ankle latch and the motor's angle in each of them.
"""

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import pytest

from firmware_host.control.operating_states import LEAVES
from firmware_host.control.ticks import TickOutput
from safety.signals import Response
from safety.supervisor import Phase
from tests.exploration.world import (
    CONFIG,
    EVENTS,
    HOLDS,
    LIMITS,
    PERIOD_S,
    PRESSES,
    SWITCHES,
    UPRIGHT_DEG,
    Seen,
    World,
)

LEAST_SITUATIONS: Final = 3000
"""An exploration that finds fewer has lost its reach."""
STANDING: Final = ("boarding_waiting", "boarding_ready", "finished", "stopped_held", "manual_holding")
BY_HAND: Final = ("boarding_ready", "manual_moving", "manual_holding")
DRIVEN: Final = ("session", "manual_moving")
"""States in which a motion toward inversion may begin."""
UNDER_WAY: Final = ("session", "manual")


class Edge(NamedTuple):
    """One thing that happened in one situation."""

    before: Seen
    rate_dps: float
    """Commanded before it happened."""
    event: str
    outputs: tuple[TickOutput, ...]
    turned_dps: tuple[float, ...]
    """How fast the table turned before each of them."""
    after: Seen


@dataclass(frozen=True)
class Graph:
    """Everything that was found."""

    worlds: dict[Seen, World]
    edges: list[Edge]

    @cached_property
    def next(self) -> dict[tuple[Seen, str], Seen]:
        """Where each event leads."""
        return {(edge.before, edge.event): edge.after for edge in self.edges}


def begun(*, tried: bool = True, **options: bool) -> World:
    """A world in which the link is up and everything is ready."""
    world = World(**options)
    world.good["hand"] = not tried  # the rider lets go of the switch once
    for _ in range(5):
        world.tick()
    world.good["hand"] = True
    for _ in range(80):
        world.tick()
    return world


@pytest.fixture(scope="module")
def graph() -> Graph:
    first = begun()
    worlds, edges, todo = {first.seen(): first}, [], deque([first.seen()])
    while todo:
        before = todo.popleft()
        for event in filter(before.may_have, EVENTS):
            world = worlds[before].copied()
            rate_dps = commanded_dps(world.output)
            outputs = world.do(event)
            after = world.seen()
            edges.append(Edge(before, rate_dps, event, tuple(outputs), tuple(world.turned_dps), after))
            if after not in worlds:
                worlds[after] = world
                todo.append(after)
    print(f"{len(worlds)} situations, {len(edges)} edges")
    return Graph(worlds, edges)


def commanded_dps(output: TickOutput | None) -> float:
    return 0.0 if output is None or output.command is None else output.command.rate_dps or 0.0


def inverts(output: TickOutput) -> bool:
    """The command turns toward inversion."""
    return commanded_dps(output) > 0.0


def faster(edge: Edge) -> list[TickOutput]:
    """Commands that turn toward inversion faster than the one before and than the table turned: no slowing down."""
    found, before_dps = [], edge.rate_dps
    for output, turned_dps in zip(edge.outputs, edge.turned_dps, strict=True):
        now_dps = commanded_dps(output)
        if now_dps > max(before_dps, turned_dps, 0.0):
            found.append(output)
        before_dps = now_dps
    return found


def speeds_up(edge: Edge) -> bool:
    """It does so with neither program nor hand."""
    return not all(output.state.startswith(DRIVEN) for output in faster(edge))


def test_the_exploration_reaches_every_state_and_phase(graph: Graph) -> None:
    assert len(graph.worlds) >= LEAST_SITUATIONS
    assert len(graph.edges) == sum(sum(map(seen.may_have, EVENTS)) for seen in graph.worlds)
    assert {seen.state for seen in graph.worlds} >= set(LEAVES)
    assert {seen.phase for seen in graph.worlds} >= {phase.name for phase in Phase}


def test_everything_happens_during_a_stop_while_the_table_still_turns(graph: Graph) -> None:
    turning = {seen for seen, world in graph.worlds.items() if seen.phase == "STOPPING" and world.rate_dps}
    assert {edge.event for edge in graph.edges if edge.before in turning} == set(EVENTS)
    from_state = [edge.event for edge in graph.edges if edge.before in turning and "stopping" in edge.before.state]
    assert set(from_state) == set(EVENTS)


def followed(graph: Graph, seen: Seen, *events: str) -> Seen:
    """Where these events lead from there, and then time alone, until nothing changes any more."""
    for event in events:
        seen = graph.next[seen, event]
    passed = [seen]
    while (seen := graph.next[seen, "wait"]) not in passed:
        passed.append(seen)
    assert seen == passed[-1], f"goes round in circles: {passed}"
    return seen


def test_from_everywhere_the_rider_ends_upright_or_held_with_an_alarm(graph: Graph) -> None:
    """Whatever happened before: with nothing more pressed, and things as they are, it ends well."""
    for seen in graph.worlds:
        end = followed(graph, seen, "let go") if seen.move else followed(graph, seen)
        # Where somebody moved the table by hand, and watches over it, it stands; the next test lets them go.
        assert end.region == "upright" or end.held_with_alarm or end.state == "manual_holding", (seen, end)


@pytest.mark.requirement("REQ-MON-PRESENCE")
def test_whoever_was_moved_by_hand_and_left_alone_comes_upright_by_itself(graph: Graph) -> None:
    left = [world.copied() for seen, world in graph.worlds.items() if seen.state == "manual_holding"]
    assert left
    for world in left:
        world.move = 0
        for _ in range(8000):
            world.presence_age_s = (world.presence_age_s or 0.0) + PERIOD_S
            world.tick()
            end = world.seen()
            if end.held_with_alarm or (end.region == "upright" and end.state == "finished"):
                break
        else:
            raise AssertionError(world.seen())


def test_once_all_is_well_a_request_brings_everybody_upright(graph: Graph) -> None:
    """A stop is no trap: chain closed, switch held, link up, latch locked, both angles, and one deliberate request."""
    for seen in graph.worlds:
        mended = [name for name, good in zip(SWITCHES, seen.good, strict=True) if not good]
        assert followed(graph, seen, *mended, "press return").region == "upright", seen


def test_nothing_inverts_but_a_session_that_was_started_and_a_hand_that_holds(graph: Graph) -> None:
    """What was under way toward inversion when either ended only slows down."""
    assert any(inverts(output) for edge in graph.edges for output in edge.outputs)
    assert [edge for edge in graph.edges if speeds_up(edge)] == []


def test_with_anything_wrong_nothing_begins_to_invert(graph: Graph) -> None:
    """Chain, hand switch, link, latch, or an angle that is not measured or not believed: whatever is done about it."""
    wrong = [edge for edge in graph.edges if not all(edge.before.good) or edge.before.lost_angles]
    assert {edge.event for edge in wrong} == set(EVENTS)
    assert [edge for edge in wrong if edge.rate_dps <= 0.0 and faster(edge)] == []


@pytest.mark.parametrize(("event", "least"), [("latch", "EMERGENCY_RETURN"), ("angle", "RETURN")])
def test_a_latch_that_opens_or_an_angle_lost_under_way_brings_the_rider_back(
    graph: Graph, event: str, least: str
) -> None:
    place = SWITCHES.index(event)
    under_way = [edge for edge in graph.edges if edge.event == event and edge.before.state.startswith(UNDER_WAY)]
    away = [edge for edge in under_way if edge.before.good[place] and edge.before.region != "upright"]
    assert {edge.before.state for edge in away} >= {"session_moving", "session_holding", "manual_moving"}
    for edge in away:
        assert Response[edge.after.response] >= Response[least], edge


def test_only_start_leads_into_a_session_and_only_from_ready(graph: Graph) -> None:
    out = [edge for edge in graph.edges if not edge.before.state.startswith("session")]
    into = [edge for edge in out if edge.after.state.startswith("session")]
    assert into
    for edge in into:
        assert (edge.before.state, edge.event) == ("boarding_ready", "press start"), edge
        assert all(edge.before.good), edge


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_only_a_finger_that_goes_down_begins_a_motion_by_hand_and_only_from_ready_or_from_one(graph: Graph) -> None:
    into = [edge for edge in graph.edges if edge.after.state == "manual_moving" != edge.before.state]
    assert into
    for edge in into:
        assert edge.before.state in BY_HAND, edge
        assert (edge.event, edge.before.move, edge.after.move) == ("hold out", 0, 1), edge
        assert all(edge.before.good), edge


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_by_hand_nothing_moves_without_a_finger(graph: Graph) -> None:
    held = [edge for edge in graph.edges if edge.before.move == edge.after.move == 0 and edge.event != "tap up"]
    assert held
    for edge in held:
        assert not any(output.state == "manual_moving" for output in edge.outputs), edge
    tapped = [edge for edge in graph.edges if edge.event == "tap up" and edge.before.state in BY_HAND]
    assert any(commanded_dps(output) < 0.0 for edge in tapped for output in edge.outputs if "manual" in output.state)
    for edge in tapped:
        assert not faster(edge), edge


def test_an_acknowledgement_moves_nothing(graph: Graph) -> None:
    """What it may do is to clear what is latched, at upright: what moves then would have moved without it."""
    stood = [edge for edge in graph.edges if edge.event == "acknowledge" and edge.before.state in STANDING]
    assert [edge for edge in stood if not any(map(commanded_dps, edge.outputs))]
    for edge in stood:
        if any(map(commanded_dps, edge.outputs)):  # a pause that ended just then
            world = graph.worlds[edge.before].copied()
            assert [commanded_dps(world.tick()) for _ in edge.outputs] == [*map(commanded_dps, edge.outputs)], edge


@pytest.mark.parametrize("event", ["chain", "link"])
def test_without_chain_or_link_nothing_is_driven(graph: Graph, event: str) -> None:
    place = SWITCHES.index(event)
    for edge in graph.edges:
        if edge.event == event and edge.before.good[place]:
            assert edge.outputs[-1].command is None or edge.outputs[-1].command.rate_dps is None, edge


def without(name: str) -> World:
    """Everything as it should be before the start, but for one thing."""
    world = begun(screened=name != "screening", tried=name != "trial")
    world.presence_age_s = LIMITS.presence_s + PERIOD_S if name == "presence" else 0.0
    if name in SWITCHES:
        world.good[name] = False
    if name == "board":
        world.config = CONFIG._replace(watchdog_s=1.0)
    for _ in range(30):
        world.tick()
    return world


@pytest.mark.parametrize("missing", [*SWITCHES, "trial", "screening", "board", "presence", "start"])
def test_with_one_condition_missing_nothing_that_is_pressed_starts_a_motion(missing: str) -> None:
    """Every press and every finger, alone and after every other one."""
    presses = [one for one in (*PRESSES, *HOLDS) if missing != "start" or one not in ("press start", "hold out")]
    for first in presses:
        for second in presses:
            world = without(missing).copied()
            outputs = [*world.do(first), *world.do(second), *(world.tick() for _ in range(200))]
            assert not any(map(inverts, outputs)), (missing, first, second)
            assert world.angle_deg < UPRIGHT_DEG + 0.1


@pytest.mark.parametrize("press", ["press start", "hold out"])
def test_with_nothing_missing_start_does_start_and_so_does_a_hand(press: str) -> None:
    world = without("nothing")
    outputs = [*world.do(press), *(world.tick() for _ in range(200))]
    assert any(map(inverts, outputs)), "or the tests above show nothing"
