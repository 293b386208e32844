"""What the simulated table is made of: the ``[physics]`` section of a table file, with its defaults.

The default actuator is sized backwards from the worst rider the table is rated for (136 kg), taken 100 mm head-heavy
with the arms overhead, 133 N m at horizontal, and a pivot that is set 50 mm wrong on top, about 200 N m:

- *Speed.* The emergency return needs 8 deg/s. The gear ratio puts the motor's no-load speed at 24 V just below 10
  deg/s, so that even a drive that runs away on full voltage stays near the rate above which head movements disorient;
  8 deg/s under 200 N m then takes about 22 V with a warm winding, which the supply still gives.
- *Torque.* A worm drive of 45 % efficiency locks itself (anything below 50 % does): the load alone cannot turn it, so
  a brake that fails to hold does not drop the rider. Lifting 200 N m through it takes about 3.6 A; the motor's rated
  6 A leaves reserve for acceleration, friction and cold grease.
- *Deceleration.* The rotor's inertia, seen through the gear as 1060 kg m2, dwarfs the rider's 20 to 40. To brake all
  of it at 8 to 12 deg/s2 takes 230 N m at the table, 1.7 A; friction helps. The same inertia keeps a cut of the
  torque under the heaviest load below the 30 deg/s2 that would tip a rider, until the brake closes.
- *Pivot.* Set at 0.60 of the rider's height, 0.045 beyond the centre of mass: raising both arms moves the centre of
  mass by 0.033, so the rider stays foot-heavy in every posture. The price is a standing load of about 60 N m for 75
  kg.
- *Brake.* On the table's own axis, so that it holds whatever breaks in the gear: 400 N m, twice the worst load.

Figures that no source in ``docs/`` gives are common values of catalogue parts of that size.
"""

import math
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

HIGHEST_UPRIGHT_DEG: Final = -45.0
"""No table's upright end lies above this: ``safety.limits`` lets none be called upright beyond it."""


def _range(lowest: float, highest: float) -> Any:
    """A finite number within [lowest, highest]."""
    return Field(ge=lowest, le=highest, allow_inf_nan=False)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BodyParameters(_Section):
    """The moving frame and where the rider lies on it."""

    moving_mass_kg: Annotated[float, _range(15.0, 25.0)] = 20.0
    moving_inertia_kgm2: Annotated[float, _range(5.0, 7.0)] = 6.0
    """About the pivot."""
    moving_com_offset_mm: Annotated[float, _range(-100.0, 100.0)] = 0.0
    """Centre of mass of the empty frame, from the pivot toward the head."""
    pivot_height_fraction: Annotated[float, _range(0.50, 0.65)] = 0.60
    """Distance of the pivot from the soles over the rider's height: what the height scale on the table sets."""
    pivot_setting_error_mm: Annotated[float, _range(-300.0, 300.0)] = 0.0
    """Positive: the pivot is too near the feet, which makes the rider head-heavier. 25 to 50 mm is normal."""
    com_above_pivot_mm: Annotated[float, _range(-150.0, 150.0)] = 0.0
    """The rider's centre of mass above the pivot's axis, square to the table. The reference table's axis runs through
    the middle of the body, so that inverting is not helped by a rider lying high above it."""
    bearing_coulomb_nm: Annotated[float, _range(0.0, 20.0)] = 2.0
    bearing_viscous_nms_per_rad: Annotated[float, _range(0.0, 20.0)] = 1.0


