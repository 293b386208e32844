"""Programs: what a session does, as a file of steps that unfold into legs and waits.

A step says what a person means ("oscillate between 0 and 40, six times"); it unfolds into ``Leg`` (go to an angle) and
``Wait`` (stay). Nothing here knows limits: ``control.plan`` times what unfolded and holds it against them. Every
program ends with the normal return upright, which the safety layer makes by itself and no file can leave out.
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from firmware_host.files.kinds import expect_kind
from firmware_host.files.toml_lines import Location
from firmware_host.files.toml_source import FileError, FileModel, Name, Problem, TomlSource, check_model, read_toml

MAX_SEGMENTS: Final = 10_000
"""Most legs and waits in one program."""

MAX_NESTING: Final = 3
"""Deepest repeat inside repeat."""

DEFAULT_RATE_DPS: Final = 2.0
DEFAULT_ACCEL_DPS2: Final = 2.0
DEFAULT_JERK_DPS3: Final = 4.0
DEFAULT_REST_AT_FLAT_S: Final = 60.0

_SAME_DEG: Final = 1e-6

Angle = Annotated[float, Field(ge=-90.0, le=90.0)]
Rate = Annotated[float, Field(ge=0.1, le=10.0)]
Seconds = Annotated[float, Field(gt=0.0, le=3600.0)]
Pause = Annotated[float, Field(ge=0.0, le=3600.0)]
Times = Annotated[int, Field(ge=1, le=1000)]
Stride = Annotated[float, Field(ge=0.5, le=90.0)]


class Leg(NamedTuple):
    """Go to an angle and stop there."""

    to_deg: float
    rate_dps: float | None
    """As the step says; None leaves it to the program's pace."""
    key: str
    """Name in the file of what gave the angle."""
    location: Location
    """The step in the file."""
    label: str


class Wait(NamedTuple):
    """Stay where the last leg ended."""

    for_s: float
    key: str
    location: Location
    label: str


class Shuttle(NamedTuple):
    """Whole cycles of legs and waits for as long as fits; how many is known once they are timed."""

    cycle: tuple[Leg | Wait, ...]
    for_s: float
    location: Location


Part = Leg | Wait | Shuttle


class Go(FileModel):
    """Go to an angle."""

    do: Literal["go"]
    to_deg: Angle = Field(examples=["to_deg = 20"])
    rate_dps: Rate | None = None

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts; ``here`` is the step's place in the file."""
        yield Leg(self.to_deg, self.rate_dps, "to_deg", here, f"go to {self.to_deg:g} deg")


class Hold(FileModel):
    """Stay at the present angle."""

    do: Literal["hold"]
    for_s: Seconds = Field(examples=["for_s = 30"])

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        yield Wait(self.for_s, "for_s", here, f"hold {self.for_s:g} s")


class Rest(FileModel):
    """Go to horizontal, or somewhat head-up, and stay there."""

    do: Literal["rest"]
    for_s: Seconds = Field(examples=["for_s = 60"])
    at_deg: Annotated[float, Field(ge=-90.0, le=0.0)] = 0.0
    rate_dps: Rate | None = None

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        label = f"rest {self.for_s:g} s at {self.at_deg:g} deg"
        yield Leg(self.at_deg, self.rate_dps, "at_deg", here, label)
        yield Wait(self.for_s, "for_s", here, label)


class Oscillate(FileModel):
    """Swing between two angles, for a number of cycles or for as many whole cycles as fit into a time."""

    do: Literal["oscillate"]
    between_deg: Annotated[list[Angle], Field(min_length=2, max_length=2)] = Field(examples=["between_deg = [10, 40]"])
    cycles: Times | None = None
    for_s: Seconds | None = None
    rate_dps: Rate | None = None
    pause_s: Pause = 0.0
    """Rest at each end; a short rest before each reversal is always kept."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.cycles is None) == (self.for_s is None):
            raise ValueError("an oscillation needs either cycles or for_s, and not both; for example: cycles = 6")
        low, high = self.between_deg
        if not low < high:
            raise ValueError(f"between_deg = [{low:g}, {high:g}] must begin with the smaller angle; exchange them")
        return self

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts: first to the lower angle, then there and back again."""
        low, high = self.between_deg
        yield Leg(low, self.rate_dps, "between_deg", here, f"go to {low:g} deg to oscillate")
        if self.for_s is not None:
            label = f"oscillate {low:g} to {high:g} deg for {self.for_s:g} s"
            yield Shuttle(tuple(self._cycle(here, label)), self.for_s, here)
            return
        for number in range(1, (self.cycles or 0) + 1):
            yield from self._cycle(here, f"oscillate {number} of {self.cycles}")

    def _cycle(self, here: Location, label: str) -> Iterator[Leg | Wait]:
        low, high = self.between_deg
        for angle in (high, low):
            yield Leg(angle, self.rate_dps, "between_deg", here, label)
            if self.pause_s > 0.0:
                yield Wait(self.pause_s, "pause_s", here, label)


