"""The history: pages without a hole or a double, comfort notes, trends, and the log of alarms."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text

from firmware_host.control.ticks import Event
from firmware_host.records import (
    ANYBODY,
    NotThereError,
    Records,
    RecordsError,
    alarm_log,
    plans,
    riders,
    sessions,
)
from firmware_host.records.ingest import ingest
from firmware_host.records.sessions import Filter
from firmware_host.records.tables import event, session
from safety.ridden import DAY_INVERTED_S, Ridden, left_of_day_s
from tests.records.making import LONG_AGO_S, document, metadata, record, trip

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int, minute: int, **other: Any) -> dict[str, Any]:
    """A session's row."""
    plain = {
        "file": f"{number}.mcap", "file_bytes": 1, "file_changed_ns": 1, "sha256": f"{number}", "program": "Slow",
        "started_at": START + timedelta(minutes=minute), "duration_s": 60.0, "inverted_s": 0.0, "reason": "",
        "outcome": "completed", "state": "finished", "simulated": True, "link": "", "trips": [], "problems": [],
        "taken_up_at": START, "rider_id": None,
    }  # fmt: skip
    return {**plain, **other}


def walk(records: Records, which: Filter, limit: int) -> list[int]:
    """Every page, one after the other."""
    found: list[int] = []
    place: str | None = None
    with records.read() as transaction:
        while True:
            page = sessions.page(transaction, which, limit, place)
            assert len(page.sessions) <= limit
            found += [one.id for one in page.sessions]
            place = page.next
            if place is None:
                assert page.total == len(found)
                return found


def test_an_empty_history_has_one_empty_page(records: Records) -> None:
    with records.read() as transaction:
        assert sessions.page(transaction) == sessions.Page((), None, 0)
        assert alarm_log.page(transaction) == alarm_log.AlarmPage((), None)


@given(
    minutes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=25),
    limit=st.integers(1, 9),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_pages_show_every_session_once_and_the_newest_first(
    kept: Records, minutes: list[tuple[int, int, bool]], limit: int
) -> None:
    with kept.begin() as transaction:
        connection = transaction.connection
        connection.execute(delete(session))
        ids = [riders.add(transaction, ANYBODY, document(f"R{number}")).id for number in range(2)]
        whose = [None, *ids]
        rows = [
            row(number, minute, rider_id=whose[rider], outcome="completed" if good else "returned")
            for number, (minute, rider, good) in enumerate(minutes)
        ]
        made = [
            (
                one["started_at"],
                connection.execute(insert(session).values(**one).returning(session.c.id)).scalar_one(),
                one,
            )
            for one in rows
        ]
    newest = sorted(made, key=lambda one: one[:2], reverse=True)
    assert walk(kept, Filter(), limit) == [number for _, number, _ in newest]
    for rider in ids:
        assert walk(kept, Filter(rider_id=rider), limit) == [
            number for _, number, one in newest if one["rider_id"] == rider
        ]
    assert walk(kept, Filter(ids[0], "returned"), limit) == [
        number for _, number, one in newest if (one["rider_id"], one["outcome"]) == (ids[0], "returned")
    ]


def test_a_session_that_comes_meanwhile_moves_no_page(records: Records) -> None:
    with records.begin() as transaction:
        transaction.connection.execute(insert(session), [row(number, number) for number in range(6)])
    with records.read() as transaction:
        first = sessions.page(transaction, limit=3)
    with records.begin() as transaction:
        transaction.connection.execute(insert(session), [row(99, 99)])
    with records.read() as transaction:
        second = sessions.page(transaction, limit=3, before=first.next)
    assert [one.file for one in (*first.sessions, *second.sessions)] == [
        f"{number}.mcap" for number in range(5, -1, -1)
    ]
    assert (second.next, second.total) == (None, 7)


@pytest.mark.parametrize("place", ["", "x", "1-", "-1", "1-2-3", "9" * 40 + "-1", "1-" + "9" * 40])
def test_a_place_that_no_page_gave_is_refused(kept: Records, place: str) -> None:
    with kept.read() as transaction, pytest.raises(RecordsError, match="is no place in the history"):
        sessions.page(transaction, before=place)


