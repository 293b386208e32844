"""What the monitors see in one tick: measured signals and what this layer commanded, nothing that others believe."""

from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Literal

from safety.angles import Angles
from safety.limits import Limits
from safety.signals import BoardConfig, CommandMode, Input, MotionRequest, Status, Telemetry

HandSwitchMode = Literal["hold-to-run", "press-to-return"]

AT_UPRIGHT_DEG = 2.0
"""Within this of the boarding position counts as upright."""
OTHER_AT_UPRIGHT_DEG = 3.0
"""So far from it the other one of two angles may be, where the upright switch does not speak for the first."""
STANDSTILL_DPS = 0.2
STEADY_DPS = 0.005
"""A commanded rate is constant while it changes by less from tick to tick."""
LINK_REGAINED_S = 0.5
"""After a silence the board is left to itself for so long, away from upright."""
CLOSED_DEG = 0.1
"""So near to the boarding position the upright switch of a sound table is closed."""
CONTRADICT_DEG = 15.0
"""A limit switch may be set some degrees off the angle that it stands for; so far off it is broken."""
CONTRADICT_S = 0.05
LONGEST_STEP_S = 0.05
"""No rate changes by more than this much time allows, however late a tick is."""


@dataclass(slots=True, eq=False)
class View:
    """The facts of one tick. One object, refreshed each tick."""

    limits: Limits
    """Limits of this session."""
    board_limits: Limits
    """Limits of the table, which the board holds a copy of."""
    hand_switch_mode: HandSwitchMode
    screened: bool = True
    """The rider's questionnaire and clearances allow inversion now, and no rest is due."""
    angles: Angles = field(default_factory=Angles)
    clock_s: float = 0.0
    """The loop's clock as it was given; it may jump."""
    now_s: float = 0.0
    """Seconds since this session's state was made: always forward, whatever the clock does."""
    dt_s: float = 0.0
    late_s: float = 0.0
    """How late this tick is, by the loop's own word or by the clock, whichever is worse."""
    telemetry: Telemetry | None = None
    """The newest frame, fresh or not."""
    fresh: bool = False
    """A frame came since the last tick."""
    age_s: float | None = None
    """Age of the newest frame; None before the first."""
    heard_s: float = inf
    """For how long frames have come without a silence; infinite until the first silence."""
    silence_s: float = 0.0
    """How long the newest silence lasted, so far or until it ended."""
    config: BoardConfig | None = None
    free: bool = True
    """Requests are followed."""
    request: MotionRequest = field(default_factory=MotionRequest)
    recover: bool = False
    """A fresh press: asked for in this tick, and not in the one before."""
    acknowledge: bool = False
    """The same for the acknowledgement."""
    command_mode: CommandMode | None = None
    """Mode of the last command; None if none was sent."""
    command_dps: float = 0.0
    """Rate of the last command; 0 unless it was MOVE."""
    steady_s: float = 0.0
    """For how long the commanded rate has been constant, and not 0."""
    rate_limit_dps: float = field(init=False)
    """Rate limit of the motion in force."""
    sending_s: float = 0.0
    """For how long commands were sent without a break."""
    upright: bool = False
    """At the boarding position: by the angle, seconded by the other one or the switch; without one, by the switch."""
    away: bool = False
    """Known to be away from upright, or not known to be upright once a frame came."""
    was_away: bool = False
    """The same in the tick before: a machine that slept may wake up when the board has brought the rider upright."""
    been_upright: bool = False
    """The table was seen upright since this session's state was made."""
    switch_wrong_s: float = 0.0
    """For how long the upright switch has been closed where two angles say that the table is far from upright."""
    switch_lies: bool = False
    """That lasted: the upright switch is no witness, until an operator's reset."""
    inverted: bool = False
    head_up: bool = False
    """By the lower of the angles that are believed: an encoder that drifts in the drive's own loop may be behind."""
    inverted_s: float = 0.0
    """Seconds spent above horizontal in this session."""
    charged: bool = False
    """This tick counts as inverted (``safety.ridden.counts_as_inverted``)."""
    charged_s: float = 0.0
    """Seconds of that in this session: what is charged to the rider's day."""
    held_low_deg: float | None = None
    held_high_deg: float | None = None
    """Angles, by the lower and the higher channel, at which the table came to rest when told to stand still."""
    standing_s: float = 0.0
    """Seconds at standstill."""
    braked_s: float = 0.0
    """For how long the board has said that the brake is closed."""

    @property
    def link_unsteady(self) -> bool:
        """A silence ended so recently that there may be another one in a moment."""
        return self.heard_s < LINK_REGAINED_S

    @property
    def switch_wrong(self) -> bool:
        """The upright switch is closed, and even the lower of the angles that are left is far from upright."""
        t, low = self.telemetry, self.angles.low_deg
        if t is None or low is None or not t.inputs & Input.UPRIGHT_SWITCH:
            return False
        return low > self.limits.upright_deg + CONTRADICT_DEG

    @property
    def switch_refuted(self) -> bool:
        """Two angles say so: both are believed, or one is, and the one that a vote alone has lost agrees about this.

        One angle alone may be the liar.
        """
        angles = self.angles
        if not self.switch_wrong or not angles.lost_angles:
            return self.switch_wrong
        outvoted = angles.outvoted_deg
        if angles.angle_deg is None or outvoted is None:
            return False
        return outvoted > self.limits.upright_deg + CONTRADICT_DEG

    @property
    def unsure_upright(self) -> bool:
        """Upright by one witness alone, against another one: one of the two is wrong, and nothing tells which.

        That is the switch against the angle that is left, or, where the switch is no witness, that angle against the
        one that a vote alone has lost; or two angles, while the switch is open, that part by more than sound ones do or
        are so far upright that it is closed on any sound table.
        """
        angle, outvoted, parted = self.angles.angle_deg, self.angles.outvoted_deg, self.angles.disagreement_deg
        near_deg = self.limits.upright_deg + AT_UPRIGHT_DEG
        if not self.upright or angle is None:
            return False
        closed = self.telemetry is not None and self.telemetry.inputs & Input.UPRIGHT_SWITCH != 0
        if parted is not None and not closed:
            high = self.angles.high_deg
            beyond = high is not None and high <= self.limits.upright_deg + CLOSED_DEG
            if abs(parted) > AT_UPRIGHT_DEG or (beyond and self.braked_s > CONTRADICT_S):
                return True
        return angle > near_deg or (self.switch_lies and outvoted is not None and outvoted > near_deg)

    @property
    def turning_dps(self) -> float:
        """How fast the table turns: on its closed brake not at all, whatever a rate says.

        The smaller of the rate by the angles and of what the drive reports (the encoder's, or the motor's where that is
        lost); 0 where they have opposite signs. A rate made from an angle is noisy, and must not become an order.
        Where the drive reports none, the angles' alone; with no angle left, what was commanded.
        """
        t, rate = self.telemetry, self.angles.rate_dps
        if t is not None and t.status & Status.BRAKE_CLOSED:
            return 0.0
        if rate is None:
            return self.command_dps
        if t is None or t.rate_dps is None or not isfinite(t.rate_dps):
            return rate
        return min(rate, t.rate_dps, key=abs) if rate * t.rate_dps > 0.0 else 0.0

    def __post_init__(self) -> None:
        """Begin with the limit of motion in inversion."""
        self.rate_limit_dps = self.limits.invert_rate_dps
