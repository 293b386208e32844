"""A serial port that never blocks the control loop and comes back by itself.

Built on pyserial's ``serial_for_url``: devices and virtual ports by path, ``socket://host:port`` and
``rfc2217://host:port``. Where the system gives a file descriptor, waiting and reading go straight to it.

A connection over a network takes seconds to make, and pyserial some to give up: once a session is under way both
happen in a thread of their own.
"""

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import serial
from serial.tools import list_ports as pyserial_list_ports

REOPEN_PERIOD_S: Final = 0.25
READ_BYTES: Final = 4096
LOOK_S: Final = 0.001
"""How often a port that cannot be waited for (``rfc2217://``) is looked at."""
SILENT_PEER_MS: Final = 2000
"""A network connection whose other end has acknowledged nothing for so long is given up, and made anew."""

ADDRESSED: Final = ("socket://", "rfc2217://")

_UNREACHABLE: Final = "no way to that host; check its address, its power and the network"
_ADVICE: Final = {
    errno.ENOENT: "there is no such port; see righting ports, or plug the table in",
    errno.EACCES: "no permission; add yourself to the group that owns it (often dialout), then log in again",
    errno.EPERM: "no permission; add yourself to the group that owns it (often dialout), then log in again",
    errno.EBUSY: "another program uses it; close that program",
    errno.EAGAIN: "another program uses it; close that program",
    errno.EISDIR: "this is a folder, not a port; see righting ports",
    errno.ENOTTY: "this is not a serial port; see righting ports",
    errno.EINVAL: "this is not a serial port, or it cannot do this baud rate",
    errno.ECONNREFUSED: "nobody listens there; start the server, or check host and port",
    errno.EHOSTUNREACH: _UNREACHABLE,
    errno.ENETUNREACH: _UNREACHABLE,
    errno.ETIMEDOUT: _UNREACHABLE,
    int(socket.EAI_NONAME): "there is no host of that name; check it, or write its address",
    int(socket.EAI_AGAIN): "the name of that host cannot be looked up; check the network, or write its address",
}


class PortError(Exception):
    """A port cannot be used; ``str()`` says which, why, and what to do."""


def list_ports() -> list[tuple[str, str]]:
    """Give the serial ports of this machine: name and description."""
    return [(port.device, port.description or "") for port in sorted(pyserial_list_ports.comports())]


