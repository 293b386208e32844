"""The drive's rate, held against its angle and against itself."""

import math
from itertools import cycle, islice

import pytest

from safety.angles import Angles
from safety.drive_rate import LEAP_DPS, LONGEST_GAP_S, NOISY_DPS, DriveRate
from safety.limits import MACHINE
from safety.signals import Lost, Telemetry

FRAME_S = 0.01
Frame = tuple[float, float, float | None]
"""Time, angle and rate."""


def said(*frames: Frame) -> list[str]:
    """What was wrong with the rate, frame by frame."""
    rate = DriveRate()
    return [rate.wrong(value_deg, rate_dps, now_s) for now_s, value_deg, rate_dps in frames]


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(
    ("frames", "wrong"),
    [
        ([(0.0, 10.0, 0.0), (0.01, 10.0, 0.0)], False),
        ([(0.0, 10.0, 20.0), (0.05, 10.0, 20.0)], True),
        ([(0.0, 10.0, 20.0), (0.05, 11.0, 20.0)], False),
        ([(0.0, 10.0, 20.0), (LONGEST_GAP_S, 10.0, 20.0)], False),  # too far apart
        ([(0.0, 10.0, 0.0), (0.0, 11.0, 0.0)], False),  # no time between them
        ([(0.0, 10.0, 20.0), (0.02, 10.0, None), (0.05, 10.0, 20.0)], False),  # one in between said nothing
        ([(0.0, 10.0, 20.0), (0.02, 10.0, math.nan), (0.05, 10.0, 20.0)], False),
        ([(0.0, 10.0, 500.0), (0.01, 10.3, 500.0)], False),  # no more is believed of it than of a table
    ],
)
def test_a_rate_that_is_not_that_of_its_angle(frames: list[Frame], wrong: bool) -> None:
    assert said(*frames)[-1] == ("its rate contradicts its angle" if wrong else "")


@pytest.mark.parametrize("rate_dps", [1.0, -1.0])
def test_a_small_difference_counts_once_it_lasts(rate_dps: float) -> None:
    """1.5 s x 1 deg/s in the end; half of it after 1.5 s x ln 2."""
    found = said(*((number * FRAME_S, 10.0, rate_dps) for number in range(111)))
    assert found.index("its rate contradicts its angle") == pytest.approx(104, abs=2)


def shaken(most_dps: float, frames: int) -> list[Frame]:
    """A table that stands, with a rate that goes to and fro."""
    rates = islice(cycle((most_dps / 2.0, -most_dps / 2.0)), frames)
    return [(number * FRAME_S, 10.0, rate_dps) for number, rate_dps in enumerate(rates)]


@pytest.mark.requirement("REQ-ANG-LOST")
def test_a_rate_that_shakes_as_no_table_can_is_noisy() -> None:
    found = said(*shaken(4.0, 40))
    assert found[9:11] == ["", "its rate is noisy: 1.1 deg/s from frame to frame"]
    assert not any(said(*shaken(0.9 * NOISY_DPS, 1000)))
    assert any(said(*shaken(1.1 * NOISY_DPS, 1000)))


def test_a_rate_that_leaps_once_is_no_noise() -> None:
    leaps = [(number * FRAME_S, 10.0 + 30.0 * FRAME_S * (number > 50), 900.0 * (number == 50)) for number in range(100)]
    assert LEAP_DPS < 900.0
    assert not any(said(*leaps))


def test_what_was_forgotten_counts_no_more() -> None:
    rate = DriveRate()
    for now_s, value_deg, rate_dps in [(number * FRAME_S, 10.0, 1.0) for number in range(100)]:
        rate.wrong(value_deg, rate_dps, now_s)
    rate.forget()
    assert [rate.wrong(10.0, 1.0, 1.0 + number * FRAME_S) for number in range(100)] == [""] * 100


def test_the_encoder_of_a_noisy_rate_is_lost_and_the_other_angle_gives_the_rate() -> None:
    angles = Angles()
    for now_s, _, rate_dps in shaken(4.0, 40):
        at_us = round(now_s * 1e6)
        t = Telemetry(1, 1, at_us, None, None, 10.0, 10.0, rate_dps, 0.0, 24.0, 25.0, 25.0, 0, 0, 0, 0, 0)
        angles.update(t, now_s, FRAME_S, MACHINE)
    assert angles.lost_angles == Lost.ENCODER
    assert angles.encoder.lost.startswith("its rate is noisy")
    assert angles.rate_dps == 0.0


def test_a_rate_that_shook_before_it_was_forgotten_shakes_no_more() -> None:
    rate = DriveRate()
    for now_s, value_deg, rate_dps in shaken(4.0, 40):
        rate.wrong(value_deg, rate_dps, now_s)
    assert rate.shakes
    rate.forget()
    assert not rate.shakes
