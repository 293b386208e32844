"""What riders did since the command began: for the next session, and in the file that the command line named."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_host.cli.logbook import Logbook
from firmware_host.cli.rider_file import write_ridden
from firmware_host.cli.sessions import demonstration
from firmware_host.control.choosing import Choice
from firmware_host.files.programs import load_program
from firmware_host.files.riders import Rider, load_rider, make_rider, ridden_by
from firmware_host.files.tables import load_table
from firmware_host.files.toml_source import parse_toml
from firmware_host.files.validation import prepare
from safety.ridden import Ridden

pytestmark = pytest.mark.requirement("REQ-PPL-BUDGET")

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
WHOLE = NOW.replace(microsecond=0)
SOON = timedelta(minutes=10)
TEXT = """# who
[rider]
name = "Rob"  # as in the passport
sex = "male"
mass_kg = 78
height_m = 1.79
experience = "regular"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "rob.toml"
    file.write_text(TEXT, encoding="utf-8")
    file.chmod(0o640)
    return file


def rob(text: str = "", name: str = "Rob") -> Rider:
    return make_rider(parse_toml("this rider", TEXT.replace('"Rob"', f'"{name}"') + text))


def account(rider: Rider) -> Ridden | None:
    return ridden_by(rider)


def test_a_session_is_remembered_and_written_into_the_file(file: Path) -> None:
    logbook = Logbook(file, load_rider(file))
    assert logbook.note(load_rider(file), NOW, 40.04) == ""
    assert file.read_text(encoding="utf-8").startswith(TEXT), "comments stay"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert account(load_rider(file)) == Ridden(WHOLE, 40.0, 40.0)
    assert account(logbook.known(rob())) == Ridden(NOW, 40.04, 40.04)
    assert logbook.note(rob(), NOW + SOON, 100.0) == ""
    assert account(load_rider(file)) == Ridden(WHOLE + SOON, 140.0, 140.0)
    assert file.read_text(encoding="utf-8").count("[ridden]") == 1


@pytest.mark.parametrize("other", [rob(name="Bob"), rob().file.rider.model_copy(update={"mass_kg": 79.0})])
def test_another_rider_is_another(file: Path, other: object) -> None:
    someone = other if isinstance(other, Rider) else rob()._replace(file=rob().file.model_copy(update={"rider": other}))
    logbook = Logbook(file, rob())
    assert logbook.note(someone, NOW, 100.0) == ""
    assert account(logbook.known(rob())) is None
    assert file.read_text(encoding="utf-8") == TEXT


def test_what_was_told_and_what_is_remembered_count_both() -> None:
    logbook = Logbook(None, rob())
    assert logbook.note(rob(), NOW, 100.0) == ""
    told = rob("[ridden]\nended = 2026-11-23T11:30:00Z\ninverted_s = 400.0\nday_inverted_s = 700.0\n")
    assert account(logbook.known(told)) == Ridden(NOW, 400.0, 700.0)
    assert account(logbook.known(rob())) == Ridden(NOW, 100.0, 100.0)


def test_the_next_of_the_same_knows_what_was_ridden() -> None:
    logbook = Logbook(None, rob())
    choice = Choice(prepare(load_table(None), rob(), load_program(demonstration()), NOW), "r")
    assert logbook.again(choice, NOW).session.unscreened == choice.session.unscreened
    logbook.note(rob(), NOW, 1150.0)
    following = logbook.again(choice, NOW + SOON)
    assert following.reference == "r"
    assert following.session.limits.time_inverted_s == 50.0
    told = [problem.text for problem in following.session.unscreened]
    assert "what is left of the day's 20 min" in told[0]
    assert "rest for 60 min" in told[-1]


def test_what_a_file_says_meanwhile_is_not_made_less(file: Path) -> None:
    """Another table's command wrote it."""
    write_ridden(file, Ridden(WHOLE + SOON, 300.0, 900.0))
    write_ridden(file, Ridden(WHOLE, 40.0, 950.0))
    assert account(load_rider(file)) == Ridden(WHOLE + SOON, 300.0, 950.0)


@pytest.mark.parametrize("meanwhile", ["gone", "broken", "no rider", "no text"])
def test_a_file_that_cannot_be_written_is_told_and_the_session_remembered(file: Path, meanwhile: str) -> None:
    logbook = Logbook(file, rob())
    file.unlink()
    if meanwhile != "gone":
        file.write_bytes({"broken": b"[rider", "no rider": b"name = 3", "no text": b"\xff"}[meanwhile])
    before = file.read_bytes() if file.exists() else None
    told = logbook.note(rob(), NOW, 100.0)
    assert str(file) in told
    assert "keep the rest and the day's total yourself" in told
    assert (file.read_bytes() if file.exists() else None) == before
    assert account(logbook.known(rob())) == Ridden(NOW, 100.0, 100.0)