class SerialPort:
    """One port. ``read``, ``write`` and ``wait`` never raise because of the line: a port that vanished is reopened."""

    def __init__(self, url: str, baud: int) -> None:
        self.url, self.baud = url, baud
        self.dropped_writes = 0
        """Frames that were not sent because the line was full or gone."""
        self._serial: Any = None
        self._fd: int | None = None
        self._pending = b""
        self._next_try_s = 0.0
        self._opening: _Opening | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the port is there."""
        return self._serial is not None

    def fileno(self) -> int | None:
        """The descriptor to wait on; None where the system gives none, or the port is not there."""
        return self._fd

    def open(self) -> None:
        """Open the port. Raises ``PortError``."""
        if self.url.startswith(ADDRESSED) and not _has_address(self.url):
            told = "name host and port, as in socket://192.168.7.20:4001; a port is a number from 1 to 65535"
            raise PortError(f"{self.url}: {told}")
        path = Path(self.url)
        if "://" not in self.url and path.exists() and not path.is_char_device():
            raise PortError(f"{self.url}: this is not a serial port; see righting ports")
        try:
            self._adopt(self._make())
        except serial.SerialException as error:
            raise PortError(f"{self.url}: {_advice(error)}") from error
        except OverflowError as error:
            raise PortError(
                f"{self.url}: no port can do {self.baud} baud; use 115200, or what the device says"
            ) from error
        except (OSError, ValueError) as error:
            raise PortError(f"{self.url}: {error}; see righting ports, or write socket:// or rfc2217://") from error

    def close(self) -> None:
        """Close the port."""
        if self._opening is not None:
            self._opening.abandon()
            self._opening = None
        port, self._serial, self._fd = self._serial, None, None
        if port is not None:
            _close(port)

    def wait(self, timeout_s: float) -> None:
        """Wait until bytes are there, at most ``timeout_s``."""
        if self._fd is not None:
            with contextlib.suppress(OSError, ValueError):
                select.select([self._fd], [], [], timeout_s)
        elif self._serial is not None:
            self._wait_by_looking(timeout_s)
        else:
            select.select([], [], [], timeout_s)

    def read(self) -> bytes:
        """Give all bytes that are there; empty if there are none."""
        if self._serial is None:
            return b""
        try:
            return self._read_descriptor(self._fd) if self._fd is not None else self._read_object()
        except (OSError, serial.SerialException):
            self._lose()
            return b""

    def write(self, data: bytes) -> None:
        """Send bytes without waiting. A frame that does not fit is dropped and counted: the next is fresher."""
        if not data and not self._pending:
            return
        if self._serial is None:
            self.dropped_writes += 1
            return
        try:
            self._pending = self._send(self._pending) if self._pending else b""
            rest = data if self._pending else self._send(data)
            if data and rest == data:
                self.dropped_writes += 1  # nothing of it went out
            else:
                self._pending = rest
        except (OSError, serial.SerialException):
            self._lose()

    def poll(self, now_s: float) -> bool:
        """Reopen a port that vanished, now and then; True when that succeeded."""
        if self._serial is not None or now_s < self._next_try_s:
            return False
        if self._opening is not None and self._opening.is_alive():
            return False  # a host that does not answer keeps it busy for seconds
        self._next_try_s = now_s + REOPEN_PERIOD_S
        if self._over_network:
            return self._poll_network()
        try:
            self.open()
        except PortError:
            return False
        return True

    @property
    def _over_network(self) -> bool:
        return "://" in self.url

    def _poll_network(self) -> bool:
        """Take the connection that the thread has made; begin to make one if there is none."""
        made = None if self._opening is None else self._opening.made
        if made is None:
            self._opening = _Opening(self._make)
            self._opening.start()
            return False
        self._opening = None
        self._adopt(made)
        return True

    def _make(self) -> Any:
        options: dict[str, Any] = {"baudrate": self.baud, "timeout": 0}
        if not self._over_network:
            options |= {"exclusive": True, "write_timeout": 0}
        port = serial.serial_for_url(self.url, **options)
        _tune_socket(getattr(port, "_socket", None))
        return port

    def _adopt(self, port: Any) -> None:
        self._serial, self._fd, self._pending = port, _descriptor(port), b""

    def _lose(self) -> None:
        """The port vanished. Over a network pyserial takes its time to close: not in the control loop."""
        port, self._serial, self._fd = self._serial, None, None
        if self._over_network:
            threading.Thread(target=_close, args=(port,), name="closes a port", daemon=True).start()
        else:
            _close(port)

    def _read_descriptor(self, fd: int) -> bytes:
        ready, _, _ = select.select([fd], [], [], 0.0)
        if not ready:
            return b""
        data = os.read(fd, READ_BYTES)
        if not data:  # readable, but nothing to read: the other end hung up
            self._lose()
        return data

    def _read_object(self) -> bytes:
        _raise_if_deaf(self._serial)
        # Without a timeout pyserial gives one byte a call over RFC 2217, however many are asked for.
        return b"".join(bytes(self._serial.read(1)) for _ in range(self._serial.in_waiting))

    def _wait_by_looking(self, timeout_s: float) -> None:
        # Not by a read with a timeout: to change that, pyserial negotiates the whole port anew (RFC 2217).
        ends_s = time.monotonic() + timeout_s
        seen = 0
        try:
            while time.monotonic() < ends_s:
                _raise_if_deaf(self._serial)
                waiting = self._serial.in_waiting
                if waiting and waiting == seen:
                    return  # pyserial's own thread hands over byte by byte: nothing more comes of this piece
                seen = waiting
                select.select([], [], [], LOOK_S)
        except (OSError, serial.SerialException):
            self._lose()

    def _send(self, data: bytes) -> bytes:
        """Send what fits; gives the rest."""
        if self._fd is None:
            self._serial.write(data)
            return b""
        try:
            return data[os.write(self._fd, data) :]
        except BlockingIOError:
            return data


class _Opening(threading.Thread):
    """Makes a connection while the control loop goes on."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(name="opens a port", daemon=True)
        self._make = make
        self._lock = threading.Lock()
        self._abandoned = False
        self.made: Any = None
        """The port, once it is there; read it after the thread has ended."""

    def run(self) -> None:
        """Make it, or give up; nobody may be left who wants it."""
        try:
            made = self._make()
        except (OSError, ValueError, serial.SerialException):
            return
        with self._lock:
            if not self._abandoned:
                self.made = made
                return
        _close(made)

    def abandon(self) -> None:
        """Want it no more."""
        with self._lock:
            self._abandoned = True
            made, self.made = self.made, None
        if made is not None:
            _close(made)


def _has_address(url: str) -> bool:
    """Tell whether a URL names a host and a port that can be, which pyserial does not say in plain words."""
    parts = urlsplit(url)
    try:
        return bool(parts.hostname and parts.port)
    except ValueError:
        return False


def _close(port: Any) -> None:
    connection = getattr(port, "_socket", None)
    with contextlib.suppress(OSError, serial.SerialException):
        port.close()
    if connection is not None:
        connection.close()  # pyserial leaves one open whose other end has hung up


def _raise_if_deaf(port: Any) -> None:
    """Raise ``serial.SerialException`` if pyserial's own thread that reads a connection by RFC 2217 has ended.

    It ends when the server hangs up, and by an error of its own when it reads ``IAC SE`` that ends no suboption: a
    server that forgets to double the data byte FF sends that. pyserial says nothing while its buffer is empty.
    """
    reader = getattr(port, "_thread", None)
    if isinstance(reader, threading.Thread) and not reader.is_alive():
        raise serial.SerialException("the thread that reads the connection has ended")


def _tune_socket(connection: socket.socket | None) -> None:
    """Send each frame at once, and notice a peer that is gone. For what is no socket this does nothing."""
    if connection is None:
        return
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_MS)


def _descriptor(port: Any) -> int | None:
    try:
        fd = port.fileno()
    except (AttributeError, OSError, ValueError):  # rfc2217:// has none
        return None
    os.set_blocking(fd, False)
    return int(fd)


def _advice(error: serial.SerialException) -> str:
    code = error.errno
    cause = error.__context__  # an OSError, or a termios.error, which is none but has its number in the same place
    if code is None and cause is not None and cause.args and isinstance(cause.args[0], int):
        code = cause.args[0]
    if isinstance(cause, TimeoutError):
        code = errno.ETIMEDOUT
    text = str(error)
    if "RFC2217" in text:
        return "the server there does not speak RFC 2217; set it to do so, or try socket://"
    if "exclusively" in text:
        code = errno.EBUSY
    if code in _ADVICE:
        return _ADVICE[code]
    return f"{text}; see righting ports"
