"""The record of one tick: everything that went in and came out, as a protobuf message of fixed-width fields.

Fixed-width fields have a fixed place, so that one precompiled ``struct`` with the tag bytes in it writes a valid
message, and any protobuf reader (Foxglove, for one) reads it. Numbers are doubles, because a replay must see the very
bits. A number that is absent is NaN in the file; an integer that is absent is -1.
"""

from math import isnan, nan
from struct import Struct
from typing import Any, Final, NamedTuple

from mcap.opcode import Opcode

from firmware_host.machine import LEAVES
from firmware_host.mcap_chunks import AFTER_LENGTH, MESSAGE_HEADER
from firmware_host.ticks import NO_REQUEST, OperatorRequest, TickInput, TickOutput
from safety.signals import BoardConfig, CommandMode, Response, Telemetry

PACKAGE: Final = "righting"
MESSAGE: Final = "Tick"
STATE_NAMES: Final = LEAVES
"""Names of the operating states; the record holds the index. The file's metadata has them too."""


class Field(NamedTuple):
    """A field of the message: its name and its type."""

    name: str
    kind: str
    """d double, I fixed32, i sfixed32."""


FIELDS: Final = tuple(
    Field(name, kind)
    for kind, names in (
        ("d", "now_s lateness_s"),
        ("I", "operator board_session has_telemetry session_id sequence board_time_us"),
        ("i", "echoed_sequence"),
        ("d", "command_age_s encoder_deg inclinometer_deg rate_dps current_a bus_v drive_temperature_c"),
        ("d", "motor_temperature_c"),
        ("I", "inputs status faults rejected_in_row reject_reason"),
        ("i", "mode"),
        ("d", "command_dps command_accel_dps2 torque_fraction"),
        ("I", "state response"),
        ("d", "target_deg progress"),
        ("i", "step_index"),
    )
    for name in names.split()
)
"""In the order of their numbers, from 1."""

_WIRE_TYPES: Final = {"d": 1, "I": 5, "i": 5}


def _tag(number: int, kind: str) -> bytes:
    key = number << 3 | _WIRE_TYPES[kind]
    return bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])


def _layout() -> tuple[Struct, Struct, tuple[bytes, ...]]:
    tags = tuple(_tag(number, field.kind) for number, field in enumerate(FIELDS, start=1))
    payload = "".join(f"{len(tag)}s{field.kind}" for tag, field in zip(tags, FIELDS, strict=True))
    writes = MESSAGE_HEADER.format + payload
    reads = "<" + "".join(f"{len(tag)}x{field.kind}" for tag, field in zip(tags, FIELDS, strict=True))
    return Struct(writes), Struct(reads), tags


_WRITER, _READER, _T = _layout()
RECORD_BYTES: Final = _READER.size

_NO_TELEMETRY: Final = Telemetry(0, 0, 0, None, nan, nan, nan, nan, nan, nan, nan, nan, 0, 0, 0, 0, 0)
_STATE_INDEX: Final = {name: index for index, name in enumerate(STATE_NAMES)}
_OPERATOR_BITS: Final = OperatorRequest._fields


def pack(tick_input: TickInput, output: TickOutput, channel: int, stamp_ns: int) -> bytes:
    """Give the record of a tick as a whole MCAP message: one ``struct`` writes both headers and fields."""
    now_s, telemetry, config, lateness_s, operator = tick_input
    t = _NO_TELEMETRY if telemetry is None else telemetry
    command, state, response, target, progress, step_index, _ = output
    c = _T
    if command is None:
        mode, rate, accel, torque = -1, None, nan, nan
    else:
        mode, rate, accel, torque = command
    return _WRITER.pack(
        Opcode.MESSAGE, AFTER_LENGTH + RECORD_BYTES, channel, 0, stamp_ns, stamp_ns,
        c[0], now_s, c[1], lateness_s, c[2], _bits(operator), c[3], 0 if config is None else config.session_id,
        c[4], telemetry is not None, c[5], t.session_id, c[6], t.sequence, c[7], t.board_time_us,
        c[8], -1 if t.echoed_sequence is None else t.echoed_sequence,
        c[9], nan if t.command_age_s is None else t.command_age_s,
        c[10], nan if t.encoder_deg is None else t.encoder_deg,
        c[11], nan if t.inclinometer_deg is None else t.inclinometer_deg,
        c[12], nan if t.rate_dps is None else t.rate_dps,
        c[13], nan if t.current_a is None else t.current_a,
        c[14], nan if t.bus_v is None else t.bus_v,
        c[15], nan if t.drive_temperature_c is None else t.drive_temperature_c,
        c[16], nan if t.motor_temperature_c is None else t.motor_temperature_c,
        c[17], t.inputs, c[18], t.status, c[19], t.faults, c[20], t.rejected_in_row, c[21], t.reject_reason,
        c[22], mode, c[23], nan if rate is None else rate, c[24], accel, c[25], torque,
        c[26], _STATE_INDEX[state], c[27], response, c[28], nan if target is None else target, c[29], progress,
        c[30], step_index,
    )  # fmt: skip


class RecordedCommand(NamedTuple):
    """What a ``SafeCommand`` was: a memory of one, which no drive accepts."""

    mode: CommandMode
    rate_dps: float | None
    accel_dps2: float
    torque_fraction: float


class RecordedOutput(NamedTuple):
    """What a ``TickOutput`` was, without its events: they are records of their own."""

    command: RecordedCommand | None
    state: str
    response: Response
    target_deg: float | None
    progress: float
    step_index: int


class Unpacked(NamedTuple):
    """A tick as it was recorded."""

    tick_input: TickInput
    output: RecordedOutput


def unpack(record: bytes, configs: dict[int, BoardConfig]) -> Unpacked:
    """Read a record; ``configs`` gives the board of each session.

    Raises ``ValueError`` for a record that is not one, and ``KeyError`` for a session that nobody described.
    """
    if len(record) != RECORD_BYTES:
        raise ValueError(f"a record of {len(record)} bytes is not a tick of this version ({RECORD_BYTES} bytes)")
    v = _READER.unpack(record)
    telemetry = None
    if v[4]:
        numbers: list[Any] = [None if isnan(value) else value for value in v[9:17]]
        telemetry = Telemetry(v[5], v[6], v[7], None if v[8] < 0 else v[8], *numbers, *v[17:22])
    operator = OperatorRequest(*(bool(v[2] >> bit & 1) for bit in range(len(_OPERATOR_BITS)))) if v[2] else NO_REQUEST
    tick_input = TickInput(v[0], telemetry, configs[v[3]] if v[3] else None, v[1], operator)
    command = None
    if v[22] >= 0:
        command = RecordedCommand(CommandMode(v[22]), None if isnan(v[23]) else v[23], v[24], v[25])
    output = RecordedOutput(command, STATE_NAMES[v[26]], Response(v[27]), None if isnan(v[28]) else v[28], v[29], v[30])
    return Unpacked(tick_input, output)


def _bits(operator: OperatorRequest) -> int:
    if operator is NO_REQUEST:
        return 0
    return sum(1 << bit for bit, pressed in enumerate(operator) if pressed)


def descriptor() -> bytes:
    """Give the schema as a serialised ``FileDescriptorSet``, which the file carries."""
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet

    kinds = {
        "d": FieldDescriptorProto.TYPE_DOUBLE,
        "I": FieldDescriptorProto.TYPE_FIXED32,
        "i": FieldDescriptorProto.TYPE_SFIXED32,
    }
    described = FileDescriptorSet()
    file = described.file.add(name="righting.proto", package=PACKAGE, syntax="proto3")
    message = file.message_type.add(name=MESSAGE)
    for number, field in enumerate(FIELDS, start=1):
        message.field.add(
            name=field.name, number=number, type=kinds[field.kind], label=FieldDescriptorProto.LABEL_OPTIONAL
        )
    return described.SerializeToString(deterministic=True)
