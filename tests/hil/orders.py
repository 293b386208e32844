"""Motions past the safety layer, and how they end."""

from firmware_host.cli.hil.stand import Stand
from safety.signals import Status
from tests.drivers.polled_link import HOLD, OFF, move

__all__ = ["HOLD", "OFF", "home", "move", "out", "settle"]
HOME_DPS = -2.0
STILL_DPS = 0.3
SETTLE_S = 3.0


def settle(stand: Stand) -> float:
    """Stand still, on the brake where there is one; gives how long that took."""
    holds = stand.link.capabilities.holds
    return stand.until(
        lambda t: abs(t.rate_dps or 0.0) < STILL_DPS and (not holds or bool(t.status & Status.BRAKE_CLOSED)),
        SETTLE_S,
        HOLD,
        "at standstill",
    )


def out(stand: Stand, to_deg: float, rate_dps: float) -> None:
    """Turn toward inversion, and leave the table turning."""
    stand.until(lambda _: stand.angle_deg >= to_deg, 60.0, move(rate_dps), f"at {to_deg:.0f} deg")


def home(stand: Stand) -> None:
    """Back to where a rider boards."""
    near_deg = stand.table.limits.upright_deg + 0.5
    stand.until(lambda _: stand.angle_deg <= near_deg, 90.0, move(HOME_DPS), "back upright")
    settle(stand)
