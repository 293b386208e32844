"""The virtual table board: real bytes in, real bytes out, around the simulated table."""

import random
from typing import Final

from drivers.board import BoardIdentity, BoardLink
from safety.signals import SIMULATOR_SERIALS, Telemetry
from sim import board_memory, sensors
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    LOST_ANGLES,
    MODE,
    RATE_DPS,
    SESSION_OPEN,
    TORQUE_FRACTION,
)
from sim.parameters import TableParameters
from sim.rider import Rider
from sim.switch_trial import SwitchTrial
from sim.table import SimulatedTable

WATCHDOG_S: Final = 0.25
FRAME_MS: Final = 10
LOGIC_V: Final = 8.0
"""Below this bus voltage the board's own supply is gone."""
SETTLES_MS: Final = 200
"""A board that restarted answers nobody until its filters know whether the table turns: its brake falls meanwhile."""
_U32: Final = 0xFFFFFFFF


class VirtualBoard:
    """A table board that speaks the protocol; time passes only in ``advance``."""

    def __init__(
        self,
        parameters: TableParameters,
        rider: Rider,
        seed: int,
        upright_deg: float = -75.0,
        inverted_limit_deg: float = 60.0,
        max_rate_dps: float = 8.0,
        watchdog_s: float = WATCHDOG_S,
        serial: int = SIMULATOR_SERIALS.start,
        *,
        press_to_return: bool = False,
    ) -> None:
        """Power the board up, with the table upright on its brake. Same seed, same bits."""
        self._settings = board_memory.make_settings(
            parameters, upright_deg, inverted_limit_deg, max_rate_dps, watchdog_s
        )
        self._memory = board_memory.make_memory(upright_deg)
        self.table = SimulatedTable(parameters, rider, seed, settings=self._settings, memory=self._memory)
        self.table.faults[sensors.PRESS_TO_RETURN] = float(press_to_return)
        # The same numbers again, not a copy: numpy takes four times as long to write a single one.
        self._order: memoryview[float] = self.table.order.data.cast("B").cast("d")
        self._said = self._memory[board_memory.STATUS : board_memory.SAID_DPS + 1]
        self._trial = SwitchTrial(self.table)
        self._orders = 0
        self._random = random.Random(seed)
        self._identity = BoardIdentity(serial, (1, 0, 0), 1, upright_deg, inverted_limit_deg, max_rate_dps, watchdog_s)
        self.link = self._new_link()
        self._left_ms = FRAME_MS
        self._powered = True
        self._hears_from_ms = 0

    def _new_link(self) -> BoardLink:
        return BoardLink(self._identity, lambda: self._random.getrandbits(32), FRAME_MS * 1000)

    @property
    def lines(self) -> int:
        """None that share a stream: its bytes are the protocol's own."""
        return 0

    @property
    def now_us(self) -> int:
        """The board's clock."""
        return self.table.now_ms * 1000

    def receive(self, data: bytes) -> None:
        """Take bytes from the host. Never raises."""
        if not self._powered or self.table.now_ms < self._hears_from_ms:
            return
        order, session = self._order, self.link.session_id
        for fields in self.link.receive(data, self.now_us):
            order[MODE] = float(fields.mode)
            order[RATE_DPS] = fields.rate_dps
            order[ACCEL_DPS2] = fields.accel_dps2
            order[TORQUE_FRACTION] = fields.torque_fraction
            order[LOST_ANGLES] = float(fields.lost_angles)
            order[AGE_S] = 0.0
            self._orders += 1
            if fields.clear_faults:
                self._memory[board_memory.CLEAR_FAULTS] = 1.0
        if self.link.session_id != session:
            order[SESSION_OPEN] = 1.0
            truth = self.table.truth()
            self._trial.ask(truth, self._identity.upright_deg, self._orders, stands=truth.brake_closed)

    def advance(self, duration_s: float) -> bytes:
        """Let time pass; give the bytes that the board sends meanwhile."""
        if self._trial.under_way:
            self._trial.end_when_over(self._orders)
        left_ms = round(duration_s * 1000.0)
        sent = b""
        while left_ms > 0:
            step_ms = min(left_ms, self._left_ms)
            self.table.advance_ms(step_ms)
            left_ms -= step_ms
            self._left_ms -= step_ms
            if self._left_ms == 0:
                self._left_ms = FRAME_MS
                sent += self._frame()
        return sent

    def reboot(self) -> None:
        """Lose all memory, as after a power cut or a watchdog reset of the board itself."""
        self._identity = self._identity._replace(boot_count=self._identity.boot_count + 1)
        self._begin()

    def _begin(self) -> None:
        self.link = self._new_link()
        self._memory[:] = board_memory.make_memory(self._identity.upright_deg)
        self.table.drive[:] = 0.0
        self.table.order[:] = 0.0
        self._hears_from_ms = self.table.now_ms + SETTLES_MS

    @property
    def buzzes(self) -> bool:
        """Tell whether its buzzer sounds: nobody commands it, and the rider is not upright."""
        return bool(self._memory[board_memory.BUZZER])

    @property
    def serial(self) -> int:
        """The serial number that it answers a handshake with."""
        return self._identity.serial

    def swap(self, serial: int) -> None:
        """Put another board of the same make in its place, which has just started."""
        self._identity = self._identity._replace(serial=serial)
        self.reboot()

    def _frame(self) -> bytes:
        encoder, inclinometer, _, current, bus, drive_c, motor_c, inputs = self.table.readings.tolist()
        if bus < LOGIC_V:
            if self._powered:
                self._powered = False
                self.reboot()
            return b""
        if not self._powered:
            self._powered = True
            self._begin()  # nothing ran without power, and nothing wound up against the closed brake
        link, now_us = self.link, self.now_us
        # The codec sends what is not a number as absent.
        sequence = link.next_sequence()
        status, faults, rate = self._said.tolist()
        return link.telemetry(
            Telemetry(
                link.session_id,
                sequence,
                now_us & _U32,
                link.echo,
                link.command_age_s(now_us),
                encoder,
                inclinometer,
                rate,
                current,
                bus,
                drive_c,
                motor_c,
                int(inputs),
                int(status),
                int(faults),
                link.rejected_in_row,
                link.reject_reason,
            )
        )
