"""Taking black boxes up into the records: when the panel starts, and whenever a session ends."""

import asyncio
import logging
from itertools import chain, repeat
from pathlib import Path
from typing import Final

from firmware_host.panel.bridge import Bridge
from firmware_host.records import Records, RecordsError
from firmware_host.records.ingest import ingest

AGAIN_S: Final = (2.0, 5.0, 30.0)
"""A recording that is still being written is looked at again after so long, and the last of it for ever; so is
everything after a failure, such as a disk that was full."""


class TakingUp:
    """Goes on for as long as the panel runs; the files are read in a process of their own."""

    def __init__(self, records: Records, folder: Path) -> None:
        self._records, self._folder = records, folder
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Take up whenever it is wanted, until cancelled."""
        while True:
            for again_s in chain(AGAIN_S, repeat(AGAIN_S[-1])):
                self._wanted.clear()
                done = await asyncio.to_thread(self._take_up)
                try:
                    await asyncio.wait_for(self._wanted.wait(), None if done else again_s)
                    break
                except TimeoutError:
                    continue

    async def watch(self, bridge: Bridge) -> None:
        """Want it whenever a session ends, or the next one begins; ask for the setup of each session too."""
        count = 0
        seen: tuple[int | None, bool] = (None, False)
        while True:
            _, session, count = await bridge.after(count)
            state = bridge.state or {}
            now = (session, state.get("outcome") is not None)
            if now == seen:
                continue
            if session != seen[0]:
                await bridge.ask_setup()
            seen = now
            self._wanted.set()

    def _take_up(self) -> bool:
        """Take up what can be; tells whether nothing is left."""
        try:
            found = ingest(self._records, self._folder)
        except RecordsError as error:
            logging.getLogger(__name__).warning("black boxes were not taken up: %s", error)
            return False
        except Exception:  # no folder to be read, no process to be had: the next try may find both
            logging.getLogger(__name__).exception("black boxes were not taken up")
            return False
        for problem in found.problems:
            logging.getLogger(__name__).warning("a black box was not taken up: %s", problem)
        return not found.under_way
