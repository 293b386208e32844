"""A killed writer and a cut log: what was committed is there, the chain is whole, and the file opens."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from firmware_host.records import ANYBODY, Records, audit, default_url, open_records, people, riders, settings
from tests.records.making import document

MOMENTS: Final = 25
WRITER: Final = """
import sys
from firmware_host.records import ANYBODY, open_records, riders
with open_records(sys.argv[1]) as records:
    number = int(sys.argv[2])
    while True:
        with records.begin() as transaction:
            note = "x" * (number % 7 * 900)
            rider = riders.add(transaction, ANYBODY, {"rider": {"name": f"R{number}"}, "note": note})
            riders.change(transaction, ANYBODY, rider.id, {"rider": {"name": f"R{number}"}, "limits": {}})
        print(number, flush=True)
        number += 1
"""


def integrity(path: Path) -> str:
    """What SQLite itself says of a file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def names(records: Records) -> list[str]:
    with records.read() as transaction:
        assert audit.verify(transaction).problems == ()
        found = riders.everyone(transaction)
        assert audit.head(transaction).entries == 2 * len(found)
        assert {one.version for one in found} <= {2}
        return [one.name for one in sorted(found, key=lambda one: one.id)]


@pytest.mark.requirement("REQ-PPL-KEPT")
def test_a_killed_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    url, chance = default_url(tmp_path), random.Random(8)
    open_records(url).close()
    committed: list[str] = []
    for _ in range(MOMENTS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(len(committed))], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert process.stdout is not None
        for _ in range(chance.randint(1, 12)):
            process.stdout.readline()
        spin(chance.randint(0, 200_000))  # somewhere within the transactions that follow
        process.send_signal(signal.SIGKILL)
        told = process.communicate()[0].split()
        last = max([len(committed) - 1, *map(int, told)])
        with open_records(url) as records:
            kept = names(records)
        assert kept == [f"R{number}" for number in range(len(kept))]
        assert len(kept) > last  # all that the writer told of, and perhaps one that it had no time to tell
        committed = kept
    assert integrity(tmp_path / "righting.db") == "ok"
    assert len(committed) >= MOMENTS


def spin(rounds: int) -> None:
    """Let some microseconds pass, up to a few milliseconds."""
    for _ in range(rounds):
        pass


@pytest.mark.requirement("REQ-PPL-KEPT")
def test_a_log_cut_at_any_byte_opens_with_the_last_or_the_state_before(tmp_path: Path) -> None:
    live, cut = tmp_path / "live", tmp_path / "cut"
    for folder in (live, cut):
        folder.mkdir()
    with contextlib.closing(sqlite3.connect(live / "righting.db")) as connection:
        connection.execute("PRAGMA page_size=512")  # the smallest: fewer bytes to cut at, all the same kinds of them
        connection.execute("VACUUM")
    with open_records(default_url(live)) as records:
        with records.begin() as transaction:
            riders.add(transaction, ANYBODY, document("First"))
        before = (live / "righting.db-wal").stat().st_size
        with records.begin() as transaction:
            riders.add(transaction, ANYBODY, document("Second"))
        after = (live / "righting.db-wal").stat().st_size
        whole = {name: (live / name).read_bytes() for name in ("righting.db", "righting.db-wal")}
    assert after > before
    seen = set()
    for size in range(before, after + 1):
        (cut / "righting.db").write_bytes(whole["righting.db"])
        (cut / "righting.db-wal").write_bytes(whole["righting.db-wal"][:size])
        seen.add(state(cut / "righting.db", size % 997 == 0 or size >= after - 1))
    assert seen == {("First",), ("First", "Second")}


def state(path: Path, thorough: bool) -> tuple[str, ...]:
    """The riders in a file that was cut; ``thorough`` opens it as the panel does, too."""
    if thorough:
        with open_records(default_url(path.parent)) as records:
            with records.read() as transaction:
                assert audit.verify(transaction).whole
            with records.begin() as transaction:
                settings.put(transaction, ANYBODY, "after the cut", True)
        assert integrity(path) == "ok"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # thousands of files that nobody needs tomorrow
        found = connection.execute("SELECT name FROM rider ORDER BY id").fetchall()
        entries = connection.execute("SELECT count(*) FROM audit WHERE what = 'rider added'").fetchone()[0]
        chained = connection.execute("SELECT entries FROM audit_head").fetchone()[0]
    assert entries == len(found)
    assert chained == entries + thorough
    return tuple(name for (name,) in found)


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    with open_records(default_url(tmp_path)) as records:
        with records.begin() as transaction:
            people.add(transaction, ANYBODY, "Ada", "rider")
        with records.read() as transaction:
            pages = transaction.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        told = fill_up(records, pages)
        assert "free some space" in told
        with records.begin() as transaction:
            transaction.connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        with records.read() as transaction:
            assert [one.name for one in people.everybody(transaction)] == ["Ada"]
            assert audit.verify(transaction).whole
    assert os.listdir(tmp_path) == ["righting.db"]


def fill_up(records: Records, pages: int) -> str:
    """Write more than there is room for; gives what was said."""
    try:
        with records.begin() as transaction:
            transaction.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            for number in range(1000):
                settings.put(transaction, ANYBODY, f"setting {number}", "x" * 1000)
    except Exception as error:
        return str(error)
    return "nothing was wrong"
