"""The panel's process: started by ``firmware_host.panel.process``, which hands it two listening sockets."""

import argparse
import asyncio
import os
import sys
import threading
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import uvicorn

from firmware_host.panel.access.network import Network, doors, why_closed
from firmware_host.panel.door import AT_ONCE, Door, open_more_files, protocol_of
from firmware_host.panel.messages import LONGEST_BYTES
from firmware_host.panel.options import DATABASE_VARIABLE
from firmware_host.panel.stop_path import StopServer

if TYPE_CHECKING:
    from firmware_host.records import Records

# The application and the records are imported where they are used: STOP does not wait for them.


def main() -> None:
    """Serve until ended, or until the process that started this one is gone."""
    options = _options()
    network = Network(options.address, options.tls_cert, options.tls_key, options.insecure_network, tuple(options.name))
    if options.check:
        sys.exit(_check(network, options.records))
    open_more_files()
    page, stop = Door(options.page_fd), socket(fileno=options.stop_fd)
    reached = doors(network, page.getsockname()[1], stop.getsockname()[1])
    # First of all: STOP does not wait for a database.
    stops = StopServer(stop, options.folder, reached, network.context())
    threading.Thread(target=stops.serve_forever, name="stop", daemon=True).start()
    from firmware_host.records import AwaitedRecords

    records = AwaitedRecords(_url(options.records), lambda opened: _closed(network, opened))
    from firmware_host.panel.app import Place, make_app

    app = make_app(Place(options.folder, reached, network, records, options.records, options.table))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol_of(page),
            backlog=AT_ONCE,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws_max_size=4 * LONGEST_BYTES,
            ws_max_queue=16,
            timeout_keep_alive=5,
            ssl_certfile=network.certificate,
            ssl_keyfile=network.key,
        )
    )
    threading.Thread(target=_end_with_parent, args=(server,), name="parent", daemon=True).start()
    asyncio.run(server.serve(sockets=[page]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m firmware_host.panel", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the controller's sockets are")
    parser.add_argument("--page-fd", type=int, help="listening socket of the page")
    parser.add_argument("--stop-fd", type=int, help="listening socket of the second path of STOP")
    parser.add_argument("--records", type=Path, required=True, help="folder of the black boxes")
    parser.add_argument("--table", type=Path, help="table file of the sessions")
    parser.add_argument("--address", default="127.0.0.1", help="where both sockets listen")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--insecure-network", action="store_true")
    parser.add_argument("--name", action="append", default=[], help="a host name that browsers use")
    parser.add_argument("--check", action="store_true", help="only say whether the panel may listen there")
    return parser.parse_args()


def _check(network: Network, folder: Path) -> str | int:
    with _records(folder) as records:
        return _closed(network, records) or 0


def _closed(network: Network, records: "Records") -> str:
    from firmware_host.records import people

    with records.read() as transaction:
        return why_closed(network, has_pin=people.anybody_has_pin(transaction))


def _url(folder: Path) -> str:
    from firmware_host.records import default_url

    return os.environ.get(DATABASE_VARIABLE) or default_url(folder)


def _records(folder: Path) -> "Records":
    """Open the records, or end with what to do."""
    from firmware_host.records import RecordsError, open_records

    try:
        return open_records(_url(folder))
    except RecordsError as error:
        sys.exit(str(error))


def _end_with_parent(server: uvicorn.Server) -> None:
    while os.read(0, 4096):  # not by sys.stdin, whose lock a thread that is left reading keeps at the end
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
