"""The table board's inner loop, once a millisecond: what its microcontroller would run, compiled.

It follows the host's orders within limits of its own, works the brake, watches for silence, and brings the table
upright by itself when the host is dead. It knows only what the board's sensors say. All its state is one float64 array,
so that firmware in another language can stand in its place.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from safety.signals import CommandMode, DriveFault, Input, Lost, Status
from sim.jit import jit
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BRAKE_RELEASE,
    BUS_V,
    CURRENT_A,
    CURRENT_LIMIT_A,
    DRIVE_TEMPERATURE_C,
    DUTY,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INCLINOMETER_DEG,
    INPUTS,
    LOST_ANGLES,
    MODE,
    MOTOR_TEMPERATURE_C,
    RATE_DPS,
    SESSION_OPEN,
    TORQUE_ENABLE,
    TORQUE_FRACTION,
)
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
OWN_ACCEL_DPS2: Final = 8.0
OWN_BRAKE_DPS2: Final = 6.0
"""Slope of the braking curve before the board's own limits; the ramp is steeper, so the curve can be followed."""
OWN_FLAT_MS: Final = 5000.0
OWN_UPRIGHT_DPS: Final = 2.0
OWN_BLIND_DPS: Final = 1.5
OWN_TORQUE: Final = 0.7
"""Of the rated current: enough for the heaviest rider, and what comes free of an obstacle does not leap."""
OWN_LONGEST_MS: Final = 180_000.0
OWN_PAUSE_MS: Final = 2000.0
"""After the emergency-stop chain closed again under a dead host, and after a try that was broken off."""
LIMIT_SLACK_DEG: Final = 1.0
"""The board's limits stand this far outside the host's, so that the host is the first to act."""
BRAKE_OPENS_MS: Final = 70.0
BRAKE_HOLDS_MS: Final = 80.0
STILL_DPS: Final = 0.4
SETTLED_MS: Final = 40.0
STOPPED_MOST_MS: Final = 250.0
"""Then the brake closes, whatever the rate says: one that lies must not keep it open."""
GAIN: Final = 0.04
"""Duty per deg/s of error."""
INTEGRAL_GAIN: Final = 0.6
"""Duty per deg of error."""
INTEGRAL_MOST: Final = 0.2
"""Enough for the heaviest load; so little that a dead encoder cannot wind the drive up far."""
LEAST_ACCEL_DPS2: Final = 1.0
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
OVERLOAD_TRIP_MS: Final = 400.0
SLIP_TRIP_MS: Final = 300.0
UNDERVOLTAGE_V: Final = 18.0
HOT_DRIVE_C: Final = 90.0
HOT_MOTOR_C: Final = 130.0
RUNAWAY_DPS: Final = 1.5
RUNAWAY_TRIP_MS: Final = 80.0
SLIPS_DPS: Final = 0.3
SLIPS_TRIP_MS: Final = 1000.0
"""A drive that pushes weakly turns a rider slowly, and as far: so fast toward inversion in a return, for so long."""
FASTER_DPS: Final = 0.5
"""Head-up, the table may turn so much faster toward upright than a return does, by its encoder; ..."""
FASTER_TRIP_MS: Final = 20.0
"""... no longer than this."""
BORNE_OUT_DPS: Final = 0.25
"""The inclinometer's rate is late, but not noisy: so much beyond the ramp bears the encoder out."""
ALONE_S: Final = 0.05
"""A host that has been silent for so long may be gone, and with it who judges the drive."""
DISOBEYS_DPS: Final = 0.5
"""Beyond what is believed of the motor's own rate: heat and tolerances explain no more."""
DISOBEYS_SHARE: Final = 0.25
"""Of the rated current. What pushes less does not make a table fast."""
DISOBEYS_TRIP_MS: Final = 20.0
"""Windings and filters have settled by then, and the brake has yet to open. The voltage is read every 10 ms."""
JUMP_DPS: Final = 0.3
FASTEST_DPS2: Final = 60.0
"""No motor of a table changes its rate faster: an encoder that does has a fault of its own."""
BORNE_OUT_LONGEST_MS: Final = 3000.0
"""So long the motor's word for the encoder counts where the motor itself has nothing to say."""
UNDER_WAY_DPS: Final = 1.0
"""Where a rate was agreed on that is faster than this, an encoder has to jump to lie; from rest it need not."""
MOST_RUNAWAYS: Final = 2.0
"""A drive that does not obey is tried once more under a dead host, and then never again: the brake holds."""
ARMED_AWAY_DEG: Final = 5.0
PARTED_DEG: Final = 4.0
"""Angles farther apart than this contradict each other; the host, if there is one, will say which is lost."""
LEAP_DEG: Final = 1.0
"""In a millisecond: the fastest table turns a hundredth of it."""
STANDS_LOST_MS: Final = 500.0
"""So long an encoder may turn on a brake that is closed, beside an inclinometer that stands."""
MADE_UP_FROM: Final = 0.5
"""The part of its nominal voltage from which on a supply that sags is made up for by more duty."""
AHEAD_DPS: Final = 0.5
"""So far a ramp may be ahead of a motor that has all that its supply gives."""
NEAR_UPRIGHT_DEG: Final = 2.0
SWITCH_DEG: Final = -30.0
"""Without two angles that agree, the upright switch is believed from here on."""
SEEKING_DPS: Final = 1.5
"""As fast as this the table may look for its upright switch, wherever the angles say that it is."""

