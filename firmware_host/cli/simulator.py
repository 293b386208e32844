"""The simulated table for the command line: made from files, served on a port, or started as a process of its own."""

import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_host.cli.sessions import complain
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from firmware_host.files.toml_source import FileError
from safety.signals import SIMULATOR_SERIALS

END_S: Final = 5.0


class SimulatorError(RuntimeError):
    """The simulated table could not be started; ``str()`` has what it said."""


def sim_command(
    rider: Path | None,
    table: Path | None,
    speed: float,
    seed: int,
    tcp: int | None,
    serial: int,
    faults: list[str],
    *,
    while_input: bool,
) -> int:
    """Be the simulated table until ended; with ``while_input`` at the latest when standard input ends.

    Then a line of standard input is ``begin FAULT`` or ``end FAULT``: what it names happens, or ends, at once.
    """
    from firmware_host.cli.virtual import make_table_end
    from sim.faults import FaultError, parse_all
    from sim.faults.kind import Place
    from sim.realtime import serve

    try:
        parsed = parse_all(faults)
        for fault in parsed:
            if fault.kind.place is Place.PROCESS:
                raise FaultError(f"{fault}: here the host is a process of its own: stop or kill that one instead")
            if fault.at_s < 0.0 or fault.name.startswith("press-"):
                raise FaultError(
                    f"{fault}: here the times count from the first motion, and you press: try righting bench"
                )
        board = make_table_end(load_table(table), load_rider(rider), seed, serial)
    except (FaultError, FileError) as error:
        return complain(error)
    told = _Input()
    if while_input:
        threading.Thread(target=told.watch, name="input", daemon=True).start()
    return serve(board, speed, tcp, told.ended.is_set, parsed, seed, told.take)


class _Input:
    """What standard input says, and whether it has ended: whoever held its other end is gone then."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._lines: deque[str] = deque()

    def watch(self) -> None:
        """Read until the end, from a thread of its own."""
        rest = b""
        while data := os.read(0, 4096):  # not by sys.stdin, whose lock a thread that is left reading keeps at the end
            *lines, rest = (rest + data).split(b"\n")
            self._lines.extend(line.decode(errors="replace") for line in lines)
        self.ended.set()

    def take(self) -> str | None:
        """Give the next line; None while there is none."""
        return self._lines.popleft() if self._lines else None


class SimulatorProcess:
    """The simulated table as a process of its own, for as long as the context lasts."""

    def __init__(
        self, rider: Path | None, table: Path | None, speed: float, seed: int, serial: int = SIMULATOR_SERIALS.start
    ) -> None:
        self._arguments = [sys.executable, "-m", "firmware_host", "sim", "--while-input"]
        self._arguments += ["--speed", str(speed), "--seed", str(seed), "--serial", str(serial)]
        for option, path in (("--rider", rider), ("--table", table)):
            if path is not None:
                self._arguments += [option, str(path)]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        """Start it and learn its port. Raises ``SimulatorError``."""
        self._process = subprocess.Popen(
            self._arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, process_group=0
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            code = self._process.wait()
            raise SimulatorError(f"the simulated table did not start (exit code {code}); try: righting sim")
        return self

    def tell(self, line: str) -> None:
        """Let something happen at the table: ``begin FAULT`` or ``end FAULT``."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        process = self._process
        assert process is not None
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
