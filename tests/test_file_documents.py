"""What the pages on programs and files say is what the code does: read from the pages themselves."""

import re
from pathlib import Path
from typing import get_args

import pytest

from firmware_host.files.programs import Step, make_program
from firmware_host.files.riders import allowance, make_rider
from firmware_host.files.tables import make_table
from firmware_host.files.toml_source import parse_toml
from safety.limits import MACHINE, SPECS


def blocks(path: Path) -> list[str]:
    """Give a page's TOML blocks."""
    return re.findall(r"^```toml\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def rows(path: Path, heading: str) -> list[list[str]]:
    """Give the cells of the table whose first heading is given."""
    lines = path.read_text().splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return found


def test_every_program_on_the_page_is_a_program(repository: Path) -> None:
    programs = blocks(repository / "docs" / "programs.md")
    assert [make_program(parse_toml("docs/programs.md", text)).file.name for text in programs] == ["Evening", "Rounds"]


def test_table_and_rider_on_the_page_are_read(repository: Path) -> None:
    table, rider = blocks(repository / "docs" / "files.md")
    assert make_table(parse_toml("docs/files.md", table)).file.table.serial == 1001
    assert make_rider(parse_toml("docs/files.md", rider)).file.rider.mass_kg == 78.0


def test_the_page_lists_every_limit_with_its_numbers(repository: Path) -> None:
    told = {row[0]: row[1:] for row in rows(repository / "docs" / "files.md", "name")}
    assert told == {
        name: [spec.unit, f"{getattr(MACHINE, name):g}", spec.tighter, f"{spec.tightest:g}"]
        for name, spec in SPECS.items()
    }


@pytest.mark.parametrize("experience", ["beginner", "regular", "experienced"])
def test_the_page_gives_the_allowances(repository: Path, experience: str) -> None:
    told = {row[0]: row[1:] for row in rows(repository / "docs" / "files.md", "experience")}
    text = f'[rider]\nname = "R"\nsex = "male"\nmass_kg = 70\nheight_m = 1.8\nexperience = "{experience}"\n'
    allowed = allowance(make_rider(parse_toml("r.toml", text)).file.rider)
    assert [int(re.findall(r"\d+", cell)[0]) for cell in told[experience]] == list(allowed)


def test_the_page_lists_every_step(repository: Path) -> None:
    told = [row[0] for row in rows(repository / "docs" / "programs.md", "`do`")]
    models = get_args(get_args(Step)[0])
    assert told == [get_args(model.model_fields["do"].annotation)[0] for model in models]
