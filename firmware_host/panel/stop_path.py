"""The second path of STOP and RETURN UPRIGHT: a listener in a thread of its own, with a socket of its own.

Nothing that the page's handlers do, or fail to do, keeps it waiting. A plain POST is enough, from any program here.
"""

import json
import uuid
from collections.abc import Collection
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any, ClassVar, Final

import zmq

from firmware_host.panel.bridge import ANSWER_S, NOT_THERE
from firmware_host.panel.messages import LONGEST_BYTES
from firmware_host.panel.station import REQUESTS, address

PRESSES: Final = {"/stop": "stop", "/return": "return_upright"}
SLOWEST_S: Final = 5.0
"""A client that takes longer to send its request is left."""


class StopServer(ThreadingHTTPServer):
    """Serves a listening socket that is handed to it."""

    daemon_threads = True

    def __init__(self, listener: socket, folder: Path, origins: Collection[str]) -> None:
        """Take over the listener.

        Args:
            listener: bound to loopback, and listening.
            folder: where the station's sockets are.
            origins: of pages that may press.
        """
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.folder = folder
        self.origins = origins
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()


class _Handler(BaseHTTPRequestHandler):
    server: StopServer
    timeout: ClassVar[float] = SLOWEST_S
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Press."""
        origin = self.headers.get("Origin")
        name = PRESSES.get(self.path)
        if origin is not None and origin not in self.server.origins:
            self._answer(HTTPStatus.FORBIDDEN, {"ok": False, "error": "this page is none of the panel's"})
        elif name is None:
            self._answer(HTTPStatus.NOT_FOUND, {"ok": False, "error": f"POST to {' or '.join(PRESSES)}"})
        else:
            self._answer(HTTPStatus.OK, self._press(name))

    def _press(self, name: str) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), LONGEST_BYTES)) if length.isdigit() else b""
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        # A body says when it was pressed, and its id; what is not understood there does not keep a press from acting.
        known = {key: told[key] for key in ("id", "pressed_s", "session") if key in told} if type(told) is dict else {}
        press = {"id": str(uuid.uuid4()), **known, "kind": "press", "name": name}
        answer = self._ask(press)
        if not answer["ok"] and name == "stop" and known:
            answer = self._ask({"kind": "press", "name": name, "id": str(uuid.uuid4())})
        return answer

    def _ask(self, press: dict[str, Any]) -> dict[str, Any]:
        with self.server.context.socket(zmq.DEALER) as peer:
            peer.set(zmq.LINGER, 0)
            peer.connect(address(self.server.folder, REQUESTS))
            peer.send(json.dumps(press).encode())
            if not peer.poll(round(ANSWER_S * 1e3)):
                return dict(NOT_THERE)
            answer: dict[str, Any] = json.loads(peer.recv())
            return answer

    def _answer(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        origin = self.headers.get("Origin")
        if origin is not None and origin in self.server.origins:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Vary", "Origin")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the black box has every press."""
