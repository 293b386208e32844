"""What faults excuse: nothing that they did not meet, and nothing after they are over."""

import math
from typing import Any, Final

import numpy as np
import pytest

from drivers.capabilities import Capabilities
from safety.signals import Recovery, Response, Trip
from sim.asked import Asked, Drive, Harm, Tripped
from sim.faults import parse
from sim.harm import harm_of
from sim.layout import TRACE_COLUMNS
from sim.lockstep import CLOCK_START_S, LockstepResult
from sim.oracle import judge

ROW_S: Final = 0.01
BOARD: Final = Capabilities("table board", motor_angle=True, brake=True, self_locking=True, current=True)._replace(
    checks_encoder=True, knows_old_orders=True, cuts_torque=True, returns_by_itself=True
)
SHOP: Final = BOARD._replace(checks_encoder=False, knows_old_orders=False, returns_by_itself=False)
TO_60: Final = ((0.0, -75.0), (20.0, -15.0), (50.0, 60.0))
Trips = list[tuple[str, str, float]]


def trace(*points: tuple[float, float], pushes_s: tuple[float, float] = (0.0, 0.0)) -> Any:
    """Straight lines between (seconds, deg); on the brake where it stands, with a load for a while."""
    t_s = np.arange(0.0, points[-1][0], ROW_S)
    angle_deg = np.interp(t_s, [point[0] for point in points], [point[1] for point in points])
    rate_dps = np.gradient(angle_deg, t_s)
    rows = np.zeros((len(t_s), len(TRACE_COLUMNS)))
    for name, values in {
        "t_s": t_s,
        "angle_deg": angle_deg,
        "rate_dps": rate_dps,
        "brake_closed": np.abs(rate_dps) < 0.05,
        "contact_nm": np.where((t_s > pushes_s[0]) & (t_s < pushes_s[1]), 5.0, 0.0),
        "rider_agrees": 1.0,
        "ankle_latch_locked": 1.0,
    }.items():
        rows[:, TRACE_COLUMNS.index(name)] = values
    return rows


def harm(
    faults: tuple[str, ...], rows: Any, trips: Trips, able: Capabilities = BOARD, asked_up_s: float | None = None
) -> Harm:
    result = LockstepResult(len(rows), 0.0, 0.0, True, ())
    made = [
        Trip(monitor, Response[name], Recovery.AUTOMATIC, CLOCK_START_S + at_s, CLOCK_START_S + at_s, "", None, None)
        for monitor, name, at_s in trips
    ]
    return harm_of(able, [parse(fault) for fault in faults], result, rows, made, -72.0, asked_up_s)


def broken(faults: tuple[str, ...], rows: Any, trips: Trips, able: Capabilities = BOARD) -> set[str]:
    """The rules that are broken."""
    parsed = [parse(fault) for fault in faults]
    edges_s = {edge_s for one in parsed for edge_s in (one.at_s, one.at_s + (one.duration_s or 0.0))}
    asked = Asked(
        limit_deg=60.0, started_s=0.0, trips=tuple(Tripped(*one) for one in trips), rest_s=15.0, person_stopped_s=None,
        changes_s=tuple(sorted(edges_s)), alarm="x", drive=Drive(able.returns_by_itself), causes=None,
        harm=harm(faults, rows, trips, able),
    )  # fmt: skip
    return {text.partition(":")[0] for text in judge(rows, asked)}


BOTH: Final = {"rescue-horizontal", "rescue-upright"}
UP: Final = {"rescue-upright"}
LEFT_AT_60: Final = trace(*TO_60, (400.0, 60.0))
LATE: Final = trace(*TO_60, (261.0, 60.0), (281.0, 0.0), (298.0, 0.0), (340.0, -75.0), (350.0, -75.0))
TOUCHED: Final = trace(*TO_60, (55.0, 60.0), (58.1, 57.0), (400.0, 57.0), pushes_s=(58.0, 58.1))
UNSURE: Final = trace(*TO_60, (61.0, 60.0), (80.0, 0.0), (95.0, 0.0), (140.0, -58.0), (400.0, -58.0))


