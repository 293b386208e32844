"""Pages of the hazard analysis, made of the model: nothing here is written twice."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from docs.evidence.checks import ACCEPTABLE, LIMIT
from docs.evidence.model import Code, Hazard, MarkedTest, Model, Requirement, controls, known_tests
from safety.limits import MACHINE, SPECS

UNITLESS: Final = "1"


def hazards(model: Model, intro: str) -> str:
    """The hazard analysis: a table of all, then each with its controls and sources."""
    rows = (
        f"| [{one.uid}](#{one.uid.lower()}) | {one.title} | {one.severity} | {one.probability} "
        f"| {one.residual_probability} | {_verdict(one)} |"
        for one in model.hazards
    )
    return "\n".join(
        [
            "# Hazards\n",
            intro,
            "\nAcceptable is a residual probability of at most "
            + ", ".join(f"{most} for severity {severity}" for severity, most in ACCEPTABLE.items())
            + ". The rest is for the builder of a table and for later work.\n",
            "| id | hazard | severity | probability | with controls | judged |",
            "|---|---|---|---|---|---|",
            *rows,
            *(_hazard(one, model) for one in model.hazards),
        ]
    )


def _verdict(one: Hazard) -> str:
    return "acceptable" if one.residual_probability <= ACCEPTABLE[one.severity] else "**not acceptable alone**"


def _hazard(one: Hazard, model: Model) -> str:
    sources = {source.uid: source for source in model.sources}
    cited = "<br>".join(f"{sources[uid].title} ({sources[uid].address})" for uid in one.sources)
    links = "<br>".join(_named(control) for control in controls(model, one.uid))
    rows = {
        "cause": one.cause,
        "hazardous situation": one.situation,
        "harm": one.harm,
        "severity, probability": f"{one.severity}, {one.probability}",
        "controls": links,
        "outside of this project": one.outside,
        "residual": f"probability {one.residual_probability}, {_verdict(one)}: {one.residual}",
        "sources": cited,
    }
    table = "\n".join(f"| {name} | {_cell(text)} |" for name, text in rows.items())
    return f"\n## {one.uid} {one.title} {{ #{one.uid.lower()} }}\n\n| | |\n|---|---|\n{table}"


def _named(one: Requirement) -> str:
    """A link to a requirement from any page beside it, with its title."""
    return f"{_link(one.uid)} {one.title}" + ("" if one.active else " (not built)")


def _link(uid: str) -> str:
    page = "hazards" if uid.startswith("H-") else "requirements"
    return f"[{uid}]({page}.md#{uid.lower()})"


def _links(uids: Iterable[str]) -> str:
    return ", ".join(_link(uid) for uid in uids)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def source_page(path: str) -> str:
    """Where the site shows a source file."""
    return f"source/{path}.md"


def source(path: str, text: str) -> str:
    """The page of a source file, left out of the search."""
    fence = "~" * 8
    return (
        f"---\ntitle: {path}\nsearch:\n  exclude: true\n---\n\n# `{path}`\n\n"
        f'{fence} {{ .python linenums="1" }}\n{text}{fence}\n'
    )


def _code(place: Code, model: Model) -> str:
    """A link to the line of a class, function or test. HTML, because the builder knows no anchors of lines."""
    line = model.lines[place.path].get(place.name, 1)
    target = source_page(place.path).removesuffix(".md") + f".html#__codelineno-0-{line}"
    return f'<a href="{target}">{place.name or place.path}</a>'


def requirements(model: Model, intro: str) -> str:
    """The requirements, a table for each section."""
    parts = ["# Requirements\n", intro]
    section = ""
    for one in model.requirements:
        if one.section != section:
            section = one.section
            parts += [f"\n## {section}\n", "| requirement | hazards | code | tests |", "|---|---|---|---|"]
        parts.append(_requirement(one, model))
    return "\n".join(parts)


def _requirement(one: Requirement, model: Model) -> str:
    code = "<br>".join(_code(place, model) for place in one.code) or "not built"
    tests = "<br>".join(_code(place, model) for place in known_tests(model, one.uid)) or "not built"
    heading = f"**{one.uid}**{{ #{one.uid.lower()} }} {one.title}"
    statement = LIMIT.sub(_limit, one.statement)
    return f"| {heading}<br>{_cell(statement)} ({one.measure.lower()}) | {_links(one.hazards)} | {code} | {tests} |"


def _limit(found: re.Match[str]) -> str:
    """The name of a limit, with the machine's value."""
    name = found[1]
    unit = "" if SPECS[name].unit == UNITLESS else f" {SPECS[name].unit}"
    return f"{found[0]} ({getattr(MACHINE, name):g}{unit})"


def traceability(model: Model) -> str:
    """The matrix in both directions."""
    return "\n".join(
        [
            "# Traceability\n",
            "From hazards to tests and back. Where it is broken, `make test` fails and this site is not built.\n",
            "## From hazards to tests\n",
            "| hazard | requirement | code | tests |",
            "|---|---|---|---|",
            *_forward(model),
            "\n## From code to hazards\n",
            "| code | requirements | hazards |",
            "|---|---|---|",
            *_backward(model, _by_code(model)),
            "\n## From tests to hazards\n",
            "| test | requirements | hazards |",
            "|---|---|---|",
            *_backward(model, _by_test(model.tests)),
        ]
    )


def _forward(model: Model) -> Iterator[str]:
    for hazard in model.hazards:
        for one in controls(model, hazard.uid):
            code = ", ".join(_code(place, model) for place in one.code) or "not built"
            yield f"| {_link(hazard.uid)} | {_link(one.uid)} | {code} | {len(known_tests(model, one.uid))} |"


Served = dict[Code, list[str]]


def _by_code(model: Model) -> Served:
    served: Served = {}
    for one in model.requirements:
        for place in one.code:
            served.setdefault(place, []).append(one.uid)
    return served


def _by_test(tests: list[MarkedTest]) -> Served:
    return {test.place: list(test.requirements) for test in tests}


def _backward(model: Model, served: Served) -> Iterator[str]:
    hazards_of = {one.uid: one.hazards for one in model.requirements}
    for place in sorted(served):
        uids = served[place]
        touched = sorted({hazard for uid in uids for hazard in hazards_of[uid]})
        where = f"{place.path}: " if place.name else ""
        yield f"| {where}{_code(place, model)} | {_links(uids)} | {_links(touched)} |"


def counts(model: Model) -> str:
    """How much there is of each, as a table."""
    built = sum(one.active for one in model.requirements)
    open_hazards = sum(_verdict(one) != "acceptable" for one in model.hazards)
    rows = {
        "hazards": len(model.hazards),
        "hazards that this project alone does not make acceptable": open_hazards,
        "requirements that are built": built,
        "requirements that are wanted and not built": len(model.requirements) - built,
        "monitors, each with its requirement": len(model.monitors),
        "tests and files of tests that name a requirement": len(model.tests),
    }
    return "| figure | value |\n|---|---|\n" + "\n".join(f"| {name} | {count} |" for name, count in rows.items())


PAGES: Final[dict[str, Callable[[Model, str], str]]] = {
    "hazards": hazards,
    "requirements": requirements,
    "traceability": lambda model, _: traceability(model),
}
"""By name of the page; the introduction stands in the file of the same name."""
