"""What one control tick takes in and gives out: all of it is recorded, and all of it is replayed."""

from typing import NamedTuple

from safety.signals import BoardConfig, Response, SafeCommand, Telemetry, Trip


class OperatorRequest(NamedTuple):
    """What a person pressed since the last tick, and whether there is one."""

    start: bool = False
    """Begin the session (only from the boarding position, all clear)."""
    stop: bool = False
    """Halt and hold."""
    return_upright: bool = False
    """End the session: the normal return. After a stop that a person ordered: bring the rider upright."""
    acknowledge: bool = False
    """The operator has seen the latched trips and the alarms."""
    pause_audio: bool = False
    """Silence the alarms for a while; a new one breaks it."""
    presence_age_s: float | None = None
    """Seconds since the panel's newest sign of life; None: no panel watches this session, as with the terminal in the
    same process."""
    move: int = 0
    """Held down in this tick: 1 toward inversion, -1 toward upright, 0 nothing."""


NO_REQUEST = OperatorRequest()


class TickInput(NamedTuple):
    """Everything that a tick depends on."""

    now_s: float
    """The loop's monotonic clock."""
    telemetry: Telemetry | None
    """The newest frame that arrived since the last tick; None when none did."""
    config: BoardConfig | None
    """The board of the current handshake; None while there is none."""
    lateness_s: float
    """How much later than its deadline this tick began; 0 in lock-step unless a stall is simulated."""
    operator: OperatorRequest


class Event(NamedTuple):
    """Something worth telling a person, or an investigator."""

    t_s: float
    kind: str
    """state, trip, alarm, inhibit, clear, operator, preflight, link, program, loop or warning."""
    text: str
    trip: Trip | None = None


class TickOutput(NamedTuple):
    """What a tick decided."""

    command: SafeCommand | None
    """None: send nothing, so that the board's watchdog acts."""
    state: str
    """Name of the operating state after this tick, such as ``session_moving``."""
    response: Response
    """The strongest response in force after this tick."""
    target_deg: float | None
    """Where the present motion leads; None when nothing moves."""
    progress: float
    """Part of the program's time that is done, 0 to 1."""
    segment_index: int
    """Index of the plan's segment being run; -1 outside a program."""
    events: tuple[Event, ...]
