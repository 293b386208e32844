"""What the monitors see in one tick: measured signals and what this layer commanded, nothing that others believe."""

from typing import Literal

from safety.angles import Angles
from safety.limits import Limits
from safety.signals import BoardConfig, CommandMode, MotionRequest, Telemetry

HandSwitchMode = Literal["hold-to-run", "press-to-return"]

AT_UPRIGHT_DEG = 2.0
"""Within this of the boarding position counts as upright."""
STANDSTILL_DPS = 0.2
LONGEST_STEP_S = 0.05
"""No rate changes by more than this much time allows, however late a tick is."""


class View:
    """The facts of one tick. One object, refreshed each tick."""

    __slots__ = (
        "age_s",
        "angles",
        "away",
        "been_upright",
        "board_limits",
        "command_dps",
        "command_mode",
        "config",
        "dt_s",
        "fresh",
        "hand_switch_mode",
        "held_high_deg",
        "held_low_deg",
        "inverted",
        "inverted_s",
        "late_s",
        "limits",
        "now_s",
        "rate_limit_dps",
        "request",
        "sending_s",
        "standing_s",
        "telemetry",
        "upright",
    )

    def __init__(self, limits: Limits, board_limits: Limits, hand_switch_mode: HandSwitchMode) -> None:
        self.limits = limits
        """Limits of this session."""
        self.board_limits = board_limits
        """Limits of the table, which the board holds a copy of."""
        self.hand_switch_mode: HandSwitchMode = hand_switch_mode
        self.angles = Angles()
        self.now_s = 0.0
        self.dt_s = 0.0
        self.late_s = 0.0
        """How late this tick is, by the loop's own word or by the clock, whichever is worse."""
        self.telemetry: Telemetry | None = None
        """The newest frame, fresh or not."""
        self.fresh = False
        """A frame came since the last tick."""
        self.age_s: float | None = None
        """Age of the newest frame; None before the first."""
        self.config: BoardConfig | None = None
        self.request = MotionRequest()
        self.command_mode: CommandMode | None = None
        """Mode of the last command; None if none was sent."""
        self.command_dps = 0.0
        """Rate of the last command; 0 unless it was MOVE."""
        self.rate_limit_dps = limits.invert_rate_dps
        """Rate limit of the motion in force."""
        self.sending_s = 0.0
        """For how long commands were sent without a break."""
        self.upright = False
        """At the boarding position, by the angle, or by the switch where the angle is lost."""
        self.away = False
        """Known to be away from upright, or not known to be upright once a frame came."""
        self.been_upright = False
        """The table was seen upright since this session's state was made."""
        self.inverted = False
        self.inverted_s = 0.0
        """Seconds spent above horizontal in this session."""
        self.held_low_deg: float | None = None
        self.held_high_deg: float | None = None
        """Angles, by the lower and the higher channel, at which the table came to rest when told to stand still."""
        self.standing_s = 0.0
        """Seconds at standstill."""
