"""What the table board's inner loop remembers between two milliseconds, and what it was set to: two float64 arrays.

All of its state is in the memory, so that firmware in another language can stand in the place of ``sim.firmware``.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from safety.signals import Status
from sim.parameters import TableParameters

Floats = NDArray[np.float64]

# --- Settings: fixed while the board runs ----------------------------------------------------------------------------
UPRIGHT_DEG: Final = 0
INVERTED_LIMIT_DEG: Final = 1
MAX_RATE_DPS: Final = 2
WATCHDOG_S: Final = 3
DUTY_PER_DPS: Final = 4
"""Feed-forward: the duty that turns the unloaded table at 1 deg/s."""
RATED_CURRENT_A: Final = 5
VOLTS_PER_DPS: Final = 6
"""What the turning motor sets against the voltage, by the rate of the table."""
CIRCUIT_OHM: Final = 7
"""Winding at 20 degC and power stage."""
SETTINGS_SIZE: Final = 8

# --- Memory ----------------------------------------------------------------------------------------------------------
RAMP_DPS: Final = 0
"""Rate that the inner loop follows now."""
INTEGRAL: Final = 1
RELEASED_MS: Final = 2
"""Since the brake was told to open; 0 while it is told to close."""
CLOSED_MS: Final = 3
"""Since the brake was told to close."""
STILL_MS: Final = 4
ARMED: Final = 5
"""1: a host has moved the table since the board started, so its silence means something."""
RETURN_STAGE: Final = 6
"""Of the return by itself: 0 not under way, 1 to horizontal, 2 flat, 3 to upright, 4 done."""
STAGE_MS: Final = 7
"""Since that stage began. Below 0: so long is left of a pause, before the return begins anew."""
STATUS: Final = 8
FAULTS: Final = 9
SAID_DPS: Final = 10
"""The rate that the board reports; NaN: none."""
TABLE_DEG: Final = 11
"""The inclinometer, smoothed."""
ENCODER_LOST: Final = 12
"""1: the encoder was found to contradict motor and inclinometer; until the host clears faults."""
MISMATCH_MS: Final = 13
OVERLOAD_MS: Final = 14
SLIP_MS: Final = 15
BLIND_DEG: Final = 16
"""Dead-reckoned angle, for a return with no sensor left."""
CLEAR_FAULTS: Final = 17
"""Set by the link when the host asks to clear faults."""
STOPPED_MS: Final = 18
"""Since the ramp of a stop was over."""
RUNAWAY_MS: Final = 19
"""For how long the table has turned toward inversion, or faster than the ramp, in a return by itself."""
RUNAWAYS: Final = 20
"""How often that ended a return by itself."""
MOTOR_RATE_DPS: Final = 21
"""From the motor's own voltage and current, smoothed; NaN where they do not tell."""
TABLE_RATE_DPS: Final = 22
"""From the inclinometer, smoothed; NaN while it is absent."""
BUZZER: Final = 23
"""1: sounds. The host is dead and the rider not upright, and nobody else says so."""
OPEN_MS: Final = 24
"""For how long no current has flowed where the motor would turn."""
CIRCUIT_DPS: Final = 25
"""What duty and current make of the motor's rate, smoothed, also where the power stage chops; NaN without torque."""
AGREED_DPS: Final = 26
"""The last rate that encoder and circuit agreed on, ..."""
APART_MS: Final = 27
"""... and for how long they have not."""
ENCODER_JUMPED: Final = 28
"""1: the encoder left that rate faster than a table can."""
DISOBEYS_MS: Final = 29
"""For how long the drive has not given the motor the voltage that it was told to."""
BORNE_OUT_MS: Final = 30
"""Since the motor's circuit last bore the encoder out."""
TWO_ANGLES: Final = 31
"""1: both angles are there, and neither is lost."""
BEFORE_DEG: Final = 32
"""Encoder and inclinometer a millisecond ago, ..."""
LEAPT: Final = 34
"""... and for each 1: it leapt since the board acts alone, as no table does."""
STANDS_MS: Final = 36
"""For how long the encoder has turned on a table that stands."""
MEMORY_SIZE: Final = 37
MS_S: Final = 1e-3
BRAKE_HOLDS_MS: Final = 80.0
BORNE_OUT_LONGEST_MS: Final = 3000.0
"""So long the motor's word for the encoder counts where the motor itself has nothing to say."""
BRAKE_CLOSED: Final = int(Status.BRAKE_CLOSED)


def make_settings(
    table: TableParameters, upright_deg: float, inverted_limit_deg: float, max_rate_dps: float, watchdog_s: float
) -> Floats:
    """Settings of a board for a table: float64 of shape (SETTINGS_SIZE,)."""
    settings = np.zeros(SETTINGS_SIZE)
    settings[UPRIGHT_DEG] = upright_deg
    settings[INVERTED_LIMIT_DEG] = inverted_limit_deg
    settings[MAX_RATE_DPS] = max_rate_dps
    settings[WATCHDOG_S] = watchdog_s
    settings[DUTY_PER_DPS] = 1.0 / table.no_load_rate_dps
    settings[RATED_CURRENT_A] = table.motor.rated_current_a
    settings[VOLTS_PER_DPS] = table.motor.torque_constant_nm_per_a * math.radians(table.gear.ratio)
    settings[CIRCUIT_OHM] = table.motor.resistance_ohm + table.thermal.stage_resistance_ohm
    return settings


def make_memory(upright_deg: float) -> Floats:
    """Memory of a board that just started: float64 of shape (MEMORY_SIZE,)."""
    memory = np.zeros(MEMORY_SIZE)
    memory[TABLE_RATE_DPS] = memory[TABLE_DEG] = memory[MOTOR_RATE_DPS] = memory[CIRCUIT_DPS] = math.nan
    memory[BLIND_DEG] = upright_deg
    memory[BEFORE_DEG] = memory[BEFORE_DEG + 1] = math.nan
    memory[STATUS] = float(BRAKE_CLOSED)
    memory[CLOSED_MS] = BRAKE_HOLDS_MS
    memory[BORNE_OUT_MS] = BORNE_OUT_LONGEST_MS
    return memory
