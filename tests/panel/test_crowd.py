"""STOP among many: clients that say too much."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from firmware_host.panel import sockets
from tests.api.desk import SESSION, press
from tests.api.house import House, house
from tests.waiting import LONGEST_S, until


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
