"""Taking up black boxes: every file in the folder of records becomes a session in the database.

To do so twice changes nothing. A file that is still written is left for later; one that was cut is taken up with what
is sound in it; one that cannot be read is listed as such and does not keep the others back.
"""

import contextlib
import json
import os
import selectors
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import delete, insert, select, update

from firmware_host.recording.blackbox_reader import is_closed
from firmware_host.records.alarm_log import KINDS
from firmware_host.records.database import Records, Transaction
from firmware_host.records.tables import comfort, event, planned, session, unreadable

UNDER_WAY_S: Final = 30.0
"""A file without its end that was written to this lately is taken for a session under way: a recorder writes at least
every half second."""
PATIENCE_S: Final = 120.0
"""How long one file may take to read."""
_BATCH: Final = 500
_END_S: Final = 5.0
_SECONDS_FIELDS: Final = ("duration_s", "inverted_s", "highest_deg", "highest_rate_dps")
_PLAIN: Final = (
    "file_bytes", "file_changed_ns", "sha256", "reference", "program", "table_name", *_SECONDS_FIELDS, "outcome",
    "reason", "state", "simulated", "link", "trips", "curve", "problems",
)  # fmt: skip
"""What goes from a digest into a session as it is."""


class FileProblem(NamedTuple):
    """A file that was not taken up."""

    file: str
    text: str
    """What is wrong and what to do."""


@dataclass(frozen=True)
class TakenUp:
    """What a call of ``ingest`` did."""

    sessions: tuple[int, ...]
    """Ids of sessions that are new, or whose file has changed."""
    unchanged: int
    """Files that were known already."""
    under_way: tuple[str, ...]
    """Files that are still written, as it seems: call again in half a minute."""
    problems: tuple[FileProblem, ...]


class _File(NamedTuple):
    name: str
    size: int
    changed_ns: int


def ingest(records: Records, folder: Path, now_s: float | None = None) -> TakenUp:
    """Take up what is new or changed in the folder; may be called by several at once.

    Files are read in a process of its own that gives way to all others, so that this may be called from a thread of the
    panel. Raises ``RecordsError`` if the database fails; nothing that a file is raises.

    Args:
        records: where to.
        folder: of the black boxes; subfolders are left alone. One that does not exist is an empty one.
        now_s: wall-clock time, for tests.
    """
    now_s = time.time() if now_s is None else now_s
    taken: list[int] = []
    waiting: list[str] = []
    problems: list[FileProblem] = []
    unchanged = 0
    with _Reader() as reader:
        for batch in _batches(_listed(folder)):
            known = _known(records, batch)
            for one in batch:
                path = folder / one.name
                if known.get(one.name) == (one.size, one.changed_ns):
                    unchanged += 1
                elif abs(now_s - one.changed_ns / 1e9) < UNDER_WAY_S and not is_closed(path):
                    waiting.append(one.name)
                else:
                    outcome = _take_up(records, folder, one, reader.read(path))
                    if isinstance(outcome, FileProblem):
                        problems.append(outcome)
                    else:
                        taken.append(outcome)
    return TakenUp(tuple(taken), unchanged, tuple(waiting), tuple(problems))


def _listed(folder: Path) -> list[_File]:
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(".mcap") or not entry.name.isprintable():
                continue
            with contextlib.suppress(OSError):
                told = entry.stat()
                if stat.S_ISREG(told.st_mode):
                    found.append(_File(entry.name, told.st_size, told.st_mtime_ns))
    return sorted(found)


def _batches(files: Sequence[_File]) -> Iterator[Sequence[_File]]:
    for start in range(0, len(files), _BATCH):
        yield files[start : start + _BATCH]


def _known(records: Records, files: Sequence[_File]) -> dict[str, tuple[int, int]]:
    names = [one.name for one in files]
    known = {}
    with records.read() as transaction:
        for table in (session, unreadable):
            query = select(table.c.file, table.c.file_bytes, table.c.file_changed_ns).where(table.c.file.in_(names))
            for row in transaction.connection.execute(query):
                known[row.file] = (row.file_bytes, row.file_changed_ns)
    return known


def _take_up(records: Records, folder: Path, one: _File, told: dict[str, Any]) -> int | FileProblem:
    """Keep what was read of a file, in one transaction."""
    with records.begin() as transaction:
        if "problem" in told:
            return _note_problem(transaction, one, str(told["problem"]))
        digest = told["digest"]
        row = _row_of(transaction, folder, one.name, digest["sha256"])
        if isinstance(row, str):
            return _note_problem(transaction, one, f"it is a copy of {row}, which is listed: delete one of them")
        transaction.connection.execute(delete(unreadable).where(unreadable.c.file == one.name))
        return _keep(transaction, one.name, digest, row)


