"""Anything in any order: the invariants hold throughout, and once all is well again there is always a way up."""

import math

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from safety.layer import Verdict
from safety.signals import CommandMode, DriveFault, Input, MotionRequest, Response, Status, Telemetry
from tests.safety.kinematic_table import ALL_WELL, HOLD, KinematicTable

pytestmark = [
    pytest.mark.requirement("REQ-REC-AUTOMATIC", "REQ-REC-NO-TRAP", "REQ-ENV-LIMIT", "REQ-PRM-END"),
    pytest.mark.untraced,
]

LIMIT_DEG = 60.0
ASKS = [Response.RETURN, Response.EMERGENCY_RETURN, Response.STOP, Response.TORQUE_OFF]
FAULTS = [0, DriveFault.OVERCURRENT, DriveFault.UNDERVOLTAGE, DriveFault.BRAKE, DriveFault.DRIVER, 1 << 9]
CONTACTS = [Input.HAND_SWITCH_NO, Input.ANKLE_LATCH_NO, Input.ESTOP_CHAIN, Input.UPRIGHT_SWITCH]
BENDS = [
    {},
    {"encoder_deg": None},
    {"inclinometer_deg": None},
    {"rate_dps": 1.3},
    {"rate_dps": math.nan},
    {"encoder_deg": None, "inclinometer_deg": None, "rate_dps": None},
    {"rejected_in_row": 9},
    {"session_id": 0},
    {"status": int(Status.WATCHDOG_EXPIRED)},
]

COMES_UP_S = 400
"""Three recoveries that nobody sees the end of (no angle, a switch that is no witness) last as long as their budgets,
of 110 s at most, with their pauses: only then is the rider given up."""


class Session(RuleBasedStateMachine):
    """A rider, an operator and bad luck."""

    def __init__(self) -> None:
        super().__init__()
        self.table = KinematicTable()
        self.told_dps = 0.0

    @initialize(angle_deg=st.sampled_from([-75.0, -40.0, 0.0, 20.0, 59.0]))
    def begin(self, angle_deg: float) -> None:
        """Some tables are found inverted."""
        self.table = KinematicTable(angle_deg)

    def go(self, seconds: float, request: MotionRequest) -> None:
        """Let time pass and look at every tick."""
        for _ in range(round(seconds * 100)):
            self.judge(self.table.tick(request))

    def judge(self, verdict: Verdict) -> None:
        """What must be true of every tick."""
        table, command = self.table, verdict.command
        assert table.angle_deg <= LIMIT_DEG + 1.0
        before_dps, self.told_dps = self.told_dps, 0.0
        if command is None or command.mode != CommandMode.MOVE:
            assert command is None or command.rate_dps is None
            return
        rate = command.rate_dps
        assert rate is not None
        assert -8.0 - 1e-9 <= rate <= 3.0 + 1e-9
        measured = table.state.view.angles.rate_dps or 0.0
        if verdict.inhibited or verdict.phase.name != "FREE":
            assert rate <= max(before_dps, measured, 0.0) + 1e-9, "toward inversion, and not only slowing down"
        self.told_dps = rate

    @rule(rate_dps=st.sampled_from([-3.0, -0.5, 0.0, 1.0, 3.0, 50.0]), seconds=st.sampled_from([0.05, 1.0, 8.0]))
    def ride(self, rate_dps: float, seconds: float) -> None:
        """A program asks for motion."""
        self.go(seconds, MotionRequest(rate_dps))

    @rule(ask=st.sampled_from(ASKS), then_s=st.sampled_from([0.0, 0.3, 3.0]))
    def press(self, ask: Response, then_s: float) -> None:
        """A person asks for a response."""
        self.go(0.01, MotionRequest(ask=ask))
        self.go(then_s, HOLD)

    @rule(recover=st.booleans(), acknowledge=st.booleans(), hold_flat=st.booleans())
    def buttons(self, recover: bool, acknowledge: bool, hold_flat: bool) -> None:
        """The other buttons, alone and together."""
        self.go(0.2, MotionRequest(None, Response.NONE, acknowledge, recover, hold_flat))

    @rule(rate_dps=st.sampled_from([math.nan, math.inf, -math.inf]))
    def nonsense(self, rate_dps: float) -> None:
        """The operating side breaks."""
        self.go(0.02, MotionRequest(rate_dps))

    @rule(contact=st.sampled_from(CONTACTS), seconds=st.sampled_from([0.01, 0.5]))
    def contact(self, contact: int, seconds: float) -> None:
        """A switch changes, or a wire breaks."""
        self.table.inputs ^= contact
        self.go(seconds, HOLD)

    @rule(fault=st.sampled_from(FAULTS), bend=st.sampled_from(BENDS), seconds=st.sampled_from([0.02, 1.0]))
    def fault(self, fault: int, bend: dict[str, float | None], seconds: float) -> None:
        """Drive and sensors fail, and recover."""

        def bent(t: Telemetry) -> Telemetry:
            return t._replace(**bend)  # type: ignore[arg-type]  # any field, any value

        self.table.faults, self.table.bend = fault, bent
        self.go(seconds, HOLD)

    @rule(seconds=st.sampled_from([0.05, 0.3, 2.0]))
    def silence(self, seconds: float) -> None:
        """The line is dead; the board stands meanwhile."""
        self.table.silent = True
        self.go(seconds, HOLD)
        self.table.silent = False

    @rule(seconds=st.sampled_from([0.04, 0.2, 3.0]))
    def stall(self, seconds: float) -> None:
        """The host stalls; the board's watchdog has stopped the table after a while."""
        if seconds > 0.05:
            self.table.rate_dps = 0.0
        self.judge(self.table.tick(HOLD, seconds))

    @precondition(lambda self: self.table.angle_deg > -72.0)
    @rule()
    def blocked(self) -> None:
        """Something holds the table for a while."""
        self.table.move = lambda _: 0.0
        self.go(3.0, HOLD)
        self.table.move = lambda rate_dps: rate_dps

    def teardown(self) -> None:
        """All faults heal, and someone presses: up he comes."""
        table = self.table
        table.inputs, table.faults, table.bend = ALL_WELL, 0, lambda t: t
        self.go(0.5, HOLD)
        self.go(0.02, MotionRequest(ask=Response.RETURN))
        self.go(3.5, HOLD)
        if not self.up():
            self.go(0.02, MotionRequest(recover=True))
        for _ in range(COMES_UP_S):
            if self.up() or table.state.supervisor.exhausted:
                return
            self.go(1.0, HOLD)
        raise AssertionError(f"stuck: {table.phase} at {table.angle_deg}, {table.causes()}")

    def up(self) -> bool:
        """Upright, or as far as a table that lost both angles can tell."""
        blind = self.table.state.view.angles.angle_deg is None
        return self.table.phase in ("BOARDED", "FREE") and (blind or self.table.angle_deg < -72.0)


Session.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSession = Session.TestCase
