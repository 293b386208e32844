"""How a session ended: the one judgement of the controller, of a recording's summary, and of its digest."""

import pytest

from firmware_host.control.outcome import each_once, outcome_name, outcome_reason
from safety.signals import Response


@pytest.mark.parametrize(
    ("strongest", "unlinked", "undisturbed", "name"),
    [
        (Response.NONE, False, True, "completed"),
        (Response.NONE, False, False, "returned"),
        (Response.RETURN, False, False, "returned"),
        (Response.EMERGENCY_RETURN, False, True, "emergency_returned"),
        (Response.STOP, False, True, "stopped"),
        (Response.TORQUE_OFF, False, True, "stopped"),
        (Response.EMERGENCY_RETURN, True, False, "stopped"),
        (Response.NONE, True, True, "stopped"),
    ],
)
def test_the_strongest_response_names_the_end(
    strongest: Response, unlinked: bool, undisturbed: bool, name: str
) -> None:
    assert outcome_name(strongest, unlinked=unlinked, undisturbed=undisturbed) == name


@pytest.mark.parametrize(
    ("name", "monitors", "asked", "reason"),
    [
        ("completed", [], False, "program finished"),
        ("stopped", ["following", "following"], False, "following"),
        ("stopped", ["overspeed", "following", "overspeed"], True, "overspeed, following"),
        ("returned", [], True, "operator"),
        ("returned", [], False, ""),
    ],
)
def test_the_reason_names_each_monitor_once_and_else_the_operator(
    name: str, monitors: list[str], asked: bool, reason: str
) -> None:
    assert outcome_reason(name, monitors, asked=asked) == reason


def test_monitors_stand_in_the_order_of_their_first_trips() -> None:
    assert each_once(["tick", "link", "tick"]) == ("tick", "link")