@pytest.mark.requirement("REQ-PRM-RESCUE")
@pytest.mark.parametrize(
    ("faults", "rows", "trips", "rules"),
    [
        (("encoder-jump=5@60:1",), LEFT_AT_60, [("angle-agreement", "STOP", 60.3)], BOTH),
        # Both angles were spoiled, but never together; and one of them by less than nothing.
        (("encoder-drift=9@5:0.2", "inclinometer-jump=2@52:1"), LEFT_AT_60, [("duty", "STOP", 300.0)], BOTH),
        (("encoder-drift=0.02@5:0.01", "inclinometer-jump=1@52"), LEFT_AT_60, [("duty", "STOP", 300.0)], BOTH),
        # A cut excuses what comes after it.
        (
            ("encoder-noisy=0.1@10:0.1", "inclinometer-noisy=0.1@55:0.1"),
            LEFT_AT_60,
            [("angle-plausibility", "RETURN", 60.2), ("overspeed", "TORQUE_OFF", 390.0)],
            BOTH,
        ),
        # The next trip is no new promise as long as the last one is not kept.
        (
            ("inclinometer-jump=5@59:2",),
            LATE,
            [("angle-agreement", "STOP", 59.2), ("angle-plausibility", "RETURN", 261.0)],
            BOTH,
        ),
        # What was touched and let go blocks nothing any more.
        (("obstruction-returning=1@58:0.1",), TOUCHED, [("duty", "STOP", 300.0)], BOTH),
        # Frames that come twice keep nobody from hearing.
        (("torque-lost@60:0.01", "frames-repeated=0.5@61:0.01"), LEFT_AT_60, [("duty", "RETURN", 300.0)], BOTH),
        (("encoder-jump=1@5:0.1", "upright-switch-closed@60:0.1"), UNSURE, [("duty", "RETURN", 61.0)], UP),
        # What was over before a recovery was due has failed none; nor was anything tried while a person had not asked.
        (("torque-lost@60:2",), LEFT_AT_60, [("following", "STOP", 60.2)], BOTH),
        (("torque-lost@60:2", "press-return@63"), LEFT_AT_60, [("following", "STOP", 60.2)], BOTH),
    ],
)
def test_a_fault_excuses_what_it_met(faults: tuple[str, ...], rows: Any, trips: Trips, rules: set[str]) -> None:
    assert broken(faults, rows, trips) == rules


@pytest.mark.parametrize(
    ("faults", "trips"),
    [
        (("encoder-drift=9@5", "inclinometer-jump=2@52"), [("duty", "STOP", 300.0)]),
        # What a monitor has found is lost until a reset, whether or not the fault goes on.
        (
            ("encoder-drift=9@5:0.2", "inclinometer-jump=2@52:1"),
            [("angle-plausibility", "RETURN", 52.0), ("duty", "STOP", 300.0)],
        ),
        (("torque-lost@52:20",), [("following", "STOP", 53.0)]),
        (("torque-lost@60:2", "press-return@61"), [("following", "STOP", 60.2)]),
        (("torque-lost@52:20", "to-host-dead@60:5"), [("link", "EMERGENCY_RETURN", 60.1)]),
    ],
)
def test_standing_with_an_alarm_is_right_where_nothing_else_could_be_done(
    faults: tuple[str, ...], trips: Trips
) -> None:
    assert not broken(faults, LEFT_AT_60, trips) & BOTH


@pytest.mark.parametrize(
    ("slips", "from_s"), [("brake-slips@52:9", 52.0), ("brake-slips@60", math.inf), ("brake-slips=0.7@52", math.inf)]
)
def test_a_table_is_adrift_while_its_brake_slips_beside_a_dead_actuator(slips: str, from_s: float) -> None:
    found = harm(("torque-lost@50:5", slips), LEFT_AT_60, [])
    assert found.broke_from_s == from_s
    assert found.ties_again_s == (55.0 if from_s < math.inf else math.inf)
    assert found.coasts is (from_s < math.inf)


