"""MCAP files written a chunk at a time from message records that are bytes already.

The ``mcap`` package builds every message out of several small writes, which costs as much as a quarter of a tick. Here
a chunk is one join of finished message records; all other records are the package's own classes, and its reader reads
the file.
"""

import zlib
from collections.abc import Sequence
from struct import Struct
from typing import IO, Any, Final, NamedTuple

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
)

MAGIC: Final = b"\x89MCAP0\r\n"
MESSAGE_HEADER: Final = Struct("<BQHIQQ")
"""Opcode, length of what follows it, channel, sequence, log time, publish time."""
AFTER_LENGTH: Final = MESSAGE_HEADER.size - 9
_FOOTER_START: Final = Struct("<BQQQ")


class Stamped(NamedTuple):
    """A finished message record, with what an index needs of it."""

    channel: int
    stamp_ns: int
    record: bytes


class ChunkWriter:
    """Writes one file. Every method may raise ``OSError``."""

    def __init__(
        self,
        stream: IO[bytes],
        library: str,
        metadata: Metadata,
        schemas: Sequence[Schema],
        channels: Sequence[Channel],
    ) -> None:
        """Begin the file with all that a reader must know of it."""
        self._stream = stream
        self._at = 0
        self._schemas, self._channels = schemas, channels
        self._indices: list[ChunkIndex] = []
        self._counts: dict[int, int] = {}
        self._first_ns = self._last_ns = 0
        self._write(MAGIC)
        self._write(_bytes(Header(profile="", library=library)))
        self._metadata_at = self._at
        self._metadata_bytes = self._write(_bytes(metadata))
        self._metadata_name = metadata.name
        self._write(_bytes(*schemas, *channels))

    def chunk(self, messages: Sequence[Stamped]) -> None:
        """Write messages as one compressed chunk with its index."""
        data = b"".join([one.record for one in messages])
        stamps = [one.stamp_ns for one in messages]
        packed = zstandard.compress(data)
        chunk = Chunk(
            compression="zstd",
            data=packed,
            message_start_time=min(stamps),
            message_end_time=max(stamps),
            uncompressed_crc=zlib.crc32(data),
            uncompressed_size=len(data),
        )
        start = self._at
        length = self._write(_bytes(chunk))
        offsets, index_length = self._index(messages)
        self._indices.append(
            ChunkIndex(
                message_start_time=chunk.message_start_time,
                message_end_time=chunk.message_end_time,
                chunk_start_offset=start,
                chunk_length=length,
                message_index_offsets=offsets,
                message_index_length=index_length,
                compression="zstd",
                compressed_size=len(packed),
                uncompressed_size=len(data),
            )
        )
        self._first_ns = self._first_ns or chunk.message_start_time
        self._last_ns = max(self._last_ns, chunk.message_end_time)

    def finish(self) -> None:
        """End the file with its summary."""
        self._write(_bytes(DataEnd(0)))
        summary_at = self._at
        statistics = Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=self._counts,
            chunk_count=len(self._indices),
            message_count=sum(self._counts.values()),
            message_end_time=self._last_ns,
            message_start_time=self._first_ns,
            metadata_count=1,
            schema_count=len(self._schemas),
        )
        where = MetadataIndex(offset=self._metadata_at, length=self._metadata_bytes, name=self._metadata_name)
        summary = _bytes(*self._schemas, *self._channels, statistics, *self._indices, where)
        crc = zlib.crc32(_FOOTER_START.pack(Opcode.FOOTER, 20, summary_at, 0), zlib.crc32(summary))
        self._write(summary + _bytes(Footer(summary_start=summary_at, summary_offset_start=0, summary_crc=crc)) + MAGIC)

    def _index(self, messages: Sequence[Stamped]) -> tuple[dict[int, int], int]:
        entries: dict[int, list[tuple[int, int]]] = {}
        offset = 0
        for channel, stamp_ns, record in messages:
            entries.setdefault(channel, []).append((stamp_ns, offset))
            offset += len(record)
        offsets: dict[int, int] = {}
        start = self._at
        for channel, found in entries.items():
            offsets[channel] = self._at
            self._counts[channel] = self._counts.get(channel, 0) + len(found)
            self._write(_index_bytes(channel, found))
        return offsets, self._at - start

    def _write(self, data: bytes) -> int:
        self._stream.write(data)
        self._at += len(data)
        return len(data)


def _index_bytes(channel: int, entries: list[tuple[int, int]]) -> bytes:
    """A message index in one ``struct``; the package's own class packs number by number."""
    numbers = [number for entry in entries for number in entry]
    layout = Struct(f"<BQHI{len(numbers)}Q")
    return layout.pack(Opcode.MESSAGE_INDEX, 6 + 8 * len(numbers), channel, 8 * len(numbers), *numbers)


def _bytes(*records: McapRecord) -> bytes:
    builder: Any = RecordBuilder()
    for record in records:
        record.write(builder)
    return bytes(builder.end())
