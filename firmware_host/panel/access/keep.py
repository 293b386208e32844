"""What a restart of the panel's process must not forget, in small files of the run's own folder.

The folder belongs to the user who started the run, and goes with it: whoever starts ``righting run`` anew logs in anew.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any


def load(path: Path) -> dict[str, Any]:
    """Read what was kept; nothing if there is nothing, or nothing that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(path: Path, kept: dict[str, Any]) -> None:
    """Write it, whole or not at all. A full disk keeps nobody out: then a restart of the panel forgets it."""
    fresh = path.with_suffix(".new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        fresh.replace(path)
    except OSError as error:
        logging.getLogger(__name__).warning("%s cannot be written (%s)", path, error.strerror)
