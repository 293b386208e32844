"""A search that steers toward small margins: it changes the worst sessions that it has found so far.

An evolution strategy with niches: a quarter of the sessions is drawn at random, the rest are children of the worst
ones, generation by generation. What is worst is told by each rule itself. The margin of some rules is small in every
session that returns in a hurry, and that of others is full in all of them: neither says anything. So a share counts by
what it is of the one that is usual for its rule among the sessions drawn at random. Half of the parents are the worst
of all by that, so that what was found is made worse; the other half are the worst of each rule that was found below
what is usual, so that none crowds out the others.
"""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.cli.campaign.cases import Case, Devices, draw_case
from firmware_host.cli.campaign.changes import cross, mutate
from firmware_host.cli.campaign.judging import run_case
from firmware_host.cli.campaign.results import CRASHED_SHARE, Result
from firmware_host.cli.campaign.workers import Workers

RANDOM_SHARE: Final = 0.25
GENERATION: Final = 10
WORST_OF_ALL: Final = 4
WORST_OF_EACH_RULE: Final = 2
CROSSED: Final = 0.2
"""Share of the children that take over a fault of a second parent."""
USUAL: Final = 0.1
"""This share of the random sessions has a smaller margin than what is called usual for its rule."""
LEAST_USUAL: Final = 0.05
"""Of a rule: less than this would tell two broken sessions apart wrongly."""
REMARKABLE: Final = 0.95
"""What is nearer to the usual than this is no worse."""


class Tried(NamedTuple):
    """A case of the search, and what became of it."""

    number: int
    case: Case
    result: Result


class Parents(NamedTuple):
    """The sessions whose children are tried next."""

    worst: list[Tried]
    """Of all, by the smallest margin of any rule beside its usual one."""
    niches: list[Tried]
    """Of each rule."""


def steer(seed: int, sessions: int, hands: Workers, devices: Devices = ()) -> Iterator[Tried]:
    """Search with this many sessions; the same for the same seed, on any number of workers."""
    first = [draw_case(seed, index, devices) for index in range(max(1, round(sessions * RANDOM_SHARE)))]
    tried = _run(list(enumerate(first)), hands)
    yield from tried
    usual = usual_shares([one.result for one in tried])
    parents = parents_of(tried, usual)
    while (done := tried[-1].number + 1) < sessions:
        children = [(number, child(seed, number, parents)) for number in range(done, min(done + GENERATION, sessions))]
        tried = _run(children, hands)
        yield from tried
        parents = parents_of([*parents.worst, *parents.niches, *tried], usual)


def _run(cases: list[tuple[int, Case]], hands: Workers) -> list[Tried]:
    found = [Tried(number, case, result) for (number, case), result in hands.do(_run_one, cases)]
    return sorted(found, key=lambda tried: tried.number)


def _run_one(numbered: tuple[int, Case]) -> Result:
    number, case = numbered
    return run_case(case, number)


def child(seed: int, number: int, parents: Parents) -> Case:
    """Change one of the parents a little, sometimes after it took over a fault of another one."""
    draw = random.Random(f"righting steer {seed} {number}")
    case = draw.choice(draw.choice(parents)).case
    if draw.random() < CROSSED:
        case = cross(case, draw.choice(draw.choice(parents)).case, draw)
    return mutate(case, draw)


def usual_shares(results: list[Result]) -> dict[str, float]:
    """For each rule the share that random sessions come down to, as far as they say anything; at most 1."""
    shares: dict[str, list[float]] = {}
    for result in results:
        for margin in result.margins:
            shares.setdefault(margin.rule, []).append(min(margin.share, 1.0))
    return {rule: max(sorted(found)[int(USUAL * len(found))], LEAST_USUAL) for rule, found in shares.items()}


def parents_of(tried: list[Tried], usual: dict[str, float]) -> Parents:
    """Choose the worst sessions, each once in either list; of equal ones the newest, so that the search moves on."""
    by_number = {one.number: one for one in tried}
    beside = {number: _beside_usual(one.result, usual) for number, one in by_number.items()}
    worst = [by_number[number] for number in _worst(beside)]
    niches = [by_number[number] for number in _niches(beside)]
    return Parents(worst, niches or worst)


def _worst(beside: dict[int, dict[str, float]]) -> list[int]:
    """The worst of all by their weakest rule, of each rule a few at most: what is found once is soon found often."""
    weakest = {number: min((share, rule) for rule, share in shares.items()) for number, shares in beside.items()}
    counts: Counter[str] = Counter()
    found = []
    for number in sorted(weakest, key=lambda number: (weakest[number][0], -number)):
        counts[weakest[number][1]] += 1
        if counts[weakest[number][1]] <= WORST_OF_EACH_RULE:
            found.append(number)
    return found[:WORST_OF_ALL]


def _niches(beside: dict[int, dict[str, float]]) -> list[int]:
    """The worst of each rule by itself, if they are worse than usual."""
    found: set[int] = set()
    for rule in {rule for shares in beside.values() for rule in shares}:
        ranked = sorted((shares[rule], -number) for number, shares in beside.items() if rule in shares)
        found |= {-number for share, number in ranked[:WORST_OF_EACH_RULE] if share < REMARKABLE}
    return sorted(found)


def _beside_usual(result: Result, usual: dict[str, float]) -> dict[str, float]:
    """For each rule of a session its share, as one of what is usual; of one that crashed, less than of any."""
    shares = {margin.rule: margin.share / usual.get(margin.rule, 1.0) for margin in result.margins}
    return shares or {"crash": CRASHED_SHARE}