class StopParameters(_Section):
    """Where the travel ends, and the contacts that say so."""

    boarding_deg: Annotated[float, _range(-85.0, HIGHEST_UPRIGHT_DEG)] = -75.0
    """Where the table stands when the simulation begins."""
    upright_switch_deg: Annotated[float, _range(-85.0, HIGHEST_UPRIGHT_DEG)] = -74.5
    """The upright switch is closed at and below this angle."""
    inverted_switch_deg: Annotated[float, _range(10.0, 95.0)] = 91.0
    """The inverted switch is closed at and above this angle, and cuts torque toward inversion."""
    upright_stop_deg: Annotated[float, _range(-90.0, HIGHEST_UPRIGHT_DEG)] = -79.0
    inverted_stop_deg: Annotated[float, _range(10.0, 100.0)] = 94.0
    stiffness_nm_per_rad: Annotated[float, _range(1e3, 2e5)] = 5e4
    damping_nms_per_rad: Annotated[float, _range(0.0, 2e3)] = 900.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.upright_stop_deg < self.boarding_deg <= self.upright_switch_deg:
            raise ValueError(
                f"the upright end must be in order stop < boarding <= switch, got {self.upright_stop_deg:g}, "
                f"{self.boarding_deg:g}, {self.upright_switch_deg:g} deg"
            )
        if not self.inverted_switch_deg < self.inverted_stop_deg:
            raise ValueError(
                f"inverted_switch_deg = {self.inverted_switch_deg:g} must lie below "
                f"inverted_stop_deg = {self.inverted_stop_deg:g}"
            )
        return self


class MotorParameters(_Section):
    """A brushed direct-current motor of about 150 W."""

    resistance_ohm: Annotated[float, _range(0.05, 10.0)] = 0.5
    """At 20 degC; copper gains 0.39 % a kelvin."""
    inductance_mh: Annotated[float, _range(0.05, 10.0)] = 0.5
    torque_constant_nm_per_a: Annotated[float, _range(0.01, 0.5)] = 0.06
    """Also the back-EMF constant, in V s/rad."""
    rotor_inertia_kgm2: Annotated[float, _range(1e-5, 1e-2)] = 2e-4
    rated_current_a: Annotated[float, _range(1.0, 50.0)] = 6.0
    coulomb_nm: Annotated[float, _range(0.0, 0.2)] = 0.02
    """Load-independent dry friction of motor and gear, at the motor's shaft."""
    static_friction_ratio: Annotated[float, _range(1.0, 2.0)] = 1.3
    """Friction at standstill over sliding friction, for the dry and for the load-dependent part."""
    stribeck_rad_s: Annotated[float, _range(0.1, 100.0)] = 8.0
    """Motor speed at which half of the extra standstill friction is gone."""
    viscous_nms_per_rad: Annotated[float, _range(0.0, 1e-3)] = 2e-5


class GearParameters(_Section):
    """The whole train from motor to table."""

    ratio: Annotated[float, _range(100.0, 10000.0)] = 2300.0
    efficiency: Annotated[float, _range(0.2, 0.98)] = 0.45
    """Motor driving the load. Loss torque is (1/efficiency - 1) of the transmitted torque."""
    back_drive_efficiency: Annotated[float, _range(-2.0, 0.98)] | None = None
    """Load driving the motor; zero or less locks itself. Absent: the same loss as forward, 2 - 1/efficiency."""

    @property
    def forward_loss(self) -> float:
        """Loss torque over transmitted torque while the motor drives."""
        return 1.0 / self.efficiency - 1.0

    @property
    def backward_loss(self) -> float:
        """Loss torque over transmitted torque while the load drives."""
        return self.forward_loss if self.back_drive_efficiency is None else 1.0 - self.back_drive_efficiency

    @property
    def self_locking(self) -> bool:
        """Whether no load can turn the motor, however large."""
        return self.backward_loss >= 1.0


class BrakeParameters(_Section):
    """A spring-applied brake on the table's axis: no current, no motion."""

    holding_torque_nm: Annotated[float, _range(50.0, 2000.0)] = 400.0
    close_delay_ms: Annotated[float, _range(0.0, 200.0)] = 50.0
    open_delay_ms: Annotated[float, _range(0.0, 200.0)] = 60.0
    release_voltage_v: Annotated[float, _range(1.0, 48.0)] = 12.0
    """Below this bus voltage the springs win."""


class ThermalParameters(_Section):
    """Winding to housing to ambient, and the power stage on its heat sink."""

    ambient_c: Annotated[float, _range(-10.0, 60.0)] = 22.0
    winding_to_housing_k_per_w: Annotated[float, _range(0.05, 20.0)] = 1.5
    winding_capacity_j_per_k: Annotated[float, _range(1.0, 5000.0)] = 40.0
    housing_to_ambient_k_per_w: Annotated[float, _range(0.05, 20.0)] = 2.5
    housing_capacity_j_per_k: Annotated[float, _range(10.0, 20000.0)] = 500.0
    stage_resistance_ohm: Annotated[float, _range(0.001, 1.0)] = 0.05
    stage_to_ambient_k_per_w: Annotated[float, _range(0.05, 50.0)] = 4.0
    stage_capacity_j_per_k: Annotated[float, _range(1.0, 5000.0)] = 50.0


