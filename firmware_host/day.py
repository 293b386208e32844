"""The day, which decides whether a clearance, a screening or a check still counts."""

from datetime import UTC, date, datetime


def today() -> date:
    """Give the day where the table stands."""
    return datetime.now(tz=UTC).astimezone().date()