_MOVE: Final = int(CommandMode.MOVE)
_OFF: Final = int(CommandMode.TORQUE_OFF)
_ESTOP: Final = int(Input.ESTOP_CHAIN)
_UPRIGHT: Final = int(Input.UPRIGHT_SWITCH)
_INVERTED: Final = int(Input.INVERTED_SWITCH)
_ENCODER_LOST: Final = int(Lost.ENCODER)
_INCLINOMETER_LOST: Final = int(Lost.INCLINOMETER)
_BRAKE_CLOSED: Final = int(Status.BRAKE_CLOSED)
_TORQUE_ON: Final = int(Status.TORQUE_ON)
_EXPIRED: Final = int(Status.WATCHDOG_EXPIRED)
_RETURNING: Final = int(Status.DEAD_HOST_RETURN)
_LIMITED: Final = int(Status.RATE_LIMITED)
_OVERCURRENT: Final = int(DriveFault.OVERCURRENT)
_OVERTEMPERATURE: Final = int(DriveFault.OVERTEMPERATURE)
_UNDERVOLTAGE: Final = int(DriveFault.UNDERVOLTAGE)
_ENCODER: Final = int(DriveFault.ENCODER)
_BRAKE: Final = int(DriveFault.BRAKE)


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
    memory[STATUS] = float(_BRAKE_CLOSED)
    memory[CLOSED_MS] = BRAKE_HOLDS_MS
    memory[BORNE_OUT_MS] = BORNE_OUT_LONGEST_MS
    return memory


