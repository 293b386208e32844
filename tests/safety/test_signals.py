"""What the vocabulary itself works out: the two contacts of a switch."""

import pytest

from safety.signals import ANKLE_LATCH, HAND_SWITCH, ContactPair, Input


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
