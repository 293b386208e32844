"""Sessions one after the other for as long as ``--righting-soak`` says."""

from drivers.board import HostLink
from drivers.health import DRIFT
from firmware_host.cli.hil.soak import JUDGED, soak
from firmware_host.cli.hil.stand import Stand


def test_soak(stand: Stand) -> None:
    """Sessions one after the other: every frame arrives, memory stays as it is, the drift of the clocks is told."""
    found = soak(stand, stand.soak_s)
    stand.check("sessions", found.sessions, "", at_least=1)
    stand.check("telemetry frames", found.frames, "", at_least=1)
    stand.check("frames lost, damaged, repeated or in the wrong order", found.lost, "", at_most=0)
    if isinstance(stand.link, HostLink):
        most_ppm = DRIFT * 1e6
        stand.check("table's clock beside the host's", found.drift_ppm, "ppm", at_least=-most_ppm, at_most=most_ppm)
    else:
        stand.note("This drive tells no time of its own: there is no drift to measure.")
    if found.growth is None:
        hours = JUDGED * stand.settles_s / 3600.0
        stand.note(f"The host has {found.resident_mb:.0f} MB; whether that grows is judged from {hours:.1f} hours on.")
    else:
        stand.check("growth of the host's memory", 100.0 * found.growth, "%", at_most=2.0)
