"""``righting campaign``: draw, run, judge, add up, shrink what fails, and tell."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from firmware_host.cli import judged
from firmware_host.cli.campaign.cases import Case, Devices, devices_of, draw_case
from firmware_host.cli.campaign.judging import run_drawn
from firmware_host.cli.campaign.lines import write_case
from firmware_host.cli.campaign.report import PICTURED, Pictured, ReportError, write_report
from firmware_host.cli.campaign.results import CRASHED_SHARE, Result
from firmware_host.cli.campaign.shards import Folder, FolderError, Shard, code_digest, shards
from firmware_host.cli.campaign.shrinking import Failing, shrink
from firmware_host.cli.campaign.steering import Tried, steer
from firmware_host.cli.campaign.summary import Summary
from firmware_host.cli.campaign.workers import Workers, WorkersError
from firmware_host.cli.sessions import complain, write_json
from firmware_host.files.toml_source import FileError
from sim.faults import parse

SHRUNK_AT_MOST: Final = 12
"""Failures that differ in what broke or in their faults; the first ones are shrunk."""
COMPARED: Final = 10
"""So many of the smallest shares of both searches are compared."""


class CampaignOptions(NamedTuple):
    """What the command line asks for."""

    sessions: int
    seed: int
    workers: int
    dask: str | None
    folder: Path
    json_target: str | None
    report: Path | None
    steer: bool
    table: Path | None = None
    """A table file whose devices hang on every table, in the board's place."""

    @property
    def devices(self) -> Devices:
        """What hangs on every table. Raises ``FileError``."""
        return () if self.table is None else devices_of(self.table)


def new_folder(records: Path, seed: int) -> Path:
    """Name a folder for a campaign that begins now."""
    return records / f"{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}-campaign-{seed}"


def campaign_command(options: CampaignOptions) -> int:
    """Run a campaign, or what is left of it; exit code 1 if any property was broken."""
    begun_s = time.perf_counter()
    try:
        folder = Folder(options.folder)
        folder.begin(options.seed, options.devices)
        hands = Workers(options.workers, options.dask)
        with _progress() as progress:
            summary = _run(options, folder, hands, progress)
            told = {"seed": options.seed, "code": code_digest(), **summary.as_dict(), "folder": str(options.folder)}
            told["failures"] = _failures(options, folder, summary, hands, progress)
            told["weakest"] = [_with_command(options, one) for one in told["weakest"]]
            if options.steer:
                told["steered"] = _steered(options, summary, hands, progress)
        told["wall_s"] = round(time.perf_counter() - begun_s, 2)
        if options.report is not None:
            write_report(options.report, told, summary.coverage, _pictured(options, summary))
        if options.json_target is not None:
            write_json(options.json_target, json.dumps(told, indent=2))
    except (FolderError, FileError, WorkersError, ReportError, OSError) as error:
        return complain(error)
    if options.json_target != "-":
        _show(told)
    return 1 if summary.failed else 0


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _run(options: CampaignOptions, folder: Folder, hands: Workers, progress: Progress) -> Summary:
    """Run the ranges that are not on the disk yet, then add all of them up in their order."""
    bar = progress.add_task("sessions", total=options.sessions)
    ranges = list(shards(options.seed, options.sessions, options.devices))
    missing = [shard for shard in ranges if folder.read(shard) is None]
    progress.advance(bar, options.sessions - sum(shard.until - shard.first for shard in missing))
    for shard, results in hands.do(_run_shard, missing):
        folder.write(shard, results)
        progress.advance(bar, len(results))
    summary = Summary()
    for shard in ranges:
        for result in folder.read(shard) or []:
            summary.add(result)
    return summary


def _drawn(options: CampaignOptions, index: int) -> Case:
    return draw_case(options.seed, index, options.devices)


def _run_shard(shard: Shard) -> list[Result]:
    return [run_drawn(shard.seed, index, shard.devices) for index in range(shard.first, shard.until)]


def _failures(
    options: CampaignOptions, folder: Folder, summary: Summary, hands: Workers, progress: Progress
) -> list[dict[str, Any]]:
    """Tell each failure with the line that reproduces it; of each sort one is shrunk."""
    bar = progress.add_task("shrinking", total=None)
    failing = list(_one_of_each_sort(options, summary))[:SHRUNK_AT_MOST]
    progress.update(bar, total=len(failing))
    shrunk = {one.number: known for one in failing if (known := folder.shrunk(one.number)) is not None}
    progress.advance(bar, len(shrunk))
    for one, smallest in hands.do(shrink, [one for one in failing if one.number not in shrunk]):
        shrunk[one.number] = {
            "command": write_case(smallest, folder.case(one.number, "-smallest")),
            "faults": [str(fault) for fault in smallest.faults],
            "steps": len(smallest.program["step"]),
        }
        folder.keep_shrunk(one.number, shrunk[one.number])
        progress.advance(bar)
    return [
        {
            "index": result.index,
            "broken": sorted(result.broken),
            "told": [*result.violations, *result.wrong_causes, *result.false_trips, *result.unanswered],
            "faults": list(result.faults),
            "command": _command(options, result.index),
            "shrunk": shrunk.get(result.index),
        }
        for result in summary.failures
    ]


