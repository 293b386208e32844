"""A desk that stands for the controller: the station hands on to it what panels ask."""

import json
import time
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any, Final

from firmware_host.panel.messages import Choose
from firmware_host.panel.station import Answer

SESSION: Final = 7


class Desk:
    """Notes what reaches it."""

    session = SESSION

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.pressed: list[str] = []
        self.confirmed: list[str] = []
        self.moves: list[tuple[str, int]] = []
        self.chosen: list[Choose] = []
        self.checked: Future[Answer] = Future()
        """Of a choice: done when a test says so."""
        self.refusal = ""
        self.beats = 0

    def setup(self) -> dict[str, Any]:
        return {"program": "P"}

    def state(self) -> dict[str, Any]:
        return {"angle_deg": -75.0}

    def press(self, name: str, confirmed: Collection[str]) -> str:
        self.pressed.append(name)
        self.confirmed += confirmed
        return self.refusal

    def move(self, hold: str, direction: int, made_s: float) -> str:  # noqa: ARG002 - the lease's business
        self.moves.append((hold, direction))
        return self.refusal

    def release(self, hold: str) -> None:
        self.moves.append((hold, 0))

    def confirm(self, check: str, *, yes: bool) -> str:
        self.confirmed.append(check if yes else f"not {check}")
        return self.refusal

    def choose(self, choose: Choose) -> "Future[Answer]":
        self.chosen.append(choose)
        return self.checked

    def beat(self) -> None:
        self.beats += 1


def press(name: str, number: int = 1, **told: Any) -> str:
    """A press as a page sends it."""
    whole = {"kind": "press", "id": str(number), "name": name, "session": SESSION, "pressed_s": time.monotonic()}
    return json.dumps({**whole, **told})
