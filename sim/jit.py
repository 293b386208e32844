"""Compilation of the simulator's hot loops, with a cache that notices every change.

numba's on-disk cache compares only the file in which a function stands. The run loop of ``sim/table.py`` contains
functions of other files, so an edit there would leave the old machine code in use. Here the cache lives in a folder
named after the contents of all of ``sim`` and of what its compiled code takes constants from elsewhere: any edit begins
a new one.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba

CONSTANTS: Final = ("safety/signals.py",)
"""Sources outside of ``sim`` whose numbers compiled loops have within them."""


def _cache_folder() -> Path:
    package = Path(__file__).parent
    digest = hashlib.sha256()
    beside_us = (package.parent / name for name in CONSTANTS)
    for source in [*sorted(package.glob("*.py")), *beside_us]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    beside = package / "__pycache__"
    if os.access(beside if beside.exists() else package, os.W_OK):
        home = beside
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "righting"
    return home / f"numba-{digest.hexdigest()[:16]}"


def _use_cache_folder() -> None:
    """Point numba at our folder, unless the user chose one (``NUMBA_CACHE_DIR``)."""
    config: Any = numba.config
    if not config.CACHE_DIR:
        config.CACHE_DIR = str(_cache_folder())


_use_cache_folder()


F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile ``function`` without any change of floating-point meaning: the same bits on every run."""
    return cast(F, numba.njit(cache=True, error_model="numpy")(function))
