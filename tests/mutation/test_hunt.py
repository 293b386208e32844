"""A hunt on three small functions: what dies, what lives, and what stops it before it begins."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mutation.mutants import Mutant, difference

HEALTHY = """\
def limited(value, highest=3):
    return min(value, highest)


NUMBER = limited(2)


class Counter:
    def count_down(self, start):
        while start > 0:
            start -= 1
        return start
"""
TESTS = """\
import patient


def test_limited():
    assert patient.limited(5) == 3
    assert patient.limited(1) == 1


def test_count_down():
    assert patient.Counter().count_down(2) == 0
"""


def mutant(name: str, before: str, after: str, *lines: int) -> Mutant:
    return Mutant("patient.py", name, f"{before} -> {after}", frozenset(lines), HEALTHY.replace(before, after))


MUTANTS = [
    mutant("limited", "min(", "max(", 2),
    mutant("limited", "highest=3", "highest=4", 1, 2),
    mutant("limited", "min(value, highest)", "min(highest, value)", 2),
    mutant("limited", "return min(value, highest)", "return None + value", 2),
    mutant("Counter.count_down", "start -= 1", "start -= 0", 11),
    mutant("Counter.count_down", "start > 0", "start != 0", 10),
]


HUNT = """\
import json, sys
import pytest
from tests.mutation.hunt import Hunt
from tests.mutation.test_hunt import MUTANTS

found = Hunt(MUTANTS, workers=2)
pytest.main(["-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir=."], plugins=[found])
json.dump({"failed": found.failed, "alive": [one.change for one in found.survivors]}, open("found.json", "w"))
"""


def hunt(folder: Path, repository: Path, tests: str) -> dict[str, list[str]]:
    """What a hunt finds, in a process of its own: it starts coverage.py, and there can be only one."""
    (folder / "patient.py").write_text(HEALTHY, encoding="utf-8")
    (folder / "test_patient.py").write_text(tests, encoding="utf-8")
    paths = {"PYTHONPATH": os.pathsep.join([str(folder), str(repository)])}
    subprocess.run([sys.executable, "-c", HUNT], cwd=folder, env=os.environ | paths, check=True, capture_output=True)
    found: dict[str, list[str]] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


def test_what_a_test_sees_dies_and_what_changes_nothing_lives(tmp_path: Path, repository: Path) -> None:
    found = hunt(tmp_path, repository, TESTS)
    assert found["failed"] == []
    assert sorted(found["alive"]) == ["min(value, highest) -> min(highest, value)", "start > 0 -> start != 0"]


def test_nothing_is_hunted_with_tests_that_fail_already(tmp_path: Path, repository: Path) -> None:
    found = hunt(tmp_path, repository, TESTS.replace("== 3", "== 5"))
    assert found["failed"] == ["test_patient.py::test_limited"]
    assert found["alive"] == []


def test_a_change_is_named_by_its_lines() -> None:
    assert difference("a\n    b < c\n", "a\n    b <= c\n") == "b < c -> b <= c"
