"""What a recording explains: the right cause in words, and which side of the link fell silent."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_host.control.ticks import Event, TickInput
from firmware_host.recording.blackbox_reader import Recording, read
from firmware_host.recording.explain import explain
from safety.signals import Lost
from tests.end_to_end.commands import SHORT, bench, righting


def benched(folder: Path, *faults: str) -> dict[str, Any]:
    """A session of two minutes, inverted at 41 s."""
    program = folder / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    return bench(folder, *faults, program=program)


def recorded(folder: Path, *faults: str) -> Recording:
    return read(Path(benched(folder, *faults)["blackbox"]))


@pytest.mark.parametrize(("fault", "words", "link_cause"), [
    ("cable-out@41:2", ("link began the emergency return", "the line lost or held back 200 frames"), "line"),
    ("power-loss@41", ("no frame came any more", "neither at horizontal nor upright", "The last alarm"), "line"),
    ("host-stall@41:2", ("the monitor tick", "The host stalled: its loop did not run for 2.00 s"), "host"),
    ("board-reboot@41", ("The board restarted",), "board"),
    ("to-board-dead@41:2", ("the board heard nothing",), "host-to-board line"),
    ("hand-switch-release@41", ("the monitor hand-switch", "hand switch released", "with the rider upright"), ""),
    ("encoder-jump@41", ("the monitor angle-plausibility", "encoder jumped by"), ""),
    ("runaway@41", ("cut the torque and closed the brake", "standstill after", "Then acted", "by hand"), ""),
])  # fmt: skip
def test_the_cause_is_named(tmp_path: Path, fault: str, words: tuple[str, ...], link_cause: str) -> None:
    told = explain(recorded(tmp_path, fault))
    text = " ".join(told.sentences)
    for word in words:
        assert word in text
    assert told.link_cause == link_cause
    assert told.window_s is not None


def test_of_what_one_angle_says_the_explanation_makes_no_fact(tmp_path: Path) -> None:
    explained = explain(recorded(tmp_path, "inclinometer-dead@45", "encoder-drift-low=3@50"))
    assert explained.facts()["phases_by"] == {"horizontal": "encoder", "upright": "encoder"}
    told = " ".join(explained.sentences)
    assert re.search(r"upright after [\d.]+ s by the encoder alone", told)
    assert "with the rider upright" not in told
    assert "deg by the encoder alone. The last alarm (medium priority), of the monitor switches: " in told


def test_the_last_angle_tells_no_phase_if_it_is_lost_later(tmp_path: Path) -> None:
    told = recorded(tmp_path, "inclinometer-dead@45")
    assert {phase.by for phase in explain(told).phases} == {"encoder"}
    *outputs, last = told.outputs
    assert last.command is not None
    lost = last._replace(command=last.command._replace(lost_angles=Lost.ENCODER | Lost.INCLINOMETER))
    assert explain(replace(told, outputs=[*outputs, lost])).phases == ()


@pytest.mark.parametrize("name", ["encoder_deg", "inclinometer_deg"])
def test_of_two_angles_that_are_believed_the_higher_one_tells_the_phase(tmp_path: Path, name: str) -> None:
    def horizontal_s(told: Recording) -> float:
        return next(phase.after_s for phase in explain(told).phases if phase.name == "horizontal")

    def higher(one: TickInput) -> TickInput:
        frame = one.telemetry
        return one if frame is None else one._replace(telemetry=frame._replace(**{name: getattr(frame, name) + 2.0}))

    told = recorded(tmp_path, "hand-switch-release@41")
    assert horizontal_s(replace(told, inputs=[higher(one) for one in told.inputs])) > horizontal_s(told) + 0.5


def test_a_table_that_its_motor_does_not_turn_is_seen_at_no_horizontal(tmp_path: Path) -> None:
    (standstill,) = explain(recorded(tmp_path, "coupling-broken@45")).phases
    assert standstill.name == "standstill"


def test_an_end_that_is_not_sure_to_be_upright_comes_with_its_alarm(tmp_path: Path) -> None:
    ended, alarm = explain(recorded(tmp_path, "inclinometer-jump@45", "upright-switch-closed@80")).sentences[-2:]
    assert "with the table in state 'finished', last seen at -60.2 deg by the encoder alone." in ended
    assert "look where it stands before anybody leaves it" in alarm


def test_a_clock_that_was_set_makes_nothing_longer(tmp_path: Path) -> None:
    told = explain(recorded(tmp_path, "hand-switch-release@45", "clock-jump=3600@48"))
    assert 40.0 < {phase.name: phase.after_s for phase in told.phases}["upright"] < 60.0
    assert "tick (EMERGENCY_RETURN) +2.97 s" in " ".join(told.sentences)


def test_a_recording_that_breaks_off_says_so(tmp_path: Path) -> None:
    told = explain(recorded(tmp_path, "host-killed@41")).sentences
    assert "The recording breaks off there, as it does where the host is killed" in " ".join(told)


@pytest.mark.parametrize(("faults", "words", "link_cause"), [
    (("host-stall@41:0.07", "cable-out@41.08"), ("no frame came any more", "stalled for 0.07 s as well"), "line"),
    (("hand-switch-release@41", "host-stall@42:1"), ("the monitor hand-switch", "The host stalled: its loop"), "host"),
    (("hand-switch-release@41", "board-reboot@42"), ("the monitor hand-switch", "The board restarted"), "board"),
    (("clock-jump=3600@41",), ("The host's clock jumped by 3600.0 s: so much less passed",), "host"),
    (("clock-jump=0.5@41",), ("The host's clock jumped by 0.5 s",), "host"),
    (("board-reboot@41", "host-stall@41:0.3"), ("The board restarted", "The host stalled for 0.3"), "board"),
    (("frames-delayed=300@41:5",), ("lost or held back",), "line"),
])  # fmt: skip
def test_whoever_fell_silent_is_named_wherever_it_stands_among_the_trips(
    tmp_path: Path, faults: tuple[str, ...], words: tuple[str, ...], link_cause: str
) -> None:
    told = explain(recorded(tmp_path, *faults))
    for word in words:
        assert word in " ".join(told.sentences)
    assert told.link_cause == link_cause


def test_where_the_rider_was_last_seen_is_told_of_a_host_that_died(tmp_path: Path) -> None:
    told = explain(recorded(tmp_path, "host-killed@41"))
    assert "last seen at +30." in " ".join(told.sentences)


@pytest.mark.parametrize("faults", [
    ("inclinometer-drift-low=5@40", "encoder-dead@44", "stall@45"),
    ("inclinometer-jump-low=60@44", "encoder-dead@45", "stall@46"),
])  # fmt: skip
def test_whoever_is_left_hanging_is_not_said_to_be_upright(tmp_path: Path, faults: tuple[str, ...]) -> None:
    told = explain(recorded(tmp_path, *faults))
    ended, alarm = told.sentences[-2:]
    assert "upright" not in ended
    assert alarm.startswith("The last alarm (high priority)")
    assert "upright" not in [phase.name for phase in told.phases]


@pytest.mark.parametrize(("priority", "up"), [("medium", True), ("high", False)])
def test_nobody_is_upright_whom_the_last_alarm_says_not_to_be(tmp_path: Path, priority: str, up: bool) -> None:
    """A host that died before the table had turned far: where the rider is hangs on what is said last."""
    recording = recorded(tmp_path, "host-killed@0.5")
    alarm = Event(recording.inputs[-1].now_s, "alarm", f"{priority} priority: look.")
    told = explain(replace(recording, events=[*recording.events, alarm]))
    assert ("with the rider upright" in " ".join(told.sentences)) is up
    assert ("The last alarm" in " ".join(told.sentences)) is not up


def test_damage_comes_first_and_nothing_is_said_of_what_was_not_read(tmp_path: Path) -> None:
    whole = recorded(tmp_path, "hand-switch-release@41")
    damaged = replace(whole, events=[event for event in whole.events if event.trip is None], problems=["a hole", "x"])
    told = explain(damaged)
    assert told.sentences[0].startswith("The recording is not whole (a hole and 1 more)")
    assert told.sentences[1] == "What could be read tells of no monitor that acted."


def test_ticks_that_were_dropped_around_a_silence_are_told(tmp_path: Path) -> None:
    whole = recorded(tmp_path, "cable-out@41:2")
    (trip,) = [event.trip for event in whole.events if event.trip is not None]
    kept = [abs(one.now_s - trip.t_s) > 1.0 for one in whole.inputs]
    inputs = [one for one, keep in zip(whole.inputs, kept, strict=True) if keep]
    outputs = [one for one, keep in zip(whole.outputs, kept, strict=True) if keep]
    told = explain(replace(whole, inputs=inputs, outputs=outputs))
    assert "which side fell silent cannot be told" in " ".join(told.sentences)


def test_the_times_are_those_of_the_truth(tmp_path: Path) -> None:
    found = benched(tmp_path, "hand-switch-release@41")
    phases = {phase.name: phase.after_s for phase in explain(read(Path(found["blackbox"]))).phases}
    assert phases["horizontal"] == pytest.approx(found["truth"]["horizontal_after_trip_s"], abs=0.3)
    assert phases["upright"] > phases["horizontal"]


def test_without_a_trip_it_says_so(tmp_path: Path) -> None:
    told = explain(recorded(tmp_path))
    assert told.sentences[0] == "No monitor acted."
    assert "completed, with the rider upright" in told.sentences[-1]
    assert (told.window_s, told.trips, told.phases) == (None, (), ())


def test_an_empty_recording_explains_nothing(tmp_path: Path) -> None:
    told = explain(Recording(tmp_path / "x.mcap"))
    assert told.sentences == ("No tick was recorded, so there is nothing to explain.",)


def test_the_command_prints_and_draws(tmp_path: Path) -> None:
    file = Path(benched(tmp_path, "cable-out@41:2")["blackbox"])
    done = righting("explain", file, "--json", tmp_path / "told.json")
    assert done.returncode == 0, done.stderr
    assert "the line lost or held back 200 frames" in done.stdout
    assert file.with_name(f"{file.stem}-explained.png").stat().st_size > 10_000
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert told["link_cause"] == "line"
    assert told["trips"][0]["monitor"] == "link"
