"""What the table board makes of its sensors: the rate to control by, its angles, and which of its witnesses lie.

Encoder, inclinometer and the motor's own circuit are three witnesses of one motion; two of them judge the third.
"""

import math
from typing import Final

from safety.signals import Input, Lost
from sim.board_memory import (
    AGREED_DPS,
    APART_MS,
    BEFORE_DEG,
    BLIND_DEG,
    BORNE_OUT_MS,
    BRAKE_HOLDS_MS,
    CIRCUIT_DPS,
    CIRCUIT_OHM,
    CLEAR_FAULTS,
    CLOSED_MS,
    DISOBEYS_MS,
    ENCODER_JUMPED,
    ENCODER_LOST,
    LEAPT,
    MISMATCH_MS,
    MOTOR_RATE_DPS,
    MS_S,
    OPEN_MS,
    RAMP_DPS,
    RATED_CURRENT_A,
    RELEASED_MS,
    RUNAWAYS,
    STANDS_MS,
    TABLE_DEG,
    TABLE_RATE_DPS,
    TWO_ANGLES,
    VOLTS_PER_DPS,
    Floats,
)
from sim.jit import jit
from sim.layout import (
    BUS_V,
    CURRENT_A,
    CURRENT_LIMIT_A,
    DUTY,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INCLINOMETER_DEG,
    INPUTS,
    MOTOR_TEMPERATURE_C,
    TORQUE_ENABLE,
)

BRAKE_OPENS_MS: Final = 70.0
STILL_DPS: Final = 0.4
MISMATCH_DPS: Final = 1.2
ENCODER_STANDS_DPS: Final = 0.3
TURNS_A: Final = 0.1
"""Friction takes more than this to turn any motor: with less, its circuit may be open, ..."""
OPEN_TRIP_MS: Final = 20.0
"""... but a current that changes its sign passes zero too: so long the motor's rate stays what it was."""
MISMATCH_LOST_MS: Final = 200.0
MOTOR_FILTER_MS: Final = 5.0
MOTOR_TRUST_DPS: Final = 0.25
MOTOR_TRUST_SHARE: Final = 0.06
"""An encoder is believed so far beside the motor's own rate, and this share of it: heat and tolerances make less."""
COPPER_PER_K: Final = 0.00393
AT_LIMIT: Final = 0.97
"""Above this share of the current limit the power stage chops, and its duty is not what was asked."""
TABLE_FILTER_MS: Final = 40.0
RATE_GAIN: Final = 0.25
"""Of the alpha-beta filter: it settles without swinging."""
RUNAWAY_DPS: Final = 1.5
DISOBEYS_DPS: Final = 0.5
"""Beyond what is believed of the motor's own rate: heat and tolerances explain no more."""
DISOBEYS_SHARE: Final = 0.25
"""Of the rated current. What pushes less does not make a table fast."""
JUMP_DPS: Final = 0.3
FASTEST_DPS2: Final = 60.0
"""No motor of a table changes its rate faster: an encoder that does has a fault of its own."""
UNDER_WAY_DPS: Final = 1.0
"""Where a rate was agreed on that is faster than this, an encoder has to jump to lie; from rest it need not."""
LEAP_DEG: Final = 1.0
"""In a millisecond: the fastest table turns a hundredth of it."""
STANDS_LOST_MS: Final = 500.0
"""So long an encoder may turn on a brake that is closed, beside an inclinometer that stands."""
_INVERTED: Final = int(Input.INVERTED_SWITCH)
LOST_ENCODER: Final = int(Lost.ENCODER)
LOST_INCLINOMETER: Final = int(Lost.INCLINOMETER)


@jit
def watch_motor(settings: Floats, memory: Floats, readings: Floats, drive: Floats) -> None:
    """The rate by the motor itself: what its resistance leaves of the voltage is what its turning sets against it."""
    current_a = abs(readings[CURRENT_A])
    if drive[TORQUE_ENABLE] < 0.5 or math.isnan(current_a):
        memory[MOTOR_RATE_DPS] = memory[CIRCUIT_DPS] = math.nan
        return
    warm = readings[MOTOR_TEMPERATURE_C] - 20.0
    ohm = settings[CIRCUIT_OHM] * (1.0 + COPPER_PER_K * (0.0 if math.isnan(warm) else warm))
    duty = min(drive[DUTY], 0.0) if int(readings[INPUTS]) & _INVERTED else drive[DUTY]  # the switch is hard-wired
    rate = (duty * readings[BUS_V] - ohm * readings[CURRENT_A]) / settings[VOLTS_PER_DPS]
    before = memory[CIRCUIT_DPS]
    memory[CIRCUIT_DPS] = rate if math.isnan(before) else before + (rate - before) / MOTOR_FILTER_MS
    before = memory[MOTOR_RATE_DPS]
    if current_a >= AT_LIMIT * drive[CURRENT_LIMIT_A]:
        memory[MOTOR_RATE_DPS] = math.nan
        return
    is_open = current_a < TURNS_A and abs(rate) > STILL_DPS
    memory[OPEN_MS] = memory[OPEN_MS] + 1.0 if is_open else 0.0
    if is_open:
        # An open circuit sets nothing against the voltage either.
        rate = math.nan if memory[OPEN_MS] > OPEN_TRIP_MS else before
        memory[CIRCUIT_DPS] = math.nan
    memory[MOTOR_RATE_DPS] = rate if math.isnan(before) else before + (rate - before) / MOTOR_FILTER_MS


