"""An emulated device on a virtual serial port, for software that opens ports itself."""

import contextlib
import os
import select
import threading
import tty
from collections.abc import Iterator

from drivers.line_chunks import join, split
from sim.motor_drive import TORQUE_ON
from sim.rig import Device, Rig
from sim.table import SimulatedTable

STEP_S = 0.001


class Pump(threading.Thread):
    """Carries bytes between the port and the device. Simulated time passes a millisecond a round, as fast as it can."""

    def __init__(self, table: SimulatedTable, device: Device) -> None:
        super().__init__(daemon=True)
        self.rig = Rig(table, [device])
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name_of_port = os.ttyname(self._slave)
        self.heard = bytearray()
        """All that the other side has sent."""
        self.driven = False
        """The drive has put torque on the motor."""
        self._ending = threading.Event()
        self.lock = threading.Lock()
        """Held while simulated time passes."""

    def run(self) -> None:
        """Carry until told to end."""
        while not self._ending.is_set():
            ready, _, _ = select.select([self._master], [], [], STEP_S)
            data = os.read(self._master, 4096) if ready else b""
            with self.lock:
                self.heard += data
                if data:
                    self.rig.receive(join([data]))
                self.driven = self.driven or self.rig.table.memory[TORQUE_ON] > 0.5
                sent = b"".join(part for _, part in split(self.rig.advance(STEP_S), 1))
            if sent:
                os.write(self._master, sent)

    def close(self) -> None:
        """End, and take the port away."""
        self._ending.set()
        self.join()
        os.close(self._master)
        os.close(self._slave)


@contextlib.contextmanager
def on_a_port(table: SimulatedTable, device: Device) -> Iterator[Pump]:
    """The device on a port, for as long as the context lasts."""
    pump = Pump(table, device)
    pump.start()
    try:
        yield pump
    finally:
        pump.close()
