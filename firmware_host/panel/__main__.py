"""The panel's process: started by ``firmware_host.panel.process``, which hands it two listening sockets."""

import argparse
import asyncio
import sys
import threading
from pathlib import Path
from socket import socket

import uvicorn

from firmware_host.panel.app import HOSTS, make_app
from firmware_host.panel.messages import LONGEST_BYTES
from firmware_host.panel.stop_path import StopServer


def main() -> None:
    """Serve until ended, or until the process that started this one is gone."""
    parser = argparse.ArgumentParser(prog="python -m firmware_host.panel", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the controller's sockets are")
    parser.add_argument("--page-fd", type=int, required=True, help="listening socket of the page")
    parser.add_argument("--stop-fd", type=int, required=True, help="listening socket of the second path of STOP")
    parser.add_argument("--records", type=Path, required=True, help="folder of the black boxes")
    parser.add_argument("--database", required=True, help="URL of the records")
    options = parser.parse_args()
    page, stop = socket(fileno=options.page_fd), socket(fileno=options.stop_fd)
    origins = frozenset(f"http://{host}:{page.getsockname()[1]}" for host in HOSTS)
    stops = StopServer(stop, options.folder, origins)
    threading.Thread(target=stops.serve_forever, name="stop", daemon=True).start()
    app = make_app(options.folder, stop.getsockname()[1], origins)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", ws_max_size=4 * LONGEST_BYTES, ws_max_queue=16, timeout_keep_alive=5)
    )
    threading.Thread(target=_end_with_parent, args=(server,), name="parent", daemon=True).start()
    asyncio.run(server.serve(sockets=[page]))


def _end_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
