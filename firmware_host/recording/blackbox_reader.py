"""Reading black boxes: whole ones, cut ones, and ones with damaged places.

Nothing damaged is given as if it were whole. Chunks carry a CRC, and one that is wrong is left out; the descriptions at
the start carry sums; messages are numbered, so that a chunk that can no longer be found is missed all the same. What is
wrong is said in ``Recording.problems``, and reading goes on at the next sound chunk.
"""

import json
import mmap
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Header, Metadata, Schema

from firmware_host.control.ticks import Event, TickInput
from firmware_host.recording import record_schema
from firmware_host.recording.blackbox import (
    BOARD,
    EVENT,
    FULL_CHUNK,
    HEALTH,
    LAYOUT_SUM,
    METADATA,
    METADATA_SUM,
    NUMBERED,
    TICK,
    TOPICS,
    begin,
    layout_sum,
    metadata_sum,
    this_layout,
)
from firmware_host.recording.mcap_chunks import MAGIC, MESSAGE_HEADER, Stamped
from firmware_host.recording.record_schema import RecordedOutput, Unpacked, unpack
from safety.signals import BoardConfig, Recovery, Response, Trip

LARGEST_CHUNK_BYTES: Final = 1 << 28
"""Unpacked; a damaged size must not fill the memory."""

_RECORD: Final = struct.Struct("<BQ")
"""Opcode, length of what follows."""
_CHUNK: Final = struct.Struct("<BQQQQI8sQ")
"""Opcode, length, first and last time, unpacked size, CRC, compression with its length, packed size."""
_ZSTD: Final = struct.pack("<I4s", 4, b"zstd")
_ZSTD_AT: Final = _CHUNK.size - 8 - len(_ZSTD)
_FOOTER: Final = struct.Struct("<BQQQI")
_INDEX_START: Final = struct.Struct("<HI")
"""Channel, bytes of the entries."""
_DATA_END_BYTES: Final = _RECORD.size + 4
_PARSE_ERRORS: Final = (McapError, struct.error, ValueError, KeyError, IndexError, TypeError, EOFError, OverflowError)
"""What the package's classes raise on damaged bytes."""
Parsed = TypeVar("Parsed")


class BlackBoxReadError(Exception):
    """A file cannot be read as a black box; ``str()`` says why and what to do."""


@dataclass
class Recording:
    """What was read, in the order of recording."""

    path: Path
    metadata: dict[str, str] = field(default_factory=dict)
    """What the session was; see ``firmware_host.recording.session_record``. Empty if it was damaged."""
    inputs: list[TickInput] = field(default_factory=list)
    outputs: list[RecordedOutput] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    health: list[dict[str, Any]] = field(default_factory=list)
    boards: list[BoardConfig] = field(default_factory=list)
    """Every board that answered a handshake."""
    missing_ticks: int = 0
    """Ticks between those that were read which the file does not hold: dropped, or in damaged places."""
    problems: list[str] = field(default_factory=list)
    """What is missing or damaged; empty for a whole file."""


class _Message(NamedTuple):
    topic: str
    sequence: int
    stamped: Stamped

    @property
    def data(self) -> bytes:
        """What the message says."""
        return self.stamped.record[MESSAGE_HEADER.size :]


class _Contents(NamedTuple):
    """A file taken apart."""

    metadata: dict[str, str]
    schemas: Sequence[Schema]
    channels: Sequence[Channel]
    messages: list[_Message]
    problems: list[str]


def read(path: Path) -> Recording:
    """Read a black box as far as it can be trusted.

    Raises ``BlackBoxReadError`` if it is none, or one of another version of the program.
    """
    contents = _take_apart(path)
    _expect_known(path, contents.metadata, contents.schemas)
    problems, topics = contents.problems, _by_topic(contents.messages)
    boards = dict(_understood(topics[BOARD], _board, problems))
    ticks = _understood(topics[TICK], lambda data: unpack(data, boards), problems)
    recording = Recording(
        path,
        contents.metadata,
        inputs=[one.tick_input for one in ticks],
        outputs=[one.output for one in ticks],
        events=_understood(topics[EVENT], _event, problems),
        health=_understood(topics[HEALTH], json.loads, problems),
        boards=list(boards.values()),
        missing_ticks=_missing(topics[TICK]),
        problems=problems,
    )
    _tell_missing({topic: _missing(topics[topic]) for topic in NUMBERED}, problems)
    return recording


