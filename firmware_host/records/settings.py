"""Settings of the panel, by name."""

from typing import Any

from sqlalchemy import insert, select, update

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.tables import setting
from firmware_host.records.who import Who


def get(transaction: Transaction, name: str, default: Any = None) -> Any:
    """Give a setting, or ``default`` if it was never made."""
    row = transaction.connection.execute(select(setting.c.value).where(setting.c.name == name)).one_or_none()
    return default if row is None else row.value


def everything(transaction: Transaction) -> dict[str, Any]:
    """Give all settings."""
    return {row.name: row.value for row in transaction.connection.execute(select(setting).order_by(setting.c.name))}


def put(transaction: Transaction, who: Who, name: str, value: Any) -> None:
    """Make a setting; any value that JSON has. The log tells its name alone."""
    connection = transaction.connection
    values = {"value": value, "changed_at": transaction.now}
    changed = connection.execute(update(setting).where(setting.c.name == name).values(**values)).rowcount
    if not changed:
        connection.execute(insert(setting).values(name=name, **values))
    audit.append(transaction, who, "setting changed", f"setting {name}")
