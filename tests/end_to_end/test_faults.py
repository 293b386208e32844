"""Every fault of the catalogue in a whole session: the right monitors answer, and the rider is treated as promised."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from firmware_host.cli import judged
from firmware_host.cli.bench import run_session
from firmware_host.cli.sessions import load_session
from firmware_host.files.validation import Session
from sim.faults import CATALOGUE, parse, right_answers
from tests.end_to_end.commands import EXAMPLES, REGULAR, SHORT, righting

TRIPS = (
    "encoder-stuck@20",
    "encoder-jump@40",
    "encoder-jump-low@40",
    "encoder-drift@20",
    "encoder-drift-low@20",
    "encoder-reversed@20",
    "encoder-noisy@40",
    "encoder-dead@20",
    "inclinometer-stuck@20",
    "inclinometer-jump@40",
    "inclinometer-jump-low@40",
    "inclinometer-drift@20",
    "inclinometer-drift-low@20",
    "inclinometer-reversed@20",
    "inclinometer-noisy=1@40",
    "inclinometer-dead@20",
    "upright-switch-closed@20",
    "inverted-switch-closed@20",
    "hand-switch-wire@40",
    "ankle-latch-wire@40",
    "emergency-stop-wire@40",
    "runaway@20",
    "runaway-upright@20",
    "reversed-polarity@20",
    "torque-lost@20",
    "stall@20",
    "obstruction@20",
    "obstruction-inverting=0@20",
    "obstruction-returning@40",
    "brake-jammed@40",
    "gear-slips@40",
    "coupling-broken@20",
    "motor-hot@20",
    "drive-hot@20",
    "power-sag@20",
    "brown-out@20",
    "rider-braces@20",
    "power-loss@20",
    "cable-out@40",
    "to-host-dead@40",
    "to-board-dead@40",
    "frames-lost=0.95@40",
    "frames-lost-in-bursts@40",
    "bits-flipped=0.95@40",
    "frames-delayed@40",
    "frames-stale@40",
    "babble@40",
    "wrong-board@40",
    "board-reboot@40",
    "host-stall@40:2",
    "clock-jump@40",
    "hand-switch-release@40",
    "ankle-latch-open@40",
    "emergency-stop@40",
    "rider-slips=150@0",
    "rider-braces=150@20",
    "panel-gone@40",
    "panel-babbles@40",
)
GOES_ON = (
    "upright-switch-open@20",
    "inverted-switch-open@20",
    "hand-switch-stuck@20",
    "ankle-latch-stuck@20",
    "brake-slips@20",
    "frames-lost@20",
    "bits-flipped@20",
    "frames-repeated@20",
    "frames-reordered@20",
    "host-stall@40:0.05",
    "arms-raised@20",
    "rider-heavier@0",
    "rider-lighter@0",
    "rider-fights=20@20",
    "disk-full@20",
    "disk-full@20:10",
    "panel-gone@20:1.2",
    "panel-floods@20",
    "press-start@20",
    "press-acknowledge@20",
    "rider-heavier@-5",
    "ankle-latch-open@-5:2",
    "to-board-dead@-5:8",
    "board-reboot@-2",
    "host-stall@-3:5",
    "panel-gone@-5:3",
)
ORDERED = {"press-stop@40": "stopped", "press-return@40": "returned"}
REFUSED = (
    "hand-switch-release@-3",
    "ankle-latch-open@-3",
    "emergency-stop@-3",
    "panel-gone@-5",
    "press-stop@-3",
    "press-return@-3",
    "cable-out@-1",
    "to-board-dead@-3",
    "encoder-dead@-3",
)
PAIRS = (
    ("hand-switch-stuck@10", "hand-switch-release@40"),
    ("ankle-latch-stuck@10", "ankle-latch-open@40"),
    ("brake-slips@10", "emergency-stop@40"),
    ("cable-out@40:2", "host-stall@41:3"),
    ("to-host-dead@40:1", "inclinometer-dead@20"),
    ("encoder-dead@20", "to-board-dead@40"),
)
FOUND = (
    ("wrong-board@36:3.47",),
    ("wrong-board@15:2.9",),
    ("board-reboot@50",),
    ("to-board-dead@-3", "frames-lost@4:4"),
    ("runaway-upright@70",),
    ("runaway-upright=0.36@75",),
    ("runaway-upright@70", "inclinometer-jump@100:0.2"),
    ("obstruction-returning=0@47:3", "host-killed@49"),
    ("obstruction-inverting@20", "runaway-upright@70:0.2"),
    ("encoder-stuck@73:0.5", "clock-jump@75"),
    ("encoder-reversed@6",),
    ("host-killed@80", "runaway-upright@80.05"),
    ("host-killed@20", "runaway@20"),
    ("hand-switch-release@40", "to-host-dead@43.92:0.3"),
    ("hand-switch-release@40", "to-board-dead@43.92:0.28"),
    ("hand-switch-release@40", "cable-out@43.9:0.3"),
    ("hand-switch-release@40", "host-stall@43.9:0.3"),
    ("inclinometer-drift=10@25",),
    ("inclinometer-jump=1.9@25",),
    ("frames-delayed=900@25:3",),
    ("runaway=0.06@25",),
    ("inclinometer-drift-low@19.55:7.89", "frames-stale=115@18.81"),
    ("clock-jump=1390@44.8", "encoder-drift=7.63@44"),
    ("clock-jump=125@30", "to-host-dead@29.6"),
    ("to-host-dead@80", "emergency-stop-wire@83"),
    ("babble@75", "obstruction-returning@10"),
    ("inclinometer-drift@50", "encoder-reversed@58:8"),
    ("inclinometer-reversed@8.5", "upright-switch-open@11"),
    ("encoder-drift=0.7@43.5", "hand-switch-release@44"),
    ("power-sag=8.6@70:10",),
    ("power-sag=8@46:1.3",),
    ("frames-delayed=60@44:0.348",),
    ("hand-switch-release@44", "runaway=0.3@46.5:0.14"),
    ("upright-switch-closed@44", "host-killed@46"),
    ("cable-out@45", "encoder-jump-low=25@45.4"),
    ("cable-out@45", "inclinometer-jump-low=25@45.4"),
    ("encoder-drift-low=0.1@0", "inclinometer-drift-low=0.1@0"),
    ("cable-out@117.5:0.15",),
    ("host-stall@116.9:0.5",),
    ("runaway-upright=0.4@4.25",),
    ("brake-slips@40", "coupling-broken@82"),
    ("power-sag=10@40.1:0.05", "power-sag=10@42:0.05"),
)
"""What campaigns found, and what was mended: in these the wrong monitor answered, or a promise was broken."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    program = tmp_path_factory.mktemp("program") / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    return load_session(program, REGULAR, EXAMPLES / "table.toml")


