"""The moment of a trip as it is explained: margins and both sides' views, against the record and the safety layer."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firmware_host.control.controller import Controller
from firmware_host.recording.blackbox_reader import Recording, read
from firmware_host.recording.explain import Explanation, explain
from firmware_host.recording.margins import Margin
from firmware_host.recording.session_record import make_recorded_controller
from firmware_host.recording.sides import MOST_CHANGES, BoardSide, HostSide
from safety.limits import Limits
from safety.signals import Status, Telemetry, Trip
from tests.end_to_end.commands import SHORT, bench, righting

PERIOD_S = 0.01


class Told:
    """A session, its explanation, and what the record holds of the moment of its first trip."""

    def __init__(self, folder: Path, *faults: str) -> None:
        program = folder / "short.toml"
        program.write_text(SHORT, encoding="utf-8")
        self.recording = read(Path(bench(folder, *faults, program=program)["blackbox"]))
        self.explained: Explanation = explain(self.recording)
        self.trip: Trip = self.explained.trips[0]
        self.limits = Limits(**json.loads(self.recording.metadata["limits"]))
        (self.place,) = [at for at, one in enumerate(self.recording.inputs) if one.now_s == self.trip.t_s]

    def row(self, name: str) -> Margin:
        (found,) = [row for row in self.explained.margins if row.name == name]
        return found

    @property
    def broken(self) -> list[str]:
        return [row.name for row in self.explained.margins if row.broken]

    @property
    def host(self) -> HostSide:
        assert self.explained.host is not None
        return self.explained.host

    @property
    def board(self) -> BoardSide:
        assert self.explained.board is not None
        return self.explained.board

    @property
    def frames(self) -> list[tuple[float, Telemetry]]:
        """All frames with their time from the trip on."""
        return [
            (one.now_s - self.trip.t_s, one.telemetry) for one in self.recording.inputs if one.telemetry is not None
        ]

    def frame_at_trip(self) -> Telemetry:
        return [frame for after_s, frame in self.frames if after_s <= 0.0][-1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each session is run once."""

    @cache
    def make(*faults: str) -> Told:
        return Told(tmp_path_factory.mktemp("session"), *faults)

    return make


def test_of_a_released_hand_switch_no_limit_was_broken(told: Any) -> None:
    session: Told = told("hand-switch-release@41")
    frame = session.frame_at_trip()
    assert frame.encoder_deg is not None and frame.inclinometer_deg is not None and frame.bus_v is not None  # noqa: PT018
    assert session.broken == []
    angle, supply = session.row("angle"), session.row("supply")
    assert session.explained.margins[:2] == (angle, supply)
    assert (angle.value, angle.limit) == (max(frame.encoder_deg, frame.inclinometer_deg), 45.0)
    assert angle.margin == pytest.approx(45.0 - angle.value)
    assert (supply.value, supply.limit) == (frame.bus_v, session.limits.bus_reserve_v)
    assert supply.margin == pytest.approx(frame.bus_v - 20.0)
    assert session.row("drive temperature").margin == pytest.approx(75.0 - (frame.drive_temperature_c or 0.0))
    assert session.row("age of the telemetry").value == pytest.approx(PERIOD_S)
    assert (
        f"angle = {angle.value:.1f} deg (limit 45.0 deg: {angle.margin:.1f} deg left)" in session.explained.sentences[1]
    )


def test_of_a_released_hand_switch_both_sides_saw_and_did(told: Any) -> None:
    session: Told = told("hand-switch-release@41")
    frame, host, board = session.frame_at_trip(), session.host, session.board
    assert (board.sequence, board.clock_s, board.age_s) == (frame.sequence, frame.board_time_us / 1e6, 0.0)
    assert (board.encoder_deg, board.inclinometer_deg) == (frame.encoder_deg, frame.inclinometer_deg)
    assert board.contacts["hand_switch"] == "released"
    assert board.status == ("brake closed", "torque off")
    assert (board.watchdog_s, board.watchdog_expired, board.watchdog_expired_after_s) == (0.25, False, None)
    assert (host.clock_s, host.state, host.command) == (session.trip.t_s, "session_holding", "stand still")
    assert host.then[0].after_s == 0.0
    assert host.then[0].what == "'EMERGENCY RETURN to horizontal' (command: move)"
    opened_s = next(after_s for after_s, one in session.frames if after_s > 0.0 and one.status & Status.TORQUE_ON)
    assert (board.then[0].after_s, board.then[0].what) == (opened_s, "torque on, brake open")


