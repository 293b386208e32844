"""Where a servo has the objects of CiA 402 among its Modbus registers: data, so that another make is a file.

``drivers/servo_maps/cia402.toml`` shows and explains every line.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

WIDTHS: Final = {
    "control_word": 1,
    "target_velocity": 2,
    "profile_acceleration": 2,
    "torque_limit": 1,
    "status_word": 1,
    "velocity": 2,
    "position": 2,
    "current": 1,
    "error_code": 1,
    "bus_voltage": 1,
    "temperature": 1,
    "timeout": 1,
}
"""Registers that each field takes."""
SIGNED: Final = frozenset({"target_velocity", "velocity", "position", "current", "temperature"})
NEEDED: Final = {
    "command": frozenset({"control_word", "target_velocity"}),
    "feedback": frozenset({"status_word", "velocity", "position", "error_code"}),
}
_GENERIC: Final = Path(__file__).parent / "servo_maps" / "cia402.toml"


class MapError(ValueError):
    """A register map cannot be used; ``str()`` says which line and what to do."""


class Block(NamedTuple):
    """Registers that follow each other."""

    address: int
    fields: tuple[str, ...]

    @property
    def registers(self) -> int:
        """How many registers there are."""
        return sum(WIDTHS[name] for name in self.fields)


class RegisterMap(NamedTuple):
    """One make's registers."""

    name: str
    low_word_first: bool
    read_write: bool
    command: Block
    feedback: Block
    mode_at: int
    timeout_at: int
    timeout_unit_s: float
    timeout_fault: int
    velocity: float
    acceleration: float
    current_a: float
    torque_limit: float
    bus_v: float
    temperature_c: float

    def pack(self, block: Block, values: Mapping[str, int]) -> list[int]:
        """Give the registers of a block; a field without a value is 0."""
        found: list[int] = []
        for name in block.fields:
            value = values.get(name, 0) & (0xFFFFFFFF if WIDTHS[name] == 2 else 0xFFFF)
            words = [value >> 16, value & 0xFFFF] if WIDTHS[name] == 2 else [value]
            found += reversed(words) if self.low_word_first else words
        return found

    def unpack(self, block: Block, registers: Sequence[int]) -> dict[str, int]:
        """Give the fields of a block of the right length."""
        found, at = {}, 0
        for name in block.fields:
            value = registers[at]
            bits = 16
            if WIDTHS[name] == 2:
                other = registers[at + 1]
                value = other << 16 | value if self.low_word_first else value << 16 | other
                bits = 32
            if name in SIGNED and value >> (bits - 1):
                value -= 1 << bits
            found[name] = value
            at += WIDTHS[name]
        return found


def read_map(path: Path | None) -> RegisterMap:
    """Read a register map; None is the generic one. Raises ``MapError`` and ``OSError``."""
    path = _GENERIC if path is None else path
    try:
        return make_map(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise MapError(f"{path}: there is no such register map; write its path as seen from the table file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: {error}") from error
    except MapError as error:
        raise MapError(f"{path}: {error}") from error


def make_map(data: Mapping[str, Any]) -> RegisterMap:
    """Check what a file says. Raises ``MapError``."""
    scales = _section(data, "scales")
    timeout = _section(data, "timeout")
    return RegisterMap(
        str(data.get("name", "servo")),
        data.get("low_word_first") is True,
        data.get("read_write") is True,
        _block(data, "command"),
        _block(data, "feedback"),
        _whole(_section(data, "mode"), "address", "mode"),
        _whole(timeout, "address", "timeout"),
        _positive(timeout, "unit_s", "timeout"),
        _whole(timeout, "fault", "timeout"),
        *(
            _positive(scales, name, "scales")
            for name in ("velocity", "acceleration", "current_a", "torque_limit", "bus_v", "temperature_c")
        ),
    )


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    if not isinstance(found, Mapping):
        raise MapError(f"the section [{name}] is missing; see drivers/servo_maps/cia402.toml")
    return found


def _block(data: Mapping[str, Any], name: str) -> Block:
    section = _section(data, name)
    fields = section.get("fields")
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise MapError(f"[{name}] needs fields = [...], a list of names")
    unknown = [field for field in fields if field not in WIDTHS]
    if unknown:
        raise MapError(f"[{name}] has the unknown field {unknown[0]!r}; there are {', '.join(WIDTHS)}")
    missing = sorted(NEEDED[name] - set(fields))
    if missing:
        raise MapError(f"[{name}] lacks {', '.join(missing)}; without it the servo cannot be used")
    return Block(_whole(section, "address", name), tuple(fields))


def _whole(section: Mapping[str, Any], key: str, name: str) -> int:
    value = section.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
        raise MapError(f"[{name}] needs {key} = a whole number from 0 to 0xFFFF")
    return value


def _positive(section: Mapping[str, Any], key: str, name: str) -> float:
    value = section.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 < value < 1e12:
        raise MapError(f"[{name}] needs {key} = a number above 0")
    return float(value)
