"""What the panel's process is told by the command that starts it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from firmware_host.panel.access.network import Network

DATABASE_VARIABLE: Final = "RIGHTING_DATABASE"
"""Carries the database's URL between our processes: it may hold a password, and arguments can be read by everybody."""

MEMORY: Final = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576"}
"""Lets the C library give back what a hash or a picture took, where it would keep it for the next one."""


class PanelOptions(NamedTuple):
    """Where the panel listens, and what it works on."""

    network: Network = Network()
    database: str | None = None
    """URL; None is a SQLite file in the folder of records."""
    records: Path = Path("records")
    table: Path | None = None
    """Table file of the sessions; None is the built-in table."""

    def arguments(self) -> list[str]:
        """Give the options of the panel's process."""
        table = [] if self.table is None else ["--table", str(self.table)]
        return [*self.network.arguments(), "--records", str(self.records), *table]

    def environment(self, around: Mapping[str, str]) -> dict[str, str]:
        """Give the environment of the panel's process."""
        return {**MEMORY, **around, **({} if self.database is None else {DATABASE_VARIABLE: self.database})}
