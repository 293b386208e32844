"""One client of a socket: it gets the newest state and an answer to each message; what it may bring is in one table."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from fastapi import WebSocket, WebSocketDisconnect

from firmware_host.panel.access.guard import Guard, Identity
from firmware_host.panel.access.rights import STOP, row_of
from firmware_host.panel.bridge import Bridge
from firmware_host.panel.messages import LONGEST_BYTES

UNASKED: Final = 4400
"""The socket is closed so after what is no message of ours."""
LOGGED_OUT: Final = 4401
"""The socket is closed so when whoever opened it was logged out, or the token revoked; it may be opened again."""
STRANGER: Final = 4403
"""The socket is closed so to a page of another origin."""
FULL: Final = 1013
"""The socket is closed so where as many are open as may be; it may be opened again."""
WATCHED_EACH_S: Final = 0.5
CLIENTS: Final = 64
EACH_PER_S: Final = 50.0
"""Messages that one client may bring: a page on which somebody holds a button sends thirty."""
ALL_PER_S: Final = 1000.0
"""Messages that all of them may bring, in equal parts."""
AT_ONCE: Final = 20
"""So many may come at once after a rest."""
_PERSONAL: Final[dict[str, Any]] = {"rider": "", "unscreened": [], "height_m": None}
"""What somebody who is not logged in is not shown of a session."""


class Crowd:
    """All clients together: how many there are, and how fast each of them may speak."""

    def __init__(self) -> None:
        self.count = 0

    @contextlib.contextmanager
    def member(self) -> Iterator[bool]:
        """Count one for as long as it is served; tells whether there is room for it."""
        self.count += 1
        try:
            yield self.count <= CLIENTS
        finally:
            self.count -= 1

    def period_s(self) -> float:
        """Give the time from one message of a client to its next, on average."""
        return max(1.0 / EACH_PER_S, self.count / ALL_PER_S)


class Client:
    """One page, or one integrator's program."""

    def __init__(
        self, websocket: WebSocket, bridge: Bridge, guard: Guard, identity: Identity, crowd: Crowd, *, stop_port: int
    ) -> None:
        self._websocket, self._bridge, self._guard, self._identity = websocket, bridge, guard, identity
        self._crowd, self._stop_port = crowd, stop_port
        self._spoken_for_s = 0.0
        """Until when its messages have used up its share of the time."""
        self._session: int | None = None

    async def serve(self) -> None:
        """Serve until either side has enough."""
        parts = (self._send_states(), self._take_messages(), self._watch())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_states(self) -> None:
        """Send the newest state as fast as this client takes them; a slow one misses some, and waits for none."""
        count = 0
        while True:
            text, session, count = await self._bridge.after(count)
            if session != self._session:
                await self._send_setup()
            await self._websocket.send_text(text)

    async def _send_setup(self) -> None:
        answer = await self._bridge.ask_setup()
        if answer["ok"]:
            self._session = answer["session"]
            setup = answer["setup"]
            if self._identity.role is None:
                setup = {**setup, **{name: value for name, value in _PERSONAL.items() if name in setup}}
            chart = list(self._bridge.chart)
            # A page that outlived the command that served it knows the second path of another one.
            about = {"session": self._session, "stop_port": self._stop_port}
            await self._tell({"kind": "setup", **about, "setup": setup, "chart": chart})

    async def _take_messages(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                try:
                    text = await self._websocket.receive_text()
                except KeyError:  # bytes came
                    text = ""
                message = _object(text)
                if message is None or (len(text) > LONGEST_BYTES and row_of(message) != STOP):
                    await self._websocket.close(UNASKED)
                    return
                await self._follow(message, text)
                await self._rest()

    async def _rest(self) -> None:
        """Leave further messages in the network where more came than may: what was read has been followed already."""
        period_s, now_s = self._crowd.period_s(), time.monotonic()
        self._spoken_for_s = max(self._spoken_for_s, now_s) + period_s
        early_s = self._spoken_for_s - now_s - AT_ONCE * period_s
        if early_s > 0.0:
            await asyncio.sleep(early_s)

    async def _follow(self, message: dict[str, Any], text: str) -> None:
        row = row_of(message)
        refused = self._guard.why_no_message(self._identity, row)
        if row == "echo":
            # From here, and at once: it tells a page how long the way is. The clock is the controller's too.
            await self._tell({"kind": "echo", "asked_s": message.get("asked_s"), "now_s": time.monotonic()})
            return
        if row == "beat":
            if not refused:
                await self._bridge.ask(text.encode())
            return
        answer = {"ok": False, "error": refused} if refused else await self._bridge.ask(text.encode())
        if not refused and row not in ("setup", "release") and self._identity.login is not None:
            self._guard.logins.use(self._identity.login)
        await self._tell({"kind": "answer", "id": message.get("id"), **answer})

    async def _watch(self) -> None:
        """End the socket of whoever was logged out."""
        while not self._guard.is_gone(self._identity):
            await asyncio.sleep(WATCHED_EACH_S)
        await self._websocket.close(LOGGED_OUT)

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(message))


def _object(text: str) -> dict[str, Any] | None:
    """Read a JSON object; None for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
