"""What must be true of the chain from hazards to tests and back; each check names what to do about what it finds."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from docs.evidence.model import Model, controls, known_tests
from safety.limits import SPECS

LIMIT: Final = re.compile(r"`([a-z_0-9]+)`")
ACCEPTABLE: Final = {5: 1, 4: 2, 3: 3, 2: 4, 1: 5}
"""For each severity the highest residual probability that the project calls acceptable."""


def problems(model: Model) -> list[str]:
    """Give every break of the chain, in words; an empty list if there is none."""
    checks = (_doubles, _sources, _hazards, _parents, _tests, _markers, _monitors, _code, _mentions, _limits)
    return [problem for check in checks for problem in check(model)]


def _doubles(model: Model) -> Iterator[str]:
    uids = Counter(one.uid for group in (model.sources, model.hazards, model.requirements) for one in group)
    for uid, times in uids.items():
        if times > 1:
            yield f"{uid}: given {times} times; give each entry an identifier of its own"


def _sources(model: Model) -> Iterator[str]:
    known = {source.uid for source in model.sources}
    cited = {uid for hazard in model.hazards for uid in hazard.sources}
    for uid in sorted(cited - known):
        yield f"{uid}: cited and not in sources.sdoc; add it"
    for uid in sorted(known - cited):
        yield f"{uid}: no hazard cites it; cite it or take it out of sources.sdoc"


def _hazards(model: Model) -> Iterator[str]:
    for hazard in model.hazards:
        found = controls(model, hazard.uid)
        if not found:
            yield f"{hazard.uid}: has no control; write a requirement that names it as its parent"
        elif hazard.residual_probability < hazard.probability and not any(one.active for one in found):
            yield f"{hazard.uid}: no control is built, so its residual probability is {hazard.probability}"


def _parents(model: Model) -> Iterator[str]:
    known = {hazard.uid for hazard in model.hazards}
    for one in model.requirements:
        if not one.hazards:
            yield f"{one.uid}: names no hazard; name the hazard that it controls as its parent, or drop it"
        for uid in sorted(set(one.hazards) - known):
            yield f"{one.uid}: its parent {uid} is not in hazards.sdoc"


def _tests(model: Model) -> Iterator[str]:
    for one in model.requirements:
        tested = known_tests(model, one.uid)
        if one.active and not tested:
            yield f"{one.uid}: has no test; mark one with @pytest.mark.requirement({one.uid!r})"
        if not one.active and tested:
            yield f"{one.uid}: is a draft, and {tested[0].path} tests it; make its STATUS Active"


def _markers(model: Model) -> Iterator[str]:
    known = {one.uid for one in model.requirements}
    for test in model.tests:
        for uid in sorted(set(test.requirements) - known):
            yield f"{test.place.path} {test.place.name}: its marker names {uid}, which is not in requirements.sdoc"


def _monitors(model: Model) -> Iterator[str]:
    for monitor in model.monitors:
        found = [one for one in model.requirements if one.active and monitor.place in one.code]
        if not found:
            yield f"monitor {monitor.id}: has no requirement; write one with a File relation to {monitor.place.name}"
        elif not any(monitor.hazard in one.hazards for one in found):
            yield f"monitor {monitor.id}: controls {monitor.hazard}, which is no parent of {found[0].uid}"


def _code(model: Model) -> Iterator[str]:
    for one in model.requirements:
        if one.active and not one.code:
            yield f"{one.uid}: names no code; add a File relation to what fulfils it"
        for place in one.code:
            if place.path not in model.lines:
                yield f"{one.uid}: there is no file {place.path}"
            elif place.name and place.name not in model.lines[place.path]:
                yield f"{one.uid}: there is no {place.name} in {place.path}"


def _mentions(model: Model) -> Iterator[str]:
    known = {hazard.uid for hazard in model.hazards}
    for uid, path in model.mentions:
        if uid not in known:
            yield f"{path}: names the hazard {uid}, which is not in hazards.sdoc"


def _limits(model: Model) -> Iterator[str]:
    for one in model.requirements:
        for name in LIMIT.findall(one.statement):
            if name not in SPECS:
                yield f"{one.uid}: `{name}` is no limit of safety/limits.py"
