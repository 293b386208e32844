"""Both angles as one: what is expected of a command, what is believed of two channels, and which of them is lost."""

import math

import pytest

from safety.angles import BEYOND, OUTVOTED, Angles
from safety.limits import MACHINE
from safety.signals import Input, Lost, Status, Telemetry

pytestmark = pytest.mark.requirement("REQ-ANG-WORST", "REQ-ANG-VOTE")
DT_S = 0.01


def frame(encoder: float | None, inclinometer: float | None, rate: float | None = None, status: int = 0) -> Telemetry:
    return Telemetry(1, 1, 0, None, None, encoder, inclinometer, rate, 0.0, 24.0, 25.0, 25.0, 0, status, 0, 0, 0)


def fed(*frames: Telemetry, on_its_own: bool = False) -> Angles:
    angles = Angles()
    for number, one in enumerate(frames):
        timed = one._replace(board_time_us=number * 10_000)
        angles.update(timed, 7.0 + number * DT_S, DT_S, MACHINE, on_its_own=on_its_own)
    return angles


def test_in_the_beginning_nothing_is_known_and_nothing_is_lost() -> None:
    angles = Angles()
    assert (angles.encoder.name, angles.inclinometer.name, angles.lost_angles) == ("encoder", "inclinometer", 0)
    assert (angles.angle_deg, angles.low_deg, angles.table_rate_dps) == (None, None, None)


@pytest.mark.parametrize(
    ("dt_s", "expected_dps", "estimate_deg"),
    [
        (0.01, 0.08 * 0.125, 10.0 + 0.08 * 0.125 * 0.01),
        (0.08, 0.64, 10.0 + 0.64 * 0.08),
        (0.1, 0.8, 10.08),
        (0.5, 2.0, 10.5),
    ],
)
def test_a_command_is_followed_by_ramp_and_lag_for_a_quarter_of_a_second_at_most(
    dt_s: float, expected_dps: float, estimate_deg: float
) -> None:
    angles = fed(frame(10.0, 10.0))
    angles.expect(3.0, 8.0, dt_s)
    assert angles.expected_dps == pytest.approx(expected_dps)
    assert angles.estimate_deg == pytest.approx(estimate_deg)
    angles.expect(3.0, 8.0, dt_s)
    assert expected_dps < angles.expected_dps <= 3.0


@pytest.mark.parametrize(
    ("rate_dps", "expected_dps"),
    [(-5.0, -5.0), (30.0, 30.0), (30.1, 0.0), (-30.1, 0.0), (math.nan, 0.0), (None, 0.0)],
)
def test_what_moved_without_a_command_is_expected_to_go_on(rate_dps: float | None, expected_dps: float) -> None:
    angles = Angles()
    angles.resync(rate_dps)
    assert angles.expected_dps == expected_dps


@pytest.mark.parametrize(
    ("lost", "bits", "angle", "low", "high"),
    [
        ("", 0, 10.0, 10.0, 12.0),
        ("e", Lost.ENCODER, 12.0, 12.0, 12.0),
        ("i", Lost.INCLINOMETER, 10.0, 10.0, 10.0),
        ("ei", Lost.ENCODER | Lost.INCLINOMETER, None, 11.0, 11.0),
    ],
)
def test_what_is_believed_with_one_or_both_lost(
    lost: str, bits: int, angle: float | None, low: float, high: float
) -> None:
    angles = fed(frame(10.0, 12.0))
    angles.encoder.lost, angles.inclinometer.lost = "x" * ("e" in lost), "x" * ("i" in lost)
    angles.fuse()
    assert (angles.lost_angles, angles.angle_deg, angles.low_deg, angles.high_deg) == (bits, angle, low, high)
    assert angles.estimate_deg == 11.0, "to look is not to draw it nearer"
    assert angles.best_deg == (low if angle is None else angle)


@pytest.mark.parametrize("frames", [12, 13, 30])
def test_the_inclinometer_s_rate_is_taken_over_twelve_frames(frames: int) -> None:
    angles = fed(*(frame(None, 0.0004 * number * number) for number in range(frames)))
    last, then = frames - 1, frames - 13
    rate = None if frames < 13 else 0.0004 * (last * last - then * then) / 0.12
    assert angles.table_rate_dps == (None if rate is None else pytest.approx(rate))
    angles.forget_rates()
    assert [angles.table_rate_dps] == [None]
    for number in range(13):
        timed = frame(None, 5.0 - 0.01 * number)._replace(board_time_us=number * 10_000)
        angles.update(timed, 20.0 + number * DT_S, DT_S, MACHINE)
    assert angles.table_rate_dps == pytest.approx(-1.0)


