"""``python -m docs.evidence.keep``: keep the figures of what takes long with the sources, for whoever runs none.

``make campaign``, ``make steering``, ``make mutants`` and ``make temporal`` call it. What depends on the machine is
left out. A campaign's figures replace those of other code, and those of the same code if it had as many sessions; those
of a short trial, or of something that ended early, replace none.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

BUILD: Final = Path("build")
EVIDENCE: Final = Path("docs/evidence")
LEAST_SESSIONS: Final = 10_000
"""Fewer than these are a trial."""
_OF_THIS_MACHINE: Final = (
    *("folder", "wall_s", "command", "shrunk", "blind_spots"),
    *("python", "machine", "system", "cores", "benchmark"),
)


def portable(found: Any) -> Any:
    """The same figures, without what only this machine knows, and without the long list of blind spots."""
    if isinstance(found, dict):
        return {name: portable(value) for name, value in found.items() if name not in _OF_THIS_MACHINE}
    return [portable(one) for one in found] if isinstance(found, list) else found


def keep(written: Path, kept: Path) -> bool:
    """Keep a campaign's figures; tells whether it was long enough."""
    found = json.loads(written.read_text(encoding="utf-8"))
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    longest = before["sessions"] if before.get("code") == found["code"] else 0
    if found["sessions"] < max(longest, LEAST_SESSIONS):
        return False
    _write(found, kept)
    return True


def keep_search(written: Path, kept: Path) -> bool:
    """Keep the comparison of a steered search with a random one; tells whether it was a whole one."""
    found = json.loads(written.read_text(encoding="utf-8"))
    if found["short"] or found["broken"]:
        return False
    _write(found, kept)
    return True


def keep_whole(written: Path, kept: Path) -> bool:
    """Keep figures that say of themselves that nothing was left out; tells whether they do."""
    found = json.loads(written.read_text(encoding="utf-8"))
    if not found.get("whole"):
        return False
    _write(found, kept)
    return True


def _write(found: dict[str, Any], kept: Path) -> None:
    kept.write_text(json.dumps(portable(found), indent=1) + "\n", encoding="utf-8")


KEEPERS: Final = {
    "campaign.json": keep,
    "steering.json": keep_search,
    "mutants.json": keep_whole,
    "temporal.json": keep_whole,
}
"""What is kept of the files in ``build/``."""


if __name__ == "__main__":
    for name, keeper in KEEPERS.items():
        if (BUILD / name).is_file() and keeper(BUILD / name, EVIDENCE / name):
            print(f"the figures are kept in {EVIDENCE / name}")
    sys.exit(0)
