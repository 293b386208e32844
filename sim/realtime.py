"""The virtual board as a real-time process: on a virtual serial port of its own, or on a loopback socket.

Faster than real time it waits for the host's answer before it goes on, so that a hiccup of the machine makes the
demonstration slower and never looks like a fault.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import sys
import time
import tty
from collections.abc import Callable
from typing import Final

from drivers.line_chunks import join, split
from safety.signals import CommandMode
from sim.board import FRAME_MS
from sim.faults import CATALOGUE, Fault, Injector
from sim.faults.kind import Place
from sim.faults.world import World
from sim.layout import MODE
from sim.line import Line
from sim.table_end import TableEnd

PERIOD_S: Final = FRAME_MS * 1e-3
CATCH_UP_S: Final = 0.5
"""A process that was stopped for longer lets that time go."""
ANSWER_S: Final = 0.05
"""How long a demonstration waits for the host's answer before it goes on without."""
READ_BYTES: Final = 4096


class PtyLine:
    """A virtual serial port. It keeps its own end of the client's side open, so clients may come and go."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._master

    def filenos(self) -> list[int]:
        """The same, as a list."""
        return [self._master]

    def read(self) -> bytes:
        """Bytes from the client; empty if there are none."""
        try:
            return os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:  # no client
                return b""
            raise

    def write(self, data: bytes) -> None:
        """Send bytes; what a client does not read is lost, as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        """Take the port away."""
        os.close(self._master)
        os.close(self._slave)


class TcpLine:
    """A socket on loopback with one client at a time; a new client takes the place of the old one."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self.name = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return (self._client or self._listener).fileno()

    def filenos(self) -> list[int]:
        """The same, as a list."""
        return [self.fileno()]

    def read(self) -> bytes:
        """Bytes from the client; empty if there are none."""
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            self._drop()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client
        if self._client is None:
            return b""
        try:
            data = self._client.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop()
        return data

    def write(self, data: bytes) -> None:
        """Send bytes; what a client does not take is lost."""
        if self._client is not None:
            try:
                self._client.send(data)
            except BlockingIOError:
                pass
            except OSError:
                self._drop()

    def close(self) -> None:
        """Stop listening."""
        self._drop()
        self._listener.close()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class ManyLines:
    """A virtual serial port for each device; their bytes are chunks here."""

    def __init__(self, count: int) -> None:
        self._lines = [PtyLine() for _ in range(count)]
        self.name = " ".join(line.name for line in self._lines)

    def filenos(self) -> list[int]:
        """The descriptors to wait on."""
        return [line.fileno() for line in self._lines]

    def read(self) -> bytes:
        """Chunks from the client."""
        return join([line.read() for line in self._lines])

    def write(self, data: bytes) -> None:
        """Send chunks, each on its line."""
        for number, part in split(data, len(self._lines)):
            self._lines[number].write(part)

    def close(self) -> None:
        """Take the ports away."""
        for line in self._lines:
            line.close()


Lines = PtyLine | TcpLine | ManyLines


class FaultyTable:
    """The board behind a line, with faults whose time counts from the first motion that a host orders."""

    def __init__(self, board: TableEnd, faults: list[Fault], seed: int) -> None:
        """Same seed, same disturbed frames."""
        self._board, self._line = board, Line(seed, board.lines)
        self._world = World(board, self._line)
        self._injector = Injector(faults, self._world)
        self._moved_ms: int | None = None

    def advance(self) -> bytes:
        """Let a period pass; give the bytes that arrive at the host."""
        board = self._board
        data = board.advance(PERIOD_S)
        now_ms = board.table.now_ms
        if self._moved_ms is None and board.table.order[MODE] == CommandMode.MOVE:
            self._moved_ms = now_ms
        if self._moved_ms is not None:
            self._injector.advance((now_ms - self._moved_ms) * 1e-3)
        return self._line.to_host.carry(data, now_ms)

    def obey(self, line: str) -> None:
        """Let ``begin FAULT`` or ``end FAULT`` happen now. Raises ``ValueError`` that says what would be right."""
        word, _, name = line.strip().partition(" ")
        kind = CATALOGUE.get(name)
        here = kind is not None and kind.place is not Place.PROCESS and not name.startswith("press-")
        if kind is None or not here or word not in ("begin", "end") or (word == "end" and kind.end is None):
            raise ValueError(f"{line.strip()!r}: write begin FAULT or end FAULT, with a name of righting faults")
        if word == "begin":
            kind.begin(self._world, 0.0 if kind.parameter is None else kind.parameter.default)
        elif kind.end is not None:
            kind.end(self._world)

    def receive(self, data: bytes) -> None:
        """Take the bytes that the host sent."""
        self._board.receive(self._line.to_board.carry(data, self._board.table.now_ms))


def serve(
    board: TableEnd,
    speed: float = 1.0,
    tcp_port: int | None = None,
    ended: Callable[[], bool] = lambda: False,
    faults: list[Fault] | None = None,
    seed: int = 1,
    told: Callable[[], str | None] = lambda: None,
) -> int:
    """Be the board until told to end (SIGINT, SIGTERM); prints the port's name first. Gives the exit code.

    ``faults`` begin so long after the first motion; ``seed`` is that of the line's disturbances; ``told`` gives the
    next line for ``FaultyTable.obey``, if there is one.
    """
    stopping = False

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 - the signature that signal asks for
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        line = _open(board, tcp_port)
    except OSError as error:
        print(f"righting: port {tcp_port}: {error.strerror}; name another one, or 0 for any", file=sys.stderr)
        return 2
    board.table.advance_ms(0)  # compile before anybody waits for an answer
    print(line.name, flush=True)
    table = FaultyTable(board, faults or [], seed)
    with contextlib.closing(line):
        run_on(line, table, speed, lambda: _obey_next(table, told) or stopping or ended())
    return 0


def _obey_next(table: FaultyTable, told: Callable[[], str | None]) -> bool:
    """Let what is told next happen, and complain of what cannot be; never a reason to stop."""
    line = told()
    if line is not None:
        try:
            table.obey(line)
        except ValueError as error:
            print(f"righting: {error}", file=sys.stderr)
    return False


def _open(board: TableEnd, tcp_port: int | None) -> Lines:
    if board.lines:
        return ManyLines(board.lines)
    return PtyLine() if tcp_port is None else TcpLine(tcp_port)


def run_on(line: Lines, table: FaultyTable, speed: float, stopped: Callable[[], bool]) -> None:
    """Let time pass until ``stopped``: ``speed`` times as fast as real."""
    period_s = PERIOD_S / speed
    due_s = time.monotonic() + period_s
    answered = False
    while not stopped():
        left_s = due_s - time.monotonic()
        if left_s > 0.0:
            select.select(line.filenos(), [], [], left_s)
        else:
            line.write(table.advance())
            due_s = max(due_s + period_s, time.monotonic() - CATCH_UP_S)
            if speed > 1.0 and answered:
                select.select(line.filenos(), [], [], ANSWER_S)
            answered = False
        data = line.read()
        if data:
            answered = True
        table.receive(data)