class _Stairs(FileModel):
    """Angles one after the other, with a hold at each."""

    from_deg: Angle = Field(examples=["from_deg = 10"])
    to_deg: Angle = Field(examples=["to_deg = 40"])
    by_deg: Stride = Field(examples=["by_deg = 10"])
    hold_s: Seconds = Field(examples=["hold_s = 20"])
    rate_dps: Rate | None = None

    def _stairs(self, here: Location, side: float) -> Iterator[Part]:
        count = ceil((self.to_deg - self.from_deg) * side / self.by_deg - _SAME_DEG)
        for number in range(count + 1):
            last = number == count
            angle = self.to_deg if last else self.from_deg + side * number * self.by_deg
            key = "to_deg" if number else "from_deg"
            label = f"angle {number + 1} of {count + 1}: {angle:g} deg"
            yield Leg(angle, self.rate_dps, key, here, label)
            yield Wait(self.hold_s, "hold_s", here, label)


class Progressive(_Stairs):
    """Step by step toward inversion."""

    do: Literal["progressive"]

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.from_deg < self.to_deg:
            raise ValueError(
                f"a progressive step rises, but from_deg = {self.from_deg:g} is not below to_deg = {self.to_deg:g}; "
                'exchange them or write do = "regressive"'
            )
        return self

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        yield from self._stairs(here, 1.0)


class Regressive(_Stairs):
    """Step by step toward upright."""

    do: Literal["regressive"]

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if not self.from_deg > self.to_deg:
            raise ValueError(
                f"a regressive step falls, but from_deg = {self.from_deg:g} is not above to_deg = {self.to_deg:g}; "
                'exchange them or write do = "progressive"'
            )
        return self

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        yield from self._stairs(here, -1.0)


class Intermittent(FileModel):
    """Pull and relax: high, low, high, low."""

    do: Literal["intermittent"]
    high_deg: Angle = Field(examples=["high_deg = 40"])
    low_deg: Angle = Field(examples=["low_deg = 20"])
    high_s: Seconds = Field(examples=["high_s = 15"])
    low_s: Seconds = Field(examples=["low_s = 10"])
    cycles: Times = Field(examples=["cycles = 4"])
    rate_dps: Rate | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low_deg < self.high_deg:
            raise ValueError(f"low_deg = {self.low_deg:g} is not below high_deg = {self.high_deg:g}; exchange them")
        return self

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        for number in range(1, self.cycles + 1):
            label = f"intermittent {number} of {self.cycles}"
            yield Leg(self.high_deg, self.rate_dps, "high_deg", here, label)
            yield Wait(self.high_s, "high_s", here, label)
            yield Leg(self.low_deg, self.rate_dps, "low_deg", here, label)
            yield Wait(self.low_s, "low_s", here, label)


class WarmUp(FileModel):
    """Cycles that grow: the first stays short of the angle, each goes a little further, the last reaches it."""

    do: Literal["warm_up"]
    to_deg: Angle = Field(examples=["to_deg = 30"])
    low_deg: Angle = 0.0
    short_by_deg: Annotated[float, Field(gt=0.0, le=90.0)] = 10.0
    by_deg: Stride = 2.0
    pause_s: Pause = 0.0
    rate_dps: Rate | None = None

    @model_validator(mode="after")
    def _room(self) -> Self:
        first_deg = self.to_deg - self.short_by_deg
        if not self.low_deg < first_deg:
            raise ValueError(
                f"the first cycle would go to {first_deg:g} deg (to_deg less short_by_deg), which is not above "
                f"low_deg = {self.low_deg:g}; lower low_deg or shorten short_by_deg"
            )
        return self

    def unfold(self, here: Location) -> Iterator[Part]:
        """Give the step's parts."""
        growths = ceil(self.short_by_deg / self.by_deg - _SAME_DEG)
        for number in range(growths + 1):
            high = self.to_deg if number == growths else self.to_deg - self.short_by_deg + number * self.by_deg
            label = f"warm-up {number + 1} of {growths + 1}: {high:g} deg"
            for angle, key in ((high, "to_deg"), (self.low_deg, "low_deg")):
                yield Leg(angle, self.rate_dps, key, here, label)
                if self.pause_s > 0.0:
                    yield Wait(self.pause_s, "pause_s", here, label)