def run(session: Session, records: Path, *faults: str) -> dict[str, Any]:
    """Run it, and see that nothing was broken and nobody but the right monitors tripped."""
    parsed = [parse(text) for text in faults]
    found = run_session(session, parsed, 1, records if any(fault.kind.on_disk for fault in parsed) else None)
    assert found["violations"] == found["unanswered"] == [], found
    assert {trip["id"] for trip in found["trips"]} <= right_answers(fault.name for fault in parsed), found["trips"]
    return found


@pytest.mark.parametrize("fault", TRIPS)
def test_a_fault_that_matters_is_answered(tmp_path: Path, session: Session, fault: str) -> None:
    found = run(session, tmp_path, fault)
    assert found["trips"]
    assert found["outcome"] != "completed"
    by_person = any(trip["id"] == "emergency-stop" for trip in found["trips"])
    if not (parse(fault).cannot_move or by_person or fault.startswith("obstruction-returning")):
        assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.parametrize("fault", ["power-sag=10@40", "rider-fights=120@50"])
def test_the_most_that_a_drive_can_bear_is_borne(tmp_path: Path, session: Session, fault: str) -> None:
    found = run(session, tmp_path, fault)
    assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.parametrize(("lasts_s", "freed"), [(0.05, True), (5.0, False)])
def test_what_gives_way_is_an_impact_until_a_monitor_has_tripped_on_it(
    session: Session, lasts_s: float, freed: bool
) -> None:
    fault = parse(f"obstruction-inverting=0.07@20:{lasts_s}")
    found = judged.run(session, [fault], 1, None)
    begun_s = found.result.begun_s(fault)
    assert begun_s is not None
    assert found.asked.harm.freed_s == ((pytest.approx(begun_s + lasts_s),) if freed else ())


