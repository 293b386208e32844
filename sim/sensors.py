"""What the board's sensors make of the truth, once a millisecond: counts, lag, noise, contacts, and their faults.

Noise is a function of seed, millisecond and channel (a counter through the finaliser of splitmix64), so the same seed
gives the same bits whatever else is drawn, and nothing has to be drawn ahead. Four 16-bit pieces of it added up are
close enough to a normal distribution, and bounded: 3.46 standard deviations at most.

Channels are the indices of READINGS in ``sim.layout``. Faults are written in flight into the fault array, at
``fault_index(channel, fault)``.
"""

import math
from typing import Final

import numpy as np

from safety.signals import Input
from sim.jit import jit
from sim.layout import (
    BUS_V,
    CURRENT_A,
    DRIVE_TEMPERATURE_C,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INCLINOMETER_DEG,
    INPUTS,
    MOTOR_TEMPERATURE_C,
)
from sim.parameters import TableParameters
from sim.plant import ANGLE_RAD, MOTOR_ANGLE_RAD, POLARITY, STAGE_C, WINDING_C, Floats
from sim.plant import BUS_V as TRUE_BUS_V
from sim.plant import CURRENT_A as TRUE_CURRENT_A

CHANNELS: Final = 7
"""Every reading but INPUTS."""

# --- Faults of a channel, all at once if need be ---------------------------------------------------------------------
OFFSET: Final = 0
"""Added, in the channel's unit: a jump."""
DRIFT_PER_S: Final = 1
"""Added more and more. Stays added once this is back to 0; clear DRIFTED in the memory too to heal it."""
REVERSED: Final = 2
"""1: counts backward from where it was when this was set."""
NOISE: Final = 3
"""Extra standard deviation."""
STUCK: Final = 4
"""1: repeats its last value."""
DEAD: Final = 5
"""1: gives nothing (NaN)."""
FAULTS_PER_CHANNEL: Final = 6
# --- Faults of the contacts, and the people at them ------------------------------------------------------------------
FORCED_OPEN: Final = CHANNELS * FAULTS_PER_CHANNEL
"""Bits of ``Input`` whose wire is broken."""
FORCED_CLOSED: Final = FORCED_OPEN + 1
"""Bits of ``Input`` whose contact is welded; stronger than a broken wire."""
RIDER_AGREES: Final = FORCED_OPEN + 2
"""1: the rider's hand does what lets the table invert: it holds the switch, or leaves it alone, as the table says."""
ANKLE_LATCH_LOCKED: Final = FORCED_OPEN + 3
ESTOP_PRESSED: Final = FORCED_OPEN + 4
PRESS_TO_RETURN: Final = FORCED_OPEN + 5
"""1: on this table the hand switch is pressed to return; 0: it is held to run."""
RIDER_TRIES: Final = FORCED_OPEN + 6
"""1: for this moment the rider does the other thing, to see whether the switch works."""
FAULTS_SIZE: Final = FORCED_OPEN + 7

# --- Parameters ------------------------------------------------------------------------------------------------------
COUNT_DEG: Final = 0
ENCODER_ZERO_DEG: Final = 1
RATE_GAIN: Final = 2
"""Share of a new count difference in the rate's estimate, each millisecond."""
INCLINOMETER_NOISE_DEG: Final = 3
INCLINOMETER_STEP_DEG: Final = 4
INCLINOMETER_GAIN: Final = 5
INCLINOMETER_SAMPLE_MS: Final = 6
INCLINOMETER_ZERO_DEG: Final = 7
CURRENT_NOISE_A: Final = 8
CURRENT_STEP_A: Final = 9
BUS_NOISE_V: Final = 10
BUS_STEP_V: Final = 11
TEMPERATURE_STEP_C: Final = 12
UPRIGHT_SWITCH_DEG: Final = 13
INVERTED_SWITCH_DEG: Final = 14
SEED_LOW: Final = 15
SEED_HIGH: Final = 16
"""The seed's two halves of 32 bits, each exact in a float64."""
PARAMETERS_SIZE: Final = 17

