"""Before a session, its black box; after it, its summary and its picture."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from firmware_host.control.outcome import Outcome
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBox
from firmware_host.recording.blackbox_reader import BlackBoxReadError, read
from firmware_host.recording.session_record import describe

_NOTHING: Final[Mapping[str, str]] = {}
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9]+")


def open_blackbox(
    session: Session,
    folder: Path,
    seed: int,
    clock_s: float,
    beside: Mapping[str, str] = _NOTHING,
    *,
    lossless: bool = False,
) -> BlackBox:
    """Open a session's black box. Raises ``BlackBoxError``.

    Args:
        session: what is recorded.
        folder: where the file goes.
        seed: of the simulator's noise.
        clock_s: what the loop's clock reads now.
        beside: what its description holds beside the session; a replay asks for none of it.
        lossless: wait for a slow disk; for lock-step alone.
    """
    now = datetime.now(tz=UTC)
    slug = _NOT_A_NAME.sub("-", session.plan.name.lower()).strip("-") or "session"
    name = f"{now:%Y%m%dT%H%M%SZ}-{slug}"
    metadata = {**beside, **describe(session), "begun": now.isoformat(timespec="seconds"), "seed": str(seed)}
    epoch_ns = time.time_ns() - round(clock_s * 1e9)
    return BlackBox(folder, name, metadata, epoch_ns, lossless=lossless)


def tell_outcome(console: Console, outcome: Outcome) -> None:
    """Print how the session ended."""
    style = "green" if outcome.name == "completed" else "red"
    console.print(f"\n[bold {style}]{outcome.name}[/]: {outcome.reason}", highlight=False)


def tell_recording(console: Console, blackbox: BlackBox) -> None:
    """Print what was recorded, and draw its picture beside its black box."""
    from firmware_host.recording.report import PictureError, picture, summary

    if blackbox.problem is not None:
        console.print(f"[yellow]{blackbox.problem}[/]", highlight=False)
    if blackbox.dropped_ticks:
        console.print(f"[yellow]the disk was too slow for {blackbox.dropped_ticks} ticks[/]", highlight=False)
    console.print(f"black box: {blackbox.path}", highlight=False, soft_wrap=True)
    try:
        recording = read(blackbox.path)
        for name, value in summary(recording).lines():
            console.print(f"  {name:<18} {value}", highlight=False, soft_wrap=True)
        target = blackbox.path.with_suffix(".png")
        picture(recording, target)
        console.print(f"picture:   {target}", highlight=False, soft_wrap=True)
    except (BlackBoxReadError, PictureError, OSError) as error:
        console.print(f"[yellow]{error}[/]", highlight=False)
