"""A table file as it would be changed: what differs, in numbers, and what is refused and where. It writes nothing."""

from typing import Any, Final, NamedTuple

from firmware_host.files.tables import Table, make_table
from firmware_host.files.toml_source import FileError, parse_toml
from safety.limits import MACHINE, SPECS

_SECTIONS: Final = ("table", "rating")
_UNITS: Final = {"min_mass_kg": "kg", "max_mass_kg": "kg", "min_height_m": "m", "max_height_m": "m", "baud": "Bd"}


class Change(NamedTuple):
    """Something that another text of the file would change."""

    name: str
    """Such as ``table.serial`` or ``limits.inverted_limit_deg``."""
    before: Any
    after: Any
    unit: str


def table_limits(table: Table) -> list[dict[str, Any]]:
    """Give every limit: the machine's value, the one that this table leaves, and how far a file may go."""
    return [
        {
            "name": name,
            "unit": spec.unit,
            "machine": getattr(MACHINE, name),
            "table": getattr(table.limits, name),
            "tighter": spec.tighter,
            "tightest": spec.tightest,
            "origin": table.chain.origin(name),
        }
        for name, spec in SPECS.items()
    ]


def table_change(now: Table, text: str) -> dict[str, Any]:
    """Compare another text with the table in use: ``{"changes": [...], "problems": [{"line", "text"}]}``.

    With a problem the text cannot be used, and ``changes`` is empty. A change of the physics that only the simulated
    table has is told as one.
    """
    try:
        after = make_table(parse_toml(now.source.path, text))
    except FileError as error:
        return {"changes": [], "problems": [{"line": one.line, "text": one.text} for one in error.problems]}
    return {"changes": [change._asdict() for change in _changes(now, after)], "problems": []}


def _changes(before: Table, after: Table) -> list[Change]:
    found = []
    for section in _SECTIONS:
        old, new = (getattr(table.file, section) for table in (before, after))
        found += [
            Change(f"{section}.{name}", getattr(old, name), getattr(new, name), _UNITS.get(name, ""))
            for name in type(old).model_fields
        ]
    found += [
        Change(f"limits.{name}", getattr(before.limits, name), getattr(after.limits, name), spec.unit)
        for name, spec in SPECS.items()
    ]
    if before.file.physics != after.file.physics:
        found.append(Change("physics", "as before", "changed (simulated table only)", ""))
    return [change for change in found if change.before != change.after]