# --- Memory ----------------------------------------------------------------------------------------------------------
TICK: Final = 0
"""Milliseconds since the start."""
PREVIOUS_ENCODER_DEG: Final = 1
"""NaN before the first count."""
RATE_DPS: Final = 2
LAGGED_DEG: Final = 3
"""What the inclinometer's filter holds; NaN before the first sample."""
SAMPLED_DEG: Final = 4
"""Its newest sample."""
DRIFTED: Final = 5
LAST: Final = DRIFTED + CHANNELS
"""The channels' last values, for the stuck ones."""
ANCHOR: Final = LAST + CHANNELS
"""Where a reversed channel turned; NaN while it is not."""
MEMORY_SIZE: Final = ANCHOR + CHANNELS

_MS_S: Final = 1e-3
_SLOW_MS: Final = 10
_SWITCH_HYSTERESIS_DEG: Final = 0.1
_FASTEST_RATE_DPS: Final = 200.0
"""The estimator's range: a jump of the encoder is not believed beyond it."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_PIECE: Final = np.uint64(0xFFFF)
_S16, _S27, _S30, _S31, _S32, _S48 = (np.uint64(bits) for bits in (16, 27, 30, 31, 32, 48))
_PIECES_MEAN: Final = 4 * 65535 / 2
_PIECES_SIGMA: Final = math.sqrt(4 * (65536.0**2 - 1.0) / 12.0)

# numba takes plain integers only
_HAND_NO: Final = int(Input.HAND_SWITCH_NO)
_HAND_NC: Final = int(Input.HAND_SWITCH_NC)
_LATCH_NO: Final = int(Input.ANKLE_LATCH_NO)
_LATCH_NC: Final = int(Input.ANKLE_LATCH_NC)
_ESTOP: Final = int(Input.ESTOP_CHAIN)
_UPRIGHT: Final = int(Input.UPRIGHT_SWITCH)
_INVERTED: Final = int(Input.INVERTED_SWITCH)


def fault_index(channel: int, fault: int) -> int:
    """Where a channel's fault stands in the fault array.

    Raises ``ValueError`` for a channel that is not measured or a fault that does not exist.
    """
    if not 0 <= channel < CHANNELS:
        raise ValueError(f"channel {channel} does not exist: use an index of READINGS below {CHANNELS}")
    if not 0 <= fault < FAULTS_PER_CHANNEL:
        raise ValueError(f"fault {fault} does not exist: use OFFSET to DEAD, 0 to {FAULTS_PER_CHANNEL - 1}")
    return channel * FAULTS_PER_CHANNEL + fault


def make_parameters(table: TableParameters, seed: int) -> Floats:
    """The sensors' parameter array, float64 of shape (PARAMETERS_SIZE,). ``seed``: 0 to 2**64 - 1."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed = {seed} does not fit: use 0 to 2**64 - 1")
    sensors = table.sensors
    p = np.zeros(PARAMETERS_SIZE)
    p[COUNT_DEG] = 360.0 / (sensors.encoder_counts_per_turn * table.gear.ratio)
    p[ENCODER_ZERO_DEG] = sensors.encoder_zero_offset_deg
    p[RATE_GAIN] = 1.0 - math.exp(-1.0 / sensors.encoder_rate_filter_ms)
    p[INCLINOMETER_NOISE_DEG] = sensors.inclinometer_noise_deg
    p[INCLINOMETER_STEP_DEG] = sensors.inclinometer_resolution_deg
    p[INCLINOMETER_GAIN] = 1.0 - math.exp(-1.0 / sensors.inclinometer_filter_ms)
    p[INCLINOMETER_SAMPLE_MS] = sensors.inclinometer_sample_ms
    p[INCLINOMETER_ZERO_DEG] = sensors.inclinometer_mounting_error_deg
    p[CURRENT_NOISE_A] = sensors.current_noise_a
    p[CURRENT_STEP_A] = sensors.current_resolution_a
    p[BUS_NOISE_V] = sensors.bus_noise_v
    p[BUS_STEP_V] = sensors.bus_resolution_v
    p[TEMPERATURE_STEP_C] = sensors.temperature_resolution_c
    p[UPRIGHT_SWITCH_DEG] = table.stops.upright_switch_deg
    p[INVERTED_SWITCH_DEG] = table.stops.inverted_switch_deg
    p[SEED_LOW], p[SEED_HIGH] = seed & 0xFFFFFFFF, seed >> 32
    return p


