"""What all tests share."""

import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, settings

ROOT: Final = Path(__file__).parent.parent
SAFETY: Final = ROOT / "tests" / "safety"
COMPILE: Final = "from tests.sim.rigs import driven_table; driven_table()"

# No deadline: a slow machine is not a wrong answer. A failure prints what reproduces it.
settings.register_profile("righting", deadline=None, print_blob=True)
settings.register_profile("thorough", parent=settings.get_profile("righting"), max_examples=5000)
settings.register_profile(
    "mutants",
    parent=settings.get_profile("righting"),
    max_examples=10,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("righting")


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker that ties a test to what it shows; ``docs/evidence/checks.py`` judges the names in it."""
    config.addinivalue_line("markers", "requirement(*uids): the requirements of docs/evidence that the test shows")
    config.addinivalue_line("markers", "untraced: long runs; their lines are covered by short tests as well")
    if config.getoption("numprocesses", None) and not hasattr(pytest.Item, "_nodeid"):
        raise pytest.UsageError(
            f"pytest-xdist writes its groups where pytest {pytest.__version__} does not look: browsers would run side"
            " by side and fail by chance; take the versions of requirements.txt (make setup)"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tracing makes a session in lock-step six times as slow: only the tests that the gate of ``safety/`` asks for."""
    parser.addoption("--trace-all", action="store_true", help="trace every test, not only tests/safety")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the simulator's loops before the workers start: each of them would otherwise, all at the same time."""
    if session.config.getoption("numprocesses", None):
        subprocess.run([sys.executable, "-c", COMPILE], cwd=ROOT, check=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that watch the wall clock to one worker, which runs them one at a time; others go on beside.

    One worker makes the exploration, too: it takes some minutes.
    """
    for item in items:
        if "graph" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("exploration"))
        browses = "browser" in getattr(item, "fixturenames", ())  # two browsers at a time starve each other
        if browses or item.get_closest_marker("realtime") is not None:
            item.add_marker(pytest.mark.xdist_group("realtime"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace no test outside ``tests/safety``, and none there that says so, unless asked to: it takes much longer.

    Not by the plugin's own pause: in a worker that only wakes another tracer, which pytest-cov has started there too.
    """
    traced = not item.config.pluginmanager.has_plugin("_cov") or item.config.getoption("--trace-all")
    if traced or (item.path.is_relative_to(SAFETY) and item.get_closest_marker("untraced") is None):
        return (yield)
    tracers = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracers[0])
        threading.settrace(tracers[1])


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT
