"""Hold the margins of ``sim.oracle`` against what rtamt makes of the same promises, session by session.

Drawn sessions keep nearly every promise, and two judges that call everything good agree as well. So each trace is
judged again, changed as no table would have it: turning several times as fast, too far, and tripped long before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from firmware_host.cli.campaign.cases import draw_case
from firmware_host.cli.judged import run
from sim.asked import Asked, Harm
from sim.layout import TRACE_COLUMNS
from sim.oracle import margins
from sim.oracle_terms import Columns, Floats, Margin
from tests.temporal.formulae import (
    HORIZONTAL_DEG,
    ROWS_A_SECOND,
    UPRIGHT_DEG,
    of_motion,
    promised_s,
    robustness,
    signals,
    stays_below,
)

FASTER: Final = 8.0
FARTHER_DEG: Final = 10.0
EARLIER_S: Final = 20.0
ROUNDING: Final = 1e-6
RESCUES: Final = (("rescue-horizontal", HORIZONTAL_DEG), ("rescue-upright", UPRIGHT_DEG))


@dataclass
class Count:
    """What was compared, for each rule."""

    sessions: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    """Of those compared, where both say that the promise was broken."""
    largest_difference: float = 0.0
    """Between margin and robustness, in the rule's unit; rescues are compared to the row."""
    differing: list[str] = field(default_factory=list)

    def add(self, where: str, margin: Margin, agree: bool) -> None:
        """Count a comparison."""
        rule = margin.rule
        self.compared[rule] = self.compared.get(rule, 0) + 1
        self.broken[rule] = self.broken.get(rule, 0) + (agree and margin.value < 0.0)
        if not agree:
            self.differing.append(f"{where}: {rule}: {margin.value:g} {margin.unit} by the oracle, another by rtamt")

    def problems(self) -> list[str]:
        """Where the two differ, and rules of which nothing was learned since no trace broke them."""
        return [*self.differing, *(f"{rule}: no trace broke it" for rule, count in self.broken.items() if not count)]

    def as_json(self) -> dict[str, Any]:
        """Give the figures of ``build/temporal.json``."""
        return {
            "sessions": self.sessions,
            "compared": self.compared,
            "broken by both": self.broken,
            "largest difference": self.largest_difference,
            "differing": self.differing,
        }


def compare(seed: int, index: int, count: Count) -> None:
    """Run a drawn session and compare what both judges say of it, and of its trace once it was changed."""
    case = draw_case(seed, index)
    done = run(case.session(), list(case.faults), case.seed, None)
    count.sessions += 1
    for change, trace, asked in _changed(done.trace, done.asked):
        column = {name: trace[:, row] for row, name in enumerate(TRACE_COLUMNS)}
        found = margins(trace, asked)
        where = f"session {index} of seed {seed}, {change}"
        if _excuses_nothing(asked):
            _compare_motion(where, column, asked, found, count)
        if _one_deadline(asked, float(trace[-1, 0])):
            _compare_rescue(where, column, asked, found, count)


def _changed(trace: Floats, asked: Asked) -> Iterator[tuple[str, Floats, Asked]]:
    yield "as it was", trace, asked
    changed = trace.copy()
    changed[:, [TRACE_COLUMNS.index(name) for name in ("rate_dps", "accel_dps2")]] *= FASTER
    changed[:, TRACE_COLUMNS.index("angle_deg")] += FARTHER_DEG
    yield "faster and farther", changed, asked
    if asked.trips:
        earlier = tuple(trip._replace(t_s=trip.t_s - EARLIER_S) for trip in asked.trips)
        yield "tripped earlier", trace, asked._replace(trips=earlier)


def _excuses_nothing(asked: Asked) -> bool:
    """Tell whether the motion is judged without exception. A line that is cut off excuses no table board."""
    harm = asked.harm._replace(cut_off_s=(), silent_s=(), stuck_s=(), off_deg=0.0, unsure_deg=0.0)
    return harm == Harm()


def _one_deadline(asked: Asked, end_s: float) -> bool:
    """Tell whether there is one promise of a rescue, by the first trip, and nothing that begins it anew."""
    if not asked.trips or asked.person_stopped_s is not None or not _excuses_nothing(asked) or asked.harm.stuck_s:
        return False
    first = asked.trips[0]
    alone = all(trip.response == first.response for trip in asked.trips)
    return alone and 0.0 <= first.t_s < end_s and not any(change_s > first.t_s for change_s in asked.changes_s)


def _compare_motion(where: str, column: Columns, asked: Asked, found: list[Margin], count: Count) -> None:
    told = signals(column)
    for rule, formula in of_motion(asked.limit_deg, asked.invert_rate_dps):
        (margin,) = [one for one in found if one.rule == rule]
        difference = abs(robustness(formula, told) - margin.value)
        count.largest_difference = max(count.largest_difference, difference)
        count.add(where, margin, difference <= ROUNDING)


def _compare_rescue(where: str, column: Columns, asked: Asked, found: list[Margin], count: Count) -> None:
    """The oracle's margin is a time, the robustness an angle: they agree if the formula holds just as long as it says.

    It must hold within the time that was taken, and not within a row less.
    """
    trip = asked.trips[0]
    after = column["t_s"] >= trip.t_s
    angle_deg, first_s = column["angle_deg"][after], float(column["t_s"][after][0])
    horizontal_s, upright_s = promised_s(trip.response, float(angle_deg[0]), asked.rest_s)
    for (rule, below_deg), within_s in zip(RESCUES, (horizontal_s, upright_s), strict=True):
        below_deg += asked.harm.off_deg if rule == "rescue-horizontal" else 0.0
        for margin in [one for one in found if one.rule == rule]:
            in_time = stays_below(angle_deg, int((within_s - (first_s - trip.t_s)) * ROWS_A_SECOND), below_deg)
            agree = in_time == (margin.value >= 0.0)
            if margin.value >= 0.0:
                rows = max(round((within_s - margin.value - (first_s - trip.t_s)) * ROWS_A_SECOND), 0)
                agree &= stays_below(angle_deg, rows, below_deg) and not stays_below(angle_deg, rows - 1, below_deg)
            count.add(where, margin, agree)
