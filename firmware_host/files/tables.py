"""Table files: which table it is, its devices from a shop, and the limits that it leaves of the machine's."""

import os
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from drivers.capabilities import DRIVES, LEAST_BAUD, MOST_BAUD
from drivers.contacts import NAMES
from drivers.modbus import FIRST_UNIT, LAST_UNIT
from drivers.polled import REPLY_S
from drivers.roboclaw import FIRST_ADDRESS, LAST_ADDRESS, TIMEOUT_STEP_S
from firmware_host.files.kinds import expect_kind
from firmware_host.files.limit_chain import MACHINE_CHAIN, Chain, narrowed, tightened
from firmware_host.files.toml_source import (
    FileError,
    FileModel,
    Name,
    TomlSource,
    check_model,
    read_toml,
    shown_value,
    suggestion,
)
from safety.limits import Limits

TABLE_DEFAULT_LIMIT_DEG: Final = 60.0
"""Inverted limit of a table whose file says nothing: what a table with no further clearance is built for."""

HandSwitch = Literal["hold-to-run", "press-to-return"]
MODULE_INPUTS: Final = 8
MOST_SCALE: Final = 2.0**31 / 180.0
"""Of a drive that counts its position in 32 bits, with sign; what is ordered per degree fits then too."""
BITS_A_BYTE: Final = 10
"""With start and stop bit."""
_CONTACTS: Final = (*NAMES, "")
DeviceKind = Literal["roboclaw", "vesc", "odrive", "servo", "witmotion", "contacts"]
_UNITS: Final[dict[DeviceKind, int]] = {"roboclaw": FIRST_ADDRESS, "servo": FIRST_UNIT, "contacts": FIRST_UNIT}
NO_DELAY_KNOWN: Final = (
    "the inclinometer talks by itself, so the delay of a network cannot be measured: "
    "connect it to a port of this machine"
)
EXCHANGE_BYTES: Final[dict[str, int]] = {"odrive": 280, "roboclaw": 76, "vesc": 56, "servo": 50, "contacts": 14}
"""Bytes on the line, both ways, from a question to its answer, at most; of a VESC without its configuration, which
arrives in one piece for longer. The tests measure them."""
_BAUDS: Final = (9600, 19200, 38400, 57600, 115200)
_EVERYBODYS: Final = frozenset({"kind", "port", "baud"})
_WHOSE: Final[dict[str, tuple[str, ...]]] = {
    "address": ("roboclaw", "odrive", "servo", "contacts"),
    **dict.fromkeys(("scale", "current_a", "timeout_s", "brake", "self_locking", "stop_chain"), tuple(DRIVES)),
    **dict.fromkeys(("direction", "zero_deg"), (*DRIVES, "witmotion")),
    "axis": ("witmotion",),
    "inputs": ("contacts",),
    "map": ("servo",),
}
"""Which devices a key says something of."""


class TableSection(FileModel):
    """Which table this is and how to reach it."""

    name: Name = Field(examples=['name = "Attic"'])
    serial: int | None = Field(default=None, ge=0, lt=2**32)
    """Serial number of the table board; None accepts any board."""
    port: str | None = Field(default=None, min_length=1)
    baud: int = Field(default=115200, ge=LEAST_BAUD, le=MOST_BAUD)
    hand_switch: HandSwitch = "hold-to-run"


class DeviceSection(FileModel):
    """A device from a shop on a serial line of its own, in place of the table board. One of them is the drive."""

    kind: DeviceKind = Field(examples=['kind = "roboclaw"'])
    port: str | None = Field(default=None, min_length=1)
    baud: int = Field(default=115200, ge=LEAST_BAUD, le=MOST_BAUD)
    address: int | None = Field(default=None, ge=0, le=255)
    """Of a RoboClaw 128 to 135, of an ODrive the axis, of a Modbus device its unit."""
    scale: float | None = Field(default=None, ge=1e-4, le=1e9, examples=["scale = 12777.8"])
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
        for name in sorted(self.model_fields_set - _EVERYBODYS):
            if self.kind not in _WHOSE[name]:
                raise ValueError(
                    f"{name} says nothing of a {self.kind}: it is for {', '.join(_WHOSE[name])}; take it out"
                )
        if self.is_drive:
            for name in ("scale", "current_a"):
                if getattr(self, name) is None:
                    raise ValueError(f"a {self.kind} needs {name}; docs/drives says how to find it")
        if self.kind != "odrive" and self.scale is not None and self.scale > MOST_SCALE:
            raise ValueError(
                f"scale = {self.scale:g} is more than a {self.kind} can count: 180 deg have to fit into 31 bits, "
                f"which is {MOST_SCALE:.3g} units in a degree; see docs/drives for the formula"
            )
        slow = too_slow(self.kind, self.baud)
        if slow:
            raise ValueError(slow)
        if self.kind == "witmotion" and self.port is not None and "://" in self.port:
            raise ValueError(f"port = {shown_value(self.port)}: {NO_DELAY_KNOWN}")
        if self.kind == "roboclaw" and self.timeout_s < TIMEOUT_STEP_S:
            raise ValueError(f"timeout_s = {self.timeout_s:g} is shorter than a RoboClaw can keep; use 0.1 or 0.2")
        if self.kind == "roboclaw" and not FIRST_ADDRESS <= self.unit <= LAST_ADDRESS:
            raise ValueError(f"address = {self.unit} is none of a RoboClaw; use 128 to 135")
        if self.kind in ("servo", "contacts") and not FIRST_UNIT <= self.unit <= LAST_UNIT:
            raise ValueError(f"address = {self.unit} is none of a Modbus device; use {FIRST_UNIT} to {LAST_UNIT}")
        return self


def real_port(port: str) -> str:
    """Give a port by the one name that all of its names lead to: those in ``/dev/serial`` are links."""
    return port if "://" in port else os.path.realpath(port)


def too_slow(kind: str, baud: int) -> str:
    """Say why a device cannot be asked at a baud rate, and what to do; empty if it can."""
    bits = EXCHANGE_BYTES.get(kind, 0) * BITS_A_BYTE
    line_s = bits / baud
    if line_s <= REPLY_S:
        return ""
    least = next(rate for rate in _BAUDS if bits / rate <= REPLY_S)
    return (
        f"baud = {baud} is too slow for the {kind}: a question and its answer take {line_s * 1e3:.0f} ms on the line, "
        f"and an answer counts for {REPLY_S * 1e3:.0f} ms; set the device, and baud, to {least} or more"
    )


def _only_contacts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in _CONTACTS:
            raise ValueError(f"{shown_value(name)} is not a known contact; {suggestion(name, NAMES)}")
        if name and names.count(name) > 1:
            raise ValueError(f"names {name} twice; each contact has one input, and one that is free an empty name")
    return names


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
        ports = [real_port(one.port) for one in device if one.port is not None]
        if len(set(ports)) != len(ports):
            raise ValueError("names a port twice; each device has a line of its own")
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
