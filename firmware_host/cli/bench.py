"""``righting bench``: sessions in lock-step, judged on the simulator's truth."""

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table as Grid

from drivers.board import HostLink
from firmware_host.blackbox import BlackBox, BlackBoxError
from firmware_host.cli.sessions import complain, load_session, make_controller, write_json
from firmware_host.cli.summary import open_blackbox
from firmware_host.cli.virtual import make_board
from firmware_host.controller import Outcome
from firmware_host.host import Host
from firmware_host.ticks import NO_REQUEST, OperatorRequest
from firmware_host.toml_source import FileError
from firmware_host.validation import Session
from safety.signals import Recovery, Response, Trip
from sim import plant
from sim.bench import CLOCK_START_S, run_lockstep
from sim.faults import Fault, FaultError, parse
from sim.oracle import UPRIGHT_DEG, Asked, judge, reached_s
from sim.table import TRACE_COLUMNS

_START: Final = OperatorRequest(start=True)
DRIVE_DEAD: Final = ("power-loss", "runaway")
"""Faults after which no motion upright can be asked of the drive: standing still is right."""
HELD_S: Final = 35.0
"""A table held still for so long waits for a person, and lock-step has none."""
ALONE_S: Final = 120.0
"""Without a link the board has brought the table upright long before this."""
EXTRA_S: Final = 600.0
"""Simulated time beyond the plan at which a session is given up."""


class LockstepHost:
    """The host as lock-step drives it, with an operator who presses start once the table is ready."""

    def __init__(self, session: Session, blackbox: BlackBox | None, seed: int) -> None:
        self.controller = make_controller(session)
        # A nonce of its own for each handshake, the same for the same seed.
        nonces = iter(range(seed * 1009 + 1, 2**31))
        self.host = Host(self.controller, HostLink(lambda: next(nonces)), blackbox)
        self.trips: list[Trip] = []
        self._waiting_since_s: float | None = None
        self.now_s = 0.0

    def exchange(self, data: bytes, now_s: float, lateness_s: float) -> bytes:
        """Do one tick."""
        self.now_s = now_s
        controller = self.controller
        ready = controller.states.state == "boarding_ready"
        answer = self.host.exchange(data, now_s, lateness_s, _START if ready else NO_REQUEST)
        output = self.host.output
        if output is not None and output.events:
            self.trips += [event.trip for event in output.events if event.trip is not None]
        return answer

    @property
    def started(self) -> bool:
        """Tell whether the session has begun."""
        return self.controller.started

    @property
    def over(self) -> bool:
        """Tell whether nothing more will happen."""
        state = self.controller.states.state
        if state == "finished":
            return True
        longest_s = {"stopped_held": HELD_S, "unlinked": ALONE_S}.get(state)
        if longest_s is None:
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = self.now_s
        return self.now_s - self._waiting_since_s > longest_s

    def outcome(self) -> Outcome:
        """How the session ended."""
        if not self.controller.started:
            return Outcome("refused", "never ready to start")
        return self.controller.outcome_so_far()


def bench_command(
    programs: list[Path],
    rider: Path | None,
    table: Path | None,
    faults: list[str],
    seed: int,
    records: Path,
    json_target: str | None,
) -> int:
    """Run each program's session; exit code 0 unless a file is refused or a property was violated."""
    try:
        parsed = [parse(text) for text in faults]
        results = [run_session(load_session(program, rider, table), parsed, seed, records) for program in programs]
        if json_target is not None:
            write_json(json_target, json.dumps(results[0] if len(results) == 1 else results, indent=2))
    except (FileError, FaultError, BlackBoxError, OSError) as error:
        return complain(error)
    if json_target != "-":
        _show(results)
    return 1 if any(result["violations"] for result in results) else 0


def run_session(session: Session, faults: list[Fault], seed: int, records: Path) -> dict[str, Any]:
    """Run a session in lock-step; gives what ``--json`` prints. Raises ``BlackBoxError``."""
    board = make_board(session.table, session.rider, seed)
    board.table.advance_ms(0)  # compile before the clock starts
    with open_blackbox(session, records, seed, CLOCK_START_S, lossless=True) as blackbox:
        host = LockstepHost(session, blackbox, seed)
        begun_s = time.perf_counter()
        result = run_lockstep(board, host, faults, session.plan.total_s * 1.5 + EXTRA_S)
        wall_s = time.perf_counter() - begun_s
    outcome = host.outcome()
    session_s = result.ticks * 0.01
    trace = board.table.trace()
    blocked = math.isfinite(board.table.physics[plant.OBSTRUCTION_BELOW_RAD])
    asked = _asked(session, host, result.started_s, faults, blocked)
    truth = board.table.truth()
    t_s, angle_deg = (trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "angle_deg"))
    trip_s = asked.trip_s
    return {
        "program": session.plan.name,
        "outcome": outcome.name,
        "reason": outcome.reason,
        "session_s": round(session_s, 3),
        "wall_s": round(wall_s, 6),
        "real_time_factor": round(session_s / wall_s, 1),
        "seed": seed,
        "faults": [str(fault) for fault in faults],
        "trips": [_told(trip) for trip in host.trips],
        "violations": judge(trace, asked),
        "truth": {
            "max_angle_deg": round(truth.max_angle_deg, 3),
            "max_rate_dps": round(truth.max_rate_dps, 3),
            "max_accel_dps2": round(truth.max_accel_dps2, 3),
            "final_angle_deg": round(truth.angle_deg, 3),
            "horizontal_after_trip_s": None if trip_s is None else reached_s(t_s, angle_deg, trip_s, 0.5),
            "upright_after_trip_s": None if trip_s is None else reached_s(t_s, angle_deg, trip_s, UPRIGHT_DEG),
        },
        "blackbox": str(blackbox.path),
    }


def _asked(session: Session, host: LockstepHost, started_s: float | None, faults: list[Fault], blocked: bool) -> Asked:
    trips = [trip for trip in host.trips if trip.response > Response.INHIBIT]
    strongest = max((trip.response for trip in trips), default=Response.NONE)
    return Asked(
        limit_deg=session.limits.inverted_limit_deg,
        started_s=started_s,
        trip_s=min((trip.t_s for trip in trips), default=CLOCK_START_S) - CLOCK_START_S if trips else None,
        response=strongest.name,
        rest_s=session.limits.return_rest_s,
        person_stopped=any(trip.recovery == Recovery.ON_REQUEST for trip in trips),
        cannot_move=any(fault.name in DRIVE_DEAD for fault in faults) or blocked,
        alarm=host.controller.alarms.text,
    )


def _told(trip: Trip) -> dict[str, Any]:
    return {
        "id": trip.monitor,
        "response": trip.response.name,
        "t_s": round(trip.t_s - CLOCK_START_S, 3),
        "since_s": round(trip.since_s - CLOCK_START_S, 3),
        "detail": trip.detail,
    }


def _show(results: list[dict[str, Any]]) -> None:
    grid = Grid("program", "outcome", "session s", "x real time", "max deg", "trips", "violations", title="Lock-step")
    for result in results:
        trips = ", ".join(f"{trip['id']} ({trip['response']})" for trip in result["trips"])
        grid.add_row(
            result["program"],
            result["outcome"],
            f"{result['session_s']:.1f}",
            f"{result['real_time_factor']:.0f}",
            f"{result['truth']['max_angle_deg']:.1f}",
            trips or "none",
            "; ".join(result["violations"]) or "none",
        )
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "140"))).print(grid)
