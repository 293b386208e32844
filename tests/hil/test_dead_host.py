"""What the table's own end does when it hears nothing any more."""

import pytest

from firmware_host.cli.hil.stand import SILENT, Stand
from safety.signals import Status
from tests.hil.orders import HOLD, out, settle

RATE_DPS = 4.0
FAST_DPS = 6.0
LATENCY_S = 0.1
ACCEL_DPS2 = 4.0
"""The least deceleration of a table whose host is silent."""
UPRIGHT_WITHIN_S = 80.0
HELD_S = 10.0


def test_the_watchdog_expires_and_stops_the_table(stand: Stand) -> None:
    """A table that turns and hears no order stops after its timeout, and says that the timeout ran out."""
    stand.needs("timeout_s")
    config = stand.link.config
    assert config is not None
    out(stand, stand.table.limits.upright_deg + 8.0, RATE_DPS)
    begun_deg, farthest_deg, expired = stand.angle_deg, [stand.angle_deg], []

    def look() -> None:
        farthest_deg.append(stand.angle_deg)
        if stand.last is not None and stand.last.status & Status.WATCHDOG_EXPIRED:
            expired.append(stand.now_s)

    stand.watch(lambda _: look())
    stand.run(1.5, SILENT)
    stand.until(lambda _: True, 1.0, HOLD, "telemetry after the silence")
    assert expired, "the timeout ran out and nothing says so"
    most_deg = RATE_DPS * (config.watchdog_s + LATENCY_S) + RATE_DPS**2 / (2.0 * ACCEL_DPS2)
    stand.check("went on after the last order", max(farthest_deg) - begun_deg, "deg", at_most=most_deg)
    settle(stand)


def test_a_dead_host_brings_the_rider_upright(stand: Stand) -> None:
    """The board brings the table to horizontal, rests there, and goes on upright, with nobody commanding it."""
    stand.needs("returns_by_itself")
    out(stand, stand.outward_deg(20.0) - 2.0, FAST_DPS)
    upright_deg = stand.table.limits.upright_deg
    alone: list[int] = []
    stand.watch(lambda t: alone.append(t.status & Status.DEAD_HOST_RETURN))
    took_s = stand.until(
        lambda t: stand.angle_deg <= upright_deg + 2.0 and bool(t.status & Status.BRAKE_CLOSED),
        UPRIGHT_WITHIN_S,
        SILENT,
        "upright by itself",
    )
    assert any(alone), "the board never said that it returns"
    stand.check("upright by itself", took_s, "s", at_most=UPRIGHT_WITHIN_S)


def test_a_dead_host_leaves_the_rider_held_still(stand: Stand) -> None:
    """A drive that stops and holds does so for as long as nobody commands it."""
    if stand.link.capabilities.returns_by_itself:
        pytest.skip("this device brings the rider upright instead of holding them, as the test before shows")
    stand.needs("holds")
    out(stand, stand.outward_deg(20.0) - 2.0, FAST_DPS)
    stand.run(2.0, SILENT)
    stand.until(lambda _: True, 3.0, None, "telemetry")
    begun_deg = stand.angle_deg
    stand.run(HELD_S, SILENT)
    stand.until(lambda _: True, 3.0, None, "telemetry")
    stand.check(f"moved in {HELD_S:g} s without a host", abs(stand.angle_deg - begun_deg), "deg", at_most=0.3)
