"""The table board's drive: ramp, brake sequence and rate control, and the fault flags of its power stage."""

import math
from typing import Final

from safety.signals import CommandMode, DriveFault
from sim.board_memory import (
    BRAKE_HOLDS_MS,
    CLOSED_MS,
    DUTY_PER_DPS,
    ENCODER_LOST,
    FAULTS,
    INTEGRAL,
    MAX_RATE_DPS,
    MS_S,
    OVERLOAD_MS,
    RAMP_DPS,
    RATED_CURRENT_A,
    RELEASED_MS,
    SLIP_MS,
    STILL_MS,
    STOPPED_MS,
    TABLE_RATE_DPS,
    VOLTS_PER_DPS,
    Floats,
)
from sim.board_senses import AT_LIMIT, BRAKE_OPENS_MS, STILL_DPS
from sim.jit import jit
from sim.layout import (
    BRAKE_RELEASE,
    BUS_V,
    CURRENT_A,
    CURRENT_LIMIT_A,
    DRIVE_TEMPERATURE_C,
    DUTY,
    ENCODER_DEG,
    MOTOR_TEMPERATURE_C,
    TORQUE_ENABLE,
)

SETTLED_MS: Final = 40.0
STOPPED_MOST_MS: Final = 250.0
"""Then the brake closes, whatever the rate says: one that lies must not keep it open."""
GAIN: Final = 0.04
"""Duty per deg/s of error."""
INTEGRAL_GAIN: Final = 0.6
"""Duty per deg of error."""
INTEGRAL_MOST: Final = 0.2
"""Enough for the heaviest load; so little that a dead encoder cannot wind the drive up far."""
OVERLOAD_TRIP_MS: Final = 400.0
SLIPS_DPS: Final = 1.0
SLIP_TRIP_MS: Final = 300.0
UNDERVOLTAGE_V: Final = 18.0
HOT_DRIVE_C: Final = 90.0
HOT_MOTOR_C: Final = 130.0
MADE_UP_FROM: Final = 0.5
"""The part of its nominal voltage from which on a supply that sags is made up for by more duty."""
AHEAD_DPS: Final = 0.5
"""So far a ramp may be ahead of a motor that has all that its supply gives."""
MOVE: Final = int(CommandMode.MOVE)
OFF: Final = int(CommandMode.TORQUE_OFF)
HOLD: Final = int(CommandMode.HOLD)
_OVERCURRENT: Final = int(DriveFault.OVERCURRENT)
_OVERTEMPERATURE: Final = int(DriveFault.OVERTEMPERATURE)
_UNDERVOLTAGE: Final = int(DriveFault.UNDERVOLTAGE)
_ENCODER: Final = int(DriveFault.ENCODER)
_BRAKE: Final = int(DriveFault.BRAKE)


@jit
def follow(
    settings: Floats,
    memory: Floats,
    drive: Floats,
    mode: int,
    wanted: float,
    accel: float,
    torque: float,
    rate: float,
    bus_v: float,
) -> None:
    """Ramp, brake sequence and rate control: what the power stage and the brake are told."""
    if mode == OFF:
        stand(memory, drive)
        return
    if mode != MOVE:
        wanted = 0.0
        stopped = memory[RAMP_DPS] == 0.0
        memory[STOPPED_MS] = memory[STOPPED_MS] + 1.0 if stopped else 0.0
        memory[STILL_MS] = memory[STILL_MS] + 1.0 if stopped and not abs(rate) > STILL_DPS else 0.0
        settled = memory[STILL_MS] > SETTLED_MS or memory[STOPPED_MS] > STOPPED_MOST_MS
        if drive[BRAKE_RELEASE] < 0.5 or settled:
            stand(memory, drive, keep_torque=memory[CLOSED_MS] < BRAKE_HOLDS_MS and drive[TORQUE_ENABLE] > 0.5)
            return
    if drive[BRAKE_RELEASE] < 0.5:
        memory[RAMP_DPS] = _taken_over(settings, memory, rate)
        memory[INTEGRAL] = memory[RELEASED_MS] = memory[STILL_MS] = memory[STOPPED_MS] = 0.0
    drive[BRAKE_RELEASE] = drive[TORQUE_ENABLE] = 1.0
    drive[CURRENT_LIMIT_A] = settings[RATED_CURRENT_A] * min(max(torque, 0.1), 1.0)
    memory[RELEASED_MS] += 1.0
    memory[CLOSED_MS] = 0.0
    if memory[RELEASED_MS] > BRAKE_OPENS_MS or memory[RAMP_DPS] != 0.0:
        step = accel * MS_S
        memory[RAMP_DPS] += min(max(wanted - memory[RAMP_DPS], -step), step)
    _follow_what_is_given(memory, drive, rate)
    _control(settings, memory, drive, rate, bus_v)


