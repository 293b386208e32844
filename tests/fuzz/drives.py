"""Drives and sensors from a shop that say anything, heard by the host's end of their lines.

What each says is a conversation of ``tests.fuzz.pieces``. No bytes may raise, and what a decoder keeps of them has to
stay within what its codec says, whatever comes.
"""

from itertools import count
from typing import Final

from fastcrc.crc16 import modbus, xmodem

from drivers import modbus as modbus_codec
from drivers import odrive as odrive_codec
from drivers import roboclaw as roboclaw_codec
from drivers import vesc as vesc_codec
from drivers import witmotion as witmotion_codec
from drivers.capabilities import Capabilities
from drivers.contacts import Contacts
from drivers.dialogue import DriveSetup
from drivers.polled import PolledDrive
from drivers.servo import Servo
from drivers.servo_map import read_map
from tests.fuzz.decoders import cut_anywhere
from tests.fuzz.pieces import talk

UNIT: Final = 1
HALF_TURN_DEG: Final = 180.0
MAP: Final = read_map(None)
COUNTED: Final = (modbus_codec.READ_DISCRETE_INPUTS, modbus_codec.READ_HOLDING, modbus_codec.READ_WRITE_REGISTERS)
"""Functions used here whose answer says how many bytes it has."""


def setup_of(address: int) -> DriveSetup:
    """A drive that counts a hundred units in a degree, 0 being flat."""
    capabilities = Capabilities("drive", motor_angle=True, brake=True, self_locking=True, current=True)
    return DriveSetup(100.0, 1, 0.0, 6.0, -75.0, 60.0, 8.0, capabilities, 0.2, address)


def vesc(data: bytes) -> PolledDrive:
    """A VESC; a packet that is found must have stood in the bytes."""
    deframer = vesc_codec.Deframer()
    assert all(vesc_codec.encode_packet(payload) in data for payload in deframer.feed(data))
    assert len(deframer._rest) <= vesc_codec.KEPT_BYTES
    dialogue = vesc_codec.Vesc(setup_of(0))
    link = PolledDrive(dialogue, dialogue._setup, count(1).__next__)
    talk(data, link.receive, link.transmit, _vesc_packet, lambda: len(dialogue._deframer._rest), vesc_codec.KEPT_BYTES)
    return link


def odrive(data: bytes) -> PolledDrive:
    """An ODrive, framed line by line."""
    cut_anywhere(odrive_codec.LineReader, data, odrive_codec.KEPT_BYTES)
    dialogue = odrive_codec.ODrive(setup_of(0))
    link = PolledDrive(dialogue, dialogue._setup, count(1).__next__)
    talk(data, link.receive, link.transmit, _odrive_lines, lambda: len(dialogue._reader._rest), odrive_codec.KEPT_BYTES)
    return link


def roboclaw(data: bytes) -> PolledDrive:
    """A RoboClaw; framed is an answer to whatever was asked."""
    dialogue = roboclaw_codec.RoboClaw(setup_of(roboclaw_codec.FIRST_ADDRESS))
    reader, most = dialogue._reader, roboclaw_codec.KEPT_BYTES
    link = PolledDrive(dialogue, dialogue._setup, count(1).__next__)
    talk(data, link.receive, link.transmit, lambda said: _answers(reader, said), lambda: len(reader._rest), most)
    return link


def servo(data: bytes) -> PolledDrive:
    """A servo on Modbus."""
    dialogue = Servo(setup_of(UNIT), MAP)
    reader, most = dialogue._reader, modbus_codec.KEPT_BYTES
    link = PolledDrive(dialogue, dialogue._setup, count(1).__next__)
    talk(data, link.receive, link.transmit, lambda said: _modbus_answer(reader, said), lambda: len(reader._rest), most)
    return link


def contacts(data: bytes) -> Contacts:
    """An input module on Modbus."""
    module = Contacts(UNIT)
    reader, most = module._reader, modbus_codec.KEPT_BYTES
    talk(
        data,
        module.receive,
        lambda _, now_s: module.transmit(now_s),
        lambda said: _modbus_answer(reader, said),
        lambda: len(reader._rest),
        most,
    )
    return module


def witmotion(data: bytes) -> witmotion_codec.Inclinometer:
    """An inclinometer; its angle is one of a turn."""
    most = witmotion_codec.FRAME_BYTES - 1
    for frame in cut_anywhere(witmotion_codec.Deframer, data, most):
        assert frame in data
    sensor = witmotion_codec.Inclinometer(witmotion_codec.InclinometerSetup("roll", -1, 10.0))

    def hear(said: bytes, now_s: float) -> None:
        sensor.receive(said, now_s)
        angle_deg = sensor.angle_deg(now_s)
        assert angle_deg is None or -HALF_TURN_DEG <= angle_deg < HALF_TURN_DEG

    kept = sensor._deframer
    talk(data, hear, lambda _, now_s: sensor.transmit(now_s), _inclinometer_frame, lambda: len(kept._rest), most)
    return sensor


def _vesc_packet(said: bytes) -> bytes:
    return vesc_codec.encode_packet(said) if said else b""


def _odrive_lines(said: bytes) -> bytes:
    lines = [line[: odrive_codec.LONGEST_LINE] for line in said.split(b"\n")]
    return b"".join(b"%b*%d\n" % (line, odrive_codec.checksum(line)) for line in lines)


def _answers(reader: roboclaw_codec.AnswerReader, said: bytes) -> bytes:
    found, at = b"", 0
    for command in reader.expected:
        if command in roboclaw_codec.SETTINGS:
            found += bytes((roboclaw_codec.ACK,))
            continue
        version = command == roboclaw_codec.Command.GET_VERSION
        shape = roboclaw_codec.ANSWERS.get(command)
        size = roboclaw_codec.LONGEST_VERSION - 1 if version else 0 if shape is None else shape.size
        body = said[at : at + size]
        body = body.replace(b"\0", b" ") + b"\0" if version else body.ljust(size, b"\0")
        at += size
        found += body + xmodem(bytes((reader.address, command & 0xFF)) + body).to_bytes(roboclaw_codec.CRC_BYTES, "big")
    return found


def _modbus_answer(reader: modbus_codec.AnswerReader, said: bytes) -> bytes:
    request = reader._request
    if request is None or not said:
        return said
    unit, function = request.data[:2]
    if said[0] & modbus_codec.REFUSED:
        body = bytes((unit, function | modbus_codec.REFUSED, said[0] & ~modbus_codec.REFUSED))
    else:
        size = request.answer_bytes - 2 - modbus_codec.CRC_BYTES
        counted = function in COUNTED
        data = (bytes(((size - 1) & 0xFF,)) + said[1:] if counted else said[1:])[:size]
        # The answer to a write repeats the request, where nothing else is said.
        body = bytes((unit, function)) + data + (bytes(size) if counted else request.data[2:])[len(data) : size]
    return body + modbus(body).to_bytes(modbus_codec.CRC_BYTES, "little")


def _inclinometer_frame(said: bytes) -> bytes:
    body = bytes((witmotion_codec.HEAD,)) + said[: witmotion_codec.FRAME_BYTES - 2]
    body = body.ljust(witmotion_codec.FRAME_BYTES - 1, b"\0")
    return body + bytes((sum(body) & 0xFF,))
