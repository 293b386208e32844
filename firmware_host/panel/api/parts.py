"""What the handlers work with, and who asks."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, model_validator

from firmware_host.files.tables import Table, load_table
from firmware_host.panel.access.guard import Guard, Identity
from firmware_host.panel.access.network import Doors
from firmware_host.panel.access.pins import Pins
from firmware_host.panel.access.rights import ROOT
from firmware_host.panel.access.slowdown import Slowdown
from firmware_host.panel.api.children import Children
from firmware_host.records import Records

LARGEST_ID: Final = 2**31 - 1
_NO_USE: Final = frozenset({f"{ROOT}/me"})
"""Asked by the page itself, without a person."""


@dataclass
class Parts:
    """Everything but the request."""

    records: Records
    black_boxes: Path
    """Folder of the recordings."""
    table_file: Path | None
    """None is the built-in table."""
    guard: Guard
    pins: Pins
    tries: Slowdown
    children: Children
    doors: Doors
    ask: Callable[[dict[str, Any]], dict[str, Any]]
    """Ask the controller, from a thread that may wait."""
    state: Callable[[], dict[str, Any] | None]
    """The newest state; None before the first one."""
    setup: Callable[[], dict[str, Any] | None]
    """What stays the same during the session at hand."""

    def table(self) -> Table:
        """Give the table as its file says now. Raises ``FileError``."""
        return load_table(self.table_file)

    @property
    def cookie(self) -> str:
        """Name of the login's cookie; with TLS browsers keep it to this host and to TLS."""
        return "__Host-righting_login" if self.doors.scheme == "https" else "righting_login"

    @property
    def device_cookie(self) -> str:
        """Name of the cookie by which a device is known."""
        return "__Host-righting_device" if self.doors.scheme == "https" else "righting_device"


class Body(BaseModel):
    """Base of all that is sent: exact types, no unknown names, no NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _of_whole_letters(cls, given: Any) -> Any:
        """Refuse what JSON can escape and no answer could repeat."""
        try:
            json.dumps(given, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise ValueError("half a letter (a lone surrogate) is in this, or too much within one another") from None
        return given


class Told(BaseModel):
    """Base of answers that other parts of the program add to."""

    model_config = ConfigDict(extra="allow")


class Done(BaseModel):
    """It was done."""

    ok: bool = True


def parts_of(request: Request) -> Parts:
    """Give the parts of the application."""
    return cast(Parts, request.app.state.parts)


AllParts = Annotated[Parts, Depends(parts_of)]


def authorise(request: Request, parts: AllParts) -> Identity:
    """Let in whoever may: every route of the API depends on this. Raises ``Refusal``."""
    identity = parts.guard.identify(request.cookies.get(parts.cookie), request.headers.get("authorization"))
    path = request.scope["route"].path
    parts.guard.check(identity, request.method, path.removeprefix(ROOT))
    if identity.login is not None and not identity.locked and path not in _NO_USE:
        parts.guard.logins.use(identity.login)
    return identity


Me = Annotated[Identity, Depends(authorise)]
Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, alias="id")]
