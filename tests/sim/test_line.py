"""The line between board and host: what goes in comes out, unless something is wrong with it."""

from collections.abc import Callable

import pytest

from drivers.framing import Deframer, encode_frame
from sim.line import BABBLE_BYTES, BURST_PERIOD_MS, Direction, Line

PERIOD_MS = 10
FRAMES = 200


def payload(number: int) -> bytes:
    return number.to_bytes(2, "little") * 10


def arrivals(direction: Direction, frames: int = FRAMES, since: int = 0) -> list[tuple[int, int]]:
    """What arrives whole: (period, number of the frame), one frame being sent in each period."""
    deframer = Deframer()
    found = []
    for period in range(since, since + frames):
        data = direction.carry(encode_frame(payload(period)), period * PERIOD_MS)
        found += [(period, int.from_bytes(got[:2], "little")) for got in deframer.feed(data)]
    return found


def numbers(direction: Direction, frames: int = FRAMES, since: int = 0) -> list[int]:
    return [number for _, number in arrivals(direction, frames, since)]


def lost(d: Direction) -> None:
    d.disturb(lost_share=0.3)


def bursts(d: Direction) -> None:
    d.disturb(burst_ms=150.0)


def flipped(d: Direction) -> None:
    d.disturb(flipped_share=0.3)


def repeated(d: Direction) -> None:
    d.disturb(repeated_share=0.3)


def reordered(d: Direction) -> None:
    d.disturb(reordered_share=0.3)


def delayed(d: Direction) -> None:
    d.disturb(delay_ms=50.0)


def replayed(d: Direction) -> None:
    d.disturb(replay_ms=100.0)


def babbling(d: Direction) -> None:
    d.disturb(babble=True)


def cut(d: Direction) -> None:
    d.disturb(cut=True)


ALL = [lost, bursts, flipped, repeated, reordered, delayed, replayed, babbling, cut]


def test_an_undisturbed_line_hands_on_the_very_bytes() -> None:
    direction, data = Direction(1), b"half a frame, and no zero"
    assert direction.carry(data, 0.0) is data


@pytest.mark.parametrize("disturb", ALL)
def test_a_disturbance_shows_and_its_end_leaves_nothing_behind(disturb: Callable[[Direction], None]) -> None:
    direction = Direction(1)
    assert numbers(direction, 10) == list(range(10))
    disturb(direction)
    assert arrivals(direction, 100, 10) != [(number, number) for number in range(10, 110)]
    direction.disturbance = Direction(1).disturbance
    numbers(direction, 1, 110)  # and with it what was kept back
    assert arrivals(direction, 50, 111) == [(number, number) for number in range(111, 161)]


@pytest.mark.parametrize("disturb", ALL)
def test_the_same_seed_disturbs_the_same_bytes(disturb: Callable[[Direction], None]) -> None:
    def sent(seed: int) -> list[bytes]:
        direction = Direction(seed)
        disturb(direction)
        return [direction.carry(encode_frame(payload(number)), number * PERIOD_MS) for number in range(50)]

    assert sent(3) == sent(3)
    if disturb in (lost, flipped, repeated, reordered, babbling):
        assert sent(3) != sent(4)


def test_about_the_share_that_was_asked_for_is_lost() -> None:
    direction = Direction(1)
    lost(direction)
    assert 0.2 * FRAMES < FRAMES - len(numbers(direction)) < 0.4 * FRAMES


def test_bursts_lose_all_for_a_while_and_nothing_between() -> None:
    direction = Direction(1)
    bursts(direction)
    burst, period = 15, int(BURST_PERIOD_MS) // PERIOD_MS
    assert numbers(direction) == [number for number in range(FRAMES) if number % period >= burst]


def test_one_bit_of_a_frame_is_turned_over() -> None:
    direction = Direction(1)
    direction.disturb(flipped_share=1.0)
    frame = encode_frame(payload(7))
    got = direction.carry(frame, 0.0)
    assert len(got) == len(frame)
    assert sum((one ^ other).bit_count() for one, other in zip(got, frame, strict=True)) == 1


def test_frames_come_twice_and_in_another_order() -> None:
    twice, swapped = Direction(1), Direction(1)
    twice.disturb(repeated_share=1.0)
    swapped.disturb(reordered_share=1.0)
    assert numbers(twice, 3) == [0, 0, 1, 1, 2, 2]
    assert numbers(swapped, 6) == [1, 0, 3, 2, 5, 4]


def test_a_delay_delays_and_loses_nothing() -> None:
    direction = Direction(1)
    delayed(direction)
    assert arrivals(direction, 20) == [(number + 5, number) for number in range(15)]


def test_what_was_late_comes_all_at_once_when_the_delay_ends() -> None:
    direction = Direction(1)
    delayed(direction)
    numbers(direction, 5)
    direction.disturb(delay_ms=0.0)
    assert arrivals(direction, 2, 5) == [(5, number) for number in range(6)] + [(6, 6)]


def test_old_frames_come_again_and_again_at_the_pace_of_new_ones() -> None:
    direction = Direction(1)
    replayed(direction)
    assert arrivals(direction, 35) == [(period, period % 10) for period in range(35)]


def test_somebody_babbles_even_while_nobody_speaks() -> None:
    direction = Direction(1)
    babbling(direction)
    assert len(direction.carry(b"", 0.0)) == BABBLE_BYTES
    assert numbers(direction) == []


def test_a_frame_that_comes_in_pieces_is_disturbed_as_one() -> None:
    direction = Direction(1)
    repeated(direction)
    direction.disturb(repeated_share=1.0)
    frame = encode_frame(payload(1))
    assert direction.carry(frame[:5], 0.0) == b""
    assert direction.carry(frame[5:], 10.0) == frame + frame


def test_the_two_directions_are_disturbed_apart_and_differently() -> None:
    line = Line(1)
    lost(line.to_host)
    assert numbers(line.to_board) == list(range(FRAMES))
    lost(line.to_board)
    other = Line(1)
    lost(other.to_host)
    assert numbers(other.to_host) != numbers(line.to_board)
