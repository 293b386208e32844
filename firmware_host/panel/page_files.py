"""The page's files, held in memory: no disk and no thread that waits for a database keeps the page from coming up."""

import hashlib
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class _Held(NamedTuple):
    body: bytes
    kind: str
    tag: str


class PageFiles:
    """An application that serves what is in a folder, as it was when this was made."""

    def __init__(self, folder: Path) -> None:
        self._held = {path.relative_to(folder).as_posix(): _read(path) for path in folder.rglob("*") if path.is_file()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        held = self._held.get(scope["path"].removeprefix(scope["root_path"]).lstrip("/"))
        if held is None:
            raise HTTPException(404)
        headers = {"ETag": held.tag}
        if Request(scope).headers.get("if-none-match") == held.tag:
            answer = Response(status_code=304, headers=headers)
        else:
            answer = Response(held.body, media_type=held.kind, headers=headers)
        await answer(scope, receive, send)


def _read(path: Path) -> _Held:
    body = path.read_bytes()
    kind = guess_type(path.name)[0] or "application/octet-stream"
    return _Held(body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
