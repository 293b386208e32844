"""STOP among many: connections that say nothing, and clients that say too much. The panel is a process of its own."""

import json
import resource
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from firmware_host.panel import sockets
from firmware_host.panel.options import PanelOptions
from firmware_host.panel.process import PanelProcess
from tests.api.desk import SESSION, press
from tests.api.house import House, TakingDesk, house
from tests.waiting import LONGEST_S, until

FILES: Final = 420
"""So many the panel has in this test: fewer than would be taken if everybody were let in."""
IDLE: Final = 400


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[PanelProcess]:
    """The real process, started by somebody who may have few files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        with PanelProcess(0, PanelOptions(records=tmp_path)) as panel:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            panel.station.desk = TakingDesk()
            until(lambda: panel.station.pinged_s is not None, "the panel is alive")
            yield panel
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def ports(panel: PanelProcess) -> tuple[int, int]:
    """Of the page and of STOP."""
    page = int(panel.url.rstrip("/").split(":")[-1])
    listening = {one.laddr.port for one in psutil.Process(panel.pid).net_connections("tcp") if one.status == "LISTEN"}
    (stop,) = listening - {page}
    return page, stop


def test_the_panel_takes_as_many_files_as_it_may(panel: PanelProcess) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert resource.prlimit(panel.pid, resource.RLIMIT_NOFILE) == (most, most)


@pytest.mark.parametrize("crowded", ["page", "stop", "both"])
def test_a_crowd_that_says_nothing_keeps_neither_stop_nor_the_page_from_anybody(
    panel: PanelProcess, crowded: str
) -> None:
    page, stop = ports(panel)
    resource.prlimit(panel.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
    with ExitStack() as stack:
        for port in {"page": [page], "stop": [stop], "both": [page, stop]}[crowded]:
            for _ in range(IDLE):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), LONGEST_S))
        asked = urllib.request.Request(f"http://127.0.0.1:{stop}/stop", data=b"", method="POST")
        with urllib.request.urlopen(asked, timeout=LONGEST_S) as answer:
            assert json.load(answer) == {"ok": True}
        with urllib.request.urlopen(panel.url, timeout=LONGEST_S) as answer:
            assert answer.status == 200
    assert isinstance(panel.station.desk, TakingDesk)
    assert panel.station.desk.pressed == ["stop"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as home:
        yield home


def answers(page: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Wait for so many."""
    told: list[dict[str, Any]] = []
    while len(told) < count:
        message = json.loads(page.recv(LONGEST_S))
        told += [message] if message["kind"] == "answer" else []
    return told


def test_a_client_is_read_no_faster_than_a_page_speaks(home: House) -> None:
    """Nothing is lost: what is too much waits in the network, and what stops acts when it is read."""
    burst, more = sockets.AT_ONCE, 100
    with home.page_socket() as page:
        begun_s = time.monotonic()
        for _ in range(burst + more):
            page.send('{"kind": "release", "id": "x"}')
        page.send(press("stop"))
        told = answers(page, burst + more + 1)
    assert time.monotonic() - begun_s > (more - 1) / sockets.EACH_PER_S
    assert all(one["ok"] for one in told)
    assert home.desk.pressed == ["stop"]


def test_all_clients_together_have_as_much_as_the_panel_can_follow() -> None:
    crowd = sockets.Crowd()
    with ExitStack() as stack:
        rooms = [stack.enter_context(crowd.member()) for _ in range(sockets.CLIENTS + 1)]
        assert crowd.count / crowd.period_s() == pytest.approx(sockets.ALL_PER_S)
    assert rooms == [True] * sockets.CLIENTS + [False]
    assert (crowd.count, crowd.period_s()) == (0, 1.0 / sockets.EACH_PER_S)


def test_one_more_client_than_may_is_told_to_come_again(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "CLIENTS", 1)
    with home.page_socket() as first:
        assert json.loads(first.recv(LONGEST_S))["session"] == SESSION
        with home.page_socket() as second:
            with pytest.raises(ConnectionClosed):
                second.recv(LONGEST_S)
            assert second.close_code == sockets.FULL
        asked = urllib.request.Request(home.stop_url + "/stop", data=b"", method="POST")
        with urllib.request.urlopen(asked, timeout=LONGEST_S) as answer:
            assert json.load(answer) == {"ok": True}

    def lets_in() -> bool:
        with home.page_socket() as again:
            try:
                return bool(json.loads(again.recv(LONGEST_S))["session"] == SESSION)
            except ConnectionClosed:
                return False

    until(lets_in, "there is room again")
