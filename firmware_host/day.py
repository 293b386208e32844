"""The moment and the day: whether a clearance, a screening or a check still counts, and whether a rest is over."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """Give the moment, in the zone where the table stands."""
    return datetime.now(tz=UTC).astimezone()


def here(moment: datetime) -> datetime:
    """Give a moment by the clocks where the table stands, as they went then."""
    return moment.astimezone()


def today() -> date:
    """Give the day where the table stands."""
    return now().date()
