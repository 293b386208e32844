"""The real controller with a table that does as it is told, to be copied at any moment.

The table follows a rate at once, because the question is which states can follow which, not how fast; but it ramps to a
stop as it is told to, because things happen meanwhile. Everything between the frame and the command is the shipped
code.
"""

import copy
from typing import Final, NamedTuple

from firmware_host.control.controller import Controller
from firmware_host.control.plan import lay_out
from firmware_host.control.ticks import NO_REQUEST, OperatorRequest, TickInput, TickOutput
from firmware_host.files.programs import make_program
from firmware_host.files.toml_source import parse_toml
from safety.limits import MACHINE, narrow
from safety.signals import BoardConfig, CommandMode, Input, Recovery, SafeCommand, Status, Telemetry
from safety.supervisor import Phase

PERIOD_S: Final = 0.01
UPRIGHT_DEG: Final = -45.0
LIMITS: Final = narrow(
    MACHINE, {"upright_deg": UPRIGHT_DEG, "inverted_limit_deg": 20.0, "return_rest_s": 10.0}, "table"
)
PROGRAM: Final = make_program(
    parse_toml("p", 'name = "P"\n[[step]]\ndo = "go"\nto_deg = 6\nrate_dps = 3\n[[step]]\ndo = "hold"\nfor_s = 5\n')
)
CONFIG: Final = BoardConfig(7, 1001, (1, 0, 0), 1, UPRIGHT_DEG, 20.0, 8.0, 0.25)
PRESSES: Final = {
    "press start": OperatorRequest(start=True),
    "press stop": OperatorRequest(stop=True),
    "press return": OperatorRequest(return_upright=True),
    "acknowledge": OperatorRequest(acknowledge=True),
}
HOLDS: Final = {"hold out": 1, "let go": 0, "tap up": -1}
"""A finger on a button of motion by hand: it stays there, it leaves, or it comes and goes."""
STANDS_TICKS: Final = 700
RESTS_TICKS: Final = 1100
"""Longer than every pause and dwell, and than every rest at horizontal, after which the table moves by itself."""
MOVES_TICKS: Final = 4000
"""Longer than every way."""
SWITCHES: Final = ("chain", "hand", "link", "latch", "angle")
"""Whether the chain is closed, the hand switch held, the link up, the latch locked, and the motor's angle measured.

Each one may change at any time.
"""
TOGETHER: Final = frozenset({"chain", "hand", "link"})
"""These are wrong together in any number, ..."""
WRONG_AT_ONCE: Final = 2
"""... and of all switches no more than so many, or the exploration would take much longer."""


class Seen(NamedTuple):
    """What tells one situation from another."""

    state: str
    phase: str
    response: str
    stage: str
    latched: bool
    torque_off: bool
    waits: bool
    exhausted: bool
    lost_angles: int
    ramps: bool
    """It was told to stand, and turns yet."""
    region: str
    good: tuple[bool, ...]
    held_with_alarm: bool
    move: int

    def may_have(self, event: str) -> bool:
        """Tell whether it is tried here: it makes no more wrong than ``WRONG_AT_ONCE`` says."""
        wrong = {name for name, good in zip(SWITCHES, self.good, strict=True) if not good}
        return event in wrong or event not in SWITCHES or len(wrong) < WRONG_AT_ONCE or wrong | {event} <= TOGETHER