def test_of_a_cable_that_is_out_the_age_was_broken(told: Any) -> None:
    session: Told = told("cable-out@41:2")
    age_s = session.trip.t_s - next(now for now in reversed(arrivals(session)) if now <= session.trip.t_s)
    assert session.broken == ["age of the telemetry"]
    row = session.row("age of the telemetry")
    assert (row.value, row.limit, row.monitor) == (age_s, session.limits.link_age_s, "link")
    assert session.explained.margins[0] == row
    assert session.board.age_s == session.host.telemetry_age_s == age_s


def arrivals(session: Told) -> list[float]:
    return [one.now_s for one in session.recording.inputs if one.telemetry is not None]


def test_of_a_cable_that_is_out_each_side_acted_by_itself(told: Any) -> None:
    session: Told = told("cable-out@41:2")
    host, board, t_s = session.host, session.board, session.trip.t_s
    heard_s = next(now for now in arrivals(session) if now > t_s) - t_s
    assert board.next_frame_after_s == board.then[0].after_s == heard_s
    assert "returning by itself" in board.then[0].what
    after = next(one for after_s, one in session.frames if after_s > 0.0)
    assert after.command_age_s is not None
    assert board.watchdog_expired_after_s == pytest.approx(heard_s - (after.command_age_s - 0.25))
    assert board.watchdog_expired_after_s == pytest.approx(0.15, abs=0.02)
    ticks = zip(session.recording.inputs, session.recording.outputs, strict=True)
    again_s = next(one.now_s for one, output in ticks if one.now_s > t_s and output.command is not None) - t_s
    assert [(one.after_s, one.what.split(" (")[1]) for one in host.then[:2]] == [
        (0.0, "command: none)"), (again_s, "command: move)"),
    ]  # fmt: skip


def test_of_a_host_that_stalled_the_board_s_own_return_is_judged_by_its_own_rate(told: Any) -> None:
    session: Told = told("host-stall@41:2")
    frame = session.frame_at_trip()
    assert session.broken == [
        "delay of the control loop", "age of the telemetry", "age of the board's newest command",
    ]  # fmt: skip
    assert session.row("delay of the control loop").value == session.recording.inputs[session.place].lateness_s == 2.0
    assert session.row("age of the board's newest command").value == frame.command_age_s
    rate = session.row("rate toward upright")
    assert (rate.value, rate.limit) == (abs(frame.rate_dps or 0.0), session.limits.emergency_rate_dps)
    assert session.host.late_s == 2.0
    assert session.board.watchdog_expired
    assert session.board.watchdog_expired_after_s == pytest.approx(0.25 - (frame.command_age_s or 0.0))


def test_of_an_encoder_that_jumps_the_step_was_broken_first(told: Any) -> None:
    session: Told = told("encoder-jump@41")
    frame = session.frame_at_trip()
    before = [one for after_s, one in session.frames if after_s < 0.0][-1]
    assert frame.encoder_deg is not None and before.encoder_deg is not None and frame.inclinometer_deg is not None  # noqa: PT018
    assert session.broken == ["step of the encoder", "difference of the two angles"]
    step, apart = session.explained.margins[:2]
    assert (step.value, step.limit) == (abs(frame.encoder_deg - before.encoder_deg), session.limits.angle_step_deg)
    assert (apart.value, apart.limit) == (abs(frame.encoder_deg - frame.inclinometer_deg), session.limits.disagree_deg)
    assert session.row("angle").value == frame.inclinometer_deg  # the encoder is not believed
    assert not [row for row in session.explained.margins if row.name.startswith("rate")]  # nor is its rate


def test_of_an_encoder_that_died_the_time_without_it_was_broken(told: Any) -> None:
    session: Told = told("encoder-dead@41")
    last_s = max(after_s for after_s, one in session.frames if after_s <= 0.0 and one.encoder_deg is not None)
    row = session.row("time without a value of the encoder")
    assert row.value == pytest.approx(-last_s)
    assert "encoder unknown" in " ".join(session.explained.sentences)
    assert session.board.encoder_deg is None


