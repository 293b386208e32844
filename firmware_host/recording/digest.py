"""What a list of sessions keeps of a black box: figures, events, and which file it was.

``python -m firmware_host.recording.digest`` is a process of its own for that: it reads paths, one JSON text a line, and
answers each with one line. Reading a long session costs seconds of work; here it holds up nobody, and a file that would
take all memory takes this process alone.
"""

import contextlib
import hashlib
import json
import os
import re
import resource
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from firmware_host.control.outcome import outcome_reason
from firmware_host.control.ticks import TickInput
from firmware_host.recording.blackbox_reader import BlackBoxReadError, Recording, stream
from firmware_host.recording.record_schema import RecordedOutput
from firmware_host.recording.session_summary import Summing
from firmware_host.recording.sketch import Sketch

MOST_EVENTS: Final = 20_000
"""Events that are kept of one session; a session of an hour has some hundreds."""
MOST_PROBLEMS: Final = 50
MEMORY_BYTES: Final = 1 << 30
"""What the process may take."""
NICENESS: Final = 10
_BLOCK: Final = 1 << 20
_NAME_TIME: Final = re.compile(r"(\d{8}T\d{6})Z")


@dataclass(frozen=True)
class DigestEvent:
    """Something that happened."""

    t_s: float
    """From the first tick."""
    kind: str
    text: str
    monitor: str | None


@dataclass(frozen=True)
class Digest:
    """A black box in short."""

    file_bytes: int
    file_changed_ns: int
    sha256: str
    reference: str | None
    """What the panel called this session; None for one that it did not begin."""
    program: str
    table_name: str | None
    started_at: str
    """ISO 8601."""
    duration_s: float
    inverted_s: float
    highest_deg: float | None
    highest_rate_dps: float | None
    outcome: str
    reason: str
    state: str
    simulated: bool | None
    """None: no board was reached."""
    link: str
    trips: list[str]
    curve: list[tuple[float, float]]
    """Time from the first tick in s, angle in deg."""
    problems: list[str]
    events: list[DigestEvent]


def digest(path: Path) -> Digest:
    """Read a black box. Raises ``BlackBoxReadError``; a damaged one is read as far as it is sound."""
    try:
        stat = path.stat()
        sha256 = _sha256(path)
    except OSError as error:
        raise BlackBoxReadError(f"{path}: {error.strerror}; see who may read it") from error
    sums, sketch = Summing(), Sketch()

    def take(one: TickInput, output: RecordedOutput) -> None:
        sums.tick(one, output)
        sketch.tick(one)

    recording = stream(path, take)
    told = sums.summary(recording.metadata, recording.events, recording.health, recording.problems)
    problems = list(told.problems)
    if len(recording.events) > MOST_EVENTS:
        problems.append(f"of {len(recording.events)} events the first {MOST_EVENTS} are listed; all are in the file")
    return Digest(
        file_bytes=stat.st_size,
        file_changed_ns=stat.st_mtime_ns,
        sha256=sha256,
        reference=recording.metadata.get("reference") or None,
        program=told.program,
        table_name=_table_name(recording.metadata),
        started_at=_started_at(recording.metadata, path, stat).isoformat(),
        duration_s=told.duration_s,
        inverted_s=told.inverted_s,
        highest_deg=told.max_angle_deg,
        highest_rate_dps=told.max_rate_dps,
        outcome=told.outcome,
        reason=_reason(told.outcome, recording),
        state=told.state,
        simulated=all(board.simulated for board in recording.boards) if recording.boards else None,
        link=told.link,
        trips=list(told.trips),
        curve=sketch.points(),
        problems=problems[:MOST_PROBLEMS],
        events=_events(recording, sums.first_s),
    )


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def _events(recording: Recording, first_s: float | None) -> list[DigestEvent]:
    zero_s = first_s or 0.0
    return [
        DigestEvent(one.t_s - zero_s, one.kind, one.text, None if one.trip is None else one.trip.monitor)
        for one in recording.events[:MOST_EVENTS]
    ]


def _reason(outcome: str, recording: Recording) -> str:
    """Say why a session ended as it did, in the words of the controller."""
    monitors = [event.trip.monitor for event in recording.events if event.trip is not None]
    asked = any(event.kind == "operator" and event.text in ("stop", "return upright") for event in recording.events)
    return outcome_reason(outcome, monitors, asked=asked)


def _table_name(metadata: dict[str, str]) -> str | None:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        name = json.loads(metadata["table"])["data"]["table"]["name"]
        return name if isinstance(name, str) else None
    return None


def _started_at(metadata: dict[str, str], path: Path, stat: os.stat_result) -> datetime:
    """Give when it began: as the file says, else as its name says, else when it was written last."""
    with contextlib.suppress(KeyError, ValueError):
        begun = datetime.fromisoformat(metadata["begun"])
        return begun.replace(tzinfo=UTC) if begun.tzinfo is None else begun.astimezone(UTC)
    if named := _NAME_TIME.search(path.name):
        with contextlib.suppress(ValueError):
            return datetime.strptime(named[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return datetime.fromtimestamp(stat.st_mtime, tz=UTC)


def answer(line: str) -> dict[str, Any]:
    """Give the digest of the file that a line names, or what is wrong with it; whatever that is, nothing is raised."""
    try:
        return {"digest": asdict(digest(Path(json.loads(line))))}
    except BlackBoxReadError as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": "it would take more memory than a session can need; look at it with: righting report"}
    except Exception as error:  # a file that nobody foresaw must not keep the other files from being taken up
        return {"problem": f"it cannot be read ({type(error).__name__}: {error}); please report this with the file"}


def serve(lines: IO[str], answers: IO[str]) -> None:
    """Answer each line."""
    for line in lines:
        answers.write(json.dumps(answer(line)) + "\n")
        answers.flush()


def main() -> None:
    """Be the process: it gives way to all others, and takes no more memory than it may."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
