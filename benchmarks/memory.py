"""What panel and browser hold after many minutes of sessions before an open session view: it must not grow.

The whole bench watches for 20 minutes; RIGHTING_BENCH_MINUTES=60 watches from the tenth to the sixtieth.
"""

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import psutil
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.browsers import running
from benchmarks.browsing import browsers, open_page, start_session
from benchmarks.figure import Figure

WHOLE_MIN: Final = 20.0
PROMISED_MIN: Final = 60.0
"""Until then it must not grow."""
SETTLED_MIN: Final = 10.0
SHORT_MIN: Final = 0.4
SHORT_SETTLED_MIN: Final = 0.1
MINUTES: Final = "RIGHTING_BENCH_MINUTES"
SAMPLE_S: Final = 5.0
PANEL_MB: Final = 120.0
HEAP_MB: Final = 30.0
GROWTH_PERCENT: Final = 5.0
PART: Final = 5
"""The first fifth of what was watched is compared with the last."""


class Sample(NamedTuple):
    """What was held at one moment, in MB."""

    panel_mb: float
    heap_mb: float


def measure(short: bool) -> list[Figure]:
    """Watch a session view, with one session after another."""
    minutes = SHORT_MIN if short else float(os.environ.get(MINUTES, WHOLE_MIN))
    settled_min = SHORT_SETTLED_MIN if short else SETTLED_MIN
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as url,
        sync_playwright() as playwright,
        browsers(playwright) as (browser,),
    ):
        page = open_page(browser, url)
        page.evaluate("window.states = {push: () => 0}")  # what is noted for other benchmarks would grow
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        _watch(page, session, settled_min)
        samples = _watch(page, session, minutes - settled_min)
    watched_min = minutes - settled_min
    told = f"watched for {watched_min:g} min, from the {settled_min:g}th to the {minutes:g}th"
    if short:
        told = f"watched for {watched_min * 60.0:.0f} s: far too short to judge"
    elif minutes < PROMISED_MIN:
        told += f" and not to the {PROMISED_MIN:g}th ({MINUTES}={PROMISED_MIN:g} does)"
    return [
        *_figures("panel's process, resident", [one.panel_mb for one in samples], PANEL_MB, told),
        *_figures("browser's heap, session view", [one.heap_mb for one in samples], HEAP_MB, told),
    ]


def _watch(page: Page, session: CDPSession, minutes: float) -> list[Sample]:
    """Let a time pass with sessions; at least two samples."""
    (panel,) = (one for one in psutil.Process().children(recursive=True) if "firmware_host.panel" in one.cmdline())
    ends_s = time.monotonic() + minutes * 60.0
    samples: list[Sample] = []
    while time.monotonic() < ends_s or len(samples) < 2:
        if page.is_visible("#start") or page.is_visible("#next"):
            start_session(page)
        page.wait_for_timeout(SAMPLE_S * 1e3)
        session.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        samples.append(Sample(panel.memory_info().rss / 1e6, metrics["JSHeapUsedSize"] / 1e6))
    return samples


def _figures(name: str, held_mb: list[float], most_mb: float, told: str) -> list[Figure]:
    part = max(len(held_mb) // PART, 1)
    first, last = median(held_mb[:part]), median(held_mb[-part:])
    note = f"{told}: {first:.1f} to {last:.1f} MB, {len(held_mb)} samples"
    return [
        Figure(f"{name}, most", max(held_mb), "MB", most_mb, note=note),
        Figure(f"{name}, growth", (last / first - 1.0) * 100.0, "%", GROWTH_PERCENT, note=note),
    ]
