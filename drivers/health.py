"""What became of the frames: counters that tell apart what the line, the board and the host itself did wrong."""

from typing import Final

from drivers.round_trips import RoundTrips

HOST_STALL_S: Final = 0.05
"""A host that does not look for bytes for so long has stalled; what then arrives late is not the line's fault."""
LATE_S: Final = 0.05
"""A frame delayed by more than this beside the quickest ones came late."""
STALE_S: Final = 0.1
"""A frame delayed by more than this is not acted on."""
DRIFT: Final = 5e-4
"""How fast two quartz clocks may part."""
_SMOOTHING: Final = 0.02


class LinkHealth:
    """Counters and times of one link, since the host began."""

    __slots__ = (
        "board_reboots",
        "bytes_in",
        "corrupted_frames",
        "foreign_frames",
        "frames",
        "handshakes",
        "host_stalls",
        "jitter_s",
        "late_frames",
        "longest_host_stall_s",
        "lost_frames",
        "reconnections",
        "rejected_commands",
        "reordered_frames",
        "repeated_frames",
        "round_trip_s",
        "round_trips",
        "stale_frames",
        "stalled",
    )

    def __init__(self) -> None:
        self.frames = 0
        """Telemetry frames that were believed."""
        self.bytes_in = 0
        self.lost_frames = 0
        self.repeated_frames = 0
        self.reordered_frames = 0
        self.corrupted_frames = 0
        self.late_frames = 0
        self.stale_frames = 0
        """So late that they were not acted on."""
        self.foreign_frames = 0
        """Whole frames that are not of this session or this protocol."""
        self.host_stalls = 0
        self.longest_host_stall_s = 0.0
        self.board_reboots = 0
        self.handshakes = 0
        self.reconnections = 0
        """How often the port was opened anew."""
        self.rejected_commands = 0
        self.round_trip_s: float | None = None
        """From sending a command to telemetry that echoes it, smoothed; the board's period is part of it."""
        self.jitter_s = 0.0
        """Delay of a frame beside the quickest ones, smoothed."""
        self.stalled = False
        """The host has just not looked for ``HOST_STALL_S``: what it finds now says nothing of the line."""
        self.round_trips = RoundTrips()

    def take_delay(self, delay_s: float) -> None:
        """Take note of a frame's delay beside the quickest ones."""
        self.jitter_s += (delay_s - self.jitter_s) * _SMOOTHING
        if delay_s > LATE_S:
            self.late_frames += 1

    def take_round_trip(self, seconds: float) -> None:
        """Take note of the time from a command to its echo."""
        before = self.round_trip_s
        self.round_trip_s = seconds if before is None else before + (seconds - before) * _SMOOTHING
        if not self.stalled:
            self.round_trips.newest.append(seconds)

    def take_gap(self, gap_s: float) -> None:
        """Take note of the time between two looks at the port."""
        self.stalled = gap_s > HOST_STALL_S
        if self.stalled:
            self.host_stalls += 1
            self.longest_host_stall_s = max(self.longest_host_stall_s, gap_s)

    def diagnose(self) -> str:
        """Say in a line how the link does, worst first."""
        counts = (
            ("board rebooted", self.board_reboots),
            ("host stalled", self.host_stalls),
            ("frames lost", self.lost_frames),
            ("corrupted", self.corrupted_frames),
            ("late", self.late_frames),
            ("reordered", self.reordered_frames),
            ("repeated", self.repeated_frames),
            ("reconnected", self.reconnections),
        )
        troubles = [f"{name} {count} x" for name, count in counts if count]
        round_trip = "" if self.round_trip_s is None else f", round trip {self.round_trip_s * 1e3:.0f} ms"
        return (", ".join(troubles) if troubles else "clean") + round_trip

    def as_dict(self) -> dict[str, float | None]:
        """All counters by name."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in _NO_COUNTERS}


_NO_COUNTERS: Final = frozenset({"stalled", "round_trips"})