@jit
def watch_sensors(memory: Floats, readings: Floats, lost: int) -> None:
    """Smooth the inclinometer, take its rate, and find an encoder that says otherwise than it and the motor."""
    value = readings[INCLINOMETER_DEG]
    if math.isnan(value) or math.isnan(memory[TABLE_DEG]):
        memory[TABLE_DEG] = value
        memory[TABLE_RATE_DPS] = math.nan if math.isnan(value) else 0.0
    else:
        # An alpha-beta filter: an angle and its rate out of noisy samples.
        predicted = memory[TABLE_DEG] + memory[TABLE_RATE_DPS] * MS_S
        error = value - predicted
        memory[TABLE_DEG] = predicted + error / TABLE_FILTER_MS
        memory[TABLE_RATE_DPS] += error * RATE_GAIN / (TABLE_FILTER_MS * TABLE_FILTER_MS * MS_S)
    encoder_rate, table_rate, motor_rate = readings[ENCODER_RATE_DPS], memory[TABLE_RATE_DPS], memory[MOTOR_RATE_DPS]
    # Two against one; with the motor's leads swapped it is the motor that stands alone. NaN: False.
    off = abs(encoder_rate - motor_rate) > MISMATCH_DPS and abs(table_rate - motor_rate) < abs(
        table_rate - encoder_rate
    )
    if lost & LOST_INCLINOMETER or math.isnan(table_rate):
        # One against one: an encoder that moves may be the only one to see a drive that turns the wrong way.
        off = abs(encoder_rate) < ENCODER_STANDS_DPS and abs(motor_rate) > MISMATCH_DPS
    memory[MISMATCH_MS] = memory[MISMATCH_MS] + 1.0 if off else 0.0
    if memory[MISMATCH_MS] > MISMATCH_LOST_MS:
        memory[ENCODER_LOST] = 1.0
    if memory[CLEAR_FAULTS] > 0.5:
        memory[ENCODER_LOST] = memory[CLEAR_FAULTS] = 0.0


@jit
def watch_circuit(settings: Floats, memory: Floats, readings: Floats, drive: Floats, lost: int) -> None:
    """Find a drive that pushes where it was not told to, before the table is fast: often before the brake is open.

    A motor turns no faster in the direction of its current than its voltage less what its resistance takes. One that
    does has another voltage than it was given. That is true at the current limit too, where chopping leaves less of the
    voltage. Until the brake opens the table stands; later the encoder tells, unless it jumped away from what both said.
    """
    encoder_lost = memory[ENCODER_LOST] > 0.5 or lost & LOST_ENCODER != 0
    turning = math.nan if encoder_lost else readings[ENCODER_RATE_DPS]
    if 0.0 < memory[RELEASED_MS] <= BRAKE_OPENS_MS and memory[RAMP_DPS] == 0.0:
        turning = 0.0
    current_a, circuit = readings[CURRENT_A], memory[CIRCUIT_DPS]
    ahead = turning - circuit
    memory[BORNE_OUT_MS] = 0.0 if abs(ahead) <= MOTOR_TRUST_DPS else memory[BORNE_OUT_MS] + 1.0
    if not abs(ahead) > MOTOR_TRUST_DPS:  # NaN: neither
        memory[AGREED_DPS] = 0.0 if math.isnan(turning) else turning
        memory[APART_MS] = memory[ENCODER_JUMPED] = memory[DISOBEYS_MS] = 0.0
        return
    memory[APART_MS] += 1.0
    most = JUMP_DPS + FASTEST_DPS2 * MS_S * memory[APART_MS]
    if abs(turning - memory[AGREED_DPS]) > most:
        memory[ENCODER_JUMPED] = 1.0
    pushes = current_a * ahead > 0.0 and abs(current_a) > DISOBEYS_SHARE * settings[RATED_CURRENT_A]
    chops = abs(current_a) >= AT_LIMIT * drive[CURRENT_LIMIT_A]
    against = current_a * turning < 0.0 and abs(turning) > DISOBEYS_DPS
    under_way = abs(memory[AGREED_DPS]) > UNDER_WAY_DPS and (against or not chops)
    # While it begins to move, both angles have to see it turn back; a load that does that is for the brake to hold too.
    # A late inclinometer may still see the way that the table went before it turned round as it was told.
    back = turning * memory[RAMP_DPS] < 0.0 and abs(turning) > RUNAWAY_DPS
    back = back and memory[TABLE_RATE_DPS] * math.copysign(1.0, turning) > UNDER_WAY_DPS
    under_way = under_way or (against and back)
    suspect = memory[ENCODER_JUMPED] < 0.5 and (pushes or under_way)
    differs = abs(ahead) > DISOBEYS_DPS + MOTOR_TRUST_SHARE * abs(circuit)
    memory[DISOBEYS_MS] = memory[DISOBEYS_MS] + 1.0 if suspect and differs else 0.0