class Repeat(FileModel):
    """Do some steps several times."""

    do: Literal["repeat"]
    times: Times = Field(examples=["times = 3"])
    step: Annotated[list["Step"], Field(min_length=1)] = Field(examples=["[[step.step]]"])


Step = Annotated[
    Go | Hold | Rest | Oscillate | Progressive | Regressive | Intermittent | WarmUp | Repeat,
    Field(discriminator="do"),
]


class MotionSection(FileModel):
    """How a program moves where a step says nothing; None is the default, or the limit where that is tighter."""

    rate_dps: Rate | None = None
    accel_dps2: Annotated[float, Field(ge=0.1, le=30.0)] | None = None
    jerk_dps3: Annotated[float, Field(ge=0.1, le=100.0)] | None = None
    rest_at_flat_s: Annotated[float, Field(ge=10.0, le=180.0)] | None = None
    """Rest at horizontal in the return that ends the session."""


class ProgramFile(FileModel):
    """A program file as it is written."""

    name: Name = Field(examples=['name = "Gentle daily"'])
    description: Annotated[str, Field(max_length=1000)] = ""
    limits: dict[str, Any] = Field(default_factory=dict)
    motion: MotionSection = MotionSection()
    step: Annotated[list[Step], Field(min_length=1)] = Field(examples=["[[step]]"])


class Program(NamedTuple):
    """A program whose file could be read."""

    file: ProgramFile
    source: TomlSource


def load_program(path: Path | str) -> Program:
    """Load a program file. Raises ``FileError`` with all that is wrong."""
    return make_program(read_toml(path))


def make_program(source: TomlSource) -> Program:
    """Check a program file that was read. Raises ``FileError`` with all that is wrong."""
    expect_kind(source, "program")
    program = Program(check_model(source, ProgramFile), source)
    problems = list(_too_much(program))
    if problems:
        raise FileError(problems)
    return program


def unfold(program: Program) -> list[tuple[int, Part]]:
    """Give all parts of a program, each with the index of its top-level step."""
    return [(index, part) for index, step in enumerate(program.file.step) for part in _unfolded(step, ("step", index))]


def _unfolded(step: Step, here: Location) -> Iterator[Part]:
    if not isinstance(step, Repeat):
        yield from step.unfold(here)
        return
    once = [part for index, inner in enumerate(step.step) for part in _unfolded(inner, (*here, "step", index))]
    for _ in range(step.times):
        yield from once


def _too_much(program: Program) -> Iterator[Problem]:
    """Refuse programs that would unfold into more than anybody means, before they unfold."""
    total = 0
    for index, step in enumerate(program.file.step):
        here: Location = ("step", index)
        if _nested_beyond(step, MAX_NESTING):
            text = f"repeats are nested more than {MAX_NESTING} deep, the most that is allowed; take some out"
            yield program.source.problem(text, *here)
            return
        total += _count(step)
        if total > MAX_SEGMENTS:
            text = f"up to here the program has at least {total:,} motions and holds, and {MAX_SEGMENTS:,} are allowed"
            yield program.source.problem(f"{text}; repeat less", *here)
            return


def _nested_beyond(step: Step, levels: int) -> bool:
    """Tell whether repeats are nested deeper than ``levels``, looking no deeper than that."""
    if not isinstance(step, Repeat):
        return False
    return levels == 0 or any(_nested_beyond(inner, levels - 1) for inner in step.step)


def _count(step: Step) -> int:
    if isinstance(step, Repeat):
        once = 0
        for inner in step.step:
            once += _count(inner)
            if once > MAX_SEGMENTS:
                break
        return step.times * once
    return sum(1 for _ in step.unfold(()))
