"""``righting doctor --verify-timeout``: the motor turns after a yes alone; a timeout that lies is found."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_host.cli.expiry import verify_timeout
from firmware_host.cli.virtual import make_table_end
from firmware_host.doctor.expiry import Expiry
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from safety.signals import SIMULATOR_SERIALS
from sim import motor_drive
from sim.realtime import FaultyTable, ManyLines, PtyLine, run_on
from sim.rig import Rig
from sim.table_end import TableEnd
from tests.end_to_end.commands import EXAMPLES

pytestmark = pytest.mark.realtime


@contextmanager
def table_on_ports(kind: str, folder: Path) -> Iterator[tuple[Path, TableEnd]]:
    """A simulated table in real time, and the table file that names its ports."""
    source = EXAMPLES / ("table.toml" if kind == "board" else f"table-{kind}.toml")
    table_end = make_table_end(load_table(source), load_rider(None), 1, SIMULATOR_SERIALS.start)
    table_end.table.advance_ms(0)
    lines: PtyLine | ManyLines = ManyLines(table_end.lines) if table_end.lines else PtyLine()
    text, names = source.read_text(), lines.name.split()
    for name in names:
        text = re.sub(r"^# port = .*$", f'port = "{name}"', text, count=1, flags=re.MULTILINE)
    file = folder / "table.toml"
    file.write_text(text)
    stopping = threading.Event()
    thread = threading.Thread(target=run_on, args=(lines, FaultyTable(table_end, [], 1), 1.0, stopping.is_set))
    thread.start()
    try:
        yield file, table_end
    finally:
        stopping.set()
        thread.join()
        lines.close()


def verify(file: Path) -> tuple[int, Expiry | None]:
    """Do it until it came about: on a busy machine the safety layer may end the motion, or not let it begin."""
    code, done = verify_timeout(file, None, None, agreed=True)
    for _ in range(3):
        if done is None or done.silent_s is not None:
            break
        code, done = verify_timeout(file, None, None, agreed=True)
    return code, done


@pytest.mark.parametrize("kind", ["board", "vesc", "odrive"])
def test_a_timeout_that_works_is_verified_and_the_table_is_upright_again(kind: str, tmp_path: Path) -> None:
    with table_on_ports(kind, tmp_path) as (file, table_end):
        code, done = verify(file)
        assert table_end.table.truth().angle_deg < -72.0
    assert done is not None
    assert (code, done.verified) == (0, True), done
    if kind == "board":
        assert done.noticed_s is not None
    else:
        assert done.rate_dps is not None
        assert done.silent_s is not None
        assert done.went_deg is not None
        assert done.went_deg < done.rate_dps * done.silent_s  # it did not go on for as long as nobody spoke


def test_a_timeout_that_is_only_told_is_found_out(tmp_path: Path) -> None:
    with table_on_ports("roboclaw", tmp_path) as (file, table_end):
        assert isinstance(table_end, Rig)
        drive = table_end.devices[0]
        drive._set_timeout = lambda steps: setattr(drive, "_timeout", steps)  # type: ignore[attr-defined]
        table_end.table.settings[motor_drive.TIMEOUT_S] = 0.0
        code, done = verify(file)
        assert table_end.table.truth().angle_deg < -72.0, "brought upright all the same"
    assert done is not None
    assert (code, done.verified) == (1, False), done


def test_without_a_yes_nothing_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with table_on_ports("roboclaw", tmp_path) as (file, table_end):
        code, done = verify_timeout(file, None, None, agreed=False)
        assert table_end.table.memory[motor_drive.TORQUE_ON] == 0.0
    assert (code, done) == (2, None)
    assert "has to be agreed to" in capsys.readouterr().err
