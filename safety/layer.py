"""The one gate: ``step`` turns what was measured and what is asked into what the drive may do.

``step`` is the only function that makes a ``SafeCommand``. It reads no clock and does no I/O: the time and the
measurements are arguments, and ``SafetyState`` is all that it remembers.
"""

from math import inf, isfinite
from typing import Final, NamedTuple

from safety.envelope import Bounds, nearest_safe_rate_dps
from safety.limits import Limits
from safety.monitors.base import RESOLUTION_S
from safety.returning import BLIND_BEYOND_DEG, FLAT_DEG, FLAT_TOLERANCE_DEG, SWITCH_BELIEVED_BELOW_DEG, Stage
from safety.ridden import counts_as_inverted
from safety.signals import (
    BOARD_WATCHDOG_S,
    ON_ITS_OWN,
    STOP,
    BoardConfig,
    CommandMode,
    Input,
    MotionRequest,
    Response,
    SafeCommand,
    Status,
    Telemetry,
    Trip,
    board_us_between,
)
from safety.supervisor import FREE, Phase, Supervisor
from safety.view import (
    AT_UPRIGHT_DEG,
    CONTRADICT_S,
    LONGEST_STEP_S,
    OTHER_AT_UPRIGHT_DEG,
    STANDSTILL_DPS,
    STEADY_DPS,
    HandSwitchMode,
    View,
)

PERIOD_S: Final = 0.01
"""Nominal time between ticks."""
LONGEST_GAP_S: Final = 60.0
"""A clock that jumps farther forward has not measured a stall: no timer is to be lost in it."""
MOVE: Final = CommandMode.MOVE
_UPRIGHT_SWITCH: Final = Input.UPRIGHT_SWITCH
_BRAKE_CLOSED: Final = Status.BRAKE_CLOSED
_RETURNS: Final = Status.DEAD_HOST_RETURN
NEAR_UPRIGHT_DEG: Final = 15.0
"""With one angle lost, the upright switch is believed only so near to upright by the other one."""
UPRIGHT_SLACK_DEG: Final = 1.0
"""How far beyond the boarding position the envelope lets a return settle."""


class Verdict(NamedTuple):
    """What ``step`` decided."""

    command: SafeCommand | None
    """None: send nothing; the board's watchdog acts."""
    response: Response
    phase: Phase
    inhibited: tuple[str, ...]
    """Ids of the monitors that forbid motion toward inversion."""
    new_trips: tuple[Trip, ...]


class SafetyState:
    """All that the safety layer remembers: one session with one rider."""

    __slots__ = ("started", "supervisor", "view")

    def __init__(
        self, limits: Limits, board_limits: Limits, hand_switch_mode: HandSwitchMode, *, screened: bool = True
    ) -> None:
        """Start a session.

        Args:
            limits: what is left after table, rider and program have narrowed the machine's limits.
            board_limits: the table's limits, which the board must hold a copy of.
            hand_switch_mode: what the rider's hand switch means on this table.
            screened: ``safety.screening`` found nothing against this rider.
        """
        self.view = View(limits, board_limits, hand_switch_mode, screened)
        self.supervisor = Supervisor()
        self.started = False


def step(
    state: SafetyState,
    now_s: float,
    telemetry: Telemetry | None,
    config: BoardConfig | None,
    late_s: float,
    request: MotionRequest,
) -> Verdict:
    """Decide one tick.

    Args:
        state: what is remembered; changed in place.
        now_s: the loop's monotonic clock.
        telemetry: the frame that came since the last tick; None if none did.
        config: the board of the current handshake; None while there is none.
        late_s: how much later than its deadline this tick began.
        request: what the operating side would like.
    """
    view, supervisor = state.view, state.supervisor
    _take_time(state, now_s, late_s, telemetry)
    _take_request(view, request)
    view.config, view.free = config, supervisor.phase is FREE
    _take_frame(view, supervisor, telemetry)
    _take_stock(view)
    supervisor.judge(view)
    supervisor.advance(view)
    command = _command(view, supervisor)
    _remember(view, supervisor, command)
    new_trips = tuple(supervisor.new_trips) if supervisor.new_trips else ()
    return Verdict(command, supervisor.response, supervisor.phase, supervisor.inhibited, new_trips)


def _take_time(state: SafetyState, now_s: float, late_s: float, telemetry: Telemetry | None) -> None:
    view = state.view
    elapsed_s = now_s - view.clock_s if state.started else PERIOD_S
    state.started = True
    # A clock that stands or runs backward, or gives no number, counts as one period: time must pass for a timer to end.
    dt_s = elapsed_s if 0.0 < elapsed_s < inf else PERIOD_S
    dt_s = min(dt_s + _slept_s(view, telemetry, dt_s), LONGEST_GAP_S)
    view.clock_s = now_s if isfinite(now_s) else view.clock_s + PERIOD_S
    view.dt_s = dt_s
    view.now_s += dt_s
    own_s = dt_s - PERIOD_S
    view.late_s = late_s if late_s > own_s else own_s  # NaN is not larger than anything
    if view.age_s is not None:
        view.age_s += dt_s
        view.heard_s += dt_s
        if view.age_s > view.limits.link_age_s:
            view.heard_s, view.silence_s = 0.0, view.age_s


