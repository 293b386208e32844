"""The schema: every released one leads to the present one with all that is in it, and that is what the code says."""

import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    Table,
    insert,
    select,
    text,
)

from firmware_host.records import RecordsError, default_url, open_records, people
from firmware_host.records import database as database_module
from firmware_host.records.database import make_engine, migrate
from firmware_host.records.tables import metadata
from tests.records.making import fill, whole

MIGRATIONS: Final = Path(database_module.__file__).parent / "migrations"
REVISIONS: Final = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
"""The oldest first."""


def value_for(column: Any, row: int) -> Any:
    """Something that a column can hold."""
    kinds: tuple[tuple[type[Any], Any], ...] = (
        (JSON, {"row": row}),
        (Boolean, True),
        (DateTime, datetime(2026, 11, 23, 15, 12, row, 123456)),
        (Float, row + 0.5),
        (Integer, row),
    )
    return next((value for kind, value in kinds if isinstance(column.type, kind)), f"{column.name} {row}")


def old_tables(connection: Connection) -> list[Table]:
    """The tables of a schema as the database has them."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def put_rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Put two rows into every table of whatever schema this is; foreign keys lead to the same row elsewhere."""
    put = {}
    for table in old_tables(connection):
        if table.name == "audit_head":
            continue
        rows = [{column.name: value_for(column, row) for column in table.columns} for row in (1, 2)]
        connection.execute(insert(table), rows)
        put[table.name] = rows
    return put


def differences(engine: Engine) -> list[Any]:
    """What the database lacks or has beyond the tables in the code."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


def test_migrations_lead_to_the_tables_in_the_code(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    assert differences(engine) == []
    engine.dispose()


def test_a_difference_would_be_seen(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE rider ADD COLUMN shoe_size INTEGER"))
    assert differences(engine) != []
    engine.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_schema_leads_upward_with_all_that_is_in_it(url: str, revision: str) -> None:
    engine = make_engine(url)
    migrate(engine, revision)
    with engine.begin() as connection:
        before = put_rows(connection)
    assert before.keys() >= {"person", "rider", "session", "event", "comfort", "audit"}
    engine.dispose()

    open_records(url).close()

    with engine.begin() as connection:
        for name, rows in before.items():
            kept = connection.execute(select(metadata.tables[name]).order_by(*metadata.tables[name].primary_key)).all()
            assert len(kept) == len(rows), name
            for row, expected in zip(kept, rows, strict=True):
                common = expected.keys() & row._mapping.keys()
                assert common, name
                found = {key: row._mapping[key] for key in common}
                assert found == {key: in_utc(expected[key]) for key in common}, name
    assert differences(engine) == []
    engine.dispose()


def in_utc(value: Any) -> Any:
    """Times come back with their zone."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def test_there_is_one_line_of_revisions() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert REVISIONS[0] == "0001"
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_opening_again_keeps_everything(url: str, tmp_path: Path) -> None:
    with open_records(url) as records:
        fill(records, tmp_path)
    with open_records(url) as records:
        assert whole(records)
        with records.read() as transaction:
            assert [one.name for one in people.everybody(transaction)] == ["Ada", "Grüße 木"]


def test_many_may_open_new_records_at_once(url: str) -> None:
    problems: list[Exception] = []

    def opening() -> None:
        try:
            open_records(url).close()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=opening) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_records_of_a_newer_version_are_refused_and_left_alone(url: str) -> None:
    open_records(url).close()
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsError, match="newer version of righting"):
        open_records(url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    engine.dispose()


def test_a_database_of_somebody_else_is_refused(url: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
    with pytest.raises(RecordsError, match=r"something else already \(invoices\): name an empty one"):
        open_records(url)
    with engine.begin() as connection:
        assert [table.name for table in old_tables(connection)] == ["invoices"]
    engine.dispose()


def test_sqlite_keeps_what_was_committed_through_a_power_cut(sqlite_url: str) -> None:
    with open_records(sqlite_url) as records, records.begin() as transaction:
        told = {
            name: transaction.connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_nobody_else_on_this_machine_reads_the_file(sqlite_url: str, tmp_path: Path) -> None:
    with open_records(sqlite_url) as records, records.begin():
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("righting.db*")}
    assert modes == dict.fromkeys(("righting.db", "righting.db-wal", "righting.db-shm"), 0o600)


def test_a_folder_with_strange_letters_is_a_folder_too(tmp_path: Path) -> None:
    strange = tmp_path / "50 % & ü?#"
    strange.mkdir()
    open_records(default_url(strange)).close()
    assert (strange / "righting.db").is_file()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("righting.db", "is no database: write sqlite:///FILE or postgresql://"),
        ("sqlite://", "records in memory would be lost"),
        ("mysql://user:word@host/name", "SQLite or PostgreSQL, not in mysql"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "check that the server runs"),
        ("sqlite:////proc/righting/records.db", "choose another place with --database"),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(url: str, told: str) -> None:
    with pytest.raises(RecordsError) as raised:
        open_records(url)
    assert told in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "righting.db").write_bytes(os.urandom(5000))
    with pytest.raises(RecordsError, match="the file is no database: name another one with --database"):
        open_records(default_url(tmp_path))
