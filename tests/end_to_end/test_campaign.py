"""``righting campaign``: many sessions, the same on any number of workers, and failures that can be run again."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from firmware_host.cli.app import app
from firmware_host.cli.campaign import cases
from firmware_host.cli.campaign.steering import steer
from firmware_host.cli.campaign.workers import Workers
from safety.monitors import people
from safety.signals import NONE
from sim.faults import CATALOGUE
from tests.changed_parts import A_FEW, changed_parts
from tests.end_to_end.commands import EXAMPLES, righting

KEYS = {"sessions", "violations", "wrong_causes", "false_trips", "sessions_per_core_second", "coverage"}
SESSIONS, SEED = 12, 7


def campaign(folder: Path, *arguments: object) -> dict[str, Any]:
    """Run a campaign in this process; gives what it prints for machines."""
    words = ["campaign", "--seed", str(SEED), "--resume", str(folder), "--json", "-", *map(str, arguments)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (1 if told["failures"] else 0)
    return told


def run_again(line: str, records: Path) -> dict[str, Any]:
    """Run a reproducing line in this process."""
    words = shlex.split(line)
    assert words.pop(0) == "righting"
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, [*words, "--records", str(records)]).stdout)
    return told


def results(folder: Path) -> list[dict[str, Any]]:
    """The rows of all ranges in their order, without the processor time."""
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]
    return [{**json.loads(line), "core_s": None} for line in lines]


def lasting(told: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on how fast the machine was."""
    hang_on_it = {"wall_s", "core_s", *(name for name in told if "core_second" in name)}
    return {name: value for name, value in told.items() if name not in hang_on_it}


def test_a_campaign_is_the_same_on_other_workers_and_when_it_resumes(tmp_path: Path) -> None:
    folder, page = tmp_path / "campaign", tmp_path / "report.html"
    arguments = ("--sessions", SESSIONS, "--seed", SEED, "--resume", folder)
    done = righting("campaign", *map(str, arguments), "--workers", "2", "--json", "-")
    told = json.loads(done.stdout)
    assert done.returncode == (1 if told["failures"] else 0), done.stderr
    assert told.keys() >= KEYS
    assert told["sessions"] == len(results(folder)) == SESSIONS
    assert told["fault_free"] > 0
    assert told["false_trips"] == 0
    assert told["coverage"]["met"] > 3
    before = results(folder)

    lost = sorted(folder.glob("*.jsonl"))[1]
    lost.unlink()
    again = campaign(folder, "--sessions", SESSIONS, "--report", page)
    assert results(folder) == before
    assert lasting(again) == lasting(told)
    html = page.read_text()
    assert html.count("data:image/png;base64,") == 6
    assert all(fault in html for fault in CATALOGUE)

    weakest = again["weakest"][0]
    row = before[weakest["index"]]
    reproduced = run_again(weakest["command"], tmp_path)
    assert reproduced["outcome"] == row["outcome"]
    assert reproduced["session_s"] == pytest.approx(row["session_s"], abs=0.01)
    assert [trip["id"] for trip in reproduced["trips"]] == [trip["monitor"] for trip in row["trips"]]
    assert reproduced["violations"] == row["violations"]


def test_a_broken_safety_layer_is_found_and_the_failure_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hand switch that nobody watches over; an angle that is lost has nothing to do with it."""
    drawn = ("hand-switch-release", "inclinometer-dead")
    monkeypatch.setattr(cases, "CATALOGUE", {name: CATALOGUE[name] for name in drawn})
    monkeypatch.setattr(cases, "WITH_PAIR", 0.9)
    monkeypatch.setattr(people.HandSwitch, "check", lambda *_: NONE)
    told = campaign(tmp_path / "broken", "--sessions", 14)
    found = [failure for failure in told["failures"] if "people" in failure["broken"]]
    assert found
    smallest = found[0]["shrunk"]
    assert [fault.partition("@")[0] for fault in smallest["faults"]] == ["hand-switch-release"]
    assert smallest["steps"] == 1
    assert "people" in run_again(smallest["command"], tmp_path)["violations"][0]
    monkeypatch.undo()
    assert run_again(smallest["command"], tmp_path)["violations"] == []


def test_a_steered_search_goes_on_from_the_worst_that_it_found() -> None:
    tried = list(steer(SEED, 6, Workers(1)))
    assert [one.number for one in tried] == list(range(6))
    drawn, children = [one.case for one in tried[:2]], [one.case for one in tried[2:]]
    assert drawn == [cases.draw_case(SEED, index) for index in range(2)]
    assert changed_parts(*drawn) > A_FEW
    for child in children:
        assert 0 < min(changed_parts(parent, child) for parent in drawn) <= A_FEW
    again = list(steer(SEED, 6, Workers(2)))
    assert [one.case for one in again] == [one.case for one in tried]
    assert [one.result.margins for one in again] == [one.result.margins for one in tried]


def test_a_folder_of_another_seed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "campaign.json").write_text('{"seed": 3}')
    done = righting("campaign", "--resume", tmp_path, "--seed", "4")
    assert done.returncode == 2
    assert "pass --seed 3" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_campaign_hangs_the_devices_of_a_table_file_on_every_table(tmp_path: Path) -> None:
    table = str(EXAMPLES / "table-roboclaw.toml")
    told = campaign(tmp_path / "campaign", "--sessions", 1, "--table", table)
    assert (told["sessions"], told["failures"]) == (1, [])
    words = shlex.split(told["weakest"][0]["command"])
    assert "roboclaw" in Path(words[words.index("--table") + 1]).read_text()
    done = righting("campaign", "--resume", tmp_path / "campaign", "--seed", str(SEED), "--sessions", "1")
    assert done.returncode == 2
    assert "devices" in done.stderr