@jit
def _taken_over(settings: Floats, memory: Floats, rate: float) -> float:
    """Taking over a table that turns already begins with its rate: the smaller of what the two sensors make of it.

    With the torque off the motor bears out neither of them, and one that is noisy must not become an order.
    """
    table = memory[TABLE_RATE_DPS]
    if math.isnan(rate) or rate * table < 0.0:  # NaN: False
        return 0.0
    least = rate if math.isnan(table) or abs(rate) < abs(table) else table
    most = settings[MAX_RATE_DPS]
    return 0.0 if abs(least) < STILL_DPS else float(min(max(least, -most), most))


@jit
def stand(memory: Floats, drive: Floats, keep_torque: bool = False) -> None:
    """Brake on; torque off, once the brake holds if ``keep_torque``."""
    drive[BRAKE_RELEASE] = 0.0
    memory[CLOSED_MS] += 1.0
    memory[RAMP_DPS] = memory[RELEASED_MS] = 0.0
    if not keep_torque:
        drive[TORQUE_ENABLE] = drive[DUTY] = 0.0
        memory[INTEGRAL] = 0.0


@jit
def _follow_what_is_given(memory: Floats, drive: Floats, rate: float) -> None:
    """What the supply does not give is not asked for: it would come all at once when that is back."""
    ramp = memory[RAMP_DPS]
    if abs(drive[DUTY]) < 1.0 or not ramp * rate > 0.0 or abs(ramp) <= abs(rate) + AHEAD_DPS:
        return
    memory[RAMP_DPS] = math.copysign(abs(rate) + AHEAD_DPS, ramp)
    memory[INTEGRAL] = 0.0


@jit
def _control(settings: Floats, memory: Floats, drive: Floats, rate: float, bus_v: float) -> None:
    """Rate control: feed-forward, and a proportional-integral loop whose integral stops where the drive does."""
    nominal_v = settings[VOLTS_PER_DPS] / settings[DUTY_PER_DPS]
    by_supply = nominal_v / bus_v if bus_v > MADE_UP_FROM * nominal_v else 1.0  # NaN: 1
    ahead = memory[RAMP_DPS] * settings[DUTY_PER_DPS] * by_supply
    if math.isnan(rate):
        drive[DUTY] = ahead
        return
    error = memory[RAMP_DPS] - rate
    duty = ahead + GAIN * error + memory[INTEGRAL]
    if abs(duty) < 1.0 or duty * error < 0.0:
        integral = memory[INTEGRAL] + INTEGRAL_GAIN * error * MS_S
        memory[INTEGRAL] = min(max(integral, -INTEGRAL_MOST), INTEGRAL_MOST)
    drive[DUTY] = min(max(duty, -1.0), 1.0)


@jit
def watch_drive(memory: Floats, readings: Floats, drive: Floats, rate: float) -> None:
    """The drive's own fault flags."""
    at_limit = abs(readings[CURRENT_A]) > AT_LIMIT * drive[CURRENT_LIMIT_A] and drive[TORQUE_ENABLE] > 0.5
    behind = not abs(rate - memory[RAMP_DPS]) < max(0.5 * abs(memory[RAMP_DPS]), STILL_DPS)
    memory[OVERLOAD_MS] = memory[OVERLOAD_MS] + 1.0 if at_limit and behind else 0.0
    slips = memory[CLOSED_MS] > BRAKE_HOLDS_MS and abs(rate) > SLIPS_DPS
    memory[SLIP_MS] = memory[SLIP_MS] + 1.0 if slips else 0.0
    faults = 0
    if memory[OVERLOAD_MS] > OVERLOAD_TRIP_MS:
        faults |= _OVERCURRENT
    if readings[DRIVE_TEMPERATURE_C] > HOT_DRIVE_C or readings[MOTOR_TEMPERATURE_C] > HOT_MOTOR_C:
        faults |= _OVERTEMPERATURE
    if readings[BUS_V] < UNDERVOLTAGE_V:
        faults |= _UNDERVOLTAGE
    if memory[ENCODER_LOST] > 0.5 or math.isnan(readings[ENCODER_DEG]):
        faults |= _ENCODER
    if memory[SLIP_MS] > SLIP_TRIP_MS:
        faults |= _BRAKE
    memory[FAULTS] = float(faults)
