"""The panel as a process of its own, kept running by the controller's: its ports stay open while it is restarted."""

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_host.panel.access.network import NetworkError
from firmware_host.panel.options import PanelOptions
from firmware_host.panel.station import Station

WEDGED_S: Final = 5.0
"""A panel that has not said for so long that it is alive is ended and started again."""
STARTING_S: Final = 30.0
"""So long a new one may take to say so for the first time, on a machine that is busy; STOP's listener is up before."""
BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Waits before the first restarts, and the last of them before every further one; a panel that ran on resets it."""
RAN_WELL_S: Final = 30.0
END_S: Final = 2.0


class PanelError(RuntimeError):
    """The panel cannot be started; ``str()`` says what to do."""


class PanelProcess:
    """Station, ports and process, for as long as the context lasts."""

    def __init__(self, port: int, options: PanelOptions = PanelOptions()) -> None:  # noqa: B008 - it cannot change
        """Make it.

        Args:
            port: of the page; 0 takes any that is free.
            options: for the process.
        """
        self._wanted, self._options = port, options
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._not_before_s = 0.0
        self.restarts = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open the ports and start the process. Raises ``PanelError`` if the port is taken, or may not be open yet."""
        _check(self._options)
        address = self._options.network.address
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="righting-")))
            self._folder = folder
            self._page = stack.enter_context(_listen(address, self._wanted))
            self._stop = stack.enter_context(_listen(address, 0))
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
        return self._options.network.url(self._page.getsockname()[1])

    @property
    def pid(self) -> int:
        """Of the process as it runs now."""
        assert self._process is not None
        return self._process.pid

    def supervise(self) -> None:
        """Start the process again if it died or is stuck. To be called a few times a second."""
        process, now_s = self._process, time.monotonic()
        assert process is not None
        pinged_s = self.station.pinged_s
        starting = pinged_s is None or pinged_s < self._started_s
        silent_s = now_s - (self._started_s if pinged_s is None or starting else pinged_s)
        if process.poll() is None and silent_s > (STARTING_S if starting else WEDGED_S):
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
        self._process = subprocess.Popen(
            [sys.executable, "-m", "firmware_host.panel", *arguments, *self._options.arguments()],
            env=self._options.environment(os.environ),
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


def _check(options: PanelOptions) -> None:
    """Refuse to be reached from elsewhere before that is safe. Raises ``PanelError``."""
    try:
        options.network.check()
    except NetworkError as error:
        raise PanelError(str(error)) from error
    if options.network.loopback:
        return
    # Whether anybody has a PIN is in the records, and this process knows no database.
    checked = subprocess.run(
        [sys.executable, "-m", "firmware_host.panel", "--check", *options.arguments()],
        env=options.environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode != 0:
        raise PanelError(checked.stderr.strip() or "the panel's process cannot be started")


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        told = f"port {port} of {address} cannot be had ({error.strerror})"
        raise PanelError(f"{told}: name another one with --panel-port or --panel-address") from error
    listener.listen()
    return listener
