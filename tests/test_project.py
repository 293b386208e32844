"""Promises about the tree itself: what is locked, what is written where, what is shipped."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from typer.main import get_command

from firmware_host.cli.app import app
from firmware_host.cli.faults import answers
from sim.faults import CATALOGUE

PACKAGES: Final = ("firmware_host", "drivers", "safety", "sim")
ROOMS: Final = (*PACKAGES, "tests", "benchmarks", "compiling", "docs", "examples", ".ci")
LOCKS: Final = tuple(f"requirements{of}.txt" for of in ("", "-build", "-host", "-evidence", "-trace"))
LONGEST_SAFETY_FUNCTION: Final = 40
GATE: Final = Path("safety/layer.py")
IMPORTS_OF_SAFETY: Final = sys.stdlib_module_names | {"safety", "pydantic"}

# A folder of somebody's account.
PERSONAL_PLACE: Final = re.compile(r"(?<![\w.])/(?:home|Users)/\w+/")


def sources(repository: Path, *packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """Path within the repository and syntax tree of every module of the packages."""
    for package in packages:
        for file in sorted((repository / package).rglob("*.py")):
            yield file.relative_to(repository), ast.parse(file.read_text(encoding="utf-8"), str(file))


def project(repository: Path) -> dict[str, Any]:
    """The [project] table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def pins(repository: Path, lock: str) -> dict[str, str]:
    """Each package of a lock file with its version."""
    text = (repository / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==([^ ]+) ", text, re.MULTILINE))


def called(call: ast.Call) -> str:
    """The text of what is called."""
    return ast.unparse(call.func)


def makes_safe_command(node: ast.AST) -> bool:
    """Whether the expression makes a ``SafeCommand``: by its name, by a method of the class, or by ``__new__``."""
    if not isinstance(node, ast.Call):
        return False
    made_by_name = re.search(r"(^|\.)SafeCommand(\._make)?$", called(node)) is not None
    made_by_new = called(node).endswith("__new__") and "SafeCommand" in ast.unparse(node)
    return made_by_name or made_by_new


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_package_with_hashes_and_names_no_place(repository: Path, lock: str) -> None:
    lines = (repository / lock).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.lstrip().startswith(("-i ", "--index", "--find", "-e"))]
    for number, line in enumerate(lines):
        if not line.startswith((" ", "#")):
            assert re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^ ]+ .*\\$", line), (
                f"{lock}:{number + 1}: not pinned: {line}"
            )
            assert "--hash=sha256:" in lines[number + 1], f"{lock}:{number + 1}: no hash for {line}"


def test_locks_agree_with_each_other(repository: Path) -> None:
    everything = pins(repository, "requirements.txt")
    host = pins(repository, "requirements-host.txt")
    assert host.items() <= everything.items()
    build = pins(repository, "requirements-build.txt")
    assert {name: build[name] for name in build.keys() & everything.keys()}.items() <= everything.items()


def test_lock_holds_every_direct_dependency(repository: Path) -> None:
    table = project(repository)
    wanted = [*table["dependencies"], *table["optional-dependencies"]["sim"], *table["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[><=]", requirement)[0] for requirement in wanted} - {"righting"}
    assert names <= pins(repository, "requirements.txt").keys()


def test_nothing_in_the_tree_names_a_machine(repository: Path) -> None:
    files = [file for file in repository.iterdir() if file.is_file() and file.name != ".coverage"]
    files += [file for room in ROOMS for file in (repository / room).rglob("*") if file.is_file()]
    here = str(repository)
    checked = 0
    for file in files:
        if "__pycache__" in file.parts or file.suffix in {".png", ".mcap"} or file.name.startswith(".coverage"):
            continue
        text = file.read_text(encoding="utf-8")
        assert here not in text, f"{file} names the folder of this checkout"
        assert not PERSONAL_PLACE.findall(text), f"{file} names a folder outside the project"
        checked += 1
    assert checked > len(ROOMS)


def test_safety_functions_are_short(repository: Path) -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, tree in sources(repository, "safety")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_SAFETY_FUNCTION} == {}


@pytest.mark.requirement("REQ-ENV-GATE")
def test_safe_commands_are_made_by_the_gate_alone(repository: Path) -> None:
    made = {path for path, tree in sources(repository, *PACKAGES) if any(map(makes_safe_command, ast.walk(tree)))}
    assert made == {GATE}


