"""The questionnaire in the terminal, and what it allows on a table that counts as a real one."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_host.cli.rider_file import write_ridden
from firmware_host.files.riders import load_rider, ridden_by
from safety.ridden import Ridden
from safety.screening import QUESTIONS
from tests.end_to_end.commands import EXAMPLES, LONGEST_S, REGULAR, command, environment, process, righting

SHORT = 'name = "Short"\n[[step]]\ndo = "go"\nto_deg = -70\nrate_dps = 3\n'


def answer(file: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    """Answer the questions as a person would, a line each."""
    return subprocess.run(
        command("screen", file),
        input="".join(f"{one}\n" for one in answers),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        env=environment(),
        check=False,
    )


@pytest.mark.requirement("REQ-PPL-QUESTIONS")
def test_answers_are_kept_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "rob.toml"
    before = REGULAR.read_text(encoding="utf-8")
    file.write_text(before, encoding="utf-8")
    done = answer(file, *["n"] * len(QUESTIONS), "y", "y")
    assert (done.returncode, "nothing is against inversion" in done.stdout) == (0, True), done.stdout + done.stderr
    assert file.read_text(encoding="utf-8").startswith(before.rstrip())
    section = load_rider(file).file.screening
    assert section is not None
    assert section.answers == dict.fromkeys(QUESTIONS, False)
    again = answer(file, "y", *["n"] * (len(QUESTIONS) - 1), "y", "n")
    assert again.returncode == 2
    assert again.stdout.count("not allowed to invert") == 2


def test_a_new_rider_is_asked_who_they_are(tmp_path: Path) -> None:
    file = tmp_path / "zoe.toml"
    done = answer(file, "Zoe", "female", "60", "1.7", "", *["n"] * len(QUESTIONS), "y", "y")
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_rider(file).file.rider.name == "Zoe"


@pytest.mark.requirement("REQ-PPL-QUESTIONS")
@pytest.mark.parametrize("answers", [(), ("Zoe",), ("Zoe", "female", "60", "1.7", "", "n", "n")])
def test_answers_that_break_off_change_nothing(tmp_path: Path, answers: tuple[str, ...]) -> None:
    done = answer(tmp_path / "zoe.toml", *answers)
    assert (done.returncode, "nothing was written" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_what_a_session_writes_while_the_questions_are_answered_stays(tmp_path: Path) -> None:
    file = tmp_path / "rob.toml"
    file.write_text(REGULAR.read_text(encoding="utf-8"), encoding="utf-8")
    with subprocess.Popen(
        command("screen", file), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        asked.stdin.write("n\n")
        asked.stdin.flush()
        asked.stdout.read(1)  # it has read the file, and asks
        ridden = Ridden(datetime(2026, 11, 20, 9, 0, tzinfo=UTC), 300.0, 300.0)
        write_ridden(file, ridden)
        asked.communicate("".join(f"{one}\n" for one in [*["n"] * (len(QUESTIONS) - 1), "y", "y"]), LONGEST_S)
    assert asked.returncode == 0
    rider = load_rider(file)
    assert rider.file.screening is not None
    assert ridden_by(rider) == ridden


@pytest.mark.requirement("REQ-PPL-QUESTIONS")
def test_answers_behind_a_link_are_in_force_in_the_file_itself(tmp_path: Path) -> None:
    file, link = tmp_path / "rob.toml", tmp_path / "link.toml"
    file.write_text(REGULAR.read_text(encoding="utf-8"), encoding="utf-8")
    link.symlink_to(file.name)
    assert answer(link, *["y"] * len(QUESTIONS), "y", "y").returncode == 2
    section = load_rider(file).file.screening
    assert section is not None
    assert section.answers == dict.fromkeys(QUESTIONS, True)
    assert link.is_symlink()


def test_what_is_wrong_with_a_new_rider_is_said_before_the_questions(tmp_path: Path) -> None:
    done = answer(tmp_path / "zoe.toml", "Zoe", "female", "nan", "1.7", "")
    assert (done.returncode, "mass_kg must be a finite number" in done.stderr) == (2, True), done.stderr
    assert "physician" not in done.stdout


@pytest.mark.requirement("REQ-PPL-QUESTIONS")
def test_a_file_that_is_no_rider_s_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text((EXAMPLES / "table.toml").read_text(encoding="utf-8"), encoding="utf-8")
    before = file.read_bytes()
    assert answer(file, *["n"] * len(QUESTIONS), "y", "y").returncode == 2
    assert file.read_bytes() == before


@pytest.mark.realtime
@pytest.mark.requirement("REQ-MON-SCREENING")
@pytest.mark.parametrize("screened", [False, True])
def test_a_real_table_takes_nobody_who_did_not_answer(tmp_path: Path, screened: bool) -> None:
    rider = tmp_path / "rob.toml"
    rider.write_text(REGULAR.read_text(encoding="utf-8"), encoding="utf-8")
    if screened:
        assert answer(rider, *["n"] * len(QUESTIONS), "y", "y").returncode == 0
    program = tmp_path / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    with process("sim", "--serial", "1001") as table:
        assert table.stdout is not None
        port = table.stdout.readline().strip()
        done = righting("run", program, "--rider", rider, "--port", port, "--start", "--records", tmp_path / "records")
    assert done.returncode == (0 if screened else 2), done.stdout + done.stderr
    if not screened:
        assert "the questionnaire has not been answered" in done.stdout
        assert f"righting screen {rider}" in done.stdout.replace("\n", " ")


BEYOND = 'name = "Beyond"\n[motion]\nrate_dps = 3\nrest_at_flat_s = 10\n[[step]]\ndo = "go"\nto_deg = 6\n'


@pytest.mark.realtime
@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_real_table_writes_down_who_rode_and_asks_for_a_rest(tmp_path: Path) -> None:
    rider, program, low = (tmp_path / f"{name}.toml" for name in ("rob", "beyond", "low"))
    rider.write_text(f"# mine\n{REGULAR.read_text(encoding='utf-8')}", encoding="utf-8")
    assert answer(rider, *["n"] * len(QUESTIONS), "y", "y").returncode == 0
    soon = datetime.now(tz=UTC) - timedelta(minutes=10)
    account = f"[ridden]\nended = {soon.isoformat()}\ninverted_s = 59.5\nday_inverted_s = 159.5\n"
    rider.write_text(rider.read_text(encoding="utf-8") + account, encoding="utf-8")
    program.write_text(BEYOND, encoding="utf-8")
    low.write_text('[table]\nname = "Low"\n[limits]\nupright_deg = -45\n', encoding="utf-8")  # the least way there is
    with process("sim", "--serial", "1001", "--table", low) as table:
        assert table.stdout is not None
        port = table.stdout.readline().strip()
        records = tmp_path / "records"
        ride = ("run", program, "--rider", rider, "--table", low, "--port", port, "--start", "--records", records)
        done = righting(*ride)
        assert done.returncode == 0, done.stdout + done.stderr
        kept = load_rider(rider).file.ridden
        again = righting(*ride)
    assert kept is not None
    assert soon < kept.ended <= datetime.now(tz=UTC)
    assert kept.inverted_s > 60.0
    same_day = soon.astimezone(kept.ended.tzinfo).date() == kept.ended.date()
    assert kept.day_inverted_s == pytest.approx(kept.inverted_s + (100.0 if same_day else -59.5))
    assert rider.read_text(encoding="utf-8").startswith("# mine\n")
    told = " ".join(again.stdout.split())
    assert (again.returncode, "rest for 60 min, until" in told) == (2, True), again.stdout + again.stderr
    assert len(list(records.glob("*.mcap"))) == 1
