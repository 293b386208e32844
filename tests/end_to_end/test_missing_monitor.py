"""The judge on a safety layer that lacks a monitor, or is weaker: it has to say so, or campaigns would prove nothing.

Not here are those behind which another one stands: without ``overspeed`` or ``progress``, for example, ``following``
answers, and the rider fares no worse.
"""

from typing import Any

import pytest

from firmware_host.cli.bench import JUDGED, run_session
from firmware_host.cli.sessions import load_session
from safety.limits import Limits
from safety.monitors import REGISTER, Monitor
from safety.monitors.people import AnkleLatch, HandSwitch
from safety.returning import ReturnPlan, emergency_return
from safety.signals import Recovery, Response
from sim.faults import parse_all
from tests.end_to_end.commands import EXAMPLES

MISSED = {
    "angle-plausibility": "inclinometer-dead",
    "ankle-latch": "ankle-latch-open",
    "emergency-stop": "emergency-stop",
    "energy": "power-sag",
    "following": "runaway",
    "hand-switch": "hand-switch-release",
    "link": "cable-out",
    "presence": "panel-gone",
    "switches": "upright-switch-closed",
    "temperature": "motor-hot",
}


def judged(*faults: str) -> list[str]:
    """All that the judge has against a session to 40 degrees."""
    session = load_session(EXAMPLES / "programs/intermittent-40.toml", EXAMPLES / "riders/experienced.toml", None)
    found = run_session(session, parse_all([*faults]), 1, None)
    return [text for name in JUDGED for text in found[name]]


@pytest.mark.requirement("REQ-PRM-ANSWER")
@pytest.mark.parametrize("missing", MISSED)
def test_a_monitor_that_is_missing_is_found_by_the_judge(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(monitor for monitor in REGISTER if monitor.id != missing)
    assert len(left) == len(REGISTER) - 1
    monkeypatch.setattr("safety.supervisor.REGISTER", left)
    assert judged(f"{MISSED[missing]}@50") != []


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


def no_rest(limits: Limits) -> ReturnPlan:
    return emergency_return(limits)._replace(rest_s=0.0)


@pytest.mark.parametrize(
    ("name", "value", "fault", "rule"),
    [
        ("safety.supervisor.Supervisor._a_person_stops", lambda _: None, "press-stop", "waits"),
        ("safety.monitors.people.EmergencyStop.recovery", Recovery.AUTOMATIC, "emergency-stop", "waits"),
        ("safety.supervisor.emergency_return", no_rest, "hand-switch-release", "rest"),
        ("safety.alarms._situation", lambda *_: "returning", "stall", "left"),
    ],
)
def test_a_weaker_safety_layer_is_found_by_the_judge(
    name: str, value: Any, fault: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name, value)
    lasts = ":5" if fault == "emergency-stop" else ""
    assert rule in {text.partition(":")[0] for text in judged(f"{fault}@80{lasts}")}


@pytest.mark.parametrize(
    ("monitor", "fault"), [(AnkleLatch, "ankle-latch-open"), (HandSwitch, "hand-switch-release@50:0.5")]
)
def test_an_answer_that_is_too_weak_is_found_by_the_judge(
    monitor: type[Monitor], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = monitor.check
    monkeypatch.setattr(monitor, "check", lambda self, view: min(check(self, view), Response.RETURN))
    assert any("no EMERGENCY_RETURN or stronger" in text for text in judged(fault if "@" in fault else f"{fault}@50"))


def test_who_does_not_hear_a_stop_does_not_wait_after_it() -> None:
    assert judged("host-killed@50", "press-stop@53") == []
