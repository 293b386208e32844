"""Opening records, bringing their schema up to date, and transactions.

Writers come one at a time, on SQLite by its lock and on PostgreSQL by one of ours: the audit log is a chain, and a
panel has few writers. Readers see one state and wait for nobody.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from firmware_host.records.errors import RecordsAwaitedError, RecordsBusyError, RecordsError

FILE_NAME: Final = "righting.db"
BUSY_S: Final = 10.0
"""How long a writer waits for another one."""
SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a transaction that was committed survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what was erased is overwritten
)
POSTGRESQL_LOCK: Final = 0x5269_6768_7469_6E67
"""Of our writers among all advisory locks of the database: "Righting"."""
_READING: Final = {"righting_reading": True}
_MIGRATING: Final = threading.Lock()
"""Alembic keeps what it works on in a place of its own module, so migrations of one process come one at a time."""


class Transaction:
    """What functions of this package work in: a connection, and what time it is."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        """One time for the whole transaction, in UTC."""


class Records:
    """An open database. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine whose schema is up to date; ``open_records`` makes one."""
        self._engine = engine
        self._reading = engine.execution_options(**_READING)

    @property
    def url(self) -> URL:
        """Where they are."""
        return self._engine.url

    @property
    def shown_url(self) -> str:
        """Where they are, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def begin(self, now: datetime | None = None) -> Iterator[Transaction]:
        """Write: all of it is kept, or nothing. Writers wait for each other. Raises ``RecordsError``.

        ``now`` is for tests and for taking over old records.
        """
        with _told(self.shown_url), self._engine.begin() as connection:
            yield Transaction(connection, now or datetime.now(tz=UTC))

    @contextlib.contextmanager
    def read(self, now: datetime | None = None) -> Iterator[Transaction]:
        """Read one state of the records, whatever is written meanwhile. Raises ``RecordsError``."""
        with _told(self.shown_url), self._reading.begin() as connection:
            yield Transaction(connection, now or datetime.now(tz=UTC))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def __enter__(self) -> "Records":
        """Give the records."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class AwaitedRecords(Records):
    """Records that can perhaps not be opened yet; until then every transaction is refused with why."""

    def __init__(self, wanted: str, admit: Callable[[Records], str]) -> None:
        """Make them; ``attempt`` opens them.

        Args:
            wanted: URL as for ``open_records``.
            admit: says why opened records must not be used; empty if they may be.
        """
        self._wanted, self._admit = wanted, admit
        self.problem = "the records were not opened yet"
        """Why they cannot be used; empty once they can be."""

    def attempt(self) -> bool:
        """Open them, and bring their schema up to date; tells whether they can be used. To be called by one thread."""
        if not self.problem:
            return True
        try:
            opened = open_records(self._wanted)
            refused = self._admit(opened)
        except RecordsError as error:
            self.problem = str(error)
            return False
        if refused:
            opened.close()
            self.problem = refused
            return False
        super().__init__(opened._engine)
        self.problem = ""
        return True

    @contextlib.contextmanager
    def begin(self, now: datetime | None = None) -> Iterator[Transaction]:
        """Write. Raises ``RecordsAwaitedError`` until they can be used."""
        self._expect()
        with super().begin(now) as transaction:
            yield transaction

    @contextlib.contextmanager
    def read(self, now: datetime | None = None) -> Iterator[Transaction]:
        """Read. Raises ``RecordsAwaitedError`` until they can be used."""
        self._expect()
        with super().read(now) as transaction:
            yield transaction

    def close(self) -> None:
        """Let go of all connections, if there are any."""
        if not self.problem:
            super().close()

    def _expect(self) -> None:
        if self.problem:
            raise RecordsAwaitedError(self.problem)


def default_url(folder: Path) -> str:
    """Give the URL of the SQLite file that is used when none is named: in the folder of records."""
    return URL.create("sqlite", database=str((folder / FILE_NAME).absolute())).render_as_string()


def open_records(url: str | URL) -> Records:
    """Open records, make them if there are none, and bring an older schema up to date. Raises ``RecordsError``.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
    """
    engine = make_engine(url)
    try:
        with _told(engine.url.render_as_string()):
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Records(engine)


def make_engine(url: str | URL) -> Engine:
    """Make an engine whose transactions begin as ours do; the schema stays as it is. Raises ``RecordsError``."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise RecordsError(
            f"{url!r} is no database: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed)
    if backend == "postgresql":
        return _postgresql(parsed)
    raise RecordsError(f"records are kept in SQLite or PostgreSQL, not in {backend}: name another database")


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise RecordsError("records in memory would be lost: name a file, such as sqlite:///records/righting.db")
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # what is written about riders is for nobody else on this machine
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise RecordsError(f"{path}: {error.strerror}; choose another place with --database") from error
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
        connection.text_factory = _lenient  # text that somebody damaged is judged, not stumbled over
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("righting_reading")
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"options": f"-c lock_timeout={int(BUSY_S * 1000)} -c timezone=UTC"},
        )
    except (ImportError, NoSuchModuleError) as error:
        raise RecordsError("records on PostgreSQL need psycopg: pip install 'righting[postgresql]'") from error

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if connection.get_execution_options().get("righting_reading"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRESQL_LOCK})")

    return engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision; all of it or nothing. Raises ``RecordsError`` for one of a newer version."""
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    known, head = {one.revision for one in scripts.walk_revisions()}, scripts.get_current_head()
    # Read first: records at the present schema are opened whatever is written meanwhile, and on a full disk.
    with _MIGRATING, engine.execution_options(**_READING).begin() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(present, known)
        if revision == "head" and present == head:
            return
    with _MIGRATING, engine.begin() as connection:
        present = MigrationContext.configure(connection).get_current_revision()  # somebody was perhaps quicker
        _refuse_newer(present, known)
        if revision == "head" and present == head:
            return
        if present is None and revision == "head":
            _refuse_strangers(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _refuse_newer(present: str | None, known: Collection[str]) -> None:
    if present is not None and present not in known:
        raise RecordsError(
            f"these records were written by a newer version of righting (schema {present}): update righting, or "
            "restore a backup that this version made"
        )


def _refuse_strangers(connection: Connection) -> None:
    """Refuse a database that has tables of somebody else: nothing of ours goes among them."""
    from sqlalchemy import inspect

    found = inspect(connection).get_table_names()
    if found:
        raise RecordsError(
            f"this database holds something else already ({', '.join(sorted(found)[:3])}): name an empty one"
        )


@contextlib.contextmanager
def _told(shown_url: str) -> Iterator[None]:
    """Turn what the database says into what a person can do about it."""
    try:
        yield
    except DBAPIError as error:
        raise _refused(shown_url, error) from error
    except SQLAlchemyError as error:
        raise RecordsError(f"{shown_url}: {error}; check the database") from error


def _refused(shown_url: str, error: DBAPIError) -> RecordsError:
    said = str(error.orig)
    if "database is locked" in said or "lock timeout" in said:
        return RecordsBusyError(f"{shown_url}: somebody else writes and does not end; try again")
    advice = "check that it exists, that it may be written, and that the disk has room"
    for sign, told in (
        ("disk is full", "the disk is full: free some space"),
        ("readonly", "it may not be written: allow it, or choose another place with --database"),
        ("unable to open", "it cannot be opened: check the path and who may write there"),
        ("malformed", "the file is damaged: restore a backup with righting restore"),
        ("not a database", "the file is no database: name another one with --database"),
        ("connection", "check that the server runs and that name and password are right"),
    ):
        if sign in said:
            advice = told
            break
    return RecordsError(f"{shown_url}: {said.strip().splitlines()[0] if said else 'failed'}; {advice}")


def checkpoint(records: Records) -> None:
    """Move everything into the database file itself and empty the log beside it, as far as readers allow. SQLite."""
    if records.url.get_backend_name() != "sqlite":
        return
    engine = make_engine(records.url)
    try:
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


def analyse(records: Records) -> None:
    """Let the database learn what is in its tables, so that it picks the right index."""
    with records.begin() as transaction:
        transaction.connection.execute(text("ANALYZE"))