def _row_of(transaction: Transaction, folder: Path, name: str, sha256: str) -> int | str | None:
    """Find the session of a file: its id; None if it is new; the other file's name if this one is a copy."""
    connection = transaction.connection
    by_name = connection.execute(select(session.c.id).where(session.c.file == name)).one_or_none()
    if by_name is not None:
        return int(by_name.id)
    same = select(session.c.id, session.c.file).where(session.c.sha256 == sha256).order_by(session.c.id).limit(1)
    by_content = connection.execute(same).one_or_none()
    if by_content is None:
        return None
    return str(by_content.file) if (folder / by_content.file).exists() else int(by_content.id)


def _keep(transaction: Transaction, name: str, digest: dict[str, Any], session_id: int | None) -> int:
    connection = transaction.connection
    started_at = datetime.fromisoformat(digest["started_at"])
    values: dict[str, Any] = {key: digest[key] for key in _PLAIN}
    values |= {"file": name, "started_at": started_at, "taken_up_at": transaction.now}
    values |= _whose(transaction, digest["reference"])
    if session_id is None:
        session_id = int(connection.execute(insert(session).values(**values).returning(session.c.id)).scalar_one())
    else:
        connection.execute(update(session).where(session.c.id == session_id).values(**values))
        connection.execute(delete(event).where(event.c.session_id == session_id))
    if rows := [_event_row(session_id, started_at, one) for one in digest["events"]]:
        connection.execute(insert(event), rows)
    _tie_comfort(transaction, session_id, digest["reference"])
    return session_id


def _whose(transaction: Transaction, reference: str | None) -> dict[str, Any]:
    """Give rider and program that a reference stands for; nobody, if it was not planned here."""
    if reference is None:
        return {"rider_id": None, "program_id": None}
    query = select(planned.c.rider_id, planned.c.program_id).where(planned.c.reference == reference)
    row = transaction.connection.execute(query).one_or_none()
    return {"rider_id": None, "program_id": None} if row is None else dict(row._mapping)


def _event_row(session_id: int, started_at: datetime, one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "session_id": session_id,
        "at": started_at + timedelta(seconds=one["t_s"]),
        "alarm": one["kind"] in KINDS,
    }


def _tie_comfort(transaction: Transaction, session_id: int, reference: str | None) -> None:
    """Give a session what its rider said before it began, unless it has a note of its own."""
    if reference is None:
        return
    connection = transaction.connection
    own = connection.execute(select(comfort.c.id).where(comfort.c.session_id == session_id)).first()
    if own is None:
        said = (comfort.c.reference == reference) & comfort.c.session_id.is_(None)
        connection.execute(update(comfort).where(said).values(session_id=session_id))


def _note_problem(transaction: Transaction, one: _File, text: str) -> FileProblem:
    connection = transaction.connection
    connection.execute(delete(unreadable).where(unreadable.c.file == one.name))
    values = {"file_bytes": one.size, "file_changed_ns": one.changed_ns, "text": text, "seen_at": transaction.now}
    connection.execute(insert(unreadable).values(file=one.name, **values))
    return FileProblem(one.name, text)


class _Reader:
    """The process of ``recording.digest``, started when the first file comes, and anew after one that killed it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path) -> dict[str, Any]:
        """Give the answer for a file: ``digest`` or ``problem``."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            process.stdin.flush()
            line = _line(process.stdout.fileno(), time.monotonic() + PATIENCE_S)
        except BrokenPipeError:
            line = None
        if line is None:
            self._end()
            return {"problem": "reading it took too long or too much memory; look at it with: righting report"}
        told: dict[str, Any] = json.loads(line)
        return told

    def __enter__(self) -> Self:
        """Give the reader."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process."""
        self._end()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "firmware_host.recording.digest"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with contextlib.suppress(BrokenPipeError):
            process.communicate(timeout=_END_S)


def _line(descriptor: int, deadline_s: float) -> bytes | None:
    """Read one line; None if the end or the deadline comes first."""
    told = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not told.endswith(b"\n"):
            if not selector.select(max(deadline_s - time.monotonic(), 0.0)):
                return None
            block = os.read(descriptor, 1 << 16)
            if not block:
                return None
            told += block
    return bytes(told)
