"""What is sent to a silent port to learn which device is there. It moves, sets and resets nothing, on any of them.

Who talks by itself (a table board, an inclinometer, a GPS) is known by that, and nothing is sent to it: only a port
that stays silent is asked. What the bytes of one question mean to the others:

* ODrive: a line of printable text with a checksum. No byte of it begins a packet of a VESC (02, 03) or of a RoboClaw
  (80 to 87); Modbus and the table board find no CRC. It does not begin with a line feed, which could complete half an
  order that a dead host left in an ODrive's buffer; behind such a rest its checksum is wrong, so the line goes twice.
* VESC: asks for the firmware. To an ODrive it is control characters that end no line; to Modbus a frame for unit 2
  without its CRC; to a RoboClaw no address.
* RoboClaw: two bytes for each address. There reading needs no CRC, and setting always does. To a VESC they begin no
  packet; to an ODrive they end no line; to Modbus they are too short.
* Modbus: reads registers, then inputs; writing has other functions. Bytes 02 and 03 begin packets of a VESC, whose
  length or CRC is then wrong. What an ODrive takes for the end of a line follows no letter of a command.

No question feeds the watchdog of an ODrive, the timeout of a VESC or the watchdog of a table board. Any question feeds
the timeout of a RoboClaw or a servo: so a motor that still turns by the order of a host that died is given time to stop
before the first one, and whoever finds one turning stops asking.

A motor controller that takes single bytes as speeds ("simple serial") is moved by anything, and cannot be known before.
So each question ends with a zero byte, which stops both of its motors and is nothing to all others; on Modbus, where it
would spoil the question, it follows after the time for an answer.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from drivers import contacts, modbus, odrive, roboclaw, vesc
from drivers.servo_map import RegisterMap

STOP_BYTE: Final = b"\0"
TALKER_S: Final = 0.6
"""Who talks by itself does so within this time; within it, a motor whose host is gone stops by a timeout that will do.
"""
REPLY_S: Final = 0.25
"""For so long an answer is waited for on a serial port, ..."""
NETWORK_REPLY_S: Final = 0.6
"""... and on one that is behind a network."""
PAUSE_S: Final = 0.02
"""Between two questions: on Modbus silence alone tells where a frame ends."""


ON_MODBUS: Final = ("servo", "contacts")
"""Kinds whose questions end by silence, so that nothing may follow them at once."""


class Question(NamedTuple):
    """Bytes to send, and how to know the answer."""

    data: bytes
    read: Callable[[bytes], Any]
    """Takes all bytes that came since; gives what they say, None while that is not whole."""


class Probe(NamedTuple):
    """A question to find out who is there."""

    kind: str
    """As in table files."""
    address: int
    question: Question


def all_probes(registers: RegisterMap, unit: int = 1) -> Iterator[Probe]:
    """Give the questions in the order in which they are safe.

    Args:
        registers: of the servo to look for.
        unit: Modbus address of servo or input module.
    """
    for kind in ("odrive", "vesc", "roboclaw", "servo", "contacts"):
        yield from probes_for(kind, registers, unit if kind in ON_MODBUS else None)


def probes_for(kind: str, registers: RegisterMap, address: int | None = None) -> list[Probe]:
    """Give the questions that one kind of device answers, at one address or at all that it is asked at."""
    if kind == "odrive":
        line = odrive_property("fw_version_major")
        return [Probe(kind, address or 0, line._replace(data=2 * line.data + STOP_BYTE))]
    if kind == "vesc":
        return [Probe(kind, 0, _stopped(vesc_command(vesc.Command.FIRMWARE)))]
    if kind == "roboclaw":
        single = address is not None and roboclaw.FIRST_ADDRESS <= address <= roboclaw.LAST_ADDRESS
        addresses = [address or 0] if single else range(roboclaw.FIRST_ADDRESS, roboclaw.LAST_ADDRESS + 1)
        asked = [(one, roboclaw_value(one, roboclaw.Command.GET_VERSION)) for one in addresses]
        return [Probe(kind, one, _stopped(question)) for one, question in asked]
    unit = 1 if address is None else address
    if kind == "servo":
        feedback = registers.feedback
        return [Probe(kind, unit, modbus_read(modbus.read_registers(unit, feedback.address, feedback.registers)))]
    return [Probe(kind, unit, modbus_read(modbus.read_discrete_inputs(unit, 0, contacts.INPUT_COUNT)))]


def _stopped(question: Question) -> Question:
    return question._replace(data=question.data + STOP_BYTE)


def odrive_property(name: str) -> Question:
    """Read a property; the answer is its text, which may say that there is none of that name."""
    return _odrive_line(f"r {name}")


def odrive_feedback(axis: int) -> Question:
    """Ask for position and velocity; the answer is their text."""
    return _odrive_line(f"f {axis}")


def _odrive_line(text: str) -> Question:
    def read(data: bytes) -> str | None:
        found = [line for line in odrive.LineReader().feed(data) if line]
        return found[0].decode("ascii", "replace") if found else None

    return Question(odrive.encode_line(text), read)


def vesc_command(command: int, arguments: bytes = b"") -> Question:
    """Ask a VESC; the answer is the payload."""

    def read(data: bytes) -> bytes | None:
        found = [payload for payload in vesc.Deframer().feed(data) if payload[0] == command]
        return found[0] if found else None

    return Question(vesc.encode_packet(bytes((command,)) + arguments), read)


def roboclaw_value(address: int, command: int) -> Question:
    """Read something of a RoboClaw; the answer is a ``drivers.roboclaw.Answer``."""

    def read(data: bytes) -> roboclaw.Answer | None:
        reader = roboclaw.AnswerReader(address)
        reader.expected.append(command)
        found = reader.feed(data)
        return found[0] if found else None

    return Question(roboclaw.encode_request(address, command), read)


def modbus_read(request: modbus.Request) -> Question:
    """Ask a Modbus unit; the answer is a ``drivers.modbus.Answer``, which may be a refusal."""

    def read(data: bytes) -> modbus.Answer | None:
        reader = modbus.AnswerReader()
        reader.expect(request)
        return reader.feed(data)

    return Question(request.data, read)
