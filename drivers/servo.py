"""A servo drive on Modbus RTU that works by the profile CiA 402: state machine, profile velocity, quick stop.

The registers are those of a ``drivers.servo_map``. The drive is walked through the profile's states by its control
word, a step for each status word that it shows; only in *operation enabled* does it turn the motor.

Source: CiA 402-2 (IEC 61800-7-201), state machine and error codes.
"""

from enum import IntEnum
from typing import Final

from drivers.dialogue import LONGEST_TIMEOUT_S, DriveSetup, Order, Reading
from drivers.modbus import (
    EXCEPTIONS,
    Answer,
    AnswerReader,
    Request,
    read_registers,
    read_write_registers,
    write_register,
    write_registers,
)
from drivers.servo_map import RegisterMap
from safety.signals import DriveFault

PROFILE_VELOCITY: Final = 3
_I32_MOST: Final = 2**31 - 1
_U16_MOST: Final = 0xFFFF


class State(IntEnum):
    """States of the profile."""

    NOT_READY = 0
    SWITCH_ON_DISABLED = 1
    READY_TO_SWITCH_ON = 2
    SWITCHED_ON = 3
    OPERATION_ENABLED = 4
    QUICK_STOP_ACTIVE = 5
    FAULT_REACTION_ACTIVE = 6
    FAULT = 7


class Control(IntEnum):
    """Control words."""

    DISABLE_VOLTAGE = 0x00
    QUICK_STOP = 0x02
    SHUTDOWN = 0x06
    SWITCH_ON = 0x07
    ENABLE_OPERATION = 0x0F
    FAULT_RESET = 0x80


_STATES: Final = (
    (0x4F, 0x00, State.NOT_READY),
    (0x4F, 0x40, State.SWITCH_ON_DISABLED),
    (0x6F, 0x21, State.READY_TO_SWITCH_ON),
    (0x6F, 0x23, State.SWITCHED_ON),
    (0x6F, 0x27, State.OPERATION_ENABLED),
    (0x6F, 0x07, State.QUICK_STOP_ACTIVE),
    (0x4F, 0x0F, State.FAULT_REACTION_ACTIVE),
    (0x4F, 0x08, State.FAULT),
)
"""Bits of the status word that count, what they are, and the state that this means."""

TOWARD_TORQUE: Final = {
    State.SWITCH_ON_DISABLED: Control.SHUTDOWN,
    State.READY_TO_SWITCH_ON: Control.SWITCH_ON,
    State.SWITCHED_ON: Control.ENABLE_OPERATION,
    State.OPERATION_ENABLED: Control.ENABLE_OPERATION,
}
"""The control word that brings a state nearer to one in which the motor turns; any other state is left by disabling."""


def state_of(status_word: int) -> State:
    """Give the state that a status word shows; what means nothing is a fault."""
    for mask, value, state in _STATES:
        if status_word & mask == value:
            return state
    return State.FAULT


def fault_of(error_code: int) -> int:
    """Give the bit of ``DriveFault`` that an error code of the profile is."""
    if error_code >> 12 == 2 or error_code in (0x7121, 0x8611):
        return DriveFault.OVERCURRENT  # the motor is blocked, or cannot follow
    if error_code >> 12 == 4:
        return DriveFault.OVERTEMPERATURE
    if error_code & 0xF0F0 == 0x3020:
        return DriveFault.UNDERVOLTAGE
    if error_code >> 8 == 0x73:
        return DriveFault.ENCODER
    return DriveFault.DRIVER