def _slept_s(view: View, telemetry: Telemetry | None, dt_s: float) -> float:
    """How long this machine slept: its clock stood still, and the board's went on, and may have moved the table."""
    t = view.telemetry
    if t is None or telemetry is None or view.age_s is None or t.session_id != telemetry.session_id:
        return 0.0
    by_the_board_s = board_us_between(t.board_time_us, telemetry.board_time_us) / 1e6
    slept_s = by_the_board_s - view.age_s - dt_s
    return slept_s if slept_s > BOARD_WATCHDOG_S else 0.0


def _take_request(view: View, request: MotionRequest) -> None:
    """A person's press counts once: a button that is stuck, or a panel that repeats itself, asks for nothing new."""
    before = view.request
    view.recover = request.recover and not before.recover and request.ask < STOP
    view.acknowledge = request.acknowledge and not before.acknowledge
    view.request = request


def _take_frame(view: View, supervisor: Supervisor, telemetry: Telemetry | None) -> None:
    angles = view.angles
    angles.expect(view.command_dps, view.limits.brake_accel_dps2, view.dt_s)
    view.fresh = telemetry is not None
    if telemetry is None:
        return
    silent = view.age_s is None or view.age_s > view.limits.link_age_s
    view.telemetry, view.age_s = telemetry, 0.0
    if silent:
        angles.forget_rates()
    on_its_own = silent or view.command_mode is None or telemetry.status & ON_ITS_OWN != 0
    if on_its_own:
        _forget_command(view)
        angles.resync(telemetry.rate_dps)
    angles.update(telemetry, view.now_s, view.dt_s, view.limits, on_its_own=on_its_own)
    if telemetry.status & _RETURNS:
        supervisor.the_board_returns()


def _forget_command(view: View) -> None:
    """What the table does now is not by our last command: compare nothing with it."""
    view.command_mode, view.command_dps = None, 0.0
    view.held_low_deg = view.held_high_deg = None
    view.rate_limit_dps = max(view.rate_limit_dps, view.limits.emergency_rate_dps)


def _take_stock(view: View) -> None:
    """Derive from the measurements what several monitors ask."""
    angles, t = view.angles, view.telemetry
    angle, best, rate = angles.angle_deg, angles.best_deg, angles.rate_dps
    if view.fresh:
        view.switch_wrong_s = view.switch_wrong_s + view.dt_s if view.switch_refuted else 0.0
        view.switch_lies = view.switch_lies or view.switch_wrong_s > CONTRADICT_S + RESOLUTION_S
    # The switch is another witness; stuck closed, it is none.
    switch = t is not None and t.inputs & _UPRIGHT_SWITCH != 0 and not view.switch_lies
    if angle is not None and (view.switch_lies or not angles.lost_angles):
        high, upright_deg = angles.high_deg, view.limits.upright_deg
        seconded = switch or (high is not None and high <= upright_deg + OTHER_AT_UPRIGHT_DEG)
        view.upright = seconded and angle <= upright_deg + AT_UPRIGHT_DEG
    else:
        # One angle alone may be the wrong one.
        believed_below = SWITCH_BELIEVED_BELOW_DEG if angle is None else view.limits.upright_deg + NEAR_UPRIGHT_DEG
        view.upright = switch and (best is None or best < believed_below)
    view.was_away, view.away = view.away, t is not None and not view.upright
    view.been_upright = view.been_upright or view.upright
    view.inverted = best is not None and best > FLAT_TOLERANCE_DEG
    low = angles.low_deg
    view.head_up = low is not None and low < FLAT_DEG
    if view.inverted:
        view.inverted_s += view.dt_s
    unsure = best is None or angles.lost_angles != 0
    view.charged = counts_as_inverted(view.charged, best, unsure=unsure, upright=view.upright)
    if view.charged:
        view.charged_s += view.dt_s
    braked = t is not None and t.status & _BRAKE_CLOSED != 0
    view.braked_s = view.braked_s + view.dt_s if braked else 0.0
    still = braked if rate is None else -STANDSTILL_DPS < rate < STANDSTILL_DPS
    view.standing_s = view.standing_s + view.dt_s if still else 0.0


