"""The audit log: a chain in which every change past it shows, and which writers never fork."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from firmware_host.records import ANYBODY, Records, RecordsError, audit, default_url, open_records, settings
from firmware_host.records.audit import Head, parse_head

ENTRIES: Final = 6


@pytest.fixture
def logged(records: Records) -> Records:
    """Records with some entries in the log."""
    for number in range(ENTRIES):
        with records.begin() as transaction:
            audit.append(transaction, ANYBODY, "tried", f"rider {number}", {"number": number, "text": 'Grüße "木"'})
    return records


def problems(records: Records, noted: Head | None = None) -> tuple[str, ...]:
    with records.read() as transaction:
        return audit.verify(transaction, noted).problems


def tamper(records: Records, *statements: str) -> None:
    with records.begin() as transaction:
        for statement in statements:
            transaction.connection.execute(text(statement))


def head(records: Records) -> Head:
    with records.read() as transaction:
        return audit.head(transaction)


def test_an_empty_log_is_whole(records: Records) -> None:
    assert problems(records) == ()
    assert head(records) == Head(0, "0" * 64)


def test_entries_are_numbered_and_the_newest_comes_first(logged: Records) -> None:
    assert problems(logged) == ()
    assert head(logged).entries == ENTRIES
    with logged.read() as transaction:
        assert [entry.id for entry in audit.page(transaction)] == [6, 5, 4, 3, 2, 1]
        assert [entry.id for entry in audit.page(transaction, 2, before=4)] == [3, 2]
        (about,) = audit.page(transaction, subject="rider 3")
        assert (about.id, about.who, about.details) == (4, "anybody", {"number": 3, "text": 'Grüße "木"'})


def test_a_long_log_is_walked_in_batches(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 3)
    with records.begin() as transaction:
        for number in range(10):
            audit.append(transaction, ANYBODY, "tried", None, {"number": number})
    assert problems(records) == ()
    tamper(records, "DELETE FROM audit WHERE id = 6")
    assert problems(records)[0] == "missing: entry 6"


@pytest.mark.requirement("REQ-PPL-LOGGED")
@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (("UPDATE audit SET what = 'done' WHERE id = 3",), "entry 3 was changed"),
        (("UPDATE audit SET who = 'person 1' WHERE id = 1",), "entry 1 was changed"),
        (("UPDATE audit SET subject = NULL WHERE id = 4",), "entry 4 was changed"),
        (("UPDATE audit SET details = '{}' WHERE id = 6",), "entry 6 was changed"),
        (("UPDATE audit SET at = '2001-01-01 00:00:00.000000' WHERE id = 2",), "entry 2 was changed"),
        (("UPDATE audit SET sha256 = previous WHERE id = 2",), "entry 2 was changed"),
        (("DELETE FROM audit WHERE id = 3",), "missing: entry 3"),
        (("DELETE FROM audit WHERE id IN (2, 3, 4)",), "missing: entry 2 to 4"),
        (("DELETE FROM audit WHERE id = 1",), "missing: entry 1"),
        (("DELETE FROM audit WHERE id = 6",), "the chain ends with entry 5, and its head tells of 6 entries"),
        (("DELETE FROM audit",), "the chain ends with entry 0, and its head tells of 6 entries"),
        (("DELETE FROM audit_head",), "the chain ends with entry 6, and its head tells of 0 entries"),
        (
            ("UPDATE audit SET id = 99 WHERE id = 2", "UPDATE audit SET id = 2 WHERE id = 3",
             "UPDATE audit SET id = 3 WHERE id = 99"),
            "entry 2 does not follow the entry before it",
        ),
        (
            ("INSERT INTO audit SELECT 7, at, who, what, subject, details, sha256, previous FROM audit WHERE id = 6",),
            "the chain ends with entry 7, and its head tells of 6 entries",
        ),
        (
            ("UPDATE audit SET id = id + 100 WHERE id > 3", "UPDATE audit SET id = id - 99 WHERE id > 100",
             "INSERT INTO audit SELECT 4, at, who, what, subject, details, sha256, sha256 FROM audit WHERE id = 3"),
            "entry 4 was changed",
        ),
        (("INSERT INTO audit SELECT 0, at, who, what, subject, details, sha256, sha256 FROM audit WHERE id = 3",),
         "entry 0 does not follow the entry before it"),
    ],
)  # fmt: skip
def test_whatever_is_changed_past_the_log_shows(logged: Records, statements: tuple[str, ...], told: str) -> None:
    tamper(logged, *statements)
    found = problems(logged)
    assert any(problem.startswith(told) for problem in found), found


@pytest.mark.requirement("REQ-PPL-LOGGED")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET at = 'garbage' WHERE id = 3", "entry 3 cannot be read (at): it was changed"),
        ("UPDATE audit SET at = '2001-01-01' WHERE id = 3", "entry 3 cannot be read (at): it was changed"),
        ("UPDATE audit SET at = x'ff' WHERE id = 3", "entry 3 cannot be read (at): it was changed"),
        ("UPDATE audit SET details = '{' WHERE id = 3", "entry 3 cannot be read (details): it was changed"),
        ("UPDATE audit SET details = '[]' WHERE id = 3", "entry 3 cannot be read (details): it was changed"),
        ("UPDATE audit SET details = x'ff', who = x'00' WHERE id = 3", "entry 3 cannot be read (who, details)"),
        ("UPDATE audit SET subject = x'ff' WHERE id = 3", "entry 3 cannot be read (subject)"),
        ("UPDATE audit SET what = CAST(x'ff' AS TEXT) WHERE id = 3", "entry 3 was changed"),
        ("UPDATE audit SET id = 'x' WHERE id = 6", "entry x cannot be read (id)"),
        ("UPDATE audit SET id = -2 WHERE id = 3", "entry -2 has no place in the chain"),
        ("UPDATE audit_head SET entries = 'many'", "the head of the chain cannot be read"),
        ("INSERT INTO audit_head SELECT 2, entries, sha256 FROM audit_head", "the chain has 2 heads"),
    ],
)
def test_what_is_damaged_past_the_log_is_told_and_the_others_are_shown(
    tmp_path: Path, statement: str, told: str
) -> None:
    """SQLite takes anything anywhere."""
    with open_records(default_url(tmp_path)) as records:
        for number in range(ENTRIES):
            with records.begin() as transaction:
                audit.append(transaction, ANYBODY, "tried", None, {"number": number})
        tamper(records, statement)
        found = problems(records)
        assert any(problem.startswith(told) for problem in found), found
        with records.read() as transaction:
            shown = audit.page(transaction)
        assert len(shown) == ENTRIES
        broken = [one for one in shown if one.problem]
        assert [one.problem for one in broken] == [one for one in found if "cannot be read (" in one]
        assert all(one.details == {} for one in broken)


def test_a_chain_made_anew_shows_against_a_head_noted_elsewhere(logged: Records) -> None:
    noted = head(logged)
    with logged.begin() as transaction:
        audit.append(transaction, ANYBODY, "went on")
    assert problems(logged, noted) == ()
    assert problems(logged, parse_head(str(noted))) == ()
    tamper(
        logged,
        "DELETE FROM audit",
        f"UPDATE audit_head SET entries = 0, sha256 = '{'0' * 64}'",
    )
    for number in range(ENTRIES + 1):
        with logged.begin() as transaction:
            audit.append(transaction, ANYBODY, "innocent", None, {"number": number})
    assert problems(logged) == ()  # what no chain in one place can show
    assert problems(logged, noted) == ("the chain does not lead through the head noted as entry 6: it was made anew",)


@pytest.mark.parametrize("noted", ["", "6", "6:xyz", f"-1:{'0' * 64}", f"six:{'0' * 64}"])
def test_a_head_that_is_none_is_refused(noted: str) -> None:
    with pytest.raises(RecordsError, match="is no head of an audit log"):
        parse_head(noted)


def test_what_json_has_not_is_refused(records: Records) -> None:
    with records.begin() as transaction, pytest.raises(ValueError, match="not JSON compliant"):
        audit.append(transaction, ANYBODY, "tried", None, {"angle_deg": float("nan")})


def write(records: Records, name: str, times: int) -> None:
    for number in range(times):
        with records.begin() as transaction:
            settings.put(transaction, ANYBODY, f"{name} {number}", number)


def write_elsewhere(url: str, name: str, times: int) -> None:
    """What a process of its own does."""
    with open_records(url) as records:
        write(records, name, times)


@pytest.mark.requirement("REQ-PPL-LOGGED")
@pytest.mark.parametrize("make", [threading.Thread, multiprocessing.get_context("spawn").Process])
def test_many_writers_make_one_chain(records: Records, url: str, make: Callable[..., Any]) -> None:
    writers = [make(target=write_elsewhere, args=(url, f"writer {number}", 15)) for number in range(4)]
    for writer in writers:
        writer.start()
    write(records, "here", 15)
    for writer in writers:
        writer.join(60.0)
    assert problems(records) == ()
    assert head(records).entries == 75
