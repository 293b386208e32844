"""The black box: one MCAP file a session, readable after a crash, which never holds up the control loop.

The loop hands records to a thread, which writes, compresses and syncs them to the disk at least every half second, and
at once after a trip. A disk that fails is told in ``problem``; it never stops a session.
"""

import contextlib
import errno
import hashlib
import json
import os
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from mcap.records import Channel, Metadata, Schema

from firmware_host import record_schema
from firmware_host.mcap_chunks import ChunkWriter, Stamped, message
from firmware_host.ticks import Event, TickInput, TickOutput
from safety.signals import BoardConfig

SYNC_PERIOD_S: Final = 0.5
MOST_QUEUED: Final = 20_000
"""Records that wait for a slow disk: over three minutes at 100 Hz."""
FULL_CHUNK: Final = 2_000
"""Records that are not left waiting for the next period."""
LIBRARY: Final = "righting"
METADATA: Final = "session"
CHECKSUM: Final = "sha256"
TOPICS: Final = ("/tick", "/event", "/board", "/link")
TICK, EVENT, BOARD, HEALTH = TOPICS
_TICK, _EVENT, _BOARD, _HEALTH = range(1, 5)
"""Channel ids, from 1."""


class BlackBoxError(Exception):
    """No black box can be opened; ``str()`` says why and what to do."""


class BlackBox:
    """A session's recorder."""

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
        self.path, self._file = _open_new(folder, name)
        self._epoch_ns = epoch_ns
        self._lossless = lossless
        self._queue: deque[Stamped] = deque()
        self._wake = threading.Event()
        self._room = threading.Event()
        self._room.set()
        self._closing = False
        self.dropped_ticks = 0
        """Ticks that a slow disk left no room for."""
        self.problem: str | None = None
        """What keeps the rest of the session from being recorded; None while nothing does."""
        try:
            self._writer = _begin(self._file, metadata)
            self._sync()
        except OSError as error:
            self._file.close()
            raise BlackBoxError(f"{self.path}: {error.strerror}; free some space or choose another folder") from error
        self._thread = threading.Thread(target=self._serve, name="black box", daemon=True)
        self._thread.start()

    def record(self, tick_input: TickInput, output: TickOutput) -> None:
        """Record a tick. Never raises because of the disk."""
        queue = self._queue
        if len(queue) >= MOST_QUEUED:
            if not self._lossless:
                self.dropped_ticks += 1
                return
            self._room.clear()
            self._wake.set()
            self._room.wait()
        stamp_ns = self._epoch_ns + int(tick_input[0] * 1e9)
        queue.append(Stamped(_TICK, stamp_ns, record_schema.pack(tick_input, output, _TICK, stamp_ns)))
        if len(queue) == FULL_CHUNK:
            self._wake.set()

    def event(self, event: Event) -> None:
        """Record an event; a trip goes to the disk at once."""
        told = event._asdict()
        told["trip"] = None if event.trip is None else event.trip._asdict()
        self._put(_EVENT, event.t_s, told)
        if event.trip is not None:
            self._wake.set()

    def board(self, config: BoardConfig, now_s: float) -> None:
        """Record who answered a handshake."""
        self._put(_BOARD, now_s, config._asdict())

    def health(self, counters: dict[str, float | None], now_s: float) -> None:
        """Record the link's counters."""
        self._put(_HEALTH, now_s, counters)

    def close(self) -> None:
        """Write what is left, and end the file."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Give the black box."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def _put(self, channel: int, now_s: float, told: dict[str, Any]) -> None:
        self._queue.append(message(channel, self._epoch_ns + int(now_s * 1e9), json.dumps(told).encode()))

    def _serve(self) -> None:
        """The thread: write what came, and see it onto the disk, every period or when woken."""
        while not self._closing:
            self._wake.wait(SYNC_PERIOD_S * 0.9)
            self._wake.clear()
            self._guarded(self._drain)
        self._guarded(self._drain)
        self._guarded(self._finish)
        with contextlib.suppress(OSError):
            self._file.close()

    def _guarded(self, step: Any) -> None:
        if self.problem is not None:
            self._queue.clear()
            self._room.set()
            return
        try:
            step()
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem = f"the black box stopped: {reason}; the session goes on unrecorded from here"
            self._room.set()

    def _drain(self) -> None:
        queue = self._queue
        messages = [queue.popleft() for _ in range(len(queue))]
        self._room.set()
        if messages:
            self._writer.chunk(messages)
            self._sync()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _finish(self) -> None:
        self._writer.finish()
        self._file.flush()
        os.fsync(self._file.fileno())


def checksum(metadata: dict[str, str]) -> str:
    """Give the sum that tells whether metadata was damaged: the format itself does not protect it."""
    return hashlib.sha256(json.dumps(metadata, sort_keys=True).encode()).hexdigest()


def _open_new(folder: Path, name: str) -> tuple[Path, IO[bytes]]:
    number = 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = folder / (f"{name}.mcap" if number == 1 else f"{name}-{number}.mcap")
            try:
                return path, path.open("xb")
            except FileExistsError:
                number += 1
    except OSError as error:
        advice = {
            errno.EACCES: "you may not write there",
            errno.EPERM: "you may not write there",
            errno.EROFS: "the disk is read-only",
            errno.ENOSPC: "the disk is full",
        }.get(error.errno or 0, error.strerror or str(error))
        raise BlackBoxError(
            f"{folder}: no black box can be made: {advice}; choose another folder with --records"
        ) from (error)


def _begin(file: IO[bytes], metadata: dict[str, str]) -> ChunkWriter:
    name = f"{record_schema.PACKAGE}.{record_schema.MESSAGE}"
    schemas = [
        Schema(id=1, name=name, encoding="protobuf", data=record_schema.descriptor()),
        Schema(id=2, name="json", encoding="jsonschema", data=b'{"type": "object"}'),
    ]
    channels = [
        Channel(id=number, topic=topic, schema_id=schema, message_encoding=encoding, metadata={})
        for number, (topic, schema, encoding) in enumerate(
            zip(TOPICS, (1, 2, 2, 2), ("protobuf", "json", "json", "json"), strict=True), start=1
        )
    ]
    described = Metadata(name=METADATA, metadata={**metadata, CHECKSUM: checksum(metadata)})
    return ChunkWriter(file, LIBRARY, described, schemas, channels)
