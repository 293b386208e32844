"""In real time one test at a time has the machine."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the suite as what it is with this target; ``tests/conftest.py`` sees to the rest."""
    if config.getoption("righting_target") not in (None, "sim"):
        for item in items:
            if "stand" in getattr(item, "fixturenames", ()):
                item.add_marker("realtime")
