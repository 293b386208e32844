"""``python -m docs.evidence.keep``: keep the figures of a long campaign with the sources, for whoever runs none.

``make campaign`` calls it. What depends on the machine is left out. A campaign's figures replace those of other code,
and those of the same code if it had as many sessions; a short trial's replace none.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

WRITTEN: Final = Path("build/campaign.json")
KEPT: Final = Path("docs/evidence/campaign.json")
LEAST_SESSIONS: Final = 10_000
"""Fewer than these are a trial."""
_OF_THIS_MACHINE: Final = ("folder", "wall_s", "command", "shrunk", "blind_spots")


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
    kept.write_text(json.dumps(portable(found), indent=1) + "\n", encoding="utf-8")
    return True


if __name__ == "__main__":
    if keep(WRITTEN, KEPT):
        print(f"the figures are kept in {KEPT}")
    sys.exit(0)
