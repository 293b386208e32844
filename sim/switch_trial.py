"""A rider who lies at the boarding position tries the hand switch when a session begins."""

from typing import Final

from sim import sensors
from sim.table import SimulatedTable, Truth

BOARDING_DEG: Final = 1.0
"""A rider so near to upright is boarding."""
TRIES_MS: Final = 300
"""A rider who is asked to try the hand switch takes so long over it, ..."""
TRIES_ORDERS: Final = 10
"""... and goes on until the host has looked: one that stalled just then would wait for it for good."""


class SwitchTrial:
    """One table's rider; who asks, and when, is for what stands at the table's end of the line."""

    def __init__(self, table: SimulatedTable) -> None:
        self._table = table
        self._over_at_ms = self._over_at_order = 0
        self.under_way = False

    def ask(self, truth: Truth, upright_deg: float, orders: int, *, stands: bool) -> None:
        """Have the rider try it, who does so only while lying there and standing still.

        Args:
            truth: of the table, now.
            upright_deg: where riders board.
            orders: how many the host has given.
            stands: whether the table is known to stand.
        """
        if stands and truth.angle_deg < upright_deg + BOARDING_DEG:
            self._table.faults[sensors.RIDER_TRIES] = 1.0
            self.under_way = True
            self._over_at_ms = self._table.now_ms + TRIES_MS
            self._over_at_order = orders + TRIES_ORDERS

    def end_when_over(self, orders: int) -> None:
        """Have the rider take the switch as before, once it was tried for long enough."""
        if self.under_way and self._table.now_ms >= self._over_at_ms and orders >= self._over_at_order:
            self.under_way = False
            self._table.faults[sensors.RIDER_TRIES] = 0.0
