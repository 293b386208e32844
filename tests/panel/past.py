"""A folder of records with a past: recordings of riders, as the panel would have left them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.control.ticks import TickOutput
from firmware_host.recording.blackbox import BlackBox
from firmware_host.recording.blackbox_reader import Recording, read
from firmware_host.records import COMMAND_LINE, default_url, open_records, plans, riders
from firmware_host.records.ingest import ingest
from firmware_host.records.sessions import set_comfort
from tests.end_to_end.commands import EXAMPLES, REGULAR, bench

BEGINNER: Final = EXAMPLES / "riders" / "beginner.toml"
DOCUMENT: Final[dict[str, Any]] = {
    "rider": {"name": "Ada", "sex": "female", "mass_kg": 68.0, "height_m": 1.7, "experience": "regular"}
}


class Past(NamedTuple):
    """What a test may ask for."""

    rider_id: int
    sessions: tuple[int, ...]
    """The oldest first."""


class Kind(NamedTuple):
    """A sort of session."""

    program: str
    rider: Path = REGULAR
    faults: tuple[str, ...] = ()


SMOOTH: Final = Kind("intermittent-40")
TRIPPED: Final = Kind("intermittent-40", faults=("encoder-dead@40",))
GENTLE: Final = Kind("first-time", BEGINNER)


def make_past(folder: Path, kinds: Sequence[Kind] = (SMOOTH, TRIPPED, SMOOTH)) -> Past:
    """Make recordings, a day apart, all but the last of one rider, and take them up into the database of the folder.

    Each kind of session is simulated once and told anew with another day and reference.
    """
    made = {kind: _simulated(folder.parent / f"made-{place}", kind) for place, kind in enumerate(dict.fromkeys(kinds))}
    with open_records(default_url(folder)) as records:
        with records.begin() as transaction:
            rider_id = riders.add(transaction, COMMAND_LINE, DOCUMENT).id
            for place in range(len(kinds) - 1):
                plans.plan(transaction, COMMAND_LINE, f"reference-{place}", rider_id)
        begun = datetime.now(tz=UTC) - timedelta(days=len(kinds))
        for place, kind in enumerate(kinds):
            day = begun + timedelta(days=place)
            _tell_again(made[kind], folder, day, f"reference-{place}" if place < len(kinds) - 1 else None)
        taken = ingest(records, folder)
        assert not taken.problems
        with records.begin() as transaction:
            for place, session in enumerate(taken.sessions[:-1]):
                set_comfort(transaction, COMMAND_LINE, session, 4 + place % 3, 6 + place % 4)
    return Past(rider_id, taken.sessions)


def _simulated(folder: Path, kind: Kind) -> Recording:
    bench(folder, *kind.faults, program=EXAMPLES / "programs" / f"{kind.program}.toml", rider=kind.rider)
    return read(next(folder.glob("*.mcap")))


def _tell_again(recording: Recording, folder: Path, begun: datetime, reference: str | None) -> None:
    """Write a recording as if it had been made at another time."""
    told = {"begun": begun.isoformat(timespec="seconds")} | ({} if reference is None else {"reference": reference})
    name = f"{begun:%Y%m%dT%H%M%SZ}-{json.loads(recording.metadata['plan'])['name'].lower().replace(' ', '-')}"
    with BlackBox(folder, name, {**recording.metadata, **told}, 0, lossless=True) as box:
        for tick_input, output in zip(recording.inputs, recording.outputs, strict=True):
            box.record(tick_input, TickOutput(*output, ()))  # type: ignore[arg-type]  # a recorded command
        for event in recording.events:
            box.event(event)