def stream(path: Path, tick: Callable[[TickInput, RecordedOutput], None]) -> Recording:
    """Read as ``read`` does, but hand each tick to ``tick`` and keep none: memory stays small, however long the file.

    The file is gone through twice, because boards and events are known first then. Raises ``BlackBoxReadError``, also
    in the middle, after ticks were handed over.
    """
    with _mapped(path) as data:
        scan = _Scan(data, path)
        rare = _by_topic([one for chunk in scan.chunks() for one in chunk if one.topic != TICK])
        _expect_known(path, scan.metadata, scan.schemas)
        problems = scan.problems
        boards = dict(_understood(rare[BOARD], _board, problems))
        counted, refused = _Counted(), _Refused(TICK)
        for chunk in _Scan(data, path).chunks():
            ticks = [one for one in chunk if one.topic == TICK]
            counted.add(ticks)
            for one in _parsed(ticks, lambda record: unpack(record, boards), refused):
                tick(*one)
    problems += refused.told()
    recording = Recording(
        path,
        scan.metadata,
        events=_understood(rare[EVENT], _event, problems),
        health=_understood(rare[HEALTH], json.loads, problems),
        boards=list(boards.values()),
        missing_ticks=counted.missing,
        problems=problems,
    )
    _tell_missing({TICK: counted.missing, EVENT: _missing(rare[EVENT]), HEALTH: _missing(rare[HEALTH])}, problems)
    return recording


def pieces(path: Path) -> Iterator[Unpacked]:
    """Give the ticks of a black box one after another, to whoever takes them at a time of their own.

    What is damaged is left out as in ``read``. Raises ``BlackBoxReadError`` as ``read`` does, with the first one.
    """
    with _mapped(path) as data:
        scan = _Scan(data, path)
        boards = [one for chunk in scan.chunks() for one in chunk if one.topic == BOARD]
        _expect_known(path, scan.metadata, scan.schemas)
        known = dict(_understood(boards, _board, []))
        for chunk in _Scan(data, path).chunks():
            ticks = [one for one in chunk if one.topic == TICK]
            yield from _understood(ticks, lambda record: unpack(record, known), [])


def is_closed(path: Path) -> bool:
    """Tell whether a file ends as a black box that was closed; one that ends otherwise is still written, or was cut."""
    try:
        with path.open("rb") as file:
            file.seek(-len(MAGIC), os.SEEK_END)
            return path.stat().st_size > 2 * len(MAGIC) and file.read() == MAGIC
    except OSError:
        return False


class _Refused:
    """Messages of one topic that are whole but say something unexpected: how many, and what the first was."""

    def __init__(self, topic: str) -> None:
        self._topic, self._number, self._first = topic, 0, ""

    def note(self, error: Exception) -> None:
        """Count one."""
        self._first = self._first or f"{type(error).__name__}: {error}"
        self._number += 1

    def told(self) -> list[str]:
        """Say it once; nothing if there was none."""
        if not self._number:
            return []
        return [f"{self._number} records of {self._topic} cannot be read; the first: {self._first}"]


class _Counted:
    """What is known of ticks that nobody kept."""

    def __init__(self) -> None:
        self._seen, self._last = 0, -1

    def add(self, messages: list[_Message]) -> None:
        """Count those of one chunk."""
        self._seen += len(messages)
        self._last = max(self._last, max((message.sequence for message in messages), default=-1))

    @property
    def missing(self) -> int:
        """Ticks that are not in the file, by their numbers."""
        return self._last + 1 - self._seen


def _expect_known(path: Path, metadata: dict[str, str], schemas: Sequence[Schema]) -> None:
    if not any(record_schema.is_known_layout(schema.data) for schema in schemas[:1]):
        writer = metadata.get("version", "unknown")
        raise BlackBoxReadError(
            f"{path}: this was recorded by another version of righting ({writer}), whose records differ; "
            "read it with that version, or open it in Foxglove"
        )


def _tell_missing(missing: dict[str, int], problems: list[str]) -> None:
    for topic, number in missing.items():
        if number:
            problems.append(f"{number} records of {topic} are missing in between: dropped or damaged")


def recover(path: Path, target: Path) -> list[str]:
    """Write all that is sound in a damaged black box into a new, whole one; give what was wrong with the old one.

    Raises ``BlackBoxReadError`` if the file is no black box, or if the new one cannot be written or exists already.
    """
    contents = _take_apart(path)
    told = {**contents.metadata, "recovered_from": path.name, "recovered_problems": json.dumps(contents.problems)}
    try:
        with target.open("xb") as file:
            writer = begin(file, told, contents.schemas, contents.channels)
            stamped = [message.stamped for message in contents.messages]
            for start in range(0, len(stamped), FULL_CHUNK):
                writer.chunk(stamped[start : start + FULL_CHUNK])
            writer.finish()
    except FileExistsError as error:
        raise BlackBoxReadError(f"{target}: there is such a file already; choose another name") from error
    except OSError as error:
        raise BlackBoxReadError(f"{target}: {error.strerror}; choose another place") from error
    return contents.problems