@pytest.mark.parametrize(
    "which", [Filter(), Filter(rider_id=1), Filter(outcome="returned")], ids=["all", "rider", "outcome"]
)
def test_a_page_is_found_by_an_index_and_sorts_nothing(kept: Records, which: Filter) -> None:
    with kept.read() as transaction:
        query = sessions.page_query(which, 50, None).compile(
            dialect=transaction.connection.dialect, compile_kwargs={"literal_binds": True}
        )
        steps = transaction.connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    told = "; ".join(step.detail for step in steps)
    assert "TEMP B-TREE" not in told, told
    assert "USING INDEX ix_session" in told, told


# --- comfort, trends, alarms: over sessions of real black boxes


def taken(records: Records, folder: Path) -> tuple[int, list[int]]:
    """A rider with two sessions, planned before, and one of nobody."""
    with records.begin() as transaction:
        rider = riders.add(transaction, ANYBODY, document())
        for reference in ("a", "b"):
            plans.plan(transaction, ANYBODY, reference, rider.id)
        sessions.set_comfort_before(transaction, ANYBODY, "b", 4, "tired")
    record(folder, "1", metadata("a", "2026-11-21T10:00:00+00:00"), events=(trip(105.0),))
    record(folder, "2", metadata("b", "2026-11-22T10:00:00+00:00"), events=(Event(104.0, "alarm", "low priority: x"),))
    record(folder, "3", metadata(None, "2026-11-23T10:00:00+00:00"))
    return rider.id, list(ingest(records, folder, LONG_AGO_S).sessions)


def test_comfort_is_noted_before_and_after(records: Records, tmp_path: Path) -> None:
    _, (first, second, _) = taken(records, tmp_path)
    with records.begin() as transaction:
        assert sessions.get(transaction, second).comfort_before == 4
        sessions.set_comfort(transaction, ANYBODY, second, after=8)
        sessions.set_comfort_before(transaction, ANYBODY, "b", 5)  # late: the session is there by now
        sessions.set_comfort(transaction, ANYBODY, first, before=0, after=10, note="well")
    with records.read() as transaction:
        told = sessions.get(transaction, second)
        assert (told.comfort_before, told.comfort_after, told.comfort_note) == (5, 8, "tired")
        told = sessions.get(transaction, first)
        assert (told.comfort_before, told.comfort_after, told.comfort_note) == (0, 10, "well")


@pytest.mark.parametrize("value", [-1, 11])
def test_comfort_goes_from_0_to_10(kept: Records, tmp_path: Path, value: int) -> None:
    _, (first, *_) = taken(kept, tmp_path)
    with kept.begin() as transaction, pytest.raises(RecordsError, match="from 0 to 10"):
        sessions.set_comfort(transaction, ANYBODY, first, after=value)


def test_comfort_of_what_nobody_planned_is_refused(kept: Records) -> None:
    with kept.begin() as transaction, pytest.raises(NotThereError):
        sessions.set_comfort_before(transaction, ANYBODY, "unknown", 5)
    with kept.begin() as transaction, pytest.raises(NotThereError):
        sessions.set_comfort(transaction, ANYBODY, 99, before=5)


def test_trends_are_a_riders_sessions_in_time(records: Records, tmp_path: Path) -> None:
    rider, (first, second, third) = taken(records, tmp_path)
    with records.read() as transaction:
        trend = sessions.trends(transaction, rider)
        assert [one.session_id for one in trend] == [first, second]
        assert [one.comfort_before for one in trend] == [None, 4]
        assert [one.session_id for one in sessions.trends(transaction, rider, limit=1)] == [second]
        assert riders.session_count(transaction, rider) == 2
        assert sessions.find_by_reference(transaction, "b") == sessions.get(transaction, second)
        assert sessions.get(transaction, third).rider_id is None
        with pytest.raises(NotThereError):
            sessions.get(transaction, 99)


