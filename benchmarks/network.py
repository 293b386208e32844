"""A network that is frozen, cut or throttled between browser and panel, and a browser on a slow computer.

The browser reaches both of the panel's ports through a SOCKS proxy of this process, on the real stack. What the page
says is timed in the page; whether anything moved is read from the physics.
"""

import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.browsing import browsers, clock_offset_ms, open_page, turn
from benchmarks.figure import Comparison, Figure
from sim.table import Truth
from tests.panel.routes import AWAKE_MS, press_start
from tests.panel.stack import running
from tests.panel.waiting import until

SAYS_SO_S: Final = 0.6
SLOWER: Final = 8
THROTTLED_BYTES_S: Final = 2000
"""Less than a state a second."""
FROZEN_FOR_MS: Final = 1500
"""Longer than a press counts that sets a standing table in motion."""
HERE: Final = "127.0.0.1"
BY_NAME: Final = 3
AT_GREYING: Final = """() => {
    const came = window.states.filter((one) => one.came_ms <= window.greyed_ms);
    return [came.at(-1).sent_s, window.greyed_ms / 1e3];
}"""
READ_BYTES: Final = 65536
TURN_S: Final = 0.01
MOVED_DEG: Final = 0.3
NEAR_DEG: Final = 3.0
SETTLED_MS: Final = 1000


class Network:
    """A SOCKS 5 proxy to this machine alone, without passwords, that can be frozen, cut and throttled."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HERE, 0))
        self.url = f"socks5://127.0.0.1:{self._listener.getsockname()[1]}"
        self.state = "open"
        """open, frozen, cut or throttled."""
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End it."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        self._listener.settimeout(TURN_S)
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                client.settimeout(None)
                if self.state == "cut":
                    client.close()
                    continue
                self._threads.append(threading.Thread(target=self._serve, args=(client,)))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(client.recv(2)[1])
            client.sendall(b"\x05\x00")  # no password
            _, _, _, kind, length = client.recv(5)
            host, port = client.recv(length).decode(), int.from_bytes(client.recv(2))
            if kind != BY_NAME or host != HERE:  # whatever else a browser looks for by itself
                return
            with socket.create_connection((host, port)) as server:
                client.sendall(b"\x05\x00\x00\x01" + bytes(6))
                self._carry(client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self._stopping.is_set() and self.state != "cut":
                if self.state == "frozen":
                    self._stopping.wait(TURN_S)
                    continue
                most = max(round(THROTTLED_BYTES_S * TURN_S), 1) if self.state == "throttled" else READ_BYTES
                for key, _ in selector.select(TURN_S):
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(most)
                    if not data:
                        return
                    key.data.sendall(data)
                if self.state == "throttled":
                    self._stopping.wait(TURN_S)


def measure(short: bool) -> list[Figure]:
    """Spoil the network over and over; then slow the browser down, and press STOP."""
    times = 1 if short else 10
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Network()) as network,
        sync_playwright() as playwright,
        browsers(playwright, proxy={"server": network.url, "bypass": "<-loopback>"}) as (browser,),
        running(Path(folder)) as stack,
    ):
        page = open_page(browser, stack.url)
        figures = [_says_so(page, network, how, times) for how in ("frozen", "cut", "throttled")]
        figures.append(_late(page, network, stack.truth, times))
        return [*figures, *_slow(page, stack.truth, times)]


@contextmanager
def spoilt(page: Page, network: Network, how: str) -> Iterator[float]:
    """Spoil the network for a while, and wait until the page shows the present again; gives when, in wall-clock s."""
    page.evaluate("window.greyed_ms = undefined")
    network.state = how
    yield time.time()
    network.state = "open"
    page.wait_for_selector("body:not(.stale)")
    page.wait_for_timeout(SETTLED_MS)  # whatever was held back has come by then


def _says_so(page: Page, network: Network, how: str, times: int) -> Figure:
    """How old the newest data was when the page greyed: a throttled network brings some for a while, ever older."""
    aged_s, took_s = [], []
    for _ in range(times):
        with spoilt(page, network, how) as begun_s:
            page.wait_for_selector("body.stale")
            sent_s, greyed_s = page.evaluate(AT_GREYING)
            aged_s.append(greyed_s - clock_offset_ms() / 1e3 - sent_s)
            took_s.append(greyed_s - begun_s)
            assert page.is_visible("#overlay"), "it says so"
            assert page.is_visible("#stop"), "STOP stays"
    note = f"slowest of {times}, by the age of its data; {np.median(took_s):.2f} s after it began, in the middle"
    return Figure(f"network {how}: the screen says so", max(aged_s), "s", SAYS_SO_S, note=note)


def _late(page: Page, network: Network, truth: Callable[[], Truth], times: int) -> Figure:
    """Press START while nothing is delivered: it arrives when it counts no longer."""
    moved = 0
    for _ in range(times):
        at_deg = truth().angle_deg
        press_start(page)
        with spoilt(page, network, "frozen"):
            page.click("#start-now")  # goes out at once: the page has not greyed yet
            page.wait_for_timeout(FROZEN_FOR_MS)
        moved += abs(truth().angle_deg - at_deg) > MOVED_DEG or page.inner_text("#state") != "ready to start"
    return Figure("requests that came late and moved something", moved, "", 0.0, note=f"of {times} starts")


def _slow(page: Page, truth: Callable[[], Truth], times: int) -> list[Figure]:
    """STOP on a computer that is so many times slower."""
    page.wait_for_timeout(AWAKE_MS)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    stopped = 0
    for _ in range(times):
        turn(page, truth, NEAR_DEG)
        page.hover("#stop")
        page.mouse.down()
        until(lambda: truth().rate_dps == 0.0, page, "STOP stops the table")
        page.mouse.up()
        stopped += "STOPPED" in page.inner_text("#state") or page.locator("#numbers[data-state=stopped]").count() == 1
        page.evaluate("window.states.length = 0")
        page.wait_for_timeout(SETTLED_MS)
        page.keyboard.press("u")
        page.wait_for_selector("#next", state="visible")
    states = page.evaluate("window.states.filter((one) => one.shown_ms !== null).length")
    assert states > 0
    return [
        Figure(f"STOP, {SLOWER} x slower CPU: table stopped", stopped / times, "of presses", 1.0, Comparison.AT_LEAST,
               f"{times} presses; the physics says so"),
    ]  # fmt: skip
