"""Four browsers before a session while the history is asked for: what the controller feels, what the screens show.

The headless command runs beside it, at the same time and on the same machine, so that what the browsers take of its
cores slows both alike. Ticks are read from both black boxes: when each began, beside when its frame was due on the
board's grid.
"""

import contextlib
import json
import math
import os
import random
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.browsing import browsers, clock_offset_ms, open_page, start_session
from benchmarks.figure import Comparison, Figure
from benchmarks.loop import lateness_s, share
from benchmarks.process import COMMAND
from benchmarks.records import SESSIONS, fill
from firmware_host.control.real_time import REALTIME_PRIORITY
from firmware_host.recording.blackbox_reader import read
from firmware_host.records import default_url, open_records

BROWSERS: Final = 4
WHOLE_S: Final = 120.0
SHORT_S: Final = 5.0
SHORT_SESSIONS: Final = 500
LATENESS: Final = "tick lateness, four browsers over headless, p99.9"
RATIO: Final = 1.2
AGE_MS: Final = 100.0
UPDATES_HZ: Final = 20.0
WORST: Final = 0.999
ASKED_EACH_S: Final = 0.05
SETTLE_MS: Final = 1000
WAIT_S: Final = 0.2


def measure(short: bool) -> list[Figure]:
    """Measure the control loop, and the age of what four pages show."""
    wanted_s = SHORT_S if short else WHOLE_S
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        alone, watched = Path(one), Path(other)
        with open_records(default_url(watched)) as records:
            fill(records, SHORT_SESSIONS if short else SESSIONS, random.Random(4))
        with (
            sync_playwright() as playwright,
            _headless(alone),
            running(watched) as url,
            browsers(playwright, BROWSERS) as started,
            _asked(url) as answers_s,
        ):
            pages = [open_page(browser, url) for browser in started]
            start_session(pages[0])
            pages[0].wait_for_timeout(SETTLE_MS)
            begun_s = time.monotonic()
            states = _watch(pages, wanted_s)
            ended_s = time.monotonic()
        headless, panel = (_late(folder, begun_s, ended_s) for folder in (alone, watched))
    return [_loop(headless, panel, answers_s), *_screens(states, ended_s - begun_s)]


def _command(records: Path, *options: str) -> "subprocess.Popen[str]":
    line = [str(COMMAND), "run", "--plain", "--records", str(records), *options]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


@contextlib.contextmanager
def running(records: Path) -> Iterator[str]:
    """The command with a simulated table of its own; gives the panel's address."""
    with _command(records) as process:
        assert process.stdout is not None
        url = next(text.split()[-1] for text in process.stdout if "Operator panel:" in text)
        _never_late(process)
        try:
            yield url
        finally:
            process.kill()  # nobody is on this table


def _never_late(process: "subprocess.Popen[str]") -> None:
    """Let the simulated board come before all else, as a board does that has a processor of its own; where allowed."""
    with contextlib.suppress(psutil.Error, OSError):
        for child in psutil.Process(process.pid).children():
            if "sim" in child.cmdline():
                os.sched_setscheduler(child.pid, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY + 1))


@contextlib.contextmanager
def _headless(records: Path) -> Iterator[None]:
    """The same without a panel, one session after another: a busy machine ends some by a trip."""
    stopping = threading.Event()
    started: list[subprocess.Popen[str]] = []

    def run() -> None:
        while not stopping.is_set():
            with _command(records, "--headless") as process:
                started.append(process)
                assert process.stdout is not None
                process.stdout.readline()
                _never_late(process)
                process.communicate()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        while thread.is_alive():
            started[-1].kill()
            thread.join(WAIT_S)


@contextlib.contextmanager
def _asked(url: str) -> Iterator[list[float]]:
    """Somebody asks for the history over and over; gives how long each answer took, in s."""
    stopping, took_s = threading.Event(), [0.0]

    def ask() -> None:
        while not stopping.wait(ASKED_EACH_S):
            begun_s = time.monotonic()
            with urllib.request.urlopen(f"{url}api/v1/sessions?limit=25") as answer:
                json.load(answer)
            took_s.append(time.monotonic() - begun_s)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield took_s
    finally:
        stopping.set()
        thread.join()


def _watch(pages: list[Page], wanted_s: float) -> list[dict[str, float]]:
    """Let time pass, with a session under way; gives what all pages noted of their states meanwhile."""
    for page in pages:
        page.evaluate("window.states.length = 0")
    ends_s = time.monotonic() + wanted_s
    while time.monotonic() < ends_s:
        if pages[0].is_visible("#next"):
            start_session(pages[0])
        pages[0].wait_for_timeout(SETTLE_MS)
    noted: list[Any] = [one for page in pages for one in page.evaluate("window.states")]
    return [one for one in noted if one["shown_ms"] is not None]


def _late(folder: Path, begun_s: float, ended_s: float) -> list[float]:
    """Lateness of the ticks between two moments, in s and in rising order, from all recordings in a folder."""
    late: list[float] = []
    for file in folder.glob("*.mcap"):
        begun: list[tuple[float, int]] = []
        for one in read(file).inputs:
            frame = one.telemetry
            if frame is None or not begun_s <= one.now_s <= ended_s:
                continue
            if not begun or frame.board_time_us != begun[-1][1]:  # a frame that has just come
                begun.append((one.now_s, frame.board_time_us))
        late += lateness_s(begun) if begun else []
    return sorted(late)


def _loop(headless: list[float], panel: list[float], answers_s: list[float]) -> Figure:
    if not headless or not panel:
        return Figure(LATENESS, math.nan, "x", RATIO, note="the machine was too busy for a session of both")
    theirs_ms, ours_ms = (share(times, WORST) * 1e3 for times in (headless, panel))
    note = (
        f"{len(panel):,} ticks: {ours_ms:.2f} ms against {theirs_ms:.2f} ms headless at the same time; medians "
        f"{share(panel, 0.5) * 1e3:.2f} and {share(headless, 0.5) * 1e3:.2f} ms; history asked "
        f"{len(answers_s) - 1} times, at most {max(answers_s) * 1e3:.0f} ms"
    )
    return Figure(LATENESS, ours_ms / theirs_ms, "x", RATIO, note=note)


def _screens(states: list[dict[str, float]], watched_s: float) -> list[Figure]:
    offset_ms = clock_offset_ms()
    shown_ms, came_ms = (
        [one[moment] - offset_ms - one["sent_s"] * 1e3 for one in states] for moment in ("shown_ms", "came_ms")
    )
    p99_ms, median_ms, script_ms = (
        float(np.percentile(times, part)) for times, part in ((shown_ms, 99), (shown_ms, 50), (came_ms, 99))
    )
    note = f"{len(states):,} states, drawn: median {median_ms:.1f} ms; p99 when they came {script_ms:.1f} ms"
    updates_hz = round(len(states) / BROWSERS / watched_s, 1)
    return [
        Figure("state on screen, age, p99", p99_ms, "ms", AGE_MS, note=note),
        Figure("state on screen, updates", updates_hz, "/s", UPDATES_HZ, Comparison.AT_LEAST, f"mean of {BROWSERS}"),
    ]
