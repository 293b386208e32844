"""The questions of ``drivers.probes`` to the wrong device: nothing moves, nothing is set, no watchdog is fed."""

from collections.abc import Callable

import numpy as np
import pytest
from fastcrc.crc16 import modbus

from drivers import roboclaw, vesc
from drivers.framing import Deframer
from drivers.line_chunks import join
from drivers.odrive import encode_line, encode_velocity
from drivers.probes import STOP_BYTE, all_probes
from drivers.roboclaw import encode_speed
from drivers.servo_map import read_map
from drivers.vesc import Command, encode_order
from sim import motor_drive
from sim.board import VirtualBoard
from sim.contacts import EmulatedContacts
from sim.layout import AGE_S, MODE, RATE_DPS
from sim.odrive import EmulatedODrive
from sim.parameters import TableParameters
from sim.rig import Device, Rig
from sim.roboclaw import EmulatedRoboClaw
from sim.servo import EmulatedServo
from sim.table import SimulatedTable
from sim.vesc import EmulatedVesc
from sim.witmotion import EmulatedInclinometer
from tests.sim.rigs import RIDER, driven_table

MAP = read_map(None)
PROBES = list(all_probes(MAP))
BAUD = 115200
DEVICES: dict[str, Callable[[SimulatedTable], Device]] = {
    "roboclaw": lambda table: EmulatedRoboClaw(table, BAUD),
    "vesc": lambda table: EmulatedVesc(table, BAUD),
    "odrive": lambda table: EmulatedODrive(table, BAUD),
    "servo": lambda table: EmulatedServo(table, BAUD, MAP),
    "witmotion": lambda table: EmulatedInclinometer(table, BAUD),
    "contacts": lambda table: EmulatedContacts(table, BAUD),
}


def ask_all(rig: Rig, seconds: float = 0.05) -> None:
    for probe in PROBES:
        rig.receive(join([probe.question.data]))
        rig.advance(seconds)
        rig.receive(join([STOP_BYTE]))
        rig.advance(seconds)


@pytest.mark.requirement("REQ-WIRE-PROBE")
@pytest.mark.parametrize("kind", DEVICES)
def test_a_device_at_rest_stays_as_it_is(kind: str) -> None:
    table = driven_table()
    rig = Rig(table, [DEVICES[kind](table)])
    rig.advance(0.1)
    before, settings, angle_deg = table.order.copy(), table.settings.copy(), table.truth().angle_deg
    ask_all(rig)
    assert np.array_equal(np.delete(table.order, AGE_S), np.delete(before, AGE_S))
    assert np.array_equal(table.settings, settings)
    assert table.memory[motor_drive.TORQUE_ON] == 0.0
    assert table.truth().angle_deg == pytest.approx(angle_deg, abs=1e-6)


def set_going(kind: str, device: Device, rig: Rig) -> None:
    """Let the drive turn the table by a host that then dies."""
    scale = getattr(device, "scale", 0.0)
    if kind == "roboclaw":
        rig.receive(join([encode_speed(0x80, round(5 * scale), round(2 * scale))]))
    elif kind == "vesc":
        rig.receive(join([encode_order(Command.SET_RPM, round(2 * scale * vesc.ERPM_PER_STEP_S))]))
    else:
        told = [
            encode_line(text) for text in ("w axis0.config.watchdog_timeout 0.2", "w axis0.config.enable_watchdog 1")
        ]
        told += [encode_line("w axis0.requested_state 8"), encode_velocity(0, 2 * scale)]
        rig.receive(join([b"".join(told)]))
    rig.advance(0.1)


@pytest.mark.parametrize("kind", ["vesc", "odrive"])
def test_a_drive_whose_host_died_stops_in_spite_of_the_questions(kind: str) -> None:
    table = driven_table()
    device = DEVICES[kind](table)
    rig = Rig(table, [device])
    set_going(kind, device, rig)
    assert table.order[MODE] == motor_drive.FOLLOW
    assert table.order[RATE_DPS] == pytest.approx(2.0, abs=0.05)
    ask_all(rig, 0.02)
    assert table.order[MODE] == motor_drive.OFF, "no question feeds its timeout"


def test_a_roboclaw_that_turns_is_given_no_other_rate_by_a_question() -> None:
    table = driven_table()
    device = DEVICES["roboclaw"](table)
    rig = Rig(table, [device])
    set_going("roboclaw", device, rig)
    rate_dps = float(table.order[RATE_DPS])
    ask_all(rig, 0.02)
    assert table.order[RATE_DPS] == rate_dps


def test_half_an_order_in_an_odrive_is_not_completed() -> None:
    table = driven_table()
    device = DEVICES["odrive"](table)
    rig = Rig(table, [device])
    set_going("odrive", device, rig)
    rig.receive(join([b"v 0 9.0"]))  # the host died in the middle of a line
    rate_dps = float(table.order[RATE_DPS])
    rig.receive(join([PROBES[0].question.data]))
    sent = rig.advance(0.05)
    assert table.order[RATE_DPS] == rate_dps
    assert b"0*" in sent, "the second line is answered"


def test_a_table_board_takes_no_question_for_a_command() -> None:
    board = VirtualBoard(TableParameters(), RIDER, 1)
    board.advance(0.1)
    before = board.table.order.copy()
    for probe in PROBES:
        board.receive(probe.question.data + STOP_BYTE)
        board.advance(0.05)
    assert np.array_equal(np.delete(board.table.order, AGE_S), np.delete(before, AGE_S))
    assert board.link.session_id == 0
    assert board.link.rejected_in_row == 0


def test_what_the_docstring_says_of_the_bytes() -> None:
    addresses = set(range(roboclaw.FIRST_ADDRESS, roboclaw.LAST_ADDRESS + 1))
    for probe in PROBES:
        data = probe.question.data
        assert (modbus(data) == 0) == (probe.kind in ("servo", "contacts"))
        assert bool(vesc.Deframer().feed(data * 2)) == (probe.kind == "vesc")
        assert not Deframer().feed(data + STOP_BYTE)
        if probe.kind != "roboclaw":
            assert not addresses & set(data)
        if probe.kind == "odrive":
            assert not {2, 3} & set(data)
            assert data.count(b"\n") == 2
        if probe.kind in ("vesc", "roboclaw"):
            assert not {*b"\r\n!"} & set(data)
        if probe.kind not in ("servo", "contacts"):
            assert data.endswith(STOP_BYTE)
