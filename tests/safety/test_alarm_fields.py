"""Every field of an alarm: where it comes from, since when, whether its cause lasts, and whether it was seen."""

import pytest

from safety.alarm_texts import CAUSES, SITUATIONS
from safety.alarms import STAYS_INVERTED_S, Alarm, Alarms, Priority
from safety.monitors.people import HandSwitch
from safety.signals import Input, Recovery, Response, Trip
from safety.supervisor import Phase, Supervisor
from safety.view import View
from tests.safety.kinematic_table import TABLE, KinematicTable

pytestmark = pytest.mark.requirement("REQ-ALM-FALSE")
RETURNS = Trip("energy", Response.RETURN, Recovery.AUTOMATIC, 5.0, 4.0, "seen", 1.0, 2.0)


def inverted() -> tuple[Supervisor, View, Alarms]:
    """A rider inverted in a session where nothing is wrong."""
    supervisor, view = Supervisor(), View(TABLE, TABLE, "hold-to-run", clock_s=7.0)
    view.away = view.inverted = True
    view.angles.rate_dps = 0.0
    return supervisor, view, Alarms()


@pytest.mark.parametrize("present", [True, False])
def test_a_latched_trip(present: bool) -> None:
    supervisor, view, alarms = inverted()
    supervisor.latched["energy"] = RETURNS
    if present:
        supervisor.active["energy"] = HandSwitch()
    assert alarms.update(9.0, supervisor, view, linked=True)
    told = f"{SITUATIONS['returning']} {CAUSES['energy']}"
    assert alarms.active == (Alarm("energy", Priority.MEDIUM, "seen", told, 9.0, present, False),)
    assert not alarms.update(10.0, supervisor, view, linked=True)
    assert alarms.active[0].since_s == 9.0, "since it appeared, not since now"


def test_what_forbids_inversion() -> None:
    supervisor, view, alarms = inverted()
    supervisor.active["hand-switch"] = HandSwitch()
    supervisor.inhibited = ("hand-switch",)
    assert alarms.update(9.0, supervisor, view, linked=True)
    told = f"{SITUATIONS['waiting']} {CAUSES['hand-switch']}"
    detail = HandSwitch().detail(view)
    assert alarms.active == (Alarm("hand-switch", Priority.LOW, detail, told, 9.0, True, False),)


def test_a_rider_who_stays_inverted_although_something_acts() -> None:
    supervisor, view, alarms = inverted()
    supervisor.phase = Phase.STOPPING
    assert not alarms.update(9.0, supervisor, view, linked=True)
    assert not alarms.update(9.0 + STAYS_INVERTED_S - 0.01, supervisor, view, linked=True)
    assert alarms.update(9.0 + STAYS_INVERTED_S, supervisor, view, linked=True)
    now_s = 9.0 + STAYS_INVERTED_S
    told = Alarm("stays-inverted", Priority.HIGH, "", SITUATIONS["stays-inverted"], now_s, True, False)
    assert alarms.active == (told,)
    view.angles.rate_dps = -3.0
    assert alarms.update(now_s + 1.0, supervisor, view, linked=True)
    assert [*alarms.active] == []
    view.angles.rate_dps = 0.0
    assert not alarms.update(now_s + 2.0, supervisor, view, linked=True), "counted anew"


def test_a_session_where_nothing_is_wrong_has_none_however_long_it_is_inverted() -> None:
    supervisor, view, alarms = inverted()
    for now_s in (9.0, 9.0 + STAYS_INVERTED_S, 9.0 + 2.0 * STAYS_INVERTED_S):
        assert not alarms.update(now_s, supervisor, view, linked=True)
    assert [*alarms.active] == []


@pytest.mark.parametrize(("away", "linked", "told"), [(True, False, ["no-link"]), (True, True, []), (False, False, [])])
def test_without_a_link_away_from_upright(away: bool, linked: bool, told: list[str]) -> None:
    supervisor, view, alarms = inverted()
    view.away = view.inverted = away
    assert alarms.update(9.0, supervisor, view, linked=linked) == bool(told)
    assert [alarm.id for alarm in alarms.active] == told


@pytest.mark.requirement("REQ-REC-UPRIGHT-SWITCH")
@pytest.mark.parametrize(("upright", "angle_deg", "outvoted_deg", "lies", "unsure"), [
    (True, -73.0, None, False, False), (True, -72.9, None, False, True), (False, -72.9, None, False, False),
    (True, None, None, False, False), (True, -73.0, -72.9, False, False), (True, -73.0, -72.9, True, True),
    (True, -73.0, -73.0, True, False), (True, -73.0, None, True, False),
])  # fmt: skip
def test_upright_is_unsure_by_one_witness_against_another(
    upright: bool, angle_deg: float | None, outvoted_deg: float | None, lies: bool, unsure: bool
) -> None:
    _, view, _ = inverted()
    view.upright, view.angles.angle_deg, view.switch_lies = upright, angle_deg, lies
    if outvoted_deg is not None:
        view.angles._outvoted = view.angles.inclinometer
        view.angles.inclinometer.value_deg = outvoted_deg
    assert view.unsure_upright is unsure


