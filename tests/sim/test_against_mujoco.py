"""The physics against an independent engine: the same table and rider, built in MJCF from the same parameters."""

import math
from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from sim import plant
from sim.parameters import BodyParameters, TableParameters
from sim.plant import Floats
from sim.rider import Rider, Sex

DURATION_S = 60
SAMPLE_MS = 100
RIDERS = [
    Rider(sex=Sex.FEMALE, mass_kg=40.0, height_m=1.47),
    Rider(sex=Sex.FEMALE, mass_kg=62.0, height_m=1.68),
    Rider(sex=Sex.MALE, mass_kg=75.0, height_m=1.75),
    Rider(sex=Sex.MALE, mass_kg=100.0, height_m=1.85),
    Rider(sex=Sex.MALE, mass_kg=136.0, height_m=1.98),
]
IDLE = np.zeros(4)


def mjcf(table: TableParameters, rider: Rider, rotor_kgm2: float, damping: float) -> str:
    """One hinge across the table (x toward the head, z up at horizontal), a frame and a rider rigid on it."""
    body, frame = rider.body(), table.body
    pivot_m = frame.pivot_height_fraction * rider.height_m - frame.pivot_setting_error_mm / 1e3
    com_m, above_m = body.com_above_soles_m - pivot_m, frame.com_above_pivot_mm / 1e3
    inertia, frame_inertia = body.inertia_kgm2, frame.moving_inertia_kgm2
    return f"""
    <mujoco>
      <option timestep="0.001" integrator="RK4" gravity="0 0 -{plant.GRAVITY_MPS2}">
        <flag contact="disable"/>
      </option>
      <worldbody>
        <body>
          <joint name="pivot" type="hinge" axis="0 1 0" armature="{rotor_kgm2}" damping="{damping}" limited="false"/>
          <inertial pos="0 0 0" mass="{frame.moving_mass_kg}"
                    diaginertia="{frame_inertia} {frame_inertia} {frame_inertia}"/>
          <body>
            <inertial pos="{com_m!r} 0 {above_m!r}" mass="{body.mass_kg}"
                      diaginertia="{inertia!r} {inertia!r} {inertia!r}"/>
          </body>
        </body>
      </worldbody>
    </mujoco>"""


def swing_in_mujoco(model: str, angle_deg: float, torque_nm: Callable[[float], float]) -> Floats:
    """Angles in degrees, one each SAMPLE_MS; the torque is constant over a sample."""
    compiled = mujoco.MjModel.from_xml_string(model)
    data = mujoco.MjData(compiled)
    data.qpos[0] = math.radians(angle_deg)
    angles = []
    for sample in range(DURATION_S * 1000 // SAMPLE_MS):
        data.qfrc_applied[0] = torque_nm(sample * SAMPLE_MS / 1e3)
        mujoco.mj_step(compiled, data, nstep=SAMPLE_MS)
        angles.append(math.degrees(data.qpos[0]))
    return np.array(angles)


def swing_here(p: Floats, angle_deg: float, torque_nm: Callable[[float], float]) -> Floats:
    state = plant.make_state(p, angle_deg)
    angles = []
    for sample in range(DURATION_S * 1000 // SAMPLE_MS):
        p[plant.RIDER_TORQUE_NM] = torque_nm(sample * SAMPLE_MS / 1e3)
        plant.advance_ms(state, p, IDLE, SAMPLE_MS)
        angles.append(math.degrees(state[plant.ANGLE_RAD]))
    return np.array(angles)


def without_friction(p: Floats) -> Floats:
    p[[plant.BEARING_COULOMB_NM, plant.BEARING_VISCOUS, plant.BRAKE_NM]] = 0.0
    p[[plant.MOTOR_COULOMB_NM, plant.MOTOR_VISCOUS, plant.FORWARD_LOSS, plant.BACKWARD_LOSS]] = 0.0
    p[plant.LOWER_STOP_RAD], p[plant.UPPER_STOP_RAD] = -math.inf, math.inf
    return p


@pytest.mark.parametrize("rider", RIDERS, ids=lambda rider: f"{rider.mass_kg:g}kg")
@pytest.mark.parametrize("above_mm", [0.0, 120.0])
def test_free_swing(rider: Rider, above_mm: float) -> None:
    """Coupling broken, no friction, from 60 degrees: some 150 degrees either side of hanging at rest."""
    table = TableParameters(body=BodyParameters(com_above_pivot_mm=above_mm))
    p = without_friction(plant.make_parameters(table, rider))
    p[plant.GEAR_LIMIT_NM] = 0.0
    theirs = swing_in_mujoco(mjcf(table, rider, 0.0, 0.0), 60.0, lambda _: 0.0)
    ours = swing_here(p, 60.0, lambda _: 0.0)
    assert np.ptp(ours) > 150.0
    assert np.abs(ours - theirs).max() < 0.1


@pytest.mark.parametrize("rider", RIDERS, ids=lambda rider: f"{rider.mass_kg:g}kg")
def test_driven_by_a_torque_profile(rider: Rider) -> None:
    """Rotor coupled, viscous bearings, a centre of mass off the axis both ways; torque swells and changes sign."""
    table = TableParameters(body=BodyParameters(pivot_setting_error_mm=30.0, com_above_pivot_mm=40.0))
    p = without_friction(plant.make_parameters(table, rider))
    p[plant.BEARING_VISCOUS] = 3.0

    def torque_nm(t_s: float) -> float:
        return 80.0 * math.sin(0.7 * t_s) + 40.0 * math.sin(0.19 * t_s * t_s / 10.0)

    theirs = swing_in_mujoco(mjcf(table, rider, table.reflected_inertia_kgm2, 3.0), -30.0, torque_nm)
    ours = swing_here(p, -30.0, torque_nm)
    assert np.ptp(ours) > 20.0
    assert np.abs(ours - theirs).max() < 0.1
