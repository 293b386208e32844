"""Commands that read: replay, report, export, diagnostics, check, and the list of ports."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from firmware_host.blackbox_reader import BlackBoxReadError, read, recover
from firmware_host.cli.sessions import complain, write_json
from firmware_host.config import Rider, Table, kind_of, load_rider, load_table, make_rider, make_table
from firmware_host.csv_export import write_csv
from firmware_host.diagnostics import write_bundle
from firmware_host.explain import explain
from firmware_host.paper import PaperError, session_pdf
from firmware_host.programs import make_program
from firmware_host.replay import replay
from firmware_host.report import PictureError, picture, summary
from firmware_host.session_record import SessionRecordError, make_recorded_controller
from firmware_host.toml_source import FileError, TomlSource, read_toml
from firmware_host.validation import examine

FAILED: Final = 1


def replay_command(file: Path, json_target: str | None) -> int:
    """Replay a black box; exit code 0 only if every command was the same."""
    try:
        recording = read(file)
        result = replay(recording, make_recorded_controller(recording.metadata))
        difference = None if result.first_difference is None else result.first_difference._asdict()
        if json_target is not None:
            told = {"ticks": result.ticks, "identical": result.identical, "first_difference": difference}
            write_json(json_target, json.dumps(told, indent=2))
    except (BlackBoxReadError, SessionRecordError, OSError) as error:
        return complain(error)
    if json_target != "-":
        print(f"{result.ticks} ticks replayed: {'identical' if result.identical else f'different: {difference}'}")
        for problem in recording.problems:
            print(f"note: {problem}")
    return 0 if result.identical else FAILED


def report_command(file: Path, picture_file: Path | None, json_target: str | None, paper: Path | None = None) -> int:
    """Print a recording's summary, draw its picture, and write its report on ``paper``."""
    try:
        recording = read(file)
        told = summary(recording)
        if json_target is not None:
            write_json(json_target, json.dumps(told._asdict(), indent=2))
        if json_target != "-":
            for name, value in told.lines():
                print(f"{name:<18} {value}")
        target = picture_file or file.with_suffix(".png")
        picture(recording, target)
        if paper is not None:
            paper.write_bytes(session_pdf(recording))
    except (BlackBoxReadError, PaperError, PictureError, OSError) as error:
        return complain(error)
    if json_target != "-":
        print(f"{'picture':<18} {target}")
        if paper is not None:
            print(f"{'report':<18} {paper}")
    return 0


def export_command(file: Path, target: Path) -> int:
    """Write a recording as CSV."""
    try:
        write_csv(file, target)
    except (BlackBoxReadError, OSError) as error:
        return complain(error)
    print(f"{target}: all signals of {file}")
    return 0


def diagnostics_command(target: Path, table: Path | None, records: Path) -> int:
    """Write the bundle of diagnostics."""
    try:
        write_bundle(target, load_table(table), records)
    except (FileError, OSError) as error:
        return complain(error)
    print(f"{target}: versions, machine, table, limits and the last sessions; nobody's name or health is in it")
    return 0


def explain_command(file: Path, picture_file: Path | None, json_target: str | None) -> int:
    """Say in a few sentences what happened, and draw it."""
    try:
        recording = read(file)
        told = explain(recording)
        if json_target is not None:
            facts = {**told._asdict(), "trips": [trip._asdict() for trip in told.trips]}
            facts["phases"] = {phase.name: phase.after_s for phase in told.phases}
            write_json(json_target, json.dumps(facts, indent=2))
        if json_target != "-":
            print("\n".join(told.sentences))
        target = picture_file or file.with_name(f"{file.stem}-explained.png")
        picture(recording, target, told.window_s)
    except (BlackBoxReadError, PictureError, OSError) as error:
        return complain(error)
    if json_target != "-":
        print(f"picture: {target}")
    return 0


def recover_command(file: Path, target: Path) -> int:
    """Write what is sound in a damaged recording into a new file, and say what was wrong with the old one."""
    try:
        problems = recover(file, target)
    except (BlackBoxReadError, OSError) as error:
        return complain(error)
    print("\n".join(problems) or f"{file} is sound")
    print(f"{target} holds all that could be read")
    return 0


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
    checks: dict[str | None, Callable[[TomlSource], Any]] = {"table": make_table, "rider": make_rider}
    kind = kind_of(source)
    if kind in checks:
        checks[kind](source)
        return f"{kind} is right"
    found = examine(table, rider, make_program(source), datetime.now(tz=UTC).astimezone().date())
    if found.refusals:
        raise FileError(list(found.refusals))
    plan = found.plan
    advice = "".join(f"\n  advice: {one}" for one in found.advice)
    return (
        f"program is right for rider {rider.file.rider.name} on {table.file.table.name}: {plan.total_s:.0f} s with its "
        f"return, {plan.inverted_s:.0f} s inverted, highest {plan.max_deg:g} deg{advice}"
    )


def ports_command() -> int:
    """List serial ports."""
    from drivers.port import list_ports

    found = list_ports()
    for device, description in found:
        print(f"{device}  {description}")
    if not found:
        print("no serial port found; plug the table in, or try: righting run, with the simulated table")
    return 0
