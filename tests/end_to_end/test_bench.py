"""``righting bench``: whole sessions through real bytes, judged on the truth."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_host.cli.bench import bench_command, run_session
from firmware_host.cli.sessions import load_session, make_controller
from firmware_host.recording.blackbox_reader import read
from firmware_host.recording.replay import replay
from sim.faults import CATALOGUE
from tests.end_to_end.commands import EXAMPLES, PROGRAM, REGULAR, SHORT, bench, environment, righting

KEYS = {"outcome", "session_s", "wall_s", "real_time_factor", "trips", "violations", "truth", "blackbox"}
TRUTH_KEYS = {
    "max_angle_deg",
    "max_rate_dps",
    "max_accel_dps2",
    "final_angle_deg",
    "horizontal_after_trip_s",
    "upright_after_trip_s",
}
PAIRS = [
    ("first-time", "beginner", "table"),
    ("gentle-daily", "regular", "table"),
    ("intermittent-40", "regular", "table"),
    ("oscillating-60", "experienced", "table"),
    ("warm-up", "regular", "table"),
    ("full-inversion", "cleared", "table-90"),
]


@pytest.mark.requirement("REQ-ALM-FALSE", "REQ-PRM-UNASKED")
@pytest.mark.parametrize(("program", "rider", "table"), PAIRS)
def test_every_example_session_completes_without_a_trip(tmp_path: Path, program: str, rider: str, table: str) -> None:
    programs, riders = EXAMPLES / "programs", EXAMPLES / "riders"
    found = bench(
        tmp_path,
        program=programs / f"{program}.toml",
        rider=riders / f"{rider}.toml",
        table=EXAMPLES / f"{table}.toml",
    )
    assert found["outcome"] == "completed", found
    assert found["trips"] == []
    assert found["violations"] == []
    assert found["truth"]["final_angle_deg"] == pytest.approx(-75.0, abs=1.5)


def test_one_object_with_what_was_promised(tmp_path: Path) -> None:
    done = righting("bench", PROGRAM, "--rider", REGULAR, "--records", tmp_path, "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() >= KEYS
    assert found["truth"].keys() >= TRUTH_KEYS
    assert Path(found["blackbox"]).is_file()
    assert found["truth"]["max_angle_deg"] == pytest.approx(40.0, abs=1.0)
    assert found["truth"]["horizontal_after_trip_s"] is None


RIGHT_ANSWERS = {
    "encoder-stuck@75": {"drive-fault", "angle-plausibility", "angle-agreement", "overspeed", "following"},
    "inclinometer-drift@70": {"angle-agreement", "angle-plausibility"},
    "runaway@75": {"following", "overspeed", "over-angle", "stop-time", "standstill"},
    "obstruction@72": {"reverse-on-load", "following", "progress", "return-late", "drive-fault"},
    "cable-out@75": {"link"},
    "cable-out@75:3": {"link"},
    "host-stall@75:2": {"tick", "link"},
    "hand-switch-release@75": {"hand-switch"},
    "power-loss@75": {"energy", "drive-fault", "link", "following", "progress", "return-late"},
}


@pytest.mark.requirement(
    "REQ-RSP-EMERGENCY-RETURN", "REQ-ALM-TODO", "REQ-PRM-ANGLE", "REQ-PRM-RATE", "REQ-PRM-RESCUE", "REQ-PRM-END"
)
@pytest.mark.parametrize("fault", sorted(RIGHT_ANSWERS))
def test_a_fault_trips_for_the_right_cause_and_the_rider_is_treated_as_promised(fault: str) -> None:
    found = bench(None, fault)
    assert found["violations"] == [], found
    causes = [trip["id"] for trip in found["trips"]]
    assert causes, "no trip"
    assert causes[0] in RIGHT_ANSWERS[fault], causes
    if not fault.startswith(("power-loss", "runaway")):  # after which nothing can move the table: held still
        assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.requirement("REQ-MON-ANGLE-PLAUSIBILITY", "REQ-PRM-RESCUE")
@pytest.mark.parametrize("at_s", [25, 41, 60])
@pytest.mark.parametrize("fault", sorted(name for name in CATALOGUE if name.startswith(("encoder", "inclinometer"))))
def test_whatever_happens_to_one_angle_the_rider_comes_upright(tmp_path: Path, fault: str, at_s: int) -> None:
    """Moving out, standing inverted, resting at horizontal."""
    program = tmp_path / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    found = bench(None, f"{fault}@{at_s}", program=program)
    assert found["violations"] == [], found
    assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.requirement("REQ-MON-HAND-SWITCH")
@pytest.mark.parametrize("at_s", [1, 20, 33, 45, 60, 85, 100, 125, 150, 165, 190])
def test_letting_go_brings_the_rider_upright_at_any_time(at_s: int) -> None:
    found = bench(None, f"hand-switch-release@{at_s}")
    assert found["violations"] == []
    assert found["truth"]["final_angle_deg"] < -70.0


def test_a_way_up_that_is_blocked_for_long_ends_in_a_hold_with_an_alarm() -> None:
    """What is in the way goes after a minute; by then every recovery was tried, and a person has to act."""
    found = bench(None, "obstruction@190:60")
    assert found["violations"] == []
    assert found["truth"]["final_angle_deg"] > -70.0


def test_a_fault_comes_with_what_it_was_judged_by() -> None:
    found = bench(None, "encoder-reversed@25")
    assert found["violations"] == found["wrong_causes"] == found["false_trips"] == []


def test_the_largest_seed_gives_a_session_too() -> None:
    assert bench(None, "hand-switch-release@1", seed=2**31)["violations"] == []


def test_the_same_seed_gives_the_same_session(tmp_path: Path) -> None:
    first, again, other = (bench(tmp_path, "cable-out@80:1", seed=seed) for seed in (7, 7, 8))
    changing = ("wall_s", "real_time_factor", "blackbox")
    strip = [{key: value for key, value in found.items() if key not in changing} for found in (first, again, other)]
    assert strip[0] == strip[1]
    recordings = [read(Path(found["blackbox"])) for found in (first, again, other)]
    assert recordings[0].inputs == recordings[1].inputs
    assert recordings[0].outputs == recordings[1].outputs
    assert recordings[0].inputs != recordings[2].inputs


@pytest.mark.requirement("REQ-SES-REPLAY")
@pytest.mark.parametrize("fault", ["", "encoder-stuck@75", "cable-out@75:3", "host-stall@80:1"])
def test_a_replay_gives_the_same_commands(tmp_path: Path, fault: str) -> None:
    found = bench(tmp_path, *([fault] if fault else []))
    done = righting("replay", found["blackbox"], "--json", "-")
    told = json.loads(done.stdout)
    assert told["identical"] is True, told
    assert told["first_difference"] is None
    assert told["ticks"] == pytest.approx(found["session_s"] * 100, abs=1 + 100 * (fault.startswith("host-stall")))
    assert done.returncode == 0


@pytest.mark.requirement("REQ-SES-REPLAY")
def test_a_replay_with_another_limit_is_told_apart(tmp_path: Path) -> None:
    """The check can fail: a controller of another session decides otherwise."""
    found = bench(tmp_path)
    other = load_session(EXAMPLES / "programs" / "gentle-daily.toml", REGULAR, None)
    result = replay(read(Path(found["blackbox"])), make_controller(other))
    assert not result.identical
    assert result.first_difference is not None


def test_a_table_that_is_never_ready_says_why(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    wired = (EXAMPLES / "table-roboclaw.toml").read_text(encoding="utf-8")
    file.write_text(wired.replace('"hand_switch_nc"', '""'), encoding="utf-8")
    done = righting("bench", PROGRAM, "--rider", REGULAR, "--table", file, "--records", tmp_path)
    assert done.returncode == 1, done.stdout
    assert "never ready to start: " in done.stdout
    assert "hand switch" in done.stdout.split("never ready to start: ")[1]


@pytest.mark.parametrize("name", ["violations", "wrong_causes", "false_trips", "unanswered"])
def test_whatever_the_judge_finds_is_shown_and_ends_with_1(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The finding is put in: a session with a false trip would be a fault of the project."""
    sound = run_session(load_session(PROGRAM, REGULAR, None), [], 1, None)
    for found, code in (([], 0), (["x: found"], 1)):
        told = {**sound, name: found}
        monkeypatch.setattr("firmware_host.cli.bench.run_session", lambda *_, told=told: told)
        assert bench_command([PROGRAM], REGULAR, None, [], 1, Path("unused"), None) == code
        assert ("x: found" in capsys.readouterr().out) is bool(found)


