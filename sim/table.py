"""The whole simulated table: physics, sensors and the board's firmware in one compiled loop.

All numbers of a table stand in one block of float64, of which the arrays of ``SimulatedTable`` are views; so a call
into the compiled loop hands over few arrays, however many milliseconds it runs. Faults are injected by writing into
``physics`` (``sim.plant``, parameters) and ``faults`` (``sim.sensors``) between two calls of ``advance_ms``.

Within a millisecond: physics under the drive's order, then the sensors, then the firmware, which gives the next
order. Two things bypass the firmware in hardware: an open emergency-stop chain cuts torque and drops the brake, and a
closed inverted limit switch cuts torque toward inversion.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from safety.signals import Input
from sim import plant, sensors
from sim.firmware import firmware_tick
from sim.jit import jit
from sim.layout import (
    BRAKE_RELEASE,
    DRIVE_SIZE,
    DUTY,
    ENCODER_DEG,
    INCLINOMETER_DEG,
    INPUTS,
    ORDER_SIZE,
    READINGS_SIZE,
    TORQUE_ENABLE,
    TRACE_COLUMNS,
)
from sim.motor_drive import motor_drive_tick
from sim.parameters import TableParameters
from sim.plant import Floats
from sim.rider import Arms, Rider

# --- Where the arrays stand in the block -----------------------------------------------------------------------------
_PHYSICS: Final = 0
_STATE: Final = _PHYSICS + plant.PARAMETERS_SIZE
_SENSOR_PARAMETERS: Final = _STATE + plant.STATE_SIZE
_SENSOR_MEMORY: Final = _SENSOR_PARAMETERS + sensors.PARAMETERS_SIZE
_FAULTS: Final = _SENSOR_MEMORY + sensors.MEMORY_SIZE
_READINGS: Final = _FAULTS + sensors.FAULTS_SIZE
_ORDER: Final = _READINGS + READINGS_SIZE
_DRIVE: Final = _ORDER + ORDER_SIZE
_GATED: Final = _DRIVE + DRIVE_SIZE
_STATISTICS: Final = _GATED + DRIVE_SIZE

# --- Running statistics of the truth ---------------------------------------------------------------------------------
MAX_ANGLE_DEG: Final = 0
MIN_ANGLE_DEG: Final = 1
MAX_RATE_DPS: Final = 2
MAX_ACCEL_DPS2: Final = 3
FREE_MS: Final = 4
"""Since the brake last slipped or a stop was last touched."""
INVERTED_S: Final = 5
HORIZONTAL_AT_S: Final = 6
UPRIGHT_AT_S: Final = 7
PREVIOUS_DEG: Final = 8
ACCEL_DPS2: Final = 9
RATES: Final = 10
"""The rates of the last ACCEL_WINDOW_MS milliseconds, in a ring."""
ACCEL_WINDOW_MS: Final = 50
STATISTICS_SIZE: Final = RATES + ACCEL_WINDOW_MS
_FIRMWARE: Final = _STATISTICS + STATISTICS_SIZE

# --- The trace: one row each TRACE_PERIOD_MS -------------------------------------------------------------------------
TRACE_PERIOD_MS: Final = 10


class Inner(IntEnum):
    """Whose inner loop runs between order and motor."""

    NONE = 0
    """Open loop: the power stage does what ``drive`` says."""
    BOARD = 1
    """The table board's firmware (``sim.firmware``)."""
    MOTOR_DRIVE = 2
    """A motor drive from a shop (``sim.motor_drive``)."""


_BOARD: Final = int(Inner.BOARD)
_MOTOR_DRIVE: Final = int(Inner.MOTOR_DRIVE)
_ESTOP_BIT: Final = int(Input.ESTOP_CHAIN)
_INVERTED_BIT: Final = int(Input.INVERTED_SWITCH)
_MOVING_RAD_S: Final = math.radians(1e-3)


