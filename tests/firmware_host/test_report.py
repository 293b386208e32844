"""What a report says of a recording, and that its picture shows it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from matplotlib.image import imread

from firmware_host.control.operating_states import LEAVES
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.record_schema import RecordedCommand, RecordedOutput
from firmware_host.recording.report import STATES, TRIP, PictureError, picture, summary
from safety.signals import CommandMode, Input, Lost, Recovery, Response, Telemetry, Trip

WIDTH, HEIGHT = 1600, 1000
METADATA: Final = {
    "begun": "2026-11-23T15:12:00+00:00",
    "limits": json.dumps({"inverted_limit_deg": 45.0}),
    "plan": json.dumps(
        {"name": "Intermittent 40", "step_count": 0, "segments": [], "starts_s": [], "program_s": 0.0,
         "return_s": 0.0, "inverted_s": 0.0, "max_deg": 40.0}
    ),
}  # fmt: skip
FINISHED: Final = Event(20.0, "program", "program finished")


def telemetry(encoder: float | None, inclinometer: float | None, rate: float | None = 2.0) -> Telemetry:
    return Telemetry(1, 0, 0, None, None, encoder, inclinometer, rate, 1.5, 24.0, None, None, 0, 0, 0, 0, 0)


def angle_at(t_s: float) -> float:
    """Up from -20 to 40 in 30 s, and down again."""
    return -20.0 + 2.0 * t_s if t_s < 30.0 else 40.0 - 2.0 * (t_s - 30.0)


def recording(
    state: Callable[[float], str] = lambda t_s: "session_moving" if t_s < 50.0 else "finished",
    response: Response = Response.NONE,
    frame: Callable[[float], Telemetry | None] = lambda t_s: telemetry(angle_at(t_s), angle_at(t_s)),
    operator: OperatorRequest = NO_REQUEST,
    events: tuple[Event, ...] = (FINISHED,),
) -> Recording:
    """A minute of a session, ten ticks a second, on a clock that began long before."""
    made = Recording(Path("session.mcap"), dict(METADATA), events=list(events))
    for number in range(601):
        t_s = number * 0.1
        pressed = operator if number == 100 else NO_REQUEST
        made.inputs.append(TickInput(1000.0 + t_s, frame(t_s), None, 0.0, pressed))
        made.outputs.append(RecordedOutput(None, state(t_s), response, 40.0, t_s / 60.0, 0))
    return made


def trip(t_s: float, monitor: str = "following") -> Event:
    told = Trip(monitor, Response.STOP, Recovery.AUTOMATIC, t_s, t_s, "2.4 deg/s", 1.0, None)
    return Event(t_s, "trip", f"STOP by {monitor}", told)


# --- figures


def test_figures_are_those_measured() -> None:
    told = summary(recording())
    assert (told.program, told.outcome, told.state) == ("Intermittent 40", "completed", "finished")
    assert told.duration_s == pytest.approx(60.0)
    assert told.max_angle_deg == pytest.approx(40.0)
    assert told.max_rate_dps == 2.0
    assert told.inverted_s == pytest.approx(39.5, abs=0.2)  # above half a degree, on both ways
    assert told.trips == ()
    assert told.problems == ()


def test_the_other_angle_stands_in_and_gaps_do_not_count_as_upright() -> None:
    def frame(t_s: float) -> Telemetry | None:
        return None if 25.0 < t_s < 27.0 else telemetry(None, angle_at(t_s), -3.5)

    told = summary(recording(frame=frame))
    assert told.max_angle_deg == pytest.approx(40.0)
    assert told.max_rate_dps == 3.5
    assert told.inverted_s == pytest.approx(39.5, abs=0.2)


@pytest.mark.parametrize(("lost_from_s", "inverted_s"), [(60.0, 20.0), (20.0, 39.5)])
def test_a_rider_who_was_inverted_when_an_angle_was_lost_counts_so_until_the_switch_closes(
    lost_from_s: float, inverted_s: float
) -> None:
    """Inverted from 10.3 s on, at -30 deg from 30 s on by all that is measured, at the switch from 50 s on."""

    def frame(t_s: float) -> Telemetry:
        angle_deg = angle_at(t_s) if t_s < 30.0 else -30.0
        switch = Input.UPRIGHT_SWITCH if t_s >= 50.0 else 0
        return telemetry(angle_deg, angle_deg)._replace(inputs=switch)

    made = recording(frame=frame)
    for number in range(round(lost_from_s * 10.0), len(made.outputs)):
        command = RecordedCommand(CommandMode.HOLD, None, 8.0, 1.0, Lost.INCLINOMETER, clear_faults=False)
        made.outputs[number] = made.outputs[number]._replace(command=command)
    assert summary(made).inverted_s == pytest.approx(inverted_s, abs=0.4)


def test_what_was_not_measured_is_unknown_and_not_zero() -> None:
    told = summary(recording(frame=lambda _: telemetry(None, None, None)))
    assert (told.max_angle_deg, told.max_rate_dps, told.link) == (None, None, "not recorded")
    lines = dict(told.lines())
    assert (lines["highest angle"], lines["highest rate"]) == ("unknown", "unknown")


def test_nothing_recorded_is_said() -> None:
    told = summary(Recording(Path("x"), problems=["cut"]))
    assert told.outcome == "unknown: nothing was recorded"
    assert told.program == "unknown program"
    assert ("problem", "cut") in told.lines()


@pytest.mark.parametrize(
    ("expected", "made"),
    [
        ("completed", recording()),
        ("returned", recording(events=())),
        ("returned", recording(operator=OperatorRequest(return_upright=True))),
        ("returned", recording(response=Response.RETURN, events=(FINISHED, trip(3.0)))),
        ("emergency_returned", recording(response=Response.EMERGENCY_RETURN)),
        ("stopped", recording(response=Response.STOP)),
        ("stopped", recording(response=Response.TORQUE_OFF)),
        ("stopped", recording(state=lambda t_s: "session_moving" if t_s < 5.0 else "unlinked")),
        ("refused", recording(state=lambda _: "boarding_waiting")),
        ("unknown: the recording ends in state session_moving", recording(state=lambda _: "session_moving")),
    ],
)
def test_the_outcome_is_what_the_command_line_would_say(expected: str, made: Recording) -> None:
    assert summary(made).outcome == expected


def test_link_figures_name_what_went_wrong_and_nothing_else() -> None:
    made = recording()
    made.health = [
        {"frames": 1},
        {"frames": 590, "lost_frames": 3, "late_frames": 0, "host_stalls": 1, "round_trip_s": 0.012},
    ]
    assert summary(made).link == "590 frames, 3 lost, 1 host stalls, round trip 12.0 ms"


def test_trips_are_told() -> None:
    assert dict(summary(recording(events=(trip(3.0), trip(4.0, "link")))).lines())["trips"] == (
        "STOP by following; STOP by link"
    )


# --- the picture


def pixels(file: Path) -> tuple[int, int, set[bytes]]:
    """Width, height and the colours of a picture."""
    shown = (imread(file)[:, :, :3] * 255.0).round().astype(np.uint32)
    found = np.unique(shown[:, :, 0] << 16 | shown[:, :, 1] << 8 | shown[:, :, 2])
    return shown.shape[1], shown.shape[0], {int(one).to_bytes(3, "big") for one in found}


def colour(text: str) -> bytes:
    return bytes.fromhex(text[1:])


def test_the_picture_has_its_size_and_its_colours(tmp_path: Path) -> None:
    file = tmp_path / "session.png"
    picture(recording(), file)
    width, height, colours = pixels(file)
    assert (width, height) == (WIDTH, HEIGHT)
    assert {colour(STATES["session_moving"][1]), colour(STATES["finished"][1])} <= colours
    assert colour(STATES["emergency"][1]) not in colours


def test_a_trip_and_an_emergency_return_are_shown(tmp_path: Path) -> None:
    def state(t_s: float) -> str:
        return "session_moving" if t_s < 20.0 else "emergency_inverted"

    without, file = tmp_path / "without.png", tmp_path / "with.png"
    quiet, tripped = (
        recording(state=state, events=()),
        recording(state=state, events=(trip(1020.0), trip(1020.1, "link"))),
    )
    for made, target in ((quiet, without), (tripped, file)):
        made.metadata.pop("limits")  # whose line has the colour of trips
        picture(made, target)
    assert colour(TRIP) not in pixels(without)[2]
    assert {colour(TRIP), colour(STATES["emergency"][1])} <= pixels(file)[2]


@pytest.mark.parametrize(
    "made",
    [
        recording(frame=lambda _: None),
        recording(frame=lambda _: telemetry(None, None, None)),
        recording(frame=lambda t_s: None if t_s < 30.0 else telemetry(80.0, None)),
        recording(events=tuple(Event(1000.0 + n, "operator", "acknowledge") for n in range(60))),
    ],
    ids=["no frames", "no signals", "half", "crowded"],
)
def test_any_recording_can_be_drawn(tmp_path: Path, made: Recording) -> None:
    made.metadata.clear()
    picture(made, tmp_path / "any.png")
    assert (tmp_path / "any.png").stat().st_size > 10_000


def test_one_tick_can_be_drawn(tmp_path: Path) -> None:
    made = recording()
    del made.inputs[1:], made.outputs[1:]
    picture(made, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 10_000


def test_every_operating_state_has_a_colour() -> None:
    assert all(name in STATES or name.split("_")[0] in STATES for name in LEAVES)


def test_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="nothing to draw"):
        picture(Recording(Path("x")), tmp_path / "x.png")


def test_a_missing_matplotlib_is_told_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(PictureError, match=r"pip install 'righting\[sim\]'"):
        picture(recording(), tmp_path / "x.png")


def test_matplotlib_is_not_loaded_for_figures() -> None:
    load = "import sys, firmware_host.recording.report"
    script = f"{load}; print([name for name in sys.modules if name.startswith('matplotlib')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