@pytest.mark.requirement("REQ-REC-UPRIGHT-SWITCH")
@pytest.mark.parametrize("phase", [Phase.FREE, Phase.BOARDED, Phase.RETURNING])
@pytest.mark.parametrize(
    ("inclinometer_deg", "closed", "unsure"), [(-75.6, False, True), (-75.4, False, False), (-75.6, True, False)]
)
def test_two_angles_that_part_and_an_open_switch_are_no_upright_to_rely_on(
    inclinometer_deg: float, closed: bool, unsure: bool, phase: Phase
) -> None:
    """Seed 7, session 7414: both had drifted the same way, and the rider was left at -68 deg without a word."""
    supervisor, view, alarms = inverted()
    view.telemetry = KinematicTable().frame()._replace(inputs=Input.UPRIGHT_SWITCH if closed else 0)
    angles = view.angles
    angles.encoder.value_deg, angles.inclinometer.value_deg = -73.5, inclinometer_deg
    angles.fuse()
    view.upright, view.away, view.inverted, supervisor.phase = True, False, False, phase
    alarms.update(9.0, supervisor, view, linked=True)
    assert view.unsure_upright is unsure
    shown = unsure and phase is not Phase.RETURNING
    assert [alarm.id for alarm in alarms.active] == (["upright-unsure"] if shown else [])


def test_an_alarm_that_comes_back_has_not_been_seen() -> None:
    supervisor, view, alarms = inverted()
    supervisor.latched["energy"] = RETURNS
    alarms.update(9.0, supervisor, view, linked=True)
    alarms.acknowledge()
    assert not alarms.update(9.1, supervisor, view, linked=True)
    assert [alarm.acknowledged for alarm in alarms.active] == [True]
    supervisor.latched["energy"] = RETURNS._replace(response=Response.STOP)
    assert alarms.update(9.2, supervisor, view, linked=True)
    assert [(alarm.acknowledged, alarm.since_s) for alarm in alarms.active] == [(False, 9.2)]


@pytest.mark.parametrize(("is_inverted", "rate_dps", "stays"), [
    (True, 0.0, True), (True, -0.29, True), (True, -0.3, False), (False, 0.0, False), (True, None, True)
])  # fmt: skip
def test_who_is_head_up_or_on_the_way_there_does_not_stay_inverted(
    is_inverted: bool, rate_dps: float | None, stays: bool
) -> None:
    supervisor, view, alarms = inverted()
    supervisor.phase, view.inverted, view.angles.rate_dps = Phase.STOPPING, is_inverted, rate_dps
    alarms.update(9.0, supervisor, view, linked=True)
    alarms.update(9.0 + STAYS_INVERTED_S, supervisor, view, linked=True)
    assert ("stays-inverted" in [alarm.id for alarm in alarms.active]) == stays


@pytest.mark.requirement("REQ-REC-UPRIGHT-SWITCH")
@pytest.mark.parametrize(
    ("angles_deg", "closed", "braked_s", "unsure"),
    [
        ((-75.0, -75.0), False, 0.06, True),
        ((-74.9, -75.5), False, 0.06, True),
        ((-74.875, -75.5), False, 0.06, False),  # where a sound switch may be open yet
        ((-75.5, -74.875), False, 0.06, False),
        ((-75.0, -75.0), False, 0.05, False),  # before it stands
        ((-75.0, -75.0), True, 0.06, False),
        ((-75.0, None), False, 0.06, False),  # one alone: the switch is asked before that is upright
    ],
)
def test_two_angles_that_agree_are_not_relied_on_where_the_switch_would_be_closed(
    angles_deg: tuple[float, float | None], closed: bool, braked_s: float, unsure: bool
) -> None:
    """Both had drifted alike, and the rider was left at -66 deg without a word."""
    _, view, _ = inverted()
    view.telemetry = KinematicTable().frame()._replace(inputs=Input.UPRIGHT_SWITCH if closed else 0)
    angles = view.angles
    angles.encoder.value_deg, angles.inclinometer.value_deg = angles_deg
    if angles_deg[1] is None:
        angles.inclinometer.lost = "no value"
    angles.fuse()
    view.upright, view.away, view.inverted, view.braked_s = True, False, False, braked_s
    assert view.unsure_upright is unsure


@pytest.mark.requirement("REQ-ALM-TODO", "REQ-MON-TORQUE-OFF")
@pytest.mark.parametrize(
    ("name", "phase", "given_up", "situation"),
    [
        ("torque-off", Phase.HELD, True, "disobeys"),
        ("torque-off", Phase.HELD, False, "disobeys"),
        ("torque-off", Phase.STOPPING, False, "recovering"),
        ("torque-off", Phase.CREEPING, False, "recovering"),
        ("torque-off", Phase.RETURNING, False, "returning"),
        ("energy", Phase.HELD, True, "given-up"),
        ("energy", Phase.HELD, False, "recovering"),
    ],
)
def test_only_of_a_motor_that_pushes_against_its_brake_is_it_said_that_it_does_not_obey(
    name: str, phase: Phase, given_up: bool, situation: str
) -> None:
    supervisor, view, alarms = inverted()
    supervisor.latched[name] = RETURNS._replace(monitor=name, response=Response.STOP)
    supervisor.phase = phase
    if given_up:
        supervisor._attempts.give_up()
    assert alarms.update(9.0, supervisor, view, linked=True)
    told = {alarm.id: (alarm.priority, alarm.instruction) for alarm in alarms.active}
    expected = {name: (Priority.HIGH, f"{SITUATIONS[situation]} {CAUSES[name]}")}
    if situation == "given-up":
        expected["given-up"] = (Priority.HIGH, SITUATIONS["given-up"])
    assert told == expected