class Truth(NamedTuple):
    """What the simulator knows and the controller does not."""

    t_s: float
    angle_deg: float
    rate_dps: float
    accel_dps2: float
    """Change of the rate over the last 50 ms."""
    current_a: float
    """Positive when the motor pushes toward inversion."""
    brake_closed: bool
    """The springs press; a faulty brake may still not hold."""
    coupled: bool
    """Table and motor turn as one at this moment."""
    gear_nm: float
    contact_nm: float
    """Torque of an end stop or obstruction on the table; 0 when none is touched."""
    gravity_nm: float
    bus_v: float
    max_angle_deg: float
    min_angle_deg: float
    max_rate_dps: float
    """Largest rate either way."""
    max_accel_dps2: float
    """Largest ``accel_dps2`` either way in which neither a slipping brake nor a stop had a part."""
    inverted_s: float
    """Time spent above horizontal."""
    horizontal_at_s: float | None
    """When the table last came back from inversion to horizontal."""
    upright_at_s: float | None
    """When the table last came to the boarding end (the upright switch's angle)."""


@jit
def _run(block: Floats, trace: Floats, milliseconds: int, inner: int, settings: Floats, memory: Floats) -> None:
    """``milliseconds`` of the whole table. Views are cut once; nothing is allocated inside the loop."""
    physics = block[_PHYSICS:_STATE]
    state = block[_STATE:_SENSOR_PARAMETERS]
    sensor_parameters = block[_SENSOR_PARAMETERS:_SENSOR_MEMORY]
    sensor_memory = block[_SENSOR_MEMORY:_FAULTS]
    faults = block[_FAULTS:_READINGS]
    readings = block[_READINGS:_ORDER]
    order = block[_ORDER:_DRIVE]
    drive = block[_DRIVE:_GATED]
    gated = block[_GATED:_STATISTICS]
    statistics = block[_STATISTICS:_FIRMWARE]
    for _ in range(milliseconds):
        _hard_wire(drive, int(readings[INPUTS]), gated)
        plant.step_ms(state, physics, gated)
        sensors.sense_ms(sensor_memory, sensor_parameters, faults, state, physics, readings)
        if inner == _BOARD:
            firmware_tick(settings, memory, readings, order, drive)
        elif inner == _MOTOR_DRIVE:
            motor_drive_tick(settings, memory, readings, order, drive)
        now_ms = int(sensor_memory[sensors.TICK])
        accel_dps2 = _watch(statistics, state, sensor_parameters, now_ms)
        if now_ms % TRACE_PERIOD_MS == 0:
            _record(trace, statistics, state, readings, faults, now_ms, accel_dps2)


@jit
def _hard_wire(drive: Floats, inputs: int, gated: Floats) -> None:
    """What the power stage and the brake get: the firmware's order, less what the hard-wired chain takes away."""
    for i in range(DRIVE_SIZE):  # numba's slice assignment costs ten times this loop
        gated[i] = drive[i]
    if not inputs & _ESTOP_BIT:
        gated[TORQUE_ENABLE] = 0.0
        gated[BRAKE_RELEASE] = 0.0
    if inputs & _INVERTED_BIT:
        gated[DUTY] = min(gated[DUTY], 0.0)


