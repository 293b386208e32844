"""The catalogue: every fault begins, shows on the simulated table, and ends; what is written is read back."""

import math

import numpy as np
import pytest

from drivers.board import BoardLink
from safety.monitors import REGISTER
from safety.signals import Input
from safety.supervisor import OWN_TRIPS
from sim import plant, sensors
from sim.board import VirtualBoard
from sim.faults import CATALOGUE, Fault, FaultError, Injector, apart, parse, parse_all, right_answers
from sim.faults.world import World
from sim.line import Disturbance, Line
from sim.parameters import TableParameters
from sim.rider import Rider, Sex

RIDER = Rider(sex=Sex.FEMALE, mass_kg=62.0, height_m=1.68)
LASTING = {"encoder-drift", "encoder-drift-low", "inclinometer-drift", "inclinometer-drift-low", "board-reboot"}
"""What these did stays when they end: an angle that drifted stays where it is, a board has forgotten."""


def make_world() -> World:
    return World(VirtualBoard(TableParameters(), RIDER, 1), Line(1))


def state(world: World) -> dict[str, object]:
    """All that a fault can change, as plain values."""
    table, line, host = world.table, world.line, world.host
    return {
        "physics": table.physics.tolist(),
        "rider": table.state[[plant.INERTIA_KGM2, plant.UNBALANCE_NM]].tolist(),
        "heat": table.state[[plant.WINDING_C, plant.HOUSING_C, plant.STAGE_C]].tolist(),
        "sensors": table.faults.tolist(),
        "line": (str(line.to_host.disturbance), str(line.to_board.disturbance)),
        "host": str(host),
        "serial": world.board.serial,
    }


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)  # NaN is NaN


