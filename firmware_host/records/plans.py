"""Who is to ride what: the reference that goes into the black box, which names nobody, and whom it stands for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from firmware_host.records import audit
from firmware_host.records.database import Transaction
from firmware_host.records.errors import NotThereError, TakenError
from firmware_host.records.programs import get as get_program
from firmware_host.records.riders import get as get_rider
from firmware_host.records.tables import planned
from firmware_host.records.who import Who


@dataclass(frozen=True)
class Plan:
    """What a reference stands for."""

    reference: str
    rider_id: int | None
    """None: nobody was named, or the rider was erased."""
    program_id: int | None
    """None: the built-in demonstration, or a program that was deleted."""
    who: str
    planned_at: datetime


def plan(
    transaction: Transaction, who: Who, reference: str, rider_id: int | None = None, program_id: int | None = None
) -> Plan:
    """Keep whom a new session is for. Raises ``NotThereError`` and ``TakenError``."""
    if find(transaction, reference) is not None:
        raise TakenError(f"{reference} stands for another session already: draw a new one")
    if rider_id is not None:
        get_rider(transaction, rider_id)
    if program_id is not None:
        get_program(transaction, program_id)
    values = {"reference": reference, "rider_id": rider_id, "program_id": program_id, "who": str(who)}
    transaction.connection.execute(insert(planned).values(**values, planned_at=transaction.now))
    subject = None if rider_id is None else f"rider {rider_id}"
    audit.append(transaction, who, "session planned", subject, {"reference": reference, "program": program_id})
    return get(transaction, reference)


def find(transaction: Transaction, reference: str) -> Plan | None:
    """Give what a reference stands for; None if nobody planned it here, or its rider was erased."""
    row = transaction.connection.execute(select(planned).where(planned.c.reference == reference)).one_or_none()
    return None if row is None else Plan(row.reference, row.rider_id, row.program_id, row.who, row.planned_at)


def get(transaction: Transaction, reference: str) -> Plan:
    """Give what a reference stands for. Raises ``NotThereError``."""
    found = find(transaction, reference)
    if found is None:
        raise NotThereError(f"nobody planned {reference}: choose rider and program again")
    return found