@jit
def rate_to_control_by(memory: Floats, readings: Floats, lost: int) -> float:
    """The rate to control by. Not one that the host found lost; NaN without any.

    The encoder, as far as the motor bears it out, so that one that jumps or lies does not make the drive jump; else the
    motor's own; else, where that says nothing either, the inclinometer's.
    """
    motor = memory[MOTOR_RATE_DPS]
    if memory[ENCODER_LOST] < 0.5 and not lost & LOST_ENCODER and not math.isnan(readings[ENCODER_RATE_DPS]):
        encoder = float(readings[ENCODER_RATE_DPS])
        if math.isnan(motor):
            return encoder
        beside = MOTOR_TRUST_DPS + MOTOR_TRUST_SHARE * abs(motor)
        return float(min(max(encoder, motor - beside), motor + beside))
    if not math.isnan(motor):
        return float(motor)
    return math.nan if lost & LOST_INCLINOMETER else float(memory[TABLE_RATE_DPS])


@jit
def watch_leaps(memory: Floats, readings: Floats, alone: bool) -> None:
    """While the board acts alone nobody else sees an angle that leaps as no table does: it counts no more meanwhile."""
    for index, value in enumerate((readings[ENCODER_DEG], readings[INCLINOMETER_DEG])):
        leapt = alone and abs(value - memory[BEFORE_DEG + index]) > LEAP_DEG  # NaN: False
        memory[LEAPT + index] = 1.0 if leapt or (alone and memory[LEAPT + index] > 0.5) else 0.0
        memory[BEFORE_DEG + index] = value


@jit
def watch_at_rest(memory: Floats, readings: Floats, alone: bool, lost: int) -> None:
    """While the board acts alone: an encoder that turns where the table stands lies, and so it did under way.

    What it made of the drive does not count either.
    """
    at_rest = memory[CLOSED_MS] > BRAKE_HOLDS_MS and abs(memory[TABLE_RATE_DPS]) < STILL_DPS  # NaN: False
    at_rest = at_rest and not lost & LOST_INCLINOMETER and memory[LEAPT + 1] < 0.5
    turns = alone and at_rest and abs(readings[ENCODER_RATE_DPS]) > STILL_DPS
    memory[STANDS_MS] = memory[STANDS_MS] + 1.0 if turns else 0.0
    if memory[STANDS_MS] > STANDS_LOST_MS and memory[ENCODER_LOST] < 0.5:
        memory[ENCODER_LOST] = 1.0
        memory[RUNAWAYS] = 0.0


@jit
def angles(memory: Floats, readings: Floats, lost: int) -> tuple[float, float]:
    """The lower and the higher of the angles that are there and not lost; NaN without any."""
    encoder_lost = memory[ENCODER_LOST] > 0.5 or memory[LEAPT] > 0.5 or lost & LOST_ENCODER != 0
    encoder = math.nan if encoder_lost else readings[ENCODER_DEG]
    inclinometer_lost = memory[LEAPT + 1] > 0.5 or lost & LOST_INCLINOMETER != 0
    inclinometer = math.nan if inclinometer_lost else readings[INCLINOMETER_DEG]
    memory[TWO_ANGLES] = 0.0 if math.isnan(encoder) or math.isnan(inclinometer) else 1.0
    if math.isnan(encoder):
        encoder = inclinometer
    if math.isnan(inclinometer):
        inclinometer = encoder
    if not math.isnan(encoder):
        memory[BLIND_DEG] = encoder
    return min(encoder, inclinometer), max(encoder, inclinometer)
