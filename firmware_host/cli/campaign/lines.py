"""A case as files, and the one line that runs it again."""

import shlex
from pathlib import Path

import tomlkit

from firmware_host.cli.campaign.cases import Case


def write_case(case: Case, folder: Path) -> str:
    """Write a case's three files; gives the ``righting bench`` line that reproduces it. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, data in (("table", case.table), ("rider", case.rider), ("program", case.program)):
        (folder / f"{kind}.toml").write_text(tomlkit.dumps(data), encoding="utf-8")
    words = ["righting", "bench", str(folder / "program.toml")]
    words += ["--rider", str(folder / "rider.toml"), "--table", str(folder / "table.toml"), "--seed", str(case.seed)]
    for fault in case.faults:
        words += ["--fault", str(fault)]
    return shlex.join([*words, "--json", "-"])
