"""The panel's page and its socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from firmware_host.panel.bridge import Bridge
from firmware_host.panel.messages import LONGEST_BYTES, AskSetup, Beat

PAGE: Final = Path(__file__).parent / "page"
HOSTS: Final = ["127.0.0.1", "localhost"]
STRANGER: Final = 4403
"""The socket is closed so to a page of another origin."""
UNASKED: Final = 4400
"""The socket is closed so after what is no message of ours."""
_ASK_SETUP: Final = AskSetup(kind="setup").model_dump_json().encode()
_BEAT: Final = Beat(kind="beat").model_dump_json().encode()


def make_app(folder: Path, stop_port: int, origins: Collection[str]) -> FastAPI:
    """Make the application.

    Args:
        folder: where the station's sockets are.
        stop_port: port of the second path of STOP and RETURN UPRIGHT.
        origins: of pages that may open the socket.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bridge = app.state.bridge = Bridge(folder)
        tasks = [asyncio.create_task(bridge.listen()), asyncio.create_task(bridge.ping())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(title="Righting panel", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    headers = security_headers(stop_port)

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(headers)
        return response

    @app.get("/")
    def page() -> HTMLResponse:
        text = (PAGE / "index.html").read_text(encoding="utf-8")
        return HTMLResponse(text.replace("{{stop_port}}", str(stop_port)))

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        if websocket.headers.get("origin") not in origins:
            await websocket.close(STRANGER)
            return
        await websocket.accept()
        await _Client(websocket, app.state.bridge).serve()

    app.mount("/page", StaticFiles(directory=PAGE), name="page")
    return app


def security_headers(stop_port: int) -> dict[str, str]:
    """Nothing from elsewhere, nothing inline, in nobody's frame."""
    stops = f"http://127.0.0.1:{stop_port} http://localhost:{stop_port}"
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {stops}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


class _Client:
    """One page."""

    def __init__(self, websocket: WebSocket, bridge: Bridge) -> None:
        self._websocket, self._bridge = websocket, bridge
        self._session: int | None = None

    async def serve(self) -> None:
        """Serve until either side has enough."""
        tasks = [asyncio.create_task(self._send_states()), asyncio.create_task(self._take_messages())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_states(self) -> None:
        """Send the newest state as fast as this page takes them; a slow page misses some, and waits for none."""
        count = 0
        while True:
            text, count = await self._bridge.after(count)
            session = json.loads(text)["session"]
            if session != self._session:
                await self._send_setup()
            await self._websocket.send_text(text)

    async def _send_setup(self) -> None:
        answer = await self._bridge.ask(_ASK_SETUP)
        if answer["ok"]:
            self._session = answer["session"]
            chart = list(self._bridge.chart)
            await self._tell({"kind": "setup", "session": self._session, "setup": answer["setup"], "chart": chart})

    async def _take_messages(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                text = await self._websocket.receive_text()
                message = _object(text)
                if message is None:
                    await self._websocket.close(UNASKED)
                    return
                if message == {"kind": "beat"}:
                    await self._bridge.ask(_BEAT)
                else:
                    answer = await self._bridge.ask(text.encode())
                    await self._tell({"kind": "answer", "id": message.get("id"), **answer})

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(message))


def _object(text: str) -> dict[str, Any] | None:
    """Read a JSON object that is no longer than ours are; None for anything else."""
    if len(text) > LONGEST_BYTES:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
