"""The black box: one MCAP file a session, readable after a crash, which never holds up the control loop.

The loop hands finished records to a thread, which compresses them, writes them and sees them onto the disk at least
every half second, and at once after a trip. A disk that fails is told in ``problem`` and tried again until it takes
what waited; it never stops a session, and nothing that a recorder can run into is raised into the loop.
"""

import contextlib
import errno
import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from mcap.opcode import Opcode
from mcap.records import Channel, Metadata, Schema

from firmware_host.control.ticks import Event, TickInput, TickOutput
from firmware_host.disk import sync_folder
from firmware_host.recording import record_schema
from firmware_host.recording.mcap_chunks import AFTER_LENGTH, MESSAGE_HEADER, ChunkWriter, Stamped
from safety.signals import BoardConfig

SYNC_PERIOD_S: Final = 0.4
"""From one sync to the next; with the writing itself, half a second."""
MOST_QUEUED: Final = 20_000
"""Records that wait for the thread: over three minutes at 100 Hz."""
FULL_CHUNK: Final = 2_000
"""Records that are not left waiting for the next period."""
MOST_UNSYNCED_BYTES: Final = 8 << 20
"""Finished bytes that wait for a failing disk: about twenty minutes of a session."""
BOARDS_EVERY: Final = 20
"""Chunks after which all boards are described again, so that no damaged chunk takes the only description with it."""
PATIENCE_S: Final = 10.0
"""How long the end of a session waits for a disk that hangs."""
LIBRARY: Final = "righting"
METADATA: Final = "session"
METADATA_SUM, LAYOUT_SUM = "sha256", "layout_sha256"
"""Keys of the session's description: the format itself protects neither it nor schemas and channels."""
TOPICS: Final = ("/tick", "/event", "/board", "/link")
TICK, EVENT, BOARD, HEALTH = TOPICS
_TICK, _EVENT, _BOARD, _HEALTH = range(1, 5)
"""Channel ids, from 1."""
NUMBERED: Final = (TICK, EVENT, HEALTH)
"""Topics whose messages count up from 0 without a hole; descriptions of boards are repeated instead."""


class BlackBoxError(Exception):
    """No black box can be opened; ``str()`` says why and what to do."""


