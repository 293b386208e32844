"""A panel's end of the controller's socket, without the panel. As a program of its own it is a finger on a button."""

import json
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import psutil
import zmq

from firmware_host.control.manual import BEAT_S
from firmware_host.panel.station import REQUESTS, STATES, address
from tests.panel.stack import Stack
from tests.waiting import LONGEST_S

WATCH_S: Final = 0.2
"""From one sign of life to the next."""


def folder_of(stack: Stack) -> Path:
    """Where the controller's sockets are: the panel was told."""
    (panel,) = stack.panels()
    line = psutil.Process(panel).cmdline()
    return Path(line[line.index("--folder") + 1])


class Peer:
    """Asks, and takes in states."""

    def __init__(self, folder: Path) -> None:
        self._context = zmq.Context()
        self._requests = self._context.socket(zmq.DEALER)
        self._states = self._context.socket(zmq.SUB)
        for socket in (self._requests, self._states):
            socket.set(zmq.LINGER, 0)
            socket.set(zmq.RCVTIMEO, round(LONGEST_S * 1e3))
        self._requests.connect(address(folder, REQUESTS))
        self._states.set(zmq.CONFLATE, 1)
        self._states.set(zmq.SUBSCRIBE, b"")
        self._states.connect(address(folder, STATES))

    def close(self) -> None:
        """Hang up."""
        for socket in (self._requests, self._states):
            socket.close(0)
        self._context.term()

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message, give the answer."""
        self._requests.send(json.dumps(message).encode())
        answer: dict[str, Any] = json.loads(self._requests.recv())
        return answer

    def state(self) -> dict[str, Any]:
        """Give the newest state."""
        state: dict[str, Any] = json.loads(self._states.recv())
        return state

    def until(self, true: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait for a state."""
        given_up_s = time.monotonic() + LONGEST_S
        while not true(state := self.state()):
            assert time.monotonic() < given_up_s, f"{what}: {state['state']}, {state['angle_deg']}"
        return state

    def press(self, name: str, **told: Any) -> dict[str, Any]:
        """Press, as a page does that shows the present."""
        return self.ask({"kind": "press", "name": name, **self._now(), **told})

    def move(self, hold: str, direction: int = 1, **told: Any) -> dict[str, Any]:
        """Say once that a finger is down."""
        return self.ask({"kind": "move", "direction": direction, **self._now(), "id": hold, **told})

    def choose(self, rider: str | None, program: str | None, **told: Any) -> dict[str, Any]:
        """Choose by the text of files."""
        texts = {"rider": ("rider.toml", rider), "program": ("program.toml", program)}
        wanted = {name: None if text is None else {"path": path, "text": text} for name, (path, text) in texts.items()}
        return self.ask({"kind": "choose", **self._now(), **wanted, **told})

    def _now(self) -> dict[str, Any]:
        return {"id": str(uuid.uuid4()), "session": self.state()["session"], "pressed_s": time.monotonic()}


class Watcher:
    """Somebody who sits before the panel, for as long as the context lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._leaves = folder, Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> "Watcher":
        """Sit down."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self.leave()

    def leave(self) -> None:
        """Leave."""
        self._leaves.set()
        self._thread.join()

    def _watch(self) -> None:
        with closing(Peer(self._folder)) as peer:
            while not self._leaves.wait(WATCH_S):
                peer.ask({"kind": "beat"})


def hold(folder: Path, name: str, for_good_deg: float) -> None:
    """Hold a button for ever, and print every answer.

    Below ``for_good_deg`` a finger whose hold is over, as on a busy machine, comes again; beyond, it only stays.
    """
    peer = Peer(folder)
    session, presses = peer.state()["session"], 1
    while True:
        told = {"kind": "move", "id": f"{name}-{presses}", "session": session, "direction": 1}
        answer = peer.ask({**told, "pressed_s": time.monotonic()})
        print(json.dumps({**answer, "id": told["id"]}), flush=True)
        if not answer["ok"] and peer.state()["angle_deg"] < for_good_deg:
            presses += 1
        time.sleep(BEAT_S)


if __name__ == "__main__":
    hold(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
