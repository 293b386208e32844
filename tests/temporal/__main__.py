"""Compare the oracle's margins with rtamt's robustness over drawn sessions. Ends with 1 where the two differ."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from firmware_host.cli.campaign.shards import code_digest

TARGET: Final = Path("build/temporal.json")
SESSIONS: Final = 60
SEED: Final = 7
RTAMT_BELOW: Final = (3, 13)


def main() -> int:
    """Parse what is asked, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.temporal", description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    if sys.version_info >= RTAMT_BELOW:
        print("rtamt needs Python 3.11 or 3.12; name one with: make clean temporal PYTHON=python3.12", file=sys.stderr)
        return 1
    # Not before: elsewhere it cannot be imported.
    from tests.temporal.comparing import Count, compare

    count = Count()
    for index in range(options.sessions):
        compare(options.seed, index, count)
        print(f"{index + 1} of {options.sessions} sessions", end="\r", file=sys.stderr)
    TARGET.parent.mkdir(exist_ok=True)
    problems = count.problems()
    whole = options.sessions >= SESSIONS and not problems
    told = json.dumps({"whole": whole, "code": code_digest(), **count.as_json()}, indent=1)
    TARGET.write_text(told + "\n", encoding="utf-8")
    print(told)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
