"""What the brake tells of two angles: each way to be caught on it, and no other."""

import pytest

from safety.brake_witness import BrakeWitness

pytestmark = pytest.mark.requirement("REQ-ANG-BRAKE")

Pair = tuple[float, float]


def stand(
    rest: BrakeWitness, seconds: float, start: Pair, per_s: Pair = (0.0, 0.0), from_s: float = 0.0
) -> set[int | None]:
    """On the brake for so long; all answers."""
    answers = set()
    for number in range(round(seconds * 100)):
        passed_s = number * 0.01
        angles = (start[0] + per_s[0] * passed_s, start[1] + per_s[1] * passed_s)
        answers.add(rest.standing(from_s + passed_s, angles))
    return answers


def go(rest: BrakeWitness, expected_deg: float, left: Pair, reached: Pair) -> set[int | None]:
    """From one rest to another."""
    assert stand(rest, 1.0, left) == {None}
    for _ in range(100):
        rest.moving(expected_deg / 100.0)
    return stand(rest, 1.0, reached, from_s=2.0)


@pytest.mark.parametrize(("per_s", "wrong"), [((0.3, 0.0), 0), ((-0.3, 0.0), 0), ((0.0, 0.3), 1), ((0.05, -3.0), 1)])
def test_the_one_that_moves_on_the_brake_is_wrong(per_s: Pair, wrong: int) -> None:
    assert stand(BrakeWitness(), 3.0, (40.0, 40.1), per_s) == {None, wrong}


@pytest.mark.parametrize("per_s", [(0.0, 0.0), (0.1, 0.0), (0.5, 0.5), (0.5, 0.2)])
def test_little_motion_and_common_motion_say_nothing(per_s: Pair) -> None:
    assert stand(BrakeWitness(), 3.0, (40.0, 40.1), per_s) == {None}


def test_what_moves_while_the_brake_settles_is_not_counted() -> None:
    rest = BrakeWitness()
    assert stand(rest, 0.45, (40.0, 40.0), (2.0, 0.0)) == {None}
    assert stand(rest, 2.0, (40.9, 40.0), from_s=0.45) == {None}


@pytest.mark.parametrize(
    ("expected_deg", "ways", "wrong"),
    [
        (-0.2, (0.4, -0.4), 0),  # an encoder that counts backward, inside the drive's loop
        (-0.2, (0.0, -1.0), 0),  # one that stands, and the drive winds up against it
        (-0.2, (-1.0, 0.0), 1),
        (0.5, (0.5, -0.5), 1),
        (2.0, (2.0, -2.0), 1),
        (10.0, (10.0, 4.0), None),  # both went as commanded: not gross enough to tell
        (10.0, (10.0, 9.5), None),
        (-0.2, (0.9, 0.9), None),  # both went the wrong way: that is the drive
        (-0.2, (0.9, 0.2), None),
        (0.0, (0.5, 0.0), None),  # nothing was commanded
        (0.7, (37.0, -3.0), None),  # one drifted on, and the drive that turned by it took the table the other way
        (0.7, (4.6, -3.0), None),
        (0.7, (4.2, -3.0), 1),
    ],
)
def test_between_two_rests_the_one_that_did_not_go_as_commanded_is_wrong(
    expected_deg: float, ways: Pair, wrong: int | None
) -> None:
    assert go(BrakeWitness(), expected_deg, (30.0, 30.0), (30.0 + ways[0], 30.0 + ways[1])) == {None, wrong}


@pytest.mark.parametrize(
    ("expected_deg", "ways", "wrong"),
    [
        (0.4, (0.4, 0.0), None),
        (0.4, (0.41, 0.0), 1),
        (0.4, (0.1, -0.5), None),  # neither followed
        (0.4, (0.11, -0.5), 1),
    ],
)
def test_ways_contradict_each_other_and_follow_from_a_tolerance_on(
    expected_deg: float, ways: Pair, wrong: int | None
) -> None:
    assert go(BrakeWitness(), expected_deg, (0.0, 0.0), ways) == {None, wrong}


def settled_at_zero() -> BrakeWitness:
    """Half a second on the brake."""
    rest = BrakeWitness()
    assert stand(rest, 0.51, (0.0, 0.0)) == {None}
    return rest


