"""Alarms: the right priority, an instruction for everything that can trip, a silence that hides nothing new."""

from typing import Any

import pytest

from safety.alarm_texts import CAUSES, SITUATIONS
from safety.alarms import AUDIO_PAUSE_S, RETURNED_AFTER_S, STAYS_INVERTED_S, Alarms, Priority
from safety.limits import Limits, narrow
from safety.monitors import REGISTER
from safety.signals import Input, MotionRequest, Recovery, Response, Status, Telemetry, Trip
from safety.supervisor import OWN_TRIPS, Phase, Supervisor
from safety.view import View
from tests.safety.kinematic_table import ALL_WELL, ASK_RETURN, HOLD, TABLE, KinematicTable
from tests.safety.views import WELL, view_of

STOP_PRESSED = MotionRequest(ask=Response.STOP)


class Watched:
    """A table with its alarms."""

    def __init__(self, angle_deg: float | None = None, limits: Limits = TABLE) -> None:
        self.table = KinematicTable(limits=limits)
        self.alarms = Alarms()
        self.changes: list[tuple[str, ...]] = []
        if angle_deg is not None:
            self.table.invert_to(angle_deg)

    def run(self, seconds: float, request: MotionRequest = HOLD) -> None:
        for _ in range(round(seconds / 0.01)):
            self.table.tick(request)
            self.watch()

    def watch(self) -> None:
        state, linked = self.table.state, self.table.verdict.command is not None
        if self.alarms.update(self.table.now_s, state.supervisor, state.view, linked=linked):
            self.changes.append(self.shown())

    def shown(self) -> tuple[str, ...]:
        return tuple(f"{alarm.id} {alarm.priority.name}" for alarm in self.alarms.active)


def test_a_rest_of_long_ago_is_no_standing_inverted() -> None:
    """A return that begins at the edge of upright is over before it gets under way."""
    watched = Watched(TABLE.upright_deg + 1.77)
    watched.run(1.0)
    assert 2.0 < watched.table.angle_deg - TABLE.upright_deg < 2.04
    watched.run(5.0, ASK_RETURN)
    watched.run(1.0)
    watched.run(55.0, MotionRequest(rate_dps=2.0))
    assert watched.table.angle_deg > 20.0
    assert watched.changes == []
    watched.run(1.0)
    watched.run(60.0, ASK_RETURN)
    assert [shown for shown in watched.changes if any("stays" in one for one in shown)] == []


@pytest.mark.requirement("REQ-ALM-TODO")
@pytest.mark.parametrize("name", [*(kind.id for kind in REGISTER), *OWN_TRIPS])
@pytest.mark.parametrize("response", [Response.RETURN, Response.EMERGENCY_RETURN, Response.STOP, Response.TORQUE_OFF])
def test_everything_that_can_trip_has_an_instruction(name: str, response: Response) -> None:
    supervisor, view, alarms = Supervisor(), View(TABLE, TABLE, "hold-to-run"), Alarms()
    view.away = True
    supervisor.latched[name] = Trip(name, response, Recovery.AUTOMATIC, 1.0, 1.0, "seen", None, None)
    assert alarms.update(1.0, supervisor, view, linked=True)
    (alarm,) = alarms.active
    urgent = response >= Response.STOP or name == "ankle-latch"
    assert alarm.priority is (Priority.HIGH if urgent else Priority.MEDIUM)
    assert alarm.instruction.count(".") >= 2, "what happens to the rider, and what to look at"
    assert "seen" in alarms.text


def test_texts_are_for_what_exists() -> None:
    assert CAUSES.keys() == {*(monitor.id for monitor in REGISTER), *OWN_TRIPS}
    assert all(text.endswith(".") for text in (*CAUSES.values(), *SITUATIONS.values()))


def test_while_all_is_well_there_is_no_alarm() -> None:
    watched = Watched(40.0)
    watched.run(60.0)
    watched.run(60.0, MotionRequest(ask=Response.RETURN))
    assert (watched.changes, watched.alarms.text, watched.alarms.sounding(0.0)) == ([], "", None)


