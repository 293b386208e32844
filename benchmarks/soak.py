"""A day of sessions in lock-step through real bytes: no lost frame, memory as it is, the clocks' drift found."""

from typing import Final

from benchmarks.figure import Comparison, Figure
from benchmarks.sessions import EXAMPLES
from firmware_host.cli.hil.soak import soak
from firmware_host.cli.hil.stand import Stand
from firmware_host.cli.hil.targets import CLOCK_PPM, SIMULATED_LOAD, open_lockstep
from firmware_host.files.tables import load_table

DAY_S: Final = 24 * 3600.0
SHORT_S: Final = 600.0
TABLES: Final = ("table", "table-roboclaw")
"""The table board, and one drive that answers when asked; the suite soaks the others: --righting-soak 24h."""
GROWTH_PERCENT: Final = 2.0
FOUND_PPM: Final = 2.0


def measure(short: bool) -> list[Figure]:
    """Soak both for 24 simulated hours (short: ten minutes)."""
    return [figure for table in TABLES for figure in _soaked(table, SHORT_S if short else DAY_S)]


def _soaked(name: str, seconds: float) -> list[Figure]:
    table = load_table(EXAMPLES / f"{name}.toml")
    stand = Stand(open_lockstep(table, table.limits.inverted_limit_deg, seconds), SIMULATED_LOAD)
    stand.connect()
    found = soak(stand, seconds)
    hours = found.seconds / 3600.0
    note = f"{found.sessions} sessions, {found.frames} frames, {hours:.1f} simulated hours"
    figures = [Figure(f"{name}: soak, frames lost or damaged", found.lost, "", 0.0, note=note)]
    if found.growth is not None:
        told = f"of {found.resident_mb:.0f} MB"
        figures.append(Figure(f"{name}: soak, memory grown", 100.0 * found.growth, "%", GROWTH_PERCENT, note=told))
    if name == TABLES[0]:
        off_ppm = abs(found.drift_ppm + CLOCK_PPM)
        told = f"found {found.drift_ppm:.1f} ppm; the table's clock is {CLOCK_PPM:g} ppm slower than the host's"
        figures.append(Figure("clock drift, found beside true", off_ppm, "ppm", FOUND_PPM, Comparison.AT_MOST, told))
    return figures
