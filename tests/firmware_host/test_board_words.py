"""What the board's bits are called."""

import pytest

from firmware_host.board_words import CLEAR_STATUS_WORDS, FAULT_WORDS, STATUS_WORDS, named
from safety.signals import DriveFault, Status


@pytest.mark.parametrize(("bits", "words"), [
    (Status, STATUS_WORDS), (Status, CLEAR_STATUS_WORDS), (DriveFault, FAULT_WORDS),
])  # fmt: skip
def test_every_bit_has_one_word(bits: type, words: dict[int, str]) -> None:
    assert sorted(words) == sorted(value for value in vars(bits).values() if isinstance(value, int))
    assert len(set(words.values())) == len(words)


def test_a_bit_that_nobody_knows_is_told_by_its_number() -> None:
    assert named(STATUS_WORDS, Status.TORQUE_ON | 1 << 9) == ["torque on", "0x0200"]
    assert named(STATUS_WORDS, 0) == []
