"""A serial port behind a network, as serial servers do it: by plain TCP, or by RFC 2217 with pyserial's own server.

What the network does to the bytes is set: a delay in each direction, a further one that differs from piece to piece,
and pieces that get lost (by a server that sends them as datagrams; TCP itself loses none and delays them instead).
"""

import contextlib
import os
import random
import select
import socket
import threading
import time
from collections import deque
from typing import Any, Final, Self

import serial
import serial.rfc2217

from drivers.port import SerialPort

READ_BYTES: Final = 4096
LOOK_S: Final = 0.1


class _Direction:
    """Bytes under way, which arrive in their order."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._last_s = 0.0

    @property
    def due_s(self) -> float | None:
        """When the next bytes arrive."""
        return self._under_way[0][0] if self._under_way else None

    def send(self, data: bytes) -> None:
        relay, chance = self._relay, self._relay.chance
        if not data or chance.random() < relay.lost_share:
            return
        self._last_s = max(self._last_s, time.monotonic() + relay.delay_s + chance.random() * relay.jitter_s)
        self._under_way.append((self._last_s, data))

    def arrived(self) -> bytes:
        data = b""
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            data += self._under_way.popleft()[1]
        return data


class Relay(threading.Thread):
    """Serves one port on loopback to one client at a time, for as long as the context lasts."""

    def __init__(
        self,
        port: str,
        *,
        rfc2217: bool = False,
        delay_s: float = 0.0,
        jitter_s: float = 0.0,
        lost_share: float = 0.0,
        seed: int = 1,
    ) -> None:
        """Listen; ``url`` is what a client opens. Raises ``drivers.port.PortError`` if ``port`` cannot be opened.

        Args:
            port: the serial port, by path or URL.
            rfc2217: speak RFC 2217 to the client, else plain TCP.
            delay_s: of each piece of bytes, in each direction.
            jitter_s: at most so much later, at random.
            lost_share: share of the pieces that never arrive.
            seed: of what is random.
        """
        super().__init__(name="relay", daemon=True)
        self.delay_s, self.jitter_s, self.lost_share = delay_s, jitter_s, lost_share
        self.chance = random.Random(seed)
        self.negotiated = 0
        """Bytes of RFC 2217 itself that were answered."""
        self._rfc2217 = rfc2217
        self._port = SerialPort(port, 115200)
        self._port.open()
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "rfc2217" if rfc2217 else "socket"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._client: socket.socket | None = None
        self._manager: Any = None
        self._to_client, self._to_port = _Direction(self), _Direction(self)
        self._woken, self._waker = os.pipe()

    def __enter__(self) -> Self:
        """Begin to serve."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        os.write(self._waker, b"\0")
        self.join()
        self.drop()
        self._listener.close()
        self._port.close()
        os.close(self._woken)
        os.close(self._waker)

    def write(self, data: bytes) -> None:
        """Take what pyserial's server answers to the client; this is its interface of a connection."""
        self.negotiated += len(data)
        self._to_client.send(data)

    def drop(self) -> None:
        """Hang up."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def run(self) -> None:
        """Carry bytes until told to end."""
        while True:
            ready = self._wait()
            if self._woken in ready:
                return
            if self._client is None and self._listener in ready:
                self._accept()
            elif self._client in ready:
                self._from_client()
            self._to_client.send(self._escaped(self._port.read()))
            self._port.write(self._to_port.arrived())
            data = self._to_client.arrived()
            if data and self._client is not None:
                with contextlib.suppress(OSError):
                    self._client.sendall(data)

    def _wait(self) -> list[object]:
        due = [at_s for at_s in (self._to_client.due_s, self._to_port.due_s) if at_s is not None]
        left_s = max(min(due) - time.monotonic(), 0.0) if due else LOOK_S
        readable: list[Any] = [self._woken, self._listener if self._client is None else self._client]
        number = self._port.fileno()
        ready, _, _ = select.select(readable if number is None else [*readable, number], [], [], left_s)
        return ready

    def _accept(self) -> None:
        self._client, _ = self._listener.accept()
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._rfc2217:
            # Its settings are kept by a port of pyserial's that leads nowhere: a virtual one has no modem lines.
            settings = serial.serial_for_url("loop://", timeout=0)
            self._manager = serial.rfc2217.PortManager(settings, self)  # type: ignore[arg-type]

    def _from_client(self) -> None:
        assert self._client is not None
        try:
            data = self._client.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self.drop()
        self._to_port.send(b"".join(self._manager.filter(data)) if self._rfc2217 and data else data)

    def _escaped(self, data: bytes) -> bytes:
        return b"".join(self._manager.escape(data)) if self._rfc2217 and self._manager and data else data
