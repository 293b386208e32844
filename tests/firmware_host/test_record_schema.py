"""The layout of a tick's record: what one ``struct`` writes is what the protobuf library reads."""

import io
import struct
from math import inf, isnan, nan
from typing import Any, Final

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, unknown_fields
from hypothesis import given
from hypothesis import strategies as st
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Message

from firmware_host.control.operating_states import LEAVES, OperatingStates
from firmware_host.control.ticks import NO_REQUEST, OperatorRequest, TickInput, TickOutput
from firmware_host.recording import record_schema
from firmware_host.recording.mcap_chunks import MESSAGE_HEADER
from firmware_host.recording.record_schema import (
    ENUMS,
    FIELDS,
    MESSAGE,
    OLDER,
    OLDER_STATES,
    PACKAGE,
    RECORD_BYTES,
    Field,
    Unpacked,
    descriptor,
    is_known_layout,
    pack,
    unpack,
)
from safety.signals import BoardConfig, CommandMode, Response, SafeCommand, Telemetry

BOARD: Final = BoardConfig(7, 1, (1, 2, 3), 1, -75.0, 60.0, 8.0, 0.25)
BOARDS: Final = {1: BOARD}
LARGEST_IN_A_BYTE: Final = 127
"""What a varint of one byte holds."""

UINT32 = st.integers(0, 2**32 - 1)
NUMBERS = st.floats(allow_nan=False)
MAYBE = st.none() | NUMBERS
TELEMETRY = st.builds(Telemetry, UINT32, UINT32, UINT32, st.none() | st.integers(0, 65535), *[MAYBE] * 8, *[UINT32] * 5)
INPUTS = st.builds(
    TickInput,
    NUMBERS,
    st.none() | TELEMETRY,
    st.none() | st.just(BOARD),
    NUMBERS,
    st.builds(
        OperatorRequest,
        *[st.booleans()] * OperatorRequest._fields.index("presence_age_s"),
        st.none() | st.floats() | st.just(nan),
        st.sampled_from([-1, 0, 1]),
    ),
)
COMMANDS = st.builds(
    SafeCommand, st.sampled_from(CommandMode), MAYBE, NUMBERS, NUMBERS, st.integers(0, 3), st.booleans()
)
OUTPUTS = st.builds(
    TickOutput,
    st.none() | COMMANDS,
    st.sampled_from(LEAVES),
    st.sampled_from(Response),
    MAYBE,
    NUMBERS,
    st.integers(-1, 2**31 - 1),
    st.just(()),
)


def packed(tick_input: TickInput, output: TickOutput) -> bytes:
    """The record alone, without the header of its message."""
    return pack(tick_input, output, 0 if tick_input.config is None else 1, 1, 0, 0)[MESSAGE_HEADER.size :]


def protobuf_class() -> Any:
    """The class that the protobuf library makes of the schema, knowing nothing of this project."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor()).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{MESSAGE}"))


def bits(value: Any) -> Any:
    """Floats by their bits, in which -0.0 is not 0.0; and whatever holds them."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    return tuple(bits(one) for one in value) if isinstance(value, tuple) else value


@given(INPUTS, OUTPUTS)
def test_a_tick_comes_back_bit_for_bit(tick_input: TickInput, output: TickOutput) -> None:
    read = unpack(packed(tick_input, output), BOARDS)
    assert bits(read.tick_input) == bits(tick_input)
    assert bits(read.output) == bits(output[:-1])


@given(INPUTS, OUTPUTS)
def test_the_protobuf_library_reads_the_same_values(tick_input: TickInput, output: TickOutput) -> None:
    message = protobuf_class().FromString(packed(tick_input, output))
    told = {field.name: getattr(message, field.name) for field in FIELDS}
    assert len(unknown_fields.UnknownFieldSet(message)) == 0
    assert bits(told["now_s"]) == bits(tick_input.now_s)
    assert bits(told["lateness_s"]) == bits(tick_input.lateness_s)
    assert told["has_telemetry"] is (tick_input.telemetry is not None)
    for name, value in ({} if tick_input.telemetry is None else tick_input.telemetry._asdict()).items():
        absent = -1 if name == "echoed_sequence" else nan
        assert same(told[name], absent if value is None else value), name
    command = output.command
    assert ENUMS["Mode"][told["command_mode"]] == (
        "nothing_sent" if command is None else f"mode_{command.mode.name.lower()}"
    )
    for name, value in ({} if command is None else command._asdict()).items():
        if name != "mode":
            assert same(told[f"command_{name}"], nan if value is None else value), name
    assert ENUMS["State"][told["state"]] == output.state
    assert told["response"] == output.response
    assert same(told["target_deg"], nan if output.target_deg is None else output.target_deg)
    assert bits(told["progress"]) == bits(output.progress)
    assert told["segment_index"] == output.segment_index
    age_s = tick_input.operator.presence_age_s
    assert same(told["presence_age_s"], nan if age_s is None else age_s)


