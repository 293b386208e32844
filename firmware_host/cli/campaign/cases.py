"""A case: a rider, a table, a program and faults, drawn at random from (seed, index).

The ranges are those for which the safety concept promises anything: riders within the table's rating, and tables whose
pivot, friction and sensors are as far from the reference as a maintained table may be. The reasons for the sizes of
the reference table are in ``sim/parameters.py``.
"""

import random
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.capabilities import DRIVES
from firmware_host.files.limit_chain import RESCUE
from firmware_host.files.programs import make_program
from firmware_host.files.riders import make_rider, rider_chain
from firmware_host.files.tables import load_table, make_table
from firmware_host.files.toml_source import FileError, TomlSource
from firmware_host.files.validation import Session, prepare
from safety.limits import MACHINE, SPECS
from sim.faults import CATALOGUE, Fault, apart, parse
from sim.faults.kind import Parameter

Section = dict[str, Any]
Devices = Sequence[Section]
"""The [[device]] sections of a table file; none: the table board."""

WITHOUT_FAULT: Final = 0.1
WITH_PAIR: Final = 1.0 / 3.0
STAYS: Final = 0.5
"""Share of the faults that do not end by themselves."""
NEAR_S: Final = 10.0
"""Half of the pairs lie so close together: the second fault meets the answer to the first."""
PROGRAM_S: Final = (40.0, 120.0)
"""Length of a program without its return: short, so that a campaign is affordable."""
BEFORE_START: Final = 0.06
"""Share of the faults that come before the start, ..."""
EARLY_S: Final = 8.0
"""... by at most so much."""
PRESS_TO_RETURN: Final = 0.2
DECLARED_WRONGLY: Final = ("rider-heavier", "rider-lighter")
"""Half of these are so from the beginning: the rider's mass is not the declared one."""
USUAL_VALUE: Final = 0.5
"""Share of the faults with a value that have the usual one."""
SMALLEST_SHARE: Final = 1e-3
"""The smallest value that is drawn, as a share of the largest: less than this is as good as no fault."""
MASS_KG: Final = (40.0, 136.0)
HEIGHT_M: Final = (1.47, 1.98)
SEEDS: Final = 1_000_000
NOW: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""Clearances here never expire, and a campaign is the same on any day."""
NEVER: Final = date(2099, 12, 31)

PHYSICS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "body": {
        "moving_mass_kg": (15.0, 25.0),
        "moving_inertia_kgm2": (5.0, 7.0),
        "moving_com_offset_mm": (-30.0, 30.0),
        "pivot_height_fraction": (0.57, 0.60),
        "pivot_setting_error_mm": (-50.0, 50.0),
        "com_above_pivot_mm": (-40.0, 40.0),
        "bearing_coulomb_nm": (0.5, 8.0),
        "bearing_viscous_nms_per_rad": (0.0, 5.0),
    },
    "motor": {"resistance_ohm": (0.4, 0.6), "coulomb_nm": (0.01, 0.04)},
    "gear": {"efficiency": (0.38, 0.49)},
    "brake": {"holding_torque_nm": (300.0, 500.0), "close_delay_ms": (20.0, 100.0), "open_delay_ms": (20.0, 100.0)},
    "thermal": {"ambient_c": (5.0, 35.0)},
    "supply": {"internal_resistance_ohm": (0.05, 0.25)},
    "sensors": {
        "encoder_zero_offset_deg": (-0.5, 0.5),
        "inclinometer_mounting_error_deg": (-0.5, 0.5),
        "inclinometer_noise_deg": (0.0, 0.05),
        "inclinometer_filter_ms": (5.0, 40.0),
    },
}
"""What differs between maintained tables."""
SLOW_RESCUE: Final = 0.2
"""The share of tables whose file makes the rescue slower than the machine's."""
SLOWED: Final = tuple(name for name in RESCUE if name != "emergency_rate_dps")
"""What is slower there; the rate of an emergency return is drawn of every table."""
HOLDS_MOTOR: Final = 2.0
"""So much stronger is the brake of a table whose drive keeps its enable: it has to hold the motor (docs/drives)."""


