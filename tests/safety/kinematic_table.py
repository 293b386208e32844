"""A table without dynamics: it does what the safety layer commands, a little late, until a test bends it.

It stands in for the physics here alone, where single signals have to be set to exact values; everything else in the
tests runs against the simulator.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

from safety.layer import PERIOD_S, SafetyState, Verdict, step
from safety.limits import MACHINE, Limits, narrow
from safety.signals import BoardConfig, CommandMode, Input, MotionRequest, Response, Status, Telemetry, Trip
from safety.view import HandSwitchMode

TABLE = narrow(MACHINE, {"inverted_limit_deg": 60.0}, "table")
SESSION = 0x1234
ALL_WELL = Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO | Input.ESTOP_CHAIN
HOLD = MotionRequest()
ASK_STOP = MotionRequest(ask=Response.STOP)
ASK_RETURN = MotionRequest(ask=Response.RETURN)
ASK_EMERGENCY = MotionRequest(ask=Response.EMERGENCY_RETURN)
RECOVER = MotionRequest(recover=True)
ACKNOWLEDGE = MotionRequest(acknowledge=True)


END_STOP_DEG = -80.0
"""Where the frame ends the way beyond upright."""


class KinematicTable:
    """Table, board and clock in one; ``bend`` changes each frame before the safety layer sees it."""

    def __init__(
        self,
        angle_deg: float = -75.0,
        limits: Limits = TABLE,
        hand_switch_mode: HandSwitchMode = "hold-to-run",
    ) -> None:
        self.state = SafetyState(limits, TABLE, hand_switch_mode)
        self.now_s = 100.0
        self.board_s = 0.0
        """The board's own clock, which no jump of the host's changes."""
        self.angle_deg = angle_deg
        self.rate_dps = 0.0
        self.braked = True
        self.inputs = ALL_WELL
        self.faults = 0
        self.status = 0
        self.session_id = SESSION
        self.config: BoardConfig | None = BoardConfig(
            SESSION, 1, (1, 0, 0), 1, TABLE.upright_deg, TABLE.inverted_limit_deg, 8.0, 0.25
        )
        self.silent = False
        self.late_s = 0.0
        self.bend: Callable[[Telemetry], Telemetry] = lambda t: t
        self.move: Callable[[float], float] = lambda rate_dps: rate_dps
        self.trips: list[Trip] = []
        self.sequence = 0
        if angle_deg < TABLE.upright_deg + 1.0:
            self.try_hand_switch()
        self.verdict = self.tick()

    @property
    def phase(self) -> str:
        return self.state.supervisor.phase.name

    def frame(self) -> Telemetry:
        inputs = self.inputs | (Input.UPRIGHT_SWITCH if self.angle_deg <= -74.0 else 0)
        self.sequence += 1
        return self.bend(
            Telemetry(
                self.session_id,
                self.sequence % 65536,
                round(self.board_s * 1e6) & 0xFFFFFFFF,
                None,
                None,
                self.angle_deg,
                self.angle_deg,
                self.rate_dps,
                0.0,
                24.0,
                25.0,
                25.0,
                inputs,
                self.status | (Status.BRAKE_CLOSED if self.braked else 0),
                self.faults,
                0,
                0,
            )
        )

    def tick(self, request: MotionRequest = HOLD, period_s: float = PERIOD_S) -> Verdict:
        """One control period: measure, decide, move."""
        self.now_s += period_s
        self.board_s += period_s if isfinite(period_s) and period_s > 0.0 else PERIOD_S
        frame = None if self.silent else self.frame()
        verdict = step(self.state, self.now_s, frame, self.config, self.late_s, request)
        self.trips += verdict.new_trips
        command = verdict.command
        moving = command is not None and command.mode == CommandMode.MOVE
        if command is not None and command.rate_dps is not None:
            wanted = command.rate_dps
        else:
            brake = 1e9 if command is not None and command.mode == CommandMode.TORQUE_OFF else 8.0
            change = min(abs(self.rate_dps), brake * period_s)
            wanted = self.rate_dps - change if self.rate_dps > 0 else self.rate_dps + change
        before = self.rate_dps
        self.braked = not moving and (self.braked or before == 0.0)
        self.rate_dps = self.move(wanted)
        self.angle_deg += (before + self.rate_dps) / 2.0 * period_s
        if self.angle_deg < END_STOP_DEG:
            self.angle_deg, self.rate_dps = END_STOP_DEG, 0.0
        self.verdict = verdict
        return verdict

    def run(self, seconds: float, request: MotionRequest = HOLD) -> Verdict:
        """Tick for so long."""
        for _ in range(round(seconds / PERIOD_S)):
            self.tick(request)
        return self.verdict

    def try_hand_switch(self) -> None:
        """Let go and hold again, as a rider does at boarding."""
        for switch in (Input.HAND_SWITCH_NC, Input.HAND_SWITCH_NO):
            self.inputs = (ALL_WELL & ~Input.HAND_SWITCH_NO) | switch
            self.run(0.03)

    def until(self, done: Callable[[], bool], at_most_s: float, request: MotionRequest = HOLD) -> float:
        """Tick until ``done``; returns the time it took and fails if it takes longer than ``at_most_s``."""
        start_s = self.now_s
        while not done():
            self.tick(request)
            assert self.now_s - start_s <= at_most_s, f"not done after {at_most_s} s: {self.phase} at {self.angle_deg}"
        return self.now_s - start_s

    def invert_to(self, angle_deg: float, rate_dps: float = 2.0) -> None:
        """Go to an angle as a program would, and stand there."""
        self.until(lambda: self.angle_deg >= angle_deg, 200.0, MotionRequest(rate_dps=rate_dps))
        self.until(lambda: self.rate_dps == 0.0, 10.0)

    def causes(self) -> list[str]:
        return [trip.monitor for trip in self.trips]


def at(angle_deg: float, **settings: Any) -> KinematicTable:
    """A table that stands at an angle, with all well; ``settings`` are its own."""
    table = KinematicTable(**settings)
    if settings.get("hand_switch_mode") == "press-to-return":
        let_go(table)
    table.invert_to(angle_deg, 3.0)
    assert table.causes() == []
    return table


def comes_up(table: KinematicTable, at_most_s: float = 90.0) -> None:
    """It is upright by itself before the time is over."""
    table.until(lambda: table.phase in ("BOARDED", "FREE") and table.angle_deg < -72.0, at_most_s)


def let_go(table: KinematicTable) -> None:
    """The rider lets go of the hand switch."""
    table.inputs = table.inputs & ~Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC


def grip(table: KinematicTable) -> None:
    """The rider takes hold of it."""
    table.inputs = table.inputs & ~Input.HAND_SWITCH_NC | Input.HAND_SWITCH_NO
