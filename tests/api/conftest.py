"""The house of each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.house import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A panel in which nobody has a PIN yet."""
    with house(tmp_path) as opened:
        yield opened
