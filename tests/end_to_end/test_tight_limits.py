"""A file may make every limit as tight as its range allows: a healthy table still brings its rider upright."""

from pathlib import Path

import pytest

from firmware_host.cli.lockstep import run
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
