"""The bundle of diagnostics: what is in it, and that nobody is."""

import json
import zipfile
from pathlib import Path

import pytest

from firmware_host.diagnostics import write_bundle
from firmware_host.files.tables import load_table
from firmware_host.recording.blackbox_reader import read
from tests.end_to_end.commands import EXAMPLES, bench

TABLE = """# Belongs to Wilhelmina
[table]
name = "Wilhelmina's attic"
serial = 1001
port = "rfc2217://wilhelmina:geheim@host.example:4000"

[limits]
inverted_limit_deg = 40
"""
RIDER = """[rider]
name = "Wilhelmina"
sex = "female"
mass_kg = 61.25
height_m = 1.70
experience = "regular"

[screening]
answered = 2026-11-01

[screening.answers]
glaucoma = true
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diagnostics")
    (folder / "table.toml").write_text(TABLE)
    (folder / "rider.toml").write_text(RIDER)
    program = (EXAMPLES / "programs" / "first-time.toml").read_text()
    (folder / "program.toml").write_text(program.replace("First time", "Wilhelmina's first time"))
    records = folder / "records"
    bench(records, "encoder-dead@40", program=folder / "program.toml", rider=folder / "rider.toml")
    (records / "broken.mcap").write_text("no recording")
    write_bundle(folder / "d.zip", load_table(folder / "table.toml"), records, {"frames": 12})
    return folder / "d.zip"


def test_it_says_what_a_helper_asks_for(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as opened:
        told = {name: opened.read(name).decode() for name in opened.namelist()}
    assert {"README.txt", "versions.json", "machine.json", "table.toml", "limits.json", "live.json"} <= set(told)
    assert json.loads(told["versions.json"])["packages"]["pydantic"]
    assert json.loads(told["live.json"]) == {"frames": 12}
    limits = {row["name"]: row for row in json.loads(told["limits.json"])}
    assert (limits["inverted_limit_deg"]["table"], limits["inverted_limit_deg"]["origin"]) == (40.0, "table file")
    assert "serial = 1001" in told["table.toml"]
    sessions = [json.loads(text) for name, text in told.items() if name.startswith("sessions/")]
    broken, sound = sorted(sessions, key=len)
    assert "not a black box" in broken["problem"]
    assert sound["trips"]
    assert sound["link_counters"]["frames"] > 1000
    assert sound["boards"][0]["simulated"]


def test_nobody_is_in_it_and_nothing_of_health_and_no_password(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as opened:
        everything = "\n".join([*opened.namelist(), *(opened.read(name).decode() for name in opened.namelist())])
    for hidden in ("wilhelmina", "geheim", "glaucoma", "61.25", "questionnaire", "screening"):
        assert hidden not in everything.lower()


def test_the_recording_itself_would_have_told_more(bundle: Path) -> None:
    """Or the test above would find nothing whatever is written."""
    (file,) = (bundle.parent / "records").glob("2*.mcap")
    recording = read(file)
    assert "Wilhelmina" in recording.metadata["plan"]
    assert any("questionnaire" in event.text for event in recording.events)


def test_without_recordings_there_is_a_bundle_too(tmp_path: Path) -> None:
    write_bundle(tmp_path / "d.zip", load_table(None), tmp_path / "nothing")
    with zipfile.ZipFile(tmp_path / "d.zip") as opened:
        assert opened.testzip() is None
        assert not [name for name in opened.namelist() if name.startswith("sessions/")]