def test_of_a_drive_that_runs_away_the_difference_is_that_of_the_monitor(told: Any) -> None:
    session: Told = told("runaway@41")
    numbers = re.fullmatch(r"rate (\S+) deg/s, expected (\S+) deg/s", session.trip.detail)
    assert numbers is not None
    rate, expected = map(float, numbers.groups())
    assert session.explained.margins[0].name == "difference of the rate from the expected one"
    assert session.explained.margins[0].value == pytest.approx(abs(rate - expected), abs=0.02)


def as_the_safety_layer_saw_it(session: Told) -> Controller:
    """Decide the session anew until the trip."""
    controller = make_recorded_controller(session.recording.metadata)
    for one in session.recording.inputs[: session.place + 1]:
        controller.tick(one)
    return controller


@pytest.mark.parametrize("fault", ["hand-switch-release@20", "cable-out@38:2", "ankle-latch-open@41", "runaway@41"])
def test_the_margins_are_those_that_the_safety_layer_saw(told: Any, fault: str) -> None:
    session: Told = told(fault)
    view = as_the_safety_layer_saw_it(session).safety.view
    angles, rows = view.angles, {row.name: row for row in session.explained.margins}
    assert rows["angle"].value == angles.high_deg
    assert rows["difference of the two angles"].value == abs(angles.disagreement_deg or 0.0)
    if view.inverted_s:
        assert rows["time inverted"].value == pytest.approx(view.inverted_s, abs=2 * PERIOD_S)
    rate = next(row for row in session.explained.margins if row.name.startswith("rate"))
    assert rate.value == abs(angles.rate_dps or 0.0)
    off = rows.get("difference of the rate from the expected one")
    if off is not None:
        assert off.value == pytest.approx(abs((angles.rate_dps or 0.0) - angles.expected_dps), abs=0.01)


def test_what_is_not_in_the_recording_has_no_row(told: Any) -> None:
    whole: Recording = told("hand-switch-release@41").recording
    without = explain(replace(whole, metadata={}))
    assert without.margins == ()
    assert "cannot be told" in without.sentences[1]
    assert without.board is not None
    t_s = without.trips[0].t_s
    inputs = [
        one if one.telemetry is None else one._replace(telemetry=one.telemetry._replace(bus_v=None, current_a=None))
        for one in whole.inputs
    ]
    names = [row.name for row in explain(replace(whole, inputs=inputs)).margins]
    assert "angle" in names
    assert "supply" not in names
    kept = [one.now_s != t_s for one in whole.inputs]
    cut = replace(
        whole,
        inputs=[one for one, keep in zip(whole.inputs, kept, strict=True) if keep],
        outputs=[one for one, keep in zip(whole.outputs, kept, strict=True) if keep],
    )
    assert (explain(cut).margins, explain(cut).host, explain(cut).board) == ((), None, None)
    assert "The tick of the trip is not in the recording" in " ".join(explain(cut).sentences)


def test_a_contact_that_chatters_fills_no_page(told: Any) -> None:
    whole: Recording = told("hand-switch-release@41").recording
    inputs = [
        one if one.telemetry is None else one._replace(telemetry=one.telemetry._replace(inputs=place % 2))
        for place, one in enumerate(whole.inputs)
    ]
    board = explain(replace(whole, inputs=inputs)).board
    assert board is not None
    assert len(board.then) == MOST_CHANGES


def test_paper_leaves_out_what_each_side_saw(told: Any) -> None:
    explained: Explanation = told("hand-switch-release@41").explained
    left_out = [sentence for sentence in explained.sentences if sentence not in explained.in_brief]
    assert [sentence.split(" (")[0] for sentence in left_out] == ["The host", "The board"]


def test_the_command_gives_all_of_it_as_json(told: Any, tmp_path: Path) -> None:
    session: Told = told("cable-out@41:2")
    done = righting("explain", session.recording.path, "--json", tmp_path / "told.json")
    assert done.returncode == 0, done.stderr
    assert "Broken limits: age of the telemetry = 100 ms (limit 100 ms)" in done.stdout
    facts = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert {"sentences", "trips", "phases", "link_cause", "window_s"} < set(facts)
    first = facts["margins"][0]
    assert (first["name"], first["unit"], first["broken"]) == ("age of the telemetry", "s", True)
    assert first["margin"] == pytest.approx(first["limit"] - first["value"])
    assert len(facts["margins"]) == len(session.explained.margins)
    assert facts["host"]["then"][0]["after_s"] == 0.0
    assert facts["board"]["contacts"] == session.board.contacts
    assert facts["board"]["then"][0]["what"].startswith("torque on")
