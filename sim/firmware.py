"""The table board's inner loop, once a millisecond: what its microcontroller would run, compiled.

It follows the host's orders within limits of its own, works the brake, watches for silence, and brings the table
upright by itself when the host is dead. It knows only what the board's sensors say (``sim.board_senses``), and its
state is one array (``sim.board_memory``).
"""

import math
from typing import Final

from safety.signals import Input, Status
from sim.board_drive import HOLD, MOVE, OFF, OVERLOAD_TRIP_MS, follow, watch_drive
from sim.board_memory import (
    ARMED,
    BLIND_DEG,
    BRAKE_CLOSED,
    BRAKE_HOLDS_MS,
    BUZZER,
    CLOSED_MS,
    ENCODER_LOST,
    INVERTED_LIMIT_DEG,
    MAX_RATE_DPS,
    MOTOR_RATE_DPS,
    MS_S,
    OVERLOAD_MS,
    RAMP_DPS,
    RETURN_STAGE,
    RUNAWAYS,
    SAID_DPS,
    STAGE_MS,
    STATUS,
    TWO_ANGLES,
    UPRIGHT_DEG,
    WATCHDOG_S,
    Floats,
)
from sim.board_runaway import OWN_PAUSE_MS, OWN_UPRIGHT_DPS, pause_return, watch_runaway
from sim.board_senses import (
    LOST_ENCODER,
    angles,
    rate_to_control_by,
    watch_at_rest,
    watch_circuit,
    watch_leaps,
    watch_motor,
    watch_sensors,
)
from sim.jit import jit
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BUS_V,
    ENCODER_RATE_DPS,
    INPUTS,
    LOST_ANGLES,
    MODE,
    RATE_DPS,
    SESSION_OPEN,
    TORQUE_ENABLE,
    TORQUE_FRACTION,
)

OWN_ACCEL_DPS2: Final = 8.0
OWN_BRAKE_DPS2: Final = 6.0
"""Slope of the braking curve before the board's own limits; the ramp is steeper, so the curve can be followed."""
OWN_FLAT_MS: Final = 5000.0
OWN_ARRIVAL_DPS2: Final = 4.0
"""It brakes so gently where it is to arrive, ..."""
OWN_LEAST_DPS: Final = 0.5
"""... and goes no slower than this, or it would not."""
ARRIVED_DEG: Final = 0.3
FLAT_FROM_DEG: Final = -10.0
"""Who was as far down as this, or farther, rests flat, ..."""
WAY_MS: Final = 100.0
"""... but not one who lay there already."""
OWN_BLIND_DPS: Final = 1.5
OWN_TORQUE: Final = 0.7
"""Of the rated current: enough for the heaviest rider, and what comes free of an obstacle does not leap."""
OWN_LONGEST_MS: Final = 180_000.0
LIMIT_SLACK_DEG: Final = 1.0
"""The board's limits stand this far outside the host's, so that the host is the first to act."""
LEAST_ACCEL_DPS2: Final = 1.0
ALONE_S: Final = 0.05
"""A host that has been silent for so long may be gone, and with it who judges the drive."""
MOST_RUNAWAYS: Final = 2.0
"""A drive that does not obey is tried once more under a dead host, and then never again: the brake holds."""
ARMED_AWAY_DEG: Final = 5.0
PARTED_DEG: Final = 4.0
"""Angles farther apart than this contradict each other; the host, if there is one, will say which is lost."""
UNSURE_DEG: Final = 15.0
"""A switch that says upright farther away than this ends a return, if one angle may be wrong, but silences nothing."""
NEAR_UPRIGHT_DEG: Final = 2.0
SWITCH_DEG: Final = -30.0
"""Without two angles that agree, the upright switch is believed from here on."""
SEEKING_DPS: Final = 1.5
"""As fast as this the table may look for its upright switch, wherever the angles say that it is."""
_ESTOP: Final = int(Input.ESTOP_CHAIN)
_UPRIGHT: Final = int(Input.UPRIGHT_SWITCH)
_TORQUE_ON: Final = int(Status.TORQUE_ON)
_EXPIRED: Final = int(Status.WATCHDOG_EXPIRED)
_RETURNING: Final = int(Status.DEAD_HOST_RETURN)
_LIMITED: Final = int(Status.RATE_LIMITED)


