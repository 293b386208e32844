"""Single facts of the fused angles: rates, votes, what dead reckoning does, and what the brake is asked."""

import pytest

from safety.angles import WINDOW, Angles
from safety.channel import BEHIND
from safety.limits import MACHINE
from safety.signals import DriveFault, Status, Telemetry

pytestmark = pytest.mark.requirement("REQ-ANG-WORST")
LIMITS = MACHINE


def frame(
    encoder_deg: float | None, inclinometer_deg: float | None, rate_dps: float | None = None, at_s: float = 0.0
) -> Telemetry:
    board_us, angles_deg = round(at_s * 1e6), (encoder_deg, inclinometer_deg)
    return Telemetry(1, 1, board_us, None, None, *angles_deg, rate_dps, 0.0, 24.0, 25.0, 25.0, 0, 0, 0, 0, 0)


def test_before_the_first_frame_nothing_is_known() -> None:
    angles = Angles()
    assert angles.angle_deg is angles.best_deg is angles.estimate_deg is None
    assert angles.rate_dps is angles.outvoted_deg is None
    assert angles.parting is False
    assert angles.expected_dps == 0.0


def test_a_table_that_was_told_nothing_is_expected_to_stand() -> None:
    angles = Angles()
    angles.expect(0.0, 8.0, 0.01)
    assert angles.expected_dps == 0.0


def test_the_brake_convicts_no_angle_whose_witness_is_lost_already() -> None:
    angles = Angles()
    angles.inclinometer.lose("jumped", 1.0)
    angles._convict(angles.encoder, angles.inclinometer, 2.0)
    assert (angles.encoder.lost, angles.inclinometer.lost) == ("", "jumped")
    angles._outvoted = angles.inclinometer
    angles._convict(angles.encoder, angles.inclinometer, 2.0)
    assert (angles.encoder.lost != "", angles.inclinometer.lost) == (True, ""), (
        "one that lost a vote alone is a witness"
    )


def taken(angles: Angles, *values_deg: float) -> Angles:
    """Angles that took so many frames, a hundredth of a second apart; the encoder goes the same way."""
    for number, value in enumerate(values_deg):
        angles._take_rate(number * 10_000, value, 0.0)
    return angles


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("frames", [13, 14, 15, 24, 25, 26, 37])
def test_the_tables_rate_is_taken_over_the_whole_window_always(frames: int, forgetful: bool) -> None:
    """A table that speeds up: any other window would have another mean rate."""
    angles = Angles()
    if forgetful:
        taken(angles, *[50.0] * 17)
        angles.forget_rates()
        assert angles.table_rate_dps is None
    taken(angles, *[0.001 * number * number for number in range(frames)])
    last, first = frames - 1, frames - 1 - WINDOW
    assert angles.table_rate_dps == pytest.approx(0.001 * (last * last - first * first) / (WINDOW * 0.01))


@pytest.mark.parametrize(("step_deg", "noise_deg", "known"), [
    (0.29, 0.0, True), (-0.29, 0.0, True), (0.31, 0.0, False), (-0.31, 0.0, False),
    (0.49, 0.1, True), (0.51, 0.1, False),
])  # fmt: skip
def test_a_step_that_no_table_turns_is_no_rate(step_deg: float, noise_deg: float, known: bool) -> None:
    """Seed 7, session 2699: an inclinometer that came back by 1 deg seemed a table at 7 deg/s, and cut the torque."""
    angles = taken(Angles(), *[0.001 * number for number in range(20)])
    angles.inclinometer.noise_deg = noise_deg
    for number in range(20, 32):
        angles._take_rate(number * 10_000, 0.019 + step_deg + 0.001 * (number - 20), 0.5)
        assert (angles.table_rate_dps is not None) is known
    angles._take_rate(320_000, 0.031 + step_deg, 0.5)
    assert angles.table_rate_dps == pytest.approx(0.1 if not known else (0.031 - 0.019) / 0.12)


def test_a_step_as_fast_as_the_fastest_table_is_a_rate() -> None:
    """It stood for a quarter of a second, at 30 deg/s at most."""
    assert taken(Angles(), *[0.0] * 25, 7.5).table_rate_dps == pytest.approx(30.0)
    assert taken(Angles(), *[0.0] * 25, 7.625).table_rate_dps is None


def test_what_a_sensor_tells_is_of_when_its_value_came_to_be_once_that_is_longer_ago_than_frames_are_apart() -> None:
    for stood_frames, of_frame in ((5, 5), (6, 0)):
        angles, last = Angles(), stood_frames + WINDOW
        for number in range(last + 1):
            value_deg = 0.02 * max(number - stood_frames, 0)
            angles._take_rate(1_000_000 + number * 10_000, value_deg, 0.0)
        assert angles.table_rate_dps == pytest.approx(0.02 * WINDOW / ((last - of_frame) * 0.01))


