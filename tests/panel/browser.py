"""A real Chromium: the machine's own, or one that is installed here and now. Without one the tests fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = (
    "--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-sync",
    "--no-first-run", "--autoplay-policy=user-gesture-required",
)  # fmt: skip
INSTALLERS: Final = (
    ("apt-get", "install", "--yes", "--no-install-recommends", "chromium"),
    (sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"),
    (sys.executable, "-m", "playwright", "install", "chromium"),
)


class NoBrowserError(RuntimeError):
    """There is none, and none can be installed."""


def arguments() -> list[str]:
    """What Chromium is started with; a sandbox of its own it has only where this is not root."""
    return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def find_or_install(bundled: str) -> str:
    """Give the path of a Chromium. Raises ``NoBrowserError`` with what the installers said.

    Args:
        bundled: where playwright keeps its own, if it has one.
    """
    found = _find(bundled)
    if found is not None:
        return found
    told = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "--quiet"], check=False, capture_output=True)
    for installer in INSTALLERS:
        if shutil.which(installer[0]) is None or (installer[0] == "apt-get" and os.geteuid() != 0):
            continue
        done = subprocess.run(
            installer,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        found = _find(bundled)
        if found is not None:
            return found
        told.append(f"{' '.join(installer)}: {done.stderr.strip()[-300:]}")
    raise NoBrowserError(
        "these tests need Chromium: install it, for example with apt install chromium\n" + "\n".join(told)
    )


def _find(bundled: str) -> str | None:
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    return bundled if Path(bundled).is_file() else None
