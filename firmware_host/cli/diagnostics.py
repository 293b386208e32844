"""``righting diagnostics``: a bundle for whoever helps."""

from pathlib import Path

from firmware_host.cli.sessions import complain
from firmware_host.diagnostics import write_bundle
from firmware_host.files.tables import load_table
from firmware_host.files.toml_source import FileError


def diagnostics_command(target: Path, table: Path | None, records: Path) -> int:
    """Write the bundle of diagnostics."""
    try:
        write_bundle(target, load_table(table), records)
    except (FileError, OSError) as error:
        return complain(error)
    print(f"{target}: versions, machine, table, limits and the last sessions; nobody's name or health is in it")
    return 0
