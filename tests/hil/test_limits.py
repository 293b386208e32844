"""Limits of rate and angle, at the table's end and at the host; and whether both angles agree all the way."""

import pytest

from firmware_host.cli.hil.stand import Stand
from safety.signals import Status, Telemetry
from tests.hil.gate import Gate
from tests.hil.orders import HOLD, move, out, settle

FAST_DPS = 6.0
SLOW_DPS = 3.0
BOARD_MARGIN_DEG = 2.0
"""A board's own limit stands a degree outside the host's."""


def test_the_tables_end_follows_no_rate_beyond_its_fastest(stand: Stand) -> None:
    """Told twice its fastest rate, the table's end refuses, or turns no faster than that."""
    config = stand.link.config
    assert config is not None
    fastest: list[float] = [0.0]
    told: list[bool] = []

    def look(t: Telemetry) -> None:
        fastest.append(abs(t.rate_dps or 0.0))
        told.append(t.rejected_in_row > 0 or bool(t.status & Status.RATE_LIMITED))

    stand.watch(look)
    stand.run(1.5, move(2.0 * config.max_rate_dps))
    stand.check("fastest", max(fastest), "deg/s", at_most=1.1 * config.max_rate_dps + 0.3)
    assert any(told), "nothing says that the order was not followed as it was given"
    settle(stand)


def test_the_tables_end_keeps_its_own_limit_of_angle(stand: Stand) -> None:
    """Told to go on and on, the table's end stops at its own limit."""
    stand.needs("own_limits")
    limit_deg = stand.table.limits.inverted_limit_deg
    if stand.limit_deg < limit_deg:
        pytest.skip(f"the table's limit is {limit_deg:g} deg, and this run may turn it to {stand.limit_deg:g} deg only")
    out(stand, limit_deg - 8.0, FAST_DPS)
    farthest: list[float] = []
    stand.watch(lambda _: farthest.append(stand.angle_deg))
    stand.run(12.0, move(SLOW_DPS))
    last = stand.last
    assert last is not None
    assert last.status & Status.RATE_LIMITED, "the board does not say that it follows less than it was told"
    stand.check("rate in the end", abs(last.rate_dps or 0.0), "deg/s", at_most=0.3)
    stand.check("beyond the host's limit", max(farthest) - limit_deg, "deg", at_most=BOARD_MARGIN_DEG)
    stand.run(5.0, move(-FAST_DPS))
    assert stand.angle_deg < limit_deg - 5.0, "the way back is not free"


def test_the_host_keeps_its_limits_whatever_is_asked_of_it(stand: Stand) -> None:
    """Asked for 50 deg/s toward inversion without end, the safety layer stops the table short of the limit."""
    gate = Gate(stand)
    fastest: list[float] = [0.0]
    stand.watch(lambda t: fastest.append(t.rate_dps or 0.0))
    gate.ask(50.0, lambda: stand.angle_deg > gate.limits.inverted_limit_deg - 0.5 and gate.still, 90.0)
    stand.check("beyond the limit", stand.angle_deg - gate.limits.inverted_limit_deg, "deg", at_most=0.3)
    stand.check("fastest toward inversion", max(fastest), "deg/s", at_most=gate.limits.invert_rate_dps + 0.5)


def test_both_angles_agree_all_the_way(stand: Stand) -> None:
    """Out and back, the angles of motor and table differ by much less than what stops the table."""
    stand.needs("motor_angle")
    stand.needs("table_angle")
    apart: list[float] = []

    def look(t: Telemetry) -> None:
        if t.encoder_deg is not None and t.inclinometer_deg is not None:
            apart.append(abs(t.encoder_deg - t.inclinometer_deg))

    stand.watch(look)
    out(stand, stand.limit_deg - 6.0, FAST_DPS)
    settle(stand)
    stand.until(lambda _: stand.angle_deg < 0.0, 60.0, move(-FAST_DPS), "back at horizontal")
    stand.run(1.0, HOLD)
    stand.check("farthest apart", max(apart), "deg", at_most=0.7 * stand.table.limits.disagree_deg)
