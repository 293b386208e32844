"""A simulated table on which devices from a shop hang, each on a serial line of its own, in place of the table board.

It stands where ``sim.board.VirtualBoard`` stands. Bytes of several lines travel as the chunks of
``drivers.line_chunks``.
"""

import math
from typing import Final, Protocol

from drivers.line_chunks import join, split
from safety.signals import SIMULATOR_SERIALS
from sim.switch_trial import SwitchTrial
from sim.table import SimulatedTable
from sim.uart import Uart

SILENCE_MS: Final = 500
"""Who speaks after so long a silence is a host that begins."""
ASKED_MS: Final = 500
"""So long after that the rider is asked to try the hand switch."""
BOOTED_MS: Final = 3000
"""And so long after a drive has lost its power."""


class Device(Protocol):
    """An emulated device."""

    uart: Uart

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it. Called when bytes are there, and at the end of each slot."""
        ...

    def reset(self) -> None:
        """Lose power for a moment."""
        ...


class Rig:
    """The table and its devices; time passes only in ``advance``."""

    def __init__(self, table: SimulatedTable, devices: list[Device]) -> None:
        """The first device is the drive."""
        self.table = table
        self.devices = devices
        self._lines = [device.uart for device in devices]
        self._heard_ms = -SILENCE_MS
        self._asked_at_ms: int | None = None
        self._trial = SwitchTrial(table)
        self._orders = 0

    @property
    def lines(self) -> int:
        """Each device has one."""
        return len(self.devices)

    def receive(self, data: bytes) -> None:
        """Take chunks from the host. Never raises."""
        now_ms = self.table.now_ms
        for line, part in split(data, len(self.devices)):
            self._lines[line].receive(part, float(now_ms))
            if line == 0:
                if now_ms - self._heard_ms >= SILENCE_MS:
                    self._asked_at_ms = now_ms + ASKED_MS
                self._heard_ms = now_ms
                self._orders += 1

    def advance(self, duration_s: float) -> bytes:
        """Let time pass; give the chunks that the devices send meanwhile."""
        table, devices, lines = self.table, self.devices, self._lines
        now_ms = table.now_ms
        end_ms = now_ms + round(duration_s * 1000.0)
        if self._asked_at_ms is not None or self._trial.under_way:
            self._try_the_switch(now_ms)
        while now_ms < end_ms:
            # To the millisecond in which the next bytes are there.
            next_ms = min([line.next_ms for line in lines])
            until_ms = max(now_ms + 1, math.ceil(next_ms)) if next_ms < end_ms else end_ms
            table.advance_ms(until_ms - now_ms)
            now_ms = until_ms
            for device, line in zip(devices, lines, strict=True):
                if line.next_ms <= now_ms or now_ms == end_ms:
                    device.advance(float(now_ms))
        return join([line.send(float(end_ms)) for line in lines])

    def _try_the_switch(self, now_ms: int) -> None:
        """A session begins: the rider is asked, or is done."""
        if self._asked_at_ms is not None and now_ms >= self._asked_at_ms:
            self._asked_at_ms = None
            truth = self.table.truth()
            boarding_deg = self.table.parameters.stops.boarding_deg
            self._trial.ask(truth, boarding_deg, self._orders, stands=truth.rate_dps == 0.0)
        else:
            self._trial.end_when_over(self._orders)

    def reboot(self) -> None:
        """The drive loses power for a moment."""
        self.devices[0].reset()
        self._asked_at_ms = self.table.now_ms + BOOTED_MS

    def swap(self, serial: int) -> None:  # noqa: ARG002 - such drives have no serial number to be told apart by
        """Put another drive of the same make in the place of this one."""
        self.reboot()

    @property
    def buzzes(self) -> bool:
        """Such drives have no buzzer."""
        return False

    @property
    def serial(self) -> int:
        """Nobody lies on this table."""
        return SIMULATOR_SERIALS.start
