"""What is fuzzed. Each target takes any bytes and must return: an exception that leaves it is a finding."""

from collections.abc import Callable
from typing import Final

from drivers.board import BoardIdentity, BoardLink, HostLink
from drivers.framing import MAX_FRAME, Deframer, encode_frame
from firmware_host.files.programs import make_program
from firmware_host.files.riders import make_rider
from firmware_host.files.tables import make_table
from firmware_host.files.toml_source import FileError, TomlSource, parse_toml
from firmware_host.recording.mcap_chunks import MAGIC

IDENTITY: Final = BoardIdentity(1001, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
NONCE: Final = 0x11223344


def framing(data: bytes) -> None:
    """A stream cut anywhere gives the same payloads, and memory stays bounded."""
    whole, pieces = Deframer(), Deframer()
    found = whole.feed(data)
    cut = len(data) // 3
    assert pieces.feed(data[:cut]) + pieces.feed(data[cut:]) == found
    assert len(pieces._rest) <= MAX_FRAME


def host(data: bytes) -> None:
    """The host's end, at a board that says anything: raw bytes, and each byte string as a frame with a right CRC."""
    link = HostLink(lambda: NONCE)
    for number, piece in enumerate((data, *(encode_frame(data[at : at + 60]) for at in range(0, len(data), 60)))):
        link.receive(piece, 100.0 + 0.01 * number)
        link.transmit(None, 100.0 + 0.01 * number)


def board(data: bytes) -> None:
    """The board's end, at a host that says anything."""
    link = BoardLink(IDENTITY, lambda: NONCE, 10_000)
    for number, piece in enumerate((data, *(encode_frame(data[at : at + 40]) for at in range(0, len(data), 40)))):
        for fields in link.receive(piece, 10_000 * number):
            assert abs(fields.rate_dps) <= IDENTITY.max_rate_dps


def files(data: bytes) -> None:
    """Table, rider and program files: a refusal names the file, whatever stands in it."""
    text = data.decode("utf-8", "replace")
    for make in (make_table, make_rider, make_program):
        told = _refusal(make, text)
        assert told is None or "f.toml" in told


def _refusal(make: Callable[[TomlSource], object], text: str) -> str | None:
    try:
        make(parse_toml("f.toml", text))
    except FileError as error:
        return str(error)
    return None


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"framing": framing, "host": host, "board": board, "files": files}
SEEDS: Final[dict[str, tuple[bytes, ...]]] = {
    "framing": (encode_frame(b"righting"), b"\0\0", MAGIC),
    "host": (encode_frame(b"\x01\x02" + bytes(50)),),
    "board": (encode_frame(b"\x01\x01" + bytes(20)),),
    "files": (
        b'[table]\nname = "T"\n[limits]\naccel_dps2 = 1\n',
        b'[rider]\nname = "R"\nsex = "male"\nmass_kg = 70\nheight_m = 1.8\nexperience = "regular"\n',
        b'name = "P"\n[[step]]\ndo = "go"\nto_deg = 20\n[[step]]\ndo = "repeat"\ntimes = 2\n'
        b'[[step.step]]\ndo = "hold"\nfor_s = 1\n',
    ),
}
"""Where each target begins to look."""
