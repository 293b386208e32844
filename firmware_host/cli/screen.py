"""``righting screen``: asks a rider the questions, and writes the answers into the rider's file."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import tomlkit
from rich.console import Console
from rich.prompt import Confirm, FloatPrompt, Prompt
from tomlkit.exceptions import TOMLKitError

from firmware_host.cli.rider_file import read_rider
from firmware_host.cli.sessions import REFUSED, complain
from firmware_host.day import now
from firmware_host.disk import replace_text
from firmware_host.files.riders import make_rider, screening_problems
from firmware_host.files.toml_source import FileError, parse_toml
from safety import screening_texts as texts

PAGES: Final = (
    ("These rule inversion out.", texts.REFUSED),
    ("These take a physician's written clearance.", texts.NEED_CLEARANCE),
)
EXPERIENCES: Final = ["beginner", "regular", "experienced"]
OWNER_ALONE: Final = 0o600
"""Who may read a file with health answers."""


class ScreeningBrokenOffError(RuntimeError):
    """The answers ended before the questions did; nothing was written."""


def screen_command(file: Path) -> int:
    """Ask, write, and say the result: exit code 0 only if nothing is against the rider."""
    console = Console(highlight=False)
    moment = now()
    day = moment.date()
    try:
        document = read_rider(file)[1] if file.exists() else None
        try:
            if document is None:
                document = _new_rider(console)
                make_rider(parse_toml(str(file), tomlkit.dumps(document)))  # before the questions, not after them
            answers = _ask(console, day)
        except (EOFError, KeyboardInterrupt):
            raise ScreeningBrokenOffError("broken off: nothing was written; begin again when it suits") from None
        if file.exists():
            document = read_rider(file)[1]  # anew: a session may have written into it while the questions were answered
        document["screening"] = answers
        text = tomlkit.dumps(document)
        rider = make_rider(parse_toml(str(file), text))
        replace_text(file, text, OWNER_ALONE)
    except (FileError, OSError, TOMLKitError, ScreeningBrokenOffError) as error:
        return complain(error)
    problems = screening_problems(rider, moment)
    console.print(f"\n{file}: answered on {day}.")
    for problem in problems:
        console.print(f"  not allowed to invert: {problem.text}", markup=False)
    if not problems:
        console.print("  nothing is against inversion. Righting is no medical device: when in doubt, ask a physician.")
    return REFUSED if problems else 0


def _new_rider(console: Console) -> tomlkit.TOMLDocument:
    console.print("[bold]The rider[/]")
    section = tomlkit.table()
    section["name"] = Prompt.ask("name", console=console)
    section["sex"] = Prompt.ask("sex", choices=["female", "male"], console=console)
    section["mass_kg"] = FloatPrompt.ask("mass in kg", console=console)
    section["height_m"] = FloatPrompt.ask("height in m", console=console)
    section["experience"] = Prompt.ask("experience", choices=EXPERIENCES, default="beginner", console=console)
    document = tomlkit.document()
    document["rider"] = section
    return document


def _ask(console: Console, day: date) -> Any:
    answers = tomlkit.table()
    for title, questions in PAGES:
        console.print(f"\n[bold]{title}[/]")
        for condition, question in questions.items():
            answers[condition] = Confirm.ask(question, console=console)
    console.print("\n[bold]Around it.[/]")
    section = tomlkit.table()
    section["answered"] = day
    section["consulted"] = Confirm.ask(texts.CONSULTED, console=console)
    section["supervised"] = Confirm.ask(texts.SUPERVISED, console=console)
    section["answers"] = answers
    return section
