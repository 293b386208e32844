"""What another text of a table file would change, and what is refused."""

from pathlib import Path

from firmware_host.files.table_change import table_change, table_limits
from firmware_host.files.tables import load_table
from safety.limits import SPECS

TEXT = """[table]
name = "Attic"

[limits]
inverted_limit_deg = 45
"""


def table(folder: Path) -> Path:
    file = folder / "table.toml"
    file.write_text(TEXT)
    return file


def test_changes_are_told_in_numbers_with_units(tmp_path: Path) -> None:
    now = load_table(table(tmp_path))
    text = TEXT.replace("45", "40").replace('"Attic"', '"Attic"\nserial = 1001') + "\n[rating]\nmax_mass_kg = 110\n"
    assert table_change(now, text) == {
        "changes": [
            {"name": "table.serial", "before": None, "after": 1001, "unit": ""},
            {"name": "rating.max_mass_kg", "before": 136.0, "after": 110.0, "unit": "kg"},
            {"name": "limits.inverted_limit_deg", "before": 45.0, "after": 40.0, "unit": "deg"},
        ],
        "problems": [],
    }


def test_a_comment_changes_nothing_and_physics_is_the_simulators(tmp_path: Path) -> None:
    now = load_table(table(tmp_path))
    assert table_change(now, TEXT + "\n# checked\n")["changes"] == []
    (change,) = table_change(now, TEXT + "\n[physics.supply]\nnominal_v = 23\n")["changes"]
    assert change["name"] == "physics"


def test_what_is_refused_stands_at_its_line(tmp_path: Path) -> None:
    now = load_table(table(tmp_path))
    told = table_change(now, TEXT + "invert_rate_dps = 9\n")
    assert told["changes"] == []
    assert [(one["line"], "at most 3" in one["text"]) for one in told["problems"]] == [(6, True)]
    assert table_change(now, "")["problems"][0]["line"] is None


def test_every_limit_is_listed_with_its_source(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in table_limits(load_table(table(tmp_path)))}
    assert set(rows) == set(SPECS)
    row = rows["inverted_limit_deg"]
    assert (row["machine"], row["table"], row["unit"], row["tighter"]) == (90.0, 45.0, "deg", "smaller")
    assert "Attic" in row["origin"]
    assert rows["invert_rate_dps"]["origin"] == "the machine"