@pytest.mark.parametrize(
    "expression",
    [
        "SafeCommand(mode, None, 1.0, 1.0)",
        "signals.SafeCommand(*fields)",
        "SafeCommand._make(fields)",
        "tuple.__new__(SafeCommand, fields)",
        "SafeCommand.__new__(SafeCommand, *fields)",
    ],
)
def test_every_way_to_make_a_safe_command_is_recognised(expression: str) -> None:
    assert any(map(makes_safe_command, ast.walk(ast.parse(expression))))


def test_reading_a_safe_command_is_no_making() -> None:
    assert not any(map(makes_safe_command, ast.walk(ast.parse("x: SafeCommand | None = y\nencode(command.mode)"))))


@pytest.mark.requirement("REQ-ENV-GATE")
def test_safety_imports_nothing_but_the_standard_library_and_pydantic(repository: Path) -> None:
    for path, tree in sources(repository, "safety"):
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    roots = {alias.name.partition(".")[0] for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    roots = {module.partition(".")[0]}
                case _:
                    continue
            assert roots <= IMPORTS_OF_SAFETY, (
                f"{path}:{node.lineno}: safety may not import {roots - IMPORTS_OF_SAFETY}"
            )


def test_version_is_the_same_everywhere(repository: Path) -> None:
    declared = project(repository)["version"]
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert version("righting") == declared, "the installed version is stale: run make setup"
    assert re.findall(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)[0] == declared


def options_of(words: list[str]) -> set[str]:
    """The options of a command of ``righting``; raises ``KeyError`` if there is no such command."""
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return {"--help", *(name for parameter in command.params for name in parameter.opts)}


def test_every_command_and_option_of_righting_in_the_documents_exists(repository: Path) -> None:
    pages = [repository / "README.md", repository / "CONTRIBUTING.md", *(repository / "docs").rglob("*.md")]
    told = re.compile(r"(?:^|`|bin/)righting ((?:[a-z]+ ?)+)([^`\n#|]*)", re.MULTILINE)
    found = [(page, *use) for page in pages for use in told.findall(page.read_text(encoding="utf-8"))]
    assert len({words.split()[0] for _, words, _ in found}) > 10
    for page, words, rest in found:
        unknown = set(re.findall(r"--[a-z][a-z-]*", rest)) - options_of(words.split())
        assert not unknown, f"{page}: righting {words}{rest}"


def test_every_target_of_make_in_the_documents_exists(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    command = re.compile(r"(?:^|`)make ([a-z]+)", re.MULTILINE)
    readme = set(command.findall((repository / "README.md").read_text(encoding="utf-8")))
    assert {"run", "test"} <= readme
    told = {path: command.findall(path.read_text(encoding="utf-8")) for path in (repository / "docs").rglob("*.md")}
    told[repository / "CONTRIBUTING.md"] = command.findall((repository / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert {name for names in told.values() for name in names} | readme <= targets


def test_decision_records_are_numbered_and_whole(repository: Path) -> None:
    records = sorted((repository / "docs/decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {record.name[:4]}: "), f"{record.name}: the title begins with the number"
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], f"{record.name}: {headings}"


def test_wheel_holds_the_packages_whole_and_nothing_else(repository: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    result = subprocess.run(build, cwd=repository, check=False, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("righting-*.whl")
    with ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
        entry_points = archive.read(next(name for name in archive.namelist() if name.endswith("entry_points.txt")))
    wanted = {
        file.relative_to(repository).as_posix()
        for package in PACKAGES
        for file in (repository / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    library = {f"firmware_host/library/{file.name}" for file in (repository / "examples/programs").glob("*.toml")}
    assert shipped == wanted | library
    assert {f"{package}/py.typed" for package in PACKAGES} <= shipped
    assert b"righting = firmware_host.cli:main" in entry_points


def test_simulator_page_tells_of_every_fault_what_the_catalogue_does(repository: Path) -> None:
    page = (repository / "docs/simulator.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {kind.place} | {kind.told} | {answers(kind)} |" for name, kind in CATALOGUE.items()]
    assert re.findall(r"^\| `[a-z-]+` \|.*$", page, re.MULTILINE) == rows
