"""The controller's end of the panel: it sends states, and answers requests, in a thread that no tick waits for.

States go out by a PUB socket, which drops what a panel does not take. Requests come in by a ROUTER socket, which takes
turns between its peers: STOP has a peer of its own, so that a flood from the page does not keep it waiting. Both are
files in a folder that this user alone may enter.
"""

import contextlib
import json
import logging
import threading
import time
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import zmq
from pydantic import ValidationError

from firmware_host.panel.messages import LONGEST_BYTES, MESSAGE, PERIOD_S, AskSetup, Beat, Ping, Press

STATES: Final = "states"
REQUESTS: Final = "requests"
"""Names of the sockets in the folder."""
LEASE_S: Final = 1.0
"""A press that sets a standing table in motion counts for so long."""
ANSWERS_EACH_PERIOD: Final = 32
"""More requests wait: whoever floods, floods themselves."""
QUEUED_AT_MOST: Final = 256
KNOWN_PRESSES: Final = 256

Answer = dict[str, Any]


class Desk(Protocol):
    """What the station shows, and to whom it hands what is pressed."""

    @property
    def session(self) -> int:
        """Number of the session; each has its own."""
        ...

    @property
    def held(self) -> bool:
        """The table stands still until a person asks for motion."""
        ...

    def setup(self) -> Answer:
        """Give what stays the same during the session."""
        ...

    def state(self) -> Answer:
        """Give the present moment."""
        ...

    def press(self, name: str) -> None:
        """Hand on a press."""
        ...

    def beat(self) -> None:
        """Hand on a sign of life."""
        ...


class Station:
    """Serves one panel for as long as the context lasts; sessions come and go at its desk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="station", daemon=True)
        self._answered: OrderedDict[str, Answer] = OrderedDict()
        self.desk: Desk | None = None
        """The session at hand."""
        self.pinged_s: float | None = None
        """When the panel's process last said that it is alive."""

    def __enter__(self) -> Self:
        """Begin."""
        self._context = zmq.Context()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()
        self._context.term()

    def _serve(self) -> None:
        with self._context.socket(zmq.PUB) as states, self._context.socket(zmq.ROUTER) as requests:
            states.set(zmq.SNDHWM, 2)
            requests.set(zmq.RCVHWM, QUEUED_AT_MOST)
            requests.set(zmq.SNDHWM, QUEUED_AT_MOST)
            requests.set(zmq.MAXMSGSIZE, LONGEST_BYTES)
            for socket, name in ((states, STATES), (requests, REQUESTS)):
                socket.set(zmq.LINGER, 0)
                socket.bind(address(self._folder, name))
            self._take_turns(states, requests)

    def _take_turns(self, states: "zmq.Socket[bytes]", requests: "zmq.Socket[bytes]") -> None:
        next_s, left = time.monotonic(), ANSWERS_EACH_PERIOD
        while not self._stopping.is_set():
            wait_s = max(next_s - time.monotonic(), 0.0)
            if left == 0:
                self._stopping.wait(wait_s)
            elif requests.poll(round(wait_s * 1e3)):
                self._answer_one(requests)
                left -= 1
            if time.monotonic() >= next_s:
                self._publish(states)
                next_s, left = max(next_s + PERIOD_S, time.monotonic()), ANSWERS_EACH_PERIOD

    def _publish(self, states: "zmq.Socket[bytes]") -> None:
        desk = self.desk
        if desk is None:
            return
        try:
            state = {"kind": "state", "session": desk.session, **desk.state(), "sent_s": time.monotonic()}
            states.send(json.dumps(state, allow_nan=False).encode(), zmq.NOBLOCK)
        except Exception:  # no state is worse than one state less, and the page greys by itself
            logging.getLogger(__name__).exception("this state could not be sent")

    def _answer_one(self, requests: "zmq.Socket[bytes]") -> None:
        peer, *rest = requests.recv_multipart()
        answer = self.answer(rest[-1] if rest else b"")
        with contextlib.suppress(zmq.Again):  # a peer that does not listen
            requests.send_multipart([peer, *rest[:-1], json.dumps(answer).encode()], zmq.NOBLOCK)

    def answer(self, data: bytes) -> Answer:
        """Do what a request asks, if it may be done; gives the answer."""
        try:
            message = MESSAGE.validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return _refusal(f"not understood: {first['msg']}; reload the page")
        if isinstance(message, Ping):
            self.pinged_s = time.monotonic()
            return {"ok": True}
        desk = self.desk
        if desk is None:
            return _refusal("no session yet")
        if isinstance(message, Beat):
            desk.beat()
            return {"ok": True}
        if isinstance(message, AskSetup):
            return {"ok": True, "session": desk.session, "setup": desk.setup()}
        return self._press(desk, message)

    def _press(self, desk: Desk, press: Press) -> Answer:
        known = self._answered.get(press.id)
        if known is not None:
            return known
        refused = why_not(press, desk, time.monotonic())
        answer: Answer = {"ok": True} if refused == "" else _refusal(refused)
        if refused == "":
            desk.press(press.name)
        self._answered[press.id] = answer
        if len(self._answered) > KNOWN_PRESSES:
            self._answered.popitem(last=False)
        return answer


def why_not(press: Press, desk: Desk, now_s: float) -> str:
    """Say why a press must not be followed; empty if it may be.

    STOP is followed whenever it comes. So is RETURN UPRIGHT while the table moves by itself, because it only gives up a
    motion. What sets a standing table in motion has a short life: a stalled network must not move a rider later.
    """
    if press.name not in ("start", "next") and not (press.name == "return_upright" and desk.held):
        return ""
    if press.session != desk.session:
        return "pressed for another session: nothing moves; look at the screen, then press again"
    if press.pressed_s is None or not -LEASE_S <= now_s - press.pressed_s <= LEASE_S:
        return "this press came too late: nothing moves; press again"
    return ""


def address(folder: Path, name: str) -> str:
    """Where a socket is found."""
    return f"ipc://{folder / name}"


def _refusal(reason: str) -> Answer:
    return {"ok": False, "error": reason}
