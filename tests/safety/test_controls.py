"""A hand switch has to be seen in both positions before anybody inverts: one that is stuck is found at boarding."""

from typing import Any

import pytest

from safety.monitors.people import Controls
from safety.signals import Input, MotionRequest, Response
from tests.safety.kinematic_table import ALL_WELL, KinematicTable
from tests.safety.views import view_of

pytestmark = pytest.mark.requirement("REQ-MON-CONTROLS")

HELD, LET_GO = Input.HAND_SWITCH_NO, Input.HAND_SWITCH_NC
REST = ALL_WELL & ~HELD
INHIBIT, NONE = Response.INHIBIT, Response.NONE


def seen(*positions: tuple[int, int], fresh: bool = True) -> tuple[Response, str]:
    """What the monitor says, and tells, after the contacts read each of these for so many frames."""
    monitor, now_s = Controls(), 5.0
    last, detail = NONE, ""
    for contacts, frames in positions:
        for _ in range(frames):
            view = view_of({"inputs": REST | contacts, "now_s": now_s, "fresh": fresh})
            now_s += 0.01
            last, detail = monitor.check(view), monitor.detail(view)
    return last, detail


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        (((HELD, 500),), INHIBIT),
        (((LET_GO, 500),), INHIBIT),
        (((LET_GO, 3), (HELD, 3)), NONE),
        (((HELD, 3), (LET_GO, 3)), NONE),
        (((LET_GO, 2), (HELD, 3)), INHIBIT),
        (((LET_GO, 3), (HELD, 2)), INHIBIT),
        (((HELD, 3), (LET_GO, 2), (HELD, 500)), INHIBIT),
        (((HELD, 3), (HELD | LET_GO, 500), (HELD, 3)), INHIBIT),
        (((HELD, 3), (0, 500), (HELD, 3)), INHIBIT),
        (((LET_GO, 3), (HELD, 3), (0, 3)), NONE),
    ],
)
def test_both_positions_have_to_be_seen_on_both_contacts(
    positions: tuple[tuple[int, int], ...], expected: Response
) -> None:
    assert seen(*positions)[0] is expected


def test_an_old_frame_shows_nothing_new() -> None:
    assert seen((LET_GO, 30), (HELD, 30), fresh=False)[0] is INHIBIT


def test_before_the_first_frame_it_is_the_link_that_is_missing() -> None:
    assert Controls().check(view_of({"telemetry": None})) is NONE


@pytest.mark.parametrize(
    ("positions", "told"),
    [
        (((0, 1),), "not seen held and let go in this session"),
        (((HELD, 3),), "not seen let go in this session"),
        (((LET_GO, 3),), "not seen held in this session"),
    ],
)
def test_what_was_not_seen_is_said(positions: tuple[tuple[int, int], ...], told: str) -> None:
    assert seen(*positions)[1] == f"the hand switch was {told}: let it go, then hold it"


def test_on_a_table_whose_switch_is_pressed_to_return_it_has_to_be_pressed_once() -> None:
    told = Controls().detail(view_of({"hand_switch_mode": "press-to-return"}))
    assert told.endswith("in this session: press it, then let it go")


class Untried(KinematicTable):
    """A rider who does not try the switch."""

    def try_hand_switch(self) -> None:
        """Leave it as it is."""


@pytest.mark.requirement("REQ-RSP-INHIBIT")
@pytest.mark.parametrize(("mode", "rest", "tried"), [("hold-to-run", HELD, LET_GO), ("press-to-return", LET_GO, HELD)])
def test_nobody_inverts_before_the_switch_was_tried(mode: Any, rest: int, tried: int) -> None:
    table = Untried(hand_switch_mode=mode)
    table.inputs = REST | rest
    table.run(3.0, MotionRequest(2.0))
    assert list(table.verdict.inhibited) == ["controls"]
    assert table.angle_deg == -75.0
    table.inputs = REST | tried
    table.run(0.5, MotionRequest(2.0))
    assert list(table.verdict.inhibited) == ["hand-switch"]
    table.inputs = REST | rest
    table.run(0.5, MotionRequest(2.0))
    assert not table.verdict.inhibited
    assert table.rate_dps > 0.0
    assert table.trips == []
