"""The history with many sessions in it: how long a person waits for a page."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select

from benchmarks.figure import Figure
from firmware_host.records import ANYBODY, Records, Transaction, alarm_log, audit, default_url, open_records, riders
from firmware_host.records import sessions as history
from firmware_host.records.database import analyse
from firmware_host.records.sessions import Filter
from firmware_host.records.tables import comfort, event, session

SESSIONS: Final = 100_000
RIDERS: Final = 40
PAGE_MS: Final = 300.0
_BATCH: Final = 5_000
_START: Final = datetime(2020, 1, 1, tzinfo=UTC)
_OUTCOMES: Final = ("completed",) * 17 + ("returned", "stopped", "emergency_returned")
_DOCUMENT: Final = {"sex": "female", "mass_kg": 70.0, "height_m": 1.7, "experience": "regular"}


def measure(short: bool) -> list[Figure]:
    """Ask for pages as the panel does: the first, one in the middle, one rider's, one outcome's, the log of alarms."""
    with tempfile.TemporaryDirectory() as folder, open_records(default_url(Path(folder))) as records:
        fill(records, SESSIONS, random.Random(4))
        middle = history.tell_place(_START + timedelta(hours=SESSIONS // 2), 0)
        asked: tuple[tuple[str, Callable[[Transaction], Any]], ...] = (
            ("first page", lambda one: history.page(one)),
            ("page in the middle", lambda one: history.page(one, before=middle)),
            ("a rider's page", lambda one: history.page(one, Filter(rider_id=7))),
            ("an outcome's page", lambda one: history.page(one, Filter(outcome="stopped"))),
            ("a rider's trends", lambda one: history.trends(one, 7)),
            ("log of alarms", lambda one: alarm_log.page(one)),
        )
        figures = [_figure(records, name, ask, 5 if short else 50) for name, ask in asked]
        return [*figures, _verifying(records)]


def fill(records: Records, sessions: int, draw: random.Random) -> None:
    """Put many sessions into empty records: an hour apart, of forty riders, with events and comfort notes."""
    with records.begin() as transaction:
        names = ({"rider": {"name": f"Rider {number}", **_DOCUMENT}} for number in range(RIDERS))
        whose = [riders.add(transaction, ANYBODY, one).id for one in names]
    for start in range(0, sessions, _BATCH):
        rows = [_row(number, draw, whose) for number in range(start, min(start + _BATCH, sessions))]
        with records.begin() as transaction:
            connection = transaction.connection
            connection.execute(insert(session), rows)
            begun = rows[0]["started_at"]
            made = connection.execute(select(session.c.id, session.c.started_at).where(session.c.started_at >= begun))
            found = [(row.id, row.started_at) for row in made]
            connection.execute(insert(event), [one for number, at in found for one in _events(number, at)])
            notes = [
                {"session_id": number, "before": 4, "after": 7, "note": "", "changed_at": at} for number, at in found
            ]
            connection.execute(insert(comfort), notes)
    analyse(records)


def _row(number: int, draw: random.Random, whose: list[int]) -> dict[str, Any]:
    outcome = draw.choice(_OUTCOMES)
    return {
        "file": f"{number}.mcap", "file_bytes": 1_300_000, "file_changed_ns": number, "sha256": f"{number:064x}",
        "rider_id": draw.choice(whose), "program": "Intermittent 40", "table_name": "Attic",
        "started_at": _START + timedelta(hours=number), "duration_s": 250.0, "inverted_s": 60.0, "highest_deg": 40.0,
        "highest_rate_dps": 3.0, "outcome": outcome, "reason": "program finished", "state": "finished",
        "simulated": False, "link": "25000 frames, round trip 10.0 ms",
        "trips": [] if outcome == "completed" else ["RETURN by following: 2.4 deg/s"], "problems": [],
        "taken_up_at": _START,
    }  # fmt: skip


def _events(number: int, at: datetime) -> list[dict[str, Any]]:
    kinds = ("state", "program", "alarm", "operator", "program")
    told = {"session_id": number, "at": at, "text": "something happened", "monitor": None}
    return [{**told, "t_s": float(place), "kind": kind, "alarm": kind == "alarm"} for place, kind in enumerate(kinds)]


def _figure(records: Records, name: str, ask: Callable[[Transaction], Any], times: int) -> Figure:
    taken_ms = []
    for _ in range(times):
        start_s = time.perf_counter()
        with records.read() as transaction:
            ask(transaction)
        taken_ms.append((time.perf_counter() - start_s) * 1e3)
    note = f"{SESSIONS:,} sessions; slowest of {times}, median {statistics.median(taken_ms):.1f} ms"
    return Figure(f"history: {name}", max(taken_ms), "ms", PAGE_MS, note=note)


def _verifying(records: Records) -> Figure:
    entries = 10_000
    with records.begin() as transaction:
        for number in range(entries):
            audit.append(transaction, ANYBODY, "tried", None, {"number": number})
    start_s = time.perf_counter()
    with records.read() as transaction:
        audit.verify(transaction)
    return Figure("audit log: verify", (time.perf_counter() - start_s) * 1e3, "ms", note=f"{entries:,} entries")
