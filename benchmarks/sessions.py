"""Sessions that several benchmarks run."""

from pathlib import Path
from typing import Final

from firmware_host.cli.sessions import load_session
from firmware_host.files.validation import Session

EXAMPLES: Final = Path(__file__).parent.parent / "examples"
REGULAR: Final = ("intermittent-40", "regular")
EXPERIENCED: Final = ("oscillating-60", "experienced")


def load(names: tuple[str, str]) -> Session:
    """The session of an example program with an example rider on the example table."""
    program, rider = names
    return load_session(
        EXAMPLES / "programs" / f"{program}.toml",
        EXAMPLES / "riders" / f"{rider}.toml",
        EXAMPLES / "table.toml",
    )