class Case(NamedTuple):
    """All that a session depends on."""

    table: Section
    rider: Section
    program: Section
    faults: tuple[Fault, ...]
    seed: int
    """Of the simulator's noise and the host's nonces."""

    def session(self) -> Session:
        """Make the session as its files would. Raises ``FileError``."""
        table, rider, program = (
            _source("table", self.table),
            _source("rider", self.rider),
            _source("program", self.program),
        )
        return prepare(make_table(table), make_rider(rider), make_program(program), NOW)


def devices_of(path: Path) -> Devices:
    """Give the devices that a table file names, a register map by its full path. Raises ``FileError``."""
    table = load_table(path)
    found = [device.model_dump(exclude_none=True, exclude_defaults=True) for device in table.file.device]
    for device in found:
        if "map" in device:
            device["map"] = str((path.parent / device["map"]).resolve())
    return found


def _source(kind: str, data: Section) -> TomlSource:
    """What reading the file would give, without its text."""
    return TomlSource(f"{kind}.toml", data, {})


def draw_case(seed: int, index: int, devices: Devices = ()) -> Case:
    """Draw the case with this index; the same for the same two numbers, wherever it is drawn.

    ``devices`` hang on the table in the board's place.
    """
    draw = random.Random(f"righting campaign {seed} {index}")
    table, rider = _draw_table(draw), draw_rider(draw)
    if devices:
        table["device"] = deepcopy(list(devices))
        table["physics"]["brake"]["holding_torque_nm"] *= stronger(devices)
    program, total_s = _draw_program(draw, table, rider)
    table["limits"] |= draw_rescue(random.Random(f"righting campaign {seed} {index} rescue"))
    return Case(table, rider, program, apart(_draw_faults(draw, total_s)), draw.randrange(SEEDS))


# ------------------------------------------------------------------------------------------------------------- drawing


def between(draw: random.Random, low: float, high: float, digits: int = 3) -> float:
    """Draw a number of a range, rounded to so many digits."""
    return round(draw.uniform(low, high), digits)


def stronger(devices: Devices) -> float:
    """How much stronger than others the brake of a table with these devices is."""
    drives = [DRIVES[device["kind"]] for device in devices if device["kind"] in DRIVES]
    return 1.0 if all(drive.cuts_torque for drive in drives) else HOLDS_MOTOR


def _draw_table(draw: random.Random) -> Section:
    limits: Section = {"inverted_limit_deg": float(draw.randrange(25, 91, 5))}
    if draw.random() < 0.25:
        limits["emergency_rate_dps"] = between(draw, 6.0, 8.0, 1)
    physics = {
        part: {name: between(draw, *bounds) for name, bounds in names.items()} for part, names in PHYSICS.items()
    }
    hand_switch = "press-to-return" if draw.random() < PRESS_TO_RETURN else "hold-to-run"
    return {"table": {"name": "Campaign", "hand_switch": hand_switch}, "limits": limits, "physics": physics}


def draw_rescue(draw: random.Random) -> Section:
    """Make the rescue of some tables as slow as files may, or less so; drawn apart, as the rest of a case stays."""
    if draw.random() >= SLOW_RESCUE:
        return {}
    names = [name for name in SLOWED if draw.random() < 0.5]
    ends = {name: sorted((getattr(MACHINE, name), SPECS[name].tightest)) for name in names}
    return {name: between(draw, *bounds) for name, bounds in ends.items()}


def draw_rider(draw: random.Random) -> Section:
    """Draw a rider, with or without a clearance."""
    experience = draw.choice(("beginner", "regular", "experienced", "experienced"))
    section = {
        "name": "Campaign",
        "sex": draw.choice(("female", "male")),
        "mass_kg": between(draw, *MASS_KG, 1),
        "height_m": between(draw, *HEIGHT_M, 2),
        "experience": experience,
        "sessions_done": draw.choice((0, 10)),
    }
    rider: Section = {"rider": section}
    if experience == "experienced" and draw.random() < 0.3:
        limit_deg = float(draw.randrange(65, 91, 5))
        rider["clearance"] = {"inverted_limit_deg": limit_deg, "given_by": "Dr. A. Example", "expires": NEVER}
    return rider