@pytest.mark.requirement("REQ-ALM-PRIORITY")
def test_what_forbids_inversion_is_low_and_is_not_heard() -> None:
    watched = Watched()
    watched.table.inputs = ALL_WELL & ~Input.ANKLE_LATCH_NO
    watched.run(0.1)
    assert watched.shown() == ("ankle-latch LOW",)
    assert watched.alarms.sounding(watched.table.now_s) is None
    assert watched.alarms.text == ""
    watched.table.inputs = ALL_WELL
    watched.run(0.2)
    assert watched.shown() == (), "not latched"


@pytest.mark.requirement("REQ-ALM-PRIORITY", "REQ-ALM-SEEN")
def test_a_return_is_medium_until_upright_and_stays_until_acknowledged() -> None:
    watched = Watched(30.0)
    watched.table.inputs = ALL_WELL & ~Input.HAND_SWITCH_NO
    watched.run(0.1)
    assert watched.shown() == ("hand-switch MEDIUM",)
    assert "is brought upright" in watched.alarms.text
    assert watched.alarms.sounding(watched.table.now_s) is Priority.MEDIUM
    watched.table.inputs = ALL_WELL
    watched.run(1.0)
    (alarm,) = watched.alarms.active
    assert (alarm.present, alarm.acknowledged) == (False, False), "latched: the cause is gone, the trip is not"
    watched.table.until(lambda: watched.table.phase == "BOARDED", 90.0)
    watched.run(0.1)
    assert watched.shown() == ("hand-switch LOW",)
    assert "is upright" in watched.alarms.active[0].text
    watched.run(0.1, MotionRequest(acknowledge=True))
    assert watched.shown() == ()


@pytest.mark.requirement("REQ-ALM-SEEN")
def test_an_acknowledged_alarm_is_silent_and_clears_nothing() -> None:
    watched = Watched(30.0)
    watched.table.inputs = ALL_WELL & ~Input.HAND_SWITCH_NO
    watched.run(0.1)
    watched.alarms.acknowledge()
    assert watched.alarms.active[0].acknowledged
    watched.run(0.1)
    assert watched.alarms.active[0].acknowledged
    assert watched.alarms.sounding(watched.table.now_s) is None
    assert watched.table.state.supervisor.latched
    watched.table.inputs = watched.table.inputs & ~Input.ESTOP_CHAIN
    watched.run(0.1)
    assert watched.shown() == ("emergency-stop HIGH", "hand-switch MEDIUM")
    assert watched.alarms.sounding(watched.table.now_s) is Priority.HIGH
    assert [alarm.acknowledged for alarm in watched.alarms.active] == [False, True]


@pytest.mark.requirement("REQ-ALM-SEEN")
def test_what_is_put_away_after_the_end_leaves_what_is_still_so() -> None:
    watched = Watched(30.0)
    watched.table.inputs = ALL_WELL & ~Input.HAND_SWITCH_NO & ~Input.ESTOP_CHAIN
    watched.run(0.1)
    watched.table.inputs = ALL_WELL & ~Input.ESTOP_CHAIN
    watched.run(0.1)
    assert watched.shown() == ("emergency-stop HIGH", "hand-switch MEDIUM")
    watched.alarms.put_away()
    assert watched.shown() == ("emergency-stop HIGH",)
    assert watched.alarms.sounding(watched.table.now_s) is None


