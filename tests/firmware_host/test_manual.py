"""Motion by hand: it lasts as long as the finger, ends at the limits, and begins with a press alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.control.manual import BEAT_S, LEASE_S, Lease, ManualMotion
from firmware_host.control.ticks import OperatorRequest
from safety.limits import MACHINE, narrow
from safety.signals import CommandMode
from safety.view import View
from sim import sensors
from tests.firmware_host.lockstep import START, Lockstep

pytestmark = pytest.mark.requirement("REQ-SES-MANUAL")

WATCHED = OperatorRequest(presence_age_s=0.1)
OUT = WATCHED._replace(move=1)
UP = WATCHED._replace(move=-1)
RETURN = WATCHED._replace(return_upright=True)
UPRIGHT_DEG = -75.0


# ------------------------------------------------------------------------------------------------------------ the lease


def held(lease: Lease, from_s: float, to_s: float, hold: str = "a") -> None:
    """Renew a hold as a page does, from the first beat to the last one before ``to_s``."""
    for beat in range(round((to_s - from_s) / BEAT_S) + 1):
        at_s = from_s + beat * BEAT_S
        assert lease.renew(hold, 1, at_s, at_s) == ""


def test_a_hold_counts_from_its_first_beat_until_the_lease_after_its_last_one() -> None:
    lease = Lease()
    assert lease.direction(9.0) == 0
    held(lease, 10.0, 12.0)
    assert lease.direction(10.0) == lease.direction(12.0 + LEASE_S) == 1
    assert lease.direction(12.0 + LEASE_S + 1e-6) == 0


def test_a_pause_ends_a_hold_for_good() -> None:
    lease = Lease()
    held(lease, 10.0, 10.5)
    thawed_s = 10.5 + LEASE_S + 0.01
    assert "over" in lease.renew("a", 1, thawed_s, thawed_s)
    assert lease.direction(thawed_s) == 0
    assert "over" in lease.renew("a", 1, thawed_s + BEAT_S, thawed_s + BEAT_S)
    assert lease.renew("b", 1, thawed_s + BEAT_S, thawed_s + BEAT_S) == ""
    assert lease.direction(thawed_s + BEAT_S) == 1


def test_a_release_ends_a_hold_at_once_even_before_its_messages_come() -> None:
    lease = Lease()
    held(lease, 10.0, 10.5)
    lease.release("a")
    assert lease.direction(10.5) == 0
    assert lease.renew("a", 1, 10.55, 10.55) != ""
    lease.release("b")
    assert lease.renew("b", 1, 10.6, 10.6) != ""
    assert lease.direction(10.6) == 0


def test_what_a_network_kept_back_does_nothing_however_fresh_the_rest_of_it_is() -> None:
    lease = Lease()
    assert "too late" in lease.renew("a", 1, 10.0, 10.0 + LEASE_S + 0.01)
    assert lease.renew("a", 1, 10.2, 10.21) != "", "the same hold, although this message is young"
    assert lease.renew("b", 1, 11.5, 11.0) != "", "a clock that is wrong"
    assert lease.direction(11.0) == 0


def test_what_was_on_its_way_for_long_counts_for_so_much_less() -> None:
    lease = Lease()
    assert lease.renew("a", 1, 10.0, 10.15) == ""
    assert (lease.direction(10.2), lease.direction(10.21)) == (1, 0)


def test_another_hold_or_another_direction_ends_the_one_before_it() -> None:
    lease = Lease()
    assert lease.renew("a", 1, 10.0, 10.0) == ""
    assert lease.renew("b", -1, 10.01, 10.01) == ""
    assert lease.direction(10.01) == -1
    assert lease.renew("a", 1, 10.02, 10.02) != ""
    assert lease.renew("b", 1, 10.03, 10.03) != ""
    assert lease.direction(10.03) == 0
    assert lease.renew("c", 1, 10.04, 10.04) == ""
    lease.end()
    lease.end()
    assert lease.renew("c", 1, 10.05, 10.05) != ""


STEP = st.tuples(st.sampled_from("ab"), st.sampled_from([1, -1]), st.floats(0.0, 0.5), st.floats(0.0, 0.5))


@given(st.lists(STEP, max_size=30))
def test_whatever_comes_nothing_is_held_longer_than_the_lease_after_the_last_message(
    steps: list[tuple[str, int, float, float]],
) -> None:
    lease, now_s = Lease(), 100.0
    for hold, direction, pause_s, age_s in steps:
        now_s += pause_s
        lease.renew(hold, direction, now_s - age_s, now_s)
        assert lease.direction(now_s + LEASE_S + 1e-6) == 0


# ----------------------------------------------------------------------------------------------------------- the motion


def ready() -> Lockstep:
    table = Lockstep()
    table.until(lambda: table.state == "boarding_ready", 5.0)
    return table


def hold(table: Lockstep, pressed: OperatorRequest, seconds: float) -> None:
    for _ in range(round(seconds * 100)):
        table.tick(pressed)


def let_go(table: Lockstep, seconds: float = 1.0) -> None:
    hold(table, WATCHED, seconds)


@pytest.mark.requirement("REQ-MON-PRESENCE")
def test_the_table_moves_at_creep_speed_while_it_is_held_and_then_stands_on_its_brake() -> None:
    table = ready()
    hold(table, OUT, 4.0)
    assert table.state == "manual_moving"
    assert table.board.table.truth().rate_dps == pytest.approx(1.5, abs=0.1)
    output = table.tick(WATCHED)
    assert output.command is not None
    assert (output.state, output.command.mode) == ("manual_holding", CommandMode.HOLD)
    let_go(table)
    stood_deg = table.angle_deg
    assert stood_deg > UPRIGHT_DEG + 4.0
    let_go(table, 20.0)
    assert table.angle_deg == pytest.approx(stood_deg, abs=0.1)
    assert table.board.table.truth().brake_closed
    assert table.texts("trip") == []
    assert (table.controller.started, table.controller.moved) == (False, True)


def test_a_new_press_moves_on_and_moving_back_to_upright_lets_a_session_begin() -> None:
    table = ready()
    hold(table, OUT, 4.0)
    let_go(table)
    hold(table, UP, 1.0)
    assert table.board.table.truth().rate_dps < -0.5
    hold(table, UP, 8.0)
    assert table.angle_deg == pytest.approx(UPRIGHT_DEG, abs=0.5), "it ends at upright by itself"
    let_go(table)
    assert table.state == "boarding_ready"
    table.tick(START._replace(presence_age_s=0.1))
    hold(table, WATCHED, 5.0)
    assert table.state == "session_moving"
    assert table.texts("trip") == []


def test_the_other_button_stops_first_and_then_turns() -> None:
    table = ready()
    hold(table, OUT, 4.0)
    first = table.tick(UP).command
    assert first is not None
    assert first.mode is CommandMode.HOLD
    highest_deg = table.angle_deg
    hold(table, UP, 2.0)
    assert table.angle_deg < highest_deg - 0.5
    assert table.texts("trip") == []


def test_return_upright_brings_up_whoever_was_moved_by_hand() -> None:
    table = ready()
    hold(table, OUT, 6.0)
    let_go(table)
    table.tick(RETURN)
    assert table.state.startswith("returning")
    for _ in range(3000):
        table.tick(WATCHED)
    assert table.state == "finished"
    assert table.angle_deg < UPRIGHT_DEG + 2.0
    assert table.controller.outcome == ("returned", "operator")


def test_it_ends_before_the_limit_and_the_time_inverted_counts() -> None:
    table = ready()
    limit_deg = table.controller.safety.view.limits.inverted_limit_deg
    hold(table, OUT, (limit_deg - UPRIGHT_DEG) / 1.5 + 10.0)
    assert table.state == "manual_moving"
    assert limit_deg - 1.0 < table.angle_deg < limit_deg
    assert table.controller.safety.view.inverted_s > 20.0
    assert table.texts("trip") == []
    for _ in range(3):
        hold(table, OUT, table.controller.safety.view.limits.time_inverted_s / 3.0 - 5.0)
        hold(table, UP, 5.0)  # without movement the rider would have been brought up before
    hold(table, OUT, 10.0)
    assert table.texts("trip")[0].startswith("RETURN by time-inverted")
    hold(table, OUT, 120.0)
    assert table.state == "finished"
    assert table.angle_deg < UPRIGHT_DEG + 2.0


@pytest.mark.parametrize("pressed", [OUT, WATCHED])
def test_nobody_hangs_longer_without_movement_than_in_a_program(pressed: OperatorRequest) -> None:
    table = ready()
    limits = table.controller.safety.view.limits
    hold(table, OUT, (10.0 - UPRIGHT_DEG) / 1.5)
    let_go(table, 2.0)
    stood_s = table.now_s
    if pressed is OUT:
        hold(table, OUT, 3.0)  # moved on by more than 2 deg: it counts anew
        let_go(table, 1.0)
        stood_s = table.now_s
    for _ in range(round(limits.static_hold_s * 100) + 500):
        table.tick(WATCHED)
        if table.state == "returning_inverted":
            break
    assert table.now_s - stood_s == pytest.approx(limits.static_hold_s, abs=3.0)
    assert table.texts("warning") == [
        "held still for 120 s, the longest without movement: the rider is brought upright"
    ]
    assert table.texts("trip") == []


def test_a_steep_hang_is_shorter() -> None:
    limits = narrow(MACHINE, {"steep_deg": 30.0, "steep_hold_s": 5.0}, "table")
    view = View(limits, limits, "hold-to-run", dt_s=1.0)
    motion = ManualMotion(limits)
    told = []
    for angle_deg in [29.0] * 10 + [31.5] * 7:
        view.angles.best_deg = angle_deg
        told.append(motion.hung_too_long(view))
    assert told == [""] * 16 + ["held still for 5 s beyond 30 deg"]


@pytest.mark.requirement("REQ-MON-PRESENCE")
def test_nobody_is_left_hanging_where_a_hand_moved_them() -> None:
    table = ready()
    hold(table, OUT, 6.0)
    let_go(table)
    gone = 0
    while table.state == "manual_holding":
        gone += 1
        table.tick(OperatorRequest(presence_age_s=gone * 0.01))
    assert table.texts("trip")[0].startswith("RETURN by presence")
    assert gone < 250


def test_without_a_panel_that_watches_nothing_moves_by_hand() -> None:
    table = ready()
    hold(table, OperatorRequest(move=1), 2.0)
    assert table.angle_deg == pytest.approx(UPRIGHT_DEG, abs=0.1)
    assert any("no panel watches" in text for text in table.texts("warning"))


@pytest.mark.parametrize(
    ("fault", "value"),
    [(sensors.ANKLE_LATCH_LOCKED, 0.0), (sensors.ESTOP_PRESSED, 1.0)],
)
def test_a_button_that_was_held_before_the_table_was_ready_moves_nothing(fault: int, value: float) -> None:
    table = ready()
    good = float(table.board.table.faults[fault])
    table.board.table.faults[fault] = value
    table.run(1.0)
    hold(table, OUT, 1.0)
    table.board.table.faults[fault] = good
    table.tick(OUT._replace(acknowledge=True))
    hold(table, OUT, 3.0)
    assert table.angle_deg == pytest.approx(UPRIGHT_DEG, abs=0.2)


def test_an_opened_latch_hurries_the_rider_up_and_the_finger_that_stays_down_moves_nothing_after_it() -> None:
    table = ready()
    hold(table, OUT, 6.0)
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 0.0
    hold(table, OUT, 0.2)
    assert table.state.startswith("emergency")
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 1.0
    hold(table, OUT, 30.0)
    table.tick(OUT._replace(acknowledge=True))
    hold(table, OUT, 5.0)
    assert table.angle_deg < UPRIGHT_DEG + 2.0
    assert table.state == "finished"


def test_what_forbids_inversion_at_upright_ends_a_hold() -> None:
    table = ready()
    hold(table, OUT, 0.2)
    assert table.state == "manual_moving"
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 0.0
    hold(table, OUT, 0.3)
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 1.0
    hold(table, OUT, 3.0)
    assert table.angle_deg < UPRIGHT_DEG + 0.5
    assert table.state == "boarding_ready"


def test_stop_stops_a_motion_by_hand_and_the_finger_on_the_button_does_not_go_on_with_it() -> None:
    table = ready()
    hold(table, OUT, 6.0)
    table.tick(OUT._replace(stop=True))
    hold(table, OUT, 5.0)
    assert table.state == "stopped_held"
    assert table.board.table.truth().rate_dps == 0.0


@pytest.mark.parametrize("state", ["session", "offline"])
def test_during_a_session_and_without_a_board_nothing_moves_by_hand(state: str) -> None:
    table = Lockstep()
    if state == "session":
        table.start()
        table.run(1.0)
    before = table.controller.moved
    table.tick(OUT)
    assert table.state.startswith(state)
    assert (before, table.controller.moved) == (False, False)


def test_a_lost_link_ends_a_motion_by_hand() -> None:
    table = ready()
    hold(table, OUT, 6.0)
    table.cut = True
    hold(table, OUT, 1.0)
    assert table.state == "unlinked"
    table.cut = False
    hold(table, OUT, 60.0)
    assert table.state == "finished"
    assert table.angle_deg < UPRIGHT_DEG + 2.0
