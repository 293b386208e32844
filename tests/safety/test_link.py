"""Silence, strangers and stalls: the board acts meanwhile, and the layer takes over without a jump."""

import pytest

from safety.layer import PERIOD_S
from safety.monitors.link import BoardConfigured
from safety.signals import MotionRequest, Response, Status
from tests.safety.kinematic_table import SESSION, KinematicTable, at, let_go
from tests.safety.views import CONFIG, view_of

BOARD_RETURNS = Status.WATCHDOG_EXPIRED | Status.DEAD_HOST_RETURN


def comes_up(table: KinematicTable, at_most_s: float = 70.0) -> None:
    table.until(lambda: table.phase == "BOARDED" and table.angle_deg < -72.0, at_most_s)


@pytest.mark.requirement("REQ-MON-LINK")
@pytest.mark.parametrize(("ticks", "tripped"), [(9, False), (12, True)])
def test_the_newest_frame_may_be_100_ms_old(ticks: int, tripped: bool) -> None:
    table = at(-60.0)
    table.silent = True
    for _ in range(ticks):
        table.tick(MotionRequest(0.0))
    assert ("link" in table.causes()) == tripped
    assert (table.verdict.command is None) == tripped


@pytest.mark.requirement("REQ-REC-LINK")
@pytest.mark.parametrize(
    ("silence_s", "returned_deg"), [(0.2, 0.0), (0.2, 1.0), (3.0, 20.0), (40.0, 0.0), (40.0, 60.0)]
)
def test_the_layer_goes_on_from_where_the_board_took_the_table(silence_s: float, returned_deg: float) -> None:
    table = at(0.0)
    table.silent = True
    table.run(silence_s)
    table.angle_deg -= returned_deg
    table.rate_dps = -2.0 if returned_deg else 0.0
    table.silent, table.status = False, BOARD_RETURNS
    assert table.tick().command is None, "a link that comes and goes is not taken over"
    table.until(lambda: table.verdict.command is not None, 0.6)
    first = table.verdict.command
    assert first is not None
    assert first.rate_dps is None or abs(first.rate_dps - table.rate_dps) < 0.5
    table.run(0.03)
    table.status = 0
    comes_up(table)
    assert table.causes() == ["link"]


@pytest.mark.requirement("REQ-REC-LINK")
def test_a_board_that_went_all_the_way_up_by_itself_is_boarded() -> None:
    table = at(-50.0)
    table.silent = True
    table.run(0.5)
    table.angle_deg, table.rate_dps, table.silent, table.status = -75.0, 0.0, False, BOARD_RETURNS
    table.run(0.05)
    table.status = 0
    comes_up(table, 1.0)


@pytest.mark.requirement("REQ-REC-PERSON")
def test_a_stop_that_a_person_ordered_is_not_undone_by_silence() -> None:
    table = at(-50.0)
    table.tick(MotionRequest(ask=Response.STOP))
    table.run(0.5)
    table.silent = True
    table.run(1.0)
    table.silent = False
    table.run(5.0)
    assert table.phase == "HELD"
    table.tick(MotionRequest(recover=True))
    comes_up(table)


@pytest.mark.requirement("REQ-MON-SESSION")
@pytest.mark.parametrize("session", [0, SESSION + 1])
def test_nothing_is_sent_to_a_stranger_and_the_return_begins_with_the_new_handshake(session: int) -> None:
    table = at(-50.0)
    table.session_id = session
    table.run(1.0)
    assert table.causes() == ["session"]
    assert table.verdict.command is None
    table.session_id = 0x4711
    assert table.config is not None
    table.config = table.config._replace(session_id=0x4711, boot_count=2)
    comes_up(table)


@pytest.mark.requirement("REQ-MON-SESSION")
def test_at_upright_a_stranger_only_inhibits() -> None:
    table = KinematicTable()
    table.session_id = 0
    table.run(0.5, MotionRequest(3.0))
    assert table.causes() == []
    assert table.verdict.inhibited == ("session",)


@pytest.mark.requirement("REQ-MON-TICK")
@pytest.mark.parametrize("stall_s", [0.2, 0.5, 2.0, 10.0])
@pytest.mark.parametrize("rate_dps", [0.0, 3.0])
def test_a_stalled_host_returns_the_rider_and_trips_nothing_else(stall_s: float, rate_dps: float) -> None:
    table = at(-50.0)
    table.run(2.0, MotionRequest(rate_dps))
    table.rate_dps = 0.0 if stall_s > 0.5 else table.rate_dps
    table.tick(period_s=stall_s)
    comes_up(table)
    assert set(table.causes()) <= {"tick", "link"}


@pytest.mark.requirement("REQ-MON-LINK", "REQ-WIRE-CAUSE")
def test_a_dead_line_to_the_board_is_told_from_a_stalled_host() -> None:
    table = at(-50.0)
    table.status = Status.WATCHDOG_EXPIRED
    table.tick(period_s=0.4)  # the host stalled: the board is right to say so
    assert table.causes()[0] == "tick"
    assert all("host-to-board" not in trip.detail for trip in table.trips)
    dead = at(-50.0)
    dead.status = Status.WATCHDOG_EXPIRED
    dead.tick()
    assert dead.causes() == ["link"]
    assert "host-to-board line" in dead.trips[0].detail


@pytest.mark.requirement("REQ-MON-LINK")
def test_a_silence_that_ended_before_the_late_tick_is_answered_too() -> None:
    """A stall too short for a warning: commands are held back for a while after it, so the board returns by itself."""
    table = at(20.0)
    table.tick(MotionRequest(2.0), period_s=0.12)
    assert [trip.monitor for trip in table.trips] == ["link"]
    trip = table.trips[0]
    assert trip.detail == "no telemetry for 120 ms, limit 100 ms; it came back 0.00 s ago"
    assert trip.t_s - trip.since_s == pytest.approx(0.12)
    comes_up(table)


@pytest.mark.requirement("REQ-MON-LINK")
def test_nobody_is_inverted_while_the_board_hears_no_commands() -> None:
    table = KinematicTable()
    table.status, table.move = Status.WATCHDOG_EXPIRED, lambda _: 0.0
    table.run(2.0, MotionRequest(3.0))
    assert (table.causes(), table.verdict.inhibited) == ([], ("link",))
    table.status, table.move = 0, lambda rate_dps: rate_dps
    table.run(2.0, MotionRequest(3.0))
    assert (table.causes(), table.verdict.inhibited) == ([], ())
    assert table.angle_deg > -72.0


@pytest.mark.requirement("REQ-MON-LINK")
@pytest.mark.parametrize("every_s", [1.0, 2.5, 4.0])
def test_a_line_to_the_board_that_comes_and_goes_keeps_nobody_at_horizontal(every_s: float) -> None:
    table = at(40.0)
    let_go(table)
    took_s = 0.0
    while table.angle_deg > -72.0:
        table.status = BOARD_RETURNS if took_s % every_s > every_s - 0.05 else 0
        took_s += PERIOD_S
        table.tick()
        assert took_s < 65.0, f"{table.phase} at {table.angle_deg}"
    assert "link" in table.causes()


@pytest.mark.requirement("REQ-MON-BOARD-CONFIG")
def test_a_board_that_has_not_told_its_limits_differs_in_none() -> None:
    monitor = BoardConfigured()
    assert monitor.check(view_of({"config": CONFIG._replace(upright_deg=-60.0)})) is Response.INHIBIT
    unknown = view_of({"config": None})
    assert (monitor.check(unknown), monitor.detail(unknown)) == (Response.NONE, "")
