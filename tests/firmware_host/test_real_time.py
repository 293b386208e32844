"""A real-time priority is borrowed: it is given back, and nothing that is started meanwhile has it."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from firmware_host.control.real_time import beside_the_loop, real_time

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="this system has no real-time priorities")


def policy_of_a_child() -> int:
    told = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]
    return int(subprocess.run(told, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("ask", [real_time, beside_the_loop])
def test_what_is_started_meanwhile_is_ordinary(ask: Callable[[], AbstractContextManager[object]]) -> None:
    before, interval_s = os.sched_getscheduler(0), sys.getswitchinterval()
    with ask():
        assert policy_of_a_child() == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == before
    assert sys.getswitchinterval() == interval_s


def test_what_stands_in_for_hardware_comes_first_too() -> None:
    with real_time(inherited=True) as refused:
        assert refused == ["real-time priority"] or policy_of_a_child() == os.SCHED_FIFO


def test_it_is_given_back_after_an_error() -> None:
    before = os.sched_getscheduler(0)
    with pytest.raises(ValueError, match="in the loop"), real_time():
        raise ValueError("in the loop")
    assert os.sched_getscheduler(0) == before
