"""A campaign on disk: a header, and one file of JSON lines for each range of sessions that is done."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from firmware_host.cli.campaign.cases import Devices
from firmware_host.cli.campaign.results import Result
from sim.faults import CATALOGUE

SHARD_SESSIONS: Final = 10
"""A few seconds of work: little is lost when a campaign is ended, and all workers end at about the same time."""
_HEADER: Final = "campaign.json"
_PACKAGES: Final = ("safety", "drivers", "sim", "firmware_host")
_DATA: Final = (".csv", ".toml")
NO_PART_OF_A_SESSION: Final = (
    "panel", "records", "doctor", "diagnostics", "cli.hil", "cli.screen", "cli.terminal_view", "board_words", "roles",
    "cli.campaign.changes", "cli.campaign.command", "cli.campaign.coverage", "cli.campaign.detection",
    "cli.campaign.lines", "cli.campaign.report", "cli.campaign.shards", "cli.campaign.shrinking",
    "cli.campaign.steering", "cli.campaign.summary", "cli.campaign.workers",
    "recording.explain", "recording.margins", "recording.moment", "recording.paper", "recording.report",
    "recording.sides", "recording.silence", "recording.sketch",
)  # fmt: skip
"""Rooms and files of ``firmware_host`` that no session in lock-step enters."""
_SHRUNK: Final = "shrunk.json"


class FolderError(Exception):
    """A folder does not hold the campaign that was asked for."""


class Shard(NamedTuple):
    """A range of sessions: what one task of a campaign runs."""

    seed: int
    first: int
    until: int
    """The first index that does not belong to it any more."""
    devices: Devices = ()


def shards(seed: int, sessions: int, devices: Devices = ()) -> Iterator[Shard]:
    """Cut a campaign into ranges."""
    for first in range(0, sessions, SHARD_SESSIONS):
        yield Shard(seed, first, min(first + SHARD_SESSIONS, sessions), devices)


class Folder:
    """The folder of one campaign."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, seed: int, devices: Devices = ()) -> None:
        """Write the header, or check the one that is there. Raises ``FolderError``, ``OSError``."""
        header = self.path / _HEADER
        wanted = {"seed": seed, "devices": list(devices), "faults": sorted(CATALOGUE), "code": code_digest()}
        if not header.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            header.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
            return
        found = _json(header)
        if found.get("seed") != seed:
            raise FolderError(
                f"{self.path} holds the campaign of seed {found.get('seed')}, not {seed}; name another folder with "
                f"--resume, or pass --seed {found.get('seed')}"
            )
        if found != wanted:
            raise FolderError(
                f"{self.path} was begun with other code, devices or faults than there are now, which do not "
                "add up; begin in a new folder"
            )

    def read(self, shard: Shard) -> list[Result] | None:
        """Give the results of a range; None if it is still to be run, or its file is damaged."""
        try:
            lines = self._file(shard).read_text(encoding="utf-8").splitlines()
            found = [Result.model_validate_json(line) for line in lines]
        except (FileNotFoundError, ValidationError, UnicodeDecodeError):
            return None
        return found if len(found) == shard.until - shard.first else None

    def write(self, shard: Shard, results: list[Result]) -> None:
        """Keep the results of a range: all of them, or after a crash none. Raises ``OSError``."""
        target = self._file(shard)
        part = target.with_suffix(".part")
        part.write_text("".join(f"{result.model_dump_json()}\n" for result in results), encoding="utf-8")
        part.replace(target)

    def case(self, index: int, suffix: str = "") -> Path:
        """Give the folder for the files of a session."""
        return self.path / "cases" / f"{index:07d}{suffix}"

    def shrunk(self, index: int) -> dict[str, Any] | None:
        """Give what a failing session was shrunk to; None if it was not yet."""
        file = self.case(index, "-smallest") / _SHRUNK
        return _json(file) if file.exists() else None

    def keep_shrunk(self, index: int, told: dict[str, Any]) -> None:
        """Keep what a failing session was shrunk to. Raises ``OSError``."""
        text = json.dumps(told, indent=2) + "\n"
        (self.case(index, "-smallest") / _SHRUNK).write_text(text, encoding="utf-8")

    def _file(self, shard: Shard) -> Path:
        return self.path / f"shard-{shard.first:07d}-{shard.until:07d}.jsonl"


def code_digest(root: Path = Path(__file__).parents[3]) -> str:
    """Give a fingerprint of all that a session depends on: of the code what is run, and neither comments nor layout."""
    digest = hashlib.sha256()
    beside = tuple(f"firmware_host/{room.replace('.', '/')}" for room in NO_PART_OF_A_SESSION)
    for package in _PACKAGES:
        for source in sorted((root / package).rglob("*")):
            name = source.relative_to(root).as_posix()
            if name.removesuffix(".py") in beside or name.startswith(tuple(f"{room}/" for room in beside)):
                continue
            if source.suffix == ".py":
                digest.update(f"{name}\0{_what_is_run(source)}".encode())
            elif source.suffix in _DATA:
                digest.update(name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _what_is_run(source: Path) -> str:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [one for one in node.body if not _is_a_text(one)]
    return ast.dump(tree)


def _is_a_text(node: ast.AST) -> bool:
    """A docstring, or the one of a constant: a string that nobody takes."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise FolderError(f"{file} was not written by a campaign; begin in a new folder")
    return found
