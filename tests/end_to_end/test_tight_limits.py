"""A file may make every limit as tight, and a sensor as late, as its range allows: a healthy table is not misjudged."""

from pathlib import Path

import pytest

from firmware_host.cli.judged import run
from firmware_host.cli.sessions import load_session
from sim.faults import parse
from sim.oracle import judge
from tests.firmware_host.lockstep import EXAMPLES


@pytest.mark.requirement("REQ-MON-OVERSPEED", "REQ-MON-FOLLOWING")
@pytest.mark.parametrize("lost", [(), ("inclinometer-dead@59.5",)])
@pytest.mark.parametrize("limit", ["following_dps = 1.0", "head_up_rate_dps = 0.1", "head_up_rate_dps = 0.3"])
def test_a_healthy_return_trips_nothing(limit: str, lost: tuple[str, ...], tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text(f'[table]\nname = "Tight"\n[limits]\n{limit}\n')
    session = load_session(EXAMPLES / "programs" / "intermittent-40.toml", EXAMPLES / "riders" / "regular.toml", table)
    done = run(session, [parse(one) for one in (*lost, "hand-switch-release@60")], 1, None)
    assert judge(done.trace, done.asked) == []
    assert done.truth.angle_deg < -72.0
    assert {trip.monitor for trip in done.host.trips} <= {"hand-switch", "angle-plausibility"}


GENTLE = """
name = "Gentle"
[motion]
rate_dps = 3
[[step]]
do = "go"
to_deg = 30
[[step]]
do = "hold"
for_s = 10
"""


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize(
    ("faults", "sample_ms"),
    [
        (["hand-switch-release@40", "press-stop@44.75"], 5),
        (["hand-switch-release@40", "press-stop@44.8"], 5),
        (["hand-switch-release@30", "press-stop@30.4"], 100),
        (["runaway-upright@30"], 100),
    ],
)
def test_no_stop_makes_a_sound_encoder_look_wrong_beside_a_late_inclinometer(
    tmp_path: Path, faults: list[str], sample_ms: int
) -> None:
    """At the end of an emergency return the encoder stands, and an inclinometer of 200 ms has half a degree to go."""
    table, program = tmp_path / "table.toml", tmp_path / "program.toml"
    sensors = f"inclinometer_filter_ms = 200.0\ninclinometer_sample_ms = {sample_ms}\n"
    table.write_text(f'[table]\nname = "Late"\n[physics.sensors]\n{sensors}')
    program.write_text(GENTLE)
    session = load_session(program, EXAMPLES / "riders" / "experienced.toml", table)
    done = run(session, [parse(fault) for fault in faults], 1, None)
    assert done.host.controller.safety.view.angles.encoder.lost == ""


def test_a_late_inclinometer_does_not_keep_a_board_alone_from_bringing_the_rider_up(tmp_path: Path) -> None:
    """It still sees the way to inversion when an encoder that counts backward shows the way up as that."""
    table, program = tmp_path / "table.toml", tmp_path / "program.toml"
    table.write_text('[table]\nname = "Late"\n[physics.sensors]\ninclinometer_filter_ms = 100.0\n')
    program.write_text(GENTLE)
    session = load_session(program, EXAMPLES / "riders" / "experienced.toml", table)
    done = run(session, [parse("host-killed@30.02"), parse("encoder-reversed@30.5")], 1, None)
    assert done.truth.angle_deg < -72.0
