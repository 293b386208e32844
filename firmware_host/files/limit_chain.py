"""The chain of limits: machine, table, rider, program. Each link only narrows, and who set a limit is remembered."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from firmware_host.files.toml_lines import Location
from firmware_host.files.toml_source import Problem, TomlSource, problems_of, shown_value, suggestion
from safety.limits import MACHINE, SPECS, Limits, LimitWidenedError, narrow

THE_MACHINE: Final = "the machine"
"""Who set a limit that no file narrowed."""


class Chain(NamedTuple):
    """Limits in force, and who set each of them."""

    limits: Limits
    origins: Mapping[str, str]
    """Name of a limit to whoever set it last, with file and line; a limit not named here is the machine's."""

    def origin(self, name: str) -> str:
        """Say who set a limit."""
        return self.origins.get(name, THE_MACHINE)


RESCUE: Final = tuple(
    name
    for name in SPECS
    if name.startswith(("return_", "emergency_", "creep_", "recovery_")) and name != "return_rest_s"
)
"""How a rider is brought upright; not how long the rest is, which a rider may have longer."""
TABLE_ONLY: Final = {
    "upright_deg": "where the table's travel ends",
    "brake_accel_dps2": "what the table's drive can do",
    **dict.fromkeys(RESCUE, "how the table brings a rider upright, whoever lies on it"),
}
"""What these limits are, and why no rider and no program changes them: of most the tight end is the slow one."""

_IN_ORDER: Final = (
    ("balance_low_a", "balance_high_a"),
    ("drive_warm_c", "drive_hot_c"),
    ("motor_warm_c", "motor_hot_c"),
    ("presence_s", "presence_late_s"),
    ("tick_warning_s", "tick_late_s"),
)
"""Limits of which the first is never above the second."""

MACHINE_CHAIN: Final = Chain(MACHINE, {})


def tightened(chain: Chain, values: Mapping[str, float], origin: str) -> Chain:
    """Narrow by values that count only where they are tighter: an allowance, or a default."""
    kept = {name: value for name, value in values.items() if _tighter(name, value, getattr(chain.limits, name))}
    limits = narrow(chain.limits, kept, origin)
    return Chain(limits, {**chain.origins, **dict.fromkeys(kept, origin)})


def narrowed(
    chain: Chain,
    overrides: Mapping[str, Any],
    source: TomlSource,
    who: str,
    around: Location = ("limits",),
    *,
    alone: bool = False,
) -> tuple[Chain, list[Problem]]:
    """Narrow by what a file says. Each override that is refused is told with its line and both numbers, and left out.

    Args:
        chain: limits in force so far.
        overrides: names and values as the file has them.
        source: the file.
        who: names the file in later messages, such as ``"table Attic"``.
        around: where in the file the overrides stand.
        alone: the table is not known yet, and what contradicts another limit is found when it is.
    """
    limits, origins, problems = chain.limits, dict(chain.origins), []
    for name, value in overrides.items():
        if name in TABLE_ONLY and "table" not in source.data:
            text = f"{name} is {TABLE_ONLY[name]}; it can stand in the table's file alone, so take it out"
            problems.append(source.problem(text, *around, name))
            continue
        try:
            limits = narrow(limits, {name: value}, source.path)
        except LimitWidenedError as error:
            problems.append(source.problem(_widened(error, chain.origin(name)), *around, name))
        except ValidationError as error:
            problems += _bad_limit(source, name, error, around)
        else:
            origins[name] = f"{who} ({source.at(*around, name)})"
    apart = [] if alone else _contradictions(limits, overrides, source, around)
    return Chain(limits, origins), problems + apart


def _contradictions(
    limits: Limits, overrides: Mapping[str, Any], source: TomlSource, around: Location
) -> list[Problem]:
    """Find what no session could begin with, where this file has touched it."""
    found = []
    for low, high in _IN_ORDER:
        touched = next((name for name in (high, low) if name in overrides), None)
        least, most = getattr(limits, low), getattr(limits, high)
        if touched is not None and least > most:
            text = f"{low} = {least:g} is above {high} = {most:g} {SPECS[low].unit}: nothing would be left between them"
            found.append(source.problem(f"{text}; change one of them", *around, touched))
    return found


def _tighter(name: str, value: float, than: float) -> bool:
    return value < than if SPECS[name].tighter == "smaller" else value > than


def _widened(error: LimitWidenedError, origin: str) -> str:
    unit, side = SPECS[error.name].unit, "most" if SPECS[error.name].tighter == "smaller" else "least"
    return (
        f"{error.name} = {error.asked:g} {unit} is wider than the {error.allowed:g} {unit} set by {origin}; "
        f"write at {side} {error.allowed:g} or leave it out"
    )


def _bad_limit(source: TomlSource, name: str, error: ValidationError, around: Location) -> list[Problem]:
    if name not in SPECS:
        return [source.problem(f"{shown_value(name)} is not a known limit; {suggestion(name, SPECS)}", *around, name)]
    return problems_of(source, error, around)
