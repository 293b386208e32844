"""Lock-step once more as campaigns run it: with the packages that ``compiling`` makes of the same source."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.campaigns import A_CORE_SECOND
from benchmarks.figure import Comparison, Figure

ROOT: Final = Path(__file__).parent.parent
ONLY: Final = ("lockstep", "drives", "campaigns")
HANG_ON_THE_CODE: Final = ("x", A_CORE_SECOND)
"""Units of the figures that are others when compiled: times real time, and sessions."""


def measure(short: bool) -> list[Figure]:
    """The figures of ``ONLY`` that are times real time; none where nothing can be compiled."""
    folder = compiled_folder()
    if not folder:
        return []
    with tempfile.TemporaryDirectory() as found:
        told = Path(found) / "bench.json"
        only = [word for name in ONLY for word in ("--only", name)]
        # Not from the working folder, where the source is.
        command = ["-P", "-m", "benchmarks", *only, "--json", str(told), *(["--short"] if short else [])]
        _run(command, {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"})
        figures: list[dict[str, Any]] = json.loads(told.read_text())["figures"]
    return [_figure(one) for one in figures if one["unit"] in HANG_ON_THE_CODE]


def compiled_folder() -> str:
    """Where the compiled packages are, made if need be; empty where nothing can be compiled."""
    return _run(["-m", "compiling"], {}).strip()


def _figure(one: dict[str, Any]) -> Figure:
    name, value = f"{one['name']}, compiled", float(one["value"])
    return Figure(name, value, one["unit"], one["target"], Comparison(one["comparison"]), one["note"])


def _run(arguments: list[str], environment: dict[str, str]) -> str:
    """Run Python and give what it prints; raises ``CalledProcessError``."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
