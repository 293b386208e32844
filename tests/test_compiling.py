"""The compiled packages: what they are made of, and what happens where nothing can be compiled."""

import os
import subprocess
import sys
from pathlib import Path

from compiling.modules import MODULES


def test_modules_to_compile_are_there_and_named_once(repository: Path) -> None:
    assert [name for name in MODULES if not (repository / name).is_file()] == []
    assert len(set(MODULES)) == len(MODULES)


def test_without_a_compiler_the_source_is_run_and_a_word_said(repository: Path) -> None:
    command = [sys.executable, "-m", "compiling"]
    bare = {**os.environ, "PATH": ""}
    done = subprocess.run(command, cwd=repository, env=bare, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "no C compiler" in done.stderr
