"""The panel's end of the local socket: the newest state, the last minutes, and requests with an answer."""

import asyncio
import json
import time
import uuid
from collections import deque
from pathlib import Path
from queue import LifoQueue
from typing import Any, Final

import zmq
import zmq.asyncio

from firmware_host.panel.messages import NO_CONTROLLER, AskSetup, Ping
from firmware_host.panel.station import REQUESTS, STATES, address

ANSWER_S: Final = 1.0
"""A controller that does not answer for so long is not there."""
CHOICE_S: Final = 10.0
"""So long it may take to check a rider and a program, and to make a session of them."""
PING_S: Final = 0.5
CHART_PERIOD_S: Final = 0.5
CHART_S: Final = 600.0
_ASK_SETUP: Final = AskSetup(kind="setup").model_dump_json().encode()

NOT_THERE: Final = {"ok": False, "error": NO_CONTROLLER}


class Line:
    """Peers that stand ready for threads that ask: an answer takes no new socket, and so no file of the process."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", where: str, peers: int = 4) -> None:
        """Connect.

        Args:
            context: for the peers; whoever destroys it closes them.
            where: address of a socket of the station.
            peers: so many threads ask at once; a further one waits for its turn.
        """
        self._idle: LifoQueue[zmq.Socket[bytes]] = LifoQueue()
        for _ in range(peers):
            peer = context.socket(zmq.DEALER)
            peer.set(zmq.LINGER, 0)
            peer.connect(where)
            self._idle.put(peer)

    def ask(self, request: bytes, wait_s: float = ANSWER_S) -> dict[str, Any]:
        """Ask the controller, and wait for its answer."""
        peer, mine = self._idle.get(), uuid.uuid4().bytes
        try:
            peer.send_multipart([mine, request], zmq.NOBLOCK)
            until_s = time.monotonic() + wait_s
            while peer.poll(max(round((until_s - time.monotonic()) * 1e3), 0)):
                whose, data = peer.recv_multipart()
                if whose == mine:  # not what came late for somebody before
                    answer: dict[str, Any] = json.loads(data)
                    return answer
        except zmq.Again:  # as many wait as may: nobody takes them
            pass
        finally:
            self._idle.put(peer)
        return dict(NOT_THERE)


def ask_now(
    folder: Path, context: "zmq.Context[zmq.Socket[bytes]]", request: bytes, wait_s: float = ANSWER_S
) -> dict[str, Any]:
    """Ask the controller from a thread that may wait."""
    with context.socket(zmq.DEALER) as peer:
        peer.set(zmq.LINGER, 0)
        peer.connect(address(folder, REQUESTS))
        peer.send(request)
        if not peer.poll(round(wait_s * 1e3)):
            return dict(NOT_THERE)
        answer: dict[str, Any] = json.loads(peer.recv())
        return answer


class Bridge:
    """States as they come, for any number of pages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = zmq.asyncio.Context()
        self._came = asyncio.Condition()
        self.latest: str = ""
        self.count = 0
        self.chart: deque[tuple[float, float | None, float | None]] = deque(maxlen=int(CHART_S / CHART_PERIOD_S))
        """Time, angle and target of the last minutes of the session at hand."""
        self.state: dict[str, Any] | None = None
        """The newest state; None before the first one."""
        self.setup: dict[str, Any] | None = None
        """As it was last given."""
        self._session: int | None = None
        self._charted_s = float("-inf")

    async def listen(self) -> None:
        """Take in states until cancelled."""
        with self._context.socket(zmq.SUB) as states:
            states.set(zmq.LINGER, 0)
            states.set(zmq.CONFLATE, 1)
            states.set(zmq.SUBSCRIBE, b"")
            states.connect(address(self._folder, STATES))
            while True:
                text = (await states.recv()).decode()
                state = json.loads(text)
                self._keep(state)
                async with self._came:
                    self.state, self.latest, self.count = state, text, self.count + 1
                    self._came.notify_all()

    def close(self) -> None:
        """Let go of the socket, after all tasks have ended."""
        self._context.destroy(linger=0)

    async def ping(self) -> None:
        """Tell the controller's process that this one is alive, until cancelled."""
        ping = Ping(kind="ping").model_dump_json().encode()
        while True:
            await self.ask(ping)
            await asyncio.sleep(PING_S)

    async def after(self, count: int) -> tuple[str, int, int]:
        """Give the newest state after number ``count``, its session, and its number; what came between is left out."""
        async with self._came:
            await self._came.wait_for(lambda: self.count > count)
            assert self.state is not None
            return self.latest, self.state["session"], self.count

    async def ask_setup(self) -> dict[str, Any]:
        """Ask for what stays the same during the session."""
        answer = await self.ask(_ASK_SETUP)
        if answer["ok"]:
            self.setup = answer["setup"]
        return answer

    async def ask(self, request: bytes) -> dict[str, Any]:
        """Ask the controller."""
        with self._context.socket(zmq.DEALER) as peer:
            peer.set(zmq.LINGER, 0)
            peer.connect(address(self._folder, REQUESTS))
            await peer.send(request)
            if not await peer.poll(round(ANSWER_S * 1e3)):
                return dict(NOT_THERE)
            answer: dict[str, Any] = json.loads(await peer.recv())
            return answer

    def _keep(self, state: dict[str, Any]) -> None:
        if state["session"] != self._session:
            self._session, self._charted_s = state["session"], float("-inf")
            self.chart.clear()
        if state["now_s"] - self._charted_s >= CHART_PERIOD_S:
            self._charted_s = state["now_s"]
            self.chart.append((state["now_s"], state["angle_deg"], state["target_deg"]))