@pytest.mark.requirement("REQ-ALM-SEEN")
def test_a_cause_that_comes_again_is_heard_again() -> None:
    watched, let_go = Watched(30.0), ALL_WELL & ~Input.HAND_SWITCH_NO
    watched.table.inputs = let_go
    watched.run(0.1)
    began_s = watched.alarms.active[0].since_s
    watched.alarms.acknowledge()
    watched.alarms.pause_audio(watched.table.now_s)
    for held_s, heard in ((RETURNED_AFTER_S - 0.1, None), (RETURNED_AFTER_S + 0.1, Priority.MEDIUM)):
        watched.table.inputs = ALL_WELL
        watched.run(held_s)
        assert not watched.alarms.active[0].present
        assert watched.alarms.sounding(watched.table.now_s) is None
        watched.changes.clear()
        watched.table.inputs = let_go
        watched.run(0.1)
        assert watched.alarms.sounding(watched.table.now_s) is heard
        assert watched.alarms.active[0].acknowledged is (heard is None)
        assert watched.changes == ([] if heard is None else [("hand-switch MEDIUM",)])
    assert watched.alarms.active[0].since_s > began_s + 1.0
    watched.alarms.acknowledge()
    watched.run(2.0 * RETURNED_AFTER_S)
    assert watched.alarms.sounding(watched.table.now_s) is None, "it came again once"


@pytest.mark.requirement("REQ-ALM-TODO")
def test_whoever_presses_the_emergency_stop_at_upright_hears_that_the_rider_is_upright() -> None:
    watched = Watched()
    watched.table.inputs = ALL_WELL & ~Input.ESTOP_CHAIN
    watched.run(0.5)
    assert watched.shown() == ("emergency-stop LOW",)
    assert "in a moment" not in watched.alarms.active[0].instruction


@pytest.mark.requirement("REQ-ALM-SEEN")
@pytest.mark.parametrize(("gone_s", "heard"), [(RETURNED_AFTER_S, True), (RETURNED_AFTER_S - 0.001, False)])
def test_how_long_a_cause_has_to_be_gone_to_be_heard_again(gone_s: float, heard: bool) -> None:
    """By a clock that begins at 0, where the sums are exact."""
    watched, let_go = Watched(30.0), ALL_WELL & ~Input.HAND_SWITCH_NO
    state, alarms, changes = watched.table.state, watched.alarms, [False]
    for now_s, inputs in ((0.0, let_go), (1.0, ALL_WELL), (1.0 + gone_s, let_go)):
        watched.table.inputs = inputs
        for _ in range(20):
            watched.table.tick()
        changes.append(alarms.update(now_s, state.supervisor, state.view, linked=True))
        alarms.acknowledge()
    assert changes[-1] is heard


@pytest.mark.requirement("REQ-ALM-PAUSE")
def test_what_is_not_heard_breaks_no_pause() -> None:
    watched = Watched()
    watched.alarms.pause_audio(watched.table.now_s)
    watched.table.inputs = ALL_WELL & ~Input.ESTOP_CHAIN
    watched.run(0.5)
    assert watched.shown() == ("emergency-stop LOW",)
    assert watched.alarms.audio_pause_left_s(watched.table.now_s) > AUDIO_PAUSE_S - 1.0


@pytest.mark.requirement("REQ-ALM-PAUSE")
def test_no_press_prolongs_a_pause_and_one_that_is_over_begins_anew() -> None:
    alarms = Alarms()
    for now_s in (0.0, 60.0, AUDIO_PAUSE_S - 1.0):
        alarms.pause_audio(now_s)
    assert alarms.audio_pause_left_s(AUDIO_PAUSE_S - 1.0) == 1.0
    alarms.pause_audio(AUDIO_PAUSE_S)
    assert alarms.audio_pause_left_s(AUDIO_PAUSE_S) == AUDIO_PAUSE_S


@pytest.mark.requirement("REQ-ALM-PAUSE")
def test_a_pause_of_the_sound_ends_by_itself_and_with_a_new_alarm() -> None:
    watched = Watched(30.0)
    watched.table.inputs = ALL_WELL & ~Input.HAND_SWITCH_NO
    watched.run(0.1)
    now_s = watched.table.now_s
    watched.alarms.pause_audio(now_s)
    assert watched.alarms.audio_pause_left_s(now_s) == AUDIO_PAUSE_S
    assert watched.alarms.sounding(now_s + AUDIO_PAUSE_S - 0.01) is None
    assert watched.alarms.sounding(now_s + AUDIO_PAUSE_S) is Priority.MEDIUM
    assert watched.alarms.audio_pause_left_s(now_s - 50.0) == AUDIO_PAUSE_S, "a clock that jumps back pauses no longer"
    watched.table.inputs = watched.table.inputs & ~Input.ESTOP_CHAIN
    watched.run(0.1)
    assert watched.alarms.sounding(watched.table.now_s) is Priority.HIGH


