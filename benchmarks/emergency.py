"""The emergency return to horizontal, against the time-optimal jerk-limited trajectory (ruckig) from the same state."""

from typing import Final

from ruckig import InputParameter, Result, Ruckig, Trajectory

from benchmarks.figure import Figure
from benchmarks.sessions import EXPERIENCED, load
from firmware_host.cli.lockstep_host import LockstepHost
from firmware_host.cli.virtual import make_board
from firmware_host.files.validation import Session
from safety.profile import Pace
from sim.faults import Fault
from sim.layout import TRACE_COLUMNS
from sim.lockstep import PERIOD_S, run_lockstep
from sim.oracle_terms import reached_s

TARGET: Final = 1.03
MOMENTS_S: Final = (60.0, 70.0, 75.0, 80.0, 90.0, 100.0)
AT_HORIZONTAL_DEG: Final = 0.5


def measure(short: bool) -> list[Figure]:
    """Let go of the hand switch at several moments; the worst ratio counts."""
    session = load(EXPERIENCED)
    found = [_ratio(session, moment_s) for moment_s in (MOMENTS_S[:2] if short else MOMENTS_S)]
    ratios = [ratio for ratio in found if ratio is not None]
    note = f"worst of {len(ratios)} moments, from the trip to the truth's last moment above {AT_HORIZONTAL_DEG:g} deg"
    return [Figure("emergency return over the optimum", max(ratios), "x", TARGET, note=note)]


def _ratio(session: Session, moment_s: float) -> float | None:
    board = make_board(session.table, session.rider, 1)
    host = LockstepHost(session, None, 1)
    result = run_lockstep(board, host, [Fault("hand-switch-release", moment_s, None)], 1000.0)
    trip = host.trips[0]
    trace = board.table.trace()
    t_s, angle_deg, rate_dps = (trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "angle_deg", "rate_dps"))
    trip_s = trip.t_s - (host.now_s - result.ticks * PERIOD_S)
    row = int(abs(t_s - trip_s).argmin())
    if angle_deg[row] < 10.0:
        return None
    took_s = reached_s(t_s, angle_deg, trip_s, AT_HORIZONTAL_DEG)
    limits = session.limits
    pace = Pace(limits.emergency_rate_dps, limits.emergency_accel_dps2, limits.emergency_jerk_dps3)
    return None if took_s is None else took_s / _optimum_s(float(angle_deg[row]), float(rate_dps[row]), pace)


def _optimum_s(angle_deg: float, rate_dps: float, pace: Pace) -> float:
    """Time to ``AT_HORIZONTAL_DEG`` on the fastest jerk-limited way to horizontal."""
    state = InputParameter(1)
    state.current_position, state.current_velocity = [angle_deg], [rate_dps]
    state.target_position = [0.0]
    state.max_velocity, state.max_acceleration = [pace.rate_dps], [pace.accel_dps2]
    state.max_jerk = [pace.jerk_dps3]
    trajectory = Trajectory(1)
    if Ruckig(1).calculate(state, trajectory) not in (Result.Working, Result.Finished):
        raise ValueError(f"no optimum from {angle_deg} deg at {rate_dps} deg/s")
    # Both are timed to the same angle: the last half degree is left out of the optimum too.
    reached = trajectory.get_first_time_at_position(0, AT_HORIZONTAL_DEG)
    if reached is None:
        raise ValueError(f"the optimum from {angle_deg} deg never passes {AT_HORIZONTAL_DEG} deg")
    return float(reached)