@jit
def _watch(statistics: Floats, state: Floats, sensor_parameters: Floats, now_ms: int) -> float:
    """Bring the running statistics up to date; returns the change of the rate over the last 50 ms, in deg/s2."""
    angle_deg = math.degrees(state[plant.ANGLE_RAD])
    rate_dps = math.degrees(state[plant.RATE_RAD_S])
    slot = RATES + now_ms % ACCEL_WINDOW_MS
    accel_dps2 = (rate_dps - statistics[slot]) * (1000.0 / ACCEL_WINDOW_MS)
    statistics[slot] = rate_dps
    statistics[ACCEL_DPS2] = accel_dps2

    slipping = state[plant.BRAKE_CLOSED] > 0.5 and abs(state[plant.RATE_RAD_S]) > _MOVING_RAD_S
    free = not slipping and state[plant.CONTACT_NM] == 0.0
    statistics[FREE_MS] = statistics[FREE_MS] + 1.0 if free else 0.0
    if statistics[FREE_MS] > ACCEL_WINDOW_MS:
        statistics[MAX_ACCEL_DPS2] = max(statistics[MAX_ACCEL_DPS2], abs(accel_dps2))

    before_deg = statistics[PREVIOUS_DEG]
    statistics[PREVIOUS_DEG] = angle_deg
    if angle_deg > 0.0:
        statistics[INVERTED_S] += 1e-3
    elif before_deg > 0.0:
        statistics[HORIZONTAL_AT_S] = now_ms * 1e-3
    upright_deg = sensor_parameters[sensors.UPRIGHT_SWITCH_DEG]
    if angle_deg <= upright_deg < before_deg:
        statistics[UPRIGHT_AT_S] = now_ms * 1e-3
    statistics[MAX_ANGLE_DEG] = max(statistics[MAX_ANGLE_DEG], angle_deg)
    statistics[MIN_ANGLE_DEG] = min(statistics[MIN_ANGLE_DEG], angle_deg)
    statistics[MAX_RATE_DPS] = max(statistics[MAX_RATE_DPS], abs(rate_dps))
    return float(accel_dps2)


