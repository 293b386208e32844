"""A search that steers toward small margins: it changes the worst sessions that it has found so far.

An evolution strategy with niches: a quarter of the sessions is drawn at random, the rest are children of the worst
ones, generation by generation. Half of the parents are the worst of all, so that what was found is made worse. The
other half are the worst of each rule by itself: the margin of some rules is small in every session that returns in a
hurry, and would keep the others from being looked at.
"""

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.cli.campaign.cases import Case, Devices, cross, draw_case, mutate
from firmware_host.cli.campaign.results import Result
from firmware_host.cli.campaign.running import run_case
from firmware_host.cli.campaign.workers import Workers

RANDOM_SHARE: Final = 0.25
GENERATION: Final = 10
WORST_OF_ALL: Final = 4
WORST_OF_EACH_RULE: Final = 3
CROSSED: Final = 0.3
"""Share of the children that take over a fault of a second parent."""


class Tried(NamedTuple):
    """A case of the search, and what became of it."""

    number: int
    case: Case
    result: Result


class Parents(NamedTuple):
    """The sessions whose children are tried next."""

    worst: list[Tried]
    """Of all, by the smallest margin of any rule that is promised."""
    niches: list[Tried]
    """Of each rule."""


def steer(seed: int, sessions: int, hands: Workers, devices: Devices = ()) -> Iterator[Tried]:
    """Search with this many sessions; the same for the same seed, on any number of workers."""
    first = [draw_case(seed, index, devices) for index in range(max(1, round(sessions * RANDOM_SHARE)))]
    tried = _run(list(enumerate(first)), hands)
    yield from tried
    parents = parents_of(tried)
    while (done := tried[-1].number + 1) < sessions:
        children = [(number, _child(seed, number, parents)) for number in range(done, min(done + GENERATION, sessions))]
        tried = _run(children, hands)
        yield from tried
        parents = parents_of([*parents.worst, *parents.niches, *tried])


def _run(cases: list[tuple[int, Case]], hands: Workers) -> list[Tried]:
    found = [Tried(number, case, result) for (number, case), result in hands.do(_run_one, cases)]
    return sorted(found, key=lambda tried: tried.number)


def _run_one(numbered: tuple[int, Case]) -> Result:
    number, case = numbered
    return run_case(case, number)


def _child(seed: int, number: int, parents: Parents) -> Case:
    draw = random.Random(f"righting steer {seed} {number}")
    case = draw.choice(draw.choice(parents)).case
    if draw.random() < CROSSED:
        case = cross(case, draw.choice(draw.choice(parents)).case, draw)
    return mutate(case, draw)


def parents_of(tried: list[Tried]) -> Parents:
    """Choose the worst sessions, each once in either list."""
    by_number = {one.number: one for one in tried}
    worst = sorted(by_number.values(), key=lambda one: (one.result.weakest_share, one.number))[:WORST_OF_ALL]
    shares: dict[str, list[tuple[float, int]]] = {}
    for one in by_number.values():
        for margin in one.result.margins:
            shares.setdefault(margin.rule, []).append((margin.share, one.number))
    numbers = {number for rule in shares.values() for _, number in sorted(rule)[:WORST_OF_EACH_RULE]}
    return Parents(worst, [by_number[number] for number in sorted(numbers)] or worst)
