"""``righting audit verify``, ``backup`` and ``restore``, as people call them."""

import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from firmware_host.records import ANYBODY, default_url, open_records, people, settings
from tests.records.making import record


def righting(*arguments: str | Path, cwd: Path) -> tuple[int, str, str]:
    """Call the command line; gives exit code, output and what was complained of."""
    run = subprocess.run(
        [sys.executable, "-m", "firmware_host", *map(str, arguments)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=120.0,
    )
    return run.returncode, run.stdout, run.stderr


def prepared(tmp_path: Path) -> Path:
    """A folder with a black box and records of one person."""
    folder = tmp_path / "records"
    record(folder)
    with open_records(default_url(folder)) as records, records.begin() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")
        settings.put(transaction, ANYBODY, "units", "metric")
    return folder


def test_the_way_there_and_back(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    code, told, _ = righting("audit", "verify", cwd=tmp_path)
    assert code == 0
    noted = re.search(r"whole: 2 entries; note this down elsewhere, for --head: (2:[0-9a-f]{64})$", told.strip())
    assert noted is not None

    code, told, _ = righting("backup", "backup.tar", cwd=tmp_path)
    assert (code, "backup.tar: database and 1 black boxes" in told, noted[1] in told) == (0, True, True)

    code, _, complaint = righting("restore", "backup.tar", cwd=tmp_path)
    assert (code, "add --replace to put it aside" in complaint) == (2, True)
    code, told, _ = righting("restore", "backup.tar", "--replace", cwd=tmp_path)
    assert (code, "restored: 1 black boxes" in told, "what was there before is in" in told) == (0, True, True)

    code, told, _ = righting("audit", "verify", "--records", folder, "--head", noted[1], cwd=tmp_path)
    assert (code, told.startswith("whole")) == (0, True)


def test_a_broken_log_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    with open_records(default_url(folder)) as records, records.begin() as transaction:
        transaction.connection.execute(text("DELETE FROM audit WHERE id = 1"))
    code, told, _ = righting("audit", "verify", "--database", default_url(folder), cwd=tmp_path)
    assert code == 1
    assert "broken: 2 problems\n  missing: entry 1\n" in told
    righting("backup", "backup.tar", cwd=tmp_path)
    code, told, _ = righting("restore", "backup.tar", "--records", "new", cwd=tmp_path)
    assert (code, "the audit log was broken when this backup was made: missing: entry 1" in told) == (0, True)


def test_records_that_are_not_there_are_not_made(tmp_path: Path) -> None:
    for arguments in (("audit", "verify"), ("backup", "backup.tar")):
        code, _, complaint = righting(*arguments, cwd=tmp_path)
        assert (code, "there are no records; name their folder with --records" in complaint) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_without_sqlalchemy_the_commands_say_what_to_install(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "import importlib.util as util; real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'sqlalchemy' else real(name, *rest)\n"
        "from firmware_host.cli import main; sys.argv[1:] = sys.argv[2:]; main()"
    )
    for arguments in (["audit", "verify"], ["backup", "b.tar"], ["restore", "b.tar"]):
        run = subprocess.run(
            [sys.executable, "-c", hidden, "righting", *arguments],
            check=False, capture_output=True, text=True, timeout=120.0, cwd=tmp_path,
        )  # fmt: skip
        assert run.returncode == 2
        assert run.stderr == "righting: records need sqlalchemy: pip install 'righting[panel]'\n"