@pytest.mark.requirement("REQ-ALM-ESCALATE")
def test_a_person_s_stop_asks_for_the_way_upright_and_then_insists() -> None:
    watched = Watched(30.0)
    watched.run(0.1, STOP_PRESSED)
    watched.run(5.0)
    assert watched.shown() == ("held MEDIUM",)
    assert "return upright" in watched.alarms.text
    watched.run(STAYS_INVERTED_S - 6.0)
    assert watched.shown() == ("held MEDIUM",)
    watched.run(2.0)
    assert watched.shown() == ("stays-inverted HIGH", "held MEDIUM")
    watched.run(1.5, MotionRequest(recover=True))
    assert watched.shown() == (), "on the way"


@pytest.mark.requirement("REQ-ALM-TODO")
def test_an_open_chain_says_what_to_release() -> None:
    watched = Watched(30.0)
    watched.table.inputs = ALL_WELL & ~Input.ESTOP_CHAIN
    watched.run(1.0)
    assert watched.shown() == ("emergency-stop HIGH",)
    assert "Release the emergency stop" in watched.alarms.text


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_table_that_cannot_be_moved_asks_for_hands() -> None:
    watched = Watched(30.0)
    watched.table.move = lambda _: 0.0
    watched.run(3.0, MotionRequest(2.0))
    watched.run(120.0)
    assert watched.table.state.supervisor.exhausted
    assert any("by hand" in alarm.text for alarm in watched.alarms.active)
    assert "given-up HIGH" in watched.shown()


@pytest.mark.requirement("REQ-ALM-TODO", "REQ-MON-TORQUE-OFF")
def test_a_motor_that_pushes_against_its_brake_asks_for_the_emergency_stop_and_no_hand_at_the_brake_before() -> None:
    watched = Watched(30.0)
    watched.table.bend = lambda t: t._replace(current_a=-6.0)
    watched.run(60.0)
    assert watched.shown() == ("torque-off HIGH",)
    assert "press the emergency stop and leave it pressed, then release the brake" in watched.alarms.text
    assert watched.table.angle_deg == pytest.approx(30.0, abs=1.0), "the brake was opened for it"
    watched.table.bend = lambda t: t
    watched.run(90.0)
    assert watched.table.angle_deg < -72.0


@pytest.mark.requirement("REQ-ALM-PRIORITY")
def test_something_seen_that_forbids_inversion_beside_a_trip_is_told_once() -> None:
    watched = Watched()
    watched.table.inputs = ALL_WELL & ~Input.ANKLE_LATCH_NO
    supervisor = watched.table.state.supervisor
    supervisor.latched["ankle-latch"] = Trip(
        "ankle-latch", Response.RETURN, Recovery.AUTOMATIC, 1.0, 1.0, "", None, None
    )
    watched.run(0.1)
    assert watched.shown() == ("ankle-latch LOW",)


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_silent_board_is_said_to_act_by_itself() -> None:
    watched = Watched(30.0)
    watched.table.silent = True
    watched.run(0.5)
    assert set(watched.shown()) == {"no-link HIGH", "link MEDIUM"}
    assert "by itself" in watched.alarms.text


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_stop_on_its_way_and_a_recovery_say_so() -> None:
    watched = Watched(30.0)
    watched.table.bend = lambda t: t._replace(rejected_in_row=3)
    watched.run(0.05)
    watched.table.bend = lambda t: t
    assert watched.shown() == ("rejected HIGH",)
    assert "in a moment" in watched.alarms.text
    watched.run(4.0)
    assert watched.table.phase == "CREEPING"
    assert "in a moment" in watched.alarms.text


