"""What is fuzzed. Each target takes any bytes and must return: an exception that leaves it is a finding."""

from collections.abc import Callable
from typing import Final

from drivers.board import BoardLink, HostLink
from drivers.framing import MAX_FRAME, MAX_PAYLOAD, Deframer, encode_frame
from drivers.wire import MotionFields
from firmware_host.files.programs import make_program
from firmware_host.files.riders import make_rider
from firmware_host.files.tables import make_table
from firmware_host.files.toml_source import FileError, TomlSource, parse_toml
from tests.fuzz import drives
from tests.fuzz.decoders import cut_anywhere
from tests.fuzz.pieces import START_S, talk
from tests.fuzz.seeds import IDENTITY, NONCE, board_link, telemetry


def framing(data: bytes) -> None:
    """A stream cut anywhere gives the same payloads, and memory stays bounded."""
    cut_anywhere(Deframer, data, MAX_FRAME)


def host(data: bytes) -> HostLink:
    """The host's end, at a board that says anything."""
    link = HostLink(lambda: NONCE)
    talk(data, link.receive, link.transmit, _frame, lambda: len(link._deframer._rest), MAX_FRAME)
    return link


def board(data: bytes) -> BoardLink:
    """The board's end, at a host that says anything."""
    link = board_link()

    def hear(said: bytes, now_s: float) -> None:
        for fields in link.receive(said, _us(now_s)):
            _check(fields)

    talk(data, hear, lambda _, now_s: telemetry(link, _us(now_s)), _frame, lambda: len(link._deframer._rest), MAX_FRAME)
    return link


def files(data: bytes) -> None:
    """Table, rider and program files: a refusal names the file, whatever stands in it."""
    text = data.decode("utf-8", "replace")
    for make in (make_table, make_rider, make_program):
        told = _refusal(make, text)
        assert told is None or "f.toml" in told


def _frame(said: bytes) -> bytes:
    return encode_frame(said[:MAX_PAYLOAD])


def _us(now_s: float) -> int:
    return round((now_s - START_S) * 1e6)


def _check(fields: MotionFields) -> None:
    assert abs(fields.rate_dps) <= IDENTITY.max_rate_dps + 0.01  # which a board grants: the wire rounds


def _refusal(make: Callable[[TomlSource], object], text: str) -> str | None:
    try:
        make(parse_toml("f.toml", text))
    except FileError as error:
        return str(error)
    return None


TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "framing": framing,
    "host": host,
    "board": board,
    "vesc": drives.vesc,
    "odrive": drives.odrive,
    "roboclaw": drives.roboclaw,
    "servo": drives.servo,
    "contacts": drives.contacts,
    "witmotion": drives.witmotion,
    "files": files,
}
