"""Which side of the link fell silent in a recorded session: by the ticks themselves, not by counters."""

from typing import Final, NamedTuple

from drivers.health import HOST_STALL_S
from firmware_host.control.ticks import TickInput
from firmware_host.recording.moment import JUMPED_S
from safety.signals import Status, Telemetry, Trip, board_us_between

SILENT_S: Final = 0.05
"""Without a frame for so long the link was down."""
AROUND_S: Final = 0.2
LINK_TRIPS: Final = ("link", "session", "tick")


def silence(inputs: list[TickInput], trip: Trip) -> tuple[str, str]:
    """Name the side (``host``, ``line``, ``host-to-board line``, ``board``, or nothing) and say it in a sentence.

    Args:
        inputs: all ticks that were recorded.
        trip: one of a monitor of ``LINK_TRIPS``.
    """
    ticks = [one for one in inputs if trip.since_s - AROUND_S <= one.now_s <= trip.t_s + AROUND_S]
    if not ticks:
        return "", "The ticks around it are not in the recording, so which side fell silent cannot be told."
    stalled_s = max(one.lateness_s for one in ticks)
    before, after = _around(inputs, trip)
    gap_s = _gap_s(inputs, trip)
    explains = trip.monitor == "tick" or (after is not None and gap_s - stalled_s <= SILENT_S)
    if stalled_s > HOST_STALL_S and explains and not _restarted(before, after):
        return "host", _of_the_host(stalled_s, before, after)
    cause, told = _of_the_others(before, after, gap_s)
    beside = f" The host stalled for {stalled_s:.2f} s as well." if stalled_s > HOST_STALL_S and told else ""
    return cause, told + beside


class _Frame(NamedTuple):
    """When a frame arrived, and what it says."""

    now_s: float
    telemetry: Telemetry


def _of_the_host(stalled_s: float, before: _Frame | None, after: _Frame | None) -> str:
    if before is not None and after is not None:
        jumped_s = after.now_s - before.now_s - _passed_us(before, after) / 1e6
        if jumped_s > JUMPED_S:
            return f"The host's clock jumped by {jumped_s:.1f} s: so much less passed by the board's clock."
    return f"The host stalled: its loop did not run for {stalled_s:.2f} s, whatever the line did."


def _of_the_others(before: _Frame | None, after: _Frame | None, gap_s: float) -> tuple[str, str]:
    if before is None:
        return "", ""
    if after is None:
        return "line", "The host ran, and no frame came any more: cable, line, or the power of the board."
    if _restarted(before, after):
        return "board", "The board restarted: it came back with another session and a clock that began anew."
    if gap_s > SILENT_S:
        lost = (after.telemetry.sequence - before.telemetry.sequence - 1) % 0x10000
        return "line", f"The host ran and the board ran: the line lost or held back {lost} frames in {gap_s:.2f} s."
    if after.telemetry.status & Status.WATCHDOG_EXPIRED:
        return (
            "host-to-board line",
            "Frames arrived all the time, but the board heard nothing: the line toward it is dead.",
        )
    return "", ""


def _around(inputs: list[TickInput], trip: Trip) -> tuple[_Frame | None, _Frame | None]:
    """The last frame before the cause, and the first one after it."""
    before = after = None
    for one in inputs:
        if one.telemetry is None:
            continue
        if one.now_s <= trip.since_s + 1e-9:
            before = _Frame(one.now_s, one.telemetry)
        elif after is None:
            after = _Frame(one.now_s, one.telemetry)
    return before, after


def _passed_us(before: _Frame, after: _Frame) -> int:
    return board_us_between(before.telemetry.board_time_us, after.telemetry.board_time_us)


def _restarted(before: _Frame | None, after: _Frame | None) -> bool:
    if before is None or after is None:
        return False
    return after.telemetry.session_id != before.telemetry.session_id or _passed_us(before, after) > 1 << 31


def _gap_s(inputs: list[TickInput], trip: Trip) -> float:
    """The longest time without a frame around the cause."""
    longest_s, last_s = 0.0, None
    for one in inputs:
        if one.telemetry is None:
            continue
        if last_s is not None and last_s <= trip.t_s and one.now_s >= trip.since_s:
            longest_s = max(longest_s, one.now_s - last_s)
        last_s = one.now_s
    return longest_s
