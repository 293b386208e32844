"""The rider on the table is not the one who was declared, or not set up as the table asks."""

from pathlib import Path

import pytest

from firmware_host.cli.bench import run_session
from firmware_host.cli.sessions import load_session
from tests.end_to_end.commands import EXAMPLES, PROGRAM, REGULAR


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
@pytest.mark.parametrize(("setting_error_mm", "causes"), [(50, []), (100, ["rider-load"])])
def test_a_rider_who_is_not_foot_heavy_is_brought_back(
    tmp_path: Path, setting_error_mm: int, causes: list[str]
) -> None:
    """The pivot 50 mm wrong is normal in use; 100 mm wrong the rider hangs in balance."""
    table = tmp_path / "table.toml"
    text = (EXAMPLES / "table.toml").read_text(encoding="utf-8")
    table.write_text(text.replace("pivot_setting_error_mm = 0", f"pivot_setting_error_mm = {setting_error_mm}"))
    found = run_session(load_session(PROGRAM, REGULAR, table), [], 1, tmp_path)
    assert [trip["id"] for trip in found["trips"]] == causes
    assert found["violations"] == []
    if causes:
        assert "head too heavy" in found["trips"][0]["detail"]
        assert found["truth"]["max_angle_deg"] < -50.0
