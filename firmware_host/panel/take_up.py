"""Taking black boxes up into the records: when the panel starts, and whenever a session ends."""

import asyncio
import logging
from pathlib import Path
from typing import Final

from firmware_host.panel.api.children import Children
from firmware_host.panel.api.problems import ApiError
from firmware_host.panel.api.work import work
from firmware_host.panel.bridge import Bridge

LONGEST_S: Final = 1800.0
"""The first time there may be years of recordings."""
AGAIN_S: Final = 10.0
"""After a failure: the disk may be full for a moment, or other work may go on."""


class TakingUp:
    """Goes on for as long as the panel runs, in processes of its own, one at a time."""

    def __init__(self, children: Children, folder: Path) -> None:
        self._children, self._folder = children, folder
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Take up whenever it is wanted, until cancelled."""
        self._wanted.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await asyncio.to_thread(self._take_up)
            except ApiError as error:
                logging.getLogger(__name__).warning("black boxes were not taken up: %s", error)
                await asyncio.sleep(AGAIN_S)
                self._wanted.set()

    async def watch(self, bridge: Bridge) -> None:
        """Want it whenever a session ends, or the next one begins; keeps the setup of each session too."""
        count, seen = 0, (None, False)
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

    def _take_up(self) -> None:
        work(self._children, "ingest", {"folder": str(self._folder)}, longest_s=LONGEST_S)


