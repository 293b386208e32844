"""kill -9 of any process at a random moment: the rider comes upright, and nothing that was committed is lost.

The real stack with the simulated board in a process that nobody kills, and a real browser before it. The session goes
past horizontal and back, and a process is killed at any moment of it: on the way down, inverted, at rest at horizontal,
on the way up. What became of the rider is read from the simulator's truth. Meanwhile somebody writes to the records by
the API; what was answered with a yes has to be there afterwards. The same folder of records serves all kills of a
worker, so that the audit log's chain leads through all of them.
"""

import contextlib
import json
import random
import signal
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from http.client import HTTPException
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.browsing import browsers, open_page, start_session
from benchmarks.figure import Comparison, Figure
from firmware_host.cli.sessions import load_session
from firmware_host.records import audit, default_url, open_records, riders
from tests.end_to_end.commands import REGULAR
from tests.panel.stack import Stack, running

KILLS: Final = 200
SHORT_KILLS: Final = 4
WORKERS: Final = 4
"""At the same time: a kill is mostly waiting."""
UPRIGHT_DEG: Final = -75.0
NEAR_DEG: Final = 1.0
FIRST_S: Final = 0.5
"""The first moment at which a process is killed, counted from the press of START; the last is the end of the way."""
TO_DEG: Final = 10.0
BEYOND_DEG: Final = 3.0
"""So far past the end of its way no table may come, whatever was killed: what it takes to stop, and its play."""
FASTEST_DPS: Final = 8.0
"""What the board holds."""
LEVEL_DEG: Final = -10.0
"""From here on the rider lies, or hangs."""
LONGEST_S: Final = 240.0
"""Enough for the rest of a session in which nothing came of a kill."""
LOOKED_EACH_S: Final = 0.05
STANDS_S: Final = 1.0
WRITES_EACH_S: Final = 0.1
RIDER: Final = {"sex": "female", "mass_kg": 70.5, "height_m": 1.72, "experience": "beginner"}
PROGRAM: Final = f"""name = "Past horizontal and back"
[motion]
rate_dps = 3
rest_at_flat_s = 10
[[step]]
do = "go"
to_deg = {TO_DEG:g}
[[step]]
do = "hold"
for_s = 10
"""
"""Nearly as short as one may be, and long enough inverted: under two minutes."""


class Kill(NamedTuple):
    """One of them, and what it did to the rider."""

    what: str
    at_deg: float
    """Where the rider was at that moment."""
    upright: bool
    farthest_deg: float
    fastest_dps: float


class Told(NamedTuple):
    """What became of the kills of one worker."""

    kills: list[Kill]
    committed: int
    """Writes that were answered with a yes."""
    lost: int
    chain: list[str]
    """What is wrong with the audit log's chain."""


def measure(short: bool) -> list[Figure]:
    """Kill, over and over."""
    each = (SHORT_KILLS if short else KILLS) // WORKERS
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        told = list(pool.map(_kill_all, [each] * WORKERS, range(WORKERS)))
    kills = [one for worker in told for one in worker.kills]
    killed = [one.what for one in kills]
    which = ", ".join(f"{killed.count(name)} {name}" for name in sorted(set(killed)))
    committed = sum(one.committed for one in told)
    upright = sum(one.upright for one in kills) / len(kills)
    level, inverted = (sum(one.at_deg > over_deg for one in kills) for over_deg in (LEVEL_DEG, 0.0))
    note = f"{len(kills)} kills: {which}; {level} beyond {LEVEL_DEG:g} deg, {inverted} of these inverted"
    return [
        Figure("kill -9 at a random moment: rider upright", upright, "of kills", 1.0, Comparison.AT_LEAST, note),
        Figure("kill -9: farthest past the end of the way", max(one.farthest_deg for one in kills) - TO_DEG, "deg",
               BEYOND_DEG, note="the simulator's truth, of all kills"),
        Figure("kill -9: fastest", max(one.fastest_dps for one in kills), "deg/s", FASTEST_DPS,
               note="the simulator's truth, of all kills"),
        Figure("kill -9: committed records lost", sum(one.lost for one in told), "", 0.0,
               note=f"of {committed} that were answered with a yes"),
        Figure("kill -9: breaks of the audit chain", sum(len(one.chain) for one in told), "", 0.0),
    ]  # fmt: skip


