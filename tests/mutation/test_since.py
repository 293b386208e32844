"""What a change is compared with, in repositories made for it."""

import subprocess
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant
from tests.mutation.since import base, changed_files, changed_lines, order


class Repository:
    """A repository in a folder, whose commits are so many hours old."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "safety").mkdir()
        self.git("init", "--quiet", "--initial-branch=work")

    def git(self, *arguments: str, date: str = "") -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "GIT_COMMITTER_DATE": date}
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, text: str, day: int, hour: int, file: str = "safety/a.py") -> str:
        (self.folder / file).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        date = f"2000-01-{day:02d}T{hour:02d}:00:00+00:00"
        self.git("commit", "--quiet", "--allow-empty", "-m", "x", date=date)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


def test_a_day_s_work_is_compared_with_what_was_before_it(repository: Repository) -> None:
    repository.commit("a\n", 1, 9)
    old = repository.commit("a\nb\n", 1, 10)
    repository.commit("a\nb\nc\n", 2, 11)
    repository.commit("A\nb\nc\nd\n", 2, 12)
    assert base() == old
    assert changed_files(old) == ["safety/a.py"]
    assert changed_lines(old) == {"safety/a.py": {1, 3, 4}}


def test_a_branch_is_compared_with_where_it_left_the_main_one(repository: Repository) -> None:
    left = repository.commit("a\n", 1, 9)
    repository.git("update-ref", "refs/remotes/origin/main", left)
    repository.commit("b\n", 5, 9)
    assert base() == left


def test_a_branch_that_is_the_main_one_has_its_last_day_compared(repository: Repository) -> None:
    old = repository.commit("a\n", 1, 9)
    newest = repository.commit("b\n", 5, 9)
    repository.git("update-ref", "refs/remotes/origin/main", newest)
    assert base() == old


def test_a_history_of_less_than_a_day_has_its_last_commit_compared(repository: Repository) -> None:
    repository.commit("a\n", 1, 9)
    before = repository.commit("b\n", 1, 10)
    repository.commit("c\n", 1, 11)
    assert base() == before


def test_of_the_first_commit_there_is_nothing_to_compare(repository: Repository) -> None:
    repository.commit("a\n", 1, 9)
    assert base() is None


def test_other_files_do_not_matter(repository: Repository) -> None:
    old = repository.commit("a\n", 1, 9)
    repository.commit("b\n", 5, 9, file="other.py")
    assert changed_files(old) == []
    assert changed_lines(old) == {}


def test_mutants_of_the_newest_commit_come_first_then_those_of_the_change(repository: Repository) -> None:
    old = repository.commit("a\nb\nc\n", 1, 9)
    repository.commit("a\nB\nc\n", 2, 9)
    repository.commit("a\nB\nC\n", 2, 10)
    mutants = [Mutant("safety/a.py", "f", name, frozenset({line}), "") for line, name in enumerate("abc", 1)]
    assert [one.change for one in order(mutants, old)] == ["c", "b", "a"]
    assert order(mutants, None) == mutants
