"""Backups: everything in one file, restorable into SQLite or PostgreSQL.

Nothing is touched before the archive was checked to its last byte and its database was opened. What stood there before
is put aside and not deleted.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import make_url

from firmware_host.disk import sync_folder
from firmware_host.records import audit
from firmware_host.records.archive import BackupError, Manifest, Writer, extract, writing
from firmware_host.records.copying import copy_rows
from firmware_host.records.database import FILE_NAME, Records, default_url, open_records

RECORDS: Final = "records"
"""Folder of the black boxes within an archive."""
_EMPTY_TABLES: Final = ("person", "rider", "session", "audit")
_SIDES: Final = ("", "-wal", "-shm")


class BackedUp(NamedTuple):
    """What a backup holds."""

    path: Path
    black_boxes: int
    bytes: int
    head: audit.Head
    """End of the audit log; note it down elsewhere."""


class Restored(NamedTuple):
    """What was restored."""

    black_boxes: int
    made_at: str
    audit: audit.Verdict
    aside: tuple[Path, ...]
    """Where that is which stood there before; nothing deletes it."""


def back_up(records: Records, folder: Path, target: Path, now: datetime | None = None) -> BackedUp:
    """Write database and black boxes into one new file; sessions may go on meanwhile. Raises ``RecordsError``.

    Args:
        records: the database.
        folder: of the black boxes.
        target: file to write, or a folder for one that is named by the time.
        now: for tests.
    """
    now = now or datetime.now(tz=UTC)
    if target.is_dir():
        target = target / f"righting-{now:%Y%m%dT%H%M%SZ}.tar"
    with writing(target) as archive, tempfile.TemporaryDirectory(prefix=".righting-", dir=target.parent) as near:
        copy = Path(near) / FILE_NAME
        _snapshot(records, copy)
        with open_records(default_url(Path(near))) as taken, taken.read() as transaction:
            head = audit.head(transaction)
        _single(copy)
        archive.add(FILE_NAME, copy)
        # Listed now: whatever session the snapshot knows, its recording was there before.
        count = sum(_added(archive, path) for path in _boxes(folder))
        told = {"made_at": now.isoformat(timespec="seconds"), "version": version("righting"), "audit": str(head)}
        archive.finish(told)
    return BackedUp(target, count, target.stat().st_size, head)


def restore(source: Path, folder: Path, url: str | None = None, *, replace: bool = False) -> Restored:
    """Bring back a backup: black boxes into ``folder``, the database to ``url``. Raises ``RecordsError``.

    Args:
        source: file that ``back_up`` made.
        folder: for the black boxes; taken as a whole.
        url: of the database; None is the SQLite file in the folder.
        replace: put aside what is there already. Without it, that is refused.
    """
    folder = folder.absolute()
    inside = url is None or make_url(url) == make_url(default_url(folder))
    database = None if inside or url is None or make_url(url).get_backend_name() != "sqlite" else make_url(url).database
    file = folder / FILE_NAME if inside else None if database is None else Path(database).absolute()
    _refuse_to_overwrite(folder, file, replace)
    with _staging(folder) as staging:
        manifest = extract(source, staging)
        verdict = _opened(source, staging)
        boxes = staging / RECORDS
        boxes.mkdir(exist_ok=True)
        aside: list[Path] = []
        if inside:
            (staging / FILE_NAME).rename(boxes / FILE_NAME)
        elif file is not None:
            aside += _put_file(staging / FILE_NAME, file)
        elif url is not None:
            _fill(url, staging / FILE_NAME, replace)
        aside += _put_folder(boxes, folder)
    return Restored(_box_count(manifest), str(manifest.told.get("made_at", "unknown")), verdict, tuple(aside))


def _boxes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.mcap") if path.is_file()) if folder.is_dir() else []


def _added(archive: Writer, path: Path) -> bool:
    """Add a black box; tells whether it was still there."""
    try:
        archive.add(f"{RECORDS}/{path.name}", path)
    except FileNotFoundError:
        return False
    return True


def _box_count(manifest: Manifest) -> int:
    return sum(member.name.startswith(f"{RECORDS}/") for member in manifest.files)


def _snapshot(records: Records, copy: Path) -> None:
    """Write one state of the database into a SQLite file, whatever is written meanwhile."""
    if records.url.get_backend_name() == "sqlite":
        read_only = f"{Path(str(records.url.database)).absolute().as_uri()}?mode=ro"
        closing = contextlib.closing
        with closing(sqlite3.connect(read_only, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return
    with open_records(default_url(copy.parent)) as taken, records.read() as old, taken.begin() as new:
        copy_rows(old.connection, new.connection)


def _single(copy: Path) -> None:
    """Make a SQLite database one file, without a log beside it."""
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _refuse_to_overwrite(folder: Path, file: Path | None, replace: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BackupError(f"{folder} is no folder: name another place with --records")
    taken = [folder] if folder.exists() and any(folder.iterdir()) else []
    taken += [file] if file is not None and file.exists() and file.parent != folder else []
    if taken and not replace:
        places = " and ".join(str(place) for place in taken)
        raise BackupError(f"there is something at {places}: add --replace to put it aside, or name another place")
    if file is not None and file.exists():
        _refuse_in_use(file)


def _refuse_in_use(file: Path) -> None:
    """Refuse a database that somebody has open: a panel would go on with the old one."""
    with contextlib.closing(sqlite3.connect(file, timeout=0.0)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise BackupError(f"{file} is in use: end the panel first (righting run), then restore") from error
        except sqlite3.DatabaseError:
            pass  # damaged: that is what backups are for


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside the one to restore: on the same disk, so that all is put in place by renaming."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.restoring-", dir=folder.parent))
    except OSError as error:
        raise BackupError(f"{folder.parent}: {error.strerror}; choose another place with --records") from error
    try:
        yield made
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}; check the disk and who may write there") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _opened(source: Path, staging: Path) -> audit.Verdict:
    """Open the unpacked database, bring its schema up to date, and judge it. Raises ``RecordsError``."""
    file = staging / FILE_NAME
    if not file.exists():
        raise BackupError(f"{source} holds no database; it is not from righting backup")
    with open_records(default_url(staging)) as records, records.read() as transaction:
        wrong = transaction.connection.execute(text("PRAGMA integrity_check")).scalar_one()
        if wrong != "ok":
            raise BackupError(f"{source}: its database is damaged ({wrong}); take another backup")
        verdict = audit.verify(transaction)
    _single(file)
    return verdict


def _put_file(new: Path, file: Path) -> list[Path]:
    """Put a database file in its place; gives where the old one went."""
    file.parent.mkdir(parents=True, exist_ok=True)
    near = file.with_name(f".{file.name}.restoring")
    shutil.copyfile(new, near)
    near.chmod(0o600)
    with near.open("rb") as written:
        os.fsync(written.fileno())
    aside = []
    if file.exists():
        old = _free(file)
        for side in _SIDES:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{file}{side}").rename(f"{old}{side}")
        aside.append(old)
    near.rename(file)
    sync_folder(file.parent)
    return aside


def _put_folder(new: Path, folder: Path) -> list[Path]:
    """Put a folder in its place by renaming; gives where the old one went."""
    aside = []
    if folder.exists():
        if any(folder.iterdir()):
            old = _free(folder)
            folder.rename(old)
            aside.append(old)
        else:
            folder.rmdir()
    try:
        new.rename(folder)
    except OSError:
        for old in aside:
            old.rename(folder)
        raise
    sync_folder(folder.parent)
    return aside


def _free(place: Path) -> Path:
    """Give a name for what stood there before."""
    stamp = f"{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while (old := place.with_name(f"{place.name}.before-{stamp}" + (f"-{number}" if number > 1 else ""))).exists():
        number += 1
    return old


def _fill(url: str, file: Path, replace: bool) -> None:
    """Copy all rows into a database on a server, in one transaction."""
    with (
        open_records(default_url(file.parent)) as source,
        open_records(url) as target,
        source.read() as old,
        target.begin() as new,
    ):
        counts = (text(f"SELECT count(*) FROM {name}") for name in _EMPTY_TABLES)
        if any(new.connection.execute(count).scalar_one() for count in counts) and not replace:
            raise BackupError(
                f"{target.shown_url} holds records already: add --replace to delete them, after a backup of them"
            )
        copy_rows(old.connection, new.connection)
