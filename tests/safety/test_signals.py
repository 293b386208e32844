"""What the vocabulary itself works out: the two contacts of a switch, and time by the board's clock."""

import pytest

from safety.signals import ANKLE_LATCH, HAND_SWITCH, ContactPair, Input, board_us_between


@pytest.mark.parametrize("pair", [HAND_SWITCH, ANKLE_LATCH], ids=["hand switch", "ankle latch"])
@pytest.mark.parametrize("others", [0, Input.ESTOP_CHAIN | Input.UPRIGHT_SWITCH | Input.INVERTED_SWITCH])
def test_of_two_contacts_exactly_one_is_closed_or_they_contradict_each_other(pair: ContactPair, others: int) -> None:
    assert pair.reads(others | pair.normally_open) is True
    assert pair.reads(others | pair.normally_closed) is False
    assert pair.reads(others | pair.mask) is None
    assert pair.reads(others) is None
    assert pair.mask.bit_count() == 2


def test_no_contact_belongs_to_two_switches() -> None:
    assert HAND_SWITCH.mask & ANKLE_LATCH.mask == 0


@pytest.mark.parametrize(
    ("earlier_us", "later_us", "passed_us"), [(5, 12, 7), (7, 7, 0), (2**32 - 3, 4, 7), (4, 2**32 - 3, 2**32 - 7)]
)
def test_the_clock_of_the_board_goes_on_past_its_last_value(earlier_us: int, later_us: int, passed_us: int) -> None:
    assert board_us_between(earlier_us, later_us) == passed_us
