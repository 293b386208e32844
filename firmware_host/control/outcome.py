"""How a session ended, and why: by the same rules while it is under way and from its recording."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from safety.signals import Response

PROGRAM_FINISHED: Final = "program finished"
"""Told when the last segment is over, and the reason of what was completed."""


class Outcome(NamedTuple):
    """How a session ended."""

    name: str
    """completed, returned, emergency_returned, stopped or refused."""
    reason: str


def outcome_name(strongest: Response, *, unlinked: bool, undisturbed: bool) -> str:
    """Name how a session ended that had begun.

    Args:
        strongest: of all responses in it.
        unlinked: it ends in a state without a link, where nobody knows whether the rider is upright.
        undisturbed: the program finished, nothing tripped, and nobody asked for the way upright.
    """
    if unlinked or strongest >= Response.STOP:
        return "stopped"
    if strongest == Response.EMERGENCY_RETURN:
        return "emergency_returned"
    return "completed" if undisturbed else "returned"


def outcome_reason(name: str, monitors: Iterable[str], *, asked: bool) -> str:
    """Say why a session ended as it did; empty where neither a monitor nor a person ended it.

    Args:
        name: how it ended.
        monitors: those that tripped, in order.
        asked: a person asked for the way upright, or pressed STOP.
    """
    if name == "completed":
        return PROGRAM_FINISHED
    return ", ".join(each_once(monitors)) or ("operator" if asked else "")


def each_once(monitors: Iterable[str]) -> tuple[str, ...]:
    """Name each monitor once, in the order of their first trips."""
    return tuple(dict.fromkeys(monitors))
