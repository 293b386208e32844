"""``righting check``: files are looked at, and programs held against rider and table, before anything moves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware_host.cli.physics import parameters
from firmware_host.cli.sessions import complain
from firmware_host.day import now
from firmware_host.files.kinds import kind_of
from firmware_host.files.programs import make_program
from firmware_host.files.riders import Rider, load_rider, make_rider
from firmware_host.files.tables import Table, load_table, make_table
from firmware_host.files.toml_source import FileError, TomlSource, read_toml
from firmware_host.files.validation import examine


def check_command(files: list[Path], rider: Path | None, table: Path | None) -> int:
    """Check every file, and programs against rider and table; exit code 0 only if nothing is refused."""
    refused = False
    try:
        for_rider, for_table = load_rider(rider), load_table(table)
    except FileError as error:
        return complain(error)
    for file in files:
        try:
            told = _check(read_toml(file), for_rider, for_table)
        except FileError as error:
            refused = True
            complain(error)
        else:
            print(f"{file}: {told}")
    return complain(ValueError("nothing may move with what is refused above")) if refused else 0


def _check(source: TomlSource, rider: Rider, table: Table) -> str:
    """Give a line about a file that is right. Raises ``FileError`` with all that is not."""
    checks: dict[str | None, Callable[[TomlSource], Any]] = {"table": _check_table, "rider": make_rider}
    kind = kind_of(source)
    if kind in checks:
        checks[kind](source)
        return f"{kind} is right"
    found = examine(table, rider, make_program(source), now())
    if found.refusals:
        raise FileError(list(found.refusals))
    plan = found.plan
    advice = "".join(f"\n  advice: {one}" for one in found.advice)
    return (
        f"program is right for rider {rider.file.rider.name} on {table.file.table.name}: {plan.total_s:.0f} s with its "
        f"return, {plan.inverted_s:.0f} s inverted, highest {plan.max_deg:g} deg{advice}"
    )


def _check_table(source: TomlSource) -> None:
    table = make_table(source)
    parameters(table)
