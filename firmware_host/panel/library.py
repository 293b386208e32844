"""The programs that come with righting."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Final

from firmware_host.records import Records, programs

PLACES: Final = (Path(str(files("firmware_host") / "library")), Path(__file__).parents[2] / "examples" / "programs")
"""In an installation, and in a checkout."""


def keep_built_in(records: Records) -> None:
    """Bring the built-in programs up to date; where they are, nothing is written. Raises ``RecordsError``."""
    place = next(place for place in PLACES if place.is_dir())
    found = {file.stem: _read(file) for file in sorted(place.glob("*.toml"))}
    with records.read() as transaction:
        if programs.built_in_are(transaction, found):
            return
    with records.begin() as transaction:
        programs.keep_built_in(transaction, found)


def _read(file: Path) -> programs.BuiltIn:
    text = file.read_text(encoding="utf-8")
    return programs.BuiltIn(str(tomllib.loads(text)["name"]), text)