def _by_topic(messages: list[_Message]) -> dict[str, list[_Message]]:
    found: dict[str, list[_Message]] = {topic: [] for topic in TOPICS}
    for message in messages:
        found[message.topic].append(message)
    return found


def _understood(messages: list[_Message], parse: Callable[[bytes], Parsed], problems: list[str]) -> list[Parsed]:
    """Parse messages; count and tell those that cannot be, which are whole but say something unexpected."""
    if not messages:
        return []
    refused = _Refused(messages[0].topic)
    parsed = list(_parsed(messages, parse, refused))
    problems += refused.told()
    return parsed


def _parsed(messages: list[_Message], parse: Callable[[bytes], Parsed], refused: _Refused) -> Iterator[Parsed]:
    for message in messages:
        try:
            parsed = parse(message.data)
        except _PARSE_ERRORS as error:
            refused.note(error)
        else:
            yield parsed


def _missing(messages: list[_Message]) -> int:
    """How many messages are missing before the last one, by their numbers."""
    return max((message.sequence for message in messages), default=-1) + 1 - len(messages)


def _board(data: bytes) -> tuple[int, BoardConfig]:
    told = json.loads(data)
    return told.pop("number"), BoardConfig(**{**told, "firmware": tuple(told["firmware"])})


def _event(data: bytes) -> Event:
    told = json.loads(data)
    trip = told["trip"]
    if trip is not None:
        trip = Trip(**{**trip, "response": Response(trip["response"]), "recovery": Recovery(trip["recovery"])})
    return Event(told["t_s"], told["kind"], told["text"], trip)


def _take_apart(path: Path) -> _Contents:
    with _mapped(path) as data:
        return _Scan(data, path).contents()


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(path.stat().st_mode):
                raise BlackBoxReadError(f"{path}: this is no file; give a .mcap file that righting wrote")
            if not path.stat().st_size:
                raise BlackBoxReadError(f"{path}: the file is empty; nothing was recorded")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                yield data
    except OSError as error:
        raise BlackBoxReadError(f"{path}: {error.strerror}; give a .mcap file that righting wrote") from error