@pytest.mark.parametrize(("lasts_s", "given_up"), [(0.3, False), (20.0, True)])
def test_an_actuator_that_works_again_excuses_no_longer_unless_it_was_stopped_meanwhile(
    session: Session, lasts_s: float, given_up: bool
) -> None:
    fault = parse(f"torque-lost@50:{lasts_s}")
    found = judged.run(session, [fault], 1, None)
    begun_s = found.result.begun_s(fault)
    assert begun_s is not None
    assert any(trip.response == "STOP" for trip in found.asked.trips) is given_up
    until_s = math.inf if given_up else pytest.approx(begun_s + lasts_s)
    assert found.asked.harm.stuck_s == ((begun_s, until_s),)


@pytest.mark.parametrize("noise", ["encoder-noisy=0.01", "encoder-noisy=0.02"])
@pytest.mark.parametrize("other", ["inclinometer-stuck", "inclinometer-dead", "inclinometer-jump=30"])
@pytest.mark.parametrize("at_s", [43, 60])
def test_noise_beside_a_lost_inclinometer_bars_no_way_up(
    tmp_path: Path, session: Session, noise: str, other: str, at_s: int
) -> None:
    """It begins while the table stands on its brake."""
    found = run(session, tmp_path, f"{noise}@{at_s}", f"{other}@{at_s}")
    assert found["truth"]["final_angle_deg"] < -55.0


def test_noise_that_no_angle_shows_costs_the_encoder_and_not_the_way_up(tmp_path: Path, session: Session) -> None:
    found = run(session, tmp_path, "encoder-noisy=0.01@50")
    assert "angle-plausibility" in [trip["id"] for trip in found["trips"]]
    assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.parametrize("at_s", [55, 64, 80])
def test_a_last_angle_that_was_wrong_for_a_moment_costs_no_way_up(tmp_path: Path, session: Session, at_s: int) -> None:
    """The one that is left stops the recovery, and is right again before the next one."""
    found = run(session, tmp_path, "inclinometer-reversed@30", f"encoder-reversed@{at_s}:0.6")
    assert "following" in [trip["id"] for trip in found["trips"]]
    assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.parametrize("brown_out", ["brown-out=11@40:3", "brown-out@40:20", "brown-out=23@40:60"])
def test_whoever_is_held_for_want_of_power_comes_upright_when_it_is_back(
    tmp_path: Path, session: Session, brown_out: str
) -> None:
    found = run(session, tmp_path, brown_out)
    assert found["truth"]["final_angle_deg"] < -70.0


@pytest.mark.parametrize("fault", GOES_ON)
def test_a_fault_that_the_table_can_bear_ends_no_session(tmp_path: Path, session: Session, fault: str) -> None:
    found = run(session, tmp_path, fault)
    assert found["trips"] == []
    assert found["outcome"] == "completed"


@pytest.mark.requirement("REQ-SES-STOP")
@pytest.mark.parametrize(("fault", "outcome"), ORDERED.items())
def test_what_a_person_orders_is_done_and_is_no_trip(
    tmp_path: Path, session: Session, fault: str, outcome: str
) -> None:
    found = run(session, tmp_path, fault)
    assert (found["trips"], found["outcome"]) == ([], outcome)


@pytest.mark.requirement("REQ-MON-CONTROLS", "REQ-SES-START")
@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_wrong_before_the_start_lets_nobody_start(tmp_path: Path, session: Session, fault: str) -> None:
    found = run(session, tmp_path, fault)
    assert found["outcome"] == "refused"
    assert found["truth"]["max_angle_deg"] < -74.0


def test_a_rider_comes_back_from_a_table_whose_switch_is_pressed_to_return(tmp_path: Path) -> None:
    program, table = tmp_path / "short.toml", tmp_path / "table.toml"
    program.write_text(SHORT, encoding="utf-8")
    table.write_text('[table]\nname = "Press"\nhand_switch = "press-to-return"\n', encoding="utf-8")
    session = load_session(program, REGULAR, table)
    assert run(session, tmp_path)["outcome"] == "completed"
    found = run(session, tmp_path, "hand-switch-release@40")
    assert [trip["detail"] for trip in found["trips"]] == ["hand switch pressed"]
    assert found["truth"]["final_angle_deg"] < -72.0