def _one_of_each_sort(options: CampaignOptions, summary: Summary) -> Iterator[Failing]:
    seen = set()
    for result in summary.failures:
        names = tuple(sorted(parse(fault).name for fault in result.faults))
        if (result.broken, names) not in seen:
            seen.add((result.broken, names))
            yield Failing(result.index, _drawn(options, result.index), result.broken)


def _with_command(options: CampaignOptions, weakest: dict[str, Any]) -> dict[str, Any]:
    return {**weakest, "command": _command(options, weakest["index"])}


def _command(options: CampaignOptions, index: int) -> str:
    return write_case(_drawn(options, index), Folder(options.folder).case(index))


def _steered(options: CampaignOptions, summary: Summary, hands: Workers, progress: Progress) -> dict[str, Any]:
    """Search with as many sessions as the campaign had, and compare the two."""
    bar = progress.add_task("steering", total=options.sessions)
    found = Summary()

    def add(tried: Tried) -> Tried:
        found.add(tried.result)
        progress.advance(bar)
        return tried

    tried = map(add, steer(options.seed, options.sessions, hands, options.devices))
    worst = min(tried, key=lambda one: one.result.weakest_share)
    return {
        "random": _shares(summary),
        "steered": _shares(found),
        "worst": {
            "told": [*worst.result.violations, *(one.text for one in worst.result.margins[:1])],
            "command": write_case(worst.case, Folder(options.folder).path / "cases" / "steered-worst"),
        },
    }


def _shares(summary: Summary) -> dict[str, Any]:
    ten = [share for share, _ in summary.worst][:COMPARED]
    return {
        "weakest_share": round(ten[0], 4),
        "ten_weakest_mean_share": round(sum(ten) / len(ten), 4),
        "weakest_of_each_rule": {rule: margin.share for rule, (margin, _) in sorted(summary.weakest.items())},
    }


def _pictured(options: CampaignOptions, summary: Summary) -> list[Pictured]:
    found = []
    for share, index in [entry for entry in summary.worst if entry[0] != CRASHED_SHARE][:PICTURED]:
        case = _drawn(options, index)
        faults = ", ".join(str(fault) for fault in case.faults) or "no fault"
        told = (f"smallest margin: {share:.3f} of what was granted",)
        found.append(Pictured(f"Session {index}: {faults}", case, _command(options, index), told))
    return found


def _from_source() -> str:
    compiled = not (judged.__file__ or "").endswith(".py")
    return "" if compiled else ", from source: in the repository, make campaign compiles it first, which is faster"


def _show(told: dict[str, Any]) -> None:
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    console.print(
        f"{told['sessions']} sessions of seed {told['seed']}: {told['violations']} with a violation, "
        f"{told['wrong_causes']} with a wrong cause, "
        f"{told['false_trips']} with a false trip, {told['unanswered']} with a fault that nothing answered; "
        f"{told['sessions_per_core_second']} sessions a core-second{_from_source()}"
    )
    coverage, weakest = told["coverage"], told["weakest"]
    console.print(f"coverage: {coverage['met']} of {coverage['possible']} cells (state x fault x phase)")
    if coverage["states_never_met"]:
        console.print(f"no fault met the states {', '.join(coverage['states_never_met'])}")
    console.print(f"blind spots: {coverage['possible'] - coverage['met']} cells; --json and --report list them")
    never = [monitor for monitor, sessions in told["tripped"].items() if not sessions]
    console.print(f"monitors that never tripped: {', '.join(never) or 'none'}")
    for one in weakest[:1]:
        console.print(f"weakest margin: {one['rule']}, {one['value']:g} {one['unit']}\n  {one['command']}")
    for failure in told["failures"]:
        console.print(f"\nsession {failure['index']}: " + "; ".join(failure["told"]), markup=False)
        console.print(f"  {failure['command']}", markup=False)
        if failure["shrunk"] is not None:
            console.print(f"  smallest: {failure['shrunk']['command']}", markup=False)
    if told["failing"] > len(told["failures"]):
        console.print(f"\nthese are the first {len(told['failures'])} of {told['failing']} that failed")
    if "steered" in told:
        random, steered = told["steered"]["random"], told["steered"]["steered"]
        console.print(f"\nsmallest share at random {random['weakest_share']}, steered {steered['weakest_share']}")
        console.print(f"  {told['steered']['worst']['command']}", markup=False)
