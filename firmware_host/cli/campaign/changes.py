"""Small changes of a case: what a search tries next. Most are near to what was there, some are drawn anew."""

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Final

from firmware_host.cli.campaign.cases import (
    HEIGHT_M,
    MASS_KG,
    NEAR_S,
    PHYSICS,
    PROGRAM_S,
    SEEDS,
    SLOWED,
    Case,
    between,
    draw_fault,
    draw_rescue,
    go,
    hold,
    make_fault,
    rounded,
    stronger,
    value_range,
)
from firmware_host.files.toml_source import FileError
from sim.faults import Fault, apart

MOVED_S: Final = (0.03, 10.0)
"""How far the moment of a fault is moved, in the mean: short ways as often as long ones."""
NEAR_SHARE: Final = 0.1
"""How far another number of a table or rider lies from the one before, in the mean, as a share of its range."""
ANEW: Final = 0.3
"""Share of those numbers that are drawn anew, anywhere in their range."""
STRETCHED: Final = 0.5
"""Of the logarithm of a duration or a value."""


def mutate(case: Case, draw: random.Random) -> Case:
    """Change a case a little; what comes out can be run."""
    while True:
        changed = case
        for _ in range(draw.choice((1, 1, 2, 3))):
            changed = draw.choice(_MUTATIONS)(changed, draw)
        try:
            changed.session()
        except FileError:
            continue
        return changed._replace(faults=apart(changed.faults))


def cross(case: Case, other: Case, draw: random.Random) -> Case:
    """Give a case one of its own faults, and one of another case."""
    if not case.faults or not other.faults:
        return case
    return case._replace(faults=apart((draw.choice(case.faults), draw.choice(other.faults))))


# -------------------------------------------------------------------------------------------------------------- faults


def _move_fault(case: Case, draw: random.Random) -> Case:
    shortest_s, longest_s = MOVED_S
    spread_s = shortest_s * (longest_s / shortest_s) ** draw.random()

    def moved(fault: Fault) -> Fault:
        return make_fault(fault.name, draw.gauss(fault.at_s, spread_s), fault.duration_s, fault.value)

    return _with_fault(case, draw, moved)


def _stretch_fault(case: Case, draw: random.Random) -> Case:
    def stretched(fault: Fault) -> Fault:
        before_s = 5.0 if fault.duration_s is None else fault.duration_s
        duration_s = None if draw.random() < 0.2 else before_s * draw.lognormvariate(0.0, STRETCHED)
        return make_fault(fault.name, fault.at_s, duration_s, fault.value)

    return _with_fault(case, draw, stretched)


def _scale_fault(case: Case, draw: random.Random) -> Case:
    """Another value near the one before; a fault without one is moved."""

    def scaled(fault: Fault) -> Fault:
        if fault.kind.parameter is None:
            return make_fault(fault.name, draw.gauss(fault.at_s, MOVED_S[1] / 10.0), fault.duration_s, None)
        lowest, highest = value_range(fault.kind.parameter)
        value = fault.amount * draw.lognormvariate(0.0, STRETCHED)
        return make_fault(fault.name, fault.at_s, fault.duration_s, rounded(min(max(value, lowest), highest)))

    return _with_fault(case, draw, scaled)


def _replace_fault(case: Case, draw: random.Random) -> Case:
    return _with_fault(case, draw, lambda fault: draw_fault(draw, fault.at_s))


def _with_fault(case: Case, draw: random.Random, change: Callable[[Fault], Fault]) -> Case:
    faults = list(case.faults or (draw_fault(draw, draw.uniform(0.0, PROGRAM_S[1])),))
    which = draw.randrange(len(faults))
    faults[which] = change(faults[which])
    return case._replace(faults=tuple(faults))


def _pair_fault(case: Case, draw: random.Random) -> Case:
    if len(case.faults) != 1:
        return _replace_fault(case, draw)
    first = case.faults[0]
    return case._replace(faults=(first, draw_fault(draw, draw.gauss(first.at_s, NEAR_S / 2.0))))


# --------------------------------------------------------------------------------------------- rider, table and program


def _near(draw: random.Random, before: float, bounds: tuple[float, float], digits: int = 3) -> float:
    """Another number of a range, most often near the one before."""
    low, high = bounds
    if draw.random() < ANEW:
        return between(draw, low, high, digits)
    return round(min(max(draw.gauss(before, NEAR_SHARE * (high - low)), low), high), digits)


def _other_body(case: Case, draw: random.Random) -> Case:
    body = case.rider["rider"]
    near = {
        "mass_kg": _near(draw, body["mass_kg"], MASS_KG, 1),
        "height_m": _near(draw, body["height_m"], HEIGHT_M, 2),
    }
    return case._replace(rider={**case.rider, "rider": {**body, **near}})


def _other_physics(case: Case, draw: random.Random) -> Case:
    table, part = deepcopy(case.table), draw.choice(sorted(PHYSICS))
    name = draw.choice(sorted(PHYSICS[part]))
    times = stronger(table.get("device", ())) if name == "holding_torque_nm" else 1.0
    table["physics"][part][name] = times * _near(draw, table["physics"][part][name] / times, PHYSICS[part][name])
    return case._replace(table=table)


def _other_rescue(case: Case, draw: random.Random) -> Case:
    """Another pace of the rescue: the machine's, or a slower one."""
    kept = {name: value for name, value in case.table["limits"].items() if name not in SLOWED}
    return case._replace(table={**case.table, "limits": kept | draw_rescue(draw)})


def _other_noise(case: Case, draw: random.Random) -> Case:
    return case._replace(seed=draw.randrange(SEEDS))


def _other_step(case: Case, draw: random.Random) -> Case:
    """Another angle or hold somewhere in the program; the length may change with it."""
    program = deepcopy(case.program)
    top_deg = max(step.get("to_deg", 0.0) for step in program["step"])
    which = draw.randrange(len(program["step"]))
    program["step"][which] = draw.choice((go, hold))(draw, max(top_deg, 5.0))
    return case._replace(program=program)


_MUTATIONS: Final = (
    # Most of what goes wrong is a matter of faults and their moments.
    _move_fault,
    _move_fault,
    _move_fault,
    _stretch_fault,
    _scale_fault,
    _scale_fault,
    _replace_fault,
    _pair_fault,
    _other_body,
    _other_physics,
    _other_physics,
    _other_rescue,
    _other_noise,
    _other_step,
)
