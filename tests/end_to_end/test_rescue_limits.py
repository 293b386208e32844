"""Limits at their tight ends: however careful a table or a program is, the rescue comes as soon as promised."""

from pathlib import Path
from typing import Any

import pytest

from firmware_host.files.limit_chain import TABLE_ONLY
from safety.limits import SPECS
from tests.end_to_end.commands import bench

SESSION = """
name = "Careful"
[motion]
rate_dps = 3
rest_at_flat_s = 10
{limits}
[[step]]
do = "go"
to_deg = {to_deg}
[[step]]
do = "hold"
for_s = {for_s}
"""
HEAVY = """
[rider]
name = "Heavy"
sex = "male"
mass_kg = 130
height_m = 1.95
experience = "experienced"
[clearance]
inverted_limit_deg = 90
given_by = "Dr. A. Example"
expires = 9999-12-31
"""
TABLE = '[table]\nname = "Careful"\n[physics.body]\npivot_setting_error_mm = 50\n[limits]\nbalance_low_a = 0\n'
SLOW = [name for name in TABLE_ONLY if name != "upright_deg"]
GENTLE = {"accel_dps2": 0.3, "jerk_dps3": 0.3, "upward_rate_dps": 0.5, "head_up_rate_dps": 0.5}


def ridden(folder: Path, table: str, limits: str, fault: str, to_deg: float = 58) -> dict[str, Any]:
    """A session of a heavy rider, badly balanced, with a fault."""
    session = SESSION.format(limits=limits, to_deg=to_deg, for_s=8 if to_deg > 75 else 20)
    for name, text in (("table", TABLE + table), ("rider", HEAVY), ("program", session)):
        (folder / f"{name}.toml").write_text(text)
    program, rider, file = (folder / f"{name}.toml" for name in ("program", "rider", "table"))
    return bench(folder / "records", fault, program=program, rider=rider, table=file)


def lines(values: dict[str, float]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in values.items())


@pytest.mark.requirement("REQ-LIM-RESCUE")
@pytest.mark.parametrize(("fault", "monitor"), [
    ("hand-switch-release@65", "hand-switch"),
    ("drive-hot@65", "temperature"),
    ("ankle-latch-open@65", "ankle-latch"),
    ("encoder-stuck@40", "following"),
    ("host-killed@65", None),
])  # fmt: skip
def test_a_table_with_the_slowest_rescue_that_files_allow_keeps_its_promises(
    fault: str, monitor: str | None, tmp_path: Path
) -> None:
    found = ridden(tmp_path, lines({name: SPECS[name].tightest for name in SLOW}), "", fault)
    assert found["violations"] == []
    assert monitor is None or found["trips"][0]["id"] == monitor


@pytest.mark.requirement("REQ-LIM-RESCUE")
@pytest.mark.parametrize("fault", ["drive-hot@46", "inclinometer-jump@46", "encoder-dead@46"])
def test_nor_does_it_break_one_that_begins_while_the_table_inverts(fault: str, tmp_path: Path) -> None:
    slow = {name: SPECS[name].tightest for name in SLOW} | {"inverted_limit_deg": 90}
    found = ridden(tmp_path, lines(slow), "", fault, to_deg=85)
    assert found["violations"] == []
    assert found["trips"]


@pytest.mark.requirement("REQ-LIM-RESCUE")
@pytest.mark.parametrize("fault", ["hand-switch-release@70", "drive-hot@70"])
def test_a_gentle_program_does_not_make_the_rescue_late(fault: str, tmp_path: Path) -> None:
    found = ridden(tmp_path, "", "[limits]\n" + lines(GENTLE), fault)
    assert found["truth"]["max_angle_deg"] > 57.5
    assert found["violations"] == []
    assert found["trips"]