@pytest.mark.parametrize(("encoder", "inclinometer", "lost"), [(15.0, 11.0, "e"), (11.0, 15.0, "i"), (9.0, 11.0, "i")])
def test_the_one_farther_from_dead_reckoning_is_lost(encoder: float, inclinometer: float, lost: str) -> None:
    angles = fed(frame(10.0, 10.0))
    angles.encoder.value_deg, angles.inclinometer.value_deg = encoder, inclinometer
    angles.vote()
    assert bool(angles.encoder.lost) == (lost == "e")
    assert bool(angles.inclinometer.lost) == (lost == "i")
    assert angles.outvoted_deg == (encoder if lost == "e" else inclinometer)
    caught = angles.encoder if lost == "e" else angles.inclinometer
    assert caught.lost_since_s == 7.0


@pytest.mark.parametrize(("lost", "doubted"), [("", True), ("e", False), ("i", False)])
def test_the_encoder_is_doubted_only_while_the_other_one_is_there(lost: str, doubted: bool) -> None:
    angles = fed(frame(10.0, 10.0))
    angles.encoder.lost, angles.inclinometer.lost = "x" * ("e" in lost), "x" * ("i" in lost)
    assert angles.doubt_encoder() is doubted
    assert bool(angles.encoder.lost) == (doubted or lost == "e")


def test_without_the_other_one_the_encoder_is_not_doubted() -> None:
    assert not fed(frame(10.0, None)).doubt_encoder()


@pytest.mark.parametrize("drifts", ["encoder", "inclinometer"])
def test_the_one_that_moves_on_the_brake_is_caught_since_the_rest_began(drifts: str) -> None:
    angles = Angles()
    for number in range(300):
        value = 10.0 + 0.003 * number
        pair = (value, 10.0) if drifts == "encoder" else (10.0, value)
        angles.update(frame(*pair, status=Status.BRAKE_CLOSED), 7.0 + number * DT_S, DT_S, MACHINE)
    caught, other = angles.encoder, angles.inclinometer
    if drifts == "inclinometer":
        caught, other = other, caught
    assert caught.lost.startswith("contradicts the brake")
    assert caught.lost_since_s == 7.0
    assert other.lost == ""


@pytest.mark.parametrize(
    ("won", "voted_out", "switch", "revised"),
    [
        (-78.1, -59.0, 0, True),
        (-78.0, -59.0, 0, False),  # it may stand so far beyond
        (-78.1, -60.0, 0, False),  # both are near upright: a switch that does not close
        (-78.1, -61.0, 0, False),
        (-78.1, -59.0, Input.UPRIGHT_SWITCH, False),
    ],
)
@pytest.mark.parametrize("first", ["encoder", "inclinometer"])
def test_who_won_a_vote_and_reads_beyond_upright_with_its_switch_open_was_wrong(
    won: float, voted_out: float, switch: int, revised: bool, first: str
) -> None:
    values = (won, voted_out) if first == "inclinometer" else (voted_out, won)  # the one that is voted out first
    angles = fed(frame(-70.0, -70.0))
    voted, winner = getattr(angles, first), angles.encoder if first == "inclinometer" else angles.inclinometer
    angles.estimate_deg = -70.0
    angles.encoder.value_deg, angles.inclinometer.value_deg = (-60.0, -70.0) if first == "encoder" else (-70.0, -60.0)
    angles.fuse()
    angles.vote()
    assert (voted.lost, winner.lost) == (OUTVOTED, "")
    angles.encoder.value_deg, angles.inclinometer.value_deg = values
    angles.update(frame(*values)._replace(inputs=switch, board_time_us=10_000), 7.01, DT_S, MACHINE)
    assert (voted.lost, winner.lost) == (("", BEYOND) if revised else (OUTVOTED, ""))
    assert winner.lost_since_s == (7.01 if revised else 0.0)


def test_a_frame_that_the_winner_of_a_vote_is_lost_for_revises_no_vote() -> None:
    angles = fed(frame(-40.0, -40.0))
    angles.encoder.value_deg = -30.0
    angles.fuse()
    angles.vote()
    assert angles.encoder.lost == OUTVOTED
    angles.update(frame(-30.0, -79.0)._replace(board_time_us=10_000), 7.01, DT_S, MACHINE)
    assert angles.inclinometer.lost.startswith("jumped")
    assert angles.encoder.lost == OUTVOTED
