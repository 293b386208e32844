"""Who is on a port: by what it says by itself, or by which question it answers (``drivers.probes``)."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from drivers.modbus import EXCEPTIONS, Answer
from drivers.probes import ON_MODBUS, PAUSE_S, STOP_BYTE, TALKER_S, Probe, all_probes, probes_for
from drivers.servo_map import RegisterMap
from firmware_host.doctor.heard import board_version, describe, is_readable, talker
from firmware_host.doctor.line import Line

BAUDS: Final = (115200, 9600, 57600, 38400, 230400, 460800, 921600, 1_000_000)
"""Rates at which somebody who talks and is not understood is listened to."""


SCAN_S: Final = 0.3


class Found(NamedTuple):
    """A device that is known."""

    kind: str
    """``board``, or as in table files."""
    address: int
    answer: Any
    """To the question that found it, or what it says by itself."""


class NothingKnown(NamedTuple):
    """Nobody that is known."""

    heard: str
    """What was heard; empty if nothing was."""
    advice: str


def identify(
    line: Line, registers: RegisterMap, expected: tuple[str, int] | None, tell: Callable[[str], None]
) -> Found | NothingKnown:
    """Find out who is there. Raises ``LineLostError`` and ``drivers.port.PortError``.

    Args:
        line: the port.
        registers: of the servo to look for.
        expected: kind and address of the device that should be there: it is asked first.
        tell: takes what is being done, in words.
    """
    tell(f"listening at {line.baud} baud")
    heard = line.listen(TALKER_S)
    if heard:
        return _talks(line, heard, tell)
    tell("silent: asking")
    probes = list(all_probes(registers, expected[1] if expected and expected[0] in ON_MODBUS else 1))
    if expected is not None and expected[0] not in ("board", "witmotion"):
        first = probes_for(expected[0], registers, expected[1])
        probes = first + [probe for probe in probes if probe not in first]
    return _answers(line, probes)


def _talks(line: Line, heard: bytes, tell: Callable[[str], None]) -> Found | NothingKnown:
    """Somebody talks without being asked. Nothing is sent to it."""
    first, kind = line.baud, talker(heard)
    # Behind socket:// the rate is the server's own affair.
    if kind is None and not is_readable(heard) and not line.url.startswith("socket://"):
        for baud in BAUDS:
            if baud != first and kind is None:
                tell(f"not understood: listening at {baud} baud")
                line.at(baud)
                other = line.listen(SCAN_S)
                kind, heard = talker(other), other or heard
        if kind is None:
            line.at(first)
            heard = line.listen(TALKER_S) or heard
    if kind is not None:
        return Found(kind, board_version(heard) or 0, heard)
    advice = (
        "it talks without being asked, so it is none of the drives, and no table board at a rate that was tried: take "
        "the port of the table (righting ports lists them), or name the rate with --baud"
    )
    return NothingKnown(describe(heard), advice)


def _answers(line: Line, probes: list[Probe]) -> Found | NothingKnown:
    """Ask one question after the other until one is answered."""
    heard, refusal = b"", ""
    for probe in probes:
        reply = line.ask(probe.question)
        if probe.kind in ON_MODBUS:
            line.send(STOP_BYTE)
        came = line.rest
        if came.startswith(probe.question.data):
            return NothingKnown(
                "what is sent comes back",
                "transmit and receive are connected to each other, or the adapter hears itself: check the wiring, and "
                "switch the echo of an RS-485 adapter off",
            )
        heard += came + line.listen(PAUSE_S)
        if reply is not None and isinstance(reply.value, Answer) and reply.value.refusal:
            reason = EXCEPTIONS.get(reply.value.refusal, f"exception {reply.value.refusal}")
            refusal = f"a Modbus device at unit {probe.address}, which refuses what is read ({reason})"
        elif reply is not None:
            return Found(probe.kind, probe.address, reply.value)
    if refusal:
        return NothingKnown(refusal, "name its register map in a table file and give it with --table")
    if heard:
        return NothingKnown(describe(heard), f"something answers at {line.baud} baud, but not as any known device does")
    return NothingKnown("", _silence(line))


def _silence(line: Line) -> str:
    rate = "the rate that its server is set to" if line.network else f"--baud (this was {line.baud})"
    return (
        "check that the device is switched on, that transmit and receive are crossed, and that the drive is set to its "
        f"serial protocol; try another rate with {rate}; a Modbus device at another unit, or a servo with another "
        "register map, is found with --table"
    )
