"""Try the tests of ``safety/`` on code with small errors. Ends with 1 if too many survive, or one has no reason."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.breeding import mutants_of
from tests.mutation.hunt import Hunt
from tests.mutation.report import REASONS, reasons, report, table

TARGET: Final = Path("build/mutants.json")
NICE: Final = 15
"""It may take an hour: whatever else the machine does goes first."""
PYTEST: Final = ["-q", "--capture=no", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]


def main() -> int:
    """Parse what is asked, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--since", metavar="COMMIT", help="only files that differ from it; writes no figures")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    files = changed_since(options.since) if options.since else sorted(map(str, Path("safety").rglob("*.py")))
    mutants = {path: some for path in files if (some := list(mutants_of(path)))}
    if not mutants:
        print("no function of safety/ to try")
        return 0
    os.nice(NICE)
    hunt = Hunt([one for some in mutants.values() for one in some], options.workers)
    if pytest.main([*PYTEST, "tests/safety"], plugins=[hunt]) or hunt.failed:
        print("tests/safety fails on the code as it is: mend that first", file=sys.stderr)
        return 1
    tried = {path: [one.key for one in some] for path, some in mutants.items()}
    found = report(tried, [one.key for one in hunt.survivors], reasons(REASONS.read_text(encoding="utf-8")))
    if not options.since:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(found.as_json(), indent=1), encoding="utf-8")
    print(table(found))
    problems = found.problems()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def changed_since(commit: str) -> list[str]:
    """The files of ``safety/`` that exist and differ from a commit."""
    command = ["git", "diff", "--name-only", "--diff-filter=d", commit, "--", "safety/*.py"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
