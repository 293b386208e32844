"""What every request passes first: host, origin, kind and size of its body; and the headers of every answer.

Plain ASGI, so that nothing is held in memory that could be passed on.
"""

import json
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmware_host.panel.access.network import Doors
from firmware_host.panel.access.rights import ROOT

LONGEST_BODY_BYTES: Final = 256 * 1024
"""A table or program file has at most 128 KiB; as JSON it takes somewhat more."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OURS: Final = frozenset({"same-origin", "none"})
"""What a browser says of a request that a page of ours made, or a person by hand."""
HTTPS_ONLY_S: Final = 365 * 24 * 3600


class Front:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app, self._doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = self._doors.host(headers.get("host"))
        refusal = self._refusal(scope, headers, host)
        if refusal is not None:
            await self._answer(*refusal, self._headed(scope, host, send))
            return
        await self._app(scope, _counted(receive), self._headed(scope, host, send))

    def _refusal(self, scope: Scope, headers: Headers, host: str | None) -> tuple[int, str] | None:
        if host is None:
            return 421, (
                "this panel does not answer to that name: open it by its address, or start it with --panel-name NAME"
            )
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY_BYTES:
            return 413, _TOO_LONG
        if scope["method"] in SAFE:
            return None
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        # A browser always says where a page's request comes from; a program without a browser carries no stranger's.
        if (origin is not None and not self._doors.is_own(origin, headers.get("host"))) or site not in {None, *OURS}:
            return 403, "this request comes from a page that is none of the panel's"
        has_body = length != "0" or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if has_body and kind != "application/json":
            return 415, "send JSON, with Content-Type: application/json"
        return None

    async def _answer(self, status: int, text: str, send: Send) -> None:
        body = json.dumps({"error": text, "problems": []}).encode()
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    def _headed(self, scope: Scope, host: str | None, send: Send) -> Send:
        """Put our headers on an answer."""
        stop = "" if host is None else f" {self._doors.stop_origin(host)}"
        private = scope["path"].startswith(ROOT)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers.update(_security(stop))
                headers["Cache-Control"] = "no-store" if private else "no-cache"
                if self._doors.scheme == "https":
                    headers["Strict-Transport-Security"] = f"max-age={HTTPS_ONLY_S}"
            await send(message)

        return headed


_TOO_LONG: Final = f"this is more than {LONGEST_BODY_BYTES // 1024} KiB, the most that is read"


def _security(stop: str) -> dict[str, str]:
    """Nothing from elsewhere, nothing inline, in nobody's frame."""
    return {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        f"connect-src 'self'{stop}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
    }


def _counted(receive: Receive) -> Receive:
    """Break off a body that is longer than it may be, whatever its head says."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LONGEST_BODY_BYTES:
            raise HTTPException(413, _TOO_LONG)
        return message

    return counted
