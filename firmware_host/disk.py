"""Files that are on the disk whole or not at all, after a power cut too."""

import contextlib
import os
import tempfile
from pathlib import Path


def replace_text(file: Path, text: str, mode: int) -> None:
    """Put a text in a file's place at once: whatever happens, it is the old one or the new one. Raises ``OSError``.

    ``mode`` is who may read and write it. A symbolic link stays: what it leads to is replaced, or whoever reads that
    would go on with the old text.
    """
    file = Path(os.path.realpath(file))
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(name).chmod(mode)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """See names onto the disk too; some file systems have no such thing."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
