"""The one file of a backup: a tar archive that any tar reads, sealed with the sum of all its bytes.

The seal is one block behind the end of the archive, where tar looks no more. A file that was cut or changed anywhere
does not match it. In the archive are the database, the black boxes, and ``manifest.json`` with the sum of each.
"""

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, NamedTuple

from firmware_host.disk import sync_folder
from firmware_host.records.errors import RecordsError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
SEAL_BYTES: Final = 512
_SEAL: Final = b"righting backup, sha256 of all bytes before this block: "
_BLOCK: Final = 1 << 20


class BackupError(RecordsError):
    """A backup cannot be made, read or restored; ``str()`` says why and what to do."""


class Member(NamedTuple):
    """One file in the archive."""

    name: str
    bytes: int
    sha256: str
    changed_ns: int
    """When it was written last; kept, so that a black box that comes back is known to be the same."""


class Manifest(NamedTuple):
    """What the archive says of itself."""

    told: dict[str, Any]
    """What ``Writer.finish`` was given."""
    files: tuple[Member, ...]


class Writer:
    """Writes an archive; nothing stands at its place until ``finish``."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = _Summed(file)
        self._tar = tarfile.open(fileobj=self._file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see finish
        self._members: list[Member] = []

    def add(self, name: str, path: Path) -> None:
        """Add a file as it is now; what is appended to it meanwhile is left out. Raises ``OSError``."""
        with path.open("rb") as source:
            told = os.fstat(source.fileno())
            reading = _Summed(source)
            self._tar.addfile(_info(name, told.st_size, told.st_mtime_ns), reading)
        self._members.append(Member(name, told.st_size, reading.total.hexdigest(), told.st_mtime_ns))

    def finish(self, told: dict[str, Any]) -> None:
        """Write the manifest and the seal. Raises ``OSError``."""
        files = [member._asdict() for member in self._members]
        manifest = json.dumps({"format": FORMAT, **told, "files": files}, indent=1).encode()
        self._tar.addfile(_info(MANIFEST, len(manifest), time.time_ns()), io.BytesIO(manifest))
        self._tar.close()
        self._file.file.write(_seal(self._file.total.hexdigest()))


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """Write a new archive: whole and on the disk at the end, or not there at all. Raises ``BackupError``."""
    try:
        if target.exists():
            raise BackupError(f"{target} exists already: name another file")
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # readable by this user alone
        try:
            with os.fdopen(handle, "wb") as file:
                yield Writer(file)
                file.flush()
                os.fsync(file.fileno())
            os.link(name, target)  # refuses what was put there meanwhile, as a rename would not
        finally:
            Path(name).unlink()
        sync_folder(target.parent)
    except FileExistsError as error:
        raise BackupError(f"{target} exists already: name another file") from error
    except OSError as error:
        raise BackupError(f"{target}: {error.strerror}; check the path, who may write there, and the room") from error


def check(path: Path) -> None:
    """Hold an archive against its seal. Raises ``BackupError``."""
    try:
        size = path.stat().st_size - SEAL_BYTES
        with path.open("rb") as file:
            reading = _Summed(file)
            left = size
            while left > 0 and (block := reading.read(min(_BLOCK, left))):
                left -= len(block)
            seal = file.read(SEAL_BYTES + 1)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}; name a file that righting backup made") from error
    if size > 0 and seal == _seal(reading.total.hexdigest()):
        return
    if size > 0 and seal.startswith(_SEAL):
        raise BackupError(f"{path} is damaged: its bytes do not match its seal; take another backup")
    raise BackupError(
        f"{path} is cut off or no backup: it does not end with a seal; name one that righting backup made"
    )


def extract(path: Path, folder: Path) -> Manifest:
    """Check an archive and unpack all of it into an empty folder, each file with its sum. Raises ``BackupError``."""
    check(path)
    try:
        found: dict[str, tuple[int, str]] = {}
        told: dict[str, Any] | None = None
        with tarfile.open(path, mode="r|") as archive:
            for info in archive:
                source = archive.extractfile(info) if info.isreg() else None
                if source is None:
                    raise BackupError(f"{path} holds something that is no file ({info.name}); take another backup")
                if info.name == MANIFEST:
                    told = json.loads(source.read())
                else:
                    found[info.name] = _unpacked(path, info, source, folder)
        manifest = _manifest(path, told, found)
        for member in manifest.files:
            os.utime(folder / member.name, ns=(member.changed_ns, member.changed_ns))
    except (tarfile.TarError, ValueError) as error:
        raise BackupError(f"{path} cannot be read ({error}); take another backup") from error
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}; make room there, or choose another place") from error
    return manifest


def _unpacked(path: Path, info: tarfile.TarInfo, source: IO[bytes], folder: Path) -> tuple[int, str]:
    place = PurePosixPath(info.name)
    if place.is_absolute() or ".." in place.parts or not place.parts:
        raise BackupError(f"{path} would write outside its folder ({info.name}); it is not from righting backup")
    target = folder.joinpath(*place.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    reading = _Summed(source)
    with open(target, "xb", opener=_private) as file:
        while block := reading.read(_BLOCK):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return info.size, reading.total.hexdigest()


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _manifest(path: Path, told: dict[str, Any] | None, found: dict[str, tuple[int, str]]) -> Manifest:
    if told is None:
        raise BackupError(f"{path} has no {MANIFEST}; it is not from righting backup")
    if told.get("format") != FORMAT:
        raise BackupError(f"{path} has format {told.get('format')}, this version reads {FORMAT}: update righting")
    try:
        members = tuple(Member(**one) for one in told.pop("files"))
    except (KeyError, TypeError) as error:
        raise BackupError(f"{path} has a {MANIFEST} that cannot be read; it is not from righting backup") from error
    listed = {member.name: (member.bytes, member.sha256) for member in members}
    if listed != found:
        wrong = sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
        raise BackupError(f"{path} does not hold what its manifest says ({', '.join(wrong[:3])}); take another backup")
    return Manifest(told, members)


def _info(name: str, size: int, changed_ns: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, changed_ns // 10**9, 0o600
    return info


def _seal(sha256: str) -> bytes:
    return (_SEAL + sha256.encode() + b"\n").ljust(SEAL_BYTES, b"\0")


class _Summed(io.RawIOBase):
    """A file whose bytes are summed as they pass."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.file = file
        self.total = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Give bytes."""
        data = self.file.read(size)
        self.total.update(data)
        return data

    def write(self, data: Any, /) -> int:
        """Take bytes."""
        self.total.update(data)
        return self.file.write(data)
