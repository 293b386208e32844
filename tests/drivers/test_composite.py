"""Several devices as one link: chunks, homing, silence of one of them, and what is missing for inversion."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.capabilities import Capabilities
from drivers.composite import CompositeLink
from drivers.contacts import Contacts
from drivers.dialogue import DriveSetup
from drivers.line_chunks import MOST, join, split
from drivers.polled import PolledDrive
from drivers.roboclaw import RoboClaw
from drivers.witmotion import Inclinometer, InclinometerSetup
from safety.limits import MACHINE
from safety.monitors.link import BoardConfigured
from safety.signals import BoardConfig, Equipment, Input, Response, SafeCommand, Status, Telemetry
from safety.view import View
from sim.contacts import EmulatedContacts
from sim.layout import INCLINOMETER_DEG
from sim.rig import Rig
from sim.roboclaw import EmulatedRoboClaw, counts_per_degree
from sim.sensors import DEAD, ESTOP_PRESSED, fault_index
from sim.witmotion import EmulatedInclinometer
from tests.drivers.polled_link import HOLD, OFF, move
from tests.sim.rigs import UPRIGHT_DEG, driven_table

TICK_S = 0.01
DRIVE = Capabilities(
    "RoboClaw",
    motor_angle=True,
    brake=True,
    self_locking=True,
    sto=True,
    contacts=Input.ESTOP_CHAIN,
    current=True,
)


class Table:
    """A drive with an inclinometer and an input module, each on a line of its own."""

    def __init__(self, capabilities: Capabilities = DRIVE, zero_deg: float = 0.0) -> None:
        self.table = driven_table()
        self.drive = EmulatedRoboClaw(self.table, 115200)
        self.sensor = EmulatedInclinometer(self.table, 115200)
        self.contacts = EmulatedContacts(self.table, 115200)
        self.rig = Rig(self.table, [self.drive, self.sensor, self.contacts])
        setup = DriveSetup(counts_per_degree(self.table), 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, capabilities, 0.2, 0x80)
        sessions = iter(range(1000, 2000))
        self.link = CompositeLink(
            PolledDrive(RoboClaw(setup), setup, lambda: next(sessions)),
            [Inclinometer(InclinometerSetup("roll", 1, zero_deg)), Contacts(1)],
        )
        self.now_s = 100.0
        self.telemetry: list[Telemetry] = []
        self.cut: set[int] = set()
        """Lines whose cable is out."""

    @property
    def last(self) -> Telemetry:
        return self.telemetry[-1]

    def run(self, seconds: float, command: SafeCommand | None = HOLD) -> list[Telemetry]:
        before = len(self.telemetry)
        for _ in range(round(seconds / TICK_S)):
            data = self._through(self.rig.advance(TICK_S))
            self.now_s += TICK_S
            self.telemetry += self.link.receive(data, self.now_s)
            self.rig.receive(self._through(self.link.transmit(command, self.now_s)))
        return self.telemetry[before:]

    def _through(self, data: bytes) -> bytes:
        parts = [b"", b"", b""]
        for line, part in split(data, 3):
            parts[line] += b"" if line in self.cut else part
        return join(parts)


# ------------------------------------------------------------------------------------------------ chunks


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_what_is_joined_is_split_again(parts: list[bytes]) -> None:
    assert split(join(parts), len(parts)) == [(at, part) for at, part in enumerate(parts) if part]


@given(st.binary(max_size=200), st.integers(1, 4))
def test_chunks_that_cannot_be_raise_nothing(data: bytes, lines: int) -> None:
    for line, part in split(data, lines):
        assert 0 <= line < lines
        assert part in data


def test_of_what_does_not_fit_the_newest_is_kept() -> None:
    assert split(join([b"a" + b"b" * MOST]), 1) == [(0, b"b" * MOST)]


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_hostile_bytes_raise_nothing(pieces: list[bytes]) -> None:
    link = Table.__new__(Table)
    setup = DriveSetup(1e4, 1, None, 6.0, UPRIGHT_DEG, 60.0, 8.0, DRIVE, 0.2, 0x80)
    link.link = CompositeLink(
        PolledDrive(RoboClaw(setup), setup, lambda: 1), [Inclinometer(InclinometerSetup("roll", 1, 0.0)), Contacts(1)]
    )
    for number, piece in enumerate(pieces):
        link.link.transmit(HOLD, number * 0.01)
        assert link.link.receive(piece, number * 0.01) == []
        assert link.link.receive(join([piece, piece, piece]), number * 0.01) == []


# ------------------------------------------------------------------------------------------------ one table of many


def test_one_telemetry_of_three_devices() -> None:
    found = Table()
    found.run(1.0)
    last = found.last
    assert last.encoder_deg == pytest.approx(UPRIGHT_DEG, abs=0.1)
    assert last.inclinometer_deg == pytest.approx(UPRIGHT_DEG, abs=0.1)
    assert last.inputs == Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO | Input.ESTOP_CHAIN | Input.UPRIGHT_SWITCH
    assert last.status == Status.BRAKE_CLOSED
    config = found.link.config
    assert config is not None
    assert config.session_id == last.session_id
    assert config.equipment == Equipment.ALL
    assert found.link.problem is None
    assert [one.capabilities.name for one in found.link.beside] == ["WitMotion inclinometer", "Modbus input module"]
    found.run(5.0, move(3.0))
    last = found.last
    assert last.encoder_deg == pytest.approx(found.table.truth().angle_deg, abs=0.2)
    assert last.inclinometer_deg == pytest.approx(found.table.truth().angle_deg, abs=0.3)


def test_a_position_is_no_angle_until_the_table_stands_and_its_own_angle_is_known() -> None:
    found = Table()
    found.cut = {1}
    found.run(0.8)
    assert found.telemetry == []  # a session waits for the angle, for a while
    found.run(0.8)
    assert (found.last.encoder_deg, found.last.inclinometer_deg) == (None, None)
    found.cut = set()
    found.run(0.5)
    assert found.last.encoder_deg == pytest.approx(UPRIGHT_DEG, abs=0.1)


def test_an_inclinometer_that_sits_wrong_refers_nothing() -> None:
    found = Table(zero_deg=20.0)
    found.run(1.5)
    assert found.last.encoder_deg is None
    assert found.last.inclinometer_deg == pytest.approx(UPRIGHT_DEG + 20.0, abs=0.1)
    assert "upright switch is closed and the inclinometer says -55.0 deg" in (found.link.problem or "")


def test_a_silent_inclinometer_takes_its_angle_away_and_nothing_else() -> None:
    found = Table()
    found.run(1.0)
    found.table.faults[fault_index(INCLINOMETER_DEG, DEAD)] = 1.0
    found.run(0.3)
    assert found.last.inclinometer_deg is None
    assert found.last.encoder_deg is not None
    assert found.last.inputs & Input.HAND_SWITCH_NO


def test_a_silent_input_module_opens_every_contact_but_the_chain_that_acts_without_it() -> None:
    found = Table()
    found.run(1.0)
    found.cut = {2}
    found.run(0.3)
    assert found.last.inputs == Input.ESTOP_CHAIN
    found.table.faults[ESTOP_PRESSED] = 1.0
    found.run(0.1)
    assert found.last.inputs == 0  # the drive itself reads the chain too


def test_a_module_that_never_spoke_closes_nothing() -> None:
    found = Table(DRIVE._replace(contacts=0))
    found.cut = {2}
    found.run(0.5)
    assert found.last.inputs == 0


def test_a_silent_drive_is_silence() -> None:
    found = Table()
    found.run(1.0)
    found.cut = {0}
    assert found.run(0.3) == []
    found.cut = set()
    assert found.run(0.3)


def test_after_a_reset_of_the_drive_the_position_is_referred_again() -> None:
    found = Table()
    found.run(3.0, move(3.0))
    found.drive.reset()
    found.run(2.0)
    assert found.link.health.board_reboots == 1
    assert found.last.encoder_deg == pytest.approx(found.table.truth().angle_deg, abs=0.2)


def test_each_port_begins_anew_by_itself() -> None:
    found = Table()
    lines = [found.link.drive.health, *(one.health for one in found.link.beside)]
    found.run(0.5)
    found.link.reset_line(1)
    assert [health.reconnections for health in lines] == [0, 1, 0]
    found.link.reset()
    assert [health.reconnections for health in lines] == [1, 2, 1]
    found.run(0.3, OFF)
    assert found.last.encoder_deg is not None


# ------------------------------------------------------------------------------------------------ what is missing


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"motor_angle": False}, "no angle on the motor's side"),
        ({"brake": False, "self_locking": False}, "neither a brake nor a self-locking gear"),
        ({"sto": False}, "no emergency-stop chain"),
        ({"timeout_s": None}, "no timeout that stops the drive"),
        ({"table_angle": False}, "no angle of the table itself"),
        ({"contacts": Input.ESTOP_CHAIN | Input.HAND_SWITCH_NO}, "no hand switch, no contact at the ankle latch"),
    ],
)
def test_the_safety_layer_refuses_to_invert_and_says_which_part_is_missing(
    changes: dict[str, Any], missing: str
) -> None:
    whole = DRIVE._replace(timeout_s=0.2, table_angle=True, contacts=0x7F)
    assert whole.equipment == Equipment.ALL
    lacks = whole._replace(**changes)
    config = BoardConfig(1, 1, (1, 0, 0), 1, MACHINE.upright_deg, MACHINE.inverted_limit_deg, 8.0, 0.2, lacks.equipment)
    view = View(MACHINE, MACHINE, "hold-to-run", config=config)
    monitor = BoardConfigured()
    assert monitor.check(view) is Response.INHIBIT
    assert missing in monitor.detail(view)
    assert ": board " not in monitor.detail(view)


@pytest.mark.parametrize("part", ["brake", "self_locking"])
def test_a_brake_or_a_self_locking_gear_is_enough(part: str) -> None:
    lacks = Capabilities("drive", brake=part == "brake", self_locking=part == "self_locking")
    assert lacks.equipment == Equipment.HOLDING


def test_a_contact_on_several_inputs_is_no_other_contact() -> None:
    """As a sum, three times one bit would be two others. No table file names one twice."""
    wired = Contacts(1, ("hand_switch_nc",) * 3)
    assert wired.capabilities.contacts == Input.HAND_SWITCH_NC
