"""The figures of a hunt, and what has to be mended before they hold."""

import pytest

from tests.mutation.report import REASONS, Key, reasons, report, table

LIST = """
[[survivors]]
function = "safety.a.f"
reason = "both sides are equal there"
changes = ["x < y -> x <= y", "u -> v"]
"""
KILLED: Key = ("safety.a.f", "x + y -> x - y")
KNOWN: Key = ("safety.a.f", "x < y -> x <= y")
SECOND: Key = ("safety.a.f", "u -> v")
NEW: Key = ("safety.b.C.g", "1 -> 2")


def many(count: int) -> list[Key]:
    return [("safety.b.h", f"{number} -> 0") for number in range(count)]


def test_each_file_and_the_sum_are_counted() -> None:
    found = report({"safety/a.py": [KILLED, KNOWN, SECOND], "safety/b.py": many(97)}, [KNOWN, SECOND], reasons(LIST))
    assert (found.mutants, found.killed, found.killed_percent) == (100, 98, 98.0)
    assert found.files == {"safety/a.py": "1 of 3", "safety/b.py": "97 of 97"}
    assert [one.reason for one in found.survivors] == ["both sides are equal there"] * 2
    assert found.problems() == []
    assert "98 of 100, 98.0 %" in table(found)


def test_a_survivor_without_a_reason_is_a_problem() -> None:
    found = report({"safety/b.py": [NEW, *many(99)]}, [NEW], {})
    assert [problem.split(":")[0] for problem in found.problems()] == ["safety.b.C.g survives '1 -> 2'"]


@pytest.mark.parametrize(("killed", "problems"), [(95, 0), (94, 1)])
def test_too_few_killed_is_a_problem_whatever_the_reasons(killed: int, problems: int) -> None:
    alive = many(100 - killed)
    found = report({"safety/b.py": many(100)}, alive, dict.fromkeys(alive, "a reason"))
    assert len(found.problems()) == problems
    assert found.problems(whole=False) == []


def test_an_entry_whose_mutant_is_killed_is_a_problem_of_its_own_file_alone() -> None:
    known = reasons(LIST)
    assert report({"safety/a.py": [KILLED, KNOWN]}, [KNOWN], known).outdated == [SECOND]
    assert report({"safety/b.py": [NEW]}, [], known).outdated == []


def test_the_list_can_be_read_and_gives_every_mutant_a_reason() -> None:
    assert all(reasons(REASONS.read_text(encoding="utf-8")).values())
