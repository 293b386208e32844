"""Sessions one after the other for a long time, and what becomes of frames, memory and clocks."""

from pathlib import Path
from typing import Final, NamedTuple

from firmware_host.cli.hil.clocks import Clocks
from firmware_host.cli.hil.ride import Ride
from firmware_host.cli.hil.stand import Stand, StandError

AWAY_DEG: Final = -45.0
"""Out and back costs the motor little, so that it never has to cool."""
HOLD_S: Final = 5.0
JUDGED: Final = 4.0
"""Memory is judged over a soak of so many times what it takes to settle."""


class Soaked(NamedTuple):
    """What a soak found."""

    seconds: float
    sessions: int
    frames: int
    lost: int
    """Frames that were lost, damaged, repeated, or came in the wrong order."""
    drift_ppm: float
    """What the table's clock gains on the host's; NaN where too little was seen."""
    growth: float | None
    """By what part memory grew once it had settled; None for a soak that is too short to tell."""
    resident_mb: float


def soak(stand: Stand, seconds: float) -> Soaked:
    """Do sessions for so long. Raises ``StandError`` for one that does not end as it should."""
    clocks = Clocks()
    stand.watch(lambda t: clocks.see(t, stand.now_s))
    begun_s, sessions, lost, frames = stand.now_s, 0, 0, 0
    memory: list[tuple[float, float]] = []
    while stand.now_s - begun_s < seconds:
        ride = Ride(stand, AWAY_DEG, HOLD_S)
        ride.go()
        ride.finish()
        if ride.trips:
            raise StandError(f"session {sessions}: {', '.join(ride.tripped())}")
        health = stand.link.health
        sessions, frames = sessions + 1, frames + health.frames
        lost += health.lost_frames + health.corrupted_frames + health.reordered_frames + health.repeated_frames
        memory.append((stand.now_s - begun_s, resident_mb()))
    settled = [size for at_s, size in memory if at_s >= stand.settles_s]
    judged = seconds >= JUDGED * stand.settles_s and len(settled) > 1
    growth = max(settled) / settled[0] - 1.0 if judged else None
    return Soaked(stand.now_s - begun_s, sessions, frames, lost, clocks.drift * 1e6, growth, memory[-1][1])


def resident_mb() -> float:
    """Memory of this process as Linux counts it, in pages of 4 KiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6