def make_memory() -> Floats:
    """The sensors' memory before the first millisecond, float64 of shape (MEMORY_SIZE,)."""
    memory = np.zeros(MEMORY_SIZE)
    memory[PREVIOUS_ENCODER_DEG] = memory[LAGGED_DEG] = math.nan
    memory[LAST : LAST + CHANNELS] = memory[ANCHOR : ANCHOR + CHANNELS] = math.nan
    return memory


def make_faults() -> Floats:
    """No fault, a latched rider holding the hand switch, nobody at the emergency stop; shape (FAULTS_SIZE,)."""
    faults = np.zeros(FAULTS_SIZE)
    faults[RIDER_AGREES] = faults[ANKLE_LATCH_LOCKED] = 1.0
    return faults


@jit
def noise(p: Floats, tick: float, channel: int) -> float:
    """Zero mean, unit variance, at most 3.46 either way; the same for the same seed, tick and channel."""
    seed = (np.uint64(p[SEED_HIGH]) << _S32) | np.uint64(p[SEED_LOW])
    bits = seed + (np.uint64(tick) * np.uint64(16) + np.uint64(channel) + np.uint64(1)) * _GOLDEN
    bits = (bits ^ (bits >> _S30)) * _MIX_1
    bits = (bits ^ (bits >> _S27)) * _MIX_2
    bits = bits ^ (bits >> _S31)
    pieces = (bits & _PIECE) + ((bits >> _S16) & _PIECE) + ((bits >> _S32) & _PIECE) + (bits >> _S48)
    return (float(pieces) - _PIECES_MEAN) / _PIECES_SIGMA


@jit
def sense_ms(
    memory: Floats, p: Floats, faults: Floats, plant: Floats, plant_parameters: Floats, readings: Floats
) -> None:
    """Read every sensor once. Writes READINGS; call it once a millisecond."""
    tick = int(memory[TICK])
    angle_deg = math.degrees(plant[ANGLE_RAD])

    counted_deg = math.degrees(plant[MOTOR_ANGLE_RAD]) + p[ENCODER_ZERO_DEG]
    encoder_deg = _faulty(memory, p, faults, ENCODER_DEG, counted_deg, 0.0, p[COUNT_DEG], _MS_S)
    readings[ENCODER_DEG] = encoder_deg
    rate_dps = _encoder_rate(memory, p, encoder_deg)
    readings[ENCODER_RATE_DPS] = _faulty(memory, p, faults, ENCODER_RATE_DPS, rate_dps, 0.0, 0.0, _MS_S)

    readings[INCLINOMETER_DEG] = _inclinometer(memory, p, faults, angle_deg, tick)

    current_a = plant[TRUE_CURRENT_A] * plant_parameters[POLARITY]
    readings[CURRENT_A] = _faulty(memory, p, faults, CURRENT_A, current_a, p[CURRENT_NOISE_A], p[CURRENT_STEP_A], _MS_S)
    if tick % _SLOW_MS == 0:
        _sense_slow(memory, p, faults, plant, readings)
    readings[INPUTS] = float(_contacts(p, faults, angle_deg, int(readings[INPUTS])))
    memory[TICK] += 1.0


@jit
def _sense_slow(memory: Floats, p: Floats, faults: Floats, plant: Floats, readings: Floats) -> None:
    """The channels that the board converts at 100 Hz."""
    period_s = _SLOW_MS * _MS_S
    readings[BUS_V] = _faulty(memory, p, faults, BUS_V, plant[TRUE_BUS_V], p[BUS_NOISE_V], p[BUS_STEP_V], period_s)
    readings[DRIVE_TEMPERATURE_C] = _faulty(
        memory, p, faults, DRIVE_TEMPERATURE_C, plant[STAGE_C], 0.0, p[TEMPERATURE_STEP_C], period_s
    )
    readings[MOTOR_TEMPERATURE_C] = _faulty(
        memory, p, faults, MOTOR_TEMPERATURE_C, plant[WINDING_C], 0.0, p[TEMPERATURE_STEP_C], period_s
    )