def session_of(world: World) -> BoardLink:
    assert isinstance(world.board, VirtualBoard)
    return world.board.link


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_fault_changes_something_and_its_end_changes_it_back(name: str) -> None:
    world, kind = make_world(), CATALOGUE[name]
    before, session = state(world), session_of(world)
    Injector([parse(f"{name}@1" + (":2" if kind.end else ""))], world).advance(1.0)
    assert not same(state(world), before) or session_of(world) is not session
    if kind.end is not None:
        injector = Injector([parse(f"{name}@1:2")], other := make_world())
        injector.advance(2.99)
        injector.advance(3.0)
        told, healthy = state(other), state(make_world())
        assert told.pop("rider") == pytest.approx(healthy.pop("rider"))
        assert same(told, healthy)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_right_answer_is_a_monitor_and_what_is_due_has_one(name: str) -> None:
    kind = CATALOGUE[name]
    assert kind.causes <= {*(monitor.id for monitor in REGISTER), *OWN_TRIPS}
    assert kind.causes or kind.due is None
    assert ("VALUE" in kind.text) == (kind.parameter is not None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("encoder-jump=7.5@40", Fault("encoder-jump", 40.0, None, 7.5)),
        ("cable-out@0:0.25", Fault("cable-out", 0.0, 0.25)),
        ("clock-jump=3600@1.5", Fault("clock-jump", 1.5, None, 3600.0)),
    ],
)
def test_what_is_written_is_read_and_read_back(text: str, fault: Fault) -> None:
    assert parse(text) == fault
    assert str(fault) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("meteor@3", "righting faults"),
        ("stall", "NAME@SECONDS"),
        ("stall@x", "NAME@SECONDS"),
        ("encoder-jump=x@3", "numbers only"),
        ("stall@inf", "finite"),
        ("stall@-61", "the start -60 or more"),
        ("stall@3:0", "more than 0"),
        ("host-killed@3:5", "leave the duration out"),
        ("stall=3@3", "leave it out"),
        ("encoder-jump=90@3", "from 0.1 to 60 deg"),
        ("encoder-jump=nan@3", "from 0.1 to 60 deg"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(FaultError, match=told):
        parse(text)


@pytest.mark.parametrize(("texts", "clash"), [
    (("cable-out@40:2", "cable-out@41:40"), True),
    (("cable-out@41:40", "runaway@41", "cable-out@40:2"), True),
    (("encoder-drift@20", "encoder-drift-low@300"), True),
    (("cable-out@40:2", "cable-out@42:2"), False),
    (("encoder-drift@20:5", "inclinometer-drift@20"), False),
    (("press-stop@30", "press-return@40", "press-stop@60"), False),
    (("board-reboot@30", "board-reboot@60"), False),
    (("clock-jump=5@30", "clock-jump=5@60"), False),
])  # fmt: skip
def test_the_end_of_one_fault_is_not_that_of_another(texts: tuple[str, ...], clash: bool) -> None:
    kept = [str(fault) for fault in apart(parse(text) for text in texts)]
    assert (kept == list(texts)) is not clash
    if not clash:
        assert [str(fault) for fault in parse_all(texts)] == list(texts)
        return
    with pytest.raises(FaultError, match="the same fault at the same time"):
        parse_all(texts)


@pytest.mark.parametrize("texts", [("cable-out@40:5", "cable-out@45:10"), ("cable-out@45:10", "cable-out@40:5")])
def test_where_one_fault_ends_another_may_begin_in_whatever_order_they_are_named(texts: tuple[str, ...]) -> None:
    world = make_world()
    injector = Injector(parse_all(texts), world)
    injector.advance(45.0)
    assert world.line.to_host.disturbance.cut
    injector.advance(55.0)
    assert not world.line.to_host.disturbance.cut


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(FaultError, match="did you mean cable-out"):
        parse("cable-ot@3")


def test_a_value_is_used_and_without_one_the_default() -> None:
    world, parameter = make_world(), CATALOGUE["power-sag"].parameter
    assert parameter is not None
    Injector([parse("power-sag@1")], world).advance(1.0)
    assert world.table.physics[plant.SAG_V] == parameter.default
    Injector([parse("power-sag=3@1")], world).advance(1.0)
    assert world.table.physics[plant.SAG_V] == 3.0


@pytest.mark.parametrize(
    ("text", "blinds"),
    [
        ("encoder-drift@1", False),
        ("encoder-drift=0.99@1", False),
        ("encoder-drift-low=1@1", True),
        ("inclinometer-drift=10@1", False),
        ("encoder-dead@1", True),
        ("drive-hot@1", False),
        ("drive-hot=85@1", True),
        ("motor-hot=120@1", False),
        ("power-sag@1", False),
        ("power-sag=6@1", True),
        ("cable-out@1", False),
    ],
)
def test_what_is_too_much_for_a_drive_from_a_shop_hangs_on_the_value(text: str, blinds: bool) -> None:
    assert parse(text).blinds is blinds


@pytest.mark.parametrize(
    ("text", "spoils"),
    [
        ("encoder-jump=0.9@1", ""),
        ("encoder-jump-low=1@1", "encoder"),
        ("inclinometer-drift=0.019@1", ""),
        ("inclinometer-drift-low=0.02@1", "inclinometer"),
        ("inclinometer-noisy=0.08@1", ""),
        ("encoder-noisy=0.01@1", "encoder"),
        ("encoder-drift=0.02@1:49", ""),
        ("encoder-drift=0.02@1:51", "encoder"),
        ("encoder-reversed@1:0.1", "encoder"),
        ("encoder-stuck@1", "encoder"),
        ("gear-slips@1", ""),
    ],
)
def test_an_angle_that_is_next_to_right_is_not_spoiled(text: str, spoils: str) -> None:
    assert parse(text).spoils == spoils


@pytest.mark.parametrize(
    ("text", "lets_slip"), [("brake-slips@1", True), ("brake-slips=0.64@1", True), ("brake-slips=0.65@1", False)]
)
def test_a_brake_that_holds_enough_lets_nothing_slip(text: str, lets_slip: bool) -> None:
    assert parse(text).lets_slip is lets_slip


@pytest.mark.parametrize(
    ("text", "late"), [("frames-delayed=199@1", False), ("frames-delayed=200@1", True), ("cable-out@1", False)]
)
def test_orders_are_old_once_a_drive_has_stopped_for_want_of_them(text: str, late: bool) -> None:
    assert parse(text).delays_orders is late


def test_faults_of_two_contacts_do_not_end_each_other() -> None:
    world = make_world()
    injector = Injector([parse("hand-switch-wire@1:1"), parse("ankle-latch-wire@1")], world)
    injector.advance(1.0)
    assert world.table.faults[sensors.FORCED_OPEN] == Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO
    injector.advance(2.0)
    assert world.table.faults[sensors.FORCED_OPEN] == Input.ANKLE_LATCH_NO


def test_right_answers_to_several_faults_are_those_to_each() -> None:
    assert right_answers([]) == frozenset()
    assert right_answers(["hand-switch-wire", "ankle-latch-wire"]) == {"hand-switch", "ankle-latch"}
    for name, monitor in (("coupling-broken", "hand-switch"), ("inclinometer-drift", "standstill")):
        assert monitor not in right_answers([name])
        assert monitor in right_answers([name, "upright-switch-open"])


@pytest.mark.parametrize(
    ("name", "index", "rate_dps", "expected_deg"),
    [
        ("obstruction=2", plant.OBSTRUCTION_ABOVE_RAD, 1.0, 22.0),
        ("obstruction=2", plant.OBSTRUCTION_BELOW_RAD, -1.0, 18.0),
        ("obstruction-inverting=2", plant.OBSTRUCTION_ABOVE_RAD, -1.0, 22.0),
        ("obstruction-returning=2", plant.OBSTRUCTION_BELOW_RAD, 1.0, 18.0),
    ],
)
def test_what_is_in_the_way_stands_where_it_says(name: str, index: int, rate_dps: float, expected_deg: float) -> None:
    world = make_world()
    world.table.state[plant.ANGLE_RAD], world.table.state[plant.RATE_RAD_S] = math.radians(20), math.radians(rate_dps)
    Injector([parse(f"{name}@0")], world).advance(0.0)
    assert math.degrees(world.table.physics[index]) == pytest.approx(expected_deg)


@pytest.mark.parametrize(("name", "factor"), [("rider-heavier=31", 1.5), ("rider-lighter=31", 0.5)])
def test_a_rider_of_another_weight_is_as_out_of_balance_as_that(name: str, factor: float) -> None:
    world = make_world()
    before_nm = float(world.table.state[plant.UNBALANCE_NM])
    Injector([parse(f"{name}@0")], world).advance(0.0)
    assert world.table.state[plant.UNBALANCE_NM] == pytest.approx(factor * before_nm)


@pytest.mark.parametrize(("rate_dps", "sign"), [(3.0, -1.0), (-3.0, 1.0), (0.0, -1.0)])
def test_a_rider_who_fights_pushes_against_the_motion(rate_dps: float, sign: float) -> None:
    world = make_world()
    world.table.state[plant.RATE_RAD_S] = math.radians(rate_dps)
    Injector([parse("rider-fights=50@0")], world).advance(0.0)
    assert world.table.physics[plant.RIDER_TORQUE_NM] == 50.0 * sign


def test_a_killed_host_stays_dead_when_a_stall_ends() -> None:
    world = make_world()
    injector = Injector([parse("host-stall@1:2"), parse("host-killed@2")], world)
    injector.advance(5.0)
    assert not world.host.runs


@pytest.mark.parametrize(
    ("name", "to_host", "to_board"),
    [("cable-out", True, True), ("to-host-dead", True, False), ("to-board-dead", False, True)],
)
def test_each_direction_of_the_line_can_die_alone(name: str, to_host: bool, to_board: bool) -> None:
    world = make_world()
    Injector([parse(f"{name}@0")], world).advance(0.0)
    assert (world.line.to_host.disturbance.cut, world.line.to_board.disturbance.cut) == (to_host, to_board)


def test_nothing_is_disturbed_before_a_fault_is_due() -> None:
    world = make_world()
    Injector([parse(f"{name}@1") for name in CATALOGUE], world).advance(0.99)
    assert same(state(world), state(make_world()))
    assert world.line.to_host.disturbance == Disturbance()
    assert np.isnan(world.table.physics[plant.RUNAWAY_DUTY])