@jit
def firmware_tick(settings: Floats, memory: Floats, readings: Floats, order: Floats, drive: Floats) -> None:
    """One millisecond of the board: readings and order in, drive out."""
    order[AGE_S] += MS_S
    inputs = int(readings[INPUTS])
    lost = int(order[LOST_ANGLES])
    _watch_motor(settings, memory, readings, drive)
    _watch_sensors(memory, readings, lost)
    _watch_circuit(settings, memory, readings, drive, lost)
    rate = _rate(memory, readings, lost)
    encoder_lost = memory[ENCODER_LOST] > 0.5 or lost & _ENCODER_LOST != 0
    memory[SAID_DPS] = memory[MOTOR_RATE_DPS] if encoder_lost else readings[ENCODER_RATE_DPS]
    silent, alone = order[AGE_S] > settings[WATCHDOG_S], order[AGE_S] > ALONE_S
    _watch_leaps(memory, readings, alone)
    _watch_at_rest(memory, readings, alone, lost)
    low, high = _angles(memory, readings, lost)
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
        mode = _OFF if memory[STAGE_MS] < 0.0 else mode
    limited = _within_limits(settings, wanted, low, high, inputs)
    if alone and not expired:
        limited, accel = _slowed(settings, memory, limited, accel, low)
    if not inputs & _ESTOP or (order[SESSION_OPEN] < 0.5 and memory[ARMED] < 0.5):
        mode = _OFF
    _drive(settings, memory, drive, mode, limited, accel, torque, rate, readings[BUS_V])
    _watch_runaway(memory, readings, drive, expired, alone, mode, high)
    _watch_drive(memory, readings, drive, rate)
    if expired and memory[OVERLOAD_MS] > OVERLOAD_TRIP_MS:
        arrived = memory[RETURN_STAGE] == 3.0 and low < settings[UPRIGHT_DEG] + NEAR_UPRIGHT_DEG
        _pause(memory, drive)  # something is in the way: let go of it, and try again
        if arrived:  # it is the mechanical stop: an angle that reads too high, and no switch, asked for more
            memory[RETURN_STAGE], memory[STAGE_MS] = 4.0, 0.0
    memory[BLIND_DEG] += memory[RAMP_DPS] * MS_S
    status = _RETURNING if expired and memory[RETURN_STAGE] < 4.0 else 0
    status |= _EXPIRED if silent else 0  # also before the first motion: the host must not begin unheard
    status |= _LIMITED if mode == _MOVE and limited != wanted else 0
    status |= _TORQUE_ON if drive[TORQUE_ENABLE] > 0.5 else 0
    status |= _BRAKE_CLOSED if memory[CLOSED_MS] > BRAKE_HOLDS_MS else 0
    memory[STATUS] = float(status)
    # The switch, or two angles: where a coupling broke, the motor's is upright without the table.
    by_two = memory[TWO_ANGLES] > 0.5 and high < settings[UPRIGHT_DEG] + ARMED_AWAY_DEG
    upright = by_two or _switch_says_upright(settings, memory, low, high, inputs)
    memory[BUZZER] = 1.0 if expired and not upright else 0.0


@jit
def _watch_motor(settings: Floats, memory: Floats, readings: Floats, drive: Floats) -> None:
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
def _watch_sensors(memory: Floats, readings: Floats, lost: int) -> None:
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
        memory[TABLE_RATE_DPS] += error * 0.25 / (TABLE_FILTER_MS * TABLE_FILTER_MS * MS_S)
    encoder_rate, table_rate, motor_rate = readings[ENCODER_RATE_DPS], memory[TABLE_RATE_DPS], memory[MOTOR_RATE_DPS]
    # Two against one; with the motor's leads swapped it is the motor that stands alone. NaN: False.
    off = abs(encoder_rate - motor_rate) > MISMATCH_DPS and abs(table_rate - motor_rate) < abs(
        table_rate - encoder_rate
    )
    if lost & _INCLINOMETER_LOST or math.isnan(table_rate):
        # One against one: an encoder that moves may be the only one to see a drive that turns the wrong way.
        off = abs(encoder_rate) < ENCODER_STANDS_DPS and abs(motor_rate) > MISMATCH_DPS
    memory[MISMATCH_MS] = memory[MISMATCH_MS] + 1.0 if off else 0.0
    if memory[MISMATCH_MS] > MISMATCH_LOST_MS:
        memory[ENCODER_LOST] = 1.0
    if memory[CLEAR_FAULTS] > 0.5:
        memory[ENCODER_LOST] = memory[CLEAR_FAULTS] = 0.0


