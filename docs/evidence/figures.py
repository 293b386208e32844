"""Figures of the evidence page: what tools left in ``build/``, as they wrote it; what was not run is said to be so."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from firmware_host.cli.campaign.shards import code_digest

Rows = list[tuple[str, str]]
"""Name and value of each figure."""


def coverage(file: Path) -> Rows:
    """Lines and branches of ``safety/`` from the report of coverage.py."""
    files = {path: found["summary"] for path, found in json.loads(file.read_text())["files"].items()}
    safety = [summary for path, summary in files.items() if path.startswith("safety/")]

    def share(covered: str, of: str) -> str:
        return f"{sum(one[covered] for one in safety)} of {sum(one[of] for one in safety)}"

    return [
        ("lines of `safety/` that the tests run", share("covered_lines", "num_statements")),
        ("branches of `safety/` that the tests take", share("covered_branches", "num_branches")),
    ]


def tests(file: Path) -> Rows:
    """How many tests ran, and how they ended, from pytest's JUnit report."""
    suites = ElementTree.parse(file).getroot().iter("testsuite")
    counts: dict[str, int] = {}
    for suite in suites:
        for name in ("tests", "failures", "errors", "skipped"):
            counts[name] = counts.get(name, 0) + int(suite.get(name, 0))
    return [(name, str(count)) for name, count in counts.items()]


def scalars(file: Path) -> Rows:
    """Every number and word of a JSON object and of the objects in it, and how many entries each list has."""
    return [(name.replace("_", " "), _shown(value)) for name, value in _flat(json.loads(file.read_text()))]


def _flat(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield prefix + name, value


def detection(file: Path) -> Rows:
    """For each fault how long it took until the first safe command."""
    return [(one["fault"], _detected(one)) for one in json.loads(file.read_text())["detection"]]


def _detected(one: dict[str, Any]) -> str:
    answered = f"answered in {one['answered']} of {one['sessions']} sessions"
    if not one["answered"]:
        return answered
    monitors = ", ".join(one["monitors"])
    return (
        f"median {_shown(one['median_s'])} s, worst {_shown(one['worst_s'])} s; once it saw it, the monitor took "
        f"at most {_shown(one['worst_window_s'])} s; {answered}, by {monitors}"
    )


def windows(file: Path) -> Rows:
    """For each monitor how long it took once its condition held, beside the time that the concept gives it."""
    return [(one["monitor"], _took(one)) for one in json.loads(file.read_text()).get("windows", [])]


def _took(one: dict[str, Any]) -> str:
    return (
        f"median {_shown(one['median_s'])} s, worst {_shown(one['worst_s'])} s, of a window of "
        f"{_shown(one['window_s'])} s; {one['beyond']} of {one['answers']} answers took more than two ticks longer"
    )


def weakest(file: Path) -> Rows:
    """The smallest margin of each rule, and what it would take to break it."""
    return [
        (
            one["rule"],
            f"{_shown(one['value'])} {one['unit']} in session {one['index']} ({one['share']:.1%} of what is granted)",
        )
        for one in json.loads(file.read_text())["weakest"]
    ]


def benchmarks(file: Path) -> Rows:
    """Each figure of ``make bench``, with its target where it has one."""
    rows = []
    for one in json.loads(file.read_text())["figures"]:
        wanted = "" if one["target"] is None else f", wanted {one['comparison']} {_shown(one['target'])}"
        rows.append((one["name"], f"{_shown(one['value'])} {one['unit']}{wanted}"))
    return rows


def searches(file: Path) -> Rows:
    """Figures of ``make steering``, with what both searches came down to."""
    notes = [one["note"] for one in json.loads(file.read_text())["figures"]]
    return [(name, f"{told}: {note}") for (name, told), note in zip(benchmarks(file), notes, strict=True)]


def _of_what(file: Path) -> str:
    """Say whether they are of a short run, and of figures that name their code whether it is this source's."""
    told = json.loads(file.read_text()) if file.suffix == ".json" else {}
    short = " in its short form, which shows little more than that it works" if told.get("short") else ""
    code = told.get("code")
    if code is None:
        return short
    return short + (", of this source" if code == code_digest() else ", of an earlier state of this source")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}"
        case list():
            return "none" if not value else f"{len(value)} entries"
    return str(value)


TOOLS: Final[tuple[tuple[str, str, str, Callable[[Path], Rows]], ...]] = (
    ("Tests", "tests.xml", "make test", tests),
    ("Coverage of `safety/`", "coverage.json", "make test", coverage),
    ("Campaign of faulted sessions", "campaign.json", "make campaign", scalars),
    ("Smallest margins", "campaign.json", "make campaign", weakest),
    ("From a fault's onset to the first safe command", "campaign.json", "make campaign", detection),
    ("From a monitor's condition to its answer", "campaign.json", "make campaign", windows),
    ("Steered search beside random drawing", "steering.json", "make steering", searches),
    ("Oracle beside signal temporal logic", "temporal.json", "make temporal", scalars),
    ("Mutants of `safety/`", "mutants.json", "make mutants", scalars),
    ("Speed", "bench.json", "make bench", benchmarks),
)
"""Heading, file in ``build/``, what writes it, and what reads it."""


def markdown(build: Path, kept: Path | None = None) -> str:
    """A section for each tool, from the files below ``build``, or where one was not written those that were kept."""
    parts = []
    for heading, name, command, rows in TOOLS:
        file = build / name
        if kept is not None and not file.is_file():
            file = kept / name
        parts.append(f"## {heading}\n")
        if file.is_file():
            table = "\n".join(f"| {figure} | {value} |" for figure, value in rows(file))
            parts.append(f"Written by `{command}`{_of_what(file)}.\n\n| figure | value |\n|---|---|\n{table}\n")
        else:
            parts.append(f"Not run: `{command}` writes these figures.\n")
    return "\n".join(parts)