@jit
def _record(
    trace: Floats,
    statistics: Floats,
    state: Floats,
    readings: Floats,
    faults: Floats,
    now_ms: int,
    accel_dps2: float,
) -> None:
    """Write the next row of the trace; the oldest gives way when it is full."""
    row = (now_ms // TRACE_PERIOD_MS - 1) % trace.shape[0]
    trace[row, 0] = now_ms * 1e-3
    trace[row, 1] = math.degrees(state[plant.ANGLE_RAD])
    trace[row, 2] = math.degrees(state[plant.RATE_RAD_S])
    trace[row, 3] = accel_dps2 if statistics[FREE_MS] > ACCEL_WINDOW_MS else math.nan
    trace[row, 4] = state[plant.CURRENT_A]
    trace[row, 5] = state[plant.BRAKE_CLOSED]
    trace[row, 6] = state[plant.CONTACT_NM]
    trace[row, 7] = state[plant.GEAR_NM]
    trace[row, 8] = readings[ENCODER_DEG]
    trace[row, 9] = readings[INCLINOMETER_DEG]
    trace[row, 10] = faults[sensors.RIDER_AGREES]
    trace[row, 11] = faults[sensors.ANKLE_LATCH_LOCKED]


class SimulatedTable:
    """A table with its rider, sensors and board firmware; the simulator owns time, and starts at rest on the brake.

    The arrays are float64 views that may be read and written between calls of ``advance_ms``:

    - ``physics`` (``sim.plant`` parameters: faults of the actuator, what the rider does),
      ``state`` (``sim.plant`` state),
    - ``faults`` (``sim.sensors``: faults of sensors and contacts, what people press),
    - ``readings``, ``order``, ``drive`` (``sim.layout``),
    - ``settings`` and ``memory`` of the firmware.

    Two tables made from equal arguments and driven alike stay equal to the last bit.
    """

    def __init__(
        self,
        parameters: TableParameters,
        rider: Rider,
        seed: int,
        settings: Floats | None = None,
        memory: Floats | None = None,
        arms: Arms = Arms.DOWN,
        trace_s: float = 1800.0,
        inner: Inner = Inner.BOARD,
    ) -> None:
        """``settings`` and ``memory`` are those of the ``inner`` loop; without them the table is driven open-loop
        through ``drive``.

        ``trace_s`` is how much of the truth the trace keeps, in seconds, at 100 Hz. Raises ``ValueError`` for a seed
        outside 0 to 2**64 - 1.
        """
        self.parameters, self.rider = parameters, rider
        self.now_ms = 0
        """Simulated time since the start."""
        self.inner = inner if settings is not None and memory is not None else Inner.NONE
        self._inner = int(self.inner)
        self.settings = np.zeros(1) if settings is None else settings
        self.memory = np.zeros(1) if memory is None else memory
        self._block = block = np.zeros(_FIRMWARE)
        self.physics = block[_PHYSICS:_STATE]
        self.state = block[_STATE:_SENSOR_PARAMETERS]
        self._sensor_parameters = block[_SENSOR_PARAMETERS:_SENSOR_MEMORY]
        self._sensor_memory = block[_SENSOR_MEMORY:_FAULTS]
        self.faults = block[_FAULTS:_READINGS]
        self.readings = block[_READINGS:_ORDER]
        self.order = block[_ORDER:_DRIVE]
        self.drive = block[_DRIVE:_GATED]
        self._statistics = block[_STATISTICS:_FIRMWARE]
        # Untouched rows cost no memory: the system hands pages out when they are first written.
        self._trace = np.zeros((max(1, round(trace_s * 1e3 / TRACE_PERIOD_MS)), len(TRACE_COLUMNS)))

        self.physics[:] = plant.make_parameters(parameters, rider, arms)
        self.state[:] = plant.make_state(self.physics, parameters.stops.boarding_deg)
        self._sensor_parameters[:] = sensors.make_parameters(parameters, seed)
        self._sensor_memory[:] = sensors.make_memory()
        self.faults[:] = sensors.make_faults()
        self._take_first_readings()
        self.reset_statistics()

    def _take_first_readings(self) -> None:
        """What the sensors say before anything moves, without time passing."""
        sensors.sense_ms(
            self._sensor_memory, self._sensor_parameters, self.faults, self.state, self.physics, self.readings
        )
        self._sensor_memory[:] = sensors.make_memory()

    def reset_statistics(self) -> None:
        """Begin the running maxima and times of ``truth()`` afresh, at the present state."""
        statistics, angle_deg = self._statistics, math.degrees(self.state[plant.ANGLE_RAD])
        statistics[:RATES] = 0.0
        statistics[MAX_ANGLE_DEG] = statistics[MIN_ANGLE_DEG] = statistics[PREVIOUS_DEG] = angle_deg
        statistics[HORIZONTAL_AT_S] = statistics[UPRIGHT_AT_S] = math.nan

    def advance_ms(self, milliseconds: int) -> None:
        """Let ``milliseconds`` of simulated time pass."""
        self.now_ms += milliseconds
        _run(self._block, self._trace, milliseconds, self._inner, self.settings, self.memory)

    def truth(self) -> Truth:
        """The state of the world at this moment."""
        state, statistics = self.state.tolist(), self._statistics.tolist()
        horizontal_at_s, upright_at_s = statistics[HORIZONTAL_AT_S], statistics[UPRIGHT_AT_S]
        return Truth(
            t_s=self.now_ms * 1e-3,
            angle_deg=math.degrees(state[plant.ANGLE_RAD]),
            rate_dps=math.degrees(state[plant.RATE_RAD_S]),
            accel_dps2=statistics[ACCEL_DPS2],
            current_a=state[plant.CURRENT_A],
            brake_closed=state[plant.BRAKE_CLOSED] > 0.5,
            coupled=state[plant.RATE_RAD_S] == state[plant.MOTOR_RATE_RAD_S],
            gear_nm=state[plant.GEAR_NM],
            contact_nm=state[plant.CONTACT_NM],
            gravity_nm=state[plant.GRAVITY_NM],
            bus_v=state[plant.BUS_V],
            max_angle_deg=statistics[MAX_ANGLE_DEG],
            min_angle_deg=statistics[MIN_ANGLE_DEG],
            max_rate_dps=statistics[MAX_RATE_DPS],
            max_accel_dps2=statistics[MAX_ACCEL_DPS2],
            inverted_s=statistics[INVERTED_S],
            horizontal_at_s=None if math.isnan(horizontal_at_s) else horizontal_at_s,
            upright_at_s=None if math.isnan(upright_at_s) else upright_at_s,
        )

    def trace(self) -> Floats:
        """The truth at 100 Hz, oldest row first: float64 of shape (rows, len(TRACE_COLUMNS)), a copy."""
        written, kept = self.now_ms // TRACE_PERIOD_MS, self._trace.shape[0]
        if written <= kept:
            return self._trace[:written].copy()
        return np.roll(self._trace, -(written % kept), axis=0)
