"""Handshake, latency, reconnection, and every command."""

from itertools import pairwise

import pytest

from drivers.health import LinkHealth
from firmware_host.cli.hil.stand import Stand
from safety.signals import Equipment, Status, Telemetry
from tests.hil.orders import HOLD, OFF, home, move, settle

RECONNECTED_S = 1.0
LISTENED_S = 5.0
LEAST_HZ = 50.0
RATE_DPS = 2.0


def test_handshake(stand: Stand) -> None:
    """A session is made; the table's end says who it is, and holds the limits of the table file."""
    config, limits = stand.link.config, stand.table.limits
    assert config is not None
    assert config.session_id != 0
    stand.check("upright", config.upright_deg - limits.upright_deg, "deg off", at_least=-0.01, at_most=0.01)
    inverted_deg = config.inverted_limit_deg - limits.inverted_limit_deg
    stand.check("inverted limit", inverted_deg, "deg off", at_least=-0.01, at_most=0.01)
    stand.check("fastest rate", config.max_rate_dps, "deg/s", at_most=limits.emergency_rate_dps + 0.01)
    stand.connect()
    again = stand.link.config
    assert again is not None
    assert again.session_id not in (0, config.session_id)


def test_all_that_it_takes_to_invert_somebody(stand: Stand) -> None:
    """Two angles, a timeout, something that holds, the chain, hand switch, ankle latch and upright switch are there."""
    for promise in ("motor_angle", "table_angle", "timeout_s", "holds", "sto", "contacts"):
        stand.needs(promise)
    config = stand.link.config
    assert config is not None
    assert config.equipment == Equipment.ALL
    stand.check("time without an order after which it acts", config.watchdog_s, "s", at_least=0.05, at_most=0.25)


def test_latency(stand: Stand) -> None:
    """Telemetry comes often enough, and a command's echo comes back in time."""
    frames: list[float] = []
    stand.watch(lambda _: frames.append(stand.now_s))
    stand.run(0.5, HOLD)
    frames.clear()
    before = _lost(stand.link.health)
    stand.run(LISTENED_S, HOLD)
    gaps = [later - earlier for earlier, later in pairwise(frames)]
    stand.check("telemetry", len(frames) / LISTENED_S, "a second", at_least=LEAST_HZ)
    stand.check("longest time between two frames", max(gaps) * 1e3, "ms", at_most=stand.table.limits.link_age_s * 1e3)
    round_trip_s = stand.link.health.round_trip_s
    assert round_trip_s is not None
    stand.check("round trip", round_trip_s * 1e3, "ms", at_most=stand.table.limits.latency_s * 1e3)
    stand.check("jitter", stand.link.health.jitter_s * 1e3, "ms")
    stand.check("frames lost or damaged", _lost(stand.link.health) - before, "", at_most=0.01 * len(frames))


def _lost(health: LinkHealth) -> int:
    return health.lost_frames + health.corrupted_frames + health.stale_frames


@pytest.mark.parametrize("out_s", [0.3, 3.0])
def test_reconnection(stand: Stand, out_s: float) -> None:
    """After the cable was out, telemetry is believed again within a second."""
    stand.run(0.3, HOLD)
    stand.unplug()
    stand.run(out_s, HOLD)
    stand.plug()
    took_s = stand.until(lambda t: t.echoed_sequence is not None, 3.0, HOLD, "telemetry, and commands accepted")
    stand.check(f"telemetry and commands after {out_s:g} s without cable", took_s, "s", at_most=RECONNECTED_S)


def test_a_rate_is_followed_both_ways(stand: Stand) -> None:
    """A positive rate turns toward inversion, a negative one back, as fast as told; both angles show it."""
    begun = _angles(stand)
    for rate_dps, seconds in ((RATE_DPS, 4.0), (-RATE_DPS, 2.0)):
        stand.run(seconds - 1.0, move(rate_dps))
        seen: list[float] = []
        before = _angles(stand)
        stand.watch(lambda t, seen=seen: seen.append(t.rate_dps or 0.0))  # type: ignore[misc]  # seen is this turn's
        stand.run(1.0, move(rate_dps))
        moved = [after - then for after, then in zip(_angles(stand), before, strict=True)]
        off_dps = sum(seen) / len(seen) - rate_dps
        stand.check(f"told {rate_dps:g} deg/s: measured", off_dps, "deg/s off", at_least=-0.4, at_most=0.4)
        for name, way in zip(("motor's angle", "table's angle"), moved, strict=True):
            stand.check(
                f"told {rate_dps:g} deg/s: {name} in a second", way - rate_dps, "deg off", at_least=-0.8, at_most=0.8
            )
        settle(stand)
    assert all(now > then for now, then in zip(_angles(stand), begun, strict=True))
    home(stand)


def _angles(stand: Stand) -> tuple[float, float]:
    t = stand.last
    assert t is not None
    assert t.encoder_deg is not None
    assert t.inclinometer_deg is not None
    return t.encoder_deg, t.inclinometer_deg


def test_hold_stops_and_stays(stand: Stand) -> None:
    """Told to hold, a moving table stops by its ramp, and stays on its brake."""
    stand.needs("holds")
    stand.run(3.0, move(RATE_DPS))
    stand.check("from hold to standstill on the brake", settle(stand), "s", at_most=1.2)
    begun = _angles(stand)
    stand.run(2.0, HOLD)
    moved = max(abs(now - then) for now, then in zip(_angles(stand), begun, strict=True))
    stand.check("moved in 2 s on the brake", moved, "deg", at_most=0.3)
    home(stand)


def test_torque_off_acts_at_once(stand: Stand) -> None:
    """Told to cut the torque, a moving table is without torque and on its brake at once."""
    stand.needs("holds")
    stand.run(3.0, move(RATE_DPS))
    begun_deg = _angles(stand)[0]
    took_s = stand.until(lambda t: not t.status & Status.TORQUE_ON, 1.0, OFF, "torque off")
    stand.check("torque off", took_s, "s", at_most=0.15)
    # Without a brake it coasts: the gear holds it when it stands.
    stand.until(_braked, 1.0 if stand.link.capabilities.brake else 4.0, OFF, "brake closed")
    stand.run(0.5, OFF)
    stand.check("moved after the command", _angles(stand)[0] - begun_deg, "deg", at_most=1.5)
    home(stand)


def _braked(t: Telemetry) -> bool:
    return bool(t.status & Status.BRAKE_CLOSED) and abs(t.rate_dps or 0.0) < 0.3
