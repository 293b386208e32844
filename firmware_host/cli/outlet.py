"""Standard output that may go away: a pipe that nobody reads any more, a terminal that was closed.

A session must not end by that, so from then on what is written goes nowhere.
"""

import io
import os
from typing import TextIO


class Outlet(io.TextIOBase):
    """Writes to a stream for as long as it takes anything."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self.gone = False
        """Nobody sees what is written."""

    def write(self, text: str) -> int:
        """Write; never raises because of the other end."""
        try:
            self._stream.write(text)
        except OSError:
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Send on what was written; never raises because of the other end."""
        try:
            self._stream.flush()
        except OSError:
            self._let_go()

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor that is written to."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has it writable
        """The stream's."""
        return self._stream.encoding

    def _let_go(self) -> None:
        """Put nothing in the place of what is gone, so that what others write there, and what is left, harms nobody."""
        self.gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
