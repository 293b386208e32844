"""Taking up black boxes: once, as far as they are sound, never in the middle of a session, and past bad files."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from firmware_host.control.ticks import Event
from firmware_host.recording import digest as digest_module
from firmware_host.recording.blackbox import BlackBox
from firmware_host.recording.blackbox_reader import read, stream
from firmware_host.recording.digest import digest
from firmware_host.recording.report import summary
from firmware_host.recording.session_summary import Summing
from firmware_host.records import ANYBODY, Records, Transaction, open_records, plans, riders, sessions
from firmware_host.records import ingest as ingest_module
from firmware_host.records.ingest import FileProblem, TakenUp, ingest
from firmware_host.records.tables import unreadable
from tests.records.making import BEGUN, LONG_AGO_S, document, metadata, record, trip

NOTHING: Final = TakenUp((), 0, (), ())


def taken(records: Records) -> list[sessions.Session]:
    with records.read() as transaction:
        return list(sessions.page(transaction).sessions)


def test_a_session_is_taken_up_with_its_figures(records: Records, tmp_path: Path) -> None:
    path = record(tmp_path, events=(trip(110.0), Event(111.0, "operator", "stop")))
    (number,) = ingest(records, tmp_path, LONG_AGO_S).sessions
    with records.read() as transaction:
        told = sessions.get(transaction, number)
        happened = sessions.events(transaction, number)
    figures = summary(read(path))
    assert told.started_at.isoformat() == BEGUN
    assert (told.program, told.table_name, told.file) == ("Intermittent 40", "Attic", path.name)
    assert (told.outcome, told.state, told.reason) == ("returned", "finished", "following")
    assert (told.duration_s, told.inverted_s, told.highest_deg) == figures[3:6]
    assert (told.highest_rate_dps, told.link) == (2.0, figures.link)
    assert told.trips == ("RETURN by following: 2.4 deg/s",)
    assert told.problems == ()
    assert told.simulated is True
    assert (told.rider_id, told.reference) == (None, None)
    assert [one.t_s for one in happened] == pytest.approx([10.0, 11.0, 40.0])
    assert [one.kind for one in happened] == ["trip", "operator", "program"]
    assert [one.monitor for one in happened] == ["following", None, None]


def test_a_real_board_is_no_simulation_and_no_board_is_neither(records: Records, tmp_path: Path) -> None:
    record(tmp_path, "real", serial=4711)
    record(tmp_path, "unlinked", metadata(begun="2026-11-22T00:00:00+00:00"), ticks=0)
    ingest(records, tmp_path, LONG_AGO_S)
    real, unlinked = taken(records)
    assert (real.simulated, unlinked.simulated) == (False, None)
    assert unlinked.highest_deg is None
    assert unlinked.outcome == "unknown: nothing was recorded"


def test_to_take_up_twice_changes_nothing(records: Records, tmp_path: Path) -> None:
    for name in ("one", "two"):
        record(tmp_path, name, metadata(begun=f"2026-11-2{len(name)}T00:00:00+0{len(name[1:])}:00"), 40 + ord(name[0]))
    first = ingest(records, tmp_path, LONG_AGO_S)
    assert len(first.sessions) == 2
    before = taken(records)
    assert ingest(records, tmp_path, LONG_AGO_S) == TakenUp((), 2, (), ())
    assert taken(records) == before


def test_several_may_take_up_at_once(records: Records, url: str, tmp_path: Path) -> None:
    for number in range(4):
        record(tmp_path, f"{number}", metadata(begun=f"2026-11-2{number}T00:00:00+00:00"), 40 + number)

    def elsewhere() -> None:
        with open_records(url) as others:
            ingest(others, tmp_path, LONG_AGO_S)

    threads = [threading.Thread(target=elsewhere) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ingest(records, tmp_path, LONG_AGO_S) == TakenUp((), 4, (), ())
    assert len(taken(records)) == 4


def test_the_reference_leads_to_rider_and_program(records: Records, tmp_path: Path) -> None:
    with records.begin() as transaction:
        rider = riders.add(transaction, ANYBODY, document())
        plans.plan(transaction, ANYBODY, "planned here", rider.id)
    record(tmp_path, "a", metadata("planned here"))
    record(tmp_path, "b", metadata("planned elsewhere", "2026-11-20T00:00:00+00:00"))
    ingest(records, tmp_path, LONG_AGO_S)
    ours, others = taken(records)
    assert (ours.rider_id, ours.rider_name, ours.reference) == (rider.id, "Ada", "planned here")
    assert (others.rider_id, others.rider_name, others.reference) == (None, None, "planned elsewhere")


def test_a_session_under_way_waits_until_it_is_closed(kept: Records, tmp_path: Path) -> None:
    seen = []

    def while_open(box: BlackBox) -> None:
        seen.append((box.path.name, ingest(kept, tmp_path)))

    record(tmp_path, "now", before_end=while_open)
    assert seen == [("now.mcap", TakenUp((), 0, ("now.mcap",), ()))]
    assert taken(kept) == []
    assert len(ingest(kept, tmp_path).sessions) == 1  # closed: however young


def test_a_session_that_was_killed_is_taken_up_once_it_is_still(kept: Records, tmp_path: Path) -> None:
    path = record(tmp_path)
    os.truncate(path, path.stat().st_size * 3 // 4)
    written_s = path.stat().st_mtime
    assert ingest(kept, tmp_path, written_s + 29.0).under_way == ("session.mcap",)
    assert len(ingest(kept, tmp_path, written_s + 31.0).sessions) == 1
    (told,) = taken(kept)
    assert any("without its end mark" in problem for problem in told.problems)


def test_a_file_that_grew_after_all_is_the_same_session(records: Records, tmp_path: Path) -> None:
    path = record(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    (first,) = ingest(records, tmp_path, LONG_AGO_S).sessions
    with records.begin() as transaction:
        sessions.set_comfort(transaction, ANYBODY, first, before=3)
    path.write_bytes(content)
    assert ingest(records, tmp_path, LONG_AGO_S).sessions == (first,)
    (told,) = taken(records)
    assert (told.outcome, told.problems, told.comfort_before) == ("completed", (), 3)
    with records.read() as transaction:
        assert len(sessions.events(transaction, first)) == 1


def test_a_file_that_was_renamed_is_the_same_session(kept: Records, tmp_path: Path) -> None:
    path = record(tmp_path)
    (first,) = ingest(kept, tmp_path, LONG_AGO_S).sessions
    path.rename(tmp_path / "renamed.mcap")
    assert ingest(kept, tmp_path, LONG_AGO_S).sessions == (first,)
    assert [one.file for one in taken(kept)] == ["renamed.mcap"]


def test_a_copy_is_told_and_not_counted_twice(kept: Records, tmp_path: Path) -> None:
    path = record(tmp_path)
    ingest(kept, tmp_path, LONG_AGO_S)
    shutil.copy(path, tmp_path / "session-copy.mcap")
    told = FileProblem("session-copy.mcap", "it is a copy of session.mcap, which is listed: delete one of them")
    assert ingest(kept, tmp_path, LONG_AGO_S).problems == (told,)
    assert ingest(kept, tmp_path, LONG_AGO_S) == TakenUp((), 2, (), ())
    assert len(taken(kept)) == 1


def test_bad_files_are_told_and_keep_nobody_back(records: Records, tmp_path: Path) -> None:
    (tmp_path / "a-empty.mcap").touch()
    (tmp_path / "b-junk.mcap").write_bytes(os.urandom(4000))
    (tmp_path / "c-folder.mcap").mkdir()
    (tmp_path / "d-nowhere.mcap").symlink_to(tmp_path / "nowhere")
    (tmp_path / "e-notes.txt").write_text("no black box")
    record(tmp_path, "z-good")
    found = ingest(records, tmp_path, LONG_AGO_S)
    assert [problem.file for problem in found.problems] == ["a-empty.mcap", "b-junk.mcap"]
    assert "the file is empty" in found.problems[0].text
    assert "not a black box" in found.problems[1].text
    assert len(found.sessions) == 1
    with records.read() as transaction:
        assert not_taken_up(transaction) == ["a-empty.mcap", "b-junk.mcap"]
    (tmp_path / "a-empty.mcap").unlink()
    record(tmp_path, "a-empty", metadata(begun="2026-11-20T00:00:00+00:00"))  # it got its content after all
    assert len(ingest(records, tmp_path, LONG_AGO_S).sessions) == 1
    with records.read() as transaction:
        assert not_taken_up(transaction) == ["b-junk.mcap"]


def not_taken_up(transaction: Transaction) -> list[str]:
    return list(transaction.connection.execute(select(unreadable.c.file).order_by(unreadable.c.file)).scalars())


def test_a_folder_that_is_not_there_is_an_empty_one(kept: Records, tmp_path: Path) -> None:
    assert ingest(kept, tmp_path / "none") == NOTHING


def test_a_reader_that_dies_of_a_file_is_started_again(
    kept: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b-deadly", "c"):
        record(tmp_path, name, metadata(begun=f"2026-11-2{ord(name[0]) - 96}T00:00:00+00:00"), 50 + ord(name[0]))
    deadly = tmp_path / "deadly"
    deadly.mkdir()
    (deadly / "sitecustomize.py").write_text(
        "import os, firmware_host.recording.digest as module\n"
        "real = module.digest\n"
        "module.digest = lambda path: os._exit(9) if 'deadly' in path.name else real(path)\n"
        "module.__name__ == '__main__' or module.main()\n"
        "os._exit(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(deadly), *filter(None, sys.path)]))
    found = ingest(kept, tmp_path, LONG_AGO_S)
    assert len(found.sessions) == 2
    assert [problem.file for problem in found.problems] == ["b-deadly.mcap"]
    assert "too long or too much memory" in found.problems[0].text


def test_a_file_that_takes_too_long_is_left(kept: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path)
    monkeypatch.setattr(ingest_module, "PATIENCE_S", 0.0)
    (problem,) = ingest(kept, tmp_path, LONG_AGO_S).problems
    assert "too long" in problem.text


def test_every_cut_of_a_file_is_summed_up_as_if_it_were_read_whole(tmp_path: Path) -> None:
    path = record(tmp_path, ticks=4500, events=(trip(110.0),))
    content = path.read_bytes()
    damaged = tmp_path / "damaged.mcap"
    step = len(content) // 8
    for place in range(3000, len(content), step):
        flipped = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        for bad in (content[:place], flipped):
            damaged.write_bytes(bad)
            sums = Summing()
            streamed = stream(damaged, sums.tick)
            told = sums.summary(streamed.metadata, streamed.events, streamed.health, streamed.problems)
            assert told == summary(read(damaged))


def test_memory_stays_small_however_long_the_session(tmp_path: Path) -> None:
    path = record(tmp_path, ticks=60_000)
    measure = (
        "import resource, sys; from pathlib import Path; from firmware_host.recording.digest import digest\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = used(); digest(Path(sys.argv[1])); print((used() - before) // 1024)"
    )
    run = subprocess.run(
        [sys.executable, "-c", measure, str(path)], check=True, capture_output=True, text=True, cwd=Path.cwd()
    )
    assert int(run.stdout) < 40  # MB, the mapped file among them; all ticks at once take more than a hundred


def test_a_session_of_countless_events_is_kept_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_module, "MOST_EVENTS", 5)
    told = digest(record(tmp_path, events=tuple(Event(100.0 + number, "warning", "x") for number in range(20))))
    assert len(told.events) == 5
    assert told.problems == ["of 21 events the first 5 are listed; all are in the file"]


def test_the_start_is_found_without_the_description(tmp_path: Path) -> None:
    named = digest(record(tmp_path, "20261123T151200Z-slow", {"plan": "?"}))
    assert named.started_at == "2026-11-23T15:12:00+00:00"
    assert named.program == "unknown program"
    unnamed = record(tmp_path, "slow", {"plan": "?"})
    os.utime(unnamed, (1_000_000, 1_000_000))
    assert digest(unnamed).started_at == "1970-01-12T13:46:40+00:00"


def test_the_process_answers_every_line() -> None:
    answered = digest_module.answer('"nowhere.mcap"')
    assert "nowhere.mcap" in answered["problem"]
    assert "please report this" in digest_module.answer("no JSON")["problem"]
    assert set(asdict(digest_module.DigestEvent(0.0, "trip", "x", None))) == {"t_s", "kind", "text", "monitor"}
