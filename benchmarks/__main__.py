"""Measure, show a table, and write the same to a file for machines.

Each benchmark is a module of this package with ``measure(short: bool) -> list[Figure]``. A figure that falls short is
reported, not punished: the exit code is 0 unless ``--strict`` is given or a benchmark broke.
"""

import argparse
import json
import math
import os
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure
from firmware_host.cli.campaign.shards import code_digest

BENCHMARKS: Final = (
    "lockstep",
    "drives",
    "cable",
    "soak",
    "campaigns",
    "compiled",
    "steering",
    "tick",
    "physics",
    "emergency",
    "wire",
    "blackbox",
    "loop",
    "process",
    "panel",
    "browsers",
    "network",
    "memory",
    "kills",
    "records",
)
"""Modules of this package, in the order of the table."""

WIDTH_IN_A_FILE: Final = 140

Measure = Callable[[bool], list[Figure]]
Find = Callable[[str], Measure]


class Outcome(NamedTuple):
    """What one benchmark came to: figures, or the reason why there are none."""

    benchmark: str
    figures: list[Figure]
    error: str | None = None


def load(benchmark: str) -> Measure:
    """The ``measure`` of a benchmark module."""
    measure: Measure = import_module(f"benchmarks.{benchmark}").measure
    return measure


def run(benchmark: str, find: Find, short: bool) -> Outcome:
    """Measure one benchmark; whatever it raises is told and kept from the others."""
    try:
        return Outcome(benchmark, find(benchmark)(short))
    except Exception as error:
        traceback.print_exc()
        return Outcome(benchmark, [], f"{type(error).__name__}: {error}")


def as_table(outcomes: Sequence[Outcome]) -> Table:
    """The figures as people read them."""
    table = Table(title="Righting: measured figures", title_justify="left")
    for column in ("benchmark", "figure"):
        table.add_column(column)
    for column in ("value", "target"):
        table.add_column(column, justify="right")
    for column in ("", "note"):
        table.add_column(column)
    for outcome in outcomes:
        if outcome.error is not None:
            table.add_row(outcome.benchmark, "(nothing measured)", "", "", "[red]broke[/]", outcome.error)
        for figure in outcome.figures:
            table.add_row(outcome.benchmark, figure.name, *_cells(figure), figure.note)
    return table


def as_json(outcomes: Sequence[Outcome], short: bool) -> dict[str, Any]:
    """The figures as machines read them; what is no finite number becomes null."""
    return {
        "code": code_digest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "short": short,
        "figures": [
            {
                "benchmark": outcome.benchmark,
                **figure._asdict(),
                "value": figure.value if math.isfinite(figure.value) else None,
                "met": figure.met,
            }
            for outcome in outcomes
            for figure in outcome.figures
        ],
        "broken": {outcome.benchmark: outcome.error for outcome in outcomes if outcome.error is not None},
    }


def exit_code(outcomes: Sequence[Outcome], strict: bool) -> int:
    """1 when a benchmark broke, or when ``strict`` and a figure fell short; 0 else."""
    broke = any(outcome.error is not None for outcome in outcomes)
    fell_short = any(figure.met is False for outcome in outcomes for figure in outcome.figures)
    return int(broke or (strict and fell_short))


def main(arguments: Sequence[str] | None = None, find: Find = load) -> int:
    """Run the benchmarks that were asked for; ``find`` gives the ``measure`` of each."""
    options = _parser().parse_args(arguments)
    outcomes = []
    for benchmark in options.only or BENCHMARKS:
        print(f"measuring: {benchmark}", file=sys.stderr)
        outcomes.append(run(benchmark, find, options.short))
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_FILE).print(as_table(outcomes))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(as_json(outcomes, options.short), indent=2, allow_nan=False) + "\n")
    print(f"written to {options.json}")
    return exit_code(outcomes, options.strict)


def _cells(figure: Figure) -> tuple[str, str, str]:
    """Value, target and verdict of a figure."""
    value = f"{figure.value:.4g} {figure.unit}".rstrip()
    if figure.target is None:
        return value, "", ""
    verdict = "[green]met[/]" if figure.met else "[yellow]fell short[/]"
    return value, f"{figure.comparison} {figure.target:.4g} {figure.unit}".rstrip(), verdict


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the project's figures.")
    parser.add_argument("--short", action="store_true", help="fewer repetitions: to see that the benchmarks work")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a figure falls short of its target")
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; repeat"
    )
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="file for machines [%(default)s]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
