"""The record of one tick: all that went in and came out, as a protobuf message whose every field has a fixed width.

Fields of fixed width have a fixed place, so that one precompiled ``struct`` with the tag bytes in it writes a valid
message, and any protobuf reader (Foxglove, for one) reads it. One table, ``FIELDS``, makes
packer, unpacker and schema. Measured and commanded numbers are doubles, because a replay must see the very bits. A
number that is absent is NaN in the file; an echoed sequence that is absent is -1. An enumeration is a varint of one
byte, which protobuf allows for values below 128, so that other tools show names and not numbers.
"""

from itertools import product
from math import isnan, nan
from struct import Struct
from typing import Any, Final, NamedTuple

from mcap.opcode import Opcode

from drivers.health import LinkHealth
from firmware_host.control.operating_states import LEAVES
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from firmware_host.recording.mcap_chunks import AFTER_LENGTH, MESSAGE_HEADER
from safety.signals import BoardConfig, CommandMode, Response, Telemetry, Trip

PACKAGE: Final = "righting"
MESSAGE: Final = "Tick"
STATE_NAMES: Final = LEAVES
"""Names of the operating states; the record holds the index, the schema in the file the names."""


class Field(NamedTuple):
    """A field of the message: its name and its type."""

    name: str
    kind: str
    """Format character of ``struct``: d double, I fixed32, i sfixed32, ? bool, B an enumeration."""
    enum: str = ""
    """Name of the enumeration, for kind B."""


ENUMS: Final[dict[str, tuple[str, ...]]] = {
    "Mode": ("nothing_sent", *(f"mode_{mode.name.lower()}" for mode in CommandMode)),
    "State": STATE_NAMES,
    "Response": tuple(f"response_{response.name.lower()}" for response in Response),
}
"""Names by value, from 0. Names of one protobuf package must differ, therefore the prefixes."""

FIELDS: Final = (
    Field("now_s", "d"),
    Field("lateness_s", "d"),
    Field("operator", "I"),  # bits, in the order of OperatorRequest: five presses, presence_age_s is there, move 1, -1
    Field("board", "I"),  # number of the record on /board that describes it; 0 without a handshake
    Field("has_telemetry", "?"),
    *(Field(name, "I") for name in ("session_id", "sequence", "board_time_us")),
    Field("echoed_sequence", "i"),
    *(Field(name, "d") for name in ("command_age_s", "encoder_deg", "inclinometer_deg", "rate_dps", "current_a")),
    *(Field(name, "d") for name in ("bus_v", "drive_temperature_c", "motor_temperature_c")),
    *(Field(name, "I") for name in ("inputs", "status", "faults", "rejected_in_row", "reject_reason")),
    Field("command_mode", "B", "Mode"),
    *(Field(name, "d") for name in ("command_rate_dps", "command_accel_dps2", "command_torque_fraction")),
    Field("command_lost_angles", "I"),
    Field("command_clear_faults", "?"),
    Field("state", "B", "State"),
    Field("response", "B", "Response"),
    Field("target_deg", "d"),
    Field("progress", "d"),
    Field("segment_index", "i"),
    Field("presence_age_s", "d"),
)
"""In the order of their numbers, from 1. A new one is added at the end, and ``OLDER`` says what files lack it."""
OLDER: Final = (FIELDS[:-1],)
"""What ticks of older files hold: those without ``presence_age_s``."""
OLDER_STATES: Final = (STATE_NAMES[:18],)
"""Operating states that older files name: those without motion by hand."""

_WIRE_TYPES: Final = {"d": 1, "I": 5, "i": 5, "?": 0, "B": 0}


def _tag(number: int, kind: str) -> bytes:
    key = number << 3 | _WIRE_TYPES[kind]
    return bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])


class _Layout(NamedTuple):
    """How the fields of one version lie in a record."""

    writer: Struct
    """With the header of the message."""
    reader: Struct
    tags: tuple[bytes, ...]


def _layout(fields: tuple[Field, ...]) -> _Layout:
    tags = tuple(_tag(number, field.kind) for number, field in enumerate(fields, start=1))
    payload = "".join(f"{len(tag)}s{field.kind}" for tag, field in zip(tags, fields, strict=True))
    return _Layout(Struct(MESSAGE_HEADER.format + payload), Struct(f"<{payload}"), tags)


