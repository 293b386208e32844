"""What the doctor found out, as data."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from firmware_host.doctor.quality import Quality
from firmware_host.files.tables import DeviceSection, Table

Level = Literal["unsafe", "note"]
UNSAFE: Final = "unsafe"
NOTE: Final = "note"


class Place(NamedTuple):
    """What is known of the port before it is asked."""

    table: Table | None
    device: DeviceSection | None
    """The section of the table file that belongs to the port."""

    @property
    def current_a(self) -> float | None:
        """The motor's rated current."""
        return None if self.device is None else self.device.current_a


class Finding(NamedTuple):
    """Something that is not as it should be."""

    level: Level
    """``unsafe``: nobody may lie down before it is mended."""
    what: str
    mend: str


class Examination(NamedTuple):
    """One device."""

    kind: str
    name: str
    """With the address, and whatever it says of itself."""
    serial: int | None
    firmware: str | None
    facts: tuple[tuple[str, str], ...]
    """What was read, in words."""
    findings: tuple[Finding, ...]
    quality: Quality | None
    """Of the line; None where it was not measured."""

    @property
    def safe(self) -> bool:
        """Nothing unsafe was found."""
        return all(finding.level != UNSAFE for finding in self.findings)


def unsafe(what: str, mend: str) -> Finding:
    """Make a finding that keeps people off the table."""
    return Finding("unsafe", what, mend)


def note(what: str, mend: str) -> Finding:
    """Make a finding that is good to know."""
    return Finding("note", what, mend)


TURNS: Final = "the motor turns"


def turns(findings: Sequence[Finding]) -> bool:
    """Tell whether the motor was found turning: then nothing more is to be asked."""
    return any(finding.what.startswith(TURNS) for finding in findings)


def turning(rate: str) -> Finding:
    """The motor turns although nobody should be telling it to."""
    return unsafe(
        f"{TURNS} ({rate}) although no session runs: nothing more was asked, so that its timeout can stop it",
        "press the emergency stop, find out which program drives it, and make sure that a timeout is set",
    )
