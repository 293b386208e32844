"""The second path of STOP and RETURN UPRIGHT: a listener in a thread of its own, with a socket of its own.

Nothing that the page's handlers do, or fail to do, keeps it waiting. A plain POST is enough, from any program here.
There is always room for one more: whoever connects and says nothing is dropped, the oldest first.
"""

import contextlib
import json
import ssl
import threading
import time
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any, ClassVar, Final

import zmq
from pydantic import ValidationError

from firmware_host.panel.access.network import Doors
from firmware_host.panel.bridge import Line
from firmware_host.panel.messages import LONGEST_BYTES, Press
from firmware_host.panel.station import STOPS, address

PRESSES: Final = {"/stop": "stop", "/return": "return_upright"}
SLOWEST_S: Final = 5.0
"""A client that takes longer to send its request, from connecting on, is left."""
BODY_S: Final = 0.05
"""A press waits so long for its body, which comes with the head or not at all; then it acts without."""
CONNECTIONS: Final = 64
"""With one more the oldest is dropped: it had more time than the newest one will have taken."""
NOW: Final = "Righting-Now"
"""Header of an answer: the time on the controller's clock, from which a page reckons how long the way is."""


class StopServer(ThreadingHTTPServer):
    """Serves a listening socket that is handed to it."""

    daemon_threads = True

    def __init__(self, listener: socket, folder: Path, doors: Doors, tls: ssl.SSLContext | None = None) -> None:
        """Take over the listener.

        Args:
            listener: bound, and listening.
            folder: where the station's sockets are.
            doors: from which pages presses may come.
            tls: that of the page; None without.
        """
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.doors = doors
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.line = Line(self.context, address(folder, STOPS))
        self._tls = tls
        self._open: dict[socket, float] = {}
        """Each connection, and since when; the oldest first."""
        self._opening = threading.Lock()

    def get_request(self) -> tuple[socket, Any]:
        """Take a connection. Its greeting is left to its own thread: nobody who dawdles there delays another one."""
        connection, peer = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._opening:
            self._open[connection] = time.monotonic()
            if len(self._open) > CONNECTIONS:
                self._drop(next(iter(self._open)))
        return connection, peer

    def service_actions(self) -> None:
        """Drop those that are too slow: called each time that somebody connects, and now and then."""
        last_s = time.monotonic() - SLOWEST_S
        with self._opening:
            for connection in [one for one, since_s in self._open.items() if since_s < last_s]:
                self._drop(connection)

    def _drop(self, connection: socket) -> None:
        """Break off; its own thread finds the end of the stream, and closes it."""
        self._open.pop(connection, None)
        with contextlib.suppress(OSError):
            socket.shutdown(connection, SHUT_RDWR)  # not that of TLS, which is its thread's

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that was served."""
        with self._opening:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that break off."""


class _Handler(BaseHTTPRequestHandler):
    server: StopServer
    timeout: ClassVar[float] = SLOWEST_S
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Press."""
        origin = self.headers.get("Origin")
        name = PRESSES.get(self.path)
        if origin is not None and not self.server.doors.is_own(origin, self.headers.get("Host")):
            self._answer(HTTPStatus.FORBIDDEN, {"ok": False, "error": "this page is none of the panel's"})
        elif name is None:
            self._answer(HTTPStatus.NOT_FOUND, {"ok": False, "error": f"POST to {' or '.join(PRESSES)}"})
        else:
            self._answer(HTTPStatus.OK, self._press(name))

    def _press(self, name: str) -> dict[str, Any]:
        try:
            told = json.loads(self._body())
        except (ValueError, RecursionError):  # a body that does not come, or is none
            told = None
        # A body says when it was pressed, and its id; what is not understood there does not keep a press from acting.
        known = _understood(told)
        press = json.dumps({"id": str(uuid.uuid4()), **known, "kind": "press", "name": name})
        return self.server.line.ask(press.encode())

    def _body(self) -> bytes:
        """Read what comes of the body in time. Raises ``ValueError``."""
        missing = min(max(int(self.headers.get("Content-Length", "0")), 0), LONGEST_BYTES)
        came, until_s = b"", time.monotonic() + BODY_S
        with contextlib.suppress(OSError):
            while missing > len(came) and (left_s := until_s - time.monotonic()) > 0.0:
                self.connection.settimeout(left_s)
                part = self.rfile.read1(missing - len(came))
                if part == b"":
                    break
                came += part
        self.connection.settimeout(self.timeout)
        return came

    def _answer(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.send_header(NOW, repr(time.monotonic()))
        origin = self.headers.get("Origin")
        if origin is not None and self.server.doors.is_own(origin, self.headers.get("Host")):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Expose-Headers", NOW)
            self.send_header("Vary", "Origin")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the black box has every press."""


def _understood(told: object) -> dict[str, Any]:
    """Take id, time and session from a body; nothing of one in which any of them is none."""
    known = {key: told[key] for key in ("id", "pressed_s", "session") if key in told} if type(told) is dict else {}
    try:
        Press.model_validate({"kind": "press", "name": "stop", "id": "1", **known})
    except ValidationError:
        return {}
    return known
