"""Make the compiled packages in ``build/compiled`` unless they are there already, and print that folder.

Without a C compiler or Python's own headers nothing is printed but a word on standard error: a campaign then runs from
source. Whatever else goes wrong is an error.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import Final

from compiling.modules import MODULES

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "build" / "compiled"
PACKAGES: Final = ("safety", "drivers", "sim", "firmware_host")
SETTINGS: Final = "pyproject.toml"
HERE: Final = "compiling"


def main() -> int:
    """Make what is missing; exit code 1 if the compiled packages give other sessions than the source."""
    lacking = _lacking()
    if lacking:
        print(f"compiling: {lacking}; running from source, at half the speed", file=sys.stderr)
        return 0
    state, done = _state(), FOLDER / ".done"
    if not done.exists() or done.read_text() != state:
        print("compiling: a few minutes, once for each state of the source", file=sys.stderr)
        _make()
        if _sessions(ROOT) != _sessions(FOLDER):
            shutil.rmtree(FOLDER)
            print("compiling: the compiled packages give other sessions than the source; thrown away", file=sys.stderr)
            return 1
        done.write_text(state)
    print(FOLDER)
    return 0


def _lacking() -> str:
    """What it takes and is not there; empty if nothing is."""
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler})"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return "" if header.exists() else f"Python's headers are not installed ({header.name})"


def _state() -> str:
    """A sum over all that the outcome depends on."""
    digest = hashlib.sha256(f"{sys.version} {version('mypy')}".encode())
    folders = [*PACKAGES, HERE]
    for path in [ROOT / SETTINGS, *sorted(path for name in folders for path in (ROOT / name).rglob("*"))]:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _make() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, FOLDER / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / SETTINGS, FOLDER)
    _run("build.py", *MODULES, folder=FOLDER)


def _sessions(folder: Path) -> str:
    return _run("sessions.py", folder=folder)


def _run(script: str, *arguments: str, folder: Path) -> str:
    """Run a script beside this file on the packages in a folder; gives what it prints. Ends us if it fails."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"compiling: {script} failed\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