_LAYOUTS: Final = {layout.reader.size: layout for layout in map(_layout, (*OLDER, FIELDS))}
"""By the bytes of a record."""
_WRITER, _READER, _T = _layout(FIELDS)
RECORD_BYTES: Final = _READER.size
_AFTER_LENGTH: Final = AFTER_LENGTH + RECORD_BYTES

_NO_TELEMETRY: Final = Telemetry(0, 0, 0, None, None, None, None, None, None, None, None, None, 0, 0, 0, 0, 0)
_STATE_INDEX: Final = {name: index for index, name in enumerate(STATE_NAMES)}
_PRESSES: Final = OperatorRequest._fields.index("presence_age_s")
"""How many presses there are; the age follows them."""
_WATCHED: Final = 1 << _PRESSES
_MOVES: Final = {1: _WATCHED << 1, -1: _WATCHED << 2}


def pack(
    tick_input: TickInput, output: TickOutput, board: int, channel: int, message_sequence: int, stamp_ns: int
) -> bytes:
    """Give the record of a tick as a whole MCAP message: one ``struct`` writes both headers and fields.

    Args:
        tick_input: what went in.
        output: what came out; its events are records of their own.
        board: number of the record that describes ``tick_input.config``; 0 if that is None.
        channel: MCAP channel of the message.
        message_sequence: number of the message in its channel; a reader finds by it what is missing.
        stamp_ns: wall-clock time.
    """
    now_s, telemetry, _, lateness_s, operator = tick_input
    (
        session_id, sequence, board_time_us, echoed, age_s, encoder, inclinometer, rate, current, bus_v, drive_c,
        motor_c, inputs, status, faults, rejected_in_row, reject_reason,
    ) = _NO_TELEMETRY if telemetry is None else telemetry  # fmt: skip
    command, state, response, target, progress, segment_index, _ = output
    if command is None:
        mode, command_rate, accel, torque, lost_angles, clear_faults = -1, None, nan, nan, 0, False
    else:
        mode, command_rate, accel, torque, lost_angles, clear_faults = command
    c = _T
    return _WRITER.pack(
        Opcode.MESSAGE, _AFTER_LENGTH, channel, message_sequence, stamp_ns, stamp_ns,
        c[0], now_s, c[1], lateness_s, c[2], 0 if operator is NO_REQUEST else _bits(operator), c[3], board,
        c[4], telemetry is not None, c[5], session_id, c[6], sequence, c[7], board_time_us,
        c[8], -1 if echoed is None else echoed,
        c[9], nan if age_s is None else age_s,
        c[10], nan if encoder is None else encoder,
        c[11], nan if inclinometer is None else inclinometer,
        c[12], nan if rate is None else rate,
        c[13], nan if current is None else current,
        c[14], nan if bus_v is None else bus_v,
        c[15], nan if drive_c is None else drive_c,
        c[16], nan if motor_c is None else motor_c,
        c[17], inputs, c[18], status, c[19], faults, c[20], rejected_in_row, c[21], reject_reason,
        c[22], mode + 1, c[23], nan if command_rate is None else command_rate, c[24], accel, c[25], torque,
        c[26], lost_angles, c[27], clear_faults, c[28], _STATE_INDEX[state], c[29], response,
        c[30], nan if target is None else target, c[31], progress, c[32], segment_index,
        c[33], nan if operator.presence_age_s is None else operator.presence_age_s,
    )  # fmt: skip


class RecordedCommand(NamedTuple):
    """What a ``SafeCommand`` was: a memory of one, which no drive accepts."""

    mode: CommandMode
    rate_dps: float | None
    accel_dps2: float
    torque_fraction: float
    lost_angles: int
    clear_faults: bool


class RecordedOutput(NamedTuple):
    """What a ``TickOutput`` was, without its events: they are records of their own."""

    command: RecordedCommand | None
    state: str
    response: Response
    target_deg: float | None
    progress: float
    segment_index: int


class Unpacked(NamedTuple):
    """A tick as it was recorded."""

    tick_input: TickInput
    output: RecordedOutput


