"""A panel without a table: application, server, database and station are real, and a desk stands for the controller."""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import uvicorn
from argon2 import PasswordHasher
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from firmware_host.panel.access.logins import hashed
from firmware_host.panel.access.network import Network, doors
from firmware_host.panel.access.rights import ROOT
from firmware_host.panel.app import Place, make_app
from firmware_host.panel.messages import LONGEST_BYTES, Choose
from firmware_host.panel.station import Answer, Station
from firmware_host.panel.stop_path import StopServer
from firmware_host.records import COMMAND_LINE, Records, default_url, open_records, people, tokens
from firmware_host.roles import Role
from tests.api.desk import SESSION, Desk
from tests.waiting import LONGEST_S, until

PIN: Final = "4711-ada"
HERE: Final = Network()


class TakingDesk(Desk):
    """Takes every choice but one that goes to 50 degrees."""

    outcome: dict[str, Any] | None = None

    def setup(self) -> dict[str, Any]:
        return {"program": "P", "rider": "Ada", "unscreened": ["secret"], "height_m": 1.7, "simulated": True}

    def state(self) -> dict[str, Any]:
        return {"now_s": time.monotonic(), "angle_deg": -75.0, "target_deg": None, "outcome": self.outcome}

    def choose(self, choose: Choose) -> "Future[Answer]":
        self.chosen.append(choose)
        answered: Future[Answer] = Future()
        problem = {"file": "program", "line": 5, "text": "too steep"}
        steep = choose.program is not None and "to_deg = 50" in choose.program.text
        refused = {"ok": False, "error": "too steep", "problems": [problem]}
        answered.set_result(refused if steep else {"ok": True, "session": SESSION + 1})
        return answered


class House(NamedTuple):
    """What a test has in its hands."""

    url: str
    stop_url: str
    records: Records
    black_boxes: Path
    station: Station
    desk: TakingDesk
    app: Any
    opened: list[httpx.Client]
    """Closed with the house."""

    def client(self, token: str | None = None, **more: Any) -> httpx.Client:
        """Somebody who asks; not logged in, but for a token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=self.url + ROOT, headers=headers, timeout=LONGEST_S, **more)
        self.opened.append(client)
        return client

    def token(self, role: Role) -> str:
        """A token of its own for a role."""
        secret = secrets.token_urlsafe(16)
        with self.records.begin() as transaction:
            tokens.add(transaction, COMMAND_LINE, f"test {role}", role, hashed(secret))
        return secret

    def page_socket(self, **headers: str) -> ClientConnection:
        """The socket of the panel's own page."""
        return connect(self.url.replace("http", "ws") + "/socket", origin=Origin(self.url), additional_headers=headers)

    def person(self, name: str, role: Role, pin: str = PIN) -> int:
        """Somebody who can log in."""
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        with self.records.begin() as transaction:
            return people.add(transaction, COMMAND_LINE, name, role, quick.hash(pin)).id

    def logged_in(self, name: str, pin: str = PIN) -> httpx.Client:
        """A client with somebody's cookie."""
        client = self.client()
        assert client.post("/login", json={"name": name, "pin": pin}).status_code == 200
        return client


@contextmanager
def house(
    folder: Path,
    network: Network = HERE,
    table: Path | None = None,
) -> Iterator[House]:
    """Open it, and close all of it again."""
    black_boxes, run = folder / "records", folder / "run"
    black_boxes.mkdir(exist_ok=True)
    run.mkdir(exist_ok=True)
    desk = TakingDesk()
    opened: list[httpx.Client] = []
    page, stop = socket.create_server((network.address, 0)), socket.create_server((network.address, 0))
    ports = page.getsockname()[1], stop.getsockname()[1]
    reached = doors(network, *ports)
    with open_records(default_url(black_boxes)) as records, Station(run) as station:
        station.desk = desk
        app = make_app(Place(run, reached, network, records, black_boxes, table))
        stops = StopServer(stop, run, reached, network.context())
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                proxy_headers=False,
                ws_max_size=4 * LONGEST_BYTES,
                ssl_certfile=network.certificate,
                ssl_keyfile=network.key,
            )
        )
        threads = [
            threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[page]))),
            threading.Thread(target=lambda: stops.serve_forever(poll_interval=0.02)),  # it ends no sooner than it looks
        ]
        for thread in threads:
            thread.start()
        urls = [f"{network.scheme}://127.0.0.1:{port}" for port in ports]
        try:
            until(lambda: app.state.parts.state() is not None, "a state comes")
            yield House(urls[0], urls[1], records, black_boxes, station, desk, app, opened)
        finally:
            for client in opened:
                client.close()
            server.should_exit = True
            stops.shutdown()
            for thread in threads:
                thread.join()
            stops.server_close()
            stops.context.destroy(linger=0)
