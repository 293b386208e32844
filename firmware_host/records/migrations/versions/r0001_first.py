"""The first schema: people, riders, programs, sessions, events, comfort, settings and the audit log."""

import sqlalchemy as sa
from alembic import op

from firmware_host.records.tables import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, and the head of an empty audit chain."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("failed_at", Moment(timezone=True), nullable=True),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name_key", name="uq_person_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "program",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("built_in", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.Column("changed_at", Moment(timezone=True), nullable=False),
        sa.Column("archived_at", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_program"),
        sa.UniqueConstraint("built_in", name="uq_program_built_in"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_program_name", "program", ["name"], unique=False)
    op.create_table(
        "rider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.Column("changed_at", Moment(timezone=True), nullable=False),
        sa.Column("archived_at", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rider"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rider_name", "rider", ["name"], unique=False)
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "unreadable",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("file", name="pk_unreadable"),
    )
    op.create_table(
        "planned",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=True),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("planned_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_planned_program_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name="fk_planned_rider_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("reference", name="pk_planned"),
    )
    op.create_index("ix_planned_program_id", "planned", ["program_id"], unique=False)
    op.create_index("ix_planned_rider_id", "planned", ["rider_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("rider_id", sa.Integer(), nullable=True),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=True),
        sa.Column("started_at", Moment(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("inverted_s", sa.Float(), nullable=False),
        sa.Column("highest_deg", sa.Float(), nullable=True),
        sa.Column("highest_rate_dps", sa.Float(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("trips", sa.JSON(), nullable=False),
        sa.Column("curve", sa.JSON(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("taken_up_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_session_program_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name="fk_session_rider_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("file", name="uq_session_file"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_newest", "session", ["started_at", "id"], unique=False)
    op.create_index("ix_session_outcome_newest", "session", ["outcome", "started_at", "id"], unique=False)
    op.create_index("ix_session_program_id", "session", ["program_id"], unique=False)
    op.create_index("ix_session_reference", "session", ["reference"], unique=False)
    op.create_index("ix_session_rider_newest", "session", ["rider_id", "started_at", "id"], unique=False)
    op.create_index("ix_session_sha256", "session", ["sha256"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.Column("expires_at", Moment(timezone=True), nullable=True),
        sa.Column("used_at", Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_token_person_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("sha256", name="uq_token_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_token_person_id", "token", ["person_id"], unique=False)
    op.create_table(
        "comfort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_comfort_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_comfort"),
        sa.UniqueConstraint("reference", name="uq_comfort_reference"),
        sa.UniqueConstraint("session_id", name="uq_comfort_session_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("t_s", sa.Float(), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=True),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_event_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_alarm_newest", "event", ["alarm", "at", "id"], unique=False)
    op.create_index("ix_event_session", "event", ["session_id", "t_s", "id"], unique=False)
    op.execute(sa.text("INSERT INTO audit_head (id, entries, sha256) VALUES (1, 0, :none)").bindparams(none="0" * 64))
