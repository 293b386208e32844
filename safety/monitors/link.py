"""Link and board: is there someone at the other end, is it the right one, does it obey."""

from typing import Final

from safety.monitors.base import Monitor, told
from safety.signals import (
    BOARD_WATCHDOG_S,
    EMERGENCY_RETURN,
    INHIBIT,
    NONE,
    RETURN,
    STOP,
    TORQUE_OFF,
    BoardConfig,
    DriveFault,
    Equipment,
    Reject,
    Response,
    Status,
)
from safety.view import View

LIMIT_TOLERANCE: Final = 0.5
"""Degrees, or degrees a second, by which the board's copy of a limit may differ: its resolution and rounding."""
_EXPIRED: Final = Status.WATCHDOG_EXPIRED


class Link(Monitor):
    """Telemetry grows old: the host stops feeding the board's watchdog, and returns the rider once the link is back."""

    id = "link"
    hazard = "H-05"

    def check(self, view: View) -> Response:
        """Trip on the age of the newest frame, either way; at upright nothing moves until there is a link."""
        t = view.telemetry
        # A silence that ended within this tick is one too: the board is left to itself after it.
        heard = view.age_s is not None and view.age_s <= view.limits.link_age_s and not view.link_unsteady
        if heard and t is not None and not (t.status & _EXPIRED and self._unheard(view)):
            return NONE
        return EMERGENCY_RETURN if view.away or view.was_away else INHIBIT

    def detail(self, view: View) -> str:
        """Say how old the newest frame is, how long a silence was that ended, or that the board hears nothing."""
        if view.age_s is None:
            return "no telemetry from the board yet"
        if self._unheard(view):
            does = " and brings the table upright by itself" if view.away else ""
            return f"the board hears no commands{does}: host-to-board line"
        limit = f"limit {view.limits.link_age_s * 1e3:.0f} ms"
        if self._ended(view):
            return f"no telemetry for {view.silence_s * 1e3:.0f} ms, {limit}; it came back {view.heard_s:.2f} s ago"
        return f"newest telemetry is {view.age_s * 1e3:.0f} ms old, {limit}"

    def since_s(self, view: View) -> float:
        """When the newest frame came, or the last one before a silence that ended."""
        if self._ended(view):
            return view.now_s - view.heard_s - view.silence_s
        return view.now_s - (view.age_s or 0.0)

    @staticmethod
    def _ended(view: View) -> bool:
        """What the board is left to itself for is a silence that is over."""
        return view.link_unsteady and view.age_s is not None and view.age_s <= view.limits.link_age_s

    @staticmethod
    def _unheard(view: View) -> bool:
        """The board's watchdog ran out although its frames arrive: only the way to the board is dead."""
        t = view.telemetry
        expired = t is not None and view.fresh and t.status & _EXPIRED != 0
        on_time = view.late_s <= view.limits.link_age_s
        return expired and on_time and view.sending_s > view.limits.link_age_s


