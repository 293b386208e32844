"""Indices of the float64 arrays that physics, sensors and the board's firmware share."""

from typing import Final

# READINGS: what the board's sensors say; NaN is absent.
ENCODER_DEG: Final = 0
INCLINOMETER_DEG: Final = 1
ENCODER_RATE_DPS: Final = 2
CURRENT_A: Final = 3
BUS_V: Final = 4
DRIVE_TEMPERATURE_C: Final = 5
MOTOR_TEMPERATURE_C: Final = 6
INPUTS: Final = 7
"""Bits of ``safety.signals.Input``, as a float."""
READINGS_SIZE: Final = 8

# DRIVE: what the firmware tells the power stage.
DUTY: Final = 0
"""-1 to 1 of the bus voltage."""
TORQUE_ENABLE: Final = 1
BRAKE_RELEASE: Final = 2
CURRENT_LIMIT_A: Final = 3
DRIVE_SIZE: Final = 4

# ORDER: the newest accepted motion order of the host.
MODE: Final = 0
"""``safety.signals.CommandMode``."""
RATE_DPS: Final = 1
ACCEL_DPS2: Final = 2
TORQUE_FRACTION: Final = 3
AGE_S: Final = 4
"""Since it was accepted."""
SESSION_OPEN: Final = 5
LOST_ANGLES: Final = 6
"""Bits of ``safety.signals.Lost``, as a float: the host's verdict, which outlives the host."""
ORDER_SIZE: Final = 7

# TRACE: what truly happened, a row each 10 ms.
TRACE_COLUMNS: Final = (
    "t_s",
    "angle_deg",
    "rate_dps",
    "accel_dps2",
    "current_a",
    "brake_closed",
    "contact_nm",
    "gear_nm",
    "encoder_deg",
    "inclinometer_deg",
    "rider_agrees",
    "ankle_latch_locked",
)
"""``accel_dps2`` is NaN where a slipping brake or a stop had a part in it; ``encoder_deg`` and ``inclinometer_deg`` are
what the sensors read; the last two are what people really do, whatever the contacts say."""
