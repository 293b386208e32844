"""Keys of a terminal, one at a time and without Enter."""

import contextlib
import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any, Self


class Keys:
    """Reads single keys while it is open; gives the terminal back as it was."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._before: list[Any] | None = None
        self.gone = False
        """There was a terminal, and it was closed."""

    def __enter__(self) -> Self:
        """Switch the terminal to single keys."""
        if self._fd is not None:
            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the terminal back."""
        if self._fd is not None and self._before is not None:
            with contextlib.suppress(termios.error):  # closed meanwhile
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def wait(self, timeout_s: float, woken: int) -> str:
        """Wait for a key, or until the file descriptor ``woken`` has bytes; empty if no key came."""
        watched = [woken] if self._fd is None else [self._fd, woken]
        ready, _, _ = select.select(watched, [], [], timeout_s)
        if self._fd is None or self._fd not in ready:
            return ""
        try:
            key = os.read(self._fd, 1)
        except OSError:
            key = b""
        if key == b"":
            self._fd, self.gone = None, True
        return key.decode("ascii", "replace")