def acting(response: Response, **facts: Any) -> tuple[Supervisor, View, Alarms]:
    """A person asked for a response, nothing tripped, and the table stands."""
    supervisor, view = Supervisor(), view_of({"request": MotionRequest(ask=response), "standing_s": 1.0, **facts})
    supervisor._monitors = ()
    supervisor.judge(view)
    supervisor.advance(view)
    assert not supervisor.latched
    return supervisor, view, Alarms()


@pytest.mark.requirement("REQ-ALM-TODO", "REQ-REC-UPRIGHT-SWITCH")
@pytest.mark.parametrize(("closes_deg", "shown"), [(-71.0, True), (-72.5, True), (-74.5, False)])
def test_upright_by_a_switch_that_the_angle_left_contradicts_says_to_look(closes_deg: float, shown: bool) -> None:
    """Seed 7, session 5329: without the encoder, a switch that stuck 4 degrees from upright ended the return unseen."""
    watched = Watched(-60.0)
    table = watched.table

    def bent(t: Telemetry) -> Telemetry:
        switch = Input.UPRIGHT_SWITCH if table.angle_deg < closes_deg else 0
        return t._replace(encoder_deg=None, inputs=t.inputs & ~Input.UPRIGHT_SWITCH | switch)

    table.bend = bent
    watched.run(30.0)
    assert table.phase == "BOARDED"
    assert ("upright-unsure MEDIUM" in watched.shown()) is shown
    assert (watched.alarms.text == SITUATIONS["upright-unsure"]) is shown
    assert (watched.alarms.sounding(table.now_s) is Priority.MEDIUM) is shown


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_return_that_leaves_the_rider_inverted_raises_an_alarm_though_nothing_tripped() -> None:
    supervisor, view, alarms = acting(Response.RETURN)
    assert supervisor.phase is Phase.RETURNING
    assert not alarms.update(100.0, supervisor, view, linked=True)
    assert not alarms.update(100.0 + STAYS_INVERTED_S - 0.1, supervisor, view, linked=True)
    assert alarms.update(100.0 + STAYS_INVERTED_S, supervisor, view, linked=True)
    assert [alarm.id for alarm in alarms.active] == ["stays-inverted"]


@pytest.mark.requirement("REQ-ALM-TODO")
def test_how_long_a_rider_stood_in_a_session_is_no_standing_of_its_return() -> None:
    supervisor, view, alarms = acting(Response.NONE)
    supervisor.latched["link"] = Trip("link", Response.RETURN, Recovery.AUTOMATIC, 99.0, 99.0, "seen", 20.0, 20.0)
    for now_s, phase in ((100.0, Phase.FREE), (100.0 + STAYS_INVERTED_S, Phase.RETURNING)):
        supervisor.phase = phase
        alarms.update(now_s, supervisor, view, linked=True)
        assert [alarm.id for alarm in alarms.active] == ["link"]


@pytest.mark.requirement("REQ-ALM-TODO")
def test_who_is_upright_stands_there_as_long_as_they_like() -> None:
    supervisor, view, alarms = acting(Response.NONE, inverted=False, away=False)
    supervisor.latched["link"] = Trip("link", Response.RETURN, Recovery.AUTOMATIC, 99.0, 99.0, "seen", 20.0, 20.0)
    supervisor.phase = Phase.BOARDED
    for now_s in (100.0, 100.0 + STAYS_INVERTED_S):
        alarms.update(now_s, supervisor, view, linked=True)
        assert [alarm.id for alarm in alarms.active] == ["link"]


@pytest.mark.requirement("REQ-ALM-TODO")
@pytest.mark.parametrize("shaking_dps", [0.0, -0.5])
def test_a_return_that_stands_raises_an_alarm_where_the_rider_is_not_inverted_too(shaking_dps: float) -> None:
    """A board that gave up by itself holds the table, and the host waits; a rate made of an angle shakes meanwhile."""
    supervisor, view, alarms = acting(Response.RETURN, inverted=False, away=True)
    view.telemetry = WELL._replace(status=Status.BRAKE_CLOSED)
    view.angles.rate_dps = shaking_dps
    assert not alarms.update(100.0, supervisor, view, linked=True)
    assert not alarms.update(100.0 + STAYS_INVERTED_S - 0.1, supervisor, view, linked=True)
    assert alarms.update(100.0 + STAYS_INVERTED_S, supervisor, view, linked=True)
    assert [(alarm.id, alarm.priority) for alarm in alarms.active] == [("stays-there", Priority.HIGH)]
    view.telemetry, view.angles.rate_dps = WELL._replace(status=0, rate_dps=-1.5), -1.5
    assert alarms.update(101.0 + STAYS_INVERTED_S, supervisor, view, linked=True)
    assert alarms.active == ()


