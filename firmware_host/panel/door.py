"""The page's door: so many connections and no more, so that STOP's listener beside it always finds room.

Without this a thousand connections that say nothing take every file that the process may open, and STOP with them.
"""

import asyncio
import contextlib
import resource
import time
from socket import SHUT_RDWR, socket
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONNECTIONS: Final = 256
"""A further one takes the place of the oldest that asks nothing; it is refused where there is none of these."""
SLOWEST_S: Final = 10.0
"""A client that takes longer to send a request is left."""
AT_ONCE: Final = 32
"""So many wait at the door until they are let in."""


def open_more_files() -> None:
    """Let this process have as many files as it may have at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Door(socket):
    """A listening socket that knows whom it let in."""

    def __init__(self, listener: int) -> None:
        """Take over a listening socket by its number."""
        super().__init__(fileno=listener)
        self._idle: dict[int, tuple[socket, float]] = {}
        """By number, the oldest first: who asks nothing at present, and since when."""
        self._busy: dict[int, socket] = {}

    def accept(self) -> tuple[socket, Any]:
        """Let somebody in. Raises ``ConnectionAbortedError`` where no room can be made."""
        connection, peer = super().accept()
        self._forget_closed()
        last_s = time.monotonic() - SLOWEST_S
        for number in [number for number, (_, since_s) in self._idle.items() if since_s < last_s]:
            self._drop(number)
        if len(self._idle) + len(self._busy) >= CONNECTIONS:
            if not self._idle:
                connection.close()
                raise ConnectionAbortedError("as many are inside as may be")
            self._drop(next(iter(self._idle)))
        self._idle[connection.fileno()] = (connection, time.monotonic())
        return connection, peer

    def asks(self, number: int) -> None:
        """A whole request came from that connection, or it is a socket of ours now: it stays."""
        connection, _ = self._idle.pop(number, (None, 0.0))
        if connection is not None:
            self._busy[number] = connection

    def answered(self, number: int) -> None:
        """It asks nothing any more."""
        connection = self._busy.pop(number, None)
        if connection is not None:
            self._idle[number] = (connection, time.monotonic())

    def _forget_closed(self) -> None:
        # Whose number is another one's by now is closed as well.
        self._idle = {number: one for number, one in self._idle.items() if one[0].fileno() == number}
        self._busy = {number: one for number, one in self._busy.items() if one.fileno() == number}

    def _drop(self, number: int) -> None:
        """Break off; the event loop finds the end of the stream, and closes it."""
        connection, _ = self._idle.pop(number)
        with contextlib.suppress(OSError):
            connection.shutdown(SHUT_RDWR)


def protocol_of(door: Door) -> type[asyncio.Protocol]:
    """Give uvicorn's protocol, which tells the door who asks something."""

    class Counted(HttpToolsProtocol):
        def on_message_complete(self) -> None:
            super().on_message_complete()
            if not getattr(self.cycle, "response_complete", True):  # not if it was refused before its end
                door.asks(self._number())

        def on_response_complete(self) -> None:
            door.answered(self._number())
            super().on_response_complete()  # begins what came meanwhile

        def handle_websocket_upgrade(self) -> None:
            door.asks(self._number())
            super().handle_websocket_upgrade()

        def _number(self) -> int:
            number: int = self.transport.get_extra_info("socket").fileno()
            return number

    return Counted
