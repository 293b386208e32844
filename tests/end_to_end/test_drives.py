"""Whole sessions on each drive from a shop: in lock-step, with and without faults, and over virtual ports."""

import time
from pathlib import Path

import pytest

from drivers.composite import CompositeLink
from firmware_host.cli.lockstep import Run, run
from firmware_host.cli.sessions import load_session
from firmware_host.cli.simulator import SimulatorProcess
from firmware_host.devices import attach, make_link, make_port
from firmware_host.files.config import load_table
from safety.signals import Equipment, Response, Status
from sim.faults import parse
from sim.oracle import judge
from tests.drivers.polled_link import HOLD, move
from tests.end_to_end.commands import EXAMPLES

DRIVES = ("roboclaw", "vesc", "odrive", "servo")
SHORT = """
name = "Short"
[motion]
rate_dps = 3
rest_at_flat_s = 10
[[step]]
do = "go"
to_deg = 20
[[step]]
do = "hold"
for_s = 5
"""
PATIENCE_S = 30.0


def session_on(drive: str, folder: Path, faults: list[str]) -> Run:
    program = folder / "short.toml"
    program.write_text(SHORT)
    session = load_session(program, EXAMPLES / "riders" / "regular.toml", EXAMPLES / f"table-{drive}.toml")
    return run(session, [parse(fault) for fault in faults], 1, None)


@pytest.mark.parametrize("drive", DRIVES)
def test_a_session_is_completed_without_a_trip(drive: str, tmp_path: Path) -> None:
    found = session_on(drive, tmp_path, [])
    assert found.host.outcome().name == "completed"
    assert [trip for trip in found.host.trips if trip.response > Response.INHIBIT] == []
    assert judge(found.trace, found.asked) == []
    link = found.host.host.link
    assert isinstance(link, CompositeLink)
    assert link.config is not None
    assert link.config.equipment == Equipment.ALL
    assert link.health.frames > 50.0 * found.session_s


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("fault", ["cable-out@25:0.3", "board-reboot@25"])
def test_the_rider_is_upright_after_the_line_the_drive_or_the_host_was_gone(
    drive: str, fault: str, tmp_path: Path
) -> None:
    found = session_on(drive, tmp_path, [fault])
    assert found.truth.angle_deg < -73.0
    assert found.host.outcome().name == "emergency_returned"
    assert judge(found.trace, found.asked) == []


@pytest.mark.parametrize("drive", DRIVES)
def test_a_dead_host_leaves_the_rider_held_still(drive: str, tmp_path: Path) -> None:
    found = session_on(drive, tmp_path, ["host-killed@25"])
    held = found.trace[-100:]
    assert abs(held[:, 2]).max() < 0.01
    # What such a drive cannot do is said on its page: nobody brings the rider upright, and nothing sounds.
    assert found.truth.angle_deg > -70.0
    assert judge(found.trace, found.asked) == []
    promised = judge(found.trace, found.asked._replace(returns_by_itself=True))
    assert [text.split(":")[0] for text in promised] == ["left"]


@pytest.mark.parametrize("missing", ["witmotion", "contacts"])
def test_without_a_device_nobody_is_inverted(missing: str, tmp_path: Path) -> None:
    text = (EXAMPLES / "table-roboclaw.toml").read_text()
    head, *sections = text.split("[[device]]")
    table = tmp_path / "table.toml"
    table.write_text("[[device]]".join([head, *(one for one in sections if f'"{missing}"' not in one)]))
    program = tmp_path / "short.toml"
    program.write_text(SHORT)
    session = load_session(program, EXAMPLES / "riders" / "regular.toml", table)
    found = run(session, [], 1, None)
    assert found.host.outcome().name == "refused"
    supervisor, view = found.host.controller.safety.supervisor, found.host.controller.safety.view
    told = supervisor.active["board-config"].detail(view)
    assert {"witmotion": "no angle of the table itself", "contacts": "no hand switch"}[missing] in told


@pytest.mark.realtime
@pytest.mark.parametrize("drive", DRIVES)
def test_each_device_on_a_virtual_port_of_its_own_in_real_time(drive: str) -> None:
    table = load_table(EXAMPLES / f"table-{drive}.toml")
    sessions = iter(range(1000, 2000))
    link = make_link(table, lambda: next(sessions), 1, simulated=True)
    with SimulatorProcess(None, EXAMPLES / f"table-{drive}.toml", 1.0, 1) as simulator:
        urls = simulator.url.split()
        assert len(urls) == 3
        port = make_port(table, urls, None)
        attach(port, link)
        port.open()
        give_up_s = time.monotonic() + PATIENCE_S
        highest_deg, frames = -90.0, 0
        last_s = time.monotonic()
        while highest_deg < -74.0 and time.monotonic() < give_up_s:
            port.wait(link.patience_s(last_s))
            last_s = time.monotonic()
            found = link.receive(port.read(), last_s)
            for t in found:
                frames += 1
                if t.encoder_deg is not None and t.inclinometer_deg is not None and t.status & Status.TORQUE_ON:
                    highest_deg = max(highest_deg, t.encoder_deg)
            ready = link.config is not None and frames > 20
            port.write(link.transmit(move(2.0) if ready else HOLD, last_s))
            assert not port.poll(last_s)
        port.close()
    assert highest_deg >= -74.0, link.problem
