"""An emulated WitMotion inclinometer on the simulated table: it sends by itself, and fails as the real one does.

After a loss of power it sends what it was delivered with (four kinds of frames, ten times a second) until it is told
otherwise; a command counts only for a while after the one that unlocks it.
"""

import math
from typing import Final

from drivers.witmotion import ANGLE, HALF_TURN_DEG, STEPS, encode
from sim.layout import INCLINOMETER_DEG
from sim.table import SimulatedTable
from sim.uart import Uart

ANGLES_ALONE: Final = 0x0008
_KIND_BITS: Final = ((0x0002, 0x51), (0x0004, 0x52), (0x0008, ANGLE), (0x0010, 0x54))
_PERIODS_MS: Final = {1: 5000, 2: 2000, 3: 1000, 4: 500, 5: 200, 6: 100, 7: 50, 8: 20, 9: 10, 11: 5}
HUNDRED_HZ: Final = 9
COMMAND_BYTES: Final = 5
UNLOCKED_MS: Final = 10_000.0
BOOT_MS: Final = 300.0


class EmulatedInclinometer:
    """One sensor, whose ``axis`` is that of the table."""

    def __init__(
        self, table: SimulatedTable, baud: int, axis: str = "roll", direction: int = 1, zero_deg: float = 0.0
    ) -> None:
        """Switch it on, with the settings that a table wants saved in it."""
        self.table = table
        self.uart = Uart(baud)
        self._at = 0 if axis == "roll" else 1
        self._direction, self._zero_deg = direction, zero_deg
        self.saved = (ANGLES_ALONE, HUNDRED_HZ)
        """Kinds and rate after a loss of power."""
        self._kinds, self._rate = self.saved
        self._unlocked_until_ms = -1.0
        self._next_ms = float(table.now_ms)
        self._rest = b""

    def reset(self) -> None:
        """Lose power for a moment."""
        self.uart.clear()
        self._rest = b""
        self._kinds, self._rate = self.saved
        self._unlocked_until_ms = -1.0
        self._next_ms = self.table.now_ms + BOOT_MS

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and send what is due."""
        data = self.uart.take(now_ms)
        if data:
            self._take(data, now_ms)
        if now_ms >= self._next_ms:
            self._next_ms += _PERIODS_MS.get(self._rate, 100)
            self._send(now_ms)

    def _take(self, data: bytes, now_ms: float) -> None:
        self._rest = (self._rest + data)[-64:]
        while len(self._rest) >= COMMAND_BYTES:
            if self._rest[:2] != b"\xff\xaa":
                self._rest = self._rest[1:]
                continue
            register, value = self._rest[2], int.from_bytes(self._rest[3:5], "little")
            self._rest = self._rest[COMMAND_BYTES:]
            if register == 0x69 and value == 0xB588:
                self._unlocked_until_ms = now_ms + UNLOCKED_MS
            elif now_ms > self._unlocked_until_ms:
                continue
            elif register == 0x02:
                self._kinds = value
            elif register == 0x03:
                self._rate = value

    def _send(self, now_ms: float) -> None:
        angle = float(self.table.readings[INCLINOMETER_DEG])
        if math.isnan(angle):
            return  # it died
        steps = round((angle - self._zero_deg) * self._direction * STEPS / HALF_TURN_DEG)
        steps = (steps + STEPS) % (2 * STEPS) - STEPS
        angles = (steps, 0, 0, 0) if self._at == 0 else (0, steps, 0, 0)
        for bit, kind in _KIND_BITS:
            if self._kinds & bit:
                self.uart.reply(encode(kind, angles if kind == ANGLE else (0, 0, 2048, 2500)), now_ms)
