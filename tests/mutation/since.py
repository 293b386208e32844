"""What a change is compared with: ``python -m tests.mutation.since`` names the commit if ``safety/`` differs from it.

Prints nothing, and costs nothing, where no file of ``safety/`` was changed.
"""

import re
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from tests.mutation.mutants import Mutant

DAY: Final = timedelta(days=1)
NEWEST: Final = "HEAD~1"
_HUNK: Final = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def base() -> str | None:
    """Where the change began: at the main branch of the remote, else a day before the newest commit, else one before.

    None if there is nothing to compare with.
    """
    head = _git("rev-parse", "HEAD")
    for name in ("origin/main", "origin/HEAD"):
        found = _git("merge-base", "HEAD", name)
        if found and found != head:
            return found
    newest = _git("log", "-1", "--format=%cI")
    before = (datetime.fromisoformat(newest) - DAY).isoformat() if newest else ""
    return _git("rev-list", "-1", f"--before={before}", "HEAD") or _git("rev-parse", "--verify", "HEAD~1") or None


def changed_files(commit: str) -> list[str]:
    """The files of ``safety/`` that exist and differ from a commit."""
    return _git("diff", "--name-only", "--diff-filter=d", commit, "--", "safety/*.py").splitlines()


def changed_lines(commit: str) -> dict[str, set[int]]:
    """For each of these files its lines, as they are now, that are new or others than in a commit."""
    found: dict[str, set[int]] = defaultdict(set)
    for path in changed_files(commit):
        for first, count in _HUNK.findall(_git("diff", "--unified=0", commit, "--", path)):
            found[path].update(range(int(first), int(first) + int(count or 1)))
    return found


def order(mutants: list[Mutant], since: str | None) -> list[Mutant]:
    """First those in lines that the newest commit changed, then in all that were, then the others of their files."""
    if since is None:
        return mutants
    newest, changed = changed_lines(NEWEST), changed_lines(since)
    nowhere: set[int] = set()
    return sorted(
        mutants,
        key=lambda one: (newest.get(one.path, nowhere).isdisjoint(one.lines), changed[one.path].isdisjoint(one.lines)),
    )


def _git(*arguments: str) -> str:
    """What git says; nothing if it cannot."""
    return subprocess.run(["git", *arguments], check=False, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    since = base()
    if since is not None and changed_files(since):
        print(since)
    sys.exit(0)