@jit
def _faulty(
    memory: Floats,
    p: Floats,
    faults: Floats,
    channel: int,
    value: float,
    sigma: float,
    step: float,
    period_s: float,
) -> float:
    """A channel's output: faults of the transducer, noise, then steps (0: none), then faults of the line."""
    base = channel * FAULTS_PER_CHANNEL
    if faults[base + REVERSED] > 0.5:
        if math.isnan(memory[ANCHOR + channel]):
            memory[ANCHOR + channel] = value
        value = 2.0 * memory[ANCHOR + channel] - value
    else:
        memory[ANCHOR + channel] = math.nan
    memory[DRIFTED + channel] += faults[base + DRIFT_PER_S] * period_s
    value += faults[base + OFFSET] + memory[DRIFTED + channel]
    if faults[base + NOISE] > 0.0:
        sigma = math.hypot(sigma, faults[base + NOISE])
    if sigma > 0.0:
        value += sigma * noise(p, memory[TICK], channel)
    if step > 0.0:
        value = step * float(math.floor(value / step + 0.5))
    if faults[base + STUCK] > 0.5 and not math.isnan(memory[LAST + channel]):
        value = memory[LAST + channel]
    memory[LAST + channel] = value
    return math.nan if faults[base + DEAD] > 0.5 else value


@jit
def _encoder_rate(memory: Floats, p: Floats, encoder_deg: float) -> float:
    """From count differences through a first-order filter; absent while the encoder is."""
    previous = memory[PREVIOUS_ENCODER_DEG]
    memory[PREVIOUS_ENCODER_DEG] = encoder_deg
    if math.isnan(encoder_deg):
        memory[RATE_DPS] = 0.0
        return math.nan
    if not math.isnan(previous):
        difference_dps = (encoder_deg - previous) / _MS_S
        memory[RATE_DPS] += p[RATE_GAIN] * (difference_dps - memory[RATE_DPS])
    return float(min(max(memory[RATE_DPS], -_FASTEST_RATE_DPS), _FASTEST_RATE_DPS))


@jit
def _inclinometer(memory: Floats, p: Floats, faults: Floats, angle_deg: float, tick: int) -> float:
    """A lagging, sampled angle; between samples the reading stands still."""
    lagged = memory[LAGGED_DEG]
    lagged = angle_deg if math.isnan(lagged) else lagged + p[INCLINOMETER_GAIN] * (angle_deg - lagged)
    memory[LAGGED_DEG] = lagged
    if tick % int(p[INCLINOMETER_SAMPLE_MS]) == 0:
        memory[SAMPLED_DEG] = _faulty(
            memory,
            p,
            faults,
            INCLINOMETER_DEG,
            lagged + p[INCLINOMETER_ZERO_DEG],
            p[INCLINOMETER_NOISE_DEG],
            p[INCLINOMETER_STEP_DEG],
            p[INCLINOMETER_SAMPLE_MS] * _MS_S,
        )
    return float(memory[SAMPLED_DEG])


@jit
def _contacts(p: Floats, faults: Floats, angle_deg: float, before: int) -> int:
    """Bits of ``Input``; ``before`` keeps the limit switches from chattering."""
    other_way = (faults[PRESS_TO_RETURN] > 0.5) != (faults[RIDER_TRIES] > 0.5)
    bits = _HAND_NO if (faults[RIDER_AGREES] > 0.5) != other_way else _HAND_NC
    bits |= _LATCH_NO if faults[ANKLE_LATCH_LOCKED] > 0.5 else _LATCH_NC
    if faults[ESTOP_PRESSED] < 0.5:
        bits |= _ESTOP
    upright_slack = _SWITCH_HYSTERESIS_DEG if before & _UPRIGHT else 0.0
    if angle_deg <= p[UPRIGHT_SWITCH_DEG] + upright_slack:
        bits |= _UPRIGHT
    inverted_slack = _SWITCH_HYSTERESIS_DEG if before & _INVERTED else 0.0
    if angle_deg >= p[INVERTED_SWITCH_DEG] - inverted_slack:
        bits |= _INVERTED
    # A contact that is welded says nothing through a wire that is broken.
    return (bits | int(faults[FORCED_CLOSED])) & ~int(faults[FORCED_OPEN])
