"""A serial port that never blocks the control loop and comes back by itself.

Built on pyserial's ``serial_for_url``: devices and virtual ports by path, ``socket://host:port`` and
``rfc2217://host:port``. Where the system gives a file descriptor, waiting and reading go straight to it.
"""

import contextlib
import errno
import os
import select
from pathlib import Path
from typing import Any, Final

import serial
from serial.tools import list_ports as pyserial_list_ports

REOPEN_PERIOD_S: Final = 0.25
READ_BYTES: Final = 4096

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
        self._early = b""
        self._pending = b""
        self._next_try_s = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether the port is there."""
        return self._serial is not None

    def fileno(self) -> int | None:
        """The descriptor to wait on; None where the system gives none, or the port is not there."""
        return self._fd

    def open(self) -> None:
        """Open the port. Raises ``PortError``."""
        path = Path(self.url)
        if "://" not in self.url and path.exists() and not path.is_char_device():
            raise PortError(f"{self.url}: this is not a serial port; see righting ports")
        try:
            self._serial = self._make()
        except serial.SerialException as error:
            raise PortError(f"{self.url}: {_advice(error)}") from error
        except (OSError, ValueError) as error:
            raise PortError(f"{self.url}: {error}; see righting ports, or write socket:// or rfc2217://") from error
        self._fd = _descriptor(self._serial)
        self._early = self._pending = b""

    def close(self) -> None:
        """Close the port."""
        port, self._serial, self._fd = self._serial, None, None
        if port is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                port.close()

    def wait(self, timeout_s: float) -> None:
        """Wait until bytes are there, at most ``timeout_s``."""
        if self._fd is not None:
            with contextlib.suppress(OSError, ValueError):
                select.select([self._fd], [], [], timeout_s)
        elif self._serial is not None:
            self._wait_by_reading(timeout_s)
        else:
            select.select([], [], [], timeout_s)

    def read(self) -> bytes:
        """Give all bytes that are there; empty if there are none."""
        if self._serial is None:
            return b""
        try:
            return self._read_descriptor(self._fd) if self._fd is not None else self._read_object()
        except (OSError, serial.SerialException):
            self.close()
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
            self.close()

    def poll(self, now_s: float) -> bool:
        """Reopen a port that vanished, now and then; True when that succeeded."""
        if self._serial is not None or now_s < self._next_try_s:
            return False
        self._next_try_s = now_s + REOPEN_PERIOD_S
        try:
            self.open()
        except PortError:
            return False
        return True

    def _make(self) -> Any:
        options: dict[str, Any] = {"baudrate": self.baud, "timeout": 0}
        if "://" not in self.url:
            options |= {"exclusive": True, "write_timeout": 0}
        return serial.serial_for_url(self.url, **options)

    def _read_descriptor(self, fd: int) -> bytes:
        ready, _, _ = select.select([fd], [], [], 0.0)
        if not ready:
            return b""
        data = os.read(fd, READ_BYTES)
        if not data:  # readable, but nothing to read: the other end hung up
            self.close()
        return data

    def _read_object(self) -> bytes:
        early, self._early = self._early, b""
        waiting = self._serial.in_waiting
        return early + bytes(self._serial.read(waiting)) if waiting else early

    def _wait_by_reading(self, timeout_s: float) -> None:
        try:
            self._serial.timeout = timeout_s
            self._early += self._serial.read(1)
            self._serial.timeout = 0
        except (OSError, serial.SerialException):
            self.close()

    def _send(self, data: bytes) -> bytes:
        """Send what fits; gives the rest."""
        if self._fd is None:
            self._serial.write(data)
            return b""
        try:
            return data[os.write(self._fd, data) :]
        except BlockingIOError:
            return data


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
    text = str(error)
    if "exclusively" in text:
        code = errno.EBUSY
    if code in _ADVICE:
        return _ADVICE[code]
    return f"{text}; see righting ports"
