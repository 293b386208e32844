"""Hazards, requirements, code and tests, read from where each of them is written, and nowhere a second time.

Hazards, their sources and the requirements stand in the ``.sdoc`` files beside this one, the monitors in the register,
and which requirement a test serves in its marker ``requirement``.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from docs.evidence import sdoc
from safety.monitors import REGISTER

FOLDER: Final = Path("docs/evidence")
PACKAGES: Final = ("safety", "drivers", "sim", "firmware_host")
HAZARD_ID: Final = re.compile(r"\bH-\d\d\b")


class Source(NamedTuple):
    """Where a claim of the hazard analysis comes from."""

    uid: str
    title: str
    address: str


class Hazard(NamedTuple):
    """A hazard in the form of ISO 14971. Severity and probabilities go from 1 to 5; the file says what they mean."""

    uid: str
    title: str
    cause: str
    situation: str
    harm: str
    severity: int
    probability: int
    """Before any control."""
    outside: str
    """What the builder or the user of the table has to provide."""
    residual: str
    """What is left, in words."""
    residual_probability: int
    """With the controls that are built."""
    sources: tuple[str, ...]


class Code(NamedTuple):
    """A place in the source tree."""

    path: str
    name: str
    """Class or function; empty for the whole file."""


class Requirement(NamedTuple):
    """What the project has to do about some hazards."""

    uid: str
    title: str
    statement: str
    measure: str
    """Design, Protection or Information."""
    active: bool
    """False: wanted and not built."""
    section: str
    hazards: tuple[str, ...]
    code: tuple[Code, ...]


class MarkedTest(NamedTuple):
    """A test function or a whole file of tests, and the requirements that its marker names."""

    place: Code
    requirements: tuple[str, ...]


class MonitorFact(NamedTuple):
    """What the register says of a monitor."""

    id: str
    hazard: str
    place: Code


class Model(NamedTuple):
    """All of it."""

    sources: list[Source]
    hazards: list[Hazard]
    requirements: list[Requirement]
    tests: list[MarkedTest]
    """Tests with a marker."""
    monitors: list[MonitorFact]
    lines: dict[str, dict[str, int]]
    """For each Python file: its classes and functions, with their lines."""
    mentions: list[tuple[str, str]]
    """Each identifier of a hazard in the code, with its file."""


def read(root: Path) -> Model:
    """Read the whole project below ``root``. Raises ``SdocError`` for a file that cannot be read."""
    folder = root / FOLDER
    trees = {
        file.relative_to(root).as_posix(): ast.parse(file.read_text(encoding="utf-8"), str(file))
        for package in (*PACKAGES, "tests")
        for file in sorted((root / package).rglob("*.py"))
    }
    return Model(
        [_source(node) for node in sdoc.read(folder / "sources.sdoc") if node.tag == "SOURCE"],
        [_hazard(node) for node in sdoc.read(folder / "hazards.sdoc") if node.tag == "HAZARD"],
        [_requirement(node) for node in sdoc.read(folder / "requirements.sdoc") if node.tag == "REQUIREMENT"],
        [
            test
            for path, tree in trees.items()
            if Path(path).name.startswith("test_")
            for test in marked_tests(path, tree)
        ],
        [MonitorFact(one.id, one.hazard, _place(one)) for one in REGISTER],
        {path: dict(_definitions(tree)) for path, tree in trees.items()},
        [
            (uid, path)
            for path in trees
            if not path.startswith("tests/")
            for uid in HAZARD_ID.findall((root / path).read_text(encoding="utf-8"))
        ],
    )


def _source(node: sdoc.Node) -> Source:
    return Source(node.fields["UID"], node.fields["TITLE"], node.fields["ADDRESS"])


def _hazard(node: sdoc.Node) -> Hazard:
    text = node.fields
    return Hazard(
        uid=text["UID"],
        title=text["TITLE"],
        cause=text["CAUSE"],
        situation=text["SITUATION"],
        harm=text["HARM"],
        severity=int(text["SEVERITY"]),
        probability=int(text["PROBABILITY"]),
        outside=text["OUTSIDE"],
        residual=text["RESIDUAL"],
        residual_probability=int(text["RESIDUAL_PROBABILITY"]),
        sources=tuple(text["SOURCES"].split(", ")),
    )


def _requirement(node: sdoc.Node) -> Requirement:
    text = node.fields
    return Requirement(
        uid=text["UID"],
        title=text["TITLE"],
        statement=text["STATEMENT"],
        measure=text["MEASURE"],
        active=text["STATUS"] == "Active",
        section=node.section,
        hazards=tuple(one.value for one in node.relations if one.kind == "Parent"),
        code=tuple(Code(one.value, one.name) for one in node.relations if one.kind == "File"),
    )


def _place(kind: type) -> Code:
    return Code(kind.__module__.replace(".", "/") + ".py", kind.__qualname__)


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Qualified names of all classes and functions of a tree, with their lines."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node.lineno
            yield from _definitions(node, f"{prefix}{node.name}.")


def marked_tests(path: str, tree: ast.Module) -> Iterator[MarkedTest]:
    """The tests of a file that have a marker. Raises ``ValueError`` for a marker that is not written out."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
                yield from _marked(Code(path, ""), value.elts if isinstance(value, ast.List) else [value])
            case ast.FunctionDef(name=name) if name.startswith("test_"):
                yield from _marked(Code(path, name), node.decorator_list)


def _marked(place: Code, expressions: list[ast.expr]) -> Iterator[MarkedTest]:
    """One test, however many markers it has: each has one identifier in what StrictDoc is given."""
    requirements: list[str] = []
    for one in expressions:
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "pytest.mark.requirement":
            named = [argument.value for argument in one.args if isinstance(argument, ast.Constant)]
            if len(named) < len(one.args) or not named:
                raise ValueError(f"{place.path}:{one.lineno}: write the requirements of the marker as plain strings")
            requirements.extend(map(str, named))
    if len(requirements) > len(set(requirements)):
        raise ValueError(f"{place.path}, {place.name}: names a requirement twice; name it once")
    if requirements:
        yield MarkedTest(place, tuple(requirements))


def known_tests(model: Model, uid: str) -> list[Code]:
    """Where a requirement is tested."""
    return [test.place for test in model.tests if uid in test.requirements]


def controls(model: Model, hazard: str) -> list[Requirement]:
    """The requirements that control a hazard, built or not."""
    return [one for one in model.requirements if hazard in one.hazards]
