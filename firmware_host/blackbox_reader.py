"""Reading black boxes: whole, cut, and with damaged chunks. Nothing damaged is ever given as if it were whole."""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mcap.exceptions import McapError
from mcap.records import Channel, Chunk, DataEnd, McapRecord, Message, Metadata
from mcap.stream_reader import StreamReader, breakup_chunk

from firmware_host.blackbox import BOARD, CHECKSUM, EVENT, HEALTH, METADATA, TICK, checksum
from firmware_host.record_schema import RecordedOutput, Unpacked, unpack
from firmware_host.ticks import TickInput
from safety.signals import BoardConfig


class BlackBoxReadError(Exception):
    """A file cannot be read as a black box; ``str()`` says why and what to do."""


@dataclass
class Recording:
    """What was read."""

    path: Path
    metadata: dict[str, str] = field(default_factory=dict)
    """What the session was; see ``firmware_host.session_record``."""
    inputs: list[TickInput] = field(default_factory=list)
    outputs: list[RecordedOutput] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    health: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What is missing or damaged; empty for a whole file."""


_DAMAGE: Final = (
    McapError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    struct.error,
    EOFError,
    MemoryError,
    OverflowError,
)
"""What the readers of a damaged file raise."""


def read(path: Path) -> Recording:
    """Read a black box as far as it can be trusted. Raises ``BlackBoxReadError`` if it is none."""
    recording = Recording(path)
    messages = _messages(recording)
    configs: dict[int, BoardConfig] = {}
    ticks: list[bytes] = []
    for topic, data in messages:
        if topic == TICK:
            ticks.append(data)
        elif topic == EVENT:
            recording.events.append(json.loads(data))
        elif topic == HEALTH:
            recording.health.append(json.loads(data))
        elif topic == BOARD:
            config = json.loads(data)
            configs[config["session_id"]] = BoardConfig(**{**config, "firmware": tuple(config["firmware"])})
    for data in ticks:
        one = _tick(data, configs, recording)
        if one is not None:
            recording.inputs.append(one.tick_input)
            recording.outputs.append(one.output)
    return recording


def _tick(data: bytes, configs: dict[int, BoardConfig], recording: Recording) -> Unpacked | None:
    try:
        return unpack(data, configs)
    except _DAMAGE as error:
        recording.problems.append(f"a tick cannot be read: {error}")
        return None


def _messages(recording: Recording) -> list[tuple[str, bytes]]:
    """Give topic and data of every message in chunks whose CRC is right, in the order of the file."""
    topics: dict[int, str] = {}
    found: list[tuple[str, bytes]] = []
    ended = False
    try:
        with recording.path.open("rb") as file:
            records = StreamReader(file, emit_chunks=True, validate_crcs=False).records
            for record in records:
                if isinstance(record, Metadata) and record.name == METADATA:
                    _take_metadata(record, recording)
                elif isinstance(record, Channel):
                    topics[record.id] = record.topic
                elif isinstance(record, Chunk):
                    _take_chunk(record, topics, found, recording)
                ended = ended or isinstance(record, DataEnd)
    except OSError as error:
        raise BlackBoxReadError(f"{recording.path}: {error.strerror}") from error
    except _DAMAGE as error:
        if not ended:
            recording.problems.append(
                f"the file is cut or damaged after {len(found)} records: {type(error).__name__} {error}"
            )
    if not recording.metadata and not recording.problems:
        recording.problems.append("the description of the session is missing")
    if not recording.metadata and not found:
        raise BlackBoxReadError(f"{recording.path}: this is not a black box; give a .mcap file that righting wrote")
    return found


def _take_metadata(record: Metadata, recording: Recording) -> None:
    metadata = dict(record.metadata)
    if metadata.pop(CHECKSUM, "") == checksum(metadata):
        recording.metadata = metadata
    else:
        recording.problems.append("the description of the session is damaged")


def _take_chunk(chunk: Chunk, topics: dict[int, str], found: list[tuple[str, bytes]], recording: Recording) -> None:
    try:
        records: list[McapRecord] = breakup_chunk(chunk, validate_crc=True)
    except Exception as error:
        recording.problems.append(f"a chunk after {len(found)} records is damaged and left out: {error}")
        return
    found += [(topics.get(one.channel_id, ""), one.data) for one in records if isinstance(one, Message)]