def _kill_all(kills: int, seed: int) -> Told:
    draw = random.Random(seed)
    told = Told([], 0, 0, [])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "program.toml").write_text(PROGRAM)
        (folder / "records").mkdir()
        whole_s = load_session(folder / "program.toml", REGULAR, None).plan.total_s
        written: list[str] = []
        for number in range(kills):
            told.kills.append(_kill_one(folder, draw, f"{seed}-{number}", written, whole_s))
        with open_records(default_url(folder / "records")) as records, records.read() as transaction:
            there = {one.name for one in riders.everyone(transaction)}
            chain = list(audit.verify(transaction).problems)
    return told._replace(committed=len(written), lost=len(set(written) - there), chain=chain)


def _kill_one(folder: Path, draw: random.Random, name: str, written: list[str], whole_s: float) -> Kill:
    """Run a session, kill one of its processes, and see where the rider is in the end."""
    with (
        sync_playwright() as playwright,
        browsers(playwright) as (browser,),
        running(folder / "records", program=folder / "program.toml") as stack,
    ):
        page = open_page(browser, stack.url)
        with _writing(stack.url, name, written):
            start_session(page)
            time.sleep(draw.uniform(FIRST_S, whole_s))
            at_deg = stack.truth().angle_deg
            killed = _kill(stack, draw)
            upright = _comes_upright(stack)
            t = stack.truth()
            return Kill(killed, at_deg, upright, t.max_angle_deg, t.max_rate_dps)


def _kill(stack: Stack, draw: random.Random) -> str:
    """Kill one of the processes, the rare kinds as often as the others; gives what it was."""
    kinds: dict[str, list[psutil.Process]] = {}
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            kinds.setdefault(_kind(one, stack), []).append(one)
    kinds.pop("", None)
    name = draw.choice(sorted(kinds))
    draw.choice(sorted(kinds[name], key=lambda one: one.pid)).send_signal(signal.SIGKILL)
    return name


def _kind(process: psutil.Process, stack: Stack) -> str:
    """Name a process; empty for what drives the browser from here and is no part of the project."""
    line = " ".join(process.cmdline())
    if process.pid == stack.run.pid:
        return "controller"
    if "firmware_host" in line:
        return "panel" if "firmware_host.panel" in line else "child of the panel"
    if "chrom" not in process.name():
        return ""
    return "browser's page" if "--type=renderer" in line else "browser"


def _comes_upright(stack: Stack) -> bool:
    """Wait until the rider is upright and stays there, on the closed brake; tells whether that came."""
    ends_s = time.monotonic() + LONGEST_S
    since_s = None
    while time.monotonic() < ends_s:
        t = stack.truth()
        stands = abs(t.angle_deg - UPRIGHT_DEG) < NEAR_DEG and t.rate_dps == 0.0 and t.brake_closed
        since_s = (since_s or time.monotonic()) if stands else None
        if since_s is not None and time.monotonic() - since_s > STANDS_S:
            return True
        time.sleep(LOOKED_EACH_S)
    return False


@contextlib.contextmanager
def _writing(url: str, name: str, written: list[str]) -> Iterator[None]:
    """Somebody adds riders all the time; those that were answered with a yes are noted."""
    stopping = threading.Event()

    def write() -> None:
        number = 0
        while not stopping.wait(WRITES_EACH_S):
            number += 1
            rider = {"name": f"{name}-{number}", **RIDER}
            body = json.dumps({"document": {"rider": rider}}).encode()
            asked = urllib.request.Request(f"{url}api/v1/riders", body, {"Content-Type": "application/json"})
            with contextlib.suppress(urllib.error.URLError, HTTPException, OSError):
                with urllib.request.urlopen(asked, timeout=LONGEST_S) as answer:
                    answer.read()
                written.append(f"{name}-{number}")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
