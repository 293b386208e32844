"""What all tests share."""

from collections.abc import Generator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from hypothesis import Phase, settings

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run tests that watch the wall clock one at a time, whichever worker has them: a lock on this file is theirs."""
    if item.get_closest_marker("realtime") is None:
        return (yield)
    with Path(__file__).open() as file:
        flock(file, LOCK_EX)
        return (yield)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parent.parent