def same(read: float, wrote: float) -> bool:
    return isnan(read) if isnan(wrote) else bits(read) == bits(type(read)(wrote))


def test_the_message_around_a_record_is_mcap() -> None:
    tick_input, output = TickInput(1.5, None, None, 0.0, OperatorRequest()), quiet()
    data = pack(tick_input, output, 0, 3, 77, 123456789)
    stream = ReadDataStream(io.BytesIO(data))
    assert stream.read1() == Opcode.MESSAGE
    length = stream.read8()
    assert length == len(data) - 9
    message = Message.read(stream, length)
    assert (message.channel_id, message.sequence, message.log_time) == (3, 77, 123456789)
    assert len(message.data) == RECORD_BYTES


def quiet() -> TickOutput:
    return TickOutput(None, "offline", Response.NONE, None, 0.0, -1, ())


def test_absent_and_zero_differ() -> None:
    numbers = dict.fromkeys(Telemetry._fields, 0) | {"encoder_deg": 0.0, "inclinometer_deg": None, "rate_dps": -0.0}
    telemetry = Telemetry(**{**numbers, "echoed_sequence": None, "command_age_s": None})  # type: ignore[arg-type]  # a dict
    read = unpack(packed(TickInput(0.0, telemetry, None, 0.0, OperatorRequest()), quiet()), {}).tick_input.telemetry
    assert read is not None
    assert (read.encoder_deg, read.inclinometer_deg, read.echoed_sequence) == (0.0, None, None)
    assert bits(read.rate_dps) == bits(-0.0)


def test_enumerations_fit_into_their_byte_and_name_every_value() -> None:
    assert all(len(names) <= LARGEST_IN_A_BYTE + 1 for names in ENUMS.values())
    names = [name for names in ENUMS.values() for name in names]
    assert len(set(names)) == len(names)
    assert list(ENUMS["Response"]) == [f"response_{response.name.lower()}" for response in Response]
    assert [response.value for response in Response] == list(range(len(Response)))
    assert [mode.value for mode in CommandMode] == list(range(len(CommandMode)))


def test_every_operating_state_has_a_number() -> None:
    states = OperatingStates()
    assert set(ENUMS["State"]) == set(LEAVES)
    assert states.state in ENUMS["State"]


@pytest.mark.parametrize("value", [inf, -inf])
def test_infinities_are_kept(value: float) -> None:
    read = unpack(packed(TickInput(value, None, None, value, OperatorRequest()), quiet()), {})
    assert (read.tick_input.now_s, read.tick_input.lateness_s) == (value, value)


def record() -> bytes:
    return packed(TickInput(1.0, None, BOARD, 0.0, OperatorRequest()), quiet())


def test_a_record_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not a tick of this version"):
        unpack(record()[:-1], BOARDS)


def test_a_record_with_another_tag_is_refused() -> None:
    data = bytearray(record())
    data[0] ^= 8
    with pytest.raises(ValueError, match="other fields"):
        unpack(bytes(data), BOARDS)


def test_a_board_that_nobody_described_is_refused() -> None:
    with pytest.raises(KeyError):
        unpack(record(), {})
    assert isinstance(unpack(record(), BOARDS), Unpacked)


def test_another_layout_is_recognised() -> None:
    assert is_known_layout(descriptor())
    assert not is_known_layout(descriptor(FIELDS[:-2]))
    assert not is_known_layout(b"\xff\xff")


@pytest.mark.parametrize("fields", OLDER, ids=len)
def test_a_tick_of_an_older_file_is_read_and_what_it_lacks_is_absent(fields: tuple[Field, ...]) -> None:
    pressed = OperatorRequest(stop=True)
    tick_input = TickInput(1.0, None, BOARD, 0.0, pressed)
    # A field of fixed width at the end of a message is cut off as if it had never been.
    older = packed(tick_input, quiet())[: record_schema._layout(fields).reader.size]
    assert is_known_layout(descriptor(fields))
    assert bits(unpack(older, BOARDS).tick_input) == bits(tick_input)


@pytest.mark.parametrize("states", OLDER_STATES, ids=len)
def test_a_file_that_names_fewer_operating_states_is_read_and_those_kept_their_numbers(states: tuple[str, ...]) -> None:
    assert states == ENUMS["State"][: len(states)]
    assert is_known_layout(descriptor(FIELDS, states))
    assert not is_known_layout(descriptor(FIELDS, states[:-1]))


def test_without_a_press_and_without_a_panel_there_is_no_request() -> None:
    assert unpack(record(), BOARDS).tick_input.operator is NO_REQUEST
    watched = TickInput(1.0, None, BOARD, 0.0, OperatorRequest(presence_age_s=0.0))
    assert unpack(packed(watched, quiet()), BOARDS).tick_input.operator == OperatorRequest(presence_age_s=0.0)