def test_a_slow_sensor_that_repeats_its_value_may_go_as_far_as_a_table_in_that_time() -> None:
    angles = Angles()
    for number in range(40):
        angles._take_rate(number * 10_000, 0.8 * (number // 4), 0.0)  # 20 deg/s, forty times a second
    assert angles.table_rate_dps == pytest.approx(20.0)


@pytest.mark.parametrize("stood_frames", [1, 5, 8, 12, 20, 32, 90])
def test_a_sensor_that_stood_still_and_caught_up_is_not_a_fast_table(stood_frames: int) -> None:
    """Seed 7, session 4921: 0.32 s at 2 deg/s looked like 6 deg/s, and stopped a healthy session for overspeed."""
    angles, begun = taken(Angles(), *[0.02 * number for number in range(30)]), 30
    fast_frames = 0
    for number in range(begun, begun + 150):
        caught_up = number >= begun + stood_frames
        angles._take_rate(number * 10_000, 0.02 * (number if caught_up else begun - 1), 0.0)
        fast_frames += (angles.table_rate_dps or 0.0) > 2.4
        assert -0.001 < (angles.table_rate_dps or 0.0) < 2.0 * 1.5
    assert fast_frames <= 5
    assert angles.table_rate_dps == pytest.approx(2.0)


def test_the_last_angle_is_believed_at_once() -> None:
    """Nothing else would see a table that begins to run away: a sensor of coarse steps stood still before it."""
    angles = Angles()
    angles.encoder.lost = "gone"
    for number in range(200):
        angles._take_rate(number * 10_000, 0.0, 0.0)
    angles._take_rate(2_000_000, 0.24, 0.0)
    assert angles.table_rate_dps == pytest.approx(2.0)


@pytest.mark.parametrize("stood_s", [0.03, 0.5, 3.0, 4294.9])
def test_a_table_that_begins_to_move_after_standing_is_seen_within_the_window(stood_s: float) -> None:
    angles, stood = Angles(), round(stood_s * 100)
    for number in range(200):
        angles._take_rate(number * 10_000, 0.0, 0.0)
    for number in range(WINDOW + 1):
        angles._take_rate((stood + number) * 10_000 & 0xFFFFFFFF, 0.1 * (number + 1), 0.0)
    assert angles.table_rate_dps == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("then_off_deg", "off_deg", "parting"),
    [
        (0.0, 0.0, False),
        (0.0, 0.2, False),
        (0.0, 0.21, True),
        (0.0, -0.21, True),
        (-1.0, 1.1, False),
        (1.0, 0.0, False),
    ],
)
def test_angles_part_where_they_are_farther_from_each_other_than_before(
    then_off_deg: float, off_deg: float, parting: bool
) -> None:
    angles = Angles()
    for number in range(WINDOW):
        angles._take_rate(number * 10_000, 0.0, then_off_deg)
    angles._take_rate(WINDOW * 10_000, 0.0, off_deg)
    assert angles.parting is parting
    angles.forget_rates()
    assert angles.parting is False


def fed(angles: Angles, *pairs: tuple[float | None, float | None], rate_dps: float | None = None) -> Angles:
    for number, pair in enumerate(pairs):
        angles.update(frame(*pair, rate_dps, number / 100.0), number / 100.0, 0.01, LIMITS)
    return angles


def test_both_angles_of_a_moving_table_go_together() -> None:
    assert not fed(Angles(), *[(5.0 + 0.1 * number, 5.0 + 0.1 * number) for number in range(20)]).parting


def test_an_encoder_that_stays_behind_parts() -> None:
    assert fed(Angles(), *[(5.0, 5.0 + 0.1 * number) for number in range(13)]).parting


def test_an_encoder_that_is_lost_does_not_part() -> None:
    angles = fed(Angles(), *[(5.0, 5.0)] * 13)
    angles.encoder.lose("no value", 0.0)
    angles._update_rates(frame(5.0, 5.0, None, 0.13))
    assert not angles.parting


@pytest.mark.parametrize(
    ("rate_dps", "lost", "expected_dps"),
    [(9.0, "", 9.0), (9.0, "no value", 10.0), (None, "", 10.0), (float("nan"), "", 10.0), (None, "no value", 10.0)],
)
def test_the_drives_rate_counts_while_it_is_a_number_and_the_encoder_is_believed(
    rate_dps: float | None, lost: str, expected_dps: float
) -> None:
    angles = fed(Angles(), *[(0.1 * number, 0.1 * number) for number in range(13)])
    angles.encoder.lost, angles.inclinometer.value_deg = lost, 1.3
    angles._update_rates(frame(1.3, 1.3, rate_dps, 0.13))
    assert angles.rate_dps == pytest.approx(expected_dps)


@pytest.mark.parametrize(("encoder_deg", "agree"), [(3.0, True), (-3.0, True), (3.1, False), (None, False)])
def test_angles_agree_as_far_apart_as_the_limit(encoder_deg: float | None, agree: bool) -> None:
    assert LIMITS.disagree_deg == 3.0
    assert Angles.agree(frame(encoder_deg, 0.0), LIMITS) is agree


def driven(angles: Angles, encoder_dps: float, inclinometer_dps: float) -> Angles:
    """Angles of a table that should have gone 4 deg/s for 0.4 s."""
    angles.expected_dps = 4.0
    for number in range(41):
        now_s = number / 100.0
        t = frame(10.0 + encoder_dps * now_s, 10.0 + inclinometer_dps * now_s, None, now_s)
        angles.update(t, now_s, 0.01, LIMITS)
    return angles


@pytest.mark.requirement("REQ-ANG-LOST")
def test_one_that_stands_while_the_other_moves_as_told_is_lost() -> None:
    angles = driven(Angles(), 0.0, 4.0)
    assert (angles.encoder.lost, angles.inclinometer.lost) == ("does not move while the table does", "")
    angles = driven(Angles(), 4.0, 0.0)
    assert (angles.encoder.lost, angles.inclinometer.lost) == ("", "does not move while the table does")


@pytest.mark.requirement("REQ-ANG-LOST")
def test_the_last_angle_is_not_lost_because_it_differs_from_one_that_is_lost() -> None:
    angles = Angles()
    angles.encoder.lose("no value", 0.0)
    assert not driven(angles, 4.0, 0.0).inclinometer.lost
    angles = Angles()
    angles.inclinometer.lose("no value", 0.0)
    assert not driven(angles, 0.0, 4.0).encoder.lost


def estimated(dt_s: float, *, lost: bool = False, on_its_own: bool | None = None) -> float | None:
    """Where dead reckoning is after a frame at 11 degrees, so long after one at 10."""
    angles = fed(Angles(), (10.0, 10.0))
    if lost:
        angles.encoder.lose("no value", 0.0)
        angles.fuse()
    t = frame(11.0, 11.0, None, dt_s)
    if on_its_own is None:
        angles.update(t, dt_s, dt_s, LIMITS)
    else:
        angles.update(t, dt_s, dt_s, LIMITS, on_its_own=on_its_own)
    return angles.estimate_deg


def test_dead_reckoning_follows_two_angles_slowly_and_one_not_at_all() -> None:
    assert estimated(0.01) == estimated(0.01, on_its_own=False) == pytest.approx(10.001)
    assert estimated(30.0) == 11.0, "and never beyond them"
    assert estimated(0.01, lost=True) == 10.0
    assert estimated(0.01, on_its_own=True) == 11.0, "where the table moves without commands there is nothing to reckon"


def braked(angles: Angles, start_s: float, encoder_deg: float | None, inclinometer_deg: float | None) -> None:
    """Stand on the brake for 0.6 s."""
    for number in range(61):
        now_s = start_s + number / 100.0
        t = frame(encoder_deg, inclinometer_deg, None, now_s)._replace(status=Status.BRAKE_CLOSED)
        angles.update(t, now_s, 0.01, LIMITS)


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize(("on_its_own", "lost"), [(False, True), (True, False)])
def test_between_two_rests_both_angles_came_the_same_way_unless_the_table_moved_by_itself(
    on_its_own: bool, lost: bool
) -> None:
    angles = Angles()
    braked(angles, 0.0, 10.0, 10.0)
    angles.expected_dps = 3.0
    for number in range(1, 31):
        now_s = 0.6 + number / 100.0
        t = frame(10.0, 10.0 + 0.03 * number, None, now_s)
        angles.update(t, now_s, 0.01, LIMITS, on_its_own=on_its_own)
    angles.expected_dps = 0.0
    braked(angles, 0.91, 10.0, 10.9)
    assert angles.encoder.lost.startswith("contradicts the brake") is lost
    assert not angles.inclinometer.lost


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize("ordered", [True, False])
def test_an_encoder_that_goes_the_other_way_since_a_stop_was_ordered_is_caught_by_the_brake(ordered: bool) -> None:
    angles = fed(Angles(), (10.0, 10.0))
    angles.expected_dps = 3.0
    if ordered:
        angles.stop_ordered()
    for number in range(1, 11):
        way_deg, now_s = 0.03 * number, number / 100.0
        angles.update(frame(10.0 - way_deg, 10.0 + way_deg, None, now_s), now_s, 0.01, LIMITS)
    braked(angles, 0.11, 9.7, 10.3)
    assert angles.encoder.lost.startswith("contradicts the brake") is ordered
    assert not angles.inclinometer.lost


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize("pair", [(10.0, None), (None, 10.0), (None, None)])
def test_a_stop_that_is_ordered_without_two_angles_begins_no_way(pair: tuple[float | None, float | None]) -> None:
    angles = fed(Angles(), pair)
    angles.stop_ordered()
    angles.expected_dps = 3.0
    braked(angles, 0.01, 9.7, 10.3)
    assert not angles.lost_angles


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize(("pair", "lost"), [((10.0, None), ("", "no value")), ((None, 10.0), ("no value", ""))])
def test_on_the_brake_one_angle_alone_is_compared_with_nothing(
    pair: tuple[float | None, float | None], lost: tuple[str, str]
) -> None:
    angles = Angles()
    braked(angles, 0.0, *pair)
    assert (angles.encoder.lost, angles.inclinometer.lost) == lost


@pytest.mark.requirement("REQ-ANG-BRAKE")
def test_with_the_brake_open_an_angle_may_move() -> None:
    angles = fed(Angles(), *[(10.0 + 0.01 * number, 10.0) for number in range(100)])
    assert not angles.encoder.lost
    assert not angles.inclinometer.lost


@pytest.mark.requirement("REQ-ANG-LOST")
def test_an_encoder_that_the_drive_reports_lost_is_done_without() -> None:
    angles = Angles()
    angles.update(frame(10.0, 12.0)._replace(faults=DriveFault.ENCODER), 0.0, 0.01, LIMITS)
    assert (angles.angle_deg, angles.lost_angles) == (12.0, 1)
    assert angles.encoder.lost == "reported lost by the drive"


def doubted(at_deg: float | None) -> Angles:
    """Angles without an encoder, of which the inclinometer is doubted there."""
    angles = fed(Angles(), (None, at_deg))
    angles.encoder.lose("no value", 0.0)
    angles.drop_inclinometer()
    return angles


def told(
    angles: Angles, told_deg: float, inclinometer_deg: float | None, *, status: int = 0, on_its_own: bool = False
) -> str:
    """Why the inclinometer is lost after a second in which the table was told to go so far, and it came there."""
    now_s, angles.expected_dps = angles._now_s + 1.0, told_deg
    t = frame(None, inclinometer_deg, None, now_s)._replace(status=status)
    angles.update(t, now_s, 1.0, LIMITS, on_its_own=on_its_own)
    return angles.inclinometer.lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize("at_deg", [-20.0, 0.0, 10.0])
@pytest.mark.parametrize(
    ("told_deg", "way_deg", "lost"),
    [
        (2.0, -1.5, ""),
        (-2.0, 1.5, ""),
        (1.5, -2.0, ""),
        (2.0, -1.0, BEHIND),
        (1.0, -2.0, BEHIND),
        (2.0, -0.5, BEHIND),
        (0.5, -2.0, BEHIND),
        (0.0, -2.0, BEHIND),
        (2.0, 1.5, BEHIND),
        (-2.0, -1.5, BEHIND),
    ],
)
def test_a_doubted_inclinometer_is_believed_once_it_goes_the_other_way_than_the_table_was_told(
    at_deg: float, told_deg: float, way_deg: float, lost: str
) -> None:
    assert told(doubted(at_deg), told_deg, at_deg + way_deg) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(
    ("status", "on_its_own", "lost"),
    [
        (0, False, ""),
        (Status.TORQUE_ON, False, ""),
        (Status.BRAKE_CLOSED, False, BEHIND),
        (0, True, BEHIND),
        (Status.BRAKE_CLOSED, True, BEHIND),
    ],
)
def test_where_a_doubted_inclinometer_goes_says_nothing_unless_the_table_is_driven(
    status: int, on_its_own: bool, lost: str
) -> None:
    assert told(doubted(10.0), 2.0, 8.5, status=status, on_its_own=on_its_own) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
@pytest.mark.parametrize(("told_deg", "reached_deg", "lost"), [(2.0, 3.5, ""), (0.5, 3.0, BEHIND), (2.0, 6.5, BEHIND)])
def test_the_way_of_a_doubted_inclinometer_begins_where_the_table_stood_last(
    told_deg: float, reached_deg: float, lost: str
) -> None:
    angles = doubted(10.0)
    assert told(angles, 1.0, 5.0, status=Status.BRAKE_CLOSED) == BEHIND
    assert told(angles, told_deg, reached_deg) == lost


@pytest.mark.requirement("REQ-ANG-LOST")
def test_an_inclinometer_that_jumped_is_not_believed_because_it_goes_the_other_way() -> None:
    angles = fed(Angles(), (None, 10.0))
    angles.inclinometer.lose("jumped", 0.0)
    angles.drop_inclinometer()
    assert told(angles, 2.0, 8.5) == "jumped"


@pytest.mark.requirement("REQ-ANG-LOST")
def test_an_inclinometer_that_says_nothing_may_be_doubted() -> None:
    assert told(doubted(None), 2.0, None) == BEHIND
