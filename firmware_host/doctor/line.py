"""One port, asked and listened to."""

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from drivers.port import SerialPort
from drivers.probes import NETWORK_REPLY_S, REPLY_S, Question

KEPT_BYTES: Final = 4096
LOOK_S: Final = 0.02


class LineLostError(Exception):
    """The port vanished while it was looked at; ``str()`` says what to do."""


class Reply(NamedTuple):
    """An answer."""

    value: Any
    round_trip_s: float
    """From the question's first byte out to the answer's last byte in."""


class Line:
    """A port that is open."""

    def __init__(self, port: SerialPort, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that only rise."""
        self._port = port
        self.now_s = clock
        self.url = port.url
        self.network = "://" in port.url
        self.reply_s = NETWORK_REPLY_S if self.network else REPLY_S
        """How long an answer is waited for."""
        self.rest = b""
        """What came for the newest question, answer or not."""

    @property
    def baud(self) -> int:
        """The rate at which it listens and speaks."""
        return self._port.baud

    def at(self, baud: int) -> None:
        """Listen at another rate. Raises ``drivers.port.PortError``."""
        self._port.close()
        self._port.baud = baud
        self._port.open()

    def read(self, wait_s: float) -> bytes:
        """Give what comes within ``wait_s``, as soon as there is any. Raises ``LineLostError``."""
        self._port.wait(wait_s)
        data = self._port.read()
        if not self._port.is_open:
            raise LineLostError(f"{self._port.url}: the port vanished; check its cable or its server, then try again")
        return data

    def listen(self, seconds: float) -> bytes:
        """Give what comes by itself in so many seconds. Raises ``LineLostError``."""
        ends_s = self.now_s() + seconds
        heard = b""
        while (left_s := ends_s - self.now_s()) > 0.0:
            heard = (heard + self.read(min(left_s, LOOK_S)))[-KEPT_BYTES:]
        return heard

    def send(self, data: bytes) -> None:
        """Send bytes. Raises ``LineLostError``."""
        self._port.write(data)

    def ask(self, question: Question, wait_s: float | None = None) -> Reply | None:
        """Ask, and wait for the answer; None if none comes in time. Raises ``LineLostError``."""
        self.read(0.0)  # what is left of before
        asked_s = self.now_s()
        ends_s = asked_s + (self.reply_s if wait_s is None else wait_s)
        self.rest = b""
        self.send(question.data)
        while (left_s := ends_s - self.now_s()) > 0.0:
            data = self.read(min(left_s, LOOK_S))
            if not data:
                continue
            self.rest = (self.rest + data)[-KEPT_BYTES:]
            value = question.read(self.rest)
            if value is not None:
                return Reply(value, self.now_s() - asked_s)
        return None

    def value(self, question: Question) -> Any:
        """Ask, once more if need be, and give the answer alone; None if none comes."""
        reply = self.ask(question) or self.ask(question)
        return None if reply is None else reply.value
