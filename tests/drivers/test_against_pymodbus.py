"""The servo and the input module against an independent Modbus server on a virtual serial port, in real time."""

import asyncio
import os
import threading
import time
import tty
from collections.abc import Iterator
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.capabilities import Capabilities
from drivers.contacts import Contacts
from drivers.dialogue import DriveSetup
from drivers.polled import PolledDrive
from drivers.port import SerialPort
from drivers.servo import Control, Servo
from drivers.servo_map import read_map
from safety.signals import Input, Status, Telemetry
from tests.drivers.polled_link import HOLD, move

pytestmark = pytest.mark.realtime

UNIT = 7
MAP = read_map(None)
ENABLED = 0x0237
PATIENCE_S = 20.0


class Server(threading.Thread):
    """pymodbus as a slave with the registers of the generic map and eight inputs, on its end of a virtual line."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ends = [os.openpty(), os.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.name_of_port = os.ttyname(self._ends[0][1])
        feedback = MAP.pack(
            MAP.feedback,
            {"status_word": ENABLED, "velocity": -5000, "position": -750_000, "current": 123, "bus_voltage": 241}
            | {"temperature": 305, "timeout": 200},
        )
        self._device = SimDevice(
            UNIT,
            simdata=(
                [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
                [SimData(0, values=[True, False, True, False, True, True, False, False] * 2, datatype=DataType.BITS)],
                [
                    SimData(MAP.command.address, values=[0] * MAP.command.registers, datatype=DataType.REGISTERS),
                    SimData(MAP.mode_at, values=[0, 0], datatype=DataType.REGISTERS),
                    SimData(MAP.feedback.address, values=feedback, datatype=DataType.REGISTERS),
                ],
                [SimData(0, values=[0], datatype=DataType.REGISTERS)],
            ),
        )
        self.written: list[Any] = []
        """Every request that the server took apart."""
        self._loop = asyncio.new_event_loop()
        self._ending = threading.Event()

    def run(self) -> None:
        """Serve, and carry the bytes between the two ends, until told to end."""
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = ModbusSerialServer(
            self._device, port=os.ttyname(self._ends[1][1]), baudrate=115200, trace_pdu=self._trace
        )
        serving = asyncio.ensure_future(server.serve_forever())
        masters = (self._ends[0][0], self._ends[1][0])
        for here, there in (masters, masters[::-1]):
            self._loop.add_reader(here, _carry, here, there)
        while not self._ending.is_set():
            await asyncio.sleep(0.02)
        for master in masters:
            self._loop.remove_reader(master)
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it bare
        await asyncio.gather(serving, return_exceptions=True)

    def _trace(self, sending: bool, pdu: Any) -> Any:
        if not sending:
            self.written.append(pdu)
        return pdu

    def close(self) -> None:
        """End, and take the ports away."""
        self._ending.set()
        self.join()
        self._loop.close()
        for master, slave in self._ends:
            os.close(master)
            os.close(slave)


def _carry(here: int, there: int) -> None:
    os.write(there, os.read(here, 4096))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.close()


@pytest.fixture
def port(server: Server) -> Iterator[SerialPort]:
    port = SerialPort(server.name_of_port, 115200)
    port.open()
    yield port
    port.close()


def test_an_independent_server_understands_the_servo_s_driver_and_is_understood(
    server: Server, port: SerialPort
) -> None:
    capabilities = Capabilities("CiA 402 servo", motor_angle=True, brake=True)
    setup = DriveSetup(10_000.0, 1, 0.0, 6.0, -75.0, 60.0, 8.0, capabilities, 0.2, UNIT)
    link = PolledDrive(Servo(setup, MAP), setup, lambda: 1)
    give_up_s = time.monotonic() + PATIENCE_S
    telemetry: list[Telemetry] = []
    while len(telemetry) < 20 and time.monotonic() < give_up_s:
        port.wait(0.02)
        now_s = time.monotonic()
        telemetry += link.receive(port.read(), now_s)
        port.write(link.transmit(move(0.4) if telemetry else HOLD, now_s))  # its motor stands
    assert len(telemetry) >= 20, link.problem
    last = telemetry[-1]
    assert last.encoder_deg == pytest.approx(-75.0)
    assert last.rate_dps == pytest.approx(-0.5)
    assert last.current_a == pytest.approx(1.23)
    assert last.bus_v == pytest.approx(24.1)
    assert last.drive_temperature_c == pytest.approx(30.5)
    assert last.status & Status.TORQUE_ON
    moved = [pdu for pdu in server.written if getattr(pdu, "write_registers", None)][-1]
    command = MAP.unpack(MAP.command, moved.write_registers)
    assert command["control_word"] == Control.ENABLE_OPERATION
    assert command["profile_acceleration"] == 80_000
    assert 0 <= command["target_velocity"] <= 10_000
    assert command["torque_limit"] == 1000


def test_an_independent_server_s_inputs_are_the_contacts(server: Server, port: SerialPort) -> None:
    contacts = Contacts(UNIT)
    give_up_s = time.monotonic() + PATIENCE_S
    while contacts.health.frames < 10 and time.monotonic() < give_up_s:
        now_s = time.monotonic()
        port.write(contacts.transmit(now_s))
        port.wait(0.02)
        contacts.receive(port.read(), time.monotonic())
    assert contacts.health.frames >= 10, contacts.problem
    assert contacts.inputs(time.monotonic()) == (
        Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO | Input.ESTOP_CHAIN | Input.UPRIGHT_SWITCH
    )
    assert server.is_alive()
