"""People, tokens, riders, programs, plans and settings: what is kept, what is refused, and what is forgotten."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select, text

from firmware_host.records import (
    ANYBODY,
    ChangedMeanwhileError,
    NotThereError,
    Records,
    RecordsError,
    TakenError,
    audit,
    people,
    person,
    plans,
    programs,
    riders,
    sessions,
    settings,
    tokens,
)
from firmware_host.records.database import checkpoint
from firmware_host.records.ingest import ingest
from firmware_host.records.tables import metadata
from tests.records.making import LONG_AGO_S, SECRET_HASH, document, fill, record, whole
from tests.records.making import metadata as box_metadata

WHO: Final = person(1)
REFERENCE: Final = "6c3f6d8e-0f39-4ab8-8d2d-1a58f8a3a8a1"
ANSWERS: Final = {"glaucoma": True, "pregnancy": False}


def log(records: Records) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    with records.read() as transaction:
        entries = audit.page(transaction, 1000)
    return [(one.who, one.what, one.subject, one.details) for one in reversed(entries)]


def test_a_person_is_added_changed_and_found(records: Records) -> None:
    with records.begin() as transaction:
        ada = people.add(transaction, ANYBODY, "  Ada \n Lovelace ", "service", SECRET_HASH)
        changed = people.change(transaction, person(ada.id), ada.id, name="Ada L.", role="clinician", active=False)
    assert (ada.name, ada.role, ada.active, ada.has_pin) == ("Ada Lovelace", "service", True, True)
    assert (changed.name, changed.role, changed.active, changed.pin_hash) == ("Ada L.", "clinician", False, SECRET_HASH)
    with records.read() as transaction:
        assert people.find_by_name(transaction, "ADA L.") == changed
        assert people.find_by_name(transaction, "Ada Lovelace") is None
        assert people.everybody(transaction, active=True) == ()
        assert not people.anybody_has_pin(transaction)
    assert log(records) == [
        ("anybody", "person added", f"person {ada.id}", {"pin": True, "role": "service"}),
        (f"person {ada.id}", "person changed", f"person {ada.id}",
         {"active": False, "name": "changed", "role": "clinician"}),
    ]  # fmt: skip


@pytest.mark.parametrize("other", ["ada", "ADA", " A\u0064a ", "\uff21da"])
def test_names_that_people_cannot_tell_apart_are_one(kept: Records, other: str) -> None:
    with kept.begin() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")
    with kept.begin() as transaction, pytest.raises(TakenError, match="somebody named Ada already"):
        people.add(transaction, ANYBODY, other, "rider")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_name_has_letters(kept: Records, name: str) -> None:
    with kept.begin() as transaction, pytest.raises(RecordsError, match="1 to 100 characters"):
        people.add(transaction, ANYBODY, name, "rider")


def test_a_change_to_the_same_changes_nothing(kept: Records) -> None:
    with kept.begin() as transaction:
        ada = people.add(transaction, ANYBODY, "Ada", "rider")
        assert people.change(transaction, ANYBODY, ada.id, name="Ada", role="rider", active=True) == ada
    assert len(log(kept)) == 1


def test_wrong_tries_are_counted_until_one_is_right(records: Records) -> None:
    with records.begin() as transaction:
        ada = people.add(transaction, ANYBODY, "Ada", "rider", SECRET_HASH)
        assert people.anybody_has_pin(transaction)
        people.note_login(transaction, ada.id, succeeded=False)
        twice = people.note_login(transaction, ada.id, succeeded=False)
        assert (twice.failed_logins, twice.failed_at) == (2, transaction.now)
        right = people.note_login(transaction, ada.id, succeeded=True)
    assert (right.failed_logins, right.failed_at) == (0, None)
    assert [what for _, what, _, _ in log(records)[1:]] == ["login refused", "login refused", "logged in"]


def test_a_new_pin_forgives_wrong_tries(kept: Records) -> None:
    with kept.begin() as transaction:
        ada = people.add(transaction, ANYBODY, "Ada", "rider", SECRET_HASH)
        people.note_login(transaction, ada.id, succeeded=False)
        assert people.change(transaction, WHO, ada.id, pin_hash="another").failed_logins == 0


def test_a_token_is_found_by_its_sum_until_it_expires(records: Records) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    with records.begin(now) as transaction:
        ada = people.add(transaction, ANYBODY, "Ada", "service")
        blinds = tokens.add(transaction, person(ada.id), "Blinds", "operator", "ab" * 32, now + timedelta(days=1))
        assert blinds.person_id == ada.id
        assert tokens.should_note_use(blinds, now)
        tokens.note_use(transaction, blinds.id)
    with records.read(now + timedelta(hours=23)) as transaction:
        found = tokens.find(transaction, "ab" * 32)
        assert found is not None
        assert (found.name, found.role, found.used_at) == ("Blinds", "operator", now)
        assert not tokens.should_note_use(found, now + timedelta(seconds=59))
        assert tokens.find(transaction, "cd" * 32) is None
    with records.read(now + timedelta(hours=25)) as transaction:
        assert tokens.find(transaction, "ab" * 32) is None
    with records.begin() as transaction:
        tokens.remove(transaction, WHO, blinds.id)
        assert tokens.everything(transaction) == ()
        with pytest.raises(NotThereError):
            tokens.remove(transaction, WHO, blinds.id)


def test_settings_are_kept(records: Records) -> None:
    with records.begin() as transaction:
        assert settings.get(transaction, "units", "metric") == "metric"
        settings.put(transaction, WHO, "units", {"mass": "lb"})
        settings.put(transaction, WHO, "units", {"mass": "kg"})
        settings.put(transaction, WHO, "left_handed", False)
        assert settings.everything(transaction) == {"left_handed": False, "units": {"mass": "kg"}}


def test_riders_keep_versions_and_refuse_an_older_one(records: Records) -> None:
    with records.begin() as transaction:
        ada = riders.add(transaction, WHO, document())
    with records.begin() as transaction:
        second = riders.change(transaction, WHO, ada.id, document(screening={"answers": ANSWERS}), ada.version)
    with records.begin() as transaction, pytest.raises(ChangedMeanwhileError) as raised:
        riders.change(transaction, WHO, ada.id, document("Other"), ada.version)
    assert raised.value.version == second.version == 2
    with records.read() as transaction:
        assert riders.get(transaction, ada.id) == second
    assert log(records)[-1][3] == {"parts": ["screening"], "version": 2}


def test_riders_go_into_the_archive_and_come_back(records: Records) -> None:
    with records.begin() as transaction:
        ada, bo = (riders.add(transaction, WHO, document(name)) for name in ("ada", "Bo"))
        riders.archive(transaction, WHO, ada.id)
        riders.archive(transaction, WHO, ada.id)  # twice is once
        assert [one.name for one in riders.everyone(transaction)] == ["Bo"]
        assert [one.name for one in riders.everyone(transaction, archived=True)] == ["ada"]
        riders.restore(transaction, WHO, ada.id)
        assert [one.id for one in riders.everyone(transaction)] == [ada.id, bo.id]
    assert [what for _, what, _, _ in log(records)[2:]] == ["rider archived", "rider restored"]


@pytest.mark.parametrize("wrong", [{}, {"rider": {}}, {"rider": {"name": " "}}, {"rider": "Ada"}])
def test_a_rider_has_a_name(kept: Records, wrong: dict[str, Any]) -> None:
    with kept.begin() as transaction, pytest.raises(RecordsError, match="a rider needs a name"):
        riders.add(transaction, WHO, wrong)


def test_programs_of_righting_are_kept_up_to_date_and_cannot_be_changed(records: Records) -> None:
    with records.begin() as transaction:
        programs.keep_built_in(transaction, {"demo": programs.BuiltIn("Demo", "one")})
        programs.keep_built_in(transaction, {"demo": programs.BuiltIn("Demo", "one")})
        programs.keep_built_in(transaction, {"demo": programs.BuiltIn("Demo", "two")})
        (demo,) = programs.library(transaction)
        assert (demo.text, demo.version, demo.built_in) == ("two", 2, "demo")
        for refused in (
            lambda: programs.change(transaction, WHO, demo.id, "Demo", "three"),
            lambda: programs.archive(transaction, WHO, demo.id),
            lambda: programs.erase(transaction, WHO, demo.id),
        ):
            with pytest.raises(RecordsError, match="comes with righting"):
                refused()
    assert len(log(records)) == 2


def test_programs_are_added_changed_archived_and_deleted(records: Records) -> None:
    with records.begin() as transaction:
        slow = programs.add(transaction, WHO, "Slow", "one")
        slower = programs.change(transaction, WHO, slow.id, "Slower", "two", 1)
        assert (slower.name, slower.text, slower.version) == ("Slower", "two", 2)
        with pytest.raises(ChangedMeanwhileError):
            programs.change(transaction, WHO, slow.id, "Slow", "three", 1)
        programs.archive(transaction, WHO, slow.id)
        assert programs.library(transaction) == ()
        assert [one.id for one in programs.library(transaction, archived=True)] == [slow.id]
        programs.restore(transaction, WHO, slow.id)
        programs.erase(transaction, WHO, slow.id)
        with pytest.raises(NotThereError):
            programs.get(transaction, slow.id)


def test_a_plan_stands_for_rider_and_program(records: Records) -> None:
    with records.begin() as transaction:
        ada = riders.add(transaction, WHO, document())
        slow = programs.add(transaction, WHO, "Slow", "one")
        made = plans.plan(transaction, WHO, REFERENCE, ada.id, slow.id)
        assert plans.get(transaction, REFERENCE) == made
        assert (made.rider_id, made.program_id, made.who) == (ada.id, slow.id, "person 1")
        with pytest.raises(TakenError):
            plans.plan(transaction, WHO, REFERENCE)
        with pytest.raises(NotThereError):
            plans.plan(transaction, WHO, "another", rider_id=99)
        with pytest.raises(NotThereError):
            plans.get(transaction, "another")


def test_a_change_that_fails_leaves_nothing_behind(records: Records) -> None:
    def fail() -> None:
        with records.begin() as transaction:
            people.add(transaction, ANYBODY, "Ada", "rider")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with records.read() as transaction:
        assert people.everybody(transaction) == ()
        assert audit.head(transaction).entries == 0


def test_a_reader_cannot_write(records: Records) -> None:
    with pytest.raises(RecordsError), records.read() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")
    with records.begin() as transaction:
        people.add(transaction, ANYBODY, "Ada", "rider")


# --- the right to be forgotten, and to know


def ridden(records: Records, folder: Path) -> int:
    """A rider with screening and clearance, a session, and comfort notes before, after, and before the next one."""
    with records.begin() as transaction:
        clearance = {"given_by": "Dr. Secretive", "expires": "2027-06-30", "conditions": ["glaucoma"]}
        told = document("Zebulon", screening={"answered": "2026-11-01", "answers": ANSWERS}, clearance=clearance)
        rider = riders.add(transaction, WHO, told)
        plans.plan(transaction, WHO, REFERENCE, rider.id)
        sessions.set_comfort_before(transaction, WHO, REFERENCE, 6, "stiff neck")
        plans.plan(transaction, WHO, "the next one", rider.id)
        sessions.set_comfort_before(transaction, WHO, "the next one", 2, "headache")
    record(folder, "theirs", box_metadata(REFERENCE))
    record(folder, "of nobody", box_metadata(begun="2026-11-24T15:12:00+00:00"))
    ingest(records, folder, LONG_AGO_S)
    return rider.id


def everything_in(records: Records) -> str:
    """All that all tables hold, as text."""
    with records.read() as transaction:
        rows = [
            str(row._mapping)
            for table in metadata.sorted_tables
            for row in transaction.connection.execute(select(table))
        ]
    return "\n".join(rows)


def test_an_erased_rider_leaves_sessions_of_nobody_and_a_whole_log(records: Records, tmp_path: Path) -> None:
    rider_id = ridden(records, tmp_path)
    private = ("Zebulon", "Secretive", "glaucoma", "stiff neck", "headache")
    assert all(word in everything_in(records) for word in private)

    with records.begin() as transaction:
        assert riders.erase(transaction, WHO, rider_id) == 1
    checkpoint(records)

    left = everything_in(records)
    assert [word for word in private if word in left] == []
    with records.read() as transaction:
        page = sessions.page(transaction)
        assert [(one.rider_id, one.rider_name, one.comfort_before, one.reference) for one in page.sessions] == [
            (None, None, None, None)
        ] * 2
        with pytest.raises(NotThereError):
            riders.get(transaction, rider_id)
    assert log(records)[-1] == ("person 1", "rider erased", f"rider {rider_id}", {"sessions left": 1})
    assert whole(records)

    # Nor does taking up the black boxes again, after something touched the files, bring anybody back.
    for box in tmp_path.glob("*.mcap"):
        box.touch()
    assert len(ingest(records, tmp_path, LONG_AGO_S).sessions) == 2
    with records.begin() as transaction:
        assert {one.rider_id for one in sessions.page(transaction).sessions} == {None}
        assert riders.add(transaction, WHO, document()).id > rider_id  # a number is never given again


def test_an_erased_rider_is_not_in_the_bytes_of_the_file_either(kept: Records, tmp_path: Path) -> None:
    rider_id = ridden(kept, tmp_path)
    database = tmp_path / "righting.db"
    checkpoint(kept)
    assert b"Zebulon" in database.read_bytes()
    with kept.begin() as transaction:
        riders.erase(transaction, WHO, rider_id)
    checkpoint(kept)
    left = database.read_bytes() + (tmp_path / "righting.db-wal").read_bytes()
    assert [word for word in (b"Zebulon", b"Secretive", b"stiff neck", b"headache") if word in left] == []


def test_a_rider_is_given_all_that_is_held(records: Records, tmp_path: Path) -> None:
    rider_id = ridden(records, tmp_path)
    with records.begin() as transaction:
        held = riders.everything_about(transaction, WHO, rider_id)
    told = json.dumps(held)
    assert all(word in told for word in ("Zebulon", "Secretive", "glaucoma", "stiff neck", "headache", REFERENCE))
    assert len(held["sessions"]) == 1
    assert held["events"]
    assert [entry["what"] for entry in held["audit"]] == [
        "rider added", "session planned", "session planned", "rider exported",
    ]  # fmt: skip


def test_the_log_and_what_is_printed_hold_no_secret_no_name_and_no_answer(records: Records, tmp_path: Path) -> None:
    fill(records, tmp_path)
    ridden(records, tmp_path)
    with records.read() as transaction:
        rows = transaction.connection.execute(text("SELECT * FROM audit")).all()
        shown = repr([people.everybody(transaction), riders.everyone(transaction), tokens.everything(transaction)])
    for word in ("Ada", "Grüße", "Bo", "Zebulon", "glaucoma", "stiff", SECRET_HASH, "ab" * 32):
        assert word not in str(rows), word
    for word in (SECRET_HASH, "ab" * 32, "glaucoma"):
        assert word not in shown, word
