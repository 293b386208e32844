"""Commands that read a recording: replay, report, export, explain, recover."""

import json
from pathlib import Path
from typing import Final

from firmware_host.cli.sessions import complain, write_json
from firmware_host.recording.blackbox_reader import BlackBoxReadError, read, recover
from firmware_host.recording.csv_export import write_csv
from firmware_host.recording.explain import explain
from firmware_host.recording.paper import PaperError, session_pdf
from firmware_host.recording.replay import replay
from firmware_host.recording.report import PictureError, picture, summary
from firmware_host.recording.session_record import SessionRecordError, make_recorded_controller

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


def explain_command(file: Path, picture_file: Path | None, json_target: str | None) -> int:
    """Say in a few sentences what happened, and draw it."""
    try:
        recording = read(file)
        told = explain(recording)
        if json_target is not None:
            write_json(json_target, json.dumps(told.facts(), indent=2))
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
