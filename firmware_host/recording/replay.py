"""Replay: feed a recording's inputs to a fresh controller and compare every command, bit for bit."""

from typing import NamedTuple

from firmware_host.control.controller import Controller
from firmware_host.control.ticks import TickInput, TickOutput
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.record_schema import RecordedOutput


class Difference(NamedTuple):
    """The first tick in which replay and recording part."""

    tick: int
    t_s: float
    recorded: str
    replayed: str


class Replay(NamedTuple):
    """What a replay found."""

    ticks: int
    identical: bool
    first_difference: Difference | None


def replay(recording: Recording, controller: Controller) -> Replay:
    """Feed the recorded inputs to ``controller``, which must be a fresh one of the recorded session."""
    count = 0
    for tick_input, recorded in zip(recording.inputs, recording.outputs, strict=True):
        difference = _compare(count, tick_input, recorded, controller.tick(tick_input))
        count += 1
        if difference is not None:
            return Replay(count, False, difference)
    return Replay(count, True, None)


def _compare(tick: int, tick_input: TickInput, recorded: RecordedOutput, replayed: TickOutput) -> Difference | None:
    """Compare what was decided; events are words about it and are not compared."""
    before = (recorded.command, recorded.state, recorded.response)
    after = (replayed.command, replayed.state, replayed.response)
    return None if before == after else Difference(tick, tick_input.now_s, str(before), str(after))
