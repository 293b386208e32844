"""Records: who uses the table, what may be done to whom, what was done. One database, an index over the black boxes.

``open_records(url)`` gives a ``Records``; everything is then said within a transaction::

    with records.begin() as transaction:
        rider = riders.add(transaction, who, document)

Functions are in modules by subject: ``people``, ``tokens``, ``riders``, ``programs``, ``plans``, ``sessions``,
``alarm_log``, ``settings`` and ``audit``. What they give is frozen and holds no connection. ``ingest`` takes up black
boxes, ``backup`` copies and restores. docs/records.md says what is kept where, and why.
"""

from firmware_host.records.database import AwaitedRecords, Records, Transaction, default_url, open_records
from firmware_host.records.errors import (
    ChangedMeanwhileError,
    NotThereError,
    RecordsAwaitedError,
    RecordsBusyError,
    RecordsError,
    TakenError,
)
from firmware_host.records.who import ANYBODY, COMMAND_LINE, PANEL, Who, person, token

__all__ = [
    "ANYBODY",
    "COMMAND_LINE",
    "PANEL",
    "AwaitedRecords",
    "ChangedMeanwhileError",
    "NotThereError",
    "Records",
    "RecordsAwaitedError",
    "RecordsBusyError",
    "RecordsError",
    "TakenError",
    "Transaction",
    "Who",
    "default_url",
    "open_records",
    "person",
    "token",
]