@jit
def _watch_circuit(settings: Floats, memory: Floats, readings: Floats, drive: Floats, lost: int) -> None:
    """Find a drive that pushes where it was not told to, before the table is fast: often before the brake is open.

    A motor turns no faster in the direction of its current than its voltage less what its resistance takes. One that
    does has another voltage than it was given. That is true at the current limit too, where chopping leaves less of the
    voltage. Until the brake opens the table stands; later the encoder tells, unless it jumped away from what both said.
    """
    encoder_lost = memory[ENCODER_LOST] > 0.5 or lost & _ENCODER_LOST != 0
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
def _rate(memory: Floats, readings: Floats, lost: int) -> float:
    """The rate to control by. Not one that the host found lost; NaN without any.

    The encoder, as far as the motor bears it out, so that one that jumps or lies does not make the drive jump; else the
    motor's own; else, where that says nothing either, the inclinometer's.
    """
    motor = memory[MOTOR_RATE_DPS]
    if memory[ENCODER_LOST] < 0.5 and not lost & _ENCODER_LOST and not math.isnan(readings[ENCODER_RATE_DPS]):
        encoder = float(readings[ENCODER_RATE_DPS])
        if math.isnan(motor):
            return encoder
        beside = MOTOR_TRUST_DPS + MOTOR_TRUST_SHARE * abs(motor)
        return float(min(max(encoder, motor - beside), motor + beside))
    if not math.isnan(motor):
        return float(motor)
    return math.nan if lost & _INCLINOMETER_LOST else float(memory[TABLE_RATE_DPS])


@jit
def _watch_leaps(memory: Floats, readings: Floats, alone: bool) -> None:
    """While the board acts alone nobody else sees an angle that leaps as no table does: it counts no more meanwhile."""
    for index, value in enumerate((readings[ENCODER_DEG], readings[INCLINOMETER_DEG])):
        leapt = alone and abs(value - memory[BEFORE_DEG + index]) > LEAP_DEG  # NaN: False
        memory[LEAPT + index] = 1.0 if leapt or (alone and memory[LEAPT + index] > 0.5) else 0.0
        memory[BEFORE_DEG + index] = value


@jit
def _watch_at_rest(memory: Floats, readings: Floats, alone: bool, lost: int) -> None:
    """While the board acts alone: an encoder that turns where the table stands lies, and so it did under way.

    What it made of the drive does not count either.
    """
    at_rest = memory[CLOSED_MS] > BRAKE_HOLDS_MS and abs(memory[TABLE_RATE_DPS]) < STILL_DPS  # NaN: False
    at_rest = at_rest and not lost & _INCLINOMETER_LOST and memory[LEAPT + 1] < 0.5
    turns = alone and at_rest and abs(readings[ENCODER_RATE_DPS]) > STILL_DPS
    memory[STANDS_MS] = memory[STANDS_MS] + 1.0 if turns else 0.0
    if memory[STANDS_MS] > STANDS_LOST_MS and memory[ENCODER_LOST] < 0.5:
        memory[ENCODER_LOST] = 1.0
        memory[RUNAWAYS] = 0.0


@jit
def _angles(memory: Floats, readings: Floats, lost: int) -> tuple[float, float]:
    """The lower and the higher of the angles that are there and not lost; NaN without any."""
    encoder_lost = memory[ENCODER_LOST] > 0.5 or memory[LEAPT] > 0.5 or lost & _ENCODER_LOST != 0
    encoder = math.nan if encoder_lost else readings[ENCODER_DEG]
    inclinometer_lost = memory[LEAPT + 1] > 0.5 or lost & _INCLINOMETER_LOST != 0
    inclinometer = math.nan if inclinometer_lost else readings[INCLINOMETER_DEG]
    memory[TWO_ANGLES] = 0.0 if math.isnan(encoder) or math.isnan(inclinometer) else 1.0
    if math.isnan(encoder):
        encoder = inclinometer
    if math.isnan(inclinometer):
        inclinometer = encoder
    if not math.isnan(encoder):
        memory[BLIND_DEG] = encoder
    return min(encoder, inclinometer), max(encoder, inclinometer)