@pytest.mark.requirement("REQ-ALM-TODO")
@pytest.mark.parametrize(("inverted", "stays"), [(True, "stays-inverted"), (False, "stays-there")])
def test_no_trip_says_that_a_rider_comes_up_who_does_not(inverted: bool, stays: str) -> None:
    supervisor, view, alarms = acting(Response.RETURN, inverted=inverted, away=True)
    trip = Trip("rejected", Response.RETURN, Recovery.AUTOMATIC, 99.0, 99.0, "three refused", 20.0, 20.0)
    supervisor.latched["rejected"] = trip
    for now_s, situation in ((100.0, "returning"), (100.0 + STAYS_INVERTED_S, stays)):
        alarms.update(now_s, supervisor, view, linked=True)
        (told,) = (alarm for alarm in alarms.active if alarm.id == "rejected")
        assert told.instruction == f"{SITUATIONS[situation]} {CAUSES['rejected']}"


@pytest.mark.requirement("REQ-ALM-TODO")
def test_nothing_is_said_of_a_rider_whom_nobody_sees() -> None:
    """The board has brought them upright long ago, or the drive stands: only who looks at the table knows."""
    watched = Watched(20.0)
    watched.table.silent = True
    watched.run(STAYS_INVERTED_S + 5.0)
    assert watched.shown() == ("no-link HIGH", "link MEDIUM")
    told = {alarm.id: alarm.instruction for alarm in watched.alarms.active}
    assert told["link"] == f"{SITUATIONS['no-link']} {CAUSES['link']}"


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_rest_at_horizontal_is_no_standing_however_long_it_is() -> None:
    watched = Watched(20.0, narrow(TABLE, {"return_rest_s": 120.0}, "table"))
    watched.run(150.0, MotionRequest(ask=Response.RETURN))
    assert watched.table.angle_deg < -5.0
    assert "stays-there HIGH" not in {shown for change in watched.changes for shown in change}


@pytest.mark.requirement("REQ-ALM-TODO")
def test_what_turns_upright_as_told_without_any_angle_does_not_stand() -> None:
    watched = Watched(20.0)
    watched.table.bend = lambda t: t._replace(encoder_deg=None, inclinometer_deg=None, rate_dps=None)
    watched.run(50.0)
    assert watched.table.phase == "CREEPING"
    assert "stays-there HIGH" not in {shown for change in watched.changes for shown in change}


@pytest.mark.requirement("REQ-ALM-TODO")
def test_what_stands_is_told_once_where_another_alarm_says_what_to_do() -> None:
    for linked, response, told in ((False, Response.RETURN, "no-link"), (True, Response.STOP, "held")):
        supervisor, view, alarms = acting(response, inverted=False, away=True)
        alarms.update(100.0, supervisor, view, linked=linked)
        alarms.update(100.0 + STAYS_INVERTED_S, supervisor, view, linked=linked)
        assert [alarm.id for alarm in alarms.active] == [told]


@pytest.mark.requirement("REQ-ALM-TODO")
@pytest.mark.parametrize("inverted", [True, False])
def test_a_rider_whom_a_person_stopped_is_shown_as_held_wherever_that_is(inverted: bool) -> None:
    supervisor, view, alarms = acting(Response.STOP, inverted=inverted)
    assert supervisor.phase is Phase.HELD
    assert alarms.update(100.0, supervisor, view, linked=True)
    assert [alarm.id for alarm in alarms.active] == ["held"]
