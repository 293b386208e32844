"""RoboClaw against the vendor's own software: its bytes equal ours, and it drives our emulated controller."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from basicmicro import Basicmicro

from drivers.roboclaw import Command, Error, encode_request, encode_setting, encode_speed
from sim.layout import BUS_V
from sim.roboclaw import EmulatedRoboClaw
from tests.sim.pump import Pump, on_a_port
from tests.sim.rigs import driven_table

ADDRESS = 0x80


@pytest.fixture
def pump() -> Iterator[Pump]:
    table = driven_table()
    with on_a_port(table, EmulatedRoboClaw(table, 115200)) as pump:
        yield pump


@pytest.fixture
def vendor(pump: Pump) -> Iterator[Any]:
    vendor: Any = Basicmicro(pump.name_of_port, 115200)
    assert vendor.Open()
    yield vendor
    vendor.close()


@pytest.mark.parametrize(
    ("accel", "speed"), [(0, 0), (1, -1), (102_222, 19_167), (102_222, -19_167), (2**32 - 1, -(2**31)), (5, 2**31 - 1)]
)
def test_the_vendor_s_speed_order_is_ours_byte_by_byte(pump: Pump, vendor: Any, accel: int, speed: int) -> None:
    assert vendor.SpeedAccelM1(ADDRESS, accel, speed)
    assert bytes(pump.heard) == encode_speed(ADDRESS, accel, speed)
    assert encode_setting(ADDRESS, Command.SPEED_ACCEL, accel, speed) == encode_speed(ADDRESS, accel, speed)


def test_the_vendor_s_settings_and_requests_are_ours_byte_by_byte(pump: Pump, vendor: Any) -> None:
    calls: list[tuple[Callable[[], Any], bytes]] = [
        (lambda: vendor.SetTimeout(ADDRESS, 0.2), encode_setting(ADDRESS, Command.SET_TIMEOUT, 2)),
        (lambda: vendor.DutyM1(ADDRESS, 0), encode_setting(ADDRESS, Command.DUTY, 0)),
        (lambda: vendor.SetM1MaxCurrent(ADDRESS, 600, 0), encode_setting(ADDRESS, Command.SET_MAX_CURRENT, 600, 0)),
        (lambda: vendor.ResetEStop(ADDRESS), encode_setting(ADDRESS, Command.RESET_ESTOP)),
        (lambda: vendor.ReadEncM1(ADDRESS), encode_request(ADDRESS, Command.GET_ENCODER)),
        (lambda: vendor.ReadISpeedM1(ADDRESS), encode_request(ADDRESS, Command.GET_RAW_SPEED)),
        (lambda: vendor.ReadPWMs(ADDRESS), encode_request(ADDRESS, Command.GET_PWMS)),
        (lambda: vendor.ReadCurrents(ADDRESS), encode_request(ADDRESS, Command.GET_CURRENTS)),
        (lambda: vendor.ReadMainBatteryVoltage(ADDRESS), encode_request(ADDRESS, Command.GET_MAIN_VOLTAGE)),
        (lambda: vendor.ReadTemp(ADDRESS), encode_request(ADDRESS, Command.GET_TEMPERATURE)),
        (lambda: vendor.ReadError(ADDRESS), encode_request(ADDRESS, Command.GET_ERROR)),
        (lambda: vendor.GetTimeout(ADDRESS), encode_request(ADDRESS, Command.GET_TIMEOUT)),
        (lambda: vendor.ReadM1VelocityPID(ADDRESS), encode_request(ADDRESS, Command.GET_VELOCITY_PID)),
        (lambda: vendor.ReadPinFunctions(ADDRESS), encode_request(ADDRESS, Command.GET_PINS)),
        (lambda: vendor.ReadM1MaxCurrent(ADDRESS), encode_request(ADDRESS, Command.GET_MAX_CURRENT)),
        (lambda: vendor.ReadVersion(ADDRESS), encode_request(ADDRESS, Command.GET_VERSION)),
    ]
    for call, ours in calls:
        pump.heard.clear()
        assert call()
        assert bytes(pump.heard) == ours


def test_the_vendor_s_software_reads_what_the_emulated_controller_measures(pump: Pump, vendor: Any) -> None:
    assert vendor.SetTimeout(ADDRESS, 0.2)
    assert vendor.GetTimeout(ADDRESS) == (True, 0.2)
    assert vendor.ReadVersion(ADDRESS) == (True, "USB Roboclaw 2x15a v4.2.4\n")
    ok, volts = vendor.ReadMainBatteryVoltage(ADDRESS)
    assert ok
    assert volts == round(float(pump.rig.table.readings[BUS_V]) * 10.0)
    assert vendor.ReadEncM1(ADDRESS)[:2] == (1, 0)
    assert vendor.ReadM1VelocityPID(ADDRESS)[1:3] == (1.0, 0.5)
    assert vendor.ReadError(ADDRESS) == (1, 0)


def test_the_vendor_s_software_turns_the_simulated_table(pump: Pump, vendor: Any) -> None:
    device = pump.rig.devices[0]
    assert isinstance(device, EmulatedRoboClaw)
    wanted_dps = 2.0
    begun_deg = pump.rig.table.truth().angle_deg
    give_up_s = time.monotonic() + 30.0
    while pump.rig.table.truth().angle_deg < begun_deg + 1.0 and time.monotonic() < give_up_s:
        assert vendor.SpeedAccelM1(ADDRESS, round(8.0 * device.scale), round(wanted_dps * device.scale))
    ok, count, _ = vendor.ReadEncM1(ADDRESS)
    assert ok
    assert count > 0.9 * device.scale
    ok, speed, _ = vendor.ReadISpeedM1(ADDRESS)
    assert ok
    assert speed == pytest.approx(wanted_dps * device.scale, rel=0.1)
    assert vendor.DutyM1(ADDRESS, 0)


OURS = {
    "ESTOP": Error.ESTOP,
    "TEMP": Error.TEMPERATURE,
    "TEMP2": Error.TEMPERATURE_2,
    "MBATHIGH": Error.MAIN_HIGH,
    "LBATHIGH": Error.LOGIC_HIGH,
    "LBATLOW": Error.LOGIC_LOW,
    "SPEED1": Error.SPEED_1,
    "SPEED2": Error.SPEED_2,
    "POS1": Error.POSITION_1,
    "POS2": Error.POSITION_2,
    "CURRENTM1": Error.CURRENT_1,
    "CURRENTM2": Error.CURRENT_2,
    "MBATLOW": Error.MAIN_LOW,
    "MBATHIGH_HYST": Error.MAIN_HIGH_HELD,
}
OUR_WARNINGS = {
    "OVERCURRENTM1": Error.WARN_CURRENT_1,
    "OVERCURRENTM2": Error.WARN_CURRENT_2,
    "MBATHIGH": Error.WARN_MAIN_HIGH,
    "MBATLOW": Error.WARN_MAIN_LOW,
    "TEMP": Error.WARN_TEMPERATURE,
    "TEMP2": Error.WARN_TEMPERATURE_2,
    "S4": Error.SIGNAL_4,
    "S5": Error.SIGNAL_5,
    "SPEED1": Error.WARN_SPEED_1,
    "SPEED2": Error.WARN_SPEED_2,
    "POS1": Error.WARN_POSITION_1,
    "POS2": Error.WARN_POSITION_2,
    "CAN": Error.WARN_CAN,
    "BOOT": Error.BOOTED,
    "OVERREGENM1": Error.WARN_REGENERATION_1,
    "OVERREGENM2": Error.WARN_REGENERATION_2,
}
NOT_THE_PACKAGE_S = Error.DRIVER_1 | Error.DRIVER_2
"""The user manual alone has these."""


def test_the_vendor_s_status_bits_are_all_ours_errors_in_the_lower_half_and_warnings_in_the_upper() -> None:
    theirs = {name: value for name, value in vars(Basicmicro).items() if isinstance(value, int) and value}
    errors = {name[6:]: value for name, value in theirs.items() if name.startswith("ERROR_")}
    warnings = {name[5:]: value << 16 for name, value in theirs.items() if name.startswith("WARN_")}
    assert errors == OURS
    assert warnings == OUR_WARNINGS
    assert sum(errors.values()) + sum(warnings.values()) + NOT_THE_PACKAGE_S == 0xFFFF_FFFF