@jit
def _arm(settings: Floats, memory: Floats, order: Floats, low: float) -> None:
    """From the first motion on, or away from upright, silence means that the rider must come upright."""
    moved = order[MODE] == _MOVE and order[SESSION_OPEN] > 0.5
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
        return _OFF, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
    if memory[RETURN_STAGE] == 0.0:
        memory[STAGE_MS] = min(memory[STAGE_MS], 0.0)
        if memory[STAGE_MS] < 0.0:
            return _OFF, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
        memory[RETURN_STAGE] = 1.0
    angle = memory[BLIND_DEG] if math.isnan(low) else low
    if memory[RETURN_STAGE] == 1.0:
        if angle > 0.3 and memory[STAGE_MS] < OWN_LONGEST_MS:
            return _MOVE, -_approach(angle, settings[MAX_RATE_DPS]), OWN_ACCEL_DPS2, OWN_TORQUE
        was_inverted = high > -10.0 and memory[STAGE_MS] > 100.0
        memory[RETURN_STAGE], memory[STAGE_MS] = (2.0 if was_inverted else 3.0), 0.0
    if memory[RETURN_STAGE] == 2.0:
        if memory[STAGE_MS] < OWN_FLAT_MS:
            return 1, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE
        memory[RETURN_STAGE], memory[STAGE_MS] = 3.0, 0.0
    switch = _switch_says_upright(settings, memory, low, high, inputs)
    togo = high - settings[UPRIGHT_DEG]  # one of them may be wrong: slowly on until both are upright, or the switch is
    if memory[RETURN_STAGE] == 3.0 and not switch and memory[STAGE_MS] < OWN_LONGEST_MS:
        if math.isnan(low):
            return _MOVE, -OWN_BLIND_DPS, OWN_ACCEL_DPS2, OWN_TORQUE
        if togo > 0.3:
            return _MOVE, -_approach(togo, OWN_UPRIGHT_DPS), OWN_ACCEL_DPS2, OWN_TORQUE
        if memory[TWO_ANGLES] < 0.5:  # one alone may be the wrong one: on to the switch, or to the stop behind it
            return _MOVE, -OWN_BLIND_DPS, OWN_ACCEL_DPS2, OWN_TORQUE
    memory[RETURN_STAGE] = 4.0
    return 1, 0.0, OWN_ACCEL_DPS2, OWN_TORQUE


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
    return min(max(math.sqrt(2.0 * 4.0 * max(togo_deg, 0.0)), 0.5), most_dps)


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


