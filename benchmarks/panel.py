"""From a finger on STOP in Chromium to the command's bytes at the board, beside a bare WebSocket handler.

The real stack on a virtual port. A press is timed by the browser's own input event, the bytes where the simulated board
accepts them: all on this machine's wall clock. The bare handler gets the same press over one socket and notes the time.
"""

import gzip
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, Response, sync_playwright
from websockets.sync.server import ServerConnection, serve

from benchmarks.browsing import browsers, turn
from benchmarks.figure import Figure
from safety.signals import CommandMode
from sim.board import VirtualBoard
from sim.faults import Fault
from sim.layout import MODE
from sim.realtime import FaultyTable
from tests.panel.stack import Stack, running
from tests.panel.waiting import until

MEDIAN_MS: Final = 15.0
P99_MS: Final = 30.0
PAGE_KB: Final = 300.0
MEMORY_MB: Final = 120.0
STOPS: Final = 60
SHORT_STOPS: Final = 4
MOVES_DEG: Final = 15.0
"""Away from upright before the first STOP, so that there is something to come back from."""
STAYS_DEG: Final = 2.0
"""Nearer to upright the table would be there before the next STOP."""
NOTE_PRESSES: Final = """() => {
    window.pressed_ms = [];
    addEventListener("pointerdown", (event) => {
        window.pressed_ms.push(performance.timeOrigin + event.timeStamp);
    }, {capture: true});
}"""
_MOVE: Final = float(CommandMode.MOVE)


class TimedTable(FaultyTable):
    """Notes when the board accepts that it shall stand still after it moved."""

    def __init__(self, board: VirtualBoard, faults: list[Fault], seed: int) -> None:
        super().__init__(board, faults, seed)
        self._order = board.table.order
        self.stopped_ms: list[float] = []

    def receive(self, data: bytes) -> None:
        """Take the bytes that the host sent."""
        before = self._order[MODE]
        super().receive(data)
        if before == _MOVE and self._order[MODE] != _MOVE:
            self.stopped_ms.append(time.time() * 1e3)


def measure(short: bool) -> list[Figure]:
    """Measure presses, the page's weight and the panel's memory."""
    tables: list[TimedTable] = []

    def make_table(board: VirtualBoard, faults: list[Fault], seed: int) -> FaultyTable:
        tables.append(TimedTable(board, faults, seed))
        return tables[-1]

    stops = SHORT_STOPS if short else STOPS
    with (
        tempfile.TemporaryDirectory() as records,
        sync_playwright() as playwright,
        browsers(playwright) as (browser,),
        running(Path(records), make_table=make_table) as stack,
    ):
        bare_ms = _bare(browser, stops)
        page = browser.new_page()
        weights: list[float] = []
        page.on("response", lambda response: weights.append(_weight(response)))
        page.goto(stack.url)
        took_ms = _stops(page, stack, tables[0], stops)
        memory_mb = sum(psutil.Process(pid).memory_info().rss for pid in stack.panels()) / 1e6
    return [*_latency(took_ms, bare_ms), *_sizes(sum(weights) / 1e3, memory_mb)]


def _latency(took_ms: list[float], bare_ms: list[float]) -> list[Figure]:
    beside = f"{len(took_ms)} presses; a bare WebSocket handler in the same run"
    bare_median, bare_p99 = (float(np.percentile(bare_ms, share)) for share in (50, 99))
    return [
        Figure("STOP, click to command bytes, median", float(np.median(took_ms)), "ms", MEDIAN_MS,
               note=f"{beside}: {bare_median:.1f} ms"),
        Figure("STOP, click to command bytes, p99", float(np.percentile(took_ms, 99)), "ms", P99_MS,
               note=f"{beside}: {bare_p99:.1f} ms"),
    ]  # fmt: skip


def _sizes(page_kb: float, memory_mb: float) -> list[Figure]:
    return [
        Figure("panel's page, first load, compressed", page_kb, "kB", PAGE_KB),
        Figure("panel's process, resident", memory_mb, "MB", MEMORY_MB),
    ]


def _weight(response: Response) -> float:
    """Bytes of a response as gzip would send them."""
    return float(len(gzip.compress(response.body())))


def _stops(page: Page, stack: Stack, table: TimedTable, stops: int) -> list[float]:
    """Stop, ask for the way upright, and stop again; in as many sessions as it takes."""
    page.evaluate(NOTE_PRESSES)
    took_ms: list[float] = []
    low_deg = stack.truth().angle_deg
    while len(took_ms) < stops:
        turn(page, stack.truth, MOVES_DEG)
        while len(took_ms) < stops and stack.truth().angle_deg > low_deg + STAYS_DEG:
            took_ms.append(_stop(page, stack, table))
            page.keyboard.press("u")
            until(lambda: stack.truth().rate_dps < -0.05, page, "the table goes on upright")
        page.wait_for_selector("#next", state="visible")
    return took_ms


def _stop(page: Page, stack: Stack, table: TimedTable) -> float:
    """Press STOP while the table moves; gives the time until the board knew, in ms."""
    table.stopped_ms.clear()
    page.evaluate("window.pressed_ms.length = 0")
    page.hover("#stop")
    page.mouse.down()
    until(lambda: bool(table.stopped_ms), page, "STOP reaches the board")
    page.mouse.up()
    took_ms = table.stopped_ms[0] - _first_press_ms(page)
    until(lambda: stack.truth().rate_dps == 0.0, page, "the table stands")
    page.wait_for_selector("#numbers[data-state=stopped]")
    return took_ms


def _first_press_ms(page: Page) -> float:
    pressed: list[float] = page.evaluate("window.pressed_ms")
    return pressed[0]


def _bare(browser: Browser, presses: int) -> list[float]:
    """The same press on an empty page with one socket to a handler that does nothing else."""
    came_ms: list[float] = []

    def handle(connection: ServerConnection) -> None:
        came_ms.extend(time.time() * 1e3 for _ in connection)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        page = browser.new_page()
        page.evaluate(NOTE_PRESSES)
        address: Any = server.socket.getsockname()
        page.evaluate(
            """(port) => new Promise((resolve) => {
                const socket = new WebSocket(`ws://127.0.0.1:${port}`);
                addEventListener("pointerdown", () => socket.send("stop"), {capture: true});
                socket.onopen = resolve;
            })""",
            address[1],
        )
        took_ms: list[float] = []
        for number in range(presses):
            page.mouse.move(10, 10)
            page.mouse.down()
            until(lambda: len(came_ms) > number, page, "the press reaches the handler")  # noqa: B023 - at once
            page.mouse.up()
            took_ms.append(came_ms[number] - page.evaluate("window.pressed_ms.at(-1)"))
        page.close()
        server.shutdown()
        thread.join()
    return took_ms
