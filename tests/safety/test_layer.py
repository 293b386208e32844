"""The one gate: pure, repeatable, and not to be talked into anything."""

import ast
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from safety.layer import SafetyState, Verdict, step
from safety.signals import CommandMode, Input, MotionRequest, Response, Telemetry
from tests.safety.kinematic_table import TABLE, KinematicTable

ALLOWED = {"abc", "collections", "dataclasses", "datetime", "enum", "math", "pydantic", "safety", "typing"}
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "__import__", "globals"}


def sources(repository: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((repository / "safety").rglob("*.py")):
        yield str(path.relative_to(repository)), ast.parse(path.read_text())


@pytest.mark.requirement("REQ-ENV-GATE")
def test_the_layer_knows_no_clock_no_file_and_no_chance(repository: Path) -> None:
    for name, tree in sources(repository):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= ALLOWED, name
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] in ALLOWED, name
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in IMPURE_CALLS, name
            assert not isinstance(node, ast.Global | ast.Nonlocal), name


@pytest.mark.requirement("REQ-ENV-GATE")
def test_a_command_is_made_in_the_layer_alone(repository: Path) -> None:
    makers = {
        name
        for name, tree in sources(repository)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SafeCommand"
    }
    assert makers == {"safety/layer.py"}


def session(seed: int) -> list[Verdict]:
    draw, verdicts = random.Random(seed), []
    table = KinematicTable()
    for _ in range(600):
        table.silent = draw.random() < 0.1
        table.inputs ^= Input.HAND_SWITCH_NO if draw.random() < 0.002 else 0
        verdicts.append(table.tick(MotionRequest(draw.uniform(-4.0, 4.0)), draw.choice([0.01, 0.01, 0.03])))
    return verdicts


@pytest.mark.requirement("REQ-ENV-GATE")
def test_the_same_inputs_give_the_same_verdicts() -> None:
    assert session(7) == session(7)
    assert session(7) != session(8)


CLOCKS = [-1e9, -0.01, 0.0, 1e9, 1e300, math.nan, math.inf, -math.inf]


@pytest.mark.requirement("REQ-MON-CLOCK", "REQ-ENV-NUMBER")
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("jump_s", CLOCKS)
def test_whatever_the_clock_says_each_rate_is_a_number_within_its_limit(jump_s: float, inverted: bool) -> None:
    table = KinematicTable()
    if inverted:
        table.invert_to(-60.0)
        table.tick(MotionRequest(ask=Response.EMERGENCY_RETURN))
    true_now_s = table.now_s
    table.now_s = jump_s
    for _ in range(3):
        before = table.state.view.command_dps
        command = table.tick(MotionRequest(3.0)).command
        if command is not None and command.rate_dps is not None:
            assert abs(command.rate_dps - before) <= 8.0 * 0.05 + 1e-9
    table.now_s = true_now_s + 1.0
    table.until(lambda: table.phase in ("BOARDED", "FREE") and table.angle_deg < -72.0, 60.0)


@pytest.mark.requirement("REQ-MON-REQUEST")
@pytest.mark.parametrize("rate_dps", [math.nan, math.inf, -math.inf, 1e3, -1e3])
def test_a_request_that_is_no_rate_trips_and_moves_nothing(rate_dps: float) -> None:
    table = KinematicTable()
    verdict = table.tick(MotionRequest(rate_dps))
    assert [(trip.monitor, trip.response) for trip in verdict.new_trips] == [("request", Response.STOP)]
    assert verdict.command is not None
    assert verdict.command.mode is CommandMode.HOLD


@pytest.mark.requirement("REQ-ENV-NUMBER")
@pytest.mark.parametrize("rate_dps", [999.0, -999.0, 5e-324, -0.0])
def test_any_other_number_is_only_limited(rate_dps: float) -> None:
    verdict = KinematicTable().tick(MotionRequest(rate_dps))
    assert verdict.new_trips == ()
    assert verdict.command is not None
    assert verdict.command.rate_dps is not None
    assert abs(verdict.command.rate_dps) <= 0.02 + 1e-12


@pytest.mark.requirement("REQ-RSP-INHIBIT")
def test_inhibit_forbids_inversion_and_leaves_the_way_up() -> None:
    table = KinematicTable()
    table.invert_to(-60.0, 3.0)
    assert table.config is not None
    table.config = table.config._replace(watchdog_s=1.0)
    table.run(1.0, MotionRequest(3.0))
    assert table.verdict.inhibited == ("board-config",)
    assert table.rate_dps <= 0.0
    table.run(2.0, MotionRequest(-2.0))
    assert table.rate_dps == pytest.approx(-2.0)


@pytest.mark.requirement("REQ-WIRE-SILENCE")
def test_before_the_first_frame_nothing_is_sent() -> None:
    state = SafetyState(TABLE, TABLE, "hold-to-run")
    frame: Telemetry | None = None
    assert step(state, 1.0, frame, None, 0.0, MotionRequest(3.0)).command is None
