"""Try the tests of ``safety/`` on code with small errors. Ends with 1 if too many survive, or one has no reason."""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from firmware_host.cli.campaign.shards import code_digest
from tests.mutation.breeding import mutants_of
from tests.mutation.hunt import Hunt
from tests.mutation.report import REASONS, reasons, report, table
from tests.mutation.since import changed_files, order

TARGET: Final = Path("build/mutants.json")
NICE: Final = 15
"""It may take an hour: whatever else the machine does goes first."""
PYTEST: Final = ["-q", "--capture=no", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]


def main() -> int:
    """Parse what is asked, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--since", metavar="COMMIT", help="only files that differ from it; writes no figures")
    parser.add_argument("--minutes", type=float, help="begin with no mutant after so long; what was not tried is told")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    end_s = math.inf if options.minutes is None else time.monotonic() + options.minutes * 60.0
    files = changed_files(options.since) if options.since else sorted(map(str, Path("safety").rglob("*.py")))
    mutants = {path: some for path in files if (some := list(mutants_of(path)))}
    if not mutants:
        print("no function of safety/ to try")
        return 0
    os.nice(NICE)
    all_of_them = order([one for some in mutants.values() for one in some], options.since)
    hunt = Hunt(all_of_them, options.workers, end_s)
    if pytest.main([*PYTEST, "tests/safety"], plugins=[hunt]) or hunt.failed:
        print("tests/safety fails on the code as it is: mend that first", file=sys.stderr)
        return 1
    untried = {one.key for one in hunt.untried}
    tried = {path: [one.key for one in some if one.key not in untried] for path, some in mutants.items()}
    if untried:
        print(f"no time left for {len(untried)} of {len(all_of_them)} mutants")
    known = {key: reason for key, reason in reasons(REASONS.read_text(encoding="utf-8")).items() if key not in untried}
    found = report(tried, [one.key for one in hunt.survivors], known)
    if not options.since:
        TARGET.parent.mkdir(exist_ok=True)
        told = {"whole": not untried, "code": code_digest(), **found.as_json()}
        TARGET.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(table(found))
    problems = found.problems(whole=not options.since and not untried)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
