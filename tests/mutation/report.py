"""What came of a hunt: counted for each file, and every survivor held against the list of those that have a reason."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

WANTED_PERCENT: Final = 95.0
REASONS: Final = Path("docs/evidence/mutants.toml")
"""The reviewed list: mutants that no test can tell from the code, or that nobody needs to."""

Key = tuple[str, str]
"""Function with its module, and change: the same after every edit elsewhere."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that every test passes."""

    function: str
    change: str
    reason: str
    """Why that is no gap; empty where the list has none."""


@dataclass(frozen=True)
class Report:
    """Figures of ``build/mutants.json``."""

    mutants: int
    killed: int
    killed_percent: float
    files: dict[str, str]
    """For each file, how many of how many are killed."""
    survivors: list[Survivor]
    outdated: list[Key]
    """Entries of the list for files that were tried, whose mutant is killed or exists no more."""

    def problems(self, *, whole: bool = True) -> list[str]:
        """What has to be mended before the figures hold; the share that is killed counts where all was tried."""
        found = [
            f"{one.function} survives {one.change!r}: write a test that fails, or give the reason in {REASONS}"
            for one in self.survivors
            if not one.reason
        ]
        found += [
            f"{function} does not survive {change!r}: take it out of {REASONS}" for function, change in self.outdated
        ]
        if whole and self.killed_percent < WANTED_PERCENT:
            found.append(f"{self.killed_percent:.1f} % are killed: at least {WANTED_PERCENT:.0f} % are wanted")
        return found

    def as_json(self) -> dict[str, Any]:
        """For ``json.dump``."""
        return asdict(self)


def reasons(text: str) -> dict[Key, str]:
    """The reason for each mutant in the list, which is TOML."""
    return {
        (entry["function"], change): entry["reason"]
        for entry in tomllib.loads(text).get("survivors", [])
        for change in entry["changes"]
    }


def report(tried: Mapping[str, Sequence[Key]], alive: Iterable[Key], known: Mapping[Key, str]) -> Report:
    """Judge a hunt.

    Args:
        tried: the mutants of each file.
        alive: those that every test passed.
        known: the reviewed list.
    """
    left = set(alive)
    total = sum(map(len, tried.values()))
    modules = tuple(path.removesuffix(".py").replace("/", ".") + "." for path in tried)
    listed = {key for key in known if key[0].startswith(modules)}
    return Report(
        mutants=total,
        killed=total - len(left),
        killed_percent=100.0 * (total - len(left)) / total if total else 100.0,
        files={path: f"{sum(key not in left for key in keys)} of {len(keys)}" for path, keys in tried.items()},
        survivors=[Survivor(*key, known.get(key, "")) for key in sorted(left)],
        outdated=sorted(listed - left),
    )


def table(found: Report) -> str:
    """The files, and the sum, as lines."""
    rows = [*found.files.items(), ("all", f"{found.killed} of {found.mutants}, {found.killed_percent:.1f} %")]
    return "\n".join(f"{path:32} {killed}" for path, killed in rows)
