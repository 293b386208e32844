"""Sessions one after the other, as long as ``--righting-soak`` says: no lost frame, no leak, the drift of the clocks."""

from pathlib import Path

from drivers.board import HostLink
from drivers.health import DRIFT
from firmware_host.cli.hil.clocks import Clocks
from firmware_host.cli.hil.ride import Ride
from firmware_host.cli.hil.stand import Stand

AWAY_DEG = -45.0
HOLD_S = 5.0
JUDGED_FROM_S = 2 * 3600.0
"""A shorter soak says nothing of memory: the interpreter is still filling its own."""
SETTLED = 0.25
"""From this part of the soak on memory must not grow."""


def test_soak(stand: Stand) -> None:
    """Sessions one after the other: every frame arrives, memory stays as it is, the clocks' drift is told."""
    clocks = Clocks()
    stand.watch(lambda t: clocks.see(t, stand.now_s))
    begun_s, sessions, lost, frames = stand.now_s, 0, 0, 0
    memory: list[tuple[float, float]] = []
    while stand.now_s - begun_s < stand.soak_s:
        ride = Ride(stand, AWAY_DEG, HOLD_S)
        ride.go()
        ride.finish()
        health = stand.link.health
        sessions, frames = sessions + 1, frames + health.frames
        lost += health.lost_frames + health.corrupted_frames + health.reordered_frames + health.repeated_frames
        memory.append((stand.now_s - begun_s, resident_mb()))
        assert ride.tripped() == []
    stand.check("sessions", sessions, "", at_least=1)
    stand.check("telemetry frames", frames, "", at_least=1)
    stand.check("frames lost, damaged, repeated or in the wrong order", lost, "", at_most=0)
    if isinstance(stand.link, HostLink):
        stand.check(
            "table's clock against the host's", clocks.drift * 1e6, "ppm", at_least=-DRIFT * 1e6, at_most=DRIFT * 1e6
        )
    else:
        stand.note("This drive tells no time of its own: there is no drift to measure.")
    grown = growth(memory, stand.soak_s)
    if stand.soak_s >= JUDGED_FROM_S:
        stand.check("growth of memory", 100.0 * grown, "%", at_most=2.0)
    else:
        stand.note(f"Memory grew by {100.0 * grown:.2f} %; it is judged from {JUDGED_FROM_S / 3600.0:g} hours on.")


def growth(memory: list[tuple[float, float]], soak_s: float) -> float:
    """By what part the largest of the settled memory is above the first of it."""
    settled = [size for at_s, size in memory if at_s >= SETTLED * soak_s] or [memory[-1][1]]
    return max(settled) / settled[0] - 1.0


def resident_mb() -> float:
    """Memory of this process, by Linux' own figure in pages of 4 KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
