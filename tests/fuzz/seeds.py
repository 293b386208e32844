"""Where each target begins to look: what a sound board, drive or sensor says, and files that are read."""

from itertools import count
from struct import pack
from typing import Final

from drivers import odrive, roboclaw, servo, vesc, witmotion
from drivers.board import BoardIdentity, BoardLink, HostLink
from drivers.framing import Deframer, encode_frame
from safety.signals import Telemetry
from tests.fuzz.pieces import COMMANDS, START_S, TICK_S, Kind, piece

IDENTITY: Final = BoardIdentity(1001, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
NONCE: Final = 0x11223344
SESSION: Final = 0x55667788
PERIOD_US: Final = 10_000
MEASURED: Final = (10.0, 10.0, 0.0, 0.0, 24.0, 20.0, 20.0, 0, 0, 0, 0, 0)
"""The rest of the telemetry: both angles, rate, current, supply, temperatures, and no bit of any kind."""
MOVE: Final = 1
"""Of ``COMMANDS``."""


def board_link() -> BoardLink:
    """The board's end, before any handshake; its sessions count from ``SESSION``."""
    return BoardLink(IDENTITY, count(SESSION).__next__, PERIOD_US)


def telemetry(board: BoardLink, now_us: int) -> bytes:
    """What a board says whose table stands at 10 degrees."""
    age_s = board.command_age_s(now_us)
    told = Telemetry(board.session_id, board.next_sequence(), now_us, board.echo, age_s, *MEASURED)
    return board.telemetry(told._replace(rejected_in_row=board.rejected_in_row, reject_reason=board.reject_reason))


def meeting() -> tuple[bytes, bytes]:
    """What a board says to a host that moves its table, and what that host says."""
    host, board = HostLink(lambda: NONCE), board_link()
    of_host, of_board = Deframer(), Deframer()
    by_host: list[bytes] = []
    by_board: list[bytes] = []
    for tick in range(4):
        now_s, now_us = START_S + TICK_S * tick, PERIOD_US * tick
        asked = host.transmit(COMMANDS[MOVE], now_s)
        board.receive(asked, now_us)
        told = telemetry(board, now_us)
        host.receive(told, now_s)
        by_host += of_host.feed(asked)
        by_board += of_board.feed(told)
    return framed(*by_board), framed(*by_host)


def framed(*payloads: bytes) -> bytes:
    """A conversation of payloads that come in frames that are right, with a host that wants to move."""
    return b"".join(piece(Kind.FRAMED, payload, MOVE) for payload in payloads)


def _vesc() -> bytes:
    values = vesc.VALUES.pack(
        vesc.Command.GET_VALUES_SELECTIVE, vesc.MASK | vesc.TAGS[1], 251, 248, 120, 900, 240, 75, 0
    )
    return framed(
        bytes((vesc.Command.FIRMWARE, 6, 5)) + b"410\0" + bytes(range(12)),
        vesc.APP_CONFIG.pack(vesc.Command.GET_APP_CONFIG, 2_099_347_128, 1, 200) + bytes(200),
        values + b"\1\0",
    )


def _odrive() -> bytes:
    return framed(
        b"0\n6\n11\n60736813317197",
        b"0.200000\n1\n1",
        b"%d\n1.250000 0.000000\n0" % odrive.AxisState.IDLE,
    )


def _roboclaw() -> bytes:
    version = b"USB Roboclaw 2x15a v4.1.34\n".ljust(roboclaw.LONGEST_VERSION - 1)
    measured = pack(">iBiBhhhhIH", 125, 0, 200, 0, 3000, 0, 150, 0, 0, 241)
    return framed(b"", version, pack(">IIII", 65536, 32768, 0, 44000), b"", b"\2", measured)


def _servo() -> bytes:
    feedback = pack(">HiihHHHH", 0x0227, 200, 125, 150, 0, 240, 251, 200)
    timeout = pack(">BH", 0, 200)
    return framed(b"\0", b"\0", pack(">BH", 0, servo.PROFILE_VELOCITY), b"\0", timeout, b"\0" + feedback)


def _witmotion() -> bytes:
    angles = witmotion.encode(witmotion.ANGLE, (1820, -3, 12, 2500))
    return piece(Kind.RAW, angles + angles[:4]) + piece(Kind.RAW, angles[4:]) + framed(angles[1:10])


_BY_BOARD, _BY_HOST = meeting()
SEEDS: Final[dict[str, tuple[bytes, ...]]] = {
    "framing": (encode_frame(b"righting"), b"\0\0", encode_frame(bytes(128)) * 2),
    "host": (_BY_BOARD,),
    "board": (_BY_HOST,),
    "vesc": (_vesc(),),
    "odrive": (_odrive(),),
    "roboclaw": (_roboclaw(),),
    "servo": (_servo(),),
    "contacts": (framed(b"\0\x55", b"\x82"),),
    "witmotion": (_witmotion(),),
    "files": (
        b'[table]\nname = "T"\n[limits]\naccel_dps2 = 1\n',
        b'[rider]\nname = "R"\nsex = "male"\nmass_kg = 70\nheight_m = 1.8\nexperience = "regular"\n',
        b'name = "P"\n[[step]]\ndo = "go"\nto_deg = 20\n[[step]]\ndo = "repeat"\ntimes = 2\n'
        b'[[step.step]]\ndo = "hold"\nfor_s = 1\n',
    ),
}
