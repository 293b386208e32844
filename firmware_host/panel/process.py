"""The panel as a process of its own, kept running by the controller's: its ports stay open while it is restarted."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_host.panel.station import Station

LOOPBACK: Final = "127.0.0.1"
WEDGED_S: Final = 5.0
"""A panel that has not said for so long that it is alive is ended and started again."""
BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Waits before the first restarts, and the last of them before every further one; a panel that ran on resets it."""
RAN_WELL_S: Final = 30.0
END_S: Final = 2.0


class PanelError(RuntimeError):
    """The panel cannot be started; ``str()`` says what to do."""


class PanelProcess:
    """Station, ports and process, for as long as the context lasts."""

    def __init__(self, port: int, records: Path, database: str) -> None:
        """Make it.

        Args:
            port: of the page; 0 takes any that is free.
            records: folder of the black boxes.
            database: URL of the records.
        """
        self._wanted = port
        self._records = ("--records", str(records), "--database", database)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._not_before_s = 0.0
        self.restarts = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open the ports and start the process. Raises ``PanelError`` if the port is taken."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="righting-")))
            self._folder = folder
            self._page = stack.enter_context(_listen(self._wanted))
            self._stop = stack.enter_context(_listen(0))
            self.station = stack.enter_context(Station(folder))
            stack.callback(self._end)
            self._start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        self._stack.close()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self._page.getsockname()[1]}/"

    @property
    def pid(self) -> int:
        """Of the process as it runs now."""
        assert self._process is not None
        return self._process.pid

    def supervise(self) -> None:
        """Start the process again if it died or is stuck. To be called a few times a second."""
        process, now_s = self._process, time.monotonic()
        assert process is not None
        heard_s = max(self.station.pinged_s or 0.0, self._started_s)
        if process.poll() is None and now_s - heard_s > WEDGED_S:
            process.kill()
            process.wait()
        if process.poll() is None:
            return
        if self._not_before_s < self._started_s:
            self.restarts = 0 if now_s - self._started_s > RAN_WELL_S else self.restarts
            self._not_before_s = now_s + BACKOFF_S[min(self.restarts, len(BACKOFF_S) - 1)]
        if now_s >= self._not_before_s:
            self.restarts += 1
            self._start()

    def _start(self) -> None:
        if self._process is not None:
            _close_input(self._process)
        fds = (self._page.fileno(), self._stop.fileno())
        arguments = ["--folder", str(self._folder), "--page-fd", str(fds[0]), "--stop-fd", str(fds[1])]
        arguments += self._records
        self._process = subprocess.Popen(
            [sys.executable, "-m", "firmware_host.panel", *arguments],
            stdin=subprocess.PIPE,  # closed when this process ends, however it ends: then the panel ends too
            stdout=subprocess.DEVNULL,
            pass_fds=fds,
            process_group=0,
        )
        self._started_s = time.monotonic()

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _close_input(process)


def _close_input(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise PanelError(f"port {port} cannot be had ({error.strerror}): name another one with --panel-port") from error
    listener.listen()
    return listener
