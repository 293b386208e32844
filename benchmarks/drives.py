"""Drives from a shop: what a frame costs to make and to read, and a whole session on each in lock-step."""

import statistics
import time
from collections.abc import Callable
from typing import Final

from fastcrc.crc16 import modbus as modbus_crc
from fastcrc.crc16 import xmodem

from benchmarks.figure import Comparison, Figure
from benchmarks.sessions import EXAMPLES, REGULAR
from drivers import modbus, odrive, roboclaw, vesc, witmotion
from drivers.capabilities import DRIVES
from firmware_host.cli.judged import run
from firmware_host.cli.sessions import load_session

FRAME_US: Final = 3.0
LOCKSTEP: Final = 150.0


def measure(short: bool) -> list[Figure]:
    """Codecs alone, then the full stack."""
    rounds = 2_000 if short else 20_000
    figures = [
        Figure(f"{name}: encode and decode a frame", _each_us(once, rounds), "us", FRAME_US, note=note)
        for name, once, note in (
            ("RoboClaw", _roboclaw(), "an order, and an answer"),
            ("VESC", _vesc(), "an order, and the values"),
            ("ODrive", _odrive(), "an order, and position with velocity"),
            ("Modbus", _modbus(), "function 23, and its answer"),
            ("WitMotion", _witmotion(), "a frame of angles"),
        )
    ]
    for drive in DRIVES:
        factors = [_factor(drive) for _ in range(1 if short else 5)]
        note = f"median of {len(factors)}, {min(factors):.0f} to {max(factors):.0f}; with inclinometer and contacts"
        figures.append(
            Figure(f"{drive}: lock-step", statistics.median(factors), "x", LOCKSTEP, Comparison.AT_LEAST, note)
        )
    return figures


def _each_us(once: Callable[[], object], rounds: int) -> float:
    """The best of several runs: what a frame costs when nothing else runs beside it."""
    best_s = float("inf")
    for _ in range(5):
        begun_s = time.perf_counter()
        for _ in range(rounds):
            once()
        best_s = min(best_s, time.perf_counter() - begun_s)
    return best_s / rounds * 1e6


def _roboclaw() -> Callable[[], object]:
    reader = roboclaw.AnswerReader(0x80)
    body = (1234).to_bytes(4, "big") + b"\0"
    answer = body + xmodem(bytes((0x80, roboclaw.Command.GET_ENCODER)) + body).to_bytes(2, "big")

    def once() -> object:
        reader.expected.append(roboclaw.Command.GET_ENCODER)
        return roboclaw.encode_speed(0x80, 100_000, 20_000), reader.feed(answer)

    return once


def _vesc() -> Callable[[], object]:
    deframer = vesc.Deframer()
    answer = vesc.encode_packet(bytes((vesc.Command.GET_VALUES_SELECTIVE,)) + bytes(24))
    return lambda: (vesc.encode_order(vesc.Command.SET_RPM, 4000), deframer.feed(answer))


def _odrive() -> Callable[[], object]:
    reader = odrive.LineReader()
    text = b"-431.250000 12.777000"
    answer = b"%b*%d\r\n" % (text, odrive.checksum(text))
    return lambda: (odrive.encode_velocity(0, 12.777), reader.feed(answer))


def _modbus() -> Callable[[], object]:
    reader = modbus.AnswerReader()
    body = bytes((1, modbus.READ_WRITE_REGISTERS, 20)) + bytes(20)
    answer = body + modbus_crc(body).to_bytes(2, "little")

    def once() -> object:
        reader.expect(modbus.read_write_registers(1, 0x3000, 10, 0x2000, (15, 0, 4000, 1, 9000, 1000)))
        return reader.feed(answer)

    return once


def _witmotion() -> Callable[[], object]:
    deframer = witmotion.Deframer()
    return lambda: deframer.feed(witmotion.encode(witmotion.ANGLE, (1000, 0, 0, 0)))


def _factor(drive: str) -> float:
    program, rider = REGULAR
    session = load_session(
        EXAMPLES / "programs" / f"{program}.toml",
        EXAMPLES / "riders" / f"{rider}.toml",
        EXAMPLES / f"table-{drive}.toml",
    )
    found = run(session, [], 1, None)
    return found.session_s / found.wall_s