@jit
def firmware_tick(settings: Floats, memory: Floats, readings: Floats, order: Floats, drive: Floats) -> None:
    """One millisecond of the board: readings and order in, drive out."""
    order[AGE_S] += MS_S
    inputs = int(readings[INPUTS])
    lost = int(order[LOST_ANGLES])
    watch_motor(settings, memory, readings, drive)
    watch_sensors(memory, readings, lost)
    watch_circuit(settings, memory, readings, drive, lost)
    rate = rate_to_control_by(memory, readings, lost)
    encoder_lost = memory[ENCODER_LOST] > 0.5 or lost & LOST_ENCODER != 0
    memory[SAID_DPS] = memory[MOTOR_RATE_DPS] if encoder_lost else readings[ENCODER_RATE_DPS]
    silent, alone = order[AGE_S] > settings[WATCHDOG_S], order[AGE_S] > ALONE_S
    watch_leaps(memory, readings, alone)
    watch_at_rest(memory, readings, alone, lost)
    low, high = angles(memory, readings, lost)
    _arm(settings, memory, order, low)
    expired = memory[ARMED] > 0.5 and silent
    if expired:
        mode, wanted, accel, torque = _return_by_itself(settings, memory, low, high, inputs)
    else:
        memory[RETURN_STAGE] = 0.0
        mode, wanted = int(order[MODE]), order[RATE_DPS]
        accel, torque = max(order[ACCEL_DPS2], LEAST_ACCEL_DPS2), order[TORQUE_FRACTION]
        # What was cut while the host was late stays cut until it is heard again.
        memory[STAGE_MS] = memory[STAGE_MS] + 1.0 if alone and memory[STAGE_MS] < 0.0 else 0.0
        mode = OFF if memory[STAGE_MS] < 0.0 else mode
    limited = _within_limits(settings, wanted, low, high, inputs)
    if alone and not expired:
        limited, accel = _slowed(settings, memory, limited, accel, low)
    if not inputs & _ESTOP or (order[SESSION_OPEN] < 0.5 and memory[ARMED] < 0.5):
        mode = OFF
    follow(settings, memory, drive, mode, limited, accel, torque, rate, readings[BUS_V])
    watch_runaway(memory, readings, drive, expired, alone, mode, high)
    watch_drive(memory, readings, drive, rate)
    if expired and memory[OVERLOAD_MS] > OVERLOAD_TRIP_MS:
        arrived = memory[RETURN_STAGE] == 3.0 and low < settings[UPRIGHT_DEG] + NEAR_UPRIGHT_DEG
        pause_return(memory, drive)  # something is in the way: let go of it, and try again
        if arrived:  # it is the mechanical stop: an angle that reads too high, and no switch, asked for more
            memory[RETURN_STAGE], memory[STAGE_MS] = 4.0, 0.0
    memory[BLIND_DEG] += memory[RAMP_DPS] * MS_S
    status = _RETURNING if expired and memory[RETURN_STAGE] < 4.0 else 0
    status |= _EXPIRED if silent else 0  # also before the first motion: the host must not begin unheard
    status |= _LIMITED if mode == MOVE and limited != wanted else 0
    status |= _TORQUE_ON if drive[TORQUE_ENABLE] > 0.5 else 0
    status |= BRAKE_CLOSED if memory[CLOSED_MS] > BRAKE_HOLDS_MS else 0
    memory[STATUS] = float(status)
    # The switch, or two angles: where a coupling broke, the motor's is upright without the table.
    by_two = memory[TWO_ANGLES] > 0.5 and high < settings[UPRIGHT_DEG] + NEAR_UPRIGHT_DEG
    far = (memory[BLIND_DEG] if math.isnan(low) else low) > settings[UPRIGHT_DEG] + UNSURE_DEG
    upright = by_two or (_switch_says_upright(settings, memory, low, high, inputs) and not far)
    memory[BUZZER] = 1.0 if expired and not upright else 0.0


@jit
def _arm(settings: Floats, memory: Floats, order: Floats, low: float) -> None:
    """From the first motion on, or away from upright, silence means that the rider must come upright."""
    moved = order[MODE] == MOVE and order[SESSION_OPEN] > 0.5
    away = low > settings[UPRIGHT_DEG] + ARMED_AWAY_DEG
    if moved or away:
        memory[ARMED] = 1.0
    elif memory[RETURN_STAGE] == 4.0 and order[AGE_S] > settings[WATCHDOG_S]:
        memory[ARMED] = 1.0  # stays: the next host begins with a handshake and a fresh command