@pytest.mark.parametrize(
    ("moved", "wrong"),
    [
        ((0.3, 0.0), None),
        ((0.31, 0.0), 0),
        ((0.5, 1.49), None),
        ((0.5, 1.51), 1),
        ((-1.49, 0.5), None),
        ((-1.51, 0.5), 0),
    ],
)
def test_on_the_brake_one_may_move_a_little_and_not_three_times_as_far_as_the_other(
    moved: Pair, wrong: int | None
) -> None:
    assert stand(settled_at_zero(), 3.0, moved, from_s=0.51) - {None} == {wrong} - {None}


def test_one_frame_that_is_off_is_no_motion_on_the_brake() -> None:
    rest = settled_at_zero()
    assert rest.standing(0.51, (3.0, 0.0)) is None
    assert rest.standing(0.52, (0.0, 0.0)) is None


def test_a_way_that_was_not_commanded_is_not_compared() -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (30.0, 30.0))
    rest.moving(-0.2)
    rest.forget_the_way()
    assert stand(rest, 1.0, (30.4, 29.6), from_s=2.0) == {None}


@pytest.mark.parametrize(("silence_s", "wrong"), [(0.09, {0}), (0.12, {None})])
def test_across_a_silence_no_rest_goes_on_and_no_way_is_compared(silence_s: float, wrong: set[int | None]) -> None:
    """The board brought the table up meanwhile, and the noise of the inclinometer happened to read the old angle."""
    rest = BrakeWitness()
    assert stand(rest, 1.0, (21.0, 21.0)) == {None}
    assert stand(rest, 0.3, (6.0, 21.0), from_s=0.99 + silence_s) - {None} == wrong - {None}
    rest = BrakeWitness()
    stand(rest, 1.0, (21.0, 21.0))
    assert stand(rest, 1.0, (6.0, 6.0), from_s=1.5) == {None}
    rest.moving(-1.0)
    assert stand(rest, 1.0, (5.0, 5.5), from_s=3.0) == {None}


def test_what_an_angle_did_in_a_silence_is_no_motion_on_the_brake() -> None:
    rest = BrakeWitness()
    assert stand(rest, 1.0, (21.0, 21.0)) == {None}
    assert stand(rest, 1.0, (6.0, 21.0), from_s=2.0) == {None}


def test_a_rest_too_short_to_settle_is_part_of_the_way() -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (30.0, 30.0))
    rest.moving(-0.1)
    stand(rest, 0.2, (30.2, 29.8), from_s=1.5)
    rest.moving(-0.1)
    assert stand(rest, 1.0, (30.4, 29.6), from_s=2.0) == {None, 0}


@pytest.mark.parametrize(("ordered", "wrong"), [(True, 0), (False, None)])
def test_what_made_a_stop_necessary_shows_from_where_it_was_ordered(ordered: bool, wrong: int | None) -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (-75.0, -75.0))
    for _ in range(100):
        rest.moving(0.38)
    if ordered:
        rest.stop_ordered((-37.0, -37.0))
    for _ in range(10):
        rest.moving(0.03)
    if ordered:
        rest.stop_ordered((-37.3, -36.8))  # the second of two stops leaves the first one's way
    assert stand(rest, 1.0, (-37.35, -36.65), from_s=3.0) == {None, wrong}


def test_what_the_table_was_told_before_a_stop_is_not_what_it_was_told_since() -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (0.0, 0.0))
    rest.moving(30.0)
    rest.stop_ordered((30.0, 30.0))
    rest.moving(-0.5)  # it turned back before it had come to rest
    assert stand(rest, 1.0, (29.5, 30.5), from_s=10.0) == {None, 1}


def test_a_stop_that_was_ordered_at_rest_begins_no_way() -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (30.0, 30.0))
    rest.stop_ordered((30.6, 29.8))
    rest.moving(0.5)
    assert stand(rest, 1.0, (30.5, 30.5), from_s=2.0) == {None}


