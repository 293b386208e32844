"""The table board as the judge of its own drive, while no host is heard: one that does not obey has its torque cut."""

import math
from typing import Final

from sim.board_drive import MOVE, stand
from sim.board_memory import (
    BORNE_OUT_LONGEST_MS,
    BORNE_OUT_MS,
    DISOBEYS_MS,
    ENCODER_LOST,
    MOTOR_RATE_DPS,
    RAMP_DPS,
    RETURN_STAGE,
    RUNAWAY_MS,
    RUNAWAYS,
    STAGE_MS,
    TABLE_RATE_DPS,
    Floats,
)
from sim.board_senses import RUNAWAY_DPS, UNDER_WAY_DPS
from sim.jit import jit
from sim.layout import ENCODER_RATE_DPS, TORQUE_ENABLE

OWN_UPRIGHT_DPS: Final = 2.0
OWN_PAUSE_MS: Final = 2000.0
"""After the emergency-stop chain closed again under a dead host, and after a try that was broken off."""
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
DISOBEYS_TRIP_MS: Final = 20.0
"""Windings and filters have settled by then, and the brake has yet to open. The voltage is read every 10 ms."""


@jit
def watch_runaway(
    memory: Floats, readings: Floats, drive: Floats, expired: bool, alone: bool, mode: int, high: float
) -> None:
    """With its host silent nobody else sees a drive that does not obey: cut its torque."""
    if not alone:
        memory[RUNAWAY_MS] = 0.0
        memory[RUNAWAYS] = 0.0 if mode == MOVE else memory[RUNAWAYS]
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
        pause_return(memory, drive)


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
def pause_return(memory: Floats, drive: Floats) -> None:
    """Break a return by itself off: it begins anew after a pause on the brake."""
    memory[RETURN_STAGE], memory[STAGE_MS] = 0.0, -OWN_PAUSE_MS
    stand(memory, drive)