class SupplyParameters(_Section):
    """Where the power comes from."""

    nominal_v: Annotated[float, _range(12.0, 48.0)] = 24.0
    internal_resistance_ohm: Annotated[float, _range(0.0, 2.0)] = 0.15
    hold_up_s: Annotated[float, _range(0.0, 3600.0)] = 0.1
    """How long the voltage stands after the mains are gone: capacitors by default, a battery if longer."""


class SensorParameters(_Section):
    """What the board's sensors can resolve."""

    encoder_counts_per_turn: Annotated[float, _range(16.0, 1e6)] = 2000.0
    """Edges of the incremental encoder in a turn of the motor."""
    encoder_zero_offset_deg: Annotated[float, _range(-5.0, 5.0)] = 0.0
    """Error of the reference that was taken at boarding."""
    encoder_rate_filter_ms: Annotated[float, _range(1.0, 50.0)] = 4.0
    inclinometer_noise_deg: Annotated[float, _range(0.0, 1.0)] = 0.02
    """Standard deviation."""
    inclinometer_resolution_deg: Annotated[float, _range(0.001, 1.0)] = 0.01
    inclinometer_filter_ms: Annotated[float, _range(1.0, 200.0)] = 20.0
    inclinometer_sample_ms: Annotated[int, Field(ge=1, le=100)] = 5
    inclinometer_mounting_error_deg: Annotated[float, _range(-5.0, 5.0)] = 0.0
    current_noise_a: Annotated[float, _range(0.0, 1.0)] = 0.02
    current_resolution_a: Annotated[float, _range(0.001, 1.0)] = 0.01
    bus_noise_v: Annotated[float, _range(0.0, 1.0)] = 0.02
    bus_resolution_v: Annotated[float, _range(0.001, 1.0)] = 0.02
    temperature_resolution_c: Annotated[float, _range(0.01, 5.0)] = 0.5


class TableParameters(_Section):
    """The whole simulated table. Raises pydantic's ``ValidationError`` for anything out of range or unknown."""

    body: BodyParameters = BodyParameters()
    stops: StopParameters = StopParameters()
    motor: MotorParameters = MotorParameters()
    gear: GearParameters = GearParameters()
    brake: BrakeParameters = BrakeParameters()
    thermal: ThermalParameters = ThermalParameters()
    supply: SupplyParameters = SupplyParameters()
    sensors: SensorParameters = SensorParameters()

    @property
    def reflected_inertia_kgm2(self) -> float:
        """Rotor inertia as the table feels it through the gear."""
        return self.motor.rotor_inertia_kgm2 * self.gear.ratio**2

    @property
    def no_load_rate_dps(self) -> float:
        """Rate of the table at full voltage without load or friction."""
        return math.degrees(self.supply.nominal_v / self.motor.torque_constant_nm_per_a / self.gear.ratio)

    @model_validator(mode="after")
    def _gear_can_be_solved(self) -> Self:
        # Dry friction that grows with the load has a unique solution only while the motor side is heavy enough
        # (the Painleve paradox); real self-locking drives with a high ratio always are.
        loss = self.gear.backward_loss * self.motor.static_friction_ratio
        if loss * _HEAVIEST_KGM2 >= _HEAVIEST_KGM2 + self.reflected_inertia_kgm2:
            raise ValueError(
                f"a gear of efficiency {self.gear.efficiency:g} needs more rotor inertia or ratio: the reflected "
                f"{self.reflected_inertia_kgm2:.1f} kg m2 must exceed {(loss - 1.0) * _HEAVIEST_KGM2:.1f} kg m2"
            )
        return self


_HEAVIEST_KGM2: Final = 60.0
"""Above frame and heaviest rider, arms overhead, far off the pivot."""
