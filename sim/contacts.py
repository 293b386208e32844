"""An emulated Modbus input module on the simulated table's contacts.

It is silent to a wrong CRC and to another unit, and refuses functions and addresses that it does not have.
"""

from collections.abc import Sequence
from typing import Final

from fastcrc.crc16 import modbus

from drivers.contacts import INPUTS as COUNT
from drivers.contacts import NAMES
from drivers.modbus import CRC_BYTES, READ_DISCRETE_INPUTS, REFUSED
from sim.layout import INPUTS
from sim.table import SimulatedTable
from sim.uart import Uart

TURNAROUND_MS: Final = 1.0
REQUEST_BYTES: Final = 8
BOOT_MS: Final = 200.0


class EmulatedContacts:
    """One module with eight inputs."""

    def __init__(self, table: SimulatedTable, baud: int, unit: int = 1, wiring: Sequence[str] = tuple(NAMES)) -> None:
        """Switch it on. ``wiring`` names the contact on each input, an empty name none."""
        self.table = table
        self.uart = Uart(baud)
        self.unit = unit
        self._bits = tuple(int(NAMES[name]) if name else 0 for name in wiring)
        self.turnaround_ms = TURNAROUND_MS
        self.deaf = False
        """It answers nothing: it died."""
        self._silent_until_ms = 0.0

    def reset(self) -> None:
        """Lose power for a moment."""
        self.uart.clear()
        self._silent_until_ms = self.table.now_ms + BOOT_MS

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it."""
        data = self.uart.take(now_ms)
        if not data or self.deaf or now_ms < self._silent_until_ms:
            return
        # Requests are apart by silence: what comes at once is one, or none.
        if len(data) != REQUEST_BYTES or data[0] != self.unit or modbus(data):
            return
        body = self._answer(data[1], int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big"))
        self.uart.reply(body + modbus(body).to_bytes(CRC_BYTES, "little"), now_ms + self.turnaround_ms)

    def _answer(self, function: int, address: int, count: int) -> bytes:
        if function != READ_DISCRETE_INPUTS:
            return bytes((self.unit, function | REFUSED, 1))
        if address + count > COUNT or count == 0:
            return bytes((self.unit, function | REFUSED, 2))
        inputs = int(self.table.readings[INPUTS])
        pattern = sum(1 << at for at, bit in enumerate(self._bits) if inputs & bit)
        return bytes((self.unit, function, 1, pattern >> address & (1 << count) - 1))
