"""The compilation cache: it must never serve machine code of a source that has changed."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from sim.jit import CONSTANTS

INNER = "from sim.jit import jit\n\n@jit\ndef inner():\n    return {value}\n"
INNER_OF_SAFETY = "from safety.signals import BIT\n" + INNER.format(value="BIT")
OUTER = "from sim.jit import jit\nfrom sim.inner import inner\n\n@jit\ndef outer():\n    return inner()\n"


def small_package(repository: Path, folder: Path) -> Path:
    """A package ``sim`` of two functions, and a ``safety`` of one number."""
    package = folder / "sim"
    package.mkdir()
    shutil.copy(repository / "sim" / "jit.py", package)
    (package / "__init__.py").write_text("")
    (package / "outer.py").write_text(OUTER)
    (folder / "safety").mkdir()
    (folder / "safety" / "__init__.py").write_text("")
    (folder / "safety" / "signals.py").write_text("BIT = 1\n")
    return package


def call_outer(folder: Path) -> str:
    code = "from sim.outer import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout.strip()


def test_an_edit_in_one_file_reaches_what_another_file_compiled_from_it(repository: Path, tmp_path: Path) -> None:
    package = small_package(repository, tmp_path)
    (package / "inner.py").write_text(INNER.format(value=1))
    assert call_outer(tmp_path) == "1 0"
    assert call_outer(tmp_path) == "1 1"  # from the cache
    (package / "inner.py").write_text(INNER.format(value=2))
    assert call_outer(tmp_path) == "2 0"


def test_an_edit_of_a_number_of_safety_reaches_what_was_compiled_with_it(repository: Path, tmp_path: Path) -> None:
    (small_package(repository, tmp_path) / "inner.py").write_text(INNER_OF_SAFETY)
    assert call_outer(tmp_path) == "1 0"
    assert call_outer(tmp_path) == "1 1"
    (tmp_path / "safety" / "signals.py").write_text("BIT = 2\n")
    assert call_outer(tmp_path) == "2 0"


def imports_of(repository: Path, module: str) -> set[str]:
    """Our own modules that one imports."""
    tree = ast.parse((repository / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    whole = {f"sim.{name.name}" for node in froms if node.module == "sim" for name in node.names}
    named = {str(node.module) for node in froms} - {"sim"}
    return whole | {name for name in named if name.startswith(("sim.", "safety", "drivers"))}


def test_the_cache_knows_every_source_outside_that_compiled_code_may_take_numbers_from(repository: Path) -> None:
    modules = {f"sim.{file.stem}" for file in (repository / "sim").glob("*.py")} - {"sim.__init__"}
    reached, found = {module for module in modules if "sim.jit" in imports_of(repository, module)}, set[str]()
    while reached:
        found |= reached
        reached = {name for module in reached for name in imports_of(repository, module) if name in modules} - found
    assert len(found) > 5
    outside = {name for module in found for name in imports_of(repository, module)} - modules
    assert outside == {name.removesuffix(".py").replace("/", ".") for name in CONSTANTS}
