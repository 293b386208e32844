"""A press counts once, however long it lasts: a button that is stuck before the start starts nothing."""

import pytest

from firmware_host.control.presses import LET_GO_S, FreshPress
from firmware_host.control.ticks import OperatorRequest
from safety.signals import Input
from sim import sensors
from tests.firmware_host.lockstep import START, Lockstep

pytestmark = pytest.mark.requirement("REQ-MON-CONTROLS")


def test_a_press_counts_when_the_button_was_let_go_before_it() -> None:
    button = FreshPress()
    presses_s = (5.0, 5.01, 5.2, 5.21 + LET_GO_S, 5.22 + LET_GO_S)
    assert [button.counts(at_s) for at_s in presses_s] == [True, False, False, True, False]


def test_a_start_that_is_held_until_all_is_clear_does_not_start() -> None:
    table = Lockstep()
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 0.0
    for tick in range(600):
        if tick == 300:
            table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 1.0
        table.tick(START)
    assert table.state == "boarding_ready"
    assert not table.controller.started
    table.run(LET_GO_S)
    table.tick(START)
    assert table.state.startswith("session")


def test_a_hand_switch_that_was_welded_before_is_found_at_boarding() -> None:
    table = Lockstep()
    table.board.table.faults[sensors.FORCED_CLOSED] = Input.HAND_SWITCH_NO
    table.run(3.0)
    table.tick(START)
    table.run(3.0)
    assert not table.controller.started
    assert any(text.startswith("controls: ") for text in table.texts("inhibit"))


def test_a_panel_that_repeats_everything_it_knows_starts_nothing() -> None:
    table = Lockstep()
    for tick in range(1000):
        table.tick(OperatorRequest(start=tick % 7 == 0, acknowledge=True, pause_audio=True, presence_age_s=0.1))
    assert not table.controller.started


def test_what_is_repeated_is_told_once() -> None:
    table = Lockstep()
    for _ in range(300):
        table.tick(START)
    assert table.texts("operator") == ["start"]
    assert table.texts("warning") == ["start refused in state offline: press again once it is ready"]
