"""Making the records ready: at once if that can be, else again and again, while the page shows the session alone."""

import asyncio
import logging
from itertools import chain, repeat
from typing import Final

from firmware_host.panel.library import keep_built_in
from firmware_host.records import AwaitedRecords, Records, RecordsError

AGAIN_S: Final = (2.0, 5.0)
"""Waits before the first tries, and the last of them before every further one."""
_LOG: Final = logging.getLogger(__name__)


class MakingReady:
    """Opens the records and brings the library of programs up to date."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._told = ""

    def attempt(self) -> bool:
        """Try once; tells whether all is ready. What is wrong is said on the console, once for each cause."""
        records = self._records
        try:
            if isinstance(records, AwaitedRecords) and not records.attempt():
                self._tell(
                    f"NO RECORDS: {records.problem}. The panel shows the session alone (state, alarms, STOP, RETURN "
                    "UPRIGHT); it tries again every few seconds"
                )
                return False
            keep_built_in(records)
        except RecordsError as error:
            self._tell(f"records cannot be written: {error}. It is tried again every few seconds")
            return False
        if self._told:
            _LOG.warning("the records can be used again")
        self._told = ""
        return True

    async def run(self) -> None:
        """Try until all is ready."""
        for again_s in chain(AGAIN_S, repeat(AGAIN_S[-1])):
            await asyncio.sleep(again_s)
            if await asyncio.to_thread(self.attempt):
                return

    def _tell(self, text: str) -> None:
        if text != self._told:
            _LOG.warning(text)
        self._told = text
