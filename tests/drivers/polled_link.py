"""A polled drive and its emulated counterpart, a hundredth of a second at a time; and what every drive has to do."""

import math
from collections.abc import Callable, Iterable

import pytest

from drivers.dialogue import Dialogue, DriveSetup
from drivers.line_chunks import join, split
from drivers.polled import PolledDrive
from safety.signals import CommandMode, DriveFault, SafeCommand, Status, Telemetry
from sim import sensors
from sim.layout import ENCODER_DEG
from sim.rig import Device, Rig
from sim.table import SimulatedTable
from tests.sim.rigs import UPRIGHT_DEG

TICK_S = 0.01
HOLD = SafeCommand(CommandMode.HOLD, None, 8.0, 1.0)
OFF = SafeCommand(CommandMode.TORQUE_OFF, None, 8.0, 1.0)


def move(rate_dps: float, torque: float = 1.0, *, accel_dps2: float = 8.0) -> SafeCommand:
    return SafeCommand(CommandMode.MOVE, rate_dps, accel_dps2, torque)


class Bench:
    """Host and drive on one line."""

    def __init__(
        self, table: SimulatedTable, device: Device, setup: DriveSetup, make: Callable[[DriveSetup], Dialogue]
    ) -> None:
        self.table, self.device = table, device
        self.rig = Rig(table, [device])
        sessions = iter(range(1000, 2000))
        self.link = PolledDrive(make(setup), setup, lambda: next(sessions))
        self.now_s = 100.0
        self.cut = False
        """The cable is out."""
        self.telemetry: list[Telemetry] = []

    @property
    def last(self) -> Telemetry:
        return self.telemetry[-1]

    def tick(self, command: SafeCommand | None = None) -> list[Telemetry]:
        """One tick; the bytes of both directions pass at its ends."""
        data = self.rig.advance(TICK_S)
        self.now_s += TICK_S
        arrived = b"" if self.cut else b"".join(part for _, part in split(data, 1))
        found = self.link.receive(arrived, self.now_s)
        self.telemetry += found
        sent = self.link.transmit(command, self.now_s)
        if sent and not self.cut:
            self.rig.receive(join([sent]))
        return found

    def run(self, seconds: float, command: SafeCommand | None = None) -> list[Telemetry]:
        """Several ticks with one command; the telemetry that came."""
        before = len(self.telemetry)
        for _ in range(round(seconds / TICK_S)):
            self.tick(command)
        return self.telemetry[before:]

    def silence(self, seconds: float) -> None:
        """The host is dead: time passes, nothing is sent."""
        for _ in range(round(seconds / TICK_S)):
            self.rig.advance(TICK_S)
            self.now_s += TICK_S

    def connect(self) -> "Bench":
        """Until there is a session, and the drive's position is an angle."""
        for _ in range(100):
            if self.link.config is not None and self.telemetry:
                break
            self.tick(HOLD)
        assert self.link.config is not None, self.link.problem
        if not self.link.homed:
            self.link.home(UPRIGHT_DEG, 0.0)
        self.run(0.2, HOLD)
        return self


def follows(found: Bench) -> Telemetry:
    """The table turns as told, and telemetry says so in the table's directions; gives the newest frame."""
    found.run(3.0, move(2.0))
    truth, last = found.table.truth(), found.last
    assert truth.rate_dps == pytest.approx(2.0, abs=0.05)
    assert last.rate_dps == pytest.approx(2.0, abs=0.1)
    assert last.encoder_deg == pytest.approx(truth.angle_deg, abs=0.05)
    assert last.current_a is not None
    assert last.current_a > 0.2
    assert last.status == Status.TORQUE_ON
    return last


def measures_supply_and_heat(last: Telemetry) -> None:
    """Of the simulated table, which has just been switched on."""
    assert last.bus_v == pytest.approx(24.0, abs=0.5)
    assert last.drive_temperature_c == pytest.approx(22.0, abs=1.0)


def follows_and_measures_all(found: Bench) -> None:
    """A drive that measures the heat of the motor too."""
    last = follows(found)
    measures_supply_and_heat(last)
    assert last.motor_temperature_c == pytest.approx(22.0, abs=2.0)


def keeps_a_hundred_a_second(found: Bench) -> None:
    """Each tick has its exchange."""
    assert len(found.run(2.0, move(1.0))) == 200


def says_nothing_that_is_no_number(frames: Iterable[Telemetry]) -> None:
    """What a drive tells is a finite number, or absent."""
    for frame in frames:
        told = [value for value in frame if isinstance(value, float)]
        assert all(math.isfinite(value) for value in told), frame


def stops_without_its_host(found: Bench, within_s: float = 1.0) -> None:
    """The table turns until the drive's timeout is over, and no longer."""
    found.run(2.0, move(3.0))
    found.silence(0.15)
    assert found.table.truth().rate_dps == pytest.approx(3.0, abs=0.1)
    found.silence(within_s)
    assert found.table.truth().rate_dps == 0.0


def limits_the_current(found: Bench) -> None:
    """Half the torque is half the motor's rated current."""
    found.run(1.0, move(2.0))
    assert found.table.drive[3] == pytest.approx(6.0)
    found.run(0.5, move(2.0, 0.5))
    assert found.table.drive[3] == pytest.approx(3.0)


def lets_go_without_its_encoder(found: Bench) -> None:
    """A drive that checks its encoder turns nothing without it, and says which fault it is."""
    found.run(1.0, move(2.0))
    found.table.faults[sensors.fault_index(ENCODER_DEG, sensors.DEAD)] = 1.0
    fastest_dps = 0.0
    for _ in range(100):
        found.tick(move(2.0))
        fastest_dps = max(fastest_dps, found.table.truth().rate_dps)
    assert fastest_dps < 2.5
    assert found.last.faults == DriveFault.ENCODER
    assert not found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == 0.0


def motion_gets_rid_of_a_fault(found: Bench, trip: Callable[[], None]) -> None:
    """A latched fault stays while it stops a motion and while the table stands, and is gone with the next motion."""
    found.run(1.0, move(2.0))
    trip()
    found.run(0.5, move(2.0))
    assert found.last.faults
    found.run(0.5, HOLD)
    assert found.last.faults, "nobody asked for anything"
    found.run(1.5, move(-2.0))
    assert found.last.faults == 0
    assert found.last.rate_dps == pytest.approx(-2.0, abs=0.1)


def does_not_wind_up(found: Bench, fault: int) -> None:
    """A rate loop that sees no motion pushes ever harder: the host takes its torque away before that is too fast."""
    found.run(0.5, HOLD)
    found.table.faults[sensors.fault_index(ENCODER_DEG, fault)] = 1.0
    fastest_dps, seen = 0.0, 0
    for _ in range(150):
        found.tick(move(1.5))
        fastest_dps = max(fastest_dps, found.table.truth().rate_dps)
        seen |= found.last.faults
    assert fastest_dps < 4.0
    assert seen
    assert not found.last.status & Status.TORQUE_ON
    assert found.table.truth().rate_dps == 0.0
    found.table.faults[sensors.fault_index(ENCODER_DEG, fault)] = 0.0
    found.run(1.0, HOLD)