@jit
def _drive(
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
    if mode == _OFF:
        _stand(memory, drive)
        return
    if mode != _MOVE:
        wanted = 0.0
        stopped = memory[RAMP_DPS] == 0.0
        memory[STOPPED_MS] = memory[STOPPED_MS] + 1.0 if stopped else 0.0
        memory[STILL_MS] = memory[STILL_MS] + 1.0 if stopped and not abs(rate) > STILL_DPS else 0.0
        settled = memory[STILL_MS] > SETTLED_MS or memory[STOPPED_MS] > STOPPED_MOST_MS
        if drive[BRAKE_RELEASE] < 0.5 or settled:
            _stand(memory, drive, keep_torque=memory[CLOSED_MS] < BRAKE_HOLDS_MS and drive[TORQUE_ENABLE] > 0.5)
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
def _watch_runaway(
    memory: Floats, readings: Floats, drive: Floats, expired: bool, alone: bool, mode: int, high: float
) -> None:
    """With its host silent nobody else sees a drive that does not obey: cut its torque."""
    if not alone:
        memory[RUNAWAY_MS] = 0.0
        memory[RUNAWAYS] = 0.0 if mode == _MOVE else memory[RUNAWAYS]
        return
    encoder = math.nan if memory[ENCODER_LOST] > 0.5 else readings[ENCODER_RATE_DPS]
    faster = expired and _runs_ahead(encoder, memory[TABLE_RATE_DPS], memory[RAMP_DPS], high)
    astray = faster or (expired and _turns_back(memory, encoder))
    counts = 1.0 if astray else RUNAWAY_TRIP_MS / SLIPS_TRIP_MS if expired and _slips_back(memory, encoder) else 0.0
    memory[RUNAWAY_MS] = memory[RUNAWAY_MS] + counts if counts > 0.0 and drive[TORQUE_ENABLE] > 0.5 else 0.0
    late = memory[RUNAWAY_MS] > (FASTER_TRIP_MS if faster else RUNAWAY_TRIP_MS)
    if late or memory[DISOBEYS_MS] > DISOBEYS_TRIP_MS:
        memory[RUNAWAYS] += 1.0
        memory[RUNAWAY_MS] = memory[DISOBEYS_MS] = 0.0
        _pause(memory, drive)


@jit
def _turns_back(memory: Floats, encoder_dps: float) -> bool:
    """Turning toward inversion in a return. One that stands alone against two lies; one against one is believed.

    A motor with next to no current has nothing to say: the encoder then has the vote of one that bore it out before.
    """
    turning, other, motor_dps = 0, 0, memory[MOTOR_RATE_DPS]
    if math.isnan(motor_dps) and memory[BORNE_OUT_MS] < BORNE_OUT_LONGEST_MS:
        motor_dps = encoder_dps
    for witness in (encoder_dps, memory[TABLE_RATE_DPS], motor_dps):
        turning += 1 if witness > RUNAWAY_DPS else 0  # NaN: neither
        other += 1 if witness <= RUNAWAY_DPS else 0
    return bool(turning > 0 and other < 2 and memory[RAMP_DPS] < RUNAWAY_DPS / 2.0)


@jit
def _slips_back(memory: Floats, encoder_dps: float) -> bool:
    """Turning slowly toward inversion, by all that measure it, while the return is under way upright."""
    table_dps = memory[TABLE_RATE_DPS]
    least_dps = table_dps if math.isnan(encoder_dps) or table_dps < encoder_dps else encoder_dps
    return bool(least_dps > SLIPS_DPS and memory[RAMP_DPS] < -UNDER_WAY_DPS)  # NaN: False


@jit
def _runs_ahead(encoder_dps: float, table_dps: float, ramp_dps: float, high_deg: float) -> bool:
    """Turning faster toward upright than the ramp: by the encoder, borne out by the inclinometer, or far faster by one.

    The motor's own rate is no witness here: it is made from the duty that a drive which disobeys ignores.
    """
    ahead_dps = min(ramp_dps, 0.0 if high_deg > 0.0 else -OWN_UPRIGHT_DPS)
    if math.isnan(encoder_dps) or math.isnan(table_dps):
        alone_dps = table_dps if math.isnan(encoder_dps) else encoder_dps
        return bool(alone_dps < ahead_dps - RUNAWAY_DPS)
    most_dps = ahead_dps - (RUNAWAY_DPS if high_deg > 0.0 else FASTER_DPS)
    return bool(encoder_dps < most_dps and table_dps < ramp_dps - BORNE_OUT_DPS)


@jit
def _pause(memory: Floats, drive: Floats) -> None:
    """Break a return by itself off: it begins anew after a pause on the brake."""
    memory[RETURN_STAGE], memory[STAGE_MS] = 0.0, -OWN_PAUSE_MS
    _stand(memory, drive)


@jit
def _stand(memory: Floats, drive: Floats, keep_torque: bool = False) -> None:
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
def _watch_drive(memory: Floats, readings: Floats, drive: Floats, rate: float) -> None:
    """The drive's own fault flags."""
    at_limit = abs(readings[CURRENT_A]) > AT_LIMIT * drive[CURRENT_LIMIT_A] and drive[TORQUE_ENABLE] > 0.5
    behind = not abs(rate - memory[RAMP_DPS]) < max(0.5 * abs(memory[RAMP_DPS]), STILL_DPS)
    memory[OVERLOAD_MS] = memory[OVERLOAD_MS] + 1.0 if at_limit and behind else 0.0
    slips = memory[CLOSED_MS] > BRAKE_HOLDS_MS and abs(rate) > 1.0
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
