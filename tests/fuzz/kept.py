"""Findings that became tests: ``tests/fuzz/crashes/TARGET/NAME.hex``, read and written.

A file is bytes in hexadecimal, so that a change of it can be read; lines that begin with # say what was wrong.
"""

import hashlib
from pathlib import Path
from typing import Final

CRASHES: Final = Path(__file__).parent / "crashes"
ENDING: Final = ".hex"
_BYTES_A_LINE: Final = 32


class KeptError(ValueError):
    """A file of findings that cannot be read; ``str()`` says which."""


def kept(folder: Path = CRASHES) -> list[tuple[str, Path]]:
    """Every file with the target that it is for, which is its folder's name."""
    return [(file.parent.name, file) for file in sorted(folder.glob("*/*"))]


def read(file: Path) -> bytes:
    """Give the bytes of a file. Raises ``KeptError``."""
    lines = file.read_text(encoding="utf-8").splitlines()
    try:
        return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))
    except ValueError as error:
        raise KeptError(f"{file} is no bytes in hexadecimal ({error}); write it with --keep") from error


def keep(target: str, data: bytes, folder: Path = CRASHES) -> Path:
    """Write a finding where the tests run it; gives the file, whose first line is to be written by hand."""
    file = folder / target / (hashlib.sha256(data).hexdigest()[:12] + ENDING)
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [data[at : at + _BYTES_A_LINE].hex(" ") for at in range(0, len(data), _BYTES_A_LINE)]
    file.write_text("\n".join(["# What was wrong:", *lines, ""]), encoding="utf-8")
    return file
