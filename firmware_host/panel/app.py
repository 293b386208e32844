"""The panel: its page, the page's socket, and the API."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import zmq
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import HTMLResponse
from starlette.middleware.gzip import GZipMiddleware

from firmware_host.panel.access.front import Front
from firmware_host.panel.access.guard import Guard, Identity, Refusal
from firmware_host.panel.access.logins import Logins
from firmware_host.panel.access.network import Doors, Network
from firmware_host.panel.access.pins import Pins
from firmware_host.panel.access.rights import ROOT
from firmware_host.panel.access.slowdown import Slowdown
from firmware_host.panel.api import logs, people, programs, recordings, riders, service, sessions
from firmware_host.panel.api.children import Children
from firmware_host.panel.api.document import describe
from firmware_host.panel.api.parts import Parts
from firmware_host.panel.api.problems import add_handlers
from firmware_host.panel.bridge import CHOICE_S, NOT_THERE, Bridge, ask_now
from firmware_host.panel.making_ready import MakingReady
from firmware_host.panel.page_files import PageFiles
from firmware_host.panel.sockets import FULL, STRANGER, Client, Crowd
from firmware_host.panel.take_up import TakingUp
from firmware_host.records import Records, RecordsError

PAGE: Final = Path(__file__).parent / "page"
LOGINS_FILE: Final = "logins.json"
TRIES_FILE: Final = "tries.json"
SMALLEST_PACKED_BYTES: Final = 1000
UNKNOWN: Final = timedelta(seconds=5)
"""So long a socket is nobody's whose records do not say whose it is; then it is closed, and opened anew."""


class Place(NamedTuple):
    """Where a panel is, and what it works on."""

    folder: Path
    """Of the run: the station's sockets, and what a restart of the panel must not forget."""
    doors: Doors
    network: Network
    records: Records
    black_boxes: Path
    """Folder of the recordings."""
    table_file: Path | None = None
    """None is the built-in table."""


def make_app(place: Place) -> FastAPI:
    """Make the application. Records that cannot be used now are tried again; the session is shown without them."""
    making_ready = MakingReady(place.records)
    ready = making_ready.attempt()
    parts = _parts(place)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bridge = Bridge(place.folder)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        parts.state, parts.setup = lambda: bridge.state, lambda: bridge.setup
        parts.ask = lambda message: ask_now(place.folder, context, json.dumps(message).encode(), CHOICE_S)
        app.state.bridge = bridge
        taking_up = TakingUp(place.records, place.black_boxes)
        work = (bridge.listen(), bridge.ping(), taking_up.run(), taking_up.watch(bridge))
        tasks = [asyncio.create_task(part) for part in work]
        if not ready:
            tasks.append(asyncio.create_task(making_ready.run()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        bridge.close()
        context.destroy(linger=0)

    app = FastAPI(
        title="Righting",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # An unknown route must not be answered by a redirect that loses the method.
        redirect_slashes=False,
    )
    app.state.parts = parts
    for module in (people, riders, programs, sessions, recordings, logs, service):
        app.include_router(module.router, prefix=ROOT)
    _add_page(app, place)
    _add_sockets(app, parts)
    add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_PACKED_BYTES)
    app.add_middleware(Front, doors=place.doors)
    return app


def _parts(place: Place) -> Parts:
    def now_s() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)  # goes on while the machine sleeps, and over our restarts

    logins = Logins(place.folder / LOGINS_FILE, now_s)
    return Parts(
        records=place.records,
        black_boxes=place.black_boxes,
        table_file=place.table_file,
        guard=Guard(place.records, logins, loopback=place.network.loopback),
        pins=Pins(),
        tries=Slowdown(place.folder / TRIES_FILE, now_s),
        children=Children(),
        doors=place.doors,
        ask=lambda _: dict(NOT_THERE),
        state=lambda: None,
        setup=lambda: None,
    )


def _add_page(app: FastAPI, place: Place) -> None:
    text = (PAGE / "index.html").read_text(encoding="utf-8").replace("{{stop_port}}", str(place.doors.stop_port))

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(text)

    app.mount("/page", PageFiles(PAGE), name="page")
    document = describe(app)

    @app.get(f"{ROOT}/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return document()


def _add_sockets(app: FastAPI, parts: Parts) -> None:
    router = APIRouter()
    crowd = Crowd()
    limiter = CapacityLimiter(4)  # of its own, so that no REST request keeps a page from coming back

    async def serve(websocket: WebSocket, authorization: str | None) -> None:
        try:
            identity = await to_thread.run_sync(
                parts.guard.identify, websocket.cookies.get(parts.cookie), authorization, limiter=limiter
            )
        except Refusal:
            await websocket.close(STRANGER)
            return
        except RecordsError:  # STOP and what the table does need no records; who this is can be asked again
            identity = Identity("nobody", expires_at=datetime.now(tz=UTC) + UNKNOWN)
        await _serve(app, websocket, parts, identity, crowd)

    @router.websocket("/socket")
    async def page_socket(websocket: WebSocket) -> None:
        headers = websocket.headers
        if not parts.doors.is_own(headers.get("origin"), headers.get("host")):
            await websocket.close(STRANGER)
            return
        await serve(websocket, None)

    @router.websocket(f"{ROOT}/live")
    async def live(websocket: WebSocket) -> None:
        headers, authorization = websocket.headers, websocket.headers.get("authorization")
        origin, host = headers.get("origin"), headers.get("host")
        # A page is never without its origin; a program without one has no stranger's cookie, but it needs a token.
        known = parts.doors.host(host) is not None if origin is None else parts.doors.is_own(origin, host)
        if not known or (origin is None and authorization is None):
            await websocket.close(STRANGER)
            return
        await serve(websocket, authorization)

    app.include_router(router)


async def _serve(app: FastAPI, websocket: WebSocket, parts: Parts, identity: Identity, crowd: Crowd) -> None:
    with crowd.member() as room:
        await websocket.accept()
        if not room:
            await websocket.close(FULL)
            return
        stop_port = parts.doors.stop_port
        await Client(websocket, app.state.bridge, parts.guard, identity, crowd, stop_port=stop_port).serve()
