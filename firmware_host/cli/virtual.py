"""A simulated table made from a table file and a rider file: with the table board, or with devices from a shop."""

import numpy as np

from drivers.contacts import NAMES
from drivers.servo_map import read_map
from firmware_host.cli.physics import parameters
from firmware_host.devices import map_path, ordered
from firmware_host.files.riders import Rider
from firmware_host.files.tables import DeviceSection, Table
from safety.signals import SIMULATOR_SERIALS
from sim import motor_drive, sensors
from sim.board import VirtualBoard
from sim.contacts import EmulatedContacts
from sim.machine import Machine
from sim.odrive import EmulatedODrive
from sim.rider import Rider as SimulatedRider
from sim.rider import Sex
from sim.rig import Device, Rig
from sim.roboclaw import EmulatedRoboClaw
from sim.servo import EmulatedServo
from sim.table import Inner, SimulatedTable
from sim.vesc import EmulatedVesc
from sim.witmotion import EmulatedInclinometer


def make_machine(table: Table, rider: Rider, seed: int, serial: int = SIMULATOR_SERIALS.start) -> Machine:
    """Make what the table file describes. Raises ``FileError`` for a [physics] section that cannot be."""
    return make_rig(table, rider, seed) if table.file.device else make_board(table, rider, seed, serial)


def make_board(table: Table, rider: Rider, seed: int, serial: int = SIMULATOR_SERIALS.start) -> VirtualBoard:
    """Make the board, its table and its rider. Raises ``FileError`` for a [physics] section that cannot be."""
    limits = table.limits
    return VirtualBoard(
        parameters(table),
        _body(rider),
        seed=seed,
        upright_deg=limits.upright_deg,
        inverted_limit_deg=limits.inverted_limit_deg,
        max_rate_dps=limits.emergency_rate_dps,
        serial=serial,
        press_to_return=_press_to_return(table),
    )


def make_rig(table: Table, rider: Rider, seed: int) -> Rig:
    """Make a table with the emulated counterparts of the devices that its file names. Raises ``FileError``."""
    physics = parameters(table)
    settings = motor_drive.make_settings(physics, 0.0)
    memory = np.zeros(motor_drive.MEMORY_SIZE)
    simulated = SimulatedTable(physics, _body(rider), seed, settings=settings, memory=memory, inner=Inner.MOTOR_DRIVE)
    simulated.faults[sensors.PRESS_TO_RETURN] = float(_press_to_return(table))
    simulated.advance_ms(1)  # the sensors say something before the devices are switched on
    devices = ordered(table.file.device)
    rig = Rig(simulated, [_emulated(table, device, simulated) for device in devices])
    settings[motor_drive.BRAKE_OUTPUT] = float(devices[0].brake)
    return rig


def _emulated(table: Table, device: DeviceSection, simulated: SimulatedTable) -> Device:
    baud, direction = device.baud, device.direction
    if device.kind == "roboclaw":
        return EmulatedRoboClaw(simulated, baud, device.unit, direction, device.scale)
    if device.kind == "vesc":
        return EmulatedVesc(simulated, baud, direction, round(device.timeout_s * 1e3), device.scale)
    if device.kind == "odrive":
        return EmulatedODrive(simulated, baud, direction, device.unit, device.scale)
    if device.kind == "servo":
        registers = read_map(map_path(table, device))
        return EmulatedServo(simulated, baud, registers, device.unit, direction, device.scale)
    if device.kind == "witmotion":
        return EmulatedInclinometer(simulated, baud, device.axis, direction, device.zero_deg or 0.0)
    return EmulatedContacts(simulated, baud, device.unit, tuple(NAMES) if device.inputs is None else device.inputs)


def _body(rider: Rider) -> SimulatedRider:
    section = rider.file.rider
    return SimulatedRider(sex=Sex(section.sex), mass_kg=section.mass_kg, height_m=section.height_m)


def _press_to_return(table: Table) -> bool:
    return table.file.table.hand_switch == "press-to-return"