def _draw_program(draw: random.Random, table: Section, rider: Section) -> tuple[Section, float]:
    """Draw until a program fits rider, table and the length wanted; gives it, and the session's planned time."""
    made_table = make_table(_source("table", table))
    made_rider = make_rider(_source("rider", rider))
    limits = rider_chain(made_table, made_rider, NOW)[0].limits
    while True:
        program = _draw_steps(draw, limits.inverted_limit_deg)
        made_program = make_program(_source("program", program))
        try:
            plan = prepare(made_table, made_rider, made_program, NOW).plan
        except FileError:
            continue
        if PROGRAM_S[0] <= plan.program_s <= PROGRAM_S[1]:
            return program, plan.total_s


def _draw_steps(draw: random.Random, top_deg: float) -> Section:
    motion = {"rate_dps": between(draw, 2.0, 3.0, 1), "rest_at_flat_s": float(draw.randrange(10, 31, 5))}
    others = draw.choices((go, hold, hold, _rest, _oscillate), k=draw.randrange(1, 5))
    steps = [step(draw, top_deg) for step in (go, *others)]
    return {"name": "Campaign", "motion": motion, "step": steps}


def go(draw: random.Random, top_deg: float) -> Section:
    """Draw a step to an angle up to ``top_deg``."""
    return {"do": "go", "to_deg": between(draw, -20.0, top_deg, 1)}


def hold(draw: random.Random, _: float) -> Section:
    """Draw a step that holds."""
    return {"do": "hold", "for_s": between(draw, 2.0, 20.0, 1)}


def _rest(draw: random.Random, _: float) -> Section:
    return {"do": "rest", "for_s": between(draw, 2.0, 10.0, 1), "at_deg": between(draw, -10.0, 0.0, 1)}


def _oscillate(draw: random.Random, top_deg: float) -> Section:
    low_deg = between(draw, -10.0, top_deg - 2.0, 1)
    between_deg = [low_deg, between(draw, low_deg + 1.0, top_deg, 1)]
    return {"do": "oscillate", "between_deg": between_deg, "cycles": draw.randrange(1, 3)}


def _draw_faults(draw: random.Random, total_s: float) -> tuple[Fault, ...]:
    kind = draw.random()
    if kind < WITHOUT_FAULT:
        return ()
    first = draw_fault(draw, draw.uniform(0.0, total_s))
    if kind < 1.0 - WITH_PAIR:
        return (first,)
    near = draw.random() < 0.5
    at_s = draw.gauss(first.at_s, NEAR_S / 2.0) if near else draw.uniform(0.0, total_s)
    return (first, draw_fault(draw, at_s))


def draw_fault(draw: random.Random, at_s: float) -> Fault:
    """Draw a fault that comes then, or before the start."""
    name = draw.choice(sorted(CATALOGUE))
    value = _draw_value(draw, CATALOGUE[name].parameter)
    if name in DECLARED_WRONGLY and draw.random() < 0.5:
        return make_fault(name, -EARLY_S, None, value)
    if draw.random() < BEFORE_START:
        at_s = -draw.uniform(0.0, EARLY_S)
    duration_s = None if draw.random() < STAYS else 10.0 ** draw.uniform(-1.3, 2.0)
    return make_fault(name, at_s, duration_s, value)


def _draw_value(draw: random.Random, parameter: Parameter | None) -> float | None:
    """Any value of the range, small ones as often as large ones; half of the time the usual one."""
    if parameter is None or draw.random() < USUAL_VALUE:
        return None
    lowest, highest = value_range(parameter)
    return rounded(lowest * (highest / lowest) ** draw.random())


def value_range(parameter: Parameter) -> tuple[float, float]:
    """The smallest and the largest value of a fault that are drawn, in the unit of its parameter."""
    return max(parameter.lowest, parameter.highest * SMALLEST_SHARE), parameter.highest


def rounded(value: float) -> float:
    """A value of a fault, in as many digits as its text has."""
    return float(f"{value:.3g}")


def make_fault(name: str, at_s: float, duration_s: float | None, value: float | None) -> Fault:
    """A fault as its own text gives it back, so that the line which reproduces it is exact."""
    duration = "" if duration_s is None or CATALOGUE[name].end is None else f":{max(duration_s, 0.01):.2f}"
    told = "" if value is None else f"={value:g}"
    return parse(f"{name}{told}@{max(at_s, -EARLY_S):.2f}{duration}")
