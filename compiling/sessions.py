"""Run a few sessions with the packages on PYTHONPATH and print one sum over all that happened in them."""

import hashlib
from pathlib import Path
from typing import Final

from drivers.capabilities import DRIVES
from firmware_host.cli.campaign.cases import draw_case
from firmware_host.cli.judged import JudgedRun, run
from firmware_host.cli.sessions import load_session

DRAWN: Final = 8
SEED: Final = 7
EXAMPLES: Final = Path(__file__).parent.parent / "examples"


def _told(done: JudgedRun) -> bytes:
    """The truth to the last bit, and what was thought of it."""
    host = done.host
    thought = (host.states, host.trips, host.outcome(), host.host.link.health.as_dict(), done.truth, done.result)
    return done.trace.tobytes() + repr(thought).encode()


def main() -> None:
    """Sessions of a campaign, and one on each drive."""
    digest = hashlib.sha256()
    for index in range(DRAWN):
        case = draw_case(SEED, index)
        digest.update(_told(run(case.session(), list(case.faults), case.seed, None)))
    for drive in DRIVES:
        files = EXAMPLES / "programs" / "intermittent-40.toml", EXAMPLES / "riders" / "regular.toml"
        digest.update(_told(run(load_session(*files, EXAMPLES / f"table-{drive}.toml"), [], SEED, None)))
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