def test_a_fault_after_the_end_is_told(tmp_path: Path) -> None:
    done = righting("bench", PROGRAM, "--rider", REGULAR, "--records", tmp_path, "--fault", "encoder-noisy@1e9")
    assert done.returncode == 0, done.stderr
    assert "over before these faults began: encoder-noisy@1e+09" in done.stdout


def test_what_the_simulator_does_not_know_is_found_before_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[table]\nname = "T"\n[physics]\nbody = 3\n')
    done = righting("check", file)
    assert (done.returncode, "table.toml:4: body" in done.stderr) == (2, True), done.stderr


def test_a_host_without_the_means_of_the_simulator_checks_a_table_all_the_same() -> None:
    code = "import sys; sys.modules['numpy'] = sys.modules['numba'] = None; from firmware_host.cli import main; main()"
    file = EXAMPLES / "table.toml"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", file], capture_output=True, text=True, env=environment(), check=False
    )
    assert (done.returncode, "table is right" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("meteor@3", "meteor"),
        ("runaway", "NAME@SECONDS"),
        ("runaway@x", "NAME@SECONDS"),
        ("runaway@nan", "finite"),
        ("runaway@3:-1", "more than 0"),
    ],
)
def test_a_fault_that_cannot_be_read_is_refused_with_what_would_be_right(tmp_path: Path, fault: str, text: str) -> None:
    done = righting("bench", PROGRAM, "--rider", REGULAR, "--records", tmp_path, "--fault", fault)
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "faults", [("runaway@88", "cable-out@80"), ("cable-out@75", "runaway@75.2"), ("runaway@88", "host-stall@89")]
)
def test_a_board_alone_with_a_drive_that_runs_away_holds_it(faults: tuple[str, ...]) -> None:
    """Nobody but the board can act; before it did, the table ran onto its inverted stop."""
    found = bench(None, *faults)
    assert found["truth"]["max_angle_deg"] < 42.0, found["truth"]