@pytest.mark.parametrize("faults", PAIRS, ids=" ".join)
def test_two_faults_at_once_are_answered(tmp_path: Path, session: Session, faults: tuple[str, str]) -> None:
    assert run(session, tmp_path, *faults)["trips"]


@pytest.mark.parametrize("faults", FOUND, ids=" ".join)
def test_what_a_campaign_found_stays_mended(tmp_path: Path, session: Session, faults: tuple[str, ...]) -> None:
    run(session, tmp_path, *faults)


@pytest.mark.parametrize("faults", [("press-stop@116.5", "board-reboot@116.7"), ("press-stop@1", "cable-out@1.3:0.6")])
def test_a_stopped_session_is_over_whatever_becomes_of_the_link(
    tmp_path: Path, session: Session, faults: tuple[str, ...]
) -> None:
    found = run(session, tmp_path, *faults)
    assert found["outcome"] == "stopped"
    assert found["session_s"] < 150.0, "nobody starts the program again"


def test_who_was_given_up_for_want_of_power_is_brought_upright_once_there_is_some(
    tmp_path: Path, session: Session
) -> None:
    """Each recovery runs dry, and between the dips nothing is wrong with the supply."""
    found = run(session, tmp_path, *(f"brown-out@{at_s}:0.5" for at_s in (50.1, 53.1, 56.1, 59.1, 62.1)))
    assert found["truth"]["final_angle_deg"] < -72.0


@pytest.mark.parametrize(
    "faults",
    [
        ("emergency-stop@42:0.5", "hand-switch-release@44:1", "emergency-stop@46:0.5", "hand-switch-release@48:1",
         "emergency-stop@50:0.5", "hand-switch-release@52:1"),
        ("press-stop@42", "hand-switch-release@45:1", "press-stop@48", "hand-switch-release@51:1",
         "press-stop@54", "hand-switch-release@57:1", "press-stop@60", "hand-switch-release@63"),
        ("emergency-stop@42:1", "press-return@45", "emergency-stop@47:1", "hand-switch-release@50"),
    ],
    ids=["chain", "stop", "both"],
)  # fmt: skip
def test_a_sound_table_is_not_given_up_because_people_interrupt_it(
    tmp_path: Path, session: Session, faults: tuple[str, ...]
) -> None:
    found = run(session, tmp_path, *faults)
    assert found["truth"]["final_angle_deg"] < -72.0


def test_the_board_alone_brings_the_rider_upright_when_the_host_is_killed(tmp_path: Path, session: Session) -> None:
    found = run(session, tmp_path, "host-killed@40")
    assert found["trips"] == []
    assert found["truth"]["final_angle_deg"] < -70.0
    assert (found["outcome"], found["reason"]) == ("unknown", "the host was killed in state session holding")


@pytest.mark.parametrize("fault", ["hand-switch-wire@0.5", "ankle-latch-wire@0.5", "inverted-switch-closed@0.5"])
def test_a_contact_that_contradicts_itself_at_boarding_lets_nobody_invert(
    tmp_path: Path, session: Session, fault: str
) -> None:
    found = run(session, tmp_path, fault)
    assert found["truth"]["max_angle_deg"] < -70.0


def test_every_fault_of_the_catalogue_is_tried() -> None:
    tried = {parse(text).name for text in (*TRIPS, *GOES_ON, *ORDERED, "host-killed@40")}
    assert tried == set(CATALOGUE)


def test_the_list_of_faults_for_machines_and_for_people() -> None:
    told = json.loads(righting("faults", "--json", "-").stdout)
    assert [one["name"] for one in told] == list(CATALOGUE)
    jump = next(one for one in told if one["name"] == "encoder-jump")
    assert jump["value"] == {"default": 5.0, "lowest": 0.1, "highest": 60.0, "unit": "deg"}
    assert "angle-agreement" in jump["causes"]
    shown = righting("faults")
    assert shown.returncode == 0, shown.stderr
    assert all(name in shown.stdout for name in CATALOGUE)