def test_the_log_of_alarms_goes_over_all_sessions(records: Records, tmp_path: Path) -> None:
    _, (first, second, _) = taken(records, tmp_path)
    with records.read() as transaction:
        newest = alarm_log.page(transaction, limit=1)
        assert [(one.session_id, one.kind, one.text) for one in newest.events] == [(second, "alarm", "low priority: x")]
        rest = alarm_log.page(transaction, limit=1, before=newest.next)
        assert [(one.session_id, one.kind, one.monitor) for one in rest.events] == [(first, "trip", "following")]
        assert rest.next is None
        assert rest.events[0].at == datetime(2026, 11, 21, 10, 0, 5, tzinfo=UTC)


def test_events_go_with_their_session(records: Records, tmp_path: Path) -> None:
    _, (first, second, _) = taken(records, tmp_path)
    with records.begin() as transaction:
        assert [one.kind for one in sessions.events(transaction, first)] == ["trip", "program"]
        transaction.connection.execute(delete(session).where(session.c.id == first))
        assert sessions.events(transaction, first) == ()
        assert transaction.connection.execute(event.select().where(event.c.session_id == second)).all()


# --- what a rider did lately


NOON: Final = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=1)))


def lately(records: Records, *rows: dict[str, Any], now: datetime = NOON) -> Ridden | None:
    """Give the account of a rider with these sessions of a minute, each begun so many minutes before noon."""
    with records.begin() as transaction:
        who, other = (riders.add(transaction, ANYBODY, document(name)).id for name in ("Ada", "Bo"))
        for number, one in enumerate(rows):
            begun = NOON - timedelta(minutes=one.pop("before"))
            whose = {"rider_id": who, "simulated": False, "inverted_s": 30.0, "started_at": begun}
            values = row(number, 0, **{**whose, **one, "file": f"{who}-{number}.mcap"})
            values["rider_id"] = other if values["rider_id"] == "other" else values["rider_id"]
            transaction.connection.execute(insert(session).values(**values))
    with records.read() as transaction:
        return sessions.ridden(transaction, who, now)


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_what_a_rider_did_lately_is_reckoned_from_real_tables(records: Records) -> None:
    found = lately(
        records,
        {"before": 20, "inverted_s": 40.0},
        {"before": 10},
        {"before": 300, "inverted_s": 200.0},
        {"before": 5, "simulated": True},
        {"before": 4, "rider_id": None},
        {"before": 3, "rider_id": "other"},
        {"before": 2, "inverted_s": 0.0},
    )
    assert found == Ridden(NOON - timedelta(minutes=9), 70.0, 270.0)


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_session_of_which_nobody_knows_the_board_counts(kept: Records) -> None:
    assert lately(kept, {"before": 1, "simulated": None}) == Ridden(NOON, 30.0, 30.0)


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_the_day_is_that_of_the_zone_where_the_table_stands(kept: Records) -> None:
    """At a quarter to midnight in UTC the day at home has begun."""
    found = lately(kept, {"before": 12 * 60 + 15, "inverted_s": 100.0}, {"before": 11 * 60 + 45, "inverted_s": 50.0})
    assert found is not None
    assert (found.inverted_s, found.day_inverted_s) == (150.0, 50.0)
    told = (NOON - timedelta(minutes=11 * 60 + 44)).isoformat()
    assert found.ended.isoformat() == told, "by the clocks of home"


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_night_in_which_the_clocks_go_back_gives_no_second_allowance(
    kept: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Berlin on 2026-10-25: at 0:20 the day had begun, by the clocks as they went then."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        noon = datetime(2026, 10, 25, 12, 0, tzinfo=timezone(timedelta(hours=1)))
        begun = datetime(2026, 10, 24, 22, 19, tzinfo=UTC)
        found = lately(kept, {"before": 0, "inverted_s": 100.0, "started_at": begun}, now=noon)
        assert found is not None
        assert left_of_day_s(found, noon) == DAY_INVERTED_S - 100.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_nothing_lately_is_no_account(kept: Records) -> None:
    assert lately(kept) is None
    assert lately(kept, {"before": 2 * 24 * 60 + 1}) is None


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_session_that_is_later_than_now_is_in_the_account(kept: Records) -> None:
    assert lately(kept, {"before": -5}) == Ridden(NOON + timedelta(minutes=6), 30.0, 30.0)
