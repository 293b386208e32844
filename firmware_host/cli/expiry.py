"""``righting doctor --verify-timeout``: asks before anything moves, then lets the timeout run out."""

import contextlib
import os
import sys
import time
from pathlib import Path

from drivers.port import PortError
from firmware_host.cli.sessions import REFUSED, complain, load_session
from firmware_host.control.controller import Controller
from firmware_host.devices import attach, make_link, make_port, ports_of
from firmware_host.doctor.expiry import GO_DEG, Expiry, Trial
from firmware_host.files.toml_source import FileError

QUESTION = (
    f"The motor will turn the table {GO_DEG:g} degrees toward inversion, and this program will then play dead.\n"
    "Nobody may lie on the table or stand in its way; somebody has to hold the hand switch, and to have a hand at the\n"
    "emergency stop. Type yes to go on: "
)


def verify_timeout(
    table: Path | None, port: str | None, baud: int | None, *, agreed: bool
) -> tuple[int, Expiry | None]:
    """Ask, and do it; gives the exit code and what came of it."""
    try:
        session = load_session(None, None, table)
        urls = [port] if port is not None and not session.table.file.device else ports_of(session.table)
        if not urls:
            return complain(ValueError("name the ports of all devices in the table file, or --port for a board")), None
        if not agreed and not _agrees():
            return REFUSED, None
        line = make_port(session.table, urls, baud)
        link = make_link(
            session.table, lambda: int.from_bytes(os.urandom(4), "little"), session.table.file.table.serial
        )
        attach(line, link)
        table_limits, hand_switch = session.table.limits, session.table.file.table.hand_switch
        # Nobody lies on the table: whoever answered said so.
        controller = Controller(session.plan, session.limits, table_limits, hand_switch, screened=True)
        line.open()
        with contextlib.closing(line):
            done = Trial(controller, link, line, time.monotonic, _tell).run()
    except (FileError, PortError) as error:
        return complain(error), None
    return (0 if done.verified else 1), done


def _agrees() -> bool:
    if not sys.stdin.isatty():
        complain(ValueError("this moves the table and has to be agreed to: run it in a terminal"))
        return False
    return input(QUESTION).strip().lower() == "yes"


def _tell(text: str) -> None:
    print(f"  ... {text}", file=sys.stderr)
