"""Modbus RTU: the specification's own examples, an independent implementation, hostile bytes; and the input module."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from drivers import witmotion
from drivers.contacts import NAMES, Contacts
from drivers.health import LinkHealth
from drivers.modbus import (
    KEPT_BYTES,
    READ_INPUT,
    AnswerReader,
    Request,
    read_discrete_inputs,
    read_registers,
    read_write_registers,
    write_register,
    write_registers,
)
from firmware_host.control.latency_check import LatencyCheck
from safety.limits import MACHINE
from safety.signals import Input
from sim.contacts import EmulatedContacts
from sim.sensors import ESTOP_PRESSED, RIDER_AGREES
from tests.sim.rigs import driven_table

UNITS = st.integers(1, 247)
WORDS = st.integers(0, 0xFFFF)
ADDRESSES = st.integers(0, 0xFF00)


def framer() -> FramerRTU:
    return FramerRTU(DecodePDU(is_server=False))


# Modbus Application Protocol V1.1b3, the examples of 6.2, 6.3, 6.6, 6.12 and 6.17, for unit 17; the CRC is pymodbus'.
@pytest.mark.parametrize(
    ("request_bytes", "body"),
    [
        (read_discrete_inputs(0x11, 0x00C4, 0x0016).data, "11 02 00 c4 00 16"),
        (read_registers(0x11, 0x006B, 3).data, "11 03 00 6b 00 03"),
        (write_register(0x11, 0x0001, 0x0003).data, "11 06 00 01 00 03"),
        (write_registers(0x11, 0x0001, (0x000A, 0x0102)).data, "11 10 00 01 00 02 04 00 0a 01 02"),
        (
            read_write_registers(0x11, 0x0003, 6, 0x000E, (0x00FF, 0x00FF, 0x00FF)).data,
            "11 17 00 03 00 06 00 0e 00 03 06 00 ff 00 ff 00 ff",
        ),
    ],
)
def test_the_examples_of_the_specification(request_bytes: bytes, body: str) -> None:
    assert request_bytes[:-2].hex(" ") == body
    assert int.from_bytes(request_bytes[-2:], "big") == FramerRTU.compute_CRC(request_bytes[:-2])


@given(UNITS, ADDRESSES, st.integers(1, 100), st.lists(WORDS, min_size=1, max_size=100), WORDS)
def test_requests_are_those_of_an_independent_implementation(
    unit: int, address: int, count: int, values: list[int], value: int
) -> None:
    pairs = (
        (
            read_discrete_inputs(unit, address, count),
            ReadDiscreteInputsRequest(address=address, count=count, dev_id=unit),
        ),
        (read_registers(unit, address, count), ReadHoldingRegistersRequest(address=address, count=count, dev_id=unit)),
        (
            read_registers(unit, address, count, READ_INPUT),
            ReadInputRegistersRequest(address=address, count=count, dev_id=unit),
        ),
        (
            write_register(unit, address, value),
            WriteSingleRegisterRequest(address=address, registers=[value], dev_id=unit),
        ),
        (
            write_registers(unit, address, values),
            WriteMultipleRegistersRequest(address=address, registers=values, dev_id=unit),
        ),
        (
            read_write_registers(unit, address, count, 7, values),
            ReadWriteMultipleRegistersRequest(
                read_address=address, read_count=count, write_address=7, write_registers=values, dev_id=unit
            ),
        ),
    )
    for ours, theirs in pairs:
        assert ours.data == framer().buildFrame(theirs)


@given(UNITS, st.lists(WORDS, min_size=1, max_size=100), st.integers(1, 50))
def test_answers_of_an_independent_implementation_are_read_however_they_are_cut(
    unit: int, values: list[int], cut: int
) -> None:
    data = framer().buildFrame(ReadHoldingRegistersResponse(registers=values, dev_id=unit))
    reader = AnswerReader()
    reader.expect(read_registers(unit, 0, len(values)))
    answer = reader.feed(data[:cut]) or reader.feed(data[cut:])
    assert answer is not None
    assert answer.registers() == tuple(values)
    assert not reader.waiting


@given(st.lists(st.binary(max_size=600)))
def test_hostile_bytes_raise_nothing_and_are_not_kept(pieces: list[bytes]) -> None:
    reader = AnswerReader()
    reader.expect(read_registers(1, 0, 2))
    for piece in pieces:
        reader.feed(piece)
        assert len(reader._rest) <= KEPT_BYTES


@given(st.integers(0, 8 * 9 - 1))
def test_one_bit_that_is_wrong_is_never_an_answer(bit: int) -> None:
    whole = bytearray(framer().buildFrame(ReadHoldingRegistersResponse(registers=[7, 8], dev_id=1)))
    whole[bit // 8] ^= 1 << bit % 8
    reader = AnswerReader()
    reader.expect(read_registers(1, 0, 2))
    assert reader.feed(bytes(whole)) is None


def test_an_answer_of_another_length_is_none() -> None:
    reader = AnswerReader()
    reader.expect(read_registers(1, 0, 2))
    assert reader.feed(framer().buildFrame(ReadHoldingRegistersResponse(registers=[7, 8, 9], dev_id=1))) is None
    assert reader.corrupted == 1


@pytest.mark.parametrize(
    ("request_", "other"),
    [
        (write_register(1, 0x6060, 3), WriteSingleRegisterResponse(address=0x6061, registers=[3], dev_id=1)),
        (write_register(1, 0x6060, 3), WriteSingleRegisterResponse(address=0x6060, registers=[2], dev_id=1)),
        (write_registers(1, 100, [1, 2, 3]), WriteMultipleRegistersResponse(address=101, count=3, dev_id=1)),
        (write_registers(1, 100, [1, 2, 3]), WriteMultipleRegistersResponse(address=100, count=2, dev_id=1)),
    ],
)
def test_the_answer_to_another_write_is_none(request_: Request, other: ModbusPDU) -> None:
    reader = AnswerReader()
    reader.expect(request_)
    assert reader.feed(framer().buildFrame(other)) is None
    assert reader.corrupted == 1


@given(UNITS, ADDRESSES, st.lists(WORDS, min_size=1, max_size=100))
def test_a_write_that_was_done_is_an_answer(unit: int, address: int, values: list[int]) -> None:
    one = WriteSingleRegisterResponse(address=address, registers=values[:1], dev_id=unit)
    many = WriteMultipleRegistersResponse(address=address, count=len(values), dev_id=unit)
    for request, answer in (
        (write_register(unit, address, values[0]), one),
        (write_registers(unit, address, values), many),
    ):
        reader = AnswerReader()
        reader.expect(request)
        assert reader.feed(framer().buildFrame(answer)) is not None


# ------------------------------------------------------------------------------------------------ the input module


def run(contacts: Contacts, device: EmulatedContacts, seconds: float, begin_s: float = 50.0) -> float:
    table, now_s = device.table, begin_s
    for _ in range(round(seconds * 100)):
        sent = contacts.transmit(now_s)
        if sent:
            device.uart.receive(sent, float(table.now_ms))
        for _ in range(10):
            table.advance_ms(1)
            device.advance(float(table.now_ms))
        now_s += 0.01
        contacts.receive(device.uart.send(float(table.now_ms)), now_s)
    return now_s


def test_the_contacts_of_the_table_are_read_a_hundred_times_a_second() -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200), Contacts(1)
    assert contacts.inputs(50.0) is None
    now_s = run(contacts, device, 1.0)
    assert contacts.inputs(now_s) == (
        Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO | Input.ESTOP_CHAIN | Input.UPRIGHT_SWITCH
    )
    assert contacts.health.frames >= 99
    device.table.faults[RIDER_AGREES] = 0.0
    device.table.faults[ESTOP_PRESSED] = 1.0
    now_s = run(contacts, device, 0.1, now_s)
    assert contacts.inputs(now_s) == Input.HAND_SWITCH_NC | Input.ANKLE_LATCH_NO | Input.UPRIGHT_SWITCH
    assert contacts.problem is None


def test_the_wiring_says_which_input_is_which_contact() -> None:
    device = EmulatedContacts(driven_table(), 115200)
    contacts = Contacts(1, ("upright_switch", "", "hand_switch_no"))
    now_s = run(contacts, device, 0.2)
    assert contacts.capabilities.contacts == Input.UPRIGHT_SWITCH | Input.HAND_SWITCH_NO
    # Input 1 is the hand switch (held) and input 3 the latch (locked), on this module.
    assert contacts.inputs(now_s) == Input.UPRIGHT_SWITCH | Input.HAND_SWITCH_NO
    with pytest.raises(KeyError):
        Contacts(1, ("no_such_contact",))
    with pytest.raises(ValueError, match="8 inputs"):
        Contacts(1, (*NAMES, "", ""))


def test_a_module_that_died_or_answers_too_late_gives_none() -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200), Contacts(1)
    now_s = run(contacts, device, 0.5)
    device.deaf = True
    now_s = run(contacts, device, 0.3, now_s)
    assert contacts.inputs(now_s) is None
    assert contacts.health.lost_frames > 3
    device.deaf = False
    now_s = run(contacts, device, 0.3, now_s)
    assert contacts.inputs(now_s) is not None
    device.turnaround_ms = 60.0
    now_s = run(contacts, device, 0.5, now_s)
    assert contacts.inputs(now_s) is None


def test_another_unit_is_not_heard_and_a_refusal_is_told() -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200, unit=2), Contacts(1)
    run(contacts, device, 0.2)
    assert contacts.health.frames == 0
    refusing = Contacts(1)
    refusing.transmit(1.0)
    data = bytes((1, 0x82, 1))
    refusing.receive(data + FramerRTU.compute_CRC(data).to_bytes(2, "big"), 1.01)
    assert "does not know the function" in (refusing.problem or "")


@pytest.mark.requirement("REQ-WIRE-PATH")
@pytest.mark.parametrize("late_ms", [40.0, 50.0, 60.0, 100.0, 300.0])
def test_contacts_on_a_slow_path_are_not_believed_and_it_is_said_with_what_was_measured(late_ms: float) -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200), Contacts(1)
    device.turnaround_ms = late_ms
    now_s = run(contacts, device, 10.0)
    told = re.match(
        r"the input module answers, but the path to it is too slow: round trip median (\S+),", contacts.problem or ""
    )
    assert told, contacts.problem
    assert float(told[1]) >= late_ms
    assert contacts.inputs(now_s) is None
    check = LatencyCheck(LinkHealth(), MACHINE, [("input module", contacts.health)])
    check.look(now_s)
    assert "too slow" in check.why_not
    device.turnaround_ms = 1.0
    now_s = run(contacts, device, 4.0, now_s)
    assert contacts.inputs(now_s) is not None
    assert contacts.problem is None


def test_a_module_that_is_silent_is_asked_more_and_more_seldom() -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200), Contacts(1)
    device.deaf = True
    now_s = run(contacts, device, 5.0)
    before = contacts.health.lost_frames
    run(contacts, device, 5.0, now_s)
    assert contacts.health.lost_frames - before < 5.0 / 0.4 + 2


def test_another_device_in_the_place_of_the_module_is_no_slow_path() -> None:
    device, contacts = EmulatedContacts(driven_table(), 115200), Contacts(1)
    now_s = run(contacts, device, 0.5)
    device.deaf = True
    for _ in range(300):
        contacts.transmit(now_s)
        now_s += 0.01
        contacts.receive(witmotion.encode(witmotion.ANGLE, (1, 2, 3, 4)), now_s)
    assert not contacts.health.round_trips.late
