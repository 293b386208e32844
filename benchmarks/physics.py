"""Our physics against MuJoCo stepping the same one-joint model, in the same process, with the same step.

MuJoCo gets the easier task: a bare hinge with the same inertia and imbalance, no friction, no constraint, its fastest
integrator, stepped in C by ``nstep``. Ours does all that it does in a session: motor, gear, dry friction, brake, supply
and heat. The two take turns, so that whatever else the machine does hits both; the best turn of each counts.
"""

import math
from collections.abc import Callable
from time import perf_counter
from typing import Final

import mujoco
import numpy as np

from benchmarks.figure import Comparison, Figure
from safety.signals import CommandMode
from sim import board_memory, plant
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BRAKE_RELEASE,
    CURRENT_LIMIT_A,
    DUTY,
    MODE,
    RATE_DPS,
    SESSION_OPEN,
    TORQUE_ENABLE,
    TORQUE_FRACTION,
)
from sim.parameters import TableParameters
from sim.rider import Rider, Sex
from sim.table import SimulatedTable

RIDER: Final = Rider(sex=Sex.MALE, mass_kg=75.0, height_m=1.75)
FASTER_TARGET: Final = 5.0
START_DEG: Final = -60.0
TICK_MS: Final = 10


def measure(short: bool) -> list[Figure]:
    """Figures for the bench table."""
    figures = compare(turns=3 if short else 15)
    note = f"best of {int(figures['turns'])} turns of 1 s, {plant.STEP_S * 1e3:g} ms steps"
    return [
        Figure(
            "physics, times faster than MuJoCo", figures["times_faster"], "x", FASTER_TARGET, Comparison.AT_LEAST, note
        ),
        Figure("physics, 10 ms", figures["ours_us_per_tick"], "us", None, note=note),
        Figure(
            "MuJoCo, 10 ms", figures["mujoco_us_per_tick"], "us", None, note="bare hinge, Euler, mj_step with nstep"
        ),
        Figure(
            "physics, sensors and firmware, 10 ms", figures["table_us_per_tick"], "us", None, note="one call each 10 ms"
        ),
    ]


def compare(turns: int) -> dict[str, float]:
    """Time of one simulated second, best of ``turns``, as microseconds per 10 ms tick; and the ratio."""
    ours, theirs, whole = _ours(), _mujoco(), _whole_table()
    ours(), theirs(), whole()  # compiles, and warms up
    best = [math.inf, math.inf, math.inf]
    for _ in range(turns):
        for index, run in enumerate((ours, theirs, whole)):
            begin_s = perf_counter()
            run()
            best[index] = min(best[index], perf_counter() - begin_s)
    per_tick = [seconds * 1e6 * TICK_MS / 1000.0 for seconds in best]
    return {
        "turns": float(turns),
        "ours_us_per_tick": per_tick[0],
        "mujoco_us_per_tick": per_tick[1],
        "table_us_per_tick": per_tick[2],
        "times_faster": per_tick[1] / per_tick[0],
    }


def _ours() -> Callable[[], None]:
    """One simulated second of the driven table, from the same start each time."""
    p = plant.make_parameters(TableParameters(), RIDER)
    start = plant.make_state(p, START_DEG)
    start[plant.BRAKE_CLOSED] = 0.0
    state, drive = start.copy(), _drive()

    def run() -> None:
        state[:] = start
        plant.advance_ms(state, p, drive, 1000)

    return run


def _whole_table() -> Callable[[], None]:
    """A second of ``SimulatedTable`` under orders: sensors, firmware, statistics and trace included."""
    parameters = TableParameters()
    settings = board_memory.make_settings(parameters, -75.0, 60.0, 8.0, 0.25)
    table = SimulatedTable(parameters, RIDER, 1, settings, board_memory.make_memory(-75.0), trace_s=60.0)
    table.order[[MODE, RATE_DPS, ACCEL_DPS2, TORQUE_FRACTION, SESSION_OPEN]] = CommandMode.MOVE, 3.0, 8.0, 1.0, 1.0
    start = table.state.copy()

    def run() -> None:
        table.state[:] = start
        for _ in range(1000 // TICK_MS):
            table.order[AGE_S] = 0.0
            table.advance_ms(TICK_MS)

    return run


def _drive() -> plant.Floats:
    drive = np.zeros(4)
    drive[[DUTY, TORQUE_ENABLE, BRAKE_RELEASE, CURRENT_LIMIT_A]] = 0.4, 1.0, 1.0, 6.0
    return drive


def _mujoco() -> Callable[[], None]:
    """One simulated second of a bare hinge with the inertia and imbalance of table and rider."""
    p = plant.make_parameters(TableParameters(), RIDER)
    state = plant.make_state(p, START_DEG)
    mass_kg, com_m = p[plant.RIDER_MASS_KG], p[plant.RIDER_COM_M]
    inertia = state[plant.INERTIA_KGM2] - mass_kg * com_m**2
    model = mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <option timestep="{plant.STEP_S}" gravity="0 0 -{plant.GRAVITY_MPS2}"><flag contact="disable"/></option>
          <worldbody>
            <body>
              <joint type="hinge" axis="0 1 0" armature="{p[plant.ROTOR_INERTIA_KGM2]}"/>
              <inertial pos="{com_m} 0 0" mass="{mass_kg}" diaginertia="{inertia} {inertia} {inertia}"/>
            </body>
          </worldbody>
        </mujoco>"""
    )
    data = mujoco.MjData(model)
    steps = round(1.0 / plant.STEP_S)

    def run() -> None:
        data.qpos[0], data.qvel[0] = math.radians(START_DEG), 0.0
        mujoco.mj_step(model, data, nstep=steps)

    return run


def main() -> None:
    """Print the figures."""
    for name, value in compare(turns=15).items():
        print(f"{name:24} {value:10.3f}")


if __name__ == "__main__":
    main()
