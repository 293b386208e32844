"""From a case that fails to the smallest one that still fails in the same way."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.cli.campaign.cases import Case
from firmware_host.cli.campaign.judging import run_case

RUNS_AT_MOST: Final = 30
_PLAIN_RIDER: Final = {"name": "Campaign", "sex": "female", "mass_kg": 70.0, "height_m": 1.72}


class Failing(NamedTuple):
    """A case, and what it is to go on breaking."""

    number: int
    """Of the session in its campaign."""
    case: Case
    broken: frozenset[str]
    """Names of properties; a smaller case counts if it breaks one of them."""


def shrink(failing: Failing) -> Case:
    """Take out faults, steps, and what differs from the reference, as long as the case goes on failing."""
    smallest, runs = failing.case, 0
    found = True
    while found:
        found = False
        for smaller in _smaller(smallest):
            if runs == RUNS_AT_MOST:
                return smallest
            runs += 1
            if failing.broken & run_case(smaller, failing.number).broken:
                smallest, found = smaller, True
                break
    return smallest


def _smaller(case: Case) -> Iterator[Case]:
    """Give the cases that are one thing smaller, the largest steps first; some of them may not be sessions at all."""
    for number in range(len(case.faults)):
        yield case._replace(faults=case.faults[:number] + case.faults[number + 1 :])
    steps = case.program["step"]
    for number in reversed(range(len(steps))):
        if len(steps) > 1:
            yield case._replace(program={**case.program, "step": steps[:number] + steps[number + 1 :]})
    for number, fault in enumerate(case.faults):
        if fault.duration_s is not None:
            staying = fault._replace(duration_s=None)
            yield case._replace(faults=(*case.faults[:number], staying, *case.faults[number + 1 :]))
    rider = {**case.rider["rider"], **_PLAIN_RIDER}
    if rider != case.rider["rider"]:
        yield case._replace(rider={**case.rider, "rider": rider})
    physics = case.table["physics"]
    if physics:
        yield _with_physics(case, {})
    for part in physics if len(physics) > 1 else ():
        yield _with_physics(case, {name: values for name, values in physics.items() if name != part})


def _with_physics(case: Case, physics: dict[str, dict[str, float]]) -> Case:
    return case._replace(table={**case.table, "physics": physics})