@pytest.mark.parametrize(("drift_dps", "wrong_by_dps"), [(0.5, 0.5), (0.01, 0.0), (2.0, 0.0)])
def test_a_drive_whose_encoder_drifts_turns_wrong_by_as_much(drift_dps: float, wrong_by_dps: float) -> None:
    found = harm((f"encoder-drift={drift_dps}@5",), LEFT_AT_60, [], SHOP)
    assert found.wrong_by_dps == wrong_by_dps
    assert found.stuck_s == (() if drift_dps < 1.0 else found.jolted_s)
    assert harm((f"encoder-drift={drift_dps}@5",), LEFT_AT_60, []).wrong_by_dps == 0.0


def test_an_angle_that_counts_as_right_may_be_off_by_a_degree_where_it_is_the_last_one() -> None:
    assert harm(("encoder-dead@5", "inclinometer-jump-low=0.9@5"), LEFT_AT_60, []).off_deg == 1.0
    assert harm(("encoder-dead@5", "inclinometer-jump-low=2@5"), LEFT_AT_60, []).off_deg == 0.0
    assert harm(("inclinometer-jump-low=0.9@5",), LEFT_AT_60, []).off_deg == 0.0


def test_a_reboot_excuses_no_more_than_it_takes() -> None:
    """Not for the rest of the session, nor for as long as a campaign drew for it."""
    for fault in ("board-reboot@5", "board-reboot@5:60"):
        found = harm((fault,), trace(*TO_60), [], SHOP)
        assert [span.until_s for span in (*found.cut_off_s, *found.jolted_s)] == [9.0, 9.0]


@pytest.mark.parametrize(("fault", "jolts"), [("power-sag=8.9@5", False), ("power-sag=9@5", True)])
def test_a_supply_that_sags_below_what_a_fast_motor_sets_against_it_jolts(fault: str, jolts: bool) -> None:
    assert bool(harm((fault,), trace(*TO_60), []).jolted_s) is jolts


@pytest.mark.parametrize(("brake", "unbraked"), [("brake-slips@1", True), ("brake-slips@1:2", False)])
def test_nothing_holds_a_table_whose_coupling_broke_and_whose_brake_slips(brake: str, unbraked: bool) -> None:
    assert harm((brake, "coupling-broken@5"), trace(*TO_60), []).unbraked is unbraked


@pytest.mark.parametrize(("asked_up_s", "until_s"), [(None, math.inf), (100.0, 100.0), (60.0, 72.0)])
def test_who_asks_for_the_way_up_when_the_drive_works_again_is_to_be_brought_up(
    asked_up_s: float | None, until_s: float
) -> None:
    found = harm(("torque-lost@52:20",), LEFT_AT_60, [("following", "STOP", 53.0)], asked_up_s=asked_up_s)
    assert [span.until_s for span in found.stuck_s] == [until_s]


@pytest.mark.parametrize(("fault", "unsure_deg"), [("inclinometer-drift=1@5", 1.0), ("motor-hot@5", 0.0)])
def test_a_spoiled_angle_makes_upright_unsure_by_a_degree(fault: str, unsure_deg: float) -> None:
    assert harm((fault,), LEFT_AT_60, []).unsure_deg == unsure_deg
    assert harm((fault, "upright-switch-closed@6"), LEFT_AT_60, []).unsure_deg == 15.0 * unsure_deg


@pytest.mark.parametrize(
    ("fault", "drifting"),
    [("encoder-drift=1.1@5", True), ("encoder-drift-low=0.5@5", True), ("encoder-drift=0.01@5", False),
     ("encoder-reversed@5", False), ("inclinometer-drift=1@5", False)],
)  # fmt: skip
def test_a_drive_may_turn_by_an_encoder_that_drifts(fault: str, drifting: bool) -> None:
    assert harm((fault,), LEFT_AT_60, [], SHOP).drifting is drifting
    assert not harm((fault,), LEFT_AT_60, []).drifting