class _Scan:
    """One pass over the bytes of a file. Whatever stands between sound chunks is either understood or complained of."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data, self._path = data, path
        self.problems: list[str] = []
        """What was found so far."""
        self._found = 0
        """Messages."""
        self._topics: dict[int, str] = {}
        self.metadata, self.schemas, self.channels, self._start = self._descriptions()

    def contents(self) -> _Contents:
        """Take the whole file apart. Raises ``BlackBoxReadError`` if it is no black box."""
        messages = [message for chunk in self.chunks() for message in chunk]
        return _Contents(self.metadata, self.schemas, self.channels, messages, self.problems)

    def chunks(self) -> Iterator[list[_Message]]:
        """Give the messages of each sound chunk in turn. Raises ``BlackBoxReadError`` if this is no black box."""
        at = self._start
        while True:
            at = self._skip_indices(at)
            chunk = self._chunk(at)
            if chunk is None:
                if self._ends(at):
                    break
                following = self._next_chunk(at + 1)
                if following is None:
                    self.problems.append(self._cut(at))
                    break
                self.problems.append(f"damaged between byte {at} and byte {following}; reading went on behind it")
                at = following
                continue
            messages = self._messages(chunk.unpacked)
            self._found += len(messages)
            yield messages
            at = chunk.end
        if not self.metadata and not self._found:
            raise BlackBoxReadError(f"{self._path}: this is not a black box; give a .mcap file that righting wrote")

    def _cut(self, at: int) -> str:
        last = f"after {self._found} records" if self._found else "before the first record"
        lost = len(self._data) - at
        return (
            f"the recording ends {last} without its end mark: the host was killed, lost power or could not write, or "
            f"the file was cut ({lost} bytes at its end could not be used)"
        )

    def _descriptions(self) -> tuple[dict[str, str], Sequence[Schema], Sequence[Channel], int]:
        """Read what stands before the first chunk; what is damaged there is replaced by what this version writes."""
        metadata: dict[str, str] = {}
        schemas: list[Schema] = []
        channels: list[Channel] = []
        at = len(MAGIC)
        try:
            if self._data[:at] != MAGIC:
                raise ValueError("the file does not begin as MCAP does")
            for opcode, body, end in self._records(at):
                if opcode not in (Opcode.HEADER, Opcode.METADATA, Opcode.SCHEMA, Opcode.CHANNEL):
                    break
                stream = ReadDataStream(BytesIO(body))
                if opcode == Opcode.HEADER:
                    Header.read(stream)
                elif opcode == Opcode.METADATA and (record := Metadata.read(stream)).name == METADATA:
                    metadata = dict(record.metadata)
                elif opcode == Opcode.SCHEMA:
                    schemas.append(Schema.read(stream))
                elif opcode == Opcode.CHANNEL:
                    channels.append(Channel.read(stream))
                at = end
        except _PARSE_ERRORS as error:
            self.problems.append(f"the beginning is damaged: {str(error) or type(error).__name__}")
        sound = self._checked(metadata, schemas, channels)
        if self.problems:  # a damaged length may have led anywhere
            at = self._next_chunk(0) or at
        return *sound, at

    def _checked(
        self, metadata: dict[str, str], schemas: list[Schema], channels: list[Channel]
    ) -> tuple[dict[str, str], Sequence[Schema], Sequence[Channel]]:
        if metadata.pop(METADATA_SUM, "") != metadata_sum(metadata):
            self.problems.append("the description of the session is damaged")
            metadata = {}
        if metadata.pop(LAYOUT_SUM, "") != layout_sum(schemas, channels):
            self.problems.append("the description of the records cannot be trusted: read as this version writes them")
            schemas, channels = this_layout()
        self._topics = {channel.id: channel.topic for channel in channels}
        return metadata, schemas, channels

    def _records(self, at: int) -> Iterator[tuple[int, bytes, int]]:
        """Walk records as long as they lie within the file: opcode, body, end."""
        while at + _RECORD.size <= len(self._data):
            opcode, length = _RECORD.unpack_from(self._data, at)
            end = at + _RECORD.size + length
            if end > len(self._data):
                return
            yield opcode, self._data[at + _RECORD.size : end], end
            at = end

    def _skip_indices(self, at: int) -> int:
        for opcode, body, end in self._records(at):
            if opcode != Opcode.MESSAGE_INDEX or not _is_index(body):
                break
            at = end
        return at

    def _next_chunk(self, at: int) -> int | None:
        """Find the next chunk that is sound, wherever it is."""
        while (mark := self._data.find(_ZSTD, at + _ZSTD_AT)) >= 0:
            at = mark - _ZSTD_AT
            if self._chunk(at) is not None:
                return at
            at += 1
        return None

    def _chunk(self, at: int) -> "_Chunk | None":
        """Unpack the chunk at this place; None if there is no sound one."""
        data = self._data
        if at + _CHUNK.size > len(data):
            return None
        opcode, length, _, _, size, crc, compression, packed = _CHUNK.unpack_from(data, at)
        start = at + _CHUNK.size
        fits = length == _CHUNK.size - _RECORD.size + packed and start + packed <= len(data)
        if opcode != Opcode.CHUNK or compression != _ZSTD or not fits or size > LARGEST_CHUNK_BYTES:
            return None
        content = data[start : start + packed]
        try:
            if zstandard.frame_content_size(content) != size:
                return None
            unpacked = zstandard.decompress(content, size)
        except zstandard.ZstdError:
            return None
        if len(unpacked) != size or zlib.crc32(unpacked) != crc:
            return None
        return _Chunk(unpacked, start + packed)

    def _messages(self, unpacked: bytes) -> list[_Message]:
        """Give the messages of a chunk whose CRC is right."""
        messages: list[_Message] = []
        at, unknown = 0, 0
        while at < len(unpacked):
            opcode, length = _RECORD.unpack_from(unpacked, at)
            end = at + _RECORD.size + length
            if opcode == Opcode.MESSAGE:
                _, _, channel, sequence, stamp_ns, _ = MESSAGE_HEADER.unpack_from(unpacked, at)
                topic = self._topics.get(channel, "")
                if topic not in TOPICS:
                    unknown += 1
                else:
                    messages.append(_Message(topic, sequence, Stamped(channel, stamp_ns, unpacked[at:end])))
            at = end
        if unknown:
            self.problems.append(f"{unknown} records are of a channel that nothing describes, and were left out")
        return messages

    def _ends(self, at: int) -> bool:
        """Tell whether the end mark stands here; complain if what follows it is damaged, which loses no record."""
        data = self._data
        if data[at : at + _RECORD.size] != _RECORD.pack(Opcode.DATA_END, 4):
            return False
        start = at + _DATA_END_BYTES
        footer_at = len(data) - len(MAGIC) - _FOOTER.size
        if footer_at >= start:
            opcode, length, summary_at, _, crc = _FOOTER.unpack_from(data, footer_at)
            summed = zlib.crc32(data[start : footer_at + _FOOTER.size - 4])
            if (opcode, length, summary_at, crc) == (Opcode.FOOTER, 20, start, summed) and data[-8:] == MAGIC:
                return True
        self.problems.append("the index at the end of the file is damaged; no record is lost by that")
        return True


def _is_index(body: bytes) -> bool:
    """Tell whether an index is as long as it says: a damaged length must not lead past sound chunks."""
    return len(body) >= _INDEX_START.size and _INDEX_START.unpack_from(body)[1] == len(body) - _INDEX_START.size


class _Chunk(NamedTuple):
    unpacked: bytes
    end: int
