"""One angle, watched on its own: the edge of each way in which it can be lost, what is said, and since when."""

import pytest

from safety.channel import Channel
from safety.limits import MACHINE

pytestmark = pytest.mark.requirement("REQ-ANG-LOST")
FRAME_S = 0.01


def fed(*values: float | None, frame_s: float = FRAME_S, moved_deg: float = 0.0) -> Channel:
    channel = Channel("encoder")
    for number, value in enumerate(values):
        channel.update(value, 7.0 + number * frame_s, moved_deg, MACHINE)
    return channel


def test_a_new_channel_is_believed_and_knows_nothing() -> None:
    channel = Channel("encoder")
    assert (channel.name, channel.lost, channel.lost_since_s, channel.value_deg) == ("encoder", "", 0.0, None)


@pytest.mark.parametrize(
    ("values", "lost", "since_s"),
    [
        ((95.0,), "", 0.0),
        ((-95.0,), "", 0.0),
        ((10.0, 96.0), "reads 96.0 deg, outside +-95", 7.01),
        ((10.0, 12.0), "", 0.0),
        ((10.0, 8.0), "", 0.0),
        ((10.0, 13.0), "jumped by 3.0 deg in a frame", 7.01),
        ((10.0, 7.0), "jumped by 3.0 deg in a frame", 7.01),
        ((10.0, None, None, None, None), "no value", 7.0),
    ],
)
def test_what_it_says_and_since_when(values: tuple[float | None, ...], lost: str, since_s: float) -> None:
    channel = fed(*values)
    assert channel.lost == lost
    assert channel.lost_since_s == pytest.approx(since_s)


@pytest.mark.parametrize(("step_deg", "lost"), [(4.9, False), (5.1, True), (-4.9, False), (-5.1, True)])
def test_after_a_pause_it_may_have_gone_as_far_as_a_table_can(step_deg: float, lost: bool) -> None:
    """2 deg for a frame, and 30 deg/s for 0.1 s more."""
    assert bool(fed(10.0, 10.0 + step_deg, frame_s=0.11).lost) == lost


def test_a_steady_motion_either_way_is_no_noise() -> None:
    for rate in (0.4, -0.4):
        assert not fed(*(10.0 + rate * number for number in range(100))).lost


def test_a_steady_motion_of_which_every_third_frame_is_lost_is_no_noise() -> None:
    channel = Channel("encoder")
    for number in (number for number in range(150) if number % 3):
        channel.update(10.0 + 0.4 * number, 7.0 + number * FRAME_S, 0.4, MACHINE)
    assert channel.noise_deg == pytest.approx(0.0, abs=1e-9)


def test_a_value_that_shakes_is_noise_and_only_in_regular_frames() -> None:
    shaken = [10.0 + 0.15 * (number % 2) for number in range(60)]
    channel = fed(*shaken)
    assert channel.lost.startswith("is noisy: 0.2")
    assert channel.lost_since_s == pytest.approx(7.38)
    assert not fed(*shaken, frame_s=0.02).lost
    assert not fed(*(10.0 + 0.09 * (number % 2) for number in range(60))).lost


def test_what_a_maintained_sensor_may_shake_by_is_no_noise_for_a_quarter_of_a_second_either() -> None:
    """Seed 7, session 5705: noise of 0.05 deg, 0.1 deg off a straight line on average, came to 0.2 deg by chance."""
    calm = [10.0 + 0.05 * (number % 2) for number in range(200)]
    shaken = [10.0 + 0.13 * (number % 2) for number in range(80)]
    assert not fed(*calm, *shaken[:24]).lost
    assert fed(*calm, *shaken).lost.startswith("is noisy: 0.2")


@pytest.mark.parametrize(
    ("moved_deg", "other_deg", "lost"),
    [
        (0.1, 0.51, True),
        (-0.1, -0.51, True),
        (0.1, 0.5, False),
        (0.1, -0.6, False),
        (0.1, 2.0, True),
        (0.09, 2.0, False),
        (-0.09, -2.0, False),
    ],
)
def test_it_stands_while_the_other_one_moves(moved_deg: float, other_deg: float, lost: bool) -> None:
    """Twelve frames: the first finds the other one, and the table should move in the other eleven."""
    channel, other = Channel("encoder"), Channel("inclinometer")
    for number in range(12):
        channel.update(10.0 + 0.01 * (number % 2), 7.0 + number * FRAME_S, moved_deg, MACHINE)
        other.update(10.0 + other_deg * number / 11.0, 7.0 + number * FRAME_S, moved_deg, MACHINE)
        channel.lose_if_it_stands_while(other)
    assert channel.lost == ("does not move while the table does" if lost else "")
    assert channel.lost_since_s == (7.0 if lost else 0.0)


@pytest.mark.parametrize(("frames", "lost"), [(5, False), (6, True)])
@pytest.mark.parametrize("moved_deg", [0.25, -0.25])
@pytest.mark.parametrize("shaken_deg", [0.0, 0.05, -0.05])
def test_what_changes_by_no_more_than_its_noise_stands_and_may_for_one_degree(
    frames: int, lost: bool, moved_deg: float, shaken_deg: float
) -> None:
    channel, other = Channel("encoder"), Channel("inclinometer")
    for number in range(frames):
        channel.update(shaken_deg * (number > 0), 7.0 + number * FRAME_S, moved_deg, MACHINE)
        other.update(moved_deg * number, 7.0 + number * FRAME_S, moved_deg, MACHINE)
        channel.lose_if_it_stands_while(other)
    assert bool(channel.lost) == lost


def test_after_a_reset_what_was_counted_begins_anew() -> None:
    channel, other = fed(*[10.0] * 12, moved_deg=0.1), fed(10.0)
    channel.reset()
    channel.lose_if_it_stands_while(other)
    other.value_deg = 11.0
    channel.lose_if_it_stands_while(other)
    assert not channel.lost
