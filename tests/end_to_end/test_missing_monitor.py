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


@pytest.mark.parametrize(
    ("faults", "tripped"),
    [
        (["ankle-latch-stuck@20", "ankle-latch-wire@50"], ["ankle-latch"]),
        (["upright-switch-open@20", "upright-switch-closed@50"], []),
    ],
)
def test_a_fault_that_another_one_hides_is_owed_no_answer(faults: list[str], tripped: list[str]) -> None:
    session = load_session(EXAMPLES / "programs/intermittent-40.toml", EXAMPLES / "riders/experienced.toml", None)
    found = run_session(session, parse_all(faults), 1, None)
    assert [trip["id"] for trip in found["trips"]] == tripped
    assert found["unanswered"] == []
