"""The steered search beside random drawing, at equal cost: how near either comes to breaking a promise."""

import os
from statistics import fmean
from typing import Any, Final, NamedTuple

from benchmarks.campaigns import run_campaign
from benchmarks.compiled import compiled_folder
from benchmarks.figure import Comparison, Figure

SEEDS: Final = (11, 12, 13, 14, 15)
SESSIONS: Final = 200
SHORT_SEEDS: Final = (11,)
SHORT_SESSIONS: Final = 12
SMALLEST: Final = "weakest_share"
TEN_SMALLEST: Final = "ten_weakest_mean_share"
OF_EACH_RULE: Final = "weakest_of_each_rule"
SAME: Final = 0.01
"""Shares that differ by less say the same."""
WANTED: Final = {SMALLEST: 1.0, TEN_SMALLEST: 2.0}
PERCENT: Final = "% of what is granted"


class _Searches(NamedTuple):
    """What both searches came down to, with as many sessions each."""

    random: dict[str, Any]
    steered: dict[str, Any]

    def gained(self, what: str) -> float:
        """How much nearer to breaking a promise steering came than drawing did."""
        return float(self.random[what] - self.steered[what])

    def rules(self) -> tuple[int, int]:
        """Of how many rules steering, and of how many drawing, came nearer to breaking one."""
        random, steered = self.random[OF_EACH_RULE], self.steered[OF_EACH_RULE]
        apart = [random[rule] - steered[rule] for rule in random.keys() & steered.keys()]
        return sum(one > SAME for one in apart), sum(one < -SAME for one in apart)


def measure(short: bool) -> list[Figure]:
    """Search with several seeds; every session counts, those that steering draws at random too."""
    seeds, sessions = (SHORT_SEEDS, SHORT_SESSIONS) if short else (SEEDS, SESSIONS)
    folder = compiled_folder()
    environment = {"PYTHONPATH": folder} if folder else {}
    found = [_search(sessions, seed, environment) for seed in seeds]
    won = sum(one.gained(TEN_SMALLEST) > 0.0 for one in found)
    nearer, farther = (sum(counts) for counts in zip(*(one.rules() for one in found), strict=True))
    return [
        _gained("steered search, smallest margin", SMALLEST, found, sessions),
        _gained("steered search, ten smallest margins", TEN_SMALLEST, found, sessions),
        Figure(
            "steered search, seeds with ten worse cases",
            100.0 * won / len(found),
            "%",
            100.0,
            Comparison.AT_LEAST,
            f"{won} of the seeds {', '.join(map(str, seeds))}",
        ),
        Figure(
            "steered search, rules it came nearer to breaking",
            100.0 * nearer / max(nearer + farther, 1),
            "%",
            note=f"of all seeds and rules: nearer {nearer} times, less near {farther} times, else the same",
        ),
    ]


def _gained(name: str, what: str, found: list[_Searches], sessions: int) -> Figure:
    """Tell by how much smaller the margins are that steering finds, in the mean of the seeds."""
    random, steered = (fmean(getattr(one, way)[what] for one in found) for way in ("random", "steered"))
    note = f"smaller than at random: {100.0 * random:.1f} % at random, {100.0 * steered:.1f} % steered; "
    note += f"mean of {len(found)} seeds, {sessions} sessions each way"
    gained = 100.0 * fmean(one.gained(what) for one in found)
    return Figure(name, gained, PERCENT, WANTED[what], Comparison.AT_LEAST, note)


def _search(sessions: int, seed: int, environment: dict[str, str]) -> _Searches:
    told: dict[str, Any] = run_campaign(sessions, os.cpu_count() or 1, seed, ["--steer"], environment).told
    return _Searches(told["steered"]["random"], told["steered"]["steered"])