def test_a_rest_ends_the_way_of_its_stop() -> None:
    rest = BrakeWitness()
    rest.moving(0.1)
    rest.stop_ordered((30.0, 30.0))
    rest.moving(0.1)
    assert stand(rest, 1.0, (30.3, 30.3), from_s=1.0) == {None}
    rest.moving(5.0)
    assert stand(rest, 1.0, (30.3, 35.5), from_s=3.0) == {None, 0}
    rest.moving(-0.4)
    assert stand(rest, 1.0, (30.7, 35.1), from_s=5.0) == {None, 0}


def test_where_the_table_moved_on_its_own_a_stop_begins_no_way() -> None:
    rest = BrakeWitness()
    rest.moving(0.1)
    rest.stop_ordered((30.0, 30.0))
    rest.forget_the_way()
    rest.moving(0.4)
    assert stand(rest, 1.0, (29.5, 30.5), from_s=1.0) == {None}


@pytest.mark.parametrize(
    ("ordered", "stopped", "expected_deg"),
    [
        ((0.05, 0.55), (-0.01, 0.03), -0.17),  # at horizontal, at the end of an emergency return
        ((12.94, 12.48), (13.0, 12.95), 0.14),  # where it turns back from inversion
        ((-0.02, -0.5), (0.05, 0.04), 0.1),
        ((0.0, 0.0), (0.0, -0.5), -0.1),  # the inclinometer jumps as the table stops
        ((0.0, 0.0), (0.1, -0.5), -0.1),
    ],
)
def test_where_a_stop_is_ordered_as_a_motion_ends_a_late_inclinometer_does_not_make_the_encoder_wrong(
    ordered: Pair, stopped: Pair, expected_deg: float
) -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (30.0, 30.0))
    rest.moving(-29.9)
    rest.stop_ordered(ordered)
    rest.moving(expected_deg)
    assert stand(rest, 1.0, stopped, from_s=2.0) == {None}


@pytest.mark.parametrize(("stopped", "wrong"), [((29.7, 29.8), None), ((29.7, 30.3), 0)])
@pytest.mark.parametrize("boarded_s", [0.2, 1.0])
@pytest.mark.parametrize("alone", [False, True])
def test_angles_that_agree_as_at_the_last_rest_have_not_parted_since_a_stop(
    stopped: Pair, wrong: int | None, boarded_s: float, alone: bool
) -> None:
    """A drive runs away upright: the encoder is back already, and the inclinometer still goes where the table went."""
    rest = BrakeWitness()
    stand(rest, boarded_s, (-75.0, -75.1))
    for _ in range(100):
        rest.moving(1.05)
    if alone:
        rest.forget_the_way()
    rest.stop_ordered((30.0, 29.6))
    rest.moving(0.23)
    assert stand(rest, 1.0, stopped, from_s=2.0) == {None, wrong}


def test_what_angles_are_apart_by_is_learnt_at_each_rest() -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (-75.0, -75.0))
    rest.moving(100.0)
    stand(rest, 1.0, (25.0, 24.4), from_s=2.0)
    rest.moving(5.0)
    stand(rest, 0.2, (30.0, 30.0), from_s=4.0)  # too short to settle
    rest.stop_ordered((30.0, 28.9))
    rest.moving(0.1)
    rest.stop_ordered((30.0, 28.9))
    rest.moving(0.1)
    assert stand(rest, 1.0, (29.7, 29.1), from_s=6.0) == {None}


def test_before_the_first_rest_nobody_knows_how_far_angles_are_apart() -> None:
    rest = BrakeWitness()
    rest.moving(0.1)
    rest.stop_ordered((30.0, 29.2))
    rest.moving(-0.3)
    assert stand(rest, 1.0, (29.8, 29.8), from_s=1.0) == {None, 1}


@pytest.mark.parametrize(("reached", "wrong"), [((0.4, 0.0), None), ((0.41, 0.0), 1)])
def test_angles_agree_again_within_a_tolerance(reached: Pair, wrong: int | None) -> None:
    rest = BrakeWitness()
    stand(rest, 1.0, (0.0, 0.0))
    rest.moving(0.1)
    rest.stop_ordered((0.0, 0.4))
    rest.moving(0.4)
    assert stand(rest, 1.0, reached, from_s=2.0) == {None, wrong}