class Servo:
    """The dialogue with one servo."""

    def __init__(self, setup: DriveSetup, registers: RegisterMap) -> None:
        self._setup, self._map = setup, registers
        self._reader = AnswerReader()
        self._next: Request | None = None
        self._order: Order | None = None
        self._values: dict[str, int] | None = None
        self._state = State.NOT_READY
        self._error = 0
        self._refused = False
        self._step = 0
        self._control = int(Control.DISABLE_VOLTAGE)
        self._reads = False
        self.identity = (setup.address, (0, 0, 0))
        self.timeout_s: float | None = None
        self.problem: str | None = None
        self.identified = False
        self.was_reset = False

    @property
    def frames(self) -> int:
        """Answers that were right."""
        return self._reader.frames

    @property
    def corrupted(self) -> int:
        """Answers that were wrong."""
        return self._reader.corrupted

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        return self._reader.waiting or self._next is not None

    def begin(self) -> None:
        """Forget the servo; identify it anew."""
        self.give_up()
        self._step = 0
        self.timeout_s, self.identified, self.was_reset = None, False, False

    def ask(self, order: Order) -> bytes:
        """Give the next step of the identification, or an exchange with the order in it."""
        self._next, self._values, self._refused = None, None, False
        if not self.identified:
            self._order = None
            return self._reader.expect(self._identification())
        self._order = order
        unit, registers = self._setup.address, self._map
        words = registers.pack(registers.command, self._told(order))
        command, feedback = registers.command, registers.feedback
        self._reads = registers.read_write
        if registers.read_write:
            both = read_write_registers(unit, feedback.address, feedback.registers, command.address, words)
            return self._reader.expect(both)
        self._next = read_registers(unit, feedback.address, feedback.registers)
        return self._reader.expect(write_registers(unit, command.address, words))

    def more(self) -> bytes:
        """Give the read that follows a write."""
        if self._next is None or self._reader.waiting:
            return b""
        request, self._next = self._next, None
        self._reads = True
        return self._reader.expect(request)

    def feed(self, data: bytes) -> None:
        """Take bytes from the servo."""
        answer = self._reader.feed(data)
        if answer is None:
            return
        if not self.identified:
            self._identify(answer)
        elif answer.refusal:
            # It did not take the order. What it measures is asked all the same.
            if not self._refused and self._reads:
                feedback = self._map.feedback
                self._next = read_registers(self._setup.address, feedback.address, feedback.registers)
            self._refused = True
        elif self._reads:
            self._take_feedback(answer)

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured."""
        values, order, setup, registers = self._values, self._order, self._setup, self._map
        if values is None or order is None:
            return None
        error = self._error
        timed_out = error == registers.timeout_fault
        rate = values["velocity"] * registers.velocity / setup.scale * setup.direction
        return Reading(
            float(values["position"]),
            rate,
            _scaled(values.get("current"), registers.current_a * setup.direction),
            _scaled(values.get("bus_voltage"), registers.bus_v),
            _scaled(values.get("temperature"), registers.temperature_c),
            None,
            fault_of(error) if self._state >= State.FAULT_REACTION_ACTIVE and not timed_out else 0,
            self._state in (State.OPERATION_ENABLED, State.QUICK_STOP_ACTIVE, State.FAULT_REACTION_ACTIVE),
            refused=self._refused,
            timed_out=timed_out,
        )

    def give_up(self) -> None:
        """Forget the request whose answer did not come."""
        self._next = self._values = None
        self._reader.clear()

    def _told(self, order: Order) -> dict[str, int]:
        setup, registers = self._setup, self._map
        self._control = self._control_word(order)
        velocity = order.rate_dps * setup.scale * setup.direction / registers.velocity if order.torque else 0.0
        accel = order.accel_dps2 * setup.scale / registers.acceleration
        share = order.current_a / setup.current_a if setup.current_a else 1.0
        return {
            "control_word": self._control,
            "target_velocity": max(-_I32_MOST, min(round(velocity), _I32_MOST)),
            "profile_acceleration": min(round(accel), _I32_MOST),
            "torque_limit": min(round(share / registers.torque_limit), _U16_MOST),
        }

    def _control_word(self, order: Order) -> int:
        state = self._state
        if state == State.FAULT:
            # A fault is reset by an edge: the word before must not have had the bit.
            # That of a silence is over once the host is heard, moving or not: what it says is that nobody is.
            silence = self._error == self._map.timeout_fault
            reset = (order.clear_faults or silence) and self._control != Control.FAULT_RESET
            return int(Control.FAULT_RESET if reset else Control.DISABLE_VOLTAGE)
        if order.torque:
            return int(TOWARD_TORQUE.get(state, Control.DISABLE_VOLTAGE))
        return int(Control.DISABLE_VOLTAGE)

    def _identification(self) -> Request:
        unit, registers = self._setup.address, self._map
        steps = round(self._setup.timeout_s / registers.timeout_unit_s)
        return (
            # Whatever turns is stopped as the servo itself does it best, before anything else is asked.
            write_register(unit, registers.command.address + self._control_offset(), Control.QUICK_STOP),
            write_register(unit, registers.mode_at, PROFILE_VELOCITY),
            # Between two reads there is a write: its answer says what it answers, and on a slow path those to the read
            # before it have all come when it comes. Else a late timeout would be taken for a mode.
            read_registers(unit, registers.mode_at, 1),
            write_register(unit, registers.timeout_at, steps),
            read_registers(unit, registers.timeout_at, 1),
        )[self._step]

    def _control_offset(self) -> int:
        fields = self._map.command.fields
        before = self._map.command._replace(fields=fields[: fields.index("control_word")])
        return before.registers

    def _identify(self, answer: Answer) -> None:
        step, self._step = self._step, 0
        if answer.refusal:
            reason = EXCEPTIONS.get(answer.refusal, f"exception {answer.refusal}")
            what = ("control word", "mode", "mode", "timeout", "timeout")[step]
            self.problem = f"the servo refuses its {what} ({reason}): check the register map against its manual"
            return
        if step == 2 and answer.registers()[0] != PROFILE_VELOCITY:
            self.problem = "the servo does not take the mode profile velocity (3): set it with the maker's program"
            return
        if step == 4:
            self._judge_timeout(answer.registers()[0])
            return
        self._step = step + 1

    def _judge_timeout(self, told: int) -> None:
        wanted = round(self._setup.timeout_s / self._map.timeout_unit_s)
        told_s = told * self._map.timeout_unit_s
        if told != wanted or not 0.0 < told_s <= LONGEST_TIMEOUT_S:
            self.problem = (
                f"the servo keeps a timeout of {told_s:g} s although {self._setup.timeout_s:g} s was set: set its "
                "communication timeout with the maker's program"
            )
            return
        self.timeout_s, self.problem, self.identified = told_s, None, True

    def _take_feedback(self, answer: Answer) -> None:
        values = self._map.unpack(self._map.feedback, answer.registers())
        self._state = state_of(values["status_word"])
        self._error = values["error_code"]
        timeout = values.get("timeout")
        if timeout is not None and timeout != round(self._setup.timeout_s / self._map.timeout_unit_s):
            self.was_reset = True
        self._values = values


def _scaled(value: int | None, unit: float) -> float | None:
    return None if value is None else value * unit
