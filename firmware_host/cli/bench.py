"""``righting bench``: sessions in lock-step, judged on the simulator's truth."""

import json
from pathlib import Path
from typing import Any, Final

from rich.table import Table as Grid

from firmware_host.cli.judged import JudgedRun, begun, run
from firmware_host.cli.sessions import complain, load_session, print_grid, write_json
from firmware_host.cli.summary import open_blackbox
from firmware_host.files.toml_source import FileError
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBoxError
from safety.signals import Trip
from sim.faults import Fault, FaultError, parse_all
from sim.layout import TRACE_COLUMNS
from sim.lockstep import CLOCK_START_S
from sim.oracle import false_trips, judge, unanswered, wrong_causes
from sim.oracle_terms import Floats, reached_s, upright_below_deg

JUDGED: Final = ("violations", "wrong_causes", "false_trips", "unanswered")
"""What the judge finds wrong with a session."""


def bench_command(
    programs: list[Path],
    rider: Path | None,
    table: Path | None,
    faults: list[str],
    seed: int,
    records: Path,
    json_target: str | None,
) -> int:
    """Run each program's session.

    Exit code 0 unless a file is refused, the judge found something, or a table without a fault was never ready.
    """
    try:
        parsed = parse_all(faults)
        results = [run_session(load_session(program, rider, table), parsed, seed, records) for program in programs]
        if json_target is not None:
            write_json(json_target, json.dumps(results[0] if len(results) == 1 else results, indent=2))
    except (FileError, FaultError, BlackBoxError, OSError) as error:
        return complain(error)
    if json_target != "-":
        _show(results)
    return 1 if any(_broken(result) or _refused_a_sound_table(result) for result in results) else 0


def _broken(result: dict[str, Any]) -> list[str]:
    return [text for name in JUDGED for text in result[name]]


def _refused_a_sound_table(result: dict[str, Any]) -> bool:
    return bool(result["outcome"] == "refused" and len(result["never_began"]) == len(result["faults"]))


def run_session(session: Session, faults: list[Fault], seed: int, records: Path | None) -> dict[str, Any]:
    """Run a session in lock-step; gives what ``--json`` prints. Raises ``BlackBoxError``.

    ``records`` is where its black box goes; None makes none.
    """
    if records is None:
        done, file = run(session, faults, seed, None), None
    else:
        with open_blackbox(session, records, seed, CLOCK_START_S, lossless=True) as blackbox:
            done, file = run(session, faults, seed, blackbox), str(blackbox.path)
    outcome = done.host.outcome()
    return {
        "program": session.plan.name,
        "outcome": outcome.name,
        "reason": outcome.reason,
        "session_s": round(done.session_s, 3),
        "wall_s": round(done.wall_s, 6),
        "real_time_factor": round(done.session_s / done.wall_s, 1),
        "seed": seed,
        "faults": [str(fault) for fault in faults],
        "never_began": [str(fault) for fault in faults if not begun(done.result, fault)],
        "trips": [_told(trip, done) for trip in done.host.trips],
        "violations": judge(done.trace, done.asked),
        "wrong_causes": wrong_causes(done.asked),
        "false_trips": false_trips(done.asked),
        "unanswered": unanswered(done.trace, done.asked),
        "truth": _truth(done),
        "blackbox": file,
    }


def _truth(done: JudgedRun) -> dict[str, Any]:
    truth, trips = done.truth, done.asked.trips
    t_s, angle_deg = (done.trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "angle_deg"))
    trip_s, upright_deg = min((trip.t_s for trip in trips), default=None), upright_below_deg(done.asked)
    return {
        "max_angle_deg": round(truth.max_angle_deg, 3),
        "max_rate_dps": round(truth.max_rate_dps, 3),
        "max_accel_dps2": round(truth.max_accel_dps2, 3),
        "final_angle_deg": round(truth.angle_deg, 3),
        "horizontal_after_trip_s": _reached_s(t_s, angle_deg, trip_s, 0.5),
        "upright_after_trip_s": _reached_s(t_s, angle_deg, trip_s, upright_deg),
    }


def _reached_s(t_s: Floats, angle_deg: Floats, trip_s: float | None, below_deg: float) -> float | None:
    """Seconds from the first trip to there; None without a trip, or if it never came there."""
    found_s = None if trip_s is None else reached_s(t_s, angle_deg, trip_s, below_deg)
    return None if found_s is None else round(found_s, 3)


def _told(trip: Trip, done: JudgedRun) -> dict[str, Any]:
    return {
        "id": trip.monitor,
        "response": trip.response.name,
        "t_s": round(done.result.simulated_s(trip.t_s), 3),
        "since_s": round(done.result.simulated_s(trip.since_s), 3),
        "detail": trip.detail,
    }


def _show(results: list[dict[str, Any]]) -> None:
    grid = Grid("program", "outcome", "session s", "x real time", "max deg", "trips", "broken", title="Lock-step")
    for result in results:
        trips = ", ".join(f"{trip['id']} ({trip['response']})" for trip in result["trips"])
        grid.add_row(
            result["program"],
            result["outcome"],
            f"{result['session_s']:.1f}",
            f"{result['real_time_factor']:.0f}",
            f"{result['truth']['max_angle_deg']:.1f}",
            trips or "none",
            "; ".join(_broken(result)) or "none",
        )
    print_grid(grid)
    for result in results:
        if result["outcome"] == "refused":
            print(f"{result['program']}: {result['reason']}")
        if result["never_began"]:
            print(f"{result['program']}: over before these faults began: {', '.join(result['never_began'])}")
