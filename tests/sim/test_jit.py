"""The compilation cache: it must never serve machine code of a source that has changed."""

import shutil
import subprocess
import sys
from pathlib import Path

INNER = "from sim.jit import jit\n\n@jit\ndef inner():\n    return {value}\n"
OUTER = "from sim.jit import jit\nfrom sim.inner import inner\n\n@jit\ndef outer():\n    return inner()\n"


def call_outer(folder: Path) -> str:
    code = "from sim.outer import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout.strip()


def test_an_edit_in_one_file_reaches_what_another_file_compiled_from_it(repository: Path, tmp_path: Path) -> None:
    package = tmp_path / "sim"
    package.mkdir()
    shutil.copy(repository / "sim" / "jit.py", package)
    (package / "__init__.py").write_text("")
    (package / "outer.py").write_text(OUTER)
    (package / "inner.py").write_text(INNER.format(value=1))
    assert call_outer(tmp_path) == "1 0"
    assert call_outer(tmp_path) == "1 1"  # from the cache
    (package / "inner.py").write_text(INNER.format(value=2))
    assert call_outer(tmp_path) == "2 0"