def _command(view: View, supervisor: Supervisor) -> SafeCommand | None:
    """The only place where a command is made."""
    limits, t, config = view.limits, view.telemetry, view.config
    if t is None or view.age_s is None or view.age_s > limits.link_age_s:
        return None
    if view.away and view.link_unsteady:
        return None  # a link that comes and goes: the board's own return is the steadier one
    if config is None or t.session_id != config.session_id:
        return None
    rate = _wanted_rate_dps(view, supervisor)
    accel = limits.brake_accel_dps2
    torque = supervisor.torque_fraction
    lost_angles = view.angles.lost_angles
    if rate is None:
        mode = CommandMode.TORQUE_OFF if supervisor.torque_off else CommandMode.HOLD
        return SafeCommand(mode, None, accel, torque, lost_angles, supervisor.acknowledged)
    bounds = _bounds(view, supervisor)
    low, high = view.angles.low_deg, view.angles.high_deg
    if view.angles.angle_deg is None or low is None or high is None:
        low = high = 0.0  # blind: only a return moves now, and the switch and its time budget end it
    previous = _rate_in_force_dps(view)
    margin = limits.angle_margin_deg + abs(previous) * view.age_s
    step_s = view.dt_s if view.dt_s < LONGEST_STEP_S else LONGEST_STEP_S
    safe = nearest_safe_rate_dps(rate, previous, low, high + margin, step_s, bounds)
    if supervisor.returning is not None:
        supervisor.returning.follow(safe)
    return SafeCommand(MOVE, safe, accel, torque, lost_angles)


def _rate_in_force_dps(view: View) -> float:
    """The commanded rate, or the measured one, as far as it may be one, where the table moves without a command."""
    fastest = view.limits.emergency_rate_dps
    rate = view.command_dps if view.command_mode is MOVE else view.turning_dps
    return max(-fastest, min(rate, fastest))


def _wanted_rate_dps(view: View, supervisor: Supervisor) -> float | None:
    if supervisor.phase is FREE:
        return view.request.rate_dps
    if supervisor.returning is not None:
        return supervisor.returning.rate_dps(view)
    return None


def _bounds(view: View, supervisor: Supervisor) -> Bounds:
    """What the envelope enforces in this tick."""
    limits, returning = view.limits, supervisor.returning
    lower = limits.upright_deg - UPRIGHT_SLACK_DEG
    if returning is not None:
        # A return begins with the rate in force and only ever gives up what is not its own.
        pace, previous = returning.pace, _rate_in_force_dps(view)
        if view.angles.lost_angles:
            lower -= BLIND_BEYOND_DEG  # an angle that reads too low must not keep the rider from the upright switch
        head_up = returning.stage == Stage.TO_UPRIGHT  # what is too fast there is braked, not eased off
        fastest = limits.head_up_rate_dps if head_up else inf
        invert, upright, accel = max(previous, 0.0), max(pace.rate_dps, min(-previous, fastest)), pace.accel_dps2
        upright = min(upright, returning.fastest_dps(view))
    else:
        blind = view.angles.angle_deg is None
        invert = 0.0 if supervisor.inhibited or blind else limits.invert_rate_dps
        upright = _fastest_dps(view, -1.0)
        accel = limits.accel_dps2
    return Bounds(
        lower,
        limits.inverted_limit_deg,
        invert,
        upright,
        accel,
        limits.brake_accel_dps2,
        reaction_s(limits),
    )


def reaction_s(limits: Limits) -> float:
    """Give the envelope's ``T``: what passes at most from a measurement until a command that is made of it acts."""
    return PERIOD_S + limits.latency_s


def _fastest_dps(view: View, rate_dps: float) -> float:
    """How fast a request may turn the table that way, from where it is."""
    limits = view.limits
    if rate_dps > 0.0:
        return limits.invert_rate_dps
    return limits.upward_rate_dps if view.inverted and not view.head_up else limits.head_up_rate_dps


def _remember(view: View, supervisor: Supervisor, command: SafeCommand | None) -> None:
    """Keep what the next tick's monitors compare with."""
    returning = supervisor.returning
    mode = None if command is None else command.mode
    rate = 0.0 if command is None or command.rate_dps is None else command.rate_dps
    moving = mode is MOVE
    on_time = view.late_s <= view.limits.link_age_s
    view.sending_s = view.sending_s + view.dt_s if command is not None and on_time else 0.0
    steady = moving and rate != 0.0 and -STEADY_DPS < rate - view.command_dps < STEADY_DPS
    view.steady_s = view.steady_s + view.dt_s if steady else 0.0
    view.command_mode, view.command_dps = mode, rate
    if command is None or moving:
        view.held_low_deg = view.held_high_deg = None
    elif view.held_low_deg is None and view.standing_s > 0.0:
        view.held_low_deg, view.held_high_deg = view.angles.low_deg, view.angles.high_deg
    if moving:
        fastest = _fastest_dps(view, rate) if returning is None else returning.pace.rate_dps
        view.rate_limit_dps = max(fastest, abs(rate))