class BlackBox:
    """A session's recorder. One thread records; ``event`` may be called from any."""

    def __init__(
        self, folder: Path, name: str, metadata: dict[str, str], epoch_ns: int, *, lossless: bool = False
    ) -> None:
        """Open a new file in ``folder``; the folder is made if need be. Raises ``BlackBoxError``.

        Args:
            folder: where the file goes.
            name: its name without ending; a number is added if it is taken.
            metadata: what a reader must know; written first, so that it survives any cut.
            epoch_ns: wall-clock time, in ns since 1970, at which the loop's clock would read 0.
            lossless: wait for a slow disk instead of dropping ticks. For lock-step alone.
        """
        self.path, file = _open_new(folder, name)
        self._disk = _Disk(file)
        self._epoch_ns = epoch_ns
        self._lossless = lossless
        self._queue: deque[Stamped] = deque()
        self._wake, self._room = threading.Event(), threading.Event()
        self._urgent = self._closing = False
        self._ticks = 0
        self._numbers = {_EVENT: count(), _HEALTH: count()}
        self._config: BoardConfig | None = None
        self._board = 0
        self._boards: list[BoardConfig] = []
        self._chunks = 0
        self.dropped_ticks = 0
        """Ticks that a slow or failing disk left no room for."""
        self._disk_problem: str | None = None
        self._defect: str | None = None
        self._broken = False
        try:
            self._writer = begin(self._disk, {**metadata, "version": _version()}, *this_layout())
            self._disk.sync()
        except OSError as error:
            file.close()
            self.path.unlink(missing_ok=True)
            raise BlackBoxError(_refusal(self.path, error)) from error
        sync_folder(folder)
        self._thread = threading.Thread(target=self._serve, name="black box", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str | None:
        """What keeps the session from being recorded whole, and what to do; None while nothing does."""
        return self._defect or self._disk_problem

    def fill_disk_while(self, full: Callable[[], bool]) -> None:
        """Let the disk take nothing for as long as ``full`` says so: what becomes of a session then can be tried."""
        self._disk.full = full

    def record(self, tick_input: TickInput, output: TickOutput) -> None:
        """Record a tick. Never raises, and never waits unless ``lossless``."""
        number = self._ticks
        self._ticks = number + 1
        queue = self._queue
        if len(queue) >= MOST_QUEUED and not self._has_room():
            self.dropped_ticks += 1
            return
        now_s, _, config, _, _ = tick_input
        try:
            if config is not self._config:
                self.board(config, now_s)
            stamp_ns = self._epoch_ns + int(now_s * 1e9)
            message = record_schema.pack(tick_input, output, self._board, _TICK, number & 0xFFFFFFFF, stamp_ns)
        except Exception as error:  # whatever it is, a recorder is no reason to leave a rider inverted
            self.dropped_ticks += 1
            self._tell_defect(error)
            return
        queue.append(Stamped(_TICK, stamp_ns, message))
        if len(queue) == FULL_CHUNK:
            self._wake.set()

    def event(self, event: Event) -> None:
        """Record an event; a trip goes to the disk at once. Never raises and never drops."""
        told = event._asdict()
        told["trip"] = None if event.trip is None else event.trip._asdict()
        self._put(_EVENT, event.t_s, told)
        if event.trip is not None:
            self._urgent = True
            self._wake.set()

    def board(self, config: BoardConfig | None, now_s: float) -> None:
        """Record who answered a handshake. ``record`` does so by itself; to say it again changes nothing."""
        self._config = config
        if config is None:
            self._board = 0
            return
        if config not in self._boards:
            self._boards.append(config)
            self._put(_BOARD, now_s, {"number": len(self._boards), **config._asdict()})
        self._board = self._boards.index(config) + 1

    def health(self, counters: dict[str, float | None], now_s: float) -> None:
        """Record the link's counters. Never raises."""
        self._put(_HEALTH, now_s, counters)

    def close(self) -> None:
        """Write what is left, and end the file. Waits for a hanging disk, but not for ever."""
        self._closing = True
        self._wake.set()
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._disk_problem = (
                f"{self.path}: the disk hangs; the end of the session may be missing from the black box"
            )

    def discard(self) -> None:
        """Take a closed file away again: nothing happened that anybody would ask about."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def __enter__(self) -> Self:
        """Give the black box."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def _put(self, channel: int, now_s: float, told: dict[str, Any]) -> None:
        try:
            self._queue.append(self._json(channel, self._epoch_ns + int(now_s * 1e9), told))
        except Exception as error:  # as in record
            self._tell_defect(error)

    def _json(self, channel: int, stamp_ns: int, told: dict[str, Any]) -> Stamped:
        data = json.dumps(told, default=str).encode()
        number = next(self._numbers[channel]) if channel in self._numbers else 0
        header = MESSAGE_HEADER.pack(Opcode.MESSAGE, AFTER_LENGTH + len(data), channel, number, stamp_ns, stamp_ns)
        return Stamped(channel, stamp_ns, header + data)

    def _tell_defect(self, error: Exception) -> None:
        if self._defect is None:
            told = f"{type(error).__name__}: {error}"
            self._defect = f"the black box cannot record everything ({told}); please report this with {self.path}"

    def _has_room(self) -> bool:
        """Wait until the queue has room if this is lock-step; tell whether there is any."""
        while self._lossless and self.problem is None and len(self._queue) >= MOST_QUEUED:
            self._room.clear()
            self._wake.set()
            self._room.wait(SYNC_PERIOD_S)
        return len(self._queue) < MOST_QUEUED

    def _serve(self) -> None:
        """The thread: write what came, and see it onto the disk, every period or when woken."""
        due_s = time.monotonic()
        try:
            while not self._closing:
                self._wake.wait(max(due_s - time.monotonic(), 0.0))
                self._wake.clear()
                overdue = time.monotonic() >= due_s
                urgent, self._urgent = self._urgent, False
                self._store(self._drain, sync=overdue or urgent)
                if overdue:
                    due_s = time.monotonic() + SYNC_PERIOD_S
            self._store(self._finish, sync=True)
        except Exception as error:  # a defect, told to people instead of a thread that is gone unnoticed
            self._tell_defect(error)
            self._broken = True
            self._abandon()
        finally:
            self._room.set()
            with contextlib.suppress(OSError):
                self._disk.file.close()

    def _store(self, step: Any, *, sync: bool) -> None:
        """Do a step and write what came of it; what a failing disk does not take is kept and tried again."""
        step()
        try:
            self._disk.flush()
            if sync:
                self._disk.sync()
                self._disk_problem = None
        except OSError as error:
            self._disk_problem = (
                f"the black box cannot write to {self.path.parent}: {_reason(error)}; {_remedy(error)}, "
                "the session goes on and what was not written waits in memory"
                if not self._closing
                else f"the black box {self.path} lacks the end of the session: {_reason(error)}"
            )
        self._room.set()

    def _drain(self) -> None:
        if self._disk.waiting_bytes < MOST_UNSYNCED_BYTES:  # else the queue fills up, and drops ticks when it is full
            self._make_chunk()

    def _make_chunk(self) -> None:
        queue = self._queue
        messages = [queue.popleft() for _ in range(len(queue))]
        if not messages:
            return
        self._chunks += 1
        if self._chunks % BOARDS_EVERY == 0:
            stamp_ns = messages[-1].stamp_ns
            messages += [
                self._json(_BOARD, stamp_ns, {"number": number, **config._asdict()})
                for number, config in enumerate(tuple(self._boards), start=1)
            ]
        self._writer.chunk(messages)

    def _finish(self) -> None:
        self._make_chunk()
        self._writer.finish()

    def _abandon(self) -> None:
        """After a defect: keep the queue from growing for the rest of the session."""
        while not self._closing:
            self._wake.wait(SYNC_PERIOD_S)
            self._wake.clear()
            self._queue.clear()
            self._room.set()


class _Disk:
    """A file that can be tried again: what is not known to be on the disk is kept, and written to the same place.

    A sync that fails may have thrown away pages that were written before it, so they are all written anew.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._kept = bytearray()
        """Everything since the last sync."""
        self._kept_at = 0
        """Where in the file that begins."""
        self._written = 0
        """How much of it the system has taken."""
        self.full: Callable[[], bool] = bool
        """Lock-step makes a disk full by this; nothing else does."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes not yet known to be on the disk."""
        return len(self._kept)

    def write(self, data: bytes) -> int:
        """Take bytes for the next flush."""
        self._kept += data
        return len(data)

    def flush(self) -> None:
        """Hand everything to the system: from here on a killed process loses nothing. Raises ``OSError``."""
        with memoryview(self._kept) as kept:
            while self._written < len(kept):
                took = (
                    0
                    if self.full()
                    else os.pwrite(self.file.fileno(), kept[self._written :], self._kept_at + self._written)
                )
                if not took:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._written += took

    def sync(self) -> None:
        """See everything onto the disk: from here on a power cut loses nothing. Raises ``OSError``."""
        self.flush()
        try:
            os.fsync(self.file.fileno())
        except OSError:
            self._written = 0
            raise
        self._kept_at += len(self._kept)
        self._kept.clear()
        self._written = 0


def metadata_sum(metadata: dict[str, str]) -> str:
    """Give the sum that tells whether the description of a session was damaged."""
    return hashlib.sha256(json.dumps(metadata, sort_keys=True).encode()).hexdigest()


def layout_sum(schemas: Sequence[Schema], channels: Sequence[Channel]) -> str:
    """Give the sum that tells whether the description of the records was damaged."""
    told = [
        [[one.id, one.name, one.encoding, one.data.hex()] for one in schemas],
        [[one.id, one.topic, one.message_encoding, one.schema_id] for one in channels],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def this_layout() -> tuple[list[Schema], list[Channel]]:
    """Give schemas and channels as this version writes them."""
    name = f"{record_schema.PACKAGE}.{record_schema.MESSAGE}"
    schemas = [Schema(id=1, name=name, encoding="protobuf", data=record_schema.descriptor())]
    for number, (json_name, schema) in enumerate(record_schema.json_schemas().items(), start=2):
        schemas.append(Schema(id=number, name=json_name, encoding="jsonschema", data=json.dumps(schema).encode()))
    channels = [
        Channel(id=number, topic=topic, schema_id=number, message_encoding=encoding, metadata={})
        for number, (topic, encoding) in enumerate(zip(TOPICS, ("protobuf", *["json"] * 3), strict=True), start=1)
    ]
    return schemas, channels


def begin(stream: Any, metadata: dict[str, str], schemas: Sequence[Schema], channels: Sequence[Channel]) -> ChunkWriter:
    """Begin a file on anything with ``write``; metadata and layout are sealed with sums. Raises ``OSError``."""
    sealed = {**metadata, LAYOUT_SUM: layout_sum(schemas, channels)}
    described = Metadata(name=METADATA, metadata={**sealed, METADATA_SUM: metadata_sum(sealed)})
    return ChunkWriter(stream, LIBRARY, described, schemas, channels)


def _version() -> str:
    try:
        return version("righting")
    except PackageNotFoundError:
        return "unknown"


def _open_new(folder: Path, name: str) -> tuple[Path, IO[bytes]]:
    """Make a file that was not there before; unbuffered, because ``_Disk`` keeps what is not written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            path = folder / (f"{name}.mcap" if number == 1 else f"{name}-{number}.mcap")
            with contextlib.suppress(FileExistsError):
                return path, path.open("xb", buffering=0)
    except OSError as error:
        raise BlackBoxError(_refusal(folder, error)) from error
    raise AssertionError("count() does not end")


def _refusal(place: Path, error: OSError) -> str:
    advice = f"{_remedy(error)}, or choose another folder with --records"
    return f"{place}: no black box can be made: {_reason(error)}; {advice}"


def _reason(error: OSError) -> str:
    told = {
        errno.EACCES: "you may not write there",
        errno.EPERM: "you may not write there",
        errno.EROFS: "the disk is read-only",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your share of the disk is used up",
        errno.EFBIG: "the file may not grow any further",
        errno.EIO: "the disk does not work",
        errno.ENOTDIR: "a file stands where a folder should be",
        errno.EEXIST: "a file stands where a folder should be",
    }
    return told.get(error.errno or 0) or error.strerror or str(error)


def _remedy(error: OSError) -> str:
    told = {
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
        errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
        errno.EIO: "check the disk",
        errno.EACCES: "ask for permission",
        errno.EPERM: "ask for permission",
        errno.EROFS: "make it writable",
    }
    return told.get(error.errno or 0, "correct that")
