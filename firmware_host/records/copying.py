"""Copying a whole database, row by row, between SQLite and PostgreSQL."""

from typing import Final

from sqlalchemy import Connection, delete, insert, select, text

from firmware_host.records.tables import metadata

_BATCH: Final = 1_000


def copy_rows(source: Connection, target: Connection) -> None:
    """Make the target hold what the source holds, and nothing else. Both have the present schema.

    Identifiers go on where the source's would: one that was given to somebody erased is not given again.
    """
    for table in reversed(metadata.sorted_tables):
        target.execute(delete(table))
    for table in metadata.sorted_tables:
        rows = source.execution_options(yield_per=_BATCH).execute(select(table).order_by(*table.primary_key))
        for batch in rows.mappings().partitions(_BATCH):
            target.execute(insert(table), [dict(row) for row in batch])
    _go_on(target, _last_numbers(source))


def _numbered() -> list[str]:
    return [table.name for table in metadata.sorted_tables if table.dialect_kwargs.get("sqlite_autoincrement")]


def _last_numbers(connection: Connection) -> dict[str, int]:
    """Give the last identifier of each table that was ever given."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {row.name: int(row.seq) for row in found if row.name in _numbered()}
    last = {}
    for name in _numbered():
        sequence = connection.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": name}).scalar_one()
        row = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
        if row.is_called:
            last[name] = int(row.last_value)
    return last


def _go_on(connection: Connection, last: dict[str, int]) -> None:
    for name in _numbered():
        number = last.get(name)
        if connection.dialect.name == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            if number is not None:
                values = {"name": name, "number": number}
                connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)
        else:
            query = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number, :given)")
            connection.execute(query, {"name": name, "number": number or 1, "given": number is not None})