class Session(Monitor):
    """The board speaks in another session than the handshake made: it rebooted, or it is another board.

    A session that begins away from upright is the other half of one that broke off: our first command takes the table
    away from a board that may be returning by itself, so from that moment the return is ours to make.
    """

    id = "session"
    hazard = "H-24"

    def check(self, view: View) -> Response:
        """Trip when the frame's session is not the handshake's, or when the table was never upright in ours."""
        t, config = view.telemetry, view.config
        ours = t is not None and config is not None and t.session_id == config.session_id
        if ours and (view.been_upright or not view.away):
            return NONE
        return EMERGENCY_RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Name both sessions, or say where the table was found."""
        if not view.been_upright and view.away:
            return f"the table was found away from upright, angle {told(view.angles.best_deg, 1, 'deg')}"
        if view.config is None:
            return "no handshake with the board yet"
        heard = "none" if view.telemetry is None else f"{view.telemetry.session_id:08x}"
        agreed = f"{view.config.session_id:08x}"
        return f"board speaks in session {heard}, the handshake made {agreed}: it rebooted or was changed"


_PARTS: Final = (
    (Equipment.MOTOR_ANGLE, "no angle on the motor's side"),
    (Equipment.TABLE_ANGLE, "no angle of the table itself (an inclinometer)"),
    (Equipment.TIMEOUT, "no timeout that stops the drive when the host dies"),
    (Equipment.HOLDING, "neither a brake nor a self-locking gear"),
    (Equipment.STOP_CHAIN, "no emergency-stop chain that cuts the torque and is read"),
    (Equipment.HAND_SWITCH, "no hand switch"),
    (Equipment.ANKLE_LATCH, "no contact at the ankle latch"),
    (Equipment.UPRIGHT_SWITCH, "no upright switch"),
)


class BoardConfigured(Monitor):
    """The board's own limits must be the table's: it is the second guard, and a guard with other numbers is none.

    A table that hangs on a drive from a shop must have the parts that such a drive lacks.
    """

    id = "board-config"
    hazard = "H-21"

    def __init__(self) -> None:
        self._judged: BoardConfig | None = None
        self._differs = False

    def check(self, view: View) -> Response:
        """Forbid inversion while any limit differs, or any part is missing."""
        if view.config is not self._judged:  # a new handshake; the table's limits do not change in a session
            self._judged = view.config
            self._differs = bool(self._missing(view) or self._differences(view))
        return INHIBIT if self._differs else NONE

    def detail(self, view: View) -> str:
        """Name each part that is missing, and each limit that differs, with both numbers."""
        missing, differences = self._missing(view), self._differences(view)
        lacks = [f"this table must not invert: it has {', '.join(missing)}"] if missing else []
        return "; ".join(lacks + differences)

    @staticmethod
    def _missing(view: View) -> list[str]:
        """The parts that it takes to invert anybody, and that this table does not have."""
        has = Equipment.ALL if view.config is None else view.config.equipment
        return [text for bit, text in _PARTS if not has & bit]

    @staticmethod
    def _differences(view: View) -> list[str]:
        board, table = view.config, view.board_limits
        if board is None:
            return []
        found = []
        if not abs(board.inverted_limit_deg - table.inverted_limit_deg) <= LIMIT_TOLERANCE:
            found.append(f"inverted limit: board {board.inverted_limit_deg:g}, table {table.inverted_limit_deg:g} deg")
        if not abs(board.upright_deg - table.upright_deg) <= LIMIT_TOLERANCE:
            found.append(f"upright: board {board.upright_deg:g}, table {table.upright_deg:g} deg")
        if not abs(board.max_rate_dps - table.emergency_rate_dps) <= LIMIT_TOLERANCE:
            found.append(f"fastest rate: board {board.max_rate_dps:g}, table {table.emergency_rate_dps:g} deg/s")
        if not 0.0 < board.watchdog_s <= BOARD_WATCHDOG_S:
            found.append(f"watchdog: board {board.watchdog_s:g}, at most {BOARD_WATCHDOG_S:g} s")
        return found


class Rejected(Monitor):
    """The board refuses what it is told: the two sides no longer agree on what is going on."""

    id = "rejected"
    hazard = "H-17"

    def check(self, view: View) -> Response:
        """Trip on refusals in a row."""
        t = view.telemetry
        if t is None or t.rejected_in_row < view.limits.rejected_in_row:
            return NONE
        return STOP

    def detail(self, view: View) -> str:
        """Count the refusals and give the board's reason."""
        t = view.telemetry
        count, code = (0, 0) if t is None else (t.rejected_in_row, t.reject_reason)
        known = code in Reject.__members__.values()
        reason = Reject(code).name.lower() if known else f"{code}, which is not known"
        return f"board refused {count} commands in a row, reason: {reason}"


class Tick(Monitor):
    """The control loop itself is late: what it would do now is made from the past."""

    id = "tick"
    hazard = "H-05"

    def check(self, view: View) -> Response:
        """Trip when one tick is later than the limit; nothing is at stake at upright."""
        late = view.late_s > view.limits.tick_late_s
        return EMERGENCY_RETURN if late and (view.away or view.was_away) else NONE

    def detail(self, view: View) -> str:
        """Say how late."""
        return f"control loop {view.late_s * 1e3:.0f} ms late, limit {view.limits.tick_late_s * 1e3:.0f} ms"

    def since_s(self, view: View) -> float:
        """When the tick was due."""
        return view.now_s - min(view.late_s, view.now_s)


_FLAGS: Final = (
    (DriveFault.OVERCURRENT, STOP, "over-current"),
    (DriveFault.OVERTEMPERATURE, RETURN, "over-temperature"),
    (DriveFault.UNDERVOLTAGE, EMERGENCY_RETURN, "under-voltage"),
    (DriveFault.ENCODER, RETURN, "encoder"),
    (DriveFault.BRAKE, EMERGENCY_RETURN, "brake"),
    (DriveFault.DRIVER, TORQUE_OFF, "power stage"),
)


class DriveReports(Monitor):
    """The drive reports a fault of its own; each flag has its response."""

    id = "drive-fault"
    hazard = "H-02"

    def check(self, view: View) -> Response:
        """Give the strongest response of the flags that are set."""
        t = view.telemetry
        if t is None or not t.faults:
            return NONE
        return max((response for bit, response, _ in _FLAGS if t.faults & bit), default=STOP)

    def detail(self, view: View) -> str:
        """Name the flags."""
        faults = 0 if view.telemetry is None else view.telemetry.faults
        names = [name for bit, _, name in _FLAGS if faults & bit]
        return f"drive reports: {', '.join(names) or f'unknown flag 0x{faults:04x}'}"


class Request(Monitor):
    """What is asked for must be a number: anything else means that the asking side is broken."""

    id = "request"
    hazard = "H-17"

    def check(self, view: View) -> Response:
        """Trip on NaN and infinity, while requests are followed: garbage must not interrupt a return."""
        rate = view.request.rate_dps
        if rate is None or -1e3 < rate < 1e3 or not view.free:  # written so that NaN fails it
            return NONE
        return STOP

    def detail(self, view: View) -> str:
        """Give what was asked."""
        return f"the operating side asked for a rate of {view.request.rate_dps} deg/s"
