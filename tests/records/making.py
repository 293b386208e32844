"""What tests put into records: people, riders, black boxes, and something in every table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from firmware_host.recording.blackbox import BlackBox
from firmware_host.records import ANYBODY, Records, audit, people, plans, programs, riders, sessions, settings, tokens
from firmware_host.records.ingest import ingest
from safety.signals import BoardConfig, CommandMode, Recovery, Response, SafeCommand, Telemetry, Trip

BEGUN: Final = "2026-11-23T15:12:00+00:00"
SECRET_HASH: Final = "$argon2id$v=19$m=65536$do-not-show-me"
LONG_AGO_S: Final = 4e9
"""A wall clock at which no file of a test is young."""


def document(name: str = "Ada", **parts: Any) -> dict[str, Any]:
    """A rider's document."""
    section = {"name": name, "sex": "female", "mass_kg": 72.5, "height_m": 1.75, "experience": "beginner"}
    return {"rider": section, **parts}


def plan_text(name: str = "Intermittent 40") -> str:
    """The plan of a session, as a black box has it."""
    return json.dumps(
        {
            "name": name, "step_count": 0, "segments": [], "starts_s": [], "program_s": 0.0, "return_s": 0.0,
            "inverted_s": 0.0, "max_deg": 40.0,
        }
    )  # fmt: skip


def metadata(reference: str | None = None, begun: str = BEGUN) -> dict[str, str]:
    """What a black box says of its session."""
    told = {"plan": plan_text(), "begun": begun, "seed": "1"}
    told["table"] = json.dumps({"path": "attic.toml", "data": {"table": {"name": "Attic"}}})
    return told if reference is None else {**told, "reference": reference}


def trip(t_s: float, monitor: str = "following") -> Event:
    """A monitor's trip."""
    told = Trip(monitor, Response.RETURN, Recovery.AUTOMATIC, t_s, t_s, "2.4 deg/s", 1.0, None)
    return Event(t_s, "trip", f"RETURN by {monitor}: 2.4 deg/s", told)


def record(
    folder: Path,
    name: str = "session",
    told: dict[str, str] | None = None,
    ticks: int = 400,
    events: tuple[Event, ...] = (),
    serial: int = 1,
    before_end: Callable[[BlackBox], None] = lambda _box: None,
) -> Path:
    """Record a session of ten ticks a second: up to 20 degrees and back, finished in the last tick."""
    config = BoardConfig(7, serial, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
    with BlackBox(folder, name, metadata() if told is None else told, 0, lossless=True) as box:
        for number in range(ticks):
            box.record(*_tick(number, ticks, config))
            if number % 50 == 49:
                box.health({"frames": float(number)}, 100.0 + number * 0.1)
        for event in (*events, Event(100.0 + ticks * 0.1, "program", "program finished")):
            box.event(event)
        before_end(box)
    return box.path


def _tick(number: int, ticks: int, config: BoardConfig) -> tuple[TickInput, TickOutput]:
    angle = -20.0 + 40.0 * min(number, ticks - number) / (ticks / 2)
    frame = Telemetry(7, number, 0, None, None, angle, angle, 2.0, 1.5, 24.0, None, None, 0, 0, 0, 0, 0)
    pressed = OperatorRequest(start=True) if number == 3 else NO_REQUEST
    state = "finished" if number == ticks - 1 else "session_moving"
    command = SafeCommand(CommandMode.MOVE, 2.0, 2.0, 1.0)
    output = TickOutput(command, state, Response.NONE, 40.0, 0.5, 0, ())
    return TickInput(100.0 + number * 0.1, frame, config, 0.0, pressed), output


def fill(records: Records, folder: Path) -> None:
    """Put something into every table: two people, riders, programs, sessions with events and comfort, a bad file."""
    reference = "0b48e88d-8845-4ab4-a93b-36af8e85cf8c"
    with records.begin() as transaction:
        ada = people.add(transaction, ANYBODY, "Ada", "service", SECRET_HASH)
        people.add(transaction, ANYBODY, "Grüße 木", "rider")
        rider = riders.add(transaction, ANYBODY, document("Bo"))
        gone = riders.add(transaction, ANYBODY, document("Gone"))
        riders.erase(transaction, ANYBODY, gone.id)
        program = programs.add(transaction, ANYBODY, "Slow", 'name = "Slow"\n')
        programs.keep_built_in(transaction, {"demo": programs.BuiltIn("Demo", 'name = "Demo"\n')})
        tokens.add(transaction, ANYBODY, "Blinds", "operator", "ab" * 32)
        settings.put(transaction, ANYBODY, "units", {"angle": "deg"})
        plans.plan(transaction, ANYBODY, reference, rider.id, program.id)
        sessions.set_comfort_before(transaction, ANYBODY, reference, 7, "rested")
        people.note_login(transaction, ada.id, succeeded=True)
    record(folder, "one", metadata(reference), events=(trip(110.0), Event(111.0, "alarm", "medium priority: x")))
    (folder / "junk.mcap").write_bytes(b"this is no black box")
    ingest(records, folder, LONG_AGO_S)


def whole(records: Records) -> bool:
    """The audit log is whole."""
    with records.read() as transaction:
        return audit.verify(transaction).whole
