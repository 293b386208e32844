"""``righting faults``: all that can be made to go wrong on the simulated table."""

import json
from typing import Any, Final

from rich.table import Table as Grid

from firmware_host.cli.sessions import complain, print_grid, write_json
from sim.faults import CATALOGUE
from sim.faults.kind import Kind

NO_TRIP: Final = "no trip"


def faults_command(json_target: str | None) -> int:
    """List the catalogue, for people or for machines."""
    if json_target is not None:
        told = [_for_machines(name, kind) for name, kind in CATALOGUE.items()]
        try:
            write_json(json_target, json.dumps(told, indent=2))
        except OSError as error:
            return complain(error)
    if json_target != "-":
        _show()
    return 0


def answers(kind: Kind) -> str:
    """Right answers to a fault, in words."""
    told = ", ".join([*sorted(kind.causes), *([NO_TRIP] if kind.due is None else [])])
    for more, when in ((kind.apart, "with devices from a shop"), (kind.in_company, "beside another fault")):
        if more - kind.causes:
            told += f"; {when} also {', '.join(sorted(more - kind.causes))}"
    return told + _due(kind)


def _due(kind: Kind) -> str:
    if kind.due is None:
        return ""
    unit = "" if kind.parameter is None else kind.parameter.unit
    smallest = f", from {kind.due.value_from:g} {unit} on" if kind.due.value_from else ""
    least = "" if kind.due.least == "RETURN" else f" with {kind.due.least} or stronger"
    return f"; away from upright due within {kind.due.within_s:g} s{least}{smallest}"


def _for_machines(name: str, kind: Kind) -> dict[str, Any]:
    return {
        "name": name,
        "place": str(kind.place),
        "what": kind.text,
        "value": None if kind.parameter is None else kind.parameter._asdict(),
        "causes": sorted(kind.causes),
        "due": None if kind.due is None else kind.due._asdict(),
        "apart": sorted(kind.apart),
        "in_company": sorted(kind.in_company),
    }


def _show() -> None:
    grid = Grid(
        "name", "place", "what", "right answers", title="Faults: NAME[=VALUE]@SECONDS[:DURATION]", show_lines=True
    )
    for name, kind in CATALOGUE.items():
        grid.add_row(name, str(kind.place), kind.told, answers(kind))
    print_grid(grid)
