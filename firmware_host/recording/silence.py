"""Which side of the link fell silent in a recorded session: by the ticks themselves, not by counters."""

from typing import Final

from firmware_host.control.ticks import TickInput
from safety.signals import Status, Telemetry, Trip

STALL_S: Final = 0.05
"""A tick this late means that the host did not run."""
SILENT_S: Final = 0.05
"""Without a frame for so long the link was down."""
JUMPED_S: Final = 0.1
"""More by which the host's clock went on than the board's: nobody stood still, the clock was set."""
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
    restarted = before is not None and after is not None and _restarted(before, after)
    explains = trip.monitor == "tick" or (after is not None and gap_s - stalled_s <= SILENT_S)
    if stalled_s > STALL_S and explains and not restarted:
        return "host", _of_the_host(stalled_s, inputs, before, after)
    cause, told = _of_the_others(before, after, gap_s)
    beside = f" The host stalled for {stalled_s:.2f} s as well." if stalled_s > STALL_S and told else ""
    return cause, told + beside


def _of_the_host(stalled_s: float, inputs: list[TickInput], before: Telemetry | None, after: Telemetry | None) -> str:
    if before is not None and after is not None:
        from_s, until_s = (next(one.now_s for one in inputs if one.telemetry is frame) for frame in (before, after))
        jumped_s = until_s - from_s - _passed_us(before, after) / 1e6
        if jumped_s > JUMPED_S:
            return f"The host's clock jumped by {jumped_s:.1f} s: so much less passed by the board's clock."
    return f"The host stalled: its loop did not run for {stalled_s:.2f} s, whatever the line did."


def _of_the_others(before: Telemetry | None, after: Telemetry | None, gap_s: float) -> tuple[str, str]:
    if before is None:
        return "", ""
    if after is None:
        return "line", "The host ran, and no frame came any more: cable, line, or the power of the board."
    if _restarted(before, after):
        return "board", "The board restarted: it came back with another session and a clock that began anew."
    if after.status & Status.WATCHDOG_EXPIRED and not gap_s > SILENT_S:
        return (
            "host-to-board line",
            "Frames arrived all the time, but the board heard nothing: the line toward it is dead.",
        )
    if gap_s <= SILENT_S:
        return "", ""
    lost = (after.sequence - before.sequence - 1) % 0x10000
    return "line", f"The host ran and the board ran: the line lost or held back {lost} frames in {gap_s:.2f} s."


def _around(inputs: list[TickInput], trip: Trip) -> tuple[Telemetry | None, Telemetry | None]:
    """The last frame before the cause, and the first one after it."""
    before = after = None
    for one in inputs:
        if one.telemetry is None:
            continue
        if one.now_s <= trip.since_s + 1e-9:
            before = one.telemetry
        elif after is None:
            after = one.telemetry
    return before, after


def _passed_us(before: Telemetry, after: Telemetry) -> int:
    return (after.board_time_us - before.board_time_us) % (1 << 32)


def _restarted(before: Telemetry, after: Telemetry) -> bool:
    return after.session_id != before.session_id or _passed_us(before, after) > 1 << 31


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
