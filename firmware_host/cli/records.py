"""``righting audit verify``, ``righting backup`` and ``righting restore``."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from firmware_host.cli.sessions import complain

BROKEN: Final = 1
MOST_SHOWN: Final = 20


class MissingPackagesError(Exception):
    """Records need packages that are not installed; ``str()`` says which."""


def verify_command(records: Path, database: str | None, noted: str | None) -> int:
    """Hold the audit log against its chain; gives the exit code."""
    try:
        _expect_packages()
        from firmware_host.records import audit, open_records

        head = None if noted is None else audit.parse_head(noted)
        with open_records(_existing(records, database)) as opened, opened.read() as transaction:
            verdict = audit.verify(transaction, head)
    except _errors() as error:
        return complain(error)
    if verdict.whole:
        print(f"whole: {verdict.head.entries} entries; note this down elsewhere, for --head: {verdict.head}")
        return 0
    print(f"broken: {len(verdict.problems)} problems")
    for problem in verdict.problems[:MOST_SHOWN]:
        print(f"  {problem}")
    print("Somebody or something changed the database past righting: keep it as it is, and restore a backup elsewhere.")
    return BROKEN


def backup_command(target: Path, records: Path, database: str | None) -> int:
    """Write a backup; gives the exit code."""
    try:
        _expect_packages()
        from firmware_host.records import open_records
        from firmware_host.records.backup import back_up

        with open_records(_existing(records, database)) as opened:
            made = back_up(opened, records, target)
    except _errors() as error:
        return complain(error)
    print(f"{made.path}: database and {made.black_boxes} black boxes, {made.bytes / 1e6:.1f} MB")
    print(f"audit log: {made.head}")
    print("It holds what people said about their health: keep it where nobody else reads it.")
    return 0


def restore_command(source: Path, records: Path, database: str | None, replace: bool) -> int:
    """Bring back a backup; gives the exit code."""
    try:
        _expect_packages()
        from firmware_host.records.backup import restore

        done = restore(source, records, database, replace=replace)
    except _errors() as error:
        return complain(error)
    print(f"restored: {done.black_boxes} black boxes and the database, as of {done.made_at}")
    for place in done.aside:
        print(f"what was there before is in {place}: delete it once you are sure")
    if not done.audit.whole:
        print(f"the audit log was broken when this backup was made: {done.audit.problems[0]}")
    return 0


def _expect_packages() -> None:
    missing = [name for name in ("sqlalchemy", "alembic") if find_spec(name) is None]
    if missing:
        raise MissingPackagesError(f"records need {' and '.join(missing)}: pip install 'righting[panel]'")


def _errors() -> tuple[type[Exception], ...]:
    try:
        from firmware_host.records.errors import RecordsError
    except ImportError:
        return (MissingPackagesError,)
    return (MissingPackagesError, RecordsError)


def _existing(records: Path, database: str | None) -> str:
    """Give the URL to open; a file that is not there is refused, rather than made. Raises ``RecordsError``."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from firmware_host.records import RecordsError, default_url

    url = database or default_url(records)
    try:
        parsed = make_url(url)
    except ArgumentError:
        return url  # opening it says what is wrong
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
        raise RecordsError(f"{parsed.database}: there are no records; name their folder with --records, or --database")
    return url
