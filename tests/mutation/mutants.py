"""Mutants: functions of ``safety/`` with one small error each, and how they take the place of the sound ones."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from importlib import import_module
from pathlib import Path
from types import FunctionType


@dataclass(frozen=True)
class Mutant:
    """One error in one function."""

    path: str
    """The file, as in ``safety/envelope.py``."""
    name: str
    """The function, or class and method."""
    change: str
    """The lines before and after it. A second one with the same lines in the function is numbered."""
    lines: frozenset[int]
    """Lines of the file that the change touches; no test that runs none of them can see it."""
    source: str
    """The whole file with the error in it."""

    @property
    def function(self) -> str:
        """The function with its module."""
        return f"{module_name(self.path)}.{self.name}"

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: it stays the same when other code changes."""
        return self.function, self.change


def module_name(path: str) -> str:
    """What a file is imported as."""
    return ".".join(Path(path).with_suffix("").parts)


def difference(before: str, after: str) -> str:
    """The lines that differ, without indentation: ``a < b -> a <= b``."""
    found = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    gone = [line[1:].strip() for line in found if line.startswith("-")]
    come = [line[1:].strip() for line in found if line.startswith("+")]
    return f"{' '.join(gone)} -> {' '.join(come)}"


class StillbornError(Exception):
    """The file with the error in it cannot even be imported."""


def infect(mutant: Mutant) -> None:
    """Put the error into the function that runs, wherever it is already imported."""
    module = sys.modules.get(module_name(mutant.path)) or import_module(module_name(mutant.path))
    healthy = _function(vars(module), mutant.name)
    space: dict[str, object] = {
        "__name__": module.__name__,
        "__file__": module.__file__,
        "__package__": module.__package__,
    }
    code = compile(mutant.source, str(module.__file__), "exec")
    try:
        exec(code, space)
    except Exception as error:
        raise StillbornError from error
    sick = _function(space, mutant.name)
    if sick.__code__ == healthy.__code__:
        healthy.__defaults__, healthy.__kwdefaults__ = sick.__defaults__, sick.__kwdefaults__
    else:
        healthy.__code__ = sick.__code__


def _function(space: Mapping[str, object], name: str) -> FunctionType:
    """A function, or a method of a class, in the names of a module."""
    owner, _, own = name.rpartition(".")
    found = vars(space[owner])[own] if owner else space[own]
    found = getattr(found, "__func__", found)
    assert isinstance(found, FunctionType)
    return found
