"""The moment of a trip in a recording: the tick in which it fell, and the frame by which it was judged."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.control.ticks import TickInput
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.record_schema import RecordedOutput
from safety.signals import Lost, Telemetry, Trip, board_us_between

ANGLES: Final = {"encoder": Lost.ENCODER, "inclinometer": Lost.INCLINOMETER}
"""Bits of ``SafeCommand.lost_angles`` by the name of the angle."""
JUMPED_S: Final = 0.1
"""More by which the host's clock went on than the board's: nobody stood still, the clock was set."""


class Moment(NamedTuple):
    """The tick of a trip, and what it had to judge by."""

    trip: Trip
    place: int
    """Index of the tick in the recording."""
    tick: TickInput
    output: RecordedOutput
    in_force: RecordedOutput | None
    """What the tick before had decided: what the table was doing; None where there is none."""
    frame: Telemetry | None
    """The newest frame, of this tick or an older one; None before the first."""
    frame_s: float
    """When it arrived, on the host's clock."""
    lost_angles: int
    """Bits of ``Lost``, after the tick: a command is what tells them, so of a silence the last one before it."""

    @property
    def angles_deg(self) -> tuple[float | None, float | None]:
        """The frame's two angles, encoder first."""
        return (None, None) if self.frame is None else (self.frame.encoder_deg, self.frame.inclinometer_deg)


def moment(recording: Recording, trip: Trip) -> Moment | None:
    """Find the tick of a trip; None if the recording does not hold it."""
    place = next((at for at, one in enumerate(recording.inputs) if one.now_s == trip.t_s), None)
    if place is None:
        return None
    framed = last_framed(recording, place)
    newest = None if framed is None else recording.inputs[framed]
    commands = (recording.outputs[at].command for at in range(place, -1, -1))
    return Moment(
        trip=trip,
        place=place,
        tick=recording.inputs[place],
        output=recording.outputs[place],
        in_force=recording.outputs[place - 1] if place else None,
        frame=None if newest is None else newest.telemetry,
        frame_s=0.0 if newest is None else newest.now_s,
        lost_angles=next((command.lost_angles for command in commands if command is not None), 0),
    )


def last_framed(recording: Recording, place: int) -> int | None:
    """Give the index of the last tick that had a frame, up to ``place``."""
    return next((at for at in range(place, -1, -1) if recording.inputs[at].telemetry is not None), None)


class Believed(NamedTuple):
    """A frame, and what was believed of it."""

    now_s: float
    telemetry: Telemetry
    angle_deg: float | None
    """None once both are lost."""
    lost: int
    """Bits of ``Lost``."""

    @property
    def highest_deg(self) -> float | None:
        """The higher one of the angles that are believed."""
        return max(believed_angles_deg(self.telemetry, self.lost).values(), default=None)

    @property
    def alone(self) -> str:
        """Name the one angle that is believed, where the other one is lost."""
        left = ANGLES.keys() - lost_names(self.lost)
        return left.pop() if len(left) == 1 else ""


def believed(recording: Recording) -> Iterator[Believed]:
    """Each frame with the angle that was believed.

    A tick without a command says nothing of the angles, and what was found before still holds.
    """
    lost = 0
    for one, output in zip(recording.inputs, recording.outputs, strict=True):
        if output.command is not None:
            lost = output.command.lost_angles
        if one.telemetry is not None:
            yield Believed(one.now_s, one.telemetry, believed_deg(one.telemetry, lost), lost)


class Passed:
    """How much time passed between two moments of a recording, although the host's clock may have been set."""

    def __init__(self, recording: Recording) -> None:
        self._from_s: list[float] = []
        self._ahead_s: list[float] = []
        """How far the clock was ahead from then on."""
        ahead_s, before = 0.0, None
        for one in recording.inputs:
            if one.telemetry is None:
                continue
            if before is not None and before[1].session_id == one.telemetry.session_id:
                board_s = board_us_between(before[1].board_time_us, one.telemetry.board_time_us) / 1e6
                jumped_s = one.now_s - before[0] - board_s
                if abs(jumped_s) > JUMPED_S:
                    ahead_s += jumped_s
                    self._from_s.append(one.now_s)
                    self._ahead_s.append(ahead_s)
            before = (one.now_s, one.telemetry)

    def s(self, from_s: float, to_s: float) -> float:
        """Seconds between two readings of the host's clock."""
        return self._true_s(to_s) - self._true_s(from_s)

    def _true_s(self, now_s: float) -> float:
        place = bisect_right(self._from_s, now_s)
        return now_s - (self._ahead_s[place - 1] if place else 0.0)


def lost_names(lost: int) -> set[str]:
    """Name the angles that are lost (bits of ``Lost``)."""
    return {name for name, bit in ANGLES.items() if lost & bit}


def believed_angles_deg(frame: Telemetry, lost: int) -> dict[str, float]:
    """Give the angles of a frame that are believed where these are lost (bits of ``Lost``), the encoder's first."""
    values = {"encoder": frame.encoder_deg, "inclinometer": frame.inclinometer_deg}
    return {name: deg for name, deg in values.items() if deg is not None and not lost & ANGLES[name]}


def believed_deg(frame: Telemetry, lost: int) -> float | None:
    """Give the angle to go by: the encoder's, or the other one where that is lost or missing."""
    return next(iter(believed_angles_deg(frame, lost).values()), None)
