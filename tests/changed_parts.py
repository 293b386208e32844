"""How far one case of a campaign is from another."""

from itertools import zip_longest
from typing import Final

from firmware_host.cli.campaign.cases import Case

A_FEW: Final = 4
"""A child has so many changes at most: the faults of a second parent, and three more. A fresh draw has some twenty."""


def changed_parts(one: Case, other: Case) -> int:
    """Count what differs: numbers of the physics, limits, rider, each step, faults, and noise."""
    pairs = [
        *((one.table["physics"][part][name], other.table["physics"][part][name]) for part, name in _numbers(one)),
        *zip_longest(one.program["step"], other.program["step"]),
        *((one.table[part], other.table[part]) for part in ("table", "limits")),
        (one.program["motion"], other.program["motion"]),
        (one.rider, other.rider),
        (one.faults, other.faults),
        (one.seed, other.seed),
    ]
    return sum(first != second for first, second in pairs)


def _numbers(case: Case) -> list[tuple[str, str]]:
    return [(part, name) for part, names in case.table["physics"].items() for name in names]
