"""Backups: everything comes back, into either kind of database; nothing is touched by one that is not whole."""

import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from firmware_host.records import (
    ANYBODY,
    Records,
    RecordsError,
    audit,
    default_url,
    open_records,
    people,
    riders,
    sessions,
)
from firmware_host.records import backup as backup_module
from firmware_host.records.archive import BackupError, Writer, check, extract, writing
from firmware_host.records.backup import back_up, restore
from firmware_host.records.ingest import TakenUp, ingest
from firmware_host.records.tables import metadata
from tests.records.making import LONG_AGO_S, document, fill, record
from tests.records.making import metadata as box_metadata

Contents = dict[str, list[tuple[Any, ...]]]


def contents(records: Records) -> Contents:
    """Every row of every table."""
    with records.read() as transaction:
        return {
            table.name: [
                tuple(row) for row in transaction.connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the black boxes are."""
    made = tmp_path / "records"
    made.mkdir()
    return made


@pytest.fixture
def filled(records: Records, folder: Path) -> Records:
    """Records with something in every table."""
    fill(records, folder)
    return records


@pytest.mark.parametrize("kind", ["sqlite in the folder", "sqlite elsewhere", "postgresql"])
def test_everything_comes_back_into_either_kind(
    filled: Records, folder: Path, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    before = contents(filled)
    made = back_up(filled, folder, tmp_path / "backup.tar")
    boxes = {path.name: path.read_bytes() for path in folder.glob("*.mcap")}
    assert made.black_boxes == len(boxes) == 2

    new = tmp_path / "new" / "place"
    url: str | None = None
    if kind == "sqlite elsewhere":
        url = default_url(tmp_path / "elsewhere")
    elif kind == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgresql")
        url = make()
    done = restore(tmp_path / "backup.tar", new, url)
    assert (done.black_boxes, done.audit.problems, done.audit.head, done.aside) == (2, (), made.head, ())
    assert {path.name: path.read_bytes() for path in new.glob("*.mcap")} == boxes
    with open_records(url or default_url(new)) as restored:
        assert contents(restored) == before
        assert ingest(restored, new, LONG_AGO_S) == TakenUp((), 2, (), ())
        with restored.begin() as transaction:
            assert audit.verify(transaction).whole
            assert riders.add(transaction, ANYBODY, document()).id == 3  # 2 was erased, and is not given again
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_backup_holds_one_state_while_others_write(records: Records, folder: Path, tmp_path: Path) -> None:
    with records.begin() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")
    record(folder)
    with records.begin() as transaction:
        people.add(transaction, ANYBODY, "Not yet", "rider")
        back_up(records, folder, tmp_path / "backup.tar")
    restore(tmp_path / "backup.tar", tmp_path / "new")
    with open_records(default_url(tmp_path / "new")) as restored, restored.read() as transaction:
        assert [one.name for one in people.everybody(transaction)] == ["Ada"]
        assert audit.verify(transaction).whole


def test_a_session_that_the_database_knows_is_in_the_archive_however_late_it_ended(
    kept: Records, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(folder, "early")
    real = backup_module._snapshot

    def ends_just_now(records: Records, copy: Path) -> None:
        record(folder, "late", box_metadata(begun="2026-03-01T10:00:00+00:00"))
        ingest(records, folder, LONG_AGO_S)
        real(records, copy)

    monkeypatch.setattr(backup_module, "_snapshot", ends_just_now)
    assert back_up(kept, folder, tmp_path / "backup.tar").black_boxes == 2
    restore(tmp_path / "backup.tar", tmp_path / "new")
    with open_records(default_url(tmp_path / "new")) as restored, restored.read() as transaction:
        known = {one.file for one in sessions.page(transaction, sessions.Filter(), 50, None).sessions}
    assert known == {path.name for path in (tmp_path / "new").glob("*.mcap")} == {"early.mcap", "late.mcap"}


def test_a_recording_that_is_taken_away_meanwhile_is_left_out(
    kept: Records, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        record(folder, name)
    real = Writer.add

    def takes_away(self: Writer, name: str, path: Path) -> None:
        if path.name == "first.mcap":
            path.unlink()
        real(self, name, path)

    monkeypatch.setattr(Writer, "add", takes_away)
    assert back_up(kept, folder, tmp_path / "backup.tar").black_boxes == 1
    assert restore(tmp_path / "backup.tar", tmp_path / "new").black_boxes == 1
    assert [path.name for path in (tmp_path / "new").glob("*.mcap")] == ["second.mcap"]


def test_a_backup_is_named_by_the_time_in_a_folder_and_never_written_over(filled: Records, folder: Path) -> None:
    made = back_up(filled, folder, folder)
    assert made.path.parent == folder
    assert made.path.name.startswith("righting-20")
    assert made.path.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="exists already: name another file"):
        back_up(filled, folder, made.path)


def test_any_tar_reads_it(filled: Records, folder: Path, tmp_path: Path) -> None:
    back_up(filled, folder, tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        assert archive.getnames() == ["righting.db", "records/junk.mcap", "records/one.mcap", "manifest.json"]
        told = archive.extractfile("manifest.json")
        assert told is not None
        assert [one["name"] for one in json.load(told)["files"]] == archive.getnames()[:-1]


def test_what_is_there_is_put_aside_and_only_when_told(kept: Records, folder: Path, tmp_path: Path) -> None:
    record(folder)
    back_up(kept, folder, tmp_path / "backup.tar")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(BackupError, match="add --replace to put it aside"):
        restore(tmp_path / "backup.tar", folder)
    assert (folder / "notes.txt").read_text() == "mine"
    (aside,) = restore(tmp_path / "backup.tar", folder, replace=True).aside
    assert (aside / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["righting.db", "session.mcap"]


def test_a_database_elsewhere_is_put_aside_too(kept: Records, sqlite_url: str, folder: Path, tmp_path: Path) -> None:
    with kept.begin() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")
    back_up(kept, folder, tmp_path / "backup.tar")
    with kept.begin() as transaction:
        people.add(transaction, ANYBODY, "Later", "rider")
    kept.close()
    (aside,) = restore(tmp_path / "backup.tar", folder, sqlite_url, replace=True).aside
    for place, expected in ((tmp_path / "righting.db", ["Ada"]), (aside, ["Ada", "Later"])):
        with open_records(f"sqlite:///{place}") as found, found.read() as transaction:
            assert [one.name for one in people.everybody(transaction)] == expected


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_is_no_folder_to_restore_into(kept: Records, folder: Path, tmp_path: Path, replace: bool) -> None:
    back_up(kept, folder, tmp_path / "b.tar")
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(BackupError, match="is no folder"):
        restore(tmp_path / "b.tar", taken, replace=replace)
    assert taken.read_text() == "mine"


def test_records_on_a_server_are_replaced_only_when_told(
    postgresql: Callable[[], str], kept: Records, folder: Path, tmp_path: Path
) -> None:
    url = postgresql()
    back_up(kept, folder, tmp_path / "backup.tar")
    with open_records(url) as there:
        with there.begin() as transaction:
            people.add(transaction, ANYBODY, "Ada", "rider")
        with pytest.raises(BackupError, match="holds records already: add --replace"):
            restore(tmp_path / "backup.tar", tmp_path / "new", url)
        assert len(contents(there)["person"]) == 1
        assert not (tmp_path / "new").exists()
        restore(tmp_path / "backup.tar", tmp_path / "new", url, replace=True)
        assert contents(there)["person"] == []


def test_a_database_in_use_is_not_pulled_away(kept: Records, sqlite_url: str, folder: Path, tmp_path: Path) -> None:
    back_up(kept, folder, tmp_path / "backup.tar")
    with kept.read(), pytest.raises(BackupError, match="is in use: end the panel first"):
        restore(tmp_path / "backup.tar", folder, sqlite_url, replace=True)


def test_a_damaged_database_is_no_reason_not_to_restore(kept: Records, folder: Path, tmp_path: Path) -> None:
    with kept.begin() as transaction:
        riders.add(transaction, ANYBODY, document("Ada"))
    before = contents(kept)["rider"]
    back_up(kept, folder, tmp_path / "backup.tar")
    (folder / "righting.db").write_bytes(os.urandom(9000))
    restore(tmp_path / "backup.tar", folder, replace=True)
    with open_records(default_url(folder)) as there:
        assert contents(there)["rider"] == before
    assert len(before) == 1


# --- archives that are not whole


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of next to nothing."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "one.mcap").write_bytes(b"black box")
    with open_records(default_url(folder)) as records:
        return back_up(records, folder, folder / "backup.tar").path


PLACES: Final = st.integers(0, 2**31)


@given(place=PLACES, bit=st.integers(0, 7), kind=st.sampled_from(["cut", "flip", "append", "insert", "zero"]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_an_archive_that_was_changed_anywhere_is_refused(
    small: Path, tmp_path: Path, place: int, bit: int, kind: str
) -> None:
    content = small.read_bytes()
    place %= len(content)
    changed = {
        "cut": content[:place],
        "flip": content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :],
        "append": content + content[place : place + 512],
        "insert": content[:place] + b"\0" + content[place:],
        "zero": content[: place // 512 * 512]
        + bytes(512 if content[place] else 511)
        + content[place // 512 * 512 + 512 :],
    }[kind]
    bad = tmp_path / "bad.tar"
    bad.write_bytes(changed)
    if changed == content:
        check(bad)
        return
    with pytest.raises(BackupError, match=r"take another backup|name one that righting backup made"):
        restore(bad, tmp_path / "new")
    assert os.listdir(tmp_path) == ["bad.tar"]


def test_the_ends_of_every_part_are_refused_too(small: Path, tmp_path: Path) -> None:
    content = small.read_bytes()
    bad = tmp_path / "bad.tar"
    for size in {0, 1, 511, 512, 513, len(content) - 513, len(content) - 512, len(content) - 511, len(content) - 1}:
        bad.write_bytes(content[:size])
        with pytest.raises(BackupError, match="cut off or no backup"):
            check(bad)


def sealed(tmp_path: Path, **members: bytes) -> Path:
    """An archive with a good seal and other things in it."""
    target = tmp_path / "sealed.tar"
    with writing(target) as archive:
        for name, content in members.items():
            (tmp_path / "member").write_bytes(content)
            archive.add(name, tmp_path / "member")
        archive.finish({})
    return target


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, "holds no database"),
        ({"righting.db": b"no database" * 100}, "the file is no database"),
        ({"../outside": b"x"}, "would write outside its folder"),
        ({"/tmp/outside": b"x"}, "would write outside its folder"),
    ],
)
def test_an_archive_of_somebody_else_is_refused(tmp_path: Path, members: dict[str, bytes], told: str) -> None:
    target = sealed(tmp_path, **members)
    with pytest.raises(RecordsError, match=told):
        restore(target, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside").exists()


def test_an_archive_of_another_format_is_refused(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_host.records.archive.FORMAT", 2)
    with pytest.raises(BackupError, match="format 1, this version reads 2: update righting"):
        extract(small, tmp_path)


def test_a_backup_that_fails_leaves_nothing(kept: Records, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup_module, "_snapshot", refuse)
        with pytest.raises(BackupError, match="No space left on device; check the path"):
            back_up(kept, folder, tmp_path / "out" / "backup.tar")
    assert os.listdir(tmp_path / "out") == []


def test_a_restore_that_fails_at_the_last_step_leaves_what_was_there(
    kept: Records, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(folder, told=box_metadata())
    back_up(kept, folder, tmp_path / "backup.tar")
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if target == folder and self.name == "records" and ".restoring-" in str(self):
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BackupError, match="Input/output error; check the disk"):
        restore(tmp_path / "backup.tar", folder, replace=True)
    assert [path.name for path in folder.iterdir()] == ["session.mcap"]


@pytest.mark.parametrize("name", ["nowhere.tar", "."])
def test_what_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackupError, match="name a file that righting backup made"):
        restore(tmp_path / name, tmp_path / "new")
