"""A recording as a table of text: every signal of every tick, for spreadsheets and statistics (RFC 4180).

A row a tick, 100 a second. Names carry their unit in brackets; what is a yes or no is 1 or 0; what was not measured is
an empty cell, never 0.
"""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.control.ticks import OperatorRequest
from firmware_host.recording.blackbox_reader import pieces
from firmware_host.recording.record_schema import RecordedCommand, Unpacked
from safety.signals import DriveFault, Input, Status, Telemetry

ROWS_AT_ONCE: Final = 500
"""Rows that are handed on together: five seconds."""
DECIMALS: Final = 6
"""Finer than any sensor; without it a cell has seventeen digits."""

Value = Callable[[Unpacked], Any]


class Column(NamedTuple):
    """A column: its name with the unit, and where its values come from."""

    name: str
    value: Value


def _measured(name: str) -> Value:
    place = Telemetry._fields.index(name)
    return lambda tick: None if tick.tick_input.telemetry is None else tick.tick_input.telemetry[place]


def _bit(name: str, mask: int) -> Value:
    value = _measured(name)

    def read(tick: Unpacked) -> int | None:
        bits = value(tick)
        return None if bits is None else 1 if bits & mask else 0

    return read


def _commanded(name: str) -> Value:
    def read(tick: Unpacked) -> Any:
        command: RecordedCommand | None = tick.output.command
        return None if command is None else getattr(command, name)

    return read


def _pressed(name: str) -> Value:
    place = OperatorRequest._fields.index(name)
    return lambda tick: 1 if tick.tick_input.operator[place] else 0


def _bits_of(words: type, name: str) -> list[Column]:
    """Give a column for each bit that has a name."""
    return [Column(bit.lower(), _bit(name, mask)) for bit, mask in vars(words).items() if bit.isupper()]


_UNITS: Final = (
    ("encoder_deg", "encoder [deg]"), ("inclinometer_deg", "inclinometer [deg]"), ("rate_dps", "rate [deg/s]"),
    ("current_a", "current [A]"), ("bus_v", "supply [V]"), ("drive_temperature_c", "drive temperature [degC]"),
    ("motor_temperature_c", "motor temperature [degC]"), ("command_age_s", "command age [s]"),
    ("sequence", "frame number"), ("echoed_sequence", "echoed command number"), ("board_time_us", "board time [us]"),
    ("rejected_in_row", "rejected in a row"), ("reject_reason", "reject reason"),
)  # fmt: skip

COLUMNS: Final = (
    Column("clock [s]", lambda tick: tick.tick_input.now_s),
    Column("lateness [s]", lambda tick: tick.tick_input.lateness_s),
    Column("state", lambda tick: tick.output.state),
    Column("response", lambda tick: tick.output.response.name.lower()),
    Column("target [deg]", lambda tick: tick.output.target_deg),
    Column("progress", lambda tick: tick.output.progress),
    Column("segment", lambda tick: tick.output.segment_index),
    *(Column(shown, _measured(name)) for name, shown in _UNITS),
    *_bits_of(Input, "inputs"),
    *_bits_of(Status, "status"),
    *(Column(f"drive fault {name}", value) for name, value in _bits_of(DriveFault, "faults")),
    Column("command", lambda tick: None if tick.output.command is None else tick.output.command.mode.name.lower()),
    Column("commanded rate [deg/s]", _commanded("rate_dps")),
    Column("commanded acceleration [deg/s2]", _commanded("accel_dps2")),
    Column("commanded torque fraction", _commanded("torque_fraction")),
    Column("commanded lost angles", _commanded("lost_angles")),
    *(
        Column(f"pressed {name}", _pressed(name))
        for name, kind in OperatorRequest.__annotations__.items()
        if kind is bool
    ),
    Column("presence age [s]", lambda tick: tick.tick_input.operator.presence_age_s),
)
"""After ``time [s]``, which counts from the first tick on."""


def csv_pieces(file: Path) -> Iterator[str]:
    """Give a recording as CSV, piece by piece, in memory that does not grow with the file.

    The recording is opened with the first piece. Raises ``BlackBoxReadError`` if it cannot be read.
    """
    paper = StringIO(newline="")
    writer = csv.writer(paper, lineterminator="\r\n")
    writer.writerow(["time [s]", *(column.name for column in COLUMNS)])
    start_s: float | None = None
    for row, tick in enumerate(pieces(file), start=1):
        now_s = tick.tick_input.now_s
        start_s = now_s if start_s is None else start_s
        values = (column.value(tick) for column in COLUMNS)
        writer.writerow([_cell(now_s - start_s), *map(_cell, values)])
        if row % ROWS_AT_ONCE == 0:
            yield _taken(paper)
    yield _taken(paper)


def _cell(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else value


def _taken(paper: StringIO) -> str:
    text = paper.getvalue()
    paper.seek(0)
    paper.truncate()
    return text


def write_csv(file: Path, target: Path) -> None:
    """Write a recording as CSV. Raises ``BlackBoxReadError`` and ``OSError``; then there is no half a file."""
    pieces = csv_pieces(file)
    first = next(pieces)
    with target.open("w", encoding="utf-8", newline="") as paper:
        try:
            paper.write(first)
            paper.writelines(pieces)
        except BaseException:
            target.unlink()
            raise
