"""The judge on a safety layer that lacks a monitor: it has to say so, or campaigns would prove nothing of that monitor.

Not here are those behind which another one stands: without ``overspeed`` or ``progress``, for example, ``following``
answers, and the rider fares no worse.
"""

import pytest

from firmware_host.cli.bench import JUDGED, run_session
from firmware_host.cli.sessions import load_session
from safety.monitors import REGISTER
from sim.faults import parse_all
from tests.end_to_end.commands import EXAMPLES

MISSED = {
    "angle-plausibility": "inclinometer-dead",
    "ankle-latch": "ankle-latch-open",
    "emergency-stop": "emergency-stop",
    "following": "runaway",
    "hand-switch": "hand-switch-release",
    "link": "cable-out",
    "presence": "panel-gone",
    "switches": "upright-switch-closed",
    "temperature": "motor-hot",
}


@pytest.mark.parametrize("missing", MISSED)
def test_a_monitor_that_is_missing_is_found_by_the_judge(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(monitor for monitor in REGISTER if monitor.id != missing)
    assert len(left) == len(REGISTER) - 1
    monkeypatch.setattr("safety.supervisor.REGISTER", left)
    session = load_session(EXAMPLES / "programs/intermittent-40.toml", EXAMPLES / "riders/experienced.toml", None)
    found = run_session(session, parse_all([f"{MISSED[missing]}@50"]), 1, None)
    assert [text for name in JUDGED for text in found[name]] != []