def unpack(record: bytes, boards: dict[int, BoardConfig]) -> Unpacked:
    """Read the fields of a record (the payload of its message); ``boards`` gives each board by its number.

    Raises ``ValueError`` for a record that is not one, and ``KeyError`` for a board that nobody described.
    """
    layout = _LAYOUTS.get(len(record))
    if layout is None:
        raise ValueError(f"a record of {len(record)} bytes is not a tick of this version ({RECORD_BYTES} bytes)")
    values = layout.reader.unpack(record)
    if values[::2] != layout.tags:
        raise ValueError("a record has other fields than a tick of this version")
    v = values[1::2]
    telemetry = None
    if v[4]:
        numbers: list[Any] = [None if isnan(value) else value for value in v[9:17]]
        telemetry = Telemetry(v[5], v[6], v[7], None if v[8] < 0 else v[8], *numbers, *v[17:22])
    operator = _operator(v[2], v[33] if len(v) == len(FIELDS) else nan) if v[2] else NO_REQUEST
    tick_input = TickInput(v[0], telemetry, boards[v[3]] if v[3] else None, v[1], operator)
    command = None
    if v[22]:
        rate_dps = None if isnan(v[23]) else v[23]
        command = RecordedCommand(CommandMode(v[22] - 1), rate_dps, v[24], v[25], v[26], v[27])
    target_deg = None if isnan(v[30]) else v[30]
    output = RecordedOutput(command, STATE_NAMES[v[28]], Response(v[29]), target_deg, v[31], v[32])
    return Unpacked(tick_input, output)


def _bits(operator: OperatorRequest) -> int:
    """One bit for each press, one for the age (0 is there, and so is one that is no number), two for what is held."""
    *presses, presence_age_s, move = operator
    bits: int = sum(1 << bit for bit, pressed in enumerate(presses) if pressed)
    if move:
        bits |= _MOVES[move]
    return bits if presence_age_s is None else bits | _WATCHED


def _operator(bits: int, presence_age_s: float) -> OperatorRequest:
    presses = (bits >> bit & 1 == 1 for bit in range(_PRESSES))
    move = next((direction for direction, bit in _MOVES.items() if bits & bit), 0)
    return OperatorRequest(*presses)._replace(presence_age_s=presence_age_s if bits & _WATCHED else None, move=move)


def descriptor(fields: tuple[Field, ...] = FIELDS, states: tuple[str, ...] = STATE_NAMES) -> bytes:
    """Give the schema of a tick as a serialised ``FileDescriptorSet``, which the file carries."""
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet

    kinds = {
        "d": FieldDescriptorProto.TYPE_DOUBLE,
        "I": FieldDescriptorProto.TYPE_FIXED32,
        "i": FieldDescriptorProto.TYPE_SFIXED32,
        "?": FieldDescriptorProto.TYPE_BOOL,
        "B": FieldDescriptorProto.TYPE_ENUM,
    }
    described = FileDescriptorSet()
    file = described.file.add(name="righting.proto", package=PACKAGE, syntax="proto3")
    for enum_name, names in {**ENUMS, "State": states}.items():
        enum = file.enum_type.add(name=enum_name)
        for value, name in enumerate(names):
            enum.value.add(name=name, number=value)
    message = file.message_type.add(name=MESSAGE)
    for number, field in enumerate(fields, start=1):
        message.field.add(
            name=field.name,
            number=number,
            type=kinds[field.kind],
            label=FieldDescriptorProto.LABEL_OPTIONAL,
            type_name=f".{PACKAGE}.{field.enum}" if field.enum else None,
        )
    return described.SerializeToString(deterministic=True)


def is_known_layout(schema: bytes) -> bool:
    """Tell whether a recorded schema is one that this version reads."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.message import DecodeError

    try:
        recorded = FileDescriptorSet.FromString(schema)
        known = product((FIELDS, *OLDER), (STATE_NAMES, *OLDER_STATES))
        return any(recorded == FileDescriptorSet.FromString(descriptor(*version)) for version in known)
    except DecodeError:
        return False


def json_schemas() -> dict[str, dict[str, Any]]:
    """Give the JSON schemas of the records that are rare and written as JSON, by their names."""
    number, text, maybe = {"type": "number"}, {"type": "string"}, {"type": ["number", "null"]}
    trip: dict[str, Any] = dict.fromkeys(Trip._fields, number)
    trip |= {"monitor": text, "detail": text, "encoder_deg": maybe, "inclinometer_deg": maybe}
    event: dict[str, Any] = {**dict.fromkeys(Event._fields, text), "t_s": number}
    board: dict[str, Any] = {"number": number, **dict.fromkeys(BoardConfig._fields, number)}
    board["firmware"] = {"type": "array", "items": number}
    event["trip"] = {"type": ["object", "null"], "properties": trip}
    return {
        f"{PACKAGE}.{name}": {"title": name, "type": "object", "properties": properties}
        for name, properties in (
            ("Event", event),
            ("Board", board),
            ("Link", dict.fromkeys(LinkHealth.__slots__, maybe)),
        )
    }
