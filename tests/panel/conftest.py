"""The whole stack: a simulated board on a virtual port, the command with its panel, and Chromium before it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final, NamedTuple

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from firmware_host.cli.virtual import make_board
from firmware_host.config import load_rider, load_table
from sim.faults import parse
from sim.realtime import FaultyTable, PtyLine, run_on
from sim.table import Truth
from tests.end_to_end.commands import PROGRAM, REGULAR, command, environment
from tests.panel.browser import arguments, find_or_install

LONGEST_S: Final = 60.0
"""Only a hang takes so long."""


class Stack(NamedTuple):
    """What a test has in its hands."""

    run: subprocess.Popen[str]
    url: str
    truth: Callable[[], Truth]
    """Of the table, from the physics."""

    def panels(self) -> list[int]:
        """Ids of the panel's processes that live: one, but for a moment after it died."""
        children = psutil.Process(self.run.pid).children()
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child.pid for child in alive if "firmware_host.panel" in child.cmdline()]


def until(true: Callable[[], bool], page: Page, what: str) -> None:
    """Wait for a condition outside the page, while the page lives on."""
    waited_ms = 0
    while not true():
        assert waited_ms < LONGEST_S * 1e3, what
        page.wait_for_timeout(20)
        waited_ms += 20


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        with (tmp_path_factory.getbasetemp().parent / "browser.lock").open("w") as lock:
            flock(lock, LOCK_EX)  # one worker installs
            path = find_or_install(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=arguments())
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """Faults of the simulated table; a test overrides it by a parameter of the same name."""
    return []


@pytest.fixture
def stack(tmp_path: Path, faults: list[str]) -> Iterator[Stack]:
    board = make_board(load_table(None), load_rider(REGULAR), seed=1)
    board.table.advance_ms(0)
    stopping = threading.Event()
    with closing(PtyLine()) as line:
        table = FaultyTable(board, [parse(fault) for fault in faults], seed=1)
        thread = threading.Thread(target=run_on, args=(line, table, 1.0, stopping.is_set))
        thread.start()
        with subprocess.Popen(
            command("run", PROGRAM, "--rider", REGULAR, "--port", line.name, "--plain", "--records", tmp_path),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            env=environment(),
        ) as run:  # fmt: skip
            try:
                yield Stack(run, address(run), board.table.truth)
            finally:
                children = psutil.Process(run.pid).children()
                for child in children:
                    if child.status() == psutil.STATUS_STOPPED:
                        os.kill(child.pid, signal.SIGCONT)
                run.kill()
                run.wait()
                stopping.set()
                thread.join()
        _, alive = psutil.wait_procs(children, timeout=LONGEST_S)
        assert not alive, "the panel ends with its controller"


def address(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    told = []
    for text in run.stdout:
        told.append(text)
        if "Operator panel:" in text:
            threading.Thread(target=run.stdout.read, daemon=True).start()  # or the pipe fills up
            return text.split()[-1]
    raise AssertionError("".join(told))


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(stack.url)
    page.wait_for_selector("body:not(.stale)")
    yield page
    context.close()
    assert wrong == []
