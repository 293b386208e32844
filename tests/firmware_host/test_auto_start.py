"""A start that presses itself: when, how often, and when it does not."""

import math

import pytest

from firmware_host.cli.auto_start import PRESSED_AGAIN_S, AutoStart


def presses(
    auto: AutoStart,
    now_s: float,
    *,
    ready: bool = True,
    alone_after_s: float = math.inf,
    withheld: bool = False,
    once: bool = True,
) -> bool:
    return auto.presses(now_s, ready=ready, alone_after_s=alone_after_s, withheld=withheld, once=once)


@pytest.mark.parametrize("simulated", [True, False])
def test_what_was_told_to_start_presses_at_once_and_again_a_second_later(simulated: bool) -> None:
    auto = AutoStart(start=True, simulated=simulated)
    assert not presses(auto, 9.0, ready=False)
    assert presses(auto, 10.0)
    assert not presses(auto, 10.0 + PRESSED_AGAIN_S / 2)
    assert presses(auto, 10.0 + PRESSED_AGAIN_S)


def test_a_simulated_table_before_which_nobody_sits_starts_when_it_has_been_ready_for_so_long() -> None:
    auto = AutoStart(start=False, simulated=True)
    assert not presses(auto, 10.0, alone_after_s=5.0)
    assert not presses(auto, 14.9, alone_after_s=5.0)
    assert not presses(auto, 15.0)  # somebody came to a panel
    assert not presses(auto, 15.1, ready=False)
    assert not presses(auto, 16.0, alone_after_s=5.0)  # ready anew
    assert presses(auto, 21.0, alone_after_s=5.0)


def test_a_real_table_starts_only_if_it_was_told_to_and_once() -> None:
    assert not presses(AutoStart(start=False, simulated=False), 10.0, alone_after_s=0.0)
    assert not presses(AutoStart(start=True, simulated=False), 10.0, once=False)


@pytest.mark.parametrize("simulated", [True, False])
def test_what_somebody_has_chosen_waits_for_them(simulated: bool) -> None:
    assert not presses(AutoStart(start=True, simulated=simulated), 10.0, alone_after_s=0.0, withheld=True)
