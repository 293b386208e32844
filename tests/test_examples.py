"""Every example is what it says: it passes with its fitting table and rider, and is refused with others."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_host.files.kinds import kind_of
from firmware_host.files.programs import load_program
from firmware_host.files.riders import load_rider, make_rider
from firmware_host.files.tables import load_table, make_table
from firmware_host.files.toml_source import FileError, parse_toml, read_toml
from firmware_host.files.validation import Session, prepare
from sim.parameters import TableParameters

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

FITTING = {
    "first-time": ("table", "beginner"),
    "gentle-daily": ("table", "beginner"),
    "intermittent-40": ("table", "regular"),
    "oscillating-60": ("table", "experienced"),
    "warm-up": ("table", "regular"),
    "full-inversion": ("table-90", "cleared"),
}

WRONG = {
    "intermittent-40": ("table", "beginner", "goes to 40 deg, above the 20 deg"),
    "oscillating-60": ("table", "regular", "goes to 60 deg, above the 45 deg"),
    "warm-up": ("table", "beginner", "goes to 35 deg, above the 20 deg"),
}


@pytest.fixture
def examples(repository: Path) -> Path:
    """The folder of examples."""
    return repository / "examples"


def session(examples: Path, program: str, table: str, rider: str) -> Session:
    """Prepare a session from three examples."""
    return prepare(
        load_table(examples / f"{table}.toml"),
        load_rider(examples / "riders" / f"{rider}.toml"),
        load_program(examples / "programs" / f"{program}.toml"),
        NOW,
    )


def test_every_program_is_tried_here(examples: Path) -> None:
    assert {path.stem for path in (examples / "programs").glob("*.toml")} == set(FITTING)


@pytest.mark.parametrize("program", sorted(FITTING))
def test_a_program_passes_with_its_table_and_rider_and_without_advice(examples: Path, program: str) -> None:
    made = session(examples, program, *FITTING[program])
    assert made.advice == ()
    assert made.plan.inverted_s > 30.0
    assert made.plan.total_s < 600.0
    assert made.program.file.description


@pytest.mark.requirement("REQ-LIM-ALLOWANCE")
@pytest.mark.parametrize("program", sorted(WRONG))
def test_a_program_is_refused_for_a_rider_with_less_experience(examples: Path, program: str) -> None:
    table, rider, told = WRONG[program]
    with pytest.raises(FileError) as caught:
        session(examples, program, table, rider)
    assert told in str(caught.value)
    assert all(problem.line is not None for problem in caught.value.problems)


@pytest.mark.requirement("REQ-LIM-CLEARANCE")
@pytest.mark.parametrize(("table", "rider"), [("table", "cleared"), ("table-90", "experienced")])
def test_full_inversion_needs_both_the_table_and_the_clearance(examples: Path, table: str, rider: str) -> None:
    with pytest.raises(FileError, match="goes to 90 deg, above the 60 deg"):
        session(examples, "full-inversion", table, rider)


@pytest.mark.parametrize("rider", ["beginner", "regular", "experienced", "cleared"])
@pytest.mark.parametrize("program", ["first-time", "gentle-daily"])
def test_the_gentle_programs_fit_every_rider_and_the_built_in_table(examples: Path, program: str, rider: str) -> None:
    path = examples / "programs" / f"{program}.toml"
    assert prepare(load_table(None), load_rider(examples / "riders" / f"{rider}.toml"), load_program(path), NOW)


@pytest.mark.requirement("REQ-LIM-PROGRAM")
@pytest.mark.parametrize("program", sorted(FITTING))
def test_every_program_is_refused_on_a_table_that_goes_less_far(examples: Path, program: str) -> None:
    low = make_table(parse_toml("low.toml", '[table]\nname = "Low"\n[limits]\ninverted_limit_deg = 15\n'))
    rider = load_rider(examples / "riders" / f"{FITTING[program][1]}.toml")
    with pytest.raises(FileError, match=r"above the 15 deg set by table Low \(low\.toml:4\)"):
        prepare(low, rider, load_program(examples / "programs" / f"{program}.toml"), NOW)


@pytest.mark.requirement("REQ-LIM-RATING")
@pytest.mark.parametrize("program", sorted(FITTING))
def test_every_program_is_refused_for_a_rider_outside_the_rating(examples: Path, program: str) -> None:
    table, rider = FITTING[program]
    text = (examples / "riders" / f"{rider}.toml").read_text()
    mass = next(line for line in text.splitlines() if line.startswith("mass_kg"))
    heavy = make_rider(parse_toml("heavy.toml", text.replace(mass, "mass_kg = 137")))
    made = load_program(examples / "programs" / f"{program}.toml")
    with pytest.raises(FileError, match=r"mass_kg = 137 kg is outside the 40 to 136 kg"):
        prepare(load_table(examples / f"{table}.toml"), heavy, made, NOW)


def test_the_showcase_is_short_and_real(examples: Path) -> None:
    plan = session(examples, "intermittent-40", "table", "regular").plan
    assert 90.0 <= plan.program_s <= 150.0
    assert plan.inverted_s <= 300.0
    assert plan.max_deg == 40.0


def test_the_commented_table_is_the_built_in_one(examples: Path) -> None:
    commented, built_in = load_table(examples / "table.toml"), load_table(None)
    assert commented.limits == built_in.limits
    assert commented.file.rating == built_in.file.rating
    assert commented.file.table.model_dump(exclude={"name"}) == built_in.file.table.model_dump(exclude={"name"})


@pytest.mark.parametrize("table", ["table", "table-90"])
def test_the_simulator_takes_the_physics_of_every_table(examples: Path, table: str) -> None:
    assert TableParameters.model_validate(load_table(examples / f"{table}.toml").file.physics) == TableParameters()


def test_every_example_is_of_the_kind_that_its_place_says(examples: Path) -> None:
    kinds = {path.relative_to(examples): kind_of(read_toml(path)) for path in examples.rglob("*.toml")}
    expected = {"riders": "rider", "programs": "program", "": "table"}
    assert {path: expected[path.parent.name] for path in kinds} == kinds
