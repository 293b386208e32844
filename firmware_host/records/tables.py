"""The tables as this version has them. ``migrations`` leads there from every released schema; a test compares both.

Identifiers are never used twice, because the audit log names people by them. Times are UTC.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time: aware and in UTC outside; SQLite keeps it as sortable text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC. A time without a zone is refused: nobody knows which one it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept; give it in UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its signature
        """Give it in UTC."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


metadata: Final = MetaData(naming_convention=NAMING)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


person: Final = Table(
    "person",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),  # folded: names that differ in case alone are the same
    Column("role", Text, nullable=False),
    Column("pin_hash", Text, nullable=True),  # argon2; NULL: this person cannot log in yet
    Column("active", Boolean, nullable=False),
    Column("failed_logins", Integer, nullable=False),  # in a row
    _moment("failed_at", nullable=True),
    _moment("created_at"),
    sqlite_autoincrement=True,
)

token: Final = Table(
    "token",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),  # the token itself is kept nowhere
    Column(
        "person_id", Integer, ForeignKey("person.id", ondelete="SET NULL"), nullable=True, index=True
    ),  # who made it
    _moment("created_at"),
    _moment("expires_at", nullable=True),
    _moment("used_at", nullable=True),
    sqlite_autoincrement=True,
)

rider: Final = Table(
    "rider",
    metadata,
    _id(),
    Column("name", Text, nullable=False, index=True),
    Column("document", JSON, nullable=False),  # a RiderFile: profile, limits, screening, clearance
    Column("version", Integer, nullable=False),
    _moment("created_at"),
    _moment("changed_at"),
    _moment("archived_at", nullable=True),
    sqlite_autoincrement=True,
)

program: Final = Table(
    "program",
    metadata,
    _id(),
    Column("name", Text, nullable=False, index=True),
    Column("text", Text, nullable=False),  # TOML
    Column("built_in", Text, nullable=True, unique=True),  # which of the programs that come with righting
    Column("version", Integer, nullable=False),
    _moment("created_at"),
    _moment("changed_at"),
    _moment("archived_at", nullable=True),
    sqlite_autoincrement=True,
)

planned: Final = Table(
    "planned",
    metadata,
    Column("reference", Text, primary_key=True),  # the black box holds this and no name
    Column("rider_id", Integer, ForeignKey("rider.id", ondelete="SET NULL"), nullable=True, index=True),
    Column("program_id", Integer, ForeignKey("program.id", ondelete="SET NULL"), nullable=True, index=True),
    Column("who", Text, nullable=False),
    _moment("planned_at"),
)

session: Final = Table(
    "session",
    metadata,
    _id(),
    Column("file", Text, nullable=False, unique=True),  # name of the black box in the folder of records
    Column("file_bytes", BigInteger, nullable=False),
    Column("file_changed_ns", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("reference", Text, nullable=True, index=True),
    Column("rider_id", Integer, ForeignKey("rider.id", ondelete="SET NULL"), nullable=True),
    Column("program_id", Integer, ForeignKey("program.id", ondelete="SET NULL"), nullable=True, index=True),
    Column("program", Text, nullable=False),
    Column("table_name", Text, nullable=True),
    _moment("started_at"),
    Column("duration_s", Float, nullable=False),
    Column("inverted_s", Float, nullable=False),
    Column("highest_deg", Float, nullable=True),
    Column("highest_rate_dps", Float, nullable=True),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # the last operating state
    Column("simulated", Boolean, nullable=True),  # NULL: no board was ever reached
    Column("link", Text, nullable=False),
    Column("trips", JSON, nullable=False),  # list of texts
    Column("curve", JSON, nullable=True),  # a few pairs of time in s and angle in deg, for a small picture
    Column("problems", JSON, nullable=False),  # what is damaged or missing in the file; [] for a whole one
    _moment("taken_up_at"),
    Index("ix_session_newest", "started_at", "id"),
    Index("ix_session_rider_newest", "rider_id", "started_at", "id"),
    Index("ix_session_outcome_newest", "outcome", "started_at", "id"),
    sqlite_autoincrement=True,
)

event: Final = Table(
    "event",
    metadata,
    _id(),
    Column("session_id", Integer, ForeignKey("session.id", ondelete="CASCADE"), nullable=False),
    Column("t_s", Float, nullable=False),  # from the session's first tick
    _moment("at"),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("monitor", Text, nullable=True),  # of a trip
    Column("alarm", Boolean, nullable=False),  # belongs into the alarm log
    Index("ix_event_session", "session_id", "t_s", "id"),
    Index("ix_event_alarm_newest", "alarm", "at", "id"),
    sqlite_autoincrement=True,
)

comfort: Final = Table(
    "comfort",
    metadata,
    _id(),
    Column("session_id", Integer, ForeignKey("session.id", ondelete="CASCADE"), nullable=True, unique=True),
    Column("reference", Text, nullable=True, unique=True),  # before the session is taken up
    Column("before", Integer, nullable=True),  # 0 to 10
    Column("after", Integer, nullable=True),
    Column("note", Text, nullable=False),
    _moment("changed_at"),
    sqlite_autoincrement=True,
)

unreadable: Final = Table(
    "unreadable",
    metadata,
    Column("file", Text, primary_key=True),
    Column("file_bytes", BigInteger, nullable=False),
    Column("file_changed_ns", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    _moment("seen_at"),
)

setting: Final = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSON, nullable=False),
    _moment("changed_at"),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 and so on without a hole
    _moment("at"),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=True, index=True),  # such as "rider 3"
    Column("details", Text, nullable=False),  # canonical JSON: what the sum was taken over, to the byte
    Column("previous", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)

audit_head: Final = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one head
    Column("entries", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
)
