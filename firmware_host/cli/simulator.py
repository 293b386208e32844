"""The simulated table for the command line: made from files, served on a port, or started as a process of its own."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_host.cli.sessions import complain
from firmware_host.config import load_rider, load_table
from firmware_host.toml_source import FileError

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
    """Be the simulated table until ended; with ``while_input`` at the latest when standard input ends."""
    from firmware_host.cli.virtual import make_machine
    from sim.faults import FaultError, parse
    from sim.faults.world import Place
    from sim.realtime import serve

    try:
        parsed = [parse(text) for text in faults]
        for fault in parsed:
            if fault.kind.place is Place.PROCESS:
                raise FaultError(f"{fault}: here the host is a process of its own: stop or kill that one instead")
            if fault.at_s < 0.0 or fault.name.startswith("press-"):
                raise FaultError(
                    f"{fault}: here the times count from the first motion, and you press: try righting bench"
                )
        board = make_machine(load_table(table), load_rider(rider), seed, serial)
    except (FaultError, FileError) as error:
        return complain(error)
    ended = _input_ended() if while_input else threading.Event()
    return serve(board, speed=speed, tcp_port=tcp, ended=ended.is_set, faults=parsed, seed=seed)


def _input_ended() -> threading.Event:
    """Give what is set once standard input has ended: whoever held its other end is gone, however that came about."""
    ended = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):  # not by sys.stdin, whose lock a thread that is left reading keeps at the end
            pass
        ended.set()

    threading.Thread(target=watch, name="input", daemon=True).start()
    return ended


class SimulatorProcess:
    """The simulated table as a process of its own, for as long as the context lasts."""

    def __init__(self, rider: Path | None, table: Path | None, speed: float, seed: int) -> None:
        self._arguments = [sys.executable, "-m", "firmware_host", "sim", "--while-input"]
        self._arguments += ["--speed", str(speed), "--seed", str(seed)]
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
