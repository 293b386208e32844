"""Standard output that may go away, or take nothing for a while: a pipe that nobody reads, a terminal that is held.

A session must neither end nor wait because of that. A thread of its own passes on what is written; what it does not get
rid of is left out, and from the moment when the other end is gone whatever is written goes nowhere.
"""

import io
import os
import threading
from contextlib import suppress
from queue import Full, Queue
from typing import Final, TextIO

MOST_WAITING: Final = 500
"""Writes that wait for an end that takes nothing: some minutes of a session."""
LAST_WORDS_S: Final = 1.0
"""For so long what was written last is waited for."""


class Outlet(io.TextIOBase):
    """Writes to a stream for as long as it takes anything."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        stream.flush()  # nothing is written past this one from here on
        self._stream = stream
        self._waiting: Queue[bytes] = Queue(MOST_WAITING)
        self.gone = False
        """Nobody sees what is written."""
        threading.Thread(target=self._pass_on, name="outlet", daemon=True).start()

    def write(self, text: str) -> int:
        """Write; never raises and never waits because of the other end."""
        with suppress(Full):
            self._waiting.put_nowait(text.encode(self.encoding, errors="replace"))
        return len(text)

    def settle(self) -> None:
        """Wait until what was written has gone its way, but not for an end that takes nothing."""
        waiting = self._waiting
        with waiting.all_tasks_done:
            waiting.all_tasks_done.wait_for(lambda: not waiting.unfinished_tasks, LAST_WORDS_S)

    def _pass_on(self) -> None:
        while True:
            data = self._waiting.get()
            try:
                while data:
                    data = data[os.write(self.fileno(), data) :]
            except OSError:
                self._let_go()
            finally:
                self._waiting.task_done()

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
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
