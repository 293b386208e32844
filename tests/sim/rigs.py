"""Tables on which one emulated device or several hang, for tests."""

import numpy as np

from sim import motor_drive
from sim.parameters import TableParameters
from sim.rider import Rider, Sex
from sim.table import Inner, SimulatedTable

RIDER = Rider(sex=Sex.FEMALE, mass_kg=70.0, height_m=1.72)
UPRIGHT_DEG = -75.0


def driven_table(seed: int = 1, parameters: TableParameters | None = None) -> SimulatedTable:
    """A table whose motor hangs on a drive from a shop, a moment after power-up."""
    parameters = TableParameters() if parameters is None else parameters
    settings = motor_drive.make_settings(parameters, 0.0)
    memory = np.zeros(motor_drive.MEMORY_SIZE)
    table = SimulatedTable(parameters, RIDER, seed, settings=settings, memory=memory, inner=Inner.MOTOR_DRIVE)
    table.advance_ms(1)
    return table