class World:
    """Controller, board and table at one moment."""

    def __init__(self, *, screened: bool = True) -> None:
        plan = lay_out(PROGRAM, LIMITS).plan
        self.controller = Controller(plan, LIMITS, LIMITS, "hold-to-run", screened=screened)
        self.now_s = 100.0
        self.angle_deg = UPRIGHT_DEG
        self.rate_dps = 0.0
        self.turned_dps: list[float] = []
        """How fast the table turned before each tick of the newest event."""
        self.good = dict.fromkeys(SWITCHES, True)
        self.presence_age_s: float | None = 0.0
        """Somebody is at the panel, unless a test says otherwise."""
        self.move = 0
        self.config = CONFIG
        self.command: SafeCommand | None = None
        self.output: TickOutput | None = None

    def copied(self) -> "World":
        """The same situation again. A planned trajectory cannot be copied, and need not be: nothing changes it.

        Nor do the tables of the operating states change: the state itself is kept beside them.
        """
        motion = self.controller._runner._motion
        shared = [] if motion is None else [motion._main, motion._braking]
        shared += [self.controller._plan, self.controller.states.machine]
        return copy.deepcopy(self, {id(one): one for one in shared})

    def tick(self, operator: OperatorRequest = NO_REQUEST) -> TickOutput:
        """One period: measure, decide, move."""
        self.now_s += PERIOD_S
        self.turned_dps.append(self.rate_dps)
        config = self.config if self.good["link"] else None
        frame = self._frame() if self.good["link"] else None
        if self.presence_age_s is not None:
            operator = operator._replace(presence_age_s=self.presence_age_s, move=self.move)
        output = self.output = self.controller.tick(TickInput(self.now_s, frame, config, 0.0, operator))
        self._move(output.command)
        return output

    def _frame(self) -> Telemetry:
        inputs = Input.HAND_SWITCH_NO if self.good["hand"] else Input.HAND_SWITCH_NC
        inputs |= Input.ANKLE_LATCH_NO if self.good["latch"] else Input.ANKLE_LATCH_NC
        inputs |= Input.ESTOP_CHAIN if self.good["chain"] else 0
        inputs |= Input.UPRIGHT_SWITCH if self.angle_deg < UPRIGHT_DEG + 0.5 else 0
        status = Status.BRAKE_CLOSED if self.rate_dps == 0.0 and not self._driven() else 0
        at, rate, time_us = self.angle_deg, self.rate_dps, round(self.now_s * 1e6)
        encoder = at if self.good["angle"] else None
        return Telemetry(7, 1, time_us, 1, 0.0, encoder, at, rate, 0.0, 24.0, 25.0, 25.0, inputs, status, 0, 0, 0)

    def _driven(self) -> bool:
        return self.command is not None and self.command.mode == CommandMode.MOVE

    def _move(self, command: SafeCommand | None) -> None:
        """The table follows at once; without commands the board brings it upright, and an open chain holds it.

        Told to stand it ramps down.
        """
        self.command = command
        if not self.good["chain"] or (command is not None and command.mode == CommandMode.TORQUE_OFF):
            rate = 0.0
        elif command is not None and command.mode == CommandMode.HOLD:
            slower_dps = command.accel_dps2 * PERIOD_S
            rate = max(abs(self.rate_dps) - slower_dps, 0.0)
            rate = rate if self.rate_dps > 0.0 else -rate
        elif command is None:
            rate = -2.0 if self.angle_deg > UPRIGHT_DEG else 0.0
        else:
            assert command.rate_dps is not None
            rate = command.rate_dps
        self.rate_dps = rate
        self.angle_deg = max(self.angle_deg + rate * PERIOD_S, UPRIGHT_DEG - 0.5)

    def seen(self) -> Seen:
        """The situation, less what only time tells apart."""
        supervisor = self.controller.safety.supervisor
        returning = supervisor.returning
        region = "upright" if self.angle_deg < UPRIGHT_DEG + 2.0 else "head-up" if self.angle_deg < 0.6 else "inverted"
        return Seen(
            self.controller.states.state,
            supervisor.phase.name,
            supervisor.response.name,
            "" if returning is None else returning.stage.name,
            bool(supervisor.latched),
            supervisor.torque_off,
            # Whether it will wait is decided during the stop already.
            supervisor.phase >= Phase.STOPPING and supervisor._asked_recovery == Recovery.ON_REQUEST,
            supervisor.exhausted,
            self.controller.safety.view.angles.lost_angles,
            self.rate_dps != 0.0 and self.command is not None and self.command.mode == CommandMode.HOLD,
            region,
            tuple(self.good.values()),
            self.rate_dps == 0.0 and self.controller.alarms.text != "",
            self.move,
        )

    def do(self, event: str) -> list[TickOutput]:
        """Let something happen, and give what was decided meanwhile."""
        self.turned_dps = []
        if event in PRESSES:
            return [self.tick(PRESSES[event]), *(self.tick() for _ in range(4))]
        if event in HOLDS:
            self.move = HOLDS[event]
            outputs = [self.tick() for _ in range(6)]
            self.move = max(self.move, 0)
            return [*outputs, *(self.tick() for _ in range(6))]
        if event in SWITCHES:
            self.good[event] = not self.good[event]
            return [self.tick() for _ in range(60 if event == "link" else 12)]
        assert event == "wait"
        return self._wait()

    def _wait(self) -> list[TickOutput]:
        """Let time pass until something else is seen, or the table has stood for so long that nothing more comes."""
        outputs: list[TickOutput] = []
        before, at_deg, stood = self.seen(), self.angle_deg, 0
        stands_ticks = RESTS_TICKS if before.stage == "FLAT" else STANDS_TICKS
        while self.seen() == before and stood < stands_ticks and len(outputs) < MOVES_TICKS:
            outputs.append(self.tick())
            stood = stood + 1 if self.angle_deg == at_deg else 0
            at_deg = self.angle_deg
        return outputs


EVENTS: Final = (*PRESSES, *HOLDS, *SWITCHES, "wait")