@jit
def _return_by_itself(
    settings: Floats, memory: Floats, low: float, high: float, inputs: int
) -> tuple[int, float, float, float]:
    """The return under a dead host: fast to horizontal, flat for a while, slowly on to upright."""
    memory[STAGE_MS] += 1.0
    if not inputs & _ESTOP or memory[RUNAWAYS] >= MOST_RUNAWAYS:
        memory[RETURN_STAGE], memory[STAGE_MS] = 0.0, -OWN_PAUSE_MS
        return OFF, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
    if memory[RETURN_STAGE] == 0.0:
        memory[STAGE_MS] = min(memory[STAGE_MS], 0.0)
        if memory[STAGE_MS] < 0.0:
            return OFF, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
        memory[RETURN_STAGE] = 1.0
    angle = memory[BLIND_DEG] if math.isnan(low) else low
    if memory[RETURN_STAGE] == 1.0:
        if angle > ARRIVED_DEG and memory[STAGE_MS] < OWN_LONGEST_MS:
            return MOVE, -_approach(angle, settings[MAX_RATE_DPS]), OWN_ACCEL_DPS2, OWN_TORQUE
        was_inverted = high > FLAT_FROM_DEG and memory[STAGE_MS] > WAY_MS
        memory[RETURN_STAGE], memory[STAGE_MS] = (2.0 if was_inverted else 3.0), 0.0
    if memory[RETURN_STAGE] == 2.0:
        if memory[STAGE_MS] < OWN_FLAT_MS:
            return HOLD, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
        memory[RETURN_STAGE], memory[STAGE_MS] = 3.0, 0.0
    switch = _switch_says_upright(settings, memory, low, high, inputs)
    togo = high - settings[UPRIGHT_DEG]  # one of them may be wrong: slowly on until both are upright, or the switch is
    if memory[RETURN_STAGE] == 3.0 and not switch and memory[STAGE_MS] < OWN_LONGEST_MS:
        if math.isnan(low):
            return MOVE, -OWN_BLIND_DPS, OWN_ACCEL_DPS2, OWN_TORQUE
        if togo > ARRIVED_DEG:
            return MOVE, -_approach(togo, OWN_UPRIGHT_DPS), OWN_ACCEL_DPS2, OWN_TORQUE
        if memory[TWO_ANGLES] < 0.5:  # one alone may be the wrong one: on to the switch, or to the stop behind it
            return MOVE, -OWN_BLIND_DPS, OWN_ACCEL_DPS2, OWN_TORQUE
    memory[RETURN_STAGE] = 4.0
    return HOLD, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE


@jit
def _switch_says_upright(settings: Floats, memory: Floats, low: float, high: float, inputs: int) -> bool:
    """A closed switch may be stuck. Against two angles that agree it is believed near upright alone."""
    angle = memory[BLIND_DEG] if math.isnan(low) else low
    agree = memory[TWO_ANGLES] > 0.5 and high <= low + PARTED_DEG
    most_deg = settings[UPRIGHT_DEG] + NEAR_UPRIGHT_DEG if agree else SWITCH_DEG
    return bool(inputs & _UPRIGHT != 0 and not angle > most_deg)


@jit
def _approach(togo_deg: float, most_dps: float) -> float:
    """Rate from which the board's gentle braking ends after ``togo_deg``, never so slow that it would not arrive."""
    return min(max(math.sqrt(2.0 * OWN_ARRIVAL_DPS2 * max(togo_deg, 0.0)), OWN_LEAST_DPS), most_dps)


@jit
def _slowed(settings: Floats, memory: Floats, wanted: float, accel: float, low: float) -> tuple[float, float]:
    """The last order of a host that may be gone, and its ramp: it must carry nobody fast through horizontal."""
    angle = memory[BLIND_DEG] if math.isnan(low) else low
    fastest = max(_approach(angle, settings[MAX_RATE_DPS]), OWN_UPRIGHT_DPS)
    return (wanted, accel) if wanted >= -fastest else (-fastest, max(accel, OWN_ACCEL_DPS2))


@jit
def _within_limits(settings: Floats, wanted: float, low: float, high: float, inputs: int) -> float:
    """The board's own limits: rate, and both ends by a braking curve. Blind, only motion toward upright is left.

    An angle alone does not end a motion toward upright: until the switch is closed it may go on slowly, for an angle
    that reads too low must not keep a rider from coming up. Beyond the switch is the stop.
    """
    most = settings[MAX_RATE_DPS]
    wanted = min(max(wanted, -most), most)
    if math.isnan(high):
        return float(min(wanted, 0.0))
    room = settings[INVERTED_LIMIT_DEG] + LIMIT_SLACK_DEG - high
    wanted = min(wanted, math.sqrt(2.0 * OWN_BRAKE_DPS2 * room) if room > 0.0 else 0.0)
    room = low - (settings[UPRIGHT_DEG] - LIMIT_SLACK_DEG)
    lowest = -math.sqrt(2.0 * OWN_BRAKE_DPS2 * room) if room > 0.0 else 0.0
    if not inputs & _UPRIGHT:
        lowest = min(lowest, -SEEKING_DPS)
    return float(max(wanted, lowest))
