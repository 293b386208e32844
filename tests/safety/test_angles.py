"""Which angle is believed: each way a channel can be lost, and no other."""

from typing import Any

import pytest

from safety.angles import Angles
from safety.channel import Channel
from safety.limits import MACHINE
from safety.signals import MotionRequest, Status, Telemetry
from tests.safety.kinematic_table import KinematicTable

LIMITS = MACHINE


def fed(*values: float | None, step_s: float = 0.01) -> Channel:
    channel = Channel("encoder")
    for number, value in enumerate(values):
        channel.update(value, number * step_s, 0.0, LIMITS)
    return channel


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(
    ("value", "lost"), [(94.9, False), (95.1, True), (-95.1, True), (float("nan"), True), (float("inf"), True)]
)
def test_range(value: float, lost: bool) -> None:
    assert bool(fed(value).lost) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(("step_deg", "lost"), [(1.9, False), (2.1, True), (-2.1, True)])
def test_step(step_deg: float, lost: bool) -> None:
    assert bool(fed(10.0, 10.0 + step_deg).lost) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
def test_after_a_pause_a_larger_step_is_believed() -> None:
    assert not fed(10.0, 14.0, step_s=0.2).lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(("frames", "lost"), [(3, False), (6, True)])
def test_absence_is_forgiven_for_three_frames(frames: int, lost: bool) -> None:
    assert bool(fed(10.0, *[None] * frames).lost) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
def test_the_first_reason_stays() -> None:
    channel = fed(10.0, 20.0, 200.0)
    assert "jumped" in channel.lost
    channel.reset()
    assert not channel.lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize("stuck", ["encoder_deg", "inclinometer_deg"])
def test_a_channel_that_stands_while_the_table_moves_is_lost(stuck: str) -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg > -40.0, 60.0, MotionRequest(2.0))
    value: Any = table.angle_deg
    table.bend = lambda t: t._replace(**{stuck: value, "rate_dps": None})
    table.until(lambda: bool(table.trips), 2.0, MotionRequest(2.0))
    angles = table.state.view.angles
    lost, other = (
        (angles.encoder, angles.inclinometer) if stuck == "encoder_deg" else (angles.inclinometer, angles.encoder)
    )
    assert "does not move" in lost.lost
    assert not other.lost


def frame(encoder: float | None, inclinometer: float | None, rate: float | None = 0.0) -> Telemetry:
    return Telemetry(1, 1, 0, None, None, encoder, inclinometer, rate, 0.0, 24.0, 25.0, 25.0, 0, 0, 0, 0, 0)


@pytest.mark.requirement("REQ-ANG-WORST")
def test_the_worst_of_both_angles_counts_on_either_side() -> None:
    angles = Angles()
    angles.update(frame(10.0, 12.0, None), 0.0, 0.01, LIMITS)
    assert (angles.low_deg, angles.high_deg, angles.disagreement_deg) == (10.0, 12.0, -2.0)
    angles.update(frame(11.5, 11.0, None), 0.01, 0.01, LIMITS)
    assert (angles.low_deg, angles.high_deg) == (11.0, 11.5)


@pytest.mark.requirement("REQ-ANG-VOTE")
def test_without_two_angles_there_is_nothing_to_vote_on() -> None:
    angles = Angles()
    angles.vote()
    angles.update(frame(None, 5.0), 0.0, 0.01, LIMITS)
    angles.vote()
    assert not angles.inclinometer.lost
    assert angles.angle_deg == 5.0


@pytest.mark.requirement("REQ-ANG-WORST")
def test_the_rate_comes_from_the_other_angle_when_the_encoder_is_lost() -> None:
    angles = Angles()
    for number in range(30):
        timed = frame(None, 0.02 * number, None)._replace(board_time_us=(number * 10_000 - 100_000) & 0xFFFFFFFF)
        angles.update(timed, number * 0.01, 0.01, LIMITS)
    assert angles.encoder.lost == "no value"
    assert angles.rate_dps == pytest.approx(2.0, abs=0.01)
    for number in range(30, 40):
        angles.update(frame(None, None, None), number * 0.01, 0.01, LIMITS)
    assert angles.angle_deg is None
    assert angles.rate_dps is None
    assert angles.best_deg is not None


@pytest.mark.requirement("REQ-ANG-BRAKE")
def test_the_last_angle_that_is_left_is_not_lost_to_the_brake() -> None:
    angles = Angles()
    for number in range(300):
        noise = 0.4 if number % 2 else 0.0
        braked = frame(10.0 + 0.01 * number, 10.0 + noise, None)._replace(status=Status.BRAKE_CLOSED)
        angles.update(braked, number * 0.01, 0.01, LIMITS)
    assert "noisy" in angles.inclinometer.lost
    assert not angles.encoder.lost


@pytest.mark.requirement("REQ-ANG-WORST")
def test_the_tables_rate_goes_by_the_boards_clock() -> None:
    angles = Angles()
    for number in range(20):
        timed = frame(0.03 * number, 0.03 * number, 3.0)._replace(board_time_us=number * 10_000)
        angles.update(timed, number * 0.001, 0.001, LIMITS)  # held up on the line, they come ten times as fast
    assert angles.table_rate_dps == pytest.approx(3.0, abs=0.01)
    for _ in range(20):
        angles.update(frame(1.0, 1.0, 3.0)._replace(board_time_us=7), 1.0, 0.01, LIMITS)
    assert angles.table_rate_dps is None  # a clock that stands tells no rate
