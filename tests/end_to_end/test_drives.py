"""Whole sessions on each drive from a shop: in lock-step, with and without faults, and over virtual ports."""

import math
import time
from pathlib import Path

import pytest

from drivers.capabilities import DRIVES
from drivers.composite import CompositeLink
from firmware_host.cli.judged import JudgedRun, run
from firmware_host.cli.sessions import load_session
from firmware_host.cli.simulator import SimulatorProcess
from firmware_host.devices import attach, make_link, make_port
from firmware_host.files.tables import load_table
from safety.signals import Equipment, Response, Status
from sim.faults import parse
from sim.layout import TRACE_COLUMNS
from sim.oracle import judge, wrong_causes
from tests.drivers.polled_link import HOLD, move
from tests.end_to_end.commands import EXAMPLES, short

SHORT = short(20.0, 5.0)
PATIENCE_S = 30.0


def session_on(drive: str | Path, folder: Path, faults: list[str]) -> JudgedRun:
    program = folder / "short.toml"
    program.write_text(SHORT)
    table = drive if isinstance(drive, Path) else EXAMPLES / f"table-{drive}.toml"
    session = load_session(program, EXAMPLES / "riders" / "regular.toml", table)
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
    promised = judge(found.trace, found.asked._replace(drive=found.asked.drive._replace(returns_by_itself=True)))
    assert [text.split(":")[0] for text in promised] == ["left"]


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("fault", ["encoder-dead", "encoder-stuck", "runaway-upright"])
@pytest.mark.parametrize("at_s", [6, 46])
def test_a_drive_that_fails_keeps_what_it_promises(drive: str, fault: str, at_s: float, tmp_path: Path) -> None:
    found = session_on(drive, tmp_path, [f"{fault}@{at_s}"])
    assert judge(found.trace, found.asked) == []
    assert wrong_causes(found.asked) == []
    assert found.truth.rate_dps == 0.0
    assert found.asked.alarm or found.truth.angle_deg < -72.0


def test_a_stage_that_ignores_torque_off_is_held_by_the_brake_and_asks_for_the_emergency_stop(tmp_path: Path) -> None:
    found = session_on("roboclaw", tmp_path, ["runaway-upright@25"])
    assert judge(found.trace, found.asked) == []
    assert abs(found.truth.current_a) > 5.0, "it pushes on"
    assert "press the emergency stop" in found.asked.alarm
    opened = found.trace[:, TRACE_COLUMNS.index("brake_closed")] < 0.5
    stopped_s = next(trip.t_s for trip in found.asked.trips if trip.response == "TORQUE_OFF")
    assert not opened[found.trace[:, 0] > stopped_s + 0.3].any(), "the brake was opened for a recovery"


def test_a_motor_that_drags_the_table_through_its_brake_asks_for_the_emergency_stop_at_once(tmp_path: Path) -> None:
    weak = tmp_path / "weak.toml"
    weak.write_text((EXAMPLES / "table-roboclaw.toml").read_text().replace("torque_nm = 800", "torque_nm = 400"))
    found = session_on(weak, tmp_path, ["runaway-upright@25"])
    (cut, *_), (dragged, *_) = (
        [trip.t_s for trip in found.asked.trips if wanted in (trip.response, trip.monitor)]
        for wanted in ("TORQUE_OFF", "torque-off")
    )
    assert dragged - cut < 0.5
    assert abs(found.trace[round(dragged * 100), TRACE_COLUMNS.index("rate_dps")]) > 2.0


@pytest.mark.parametrize(
    ("drive", "faults"),
    [
        ("vesc", ["babble@5.6"]),
        ("roboclaw", ["bits-flipped@5.9:30"]),
        ("vesc", ["wrong-board@14"]),
        ("vesc", ["coupling-broken@12"]),
        ("odrive", ["upright-switch-open@20", "inclinometer-dead@10:0.2"]),
        ("vesc", ["encoder-drift=4.5@20"]),
        ("vesc", ["encoder-drift-low=5.7@9"]),
        ("vesc", ["drive-hot=160@14"]),
        ("vesc", ["encoder-noisy=8.7@10"]),
        ("vesc", ["frames-delayed=10000@6"]),
    ],
)
def test_what_a_campaign_found_stays_mended(drive: str, faults: list[str], tmp_path: Path) -> None:
    found = session_on(drive, tmp_path, faults)
    assert judge(found.trace, found.asked) == []
    assert wrong_causes(found.asked) == []


@pytest.mark.parametrize(
    ("faults", "broken"), [(["brake-slips@6", "torque-lost@14"], False), (["gear-slips=0@14:1"], True)]
)
def test_a_brake_that_a_table_does_not_have_holds_nothing_up(faults: list[str], broken: bool, tmp_path: Path) -> None:
    """Beside a dead motor its gear holds the table, and all of that is judged."""
    found = session_on("vesc", tmp_path, faults)
    assert found.asked.nothing_holds is broken
    assert found.asked.harm.ties_again_s < math.inf or not broken
    assert judge(found.trace, found.asked) == []


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


@pytest.mark.requirement("REQ-REC-LATCHED")
@pytest.mark.parametrize("drive", ["odrive", "servo"])
@pytest.mark.parametrize("fault", ["encoder-dead@30:0.1", "drive-hot=100@30:0.4", "brown-out@30:0.5"])
def test_a_fault_that_is_over_does_not_keep_the_rider_inverted(drive: str, fault: str, tmp_path: Path) -> None:
    found = session_on(drive, tmp_path, [fault])
    assert found.trace[:, TRACE_COLUMNS.index("angle_deg")].max() > 10.0
    assert found.truth.angle_deg < -73.0
    assert judge(found.trace, found.asked) == []


@pytest.mark.parametrize(
    ("drive", "written", "instead"),
    [
        ("vesc", "scale = 268.333333", "scale = 134.166667"),
        ("roboclaw", "scale = 12777.7778", "scale = 3000"),
        ("servo", "scale = 63888.8889", "scale = 10000"),
        ("odrive", "scale = 6.38888889", "scale = 3.2"),
        ("odrive", "address = 0 ", "address = 1 "),
        ("vesc", '"estop_chain", "upright_switch"', '"upright_switch", "", "estop_chain"'),
    ],
)
def test_the_emulated_devices_are_as_the_table_file_says(
    drive: str, written: str, instead: str, tmp_path: Path
) -> None:
    text = (EXAMPLES / f"table-{drive}.toml").read_text()
    assert written in text
    file = tmp_path / "table.toml"
    file.write_text(text.replace(written, instead))
    found = session_on(file, tmp_path, [])
    assert found.host.outcome().name == "completed", found.host.outcome()
    assert judge(found.trace, found.asked) == []


def test_a_roboclaw_that_was_too_hot_for_a_moment_goes_on_once_it_has_cooled(tmp_path: Path) -> None:
    found = session_on("roboclaw", tmp_path, ["drive-hot=137@30:0.1"])
    assert {"drive-fault", "temperature"} <= {trip.monitor for trip in found.host.trips}
    assert found.truth.angle_deg < -73.0
    assert judge(found.trace, found.asked) == []
