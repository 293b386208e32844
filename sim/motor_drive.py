"""The inner loop of a motor drive from a shop, once a millisecond: what is between wire and motor, compiled.

It follows a rate with a ramp, limits the current, opens its brake output while it drives, and stops when it hears
nothing for its timeout. It knows no angle limits, no contacts and no way upright: that is what such a drive lacks.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.jit import jit
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BRAKE_RELEASE,
    BUS_V,
    CURRENT_LIMIT_A,
    DUTY,
    ENCODER_RATE_DPS,
    MODE,
    RATE_DPS,
    TORQUE_ENABLE,
    TORQUE_FRACTION,
)
from sim.parameters import TableParameters

Floats = NDArray[np.float64]

# --- Orders (``sim.layout`` ORDER; the current limit in A stands where a board has its torque fraction) --------------
OFF: Final = 0.0
FOLLOW: Final = 2.0
LIMIT_A: Final = TORQUE_FRACTION

# --- Settings --------------------------------------------------------------------------------------------------------
DUTY_PER_DPS: Final = 0
TIMEOUT_S: Final = 1
"""0: none."""
RATED_A: Final = 2
BRAKE_OUTPUT: Final = 3
"""1: a brake hangs on an output that opens it while the drive drives. 0: there is none, or it stays open."""
OFF_SHORTS: Final = 4
"""1: torque off means a bridge that shorts the motor; 0: one that lets it coast."""
TIMEOUT_DPS2: Final = 5
"""The ramp to standstill when the timeout runs out; 0: torque off at once."""
LOWEST_V: Final = 6
TAKES_OVER: Final = 7
"""1: the ramp begins at the rate at which the motor turns when it gets its torque; 0: at standstill."""
SETTINGS_SIZE: Final = 8

# --- Memory ----------------------------------------------------------------------------------------------------------
RAMP_DPS: Final = 0
INTEGRAL: Final = 1
TIMED_OUT: Final = 2
"""1: the timeout ran out since the last order."""
TORQUE_ON: Final = 3
BLOCKED: Final = 4
"""1: the drive is in a fault and turns nothing; its codec decides when that ends."""
UNDER_VOLTAGE: Final = 5
MEMORY_SIZE: Final = 6

MS_S: Final = 1e-3
GAIN: Final = 0.05
INTEGRAL_GAIN: Final = 0.8
INTEGRAL_MOST: Final = 0.4
STANDS_DPS: Final = 0.3
_FOLLOW: Final = int(FOLLOW)


def make_settings(table: TableParameters, timeout_s: float) -> Floats:
    """Settings of a drive that is tuned to a table: float64 of shape (SETTINGS_SIZE,)."""
    settings = np.zeros(SETTINGS_SIZE)
    settings[DUTY_PER_DPS] = 1.0 / table.no_load_rate_dps
    settings[TIMEOUT_S] = timeout_s
    settings[RATED_A] = table.motor.rated_current_a
    settings[BRAKE_OUTPUT] = settings[OFF_SHORTS] = 1.0
    settings[LOWEST_V] = 10.0
    return settings


@jit
def motor_drive_tick(settings: Floats, memory: Floats, readings: Floats, order: Floats, drive: Floats) -> None:
    """One millisecond of the drive: readings and order in, drive out."""
    order[AGE_S] += MS_S
    mode, wanted, accel = int(order[MODE]), order[RATE_DPS], order[ACCEL_DPS2]
    expired = settings[TIMEOUT_S] > 0.0 and order[AGE_S] > settings[TIMEOUT_S]
    memory[TIMED_OUT] = 1.0 if expired else 0.0
    memory[UNDER_VOLTAGE] = 1.0 if readings[BUS_V] < settings[LOWEST_V] else 0.0
    if expired and mode == _FOLLOW:
        # The stop goes on to its end whatever is heard meanwhile, short of a new order.
        wanted, accel = 0.0, settings[TIMEOUT_DPS2]
        order[RATE_DPS], order[ACCEL_DPS2] = wanted, accel
        if accel == 0.0 or abs(memory[RAMP_DPS]) < STANDS_DPS:
            order[MODE] = OFF
            mode = 0
    if mode != _FOLLOW or memory[BLOCKED] > 0.5 or memory[UNDER_VOLTAGE] > 0.5:
        _let_go(settings, memory, drive)
        return
    rate = readings[ENCODER_RATE_DPS]
    if memory[TORQUE_ON] < 0.5 and settings[TAKES_OVER] > 0.5 and not math.isnan(rate):
        memory[RAMP_DPS] = rate
    drive[TORQUE_ENABLE] = drive[BRAKE_RELEASE] = memory[TORQUE_ON] = 1.0
    drive[CURRENT_LIMIT_A] = order[LIMIT_A] if order[LIMIT_A] > 0.0 else settings[RATED_A]
    step = accel * MS_S
    memory[RAMP_DPS] += min(max(wanted - memory[RAMP_DPS], -step), step)
    error = memory[RAMP_DPS] - (0.0 if math.isnan(rate) else rate)  # no edges look like standstill
    duty = memory[RAMP_DPS] * settings[DUTY_PER_DPS] + GAIN * error + memory[INTEGRAL]
    if abs(duty) < 1.0 or duty * error < 0.0:
        integral = memory[INTEGRAL] + INTEGRAL_GAIN * error * MS_S
        memory[INTEGRAL] = min(max(integral, -INTEGRAL_MOST), INTEGRAL_MOST)
    drive[DUTY] = min(max(duty, -1.0), 1.0)


@jit
def _let_go(settings: Floats, memory: Floats, drive: Floats) -> None:
    memory[RAMP_DPS] = memory[INTEGRAL] = memory[TORQUE_ON] = drive[DUTY] = 0.0
    drive[TORQUE_ENABLE] = settings[OFF_SHORTS]
    drive[CURRENT_LIMIT_A] = settings[RATED_A]
    drive[BRAKE_RELEASE] = 0.0 if settings[BRAKE_OUTPUT] > 0.5 else 1.0
