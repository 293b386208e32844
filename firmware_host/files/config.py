"""Table and rider files, and the limits that each leaves of those before it."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from drivers.capabilities import DRIVES
from drivers.contacts import NAMES
from drivers.roboclaw import FIRST_ADDRESS, LAST_ADDRESS
from firmware_host.files.limit_chain import MACHINE_CHAIN, Chain, narrowed, tightened
from firmware_host.files.toml_source import (
    FileError,
    FileModel,
    Problem,
    TomlSource,
    check_model,
    read_toml,
    shown_value,
    suggestion,
)
from safety.limits import Limits
from safety.screening import QUESTIONS, MedicalClearance, Reason, Screening, reasons_against
from safety.screening_texts import NEED_CLEARANCE

TABLE_DEFAULT_LIMIT_DEG: Final = 60.0
"""Inverted limit of a table whose file says nothing: what a table with no further clearance is built for."""

HandSwitch = Literal["hold-to-run", "press-to-return"]
Experience = Literal["beginner", "regular", "experienced"]
FileKind = Literal["table", "rider", "program"]

_Name = Annotated[str, Field(min_length=1, max_length=100)]


# ----------------------------------------------------------------------------------------------------------- the table


class TableSection(FileModel):
    """Which table this is and how to reach it."""

    name: _Name = Field(examples=['name = "Attic"'])
    serial: int | None = Field(default=None, ge=0, lt=2**32)
    """Serial number of the table board; None accepts any board."""
    port: str | None = Field(default=None, min_length=1)
    baud: int = Field(default=115200, ge=9600, le=4_000_000)
    hand_switch: HandSwitch = "hold-to-run"


MODULE_INPUTS: Final = 8
_CONTACTS: Final = (*NAMES, "")
DeviceKind = Literal["roboclaw", "vesc", "odrive", "servo", "witmotion", "contacts"]
_UNITS: Final[dict[DeviceKind, int]] = {"roboclaw": FIRST_ADDRESS, "servo": 1, "contacts": 1}


class DeviceSection(FileModel):
    """A device from a shop on a serial line of its own, in place of the table board. One of them is the drive."""

    kind: DeviceKind = Field(examples=['kind = "roboclaw"'])
    port: str | None = Field(default=None, min_length=1)
    baud: int = Field(default=115200, ge=9600, le=4_000_000)
    address: int | None = Field(default=None, ge=0, le=255)
    """Of a RoboClaw 128 to 135, of an ODrive the axis, of a Modbus device its unit."""
    scale: float | None = Field(default=None, gt=0.0, le=1e9, examples=["scale = 12777.8"])
    """Of a drive: its units of position in a degree of the table."""
    direction: Literal[-1, 1] = 1
    """1: counts up toward inversion."""
    zero_deg: float | None = Field(default=None, ge=-180.0, le=180.0)
    """Table angle at the device's 0; a drive without it is referred to the table's own angle at the start."""
    current_a: float | None = Field(default=None, gt=0.0, le=500.0, examples=["current_a = 6"])
    """Of a drive: the motor's rated current."""
    timeout_s: float = Field(default=0.2, ge=0.05, le=0.25)
    brake: bool = False
    """Of a drive: a brake that closes without power hangs on its brake output or its supply."""
    self_locking: bool = False
    """Of a drive: no load can turn the gear."""
    stop_chain: bool = False
    """Of a drive: the emergency-stop chain cuts its torque in hardware."""
    axis: Literal["roll", "pitch"] = "roll"
    """Of an inclinometer: which of its angles is the table's."""
    inputs: tuple[str, ...] | None = None
    """Of an input module: the contact of each input, in order."""
    map: str | None = Field(default=None, min_length=1)
    """Of a servo: a register map, by its path from the table file."""

    @property
    def is_drive(self) -> bool:
        """It turns the motor."""
        return self.kind in DRIVES

    @property
    def unit(self) -> int:
        """Its address, or the one with which it is delivered."""
        return _UNITS.get(self.kind, 0) if self.address is None else self.address

    @field_validator("inputs", mode="before")
    @classmethod
    def _listed(cls, inputs: Any) -> Any:
        return tuple(inputs) if isinstance(inputs, list) else inputs

    @field_validator("inputs")
    @classmethod
    def _contacts(cls, inputs: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if inputs is not None and len(inputs) > MODULE_INPUTS:
            raise ValueError(f"names more than the {MODULE_INPUTS} inputs of a module; use those that are wired")
        return None if inputs is None else _only_contacts(inputs)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.is_drive:
            for name in ("scale", "current_a"):
                if getattr(self, name) is None:
                    raise ValueError(f"a {self.kind} needs {name}; docs/drives says how to find it")
        if self.kind == "roboclaw" and not FIRST_ADDRESS <= self.unit <= LAST_ADDRESS:
            raise ValueError(f"address = {self.unit} is none of a RoboClaw; use 128 to 135")
        return self


class Rating(FileModel):
    """The riders that a table can carry; at its widest what the product class carries."""

    min_mass_kg: float = Field(default=40.0, ge=40.0, le=136.0)
    max_mass_kg: float = Field(default=136.0, ge=40.0, le=136.0)
    min_height_m: float = Field(default=1.47, ge=1.47, le=1.98)
    max_height_m: float = Field(default=1.98, ge=1.47, le=1.98)

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.min_mass_kg > self.max_mass_kg or self.min_height_m > self.max_height_m:
            raise ValueError("the smallest mass and height must not be larger than the largest; exchange them")
        return self


class TableFile(FileModel):
    """A table file as it is written."""

    table: TableSection = Field(examples=["[table]"])
    rating: Rating = Rating()
    device: tuple[DeviceSection, ...] = ()
    """Devices in place of the table board; none: the table has one."""
    limits: dict[str, Any] = Field(default_factory=dict)
    """Limits tighter than the machine's, by name; checked when the chain is made."""
    physics: dict[str, Any] = Field(default_factory=dict)
    """Parameters for the simulator, which checks them."""

    @field_validator("device", mode="before")
    @classmethod
    def _listed(cls, device: Any) -> Any:
        return tuple(device) if isinstance(device, list) else device

    @field_validator("device")
    @classmethod
    def _one_drive(cls, device: tuple[DeviceSection, ...]) -> tuple[DeviceSection, ...]:
        drives = [one.kind for one in device if one.is_drive]
        if device and len(drives) != 1:
            raise ValueError(f"names {len(drives)} drives; a table has one, and beside it an inclinometer and contacts")
        kinds = [one.kind for one in device]
        if len(set(kinds)) != len(kinds):
            raise ValueError("names a kind of device twice; a table has one of each")
        return device


class Table(NamedTuple):
    """A table that can be used."""

    file: TableFile
    chain: Chain
    source: TomlSource

    @property
    def limits(self) -> Limits:
        """Limits of the machine as narrowed by this table."""
        return self.chain.limits


_BUILT_IN_TABLE: Final[dict[str, Any]] = {
    "table": {"name": "Righting reference table"},
    "limits": {"balance_low_a": 0.45},  # as examples/table.toml
}


def load_table(path: Path | str | None) -> Table:
    """Load a table file, or with None the built-in reference table. Raises ``FileError``."""
    source = TomlSource("the built-in table", _BUILT_IN_TABLE, {}) if path is None else read_toml(path)
    return make_table(source)


def make_table(source: TomlSource) -> Table:
    """Check a table file that was read. Raises ``FileError`` with all that is wrong."""
    expect_kind(source, "table")
    file = check_model(source, TableFile)
    chain, problems = narrowed(MACHINE_CHAIN, file.limits, source, f"table {file.table.name}")
    if problems:
        raise FileError(problems)
    if "inverted_limit_deg" not in file.limits:
        default = {"inverted_limit_deg": TABLE_DEFAULT_LIMIT_DEG}
        chain = tightened(chain, default, f"table {file.table.name} ({source.path}, which sets no inverted_limit_deg)")
    return Table(file, chain, source)


# ----------------------------------------------------------------------------------------------------------- the rider


class RiderSection(FileModel):
    """Who rides."""

    name: _Name = Field(examples=['name = "Ada"'])
    sex: Literal["female", "male"] = Field(examples=['sex = "female"'])
    mass_kg: float = Field(gt=0.0, le=400.0, examples=["mass_kg = 72.5"])
    height_m: float = Field(gt=0.0, le=3.0, examples=["height_m = 1.75"])
    experience: Experience = Field(examples=['experience = "beginner"'])
    sessions_done: int = Field(default=0, ge=0, le=1_000_000)


class ScreeningSection(FileModel):
    """The questionnaire as the rider answered it; ``righting screen`` writes it."""

    answered: date = Field(examples=["answered = 2026-11-23"])
    consulted: bool = False
    """A physician was asked before the first use."""
    supervised: bool = False
    """Somebody will be there who knows how to bring the rider upright."""
    answers: dict[str, bool] = Field(default_factory=dict)
    """Id of each condition to whether it applies."""

    @field_validator("answers")
    @classmethod
    def _known(cls, answers: dict[str, bool]) -> dict[str, bool]:
        return _only_known(answers, QUESTIONS)


T = TypeVar("T", bound=Collection[str])


def _only_contacts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in _CONTACTS:
            raise ValueError(f"{shown_value(name)} is not a known contact; {suggestion(name, NAMES)}")
    return names


def _only_known(names: T, known: Collection[str]) -> T:
    for name in names:
        if name not in known:
            raise ValueError(f"{shown_value(name)} is not a known condition; {suggestion(name, known)}")
    return names


class Clearance(FileModel):
    """A physician's written permission: to go beyond what experience alone allows, or to ride with a condition."""

    inverted_limit_deg: float | None = Field(default=None, gt=0.0, le=90.0)
    conditions: list[str] = Field(default_factory=list)
    """Conditions of the questionnaire that the physician has considered."""
    given_by: _Name = Field(examples=['given_by = "Dr. A. Example"'])
    expires: date = Field(examples=["expires = 2027-06-30"])

    @field_validator("conditions")
    @classmethod
    def _known(cls, conditions: list[str]) -> list[str]:
        return _only_known(conditions, NEED_CLEARANCE)


class RiderFile(FileModel):
    """A rider file as it is written."""

    rider: RiderSection = Field(examples=["[rider]"])
    limits: dict[str, Any] = Field(default_factory=dict)
    clearance: Clearance | None = None
    screening: ScreeningSection | None = None


class Rider(NamedTuple):
    """A rider whose file could be read; whether table and rider fit is said by ``rider_chain``."""

    file: RiderFile
    source: TomlSource


class Allowance(NamedTuple):
    """What a rider's experience allows."""

    inverted_limit_deg: float
    time_inverted_s: float
    static_hold_s: float


_ALLOWANCES: Final[dict[Experience, Allowance]] = {
    "beginner": Allowance(20.0, 120.0, 60.0),
    "regular": Allowance(45.0, 300.0, 120.0),
    "experienced": Allowance(60.0, 480.0, 180.0),
}
_SETTLED_BEGINNER_DEG: Final = 30.0
SETTLED_AFTER_SESSIONS: Final = 3

_BUILT_IN_RIDER: Final[dict[str, Any]] = {
    "rider": {"name": "Demo", "sex": "female", "mass_kg": 70.0, "height_m": 1.72, "experience": "beginner"}
}


def _clears_angle(file: RiderFile) -> bool:
    return file.clearance is not None and file.clearance.inverted_limit_deg is not None


def load_rider(path: Path | str | None) -> Rider:
    """Load a rider file, or with None a built-in beginner for demonstrations. Raises ``FileError``."""
    if path is None:
        return make_rider(TomlSource("the built-in rider; name yours with --rider", _BUILT_IN_RIDER, {}))
    return make_rider(read_toml(path))


def make_rider(source: TomlSource) -> Rider:
    """Check a rider file that was read. Raises ``FileError`` with all that is wrong."""
    expect_kind(source, "rider")
    file = check_model(source, RiderFile)
    _, problems = narrowed(MACHINE_CHAIN, file.limits, source, f"rider {file.rider.name}")
    if _clears_angle(file) and file.rider.experience != "experienced":
        text = f"inverted_limit_deg is for experienced riders, and this one is {file.rider.experience}; take it out"
        problems.append(source.problem(text, "clearance", "inverted_limit_deg"))
    if problems:
        raise FileError(problems)
    return Rider(file, source)


def allowance(rider: RiderSection) -> Allowance:
    """Give what experience allows: angle, time inverted in a session, time without movement (docs/files.md)."""
    base = _ALLOWANCES[rider.experience]
    if rider.experience == "beginner" and rider.sessions_done >= SETTLED_AFTER_SESSIONS:
        return base._replace(inverted_limit_deg=_SETTLED_BEGINNER_DEG)
    return base


def rider_chain(table: Table, rider: Rider, today: date) -> tuple[Chain, list[Problem]]:
    """Narrow a table's limits to a rider's, and say all that keeps this rider off this table.

    ``today`` decides whether a clearance still counts.
    """
    section = rider.file.rider
    allowed = allowance(section)
    origin = f"the allowance of {section.experience} rider {section.name} ({rider.source.at('rider', 'experience')})"
    problems = _outside_rating(table, rider)
    angle, angle_origin, clearance = allowed.inverted_limit_deg, origin, rider.file.clearance
    if clearance is not None and clearance.inverted_limit_deg is not None:
        angle = clearance.inverted_limit_deg
        angle_origin = f"the clearance of rider {section.name} ({rider.source.at('clearance', 'inverted_limit_deg')})"
        problems += _expired(rider, clearance, today)
    chain = tightened(table.chain, {"inverted_limit_deg": angle}, angle_origin)
    chain = tightened(
        chain, {"time_inverted_s": allowed.time_inverted_s, "static_hold_s": allowed.static_hold_s}, origin
    )
    chain, refused = narrowed(chain, rider.file.limits, rider.source, f"rider {section.name}")
    return chain, problems + refused


def screening_reasons(rider: Rider, today: date) -> tuple[Reason, ...]:
    """Give all that keeps a rider off a real table; ``safety.screening`` decides."""
    section, given = rider.file.screening, rider.file.clearance
    screening = None
    if section is not None:
        screening = Screening(section.answered, section.answers, section.consulted, section.supervised)
    clearance = None if given is None else MedicalClearance(frozenset(given.conditions), given.expires)
    return reasons_against(screening, clearance, today, rider.source.path)


def screening_problems(rider: Rider, today: date) -> list[Problem]:
    """Say all that keeps a rider off a real table, each at its line."""
    return [
        rider.source.problem(reason.text, "screening", "answers", reason.id)
        for reason in screening_reasons(rider, today)
    ]


def _outside_rating(table: Table, rider: Rider) -> list[Problem]:
    rating, section = table.file.rating, rider.file.rider
    found = []
    for name, unit, value, least, most in (
        ("mass_kg", "kg", section.mass_kg, rating.min_mass_kg, rating.max_mass_kg),
        ("height_m", "m", section.height_m, rating.min_height_m, rating.max_height_m),
    ):
        if not least <= value <= most:
            rated = f"table {table.file.table.name} ({table.source.at('rating')}) is rated for"
            text = f"{name} = {value:g} {unit} is outside the {least:g} to {most:g} {unit} that {rated}; do not use it"
            found.append(rider.source.problem(text, "rider", name))
    return found


def _expired(rider: Rider, clearance: Clearance, today: date) -> list[Problem]:
    if today <= clearance.expires:
        return []
    text = f"the clearance expired on {clearance.expires}, and today is {today}; ask {clearance.given_by} for a new one"
    return [rider.source.problem(text, "clearance", "expires")]


# -------------------------------------------------------------------------------------------------- telling them apart


_TELLING: Final[tuple[tuple[FileKind, str], ...]] = (("table", "table"), ("rider", "rider"), ("program", "step"))


def kind_of(source: TomlSource) -> FileKind | None:
    """Tell which kind of file this is by what only that kind has; None where nothing tells."""
    return next((kind for kind, key in _TELLING if key in source.data), None)


def expect_kind(source: TomlSource, kind: FileKind) -> None:
    """Refuse a file of another kind as a whole, rather than name by name."""
    found = kind_of(source)
    if found is not None and found != kind:
        text = f"this is a {found} file, and a {kind} file is needed here; examples/ has one of each kind"
        raise FileError([Problem(source.path, 1, text)])
