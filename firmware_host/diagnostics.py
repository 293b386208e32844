"""A bundle to send to whoever helps: versions, the machine, the table's file, limits, and how the last sessions went.

It names nobody and says nothing of anybody's health: of the files of riders and programs nothing is in it, nor is any
text that people wrote freely, such as names, comments and labels. Passwords stay out of addresses.
"""

import json
import os
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import IO, Any, Final

import tomlkit

from firmware_host.files.table_change import table_limits
from firmware_host.files.tables import Table
from firmware_host.recording.blackbox_reader import BlackBoxReadError, Recording, read
from firmware_host.recording.report import summary

NEWEST: Final = 10
"""Recordings that are summed up."""
TOLD_EVENTS: Final = ("trip", "alarm", "inhibit", "clear", "state", "link", "loop", "warning")
"""Kinds whose texts the program writes itself; those of a program carry its author's labels."""
OF_HEALTH: Final = "screening"
"""The monitor whose events tell that a rider's answers keep the rider from inversion."""
MOST_EVENTS: Final = 200
README: Final = """Diagnostics of Righting, for whoever helps.

versions.json   Righting, Python and its packages, the operating system
machine.json    processor, memory of the disk, serial ports
table.toml      the table file without comments, its name and passwords
limits.json     every limit: the machine's value, the table's, and where that comes from
sessions/       the newest recordings in figures: outcome, trips, alarms, link counters
live.json       what the caller knew of the running session, if there was one

Nobody's name, health or program is in here. The recordings themselves are not: send one beside this if you are asked.
"""
_USER_IN_URL: Final = re.compile(r"(?<=://)[^/@]*@")
_BEGUN: Final = re.compile(r"\d{8}T\d{6}Z(-\d+)?")


def write_bundle(
    target: Path | IO[bytes], table: Table, records: Path | None = None, live: Mapping[str, Any] | None = None
) -> None:
    """Write the bundle as a zip. Raises ``OSError``.

    Args:
        target: a file, or anything with ``write``.
        table: the table in use.
        records: folder of the black boxes; None leaves them out.
        live: facts of the running session that JSON can carry, such as link statistics; the caller answers for what is
            in it.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", README)
        _write(bundle, "versions.json", _versions())
        _write(bundle, "machine.json", _machine(records))
        bundle.writestr("table.toml", _table_text(table))
        _write(bundle, "limits.json", _limits(table))
        if live is not None:
            _write(bundle, "live.json", live)
        for number, file in enumerate(_newest(records), start=1):
            begun = _BEGUN.match(file.name)
            name = f"sessions/{number:02d}-{begun[0] if begun else 'recording'}.json"
            _write(bundle, name, _session(file))


def _write(bundle: zipfile.ZipFile, name: str, facts: Any) -> None:
    bundle.writestr(name, json.dumps(facts, indent=2, default=str) + "\n")


def _versions() -> dict[str, Any]:
    packages = {found.metadata["Name"]: found.version for found in distributions()}
    return {
        "righting": packages.get("righting", "not installed: run from a checkout"),
        "written": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "python": sys.version,
        "system": platform.platform(),
        "packages": dict(sorted(packages.items())),
    }


def _machine(records: Path | None) -> dict[str, Any]:
    from drivers.port import list_ports

    told: dict[str, Any] = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": list(os.getloadavg()),
        "serial_ports": [{"device": device, "description": description} for device, description in list_ports()],
    }
    if records is not None and records.is_dir():
        usage = shutil.disk_usage(records)
        told["records"] = {"files": len(list(records.glob("*.mcap"))), "free_bytes": usage.free, "bytes": usage.total}
    return told


def _table_text(table: Table) -> str:
    """Give the file's values without comments and without the names that people gave."""
    data = {**table.source.data}
    data["table"] = {
        name: _USER_IN_URL.sub("", value) if isinstance(value, str) else value
        for name, value in data.get("table", {}).items()
        if name != "name"
    }
    return tomlkit.dumps(data)


def _limits(table: Table) -> list[dict[str, Any]]:
    """Give the limits; an origin holds the table's name, so only whether it is the table's is told."""
    rows = table_limits(table)
    for row in rows:
        row["origin"] = "table file" if row["table"] != row["machine"] else "machine"
    return rows


def _newest(records: Path | None) -> list[Path]:
    if records is None:
        return []
    return sorted(records.glob("*.mcap"), key=lambda file: file.name, reverse=True)[:NEWEST]


def _session(file: Path) -> dict[str, Any]:
    """Sum a recording up without its program's name and without labels."""
    try:
        recording = read(file)
    except BlackBoxReadError as error:
        return {"problem": str(error).replace(str(file), "the recording")}
    told = summary(recording)._asdict()
    del told["program"]
    return {
        **told,
        "version": recording.metadata.get("version", "unknown"),
        "boards": _boards(recording),
        "missing_ticks": recording.missing_ticks,
        "link_counters": recording.health[-1] if recording.health else None,
        "events": _events(recording),
    }


def _boards(recording: Recording) -> list[dict[str, Any]]:
    configs = (one.config for one in recording.inputs if one.config is not None)
    return [{**board._asdict(), "simulated": board.simulated} for board in dict.fromkeys(configs)]


def _events(recording: Recording) -> list[dict[str, Any]]:
    start_s = recording.inputs[0].now_s if recording.inputs else 0.0
    told = [event for event in recording.events if event.kind in TOLD_EVENTS and OF_HEALTH not in event.text]
    return [
        {"t_s": round(event.t_s - start_s, 3), "kind": event.kind, "text": event.text} for event in told[-MOST_EVENTS:]
    ]
