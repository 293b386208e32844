"""The conformance suite's own means: it finds a table that is wrong, asks before it moves, tells what it left out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.capabilities import TABLE_BOARD, Capabilities
from drivers.dialogue import Dialogue
from firmware_host.cli.hil.clocks import Clocks
from firmware_host.cli.hil.evidence import Figure
from firmware_host.cli.hil.plugin import soak_s
from firmware_host.cli.hil.promises import MISSING, lacks
from firmware_host.cli.hil.targets import TargetError, allowed_deg, ports
from firmware_host.cli.simulator import SimulatorProcess
from firmware_host.cli.virtual import make_table_end
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from safety.signals import Equipment, Telemetry
from sim.realtime import FaultyTable
from sim.sensors import ESTOP_PRESSED
from tests.end_to_end.commands import EXAMPLES, ROOT, environment

SHORT = "handshake or both_angles or dead_host_brings"
LONGEST_S = 200.0


def suite(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the suite as a person does."""
    command = [sys.executable, "-m", "pytest", "tests/hil", "-p", "no:cacheprovider", "-p", "no:randomly", "-q"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env=environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


def told(protocol: Path) -> str:
    """What a protocol says, without its pictures and tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", protocol.read_text(encoding="utf-8")))


def test_a_table_whose_zero_is_wrong_fails_and_the_protocol_says_all(tmp_path: Path) -> None:
    text = (EXAMPLES / "table-vesc.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace("scale = 268.333333", "zero_deg = -72.4\nscale = 268.333333"))
    assert wrong.read_text() != text
    done = suite("-k", SHORT, "--righting-table", str(wrong), "--righting-report", str(tmp_path))
    assert done.returncode == 1, done.stdout
    assert re.search(r"1 failed, 1 passed, 1 skipped", done.stdout), done.stdout
    protocol = tmp_path / "wrong.html"
    said = told(protocol)
    assert re.search(r"farthest apart [\d.]+ deg at most 2.1 deg", said)
    assert re.search(r"Serial number 1 Firmware \d+\.\d+\.\d+ Target simulated table in lock-step", said)
    assert "1 passed, 1 failed, 1 not promised" in said
    assert "must be built in hardware: an off-delay relay" in said
    assert protocol.read_text().count("data:image/png;base64,") == 2  # what was skipped saw no motion


@pytest.mark.realtime
def test_hardware_is_asked_for_before_it_moves_and_named_in_the_protocol(tmp_path: Path) -> None:
    table = ("--righting-table", str(EXAMPLES / "table.toml"), "--righting-report", str(tmp_path), "-k", "torque_off")
    with SimulatorProcess(None, None, 1.0, 1, serial=4711) as simulator:
        refused = suite("--righting-target", simulator.url, *table, typed="no\n")
        assert refused.returncode == 2
        assert "serial number 4711, firmware 1.0.0" in refused.stderr
        assert "nobody said yes: nothing was moved" in refused.stdout
        place = tmp_path / "place.yaml"
        place.write_text(f"targets: {{main: {{resources: {{RawSerialPort: {{port: {simulator.url}}}}}}}}}\n")
        done = suite("--righting-target", str(place), *table, typed="yes\n")
    assert done.returncode == 0, done.stdout
    assert "NOBODY lies on the table" in done.stderr
    assert "Serial number 4711" in told(tmp_path / "table.html")
    assert "Nothing of steel" not in told(tmp_path / "table.html")


def test_the_plugin_loads_nothing_until_a_test_asks_for_a_stand() -> None:
    code = "import sys, firmware_host.cli.hil.plugin; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded = {name.partition(".")[0] for name in out.split()}
    assert loaded.isdisjoint({"safety", "drivers", "sim", "numpy", "numba", "serial", "typer"})


def test_what_is_told_to_the_simulated_table_happens_at_once() -> None:
    table_end = make_table_end(load_table(None), load_rider(None), 1)
    table = FaultyTable(table_end, [], 1)
    table.obey("begin emergency-stop")
    assert table_end.table.faults[ESTOP_PRESSED] == 1.0
    table.obey("end emergency-stop")
    assert table_end.table.faults[ESTOP_PRESSED] == 0.0
    for wrong in ("begin nothing", "emergency-stop", "begin host-killed", "begin press-stop", "end nothing", ""):
        with pytest.raises(ValueError, match="write begin FAULT or end FAULT"):
            table.obey(wrong)


def test_a_promise_that_is_not_made_says_what_to_build() -> None:
    nothing = Capabilities("a drive")
    for promise in MISSING:
        assert "must be built in hardware: " in lacks(nothing, promise)
        if promise != "timeout_s":  # a board tells its own
            assert lacks(TABLE_BOARD, promise) == ""
    assert TABLE_BOARD._replace(timeout_s=0.25).equipment == Equipment.ALL


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("30m", 1800.0), ("24h", 86400.0), ("0.5H", 1800.0)]
)
def test_the_length_of_a_soak_is_read(text: str, seconds: float) -> None:
    assert soak_s(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1h", "0", "nan", "1d"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"could not convert|is no time"):
        soak_s(text)


def test_a_figure_that_is_no_number_is_within_no_limits() -> None:
    assert Figure("x", 1.0, "s", 1.0, 1.0).met
    assert not Figure("x", float("nan"), "s").met
    assert not Figure("x", 1.1, "s", at_most=1.0).met


def test_the_limit_and_the_ports_are_those_of_the_table() -> None:
    table = load_table(EXAMPLES / "table-vesc.toml")
    assert (allowed_deg(table, None), allowed_deg(table, 10.0)) == (60.0, 10.0)
    for wrong in (61.0, -1.0):
        with pytest.raises(TargetError, match="may be turned to 0 to 60 deg"):
            allowed_deg(table, wrong)
    assert ports(table, "/dev/a /dev/b /dev/c") == ["/dev/a", "/dev/b", "/dev/c"]
    with pytest.raises(TargetError, match="1 ports, and 3 are needed, for vesc, witmotion, contacts"):
        ports(table, "/dev/a")
    with pytest.raises(TargetError, match="names no port"):
        ports(table, "file")


def test_the_drift_of_a_clock_is_found_beside_frames_that_come_late_and_over_its_wrap() -> None:
    clocks = Clocks()
    empty = Telemetry(1, 0, 0, None, None, None, None, None, None, None, None, None, 0, 0, 0, 0, 0)
    for tick in range(60_000):
        now_s = 50.0 + tick * 0.01
        told_us = int((4000.0 + (now_s - 50.0) * (1.0 - 80e-6)) * 1e6) % (1 << 32)
        clocks.see(empty._replace(board_time_us=told_us), now_s + (tick % 7) * 0.003)
    assert clocks.drift * 1e6 == pytest.approx(-80.0, abs=0.5)


def test_the_guide_names_what_the_code_has(repository: Path) -> None:
    guide = (repository / "docs/drives/adding.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", guide, re.MULTILINE)
    members = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert members == {name for name in vars(Dialogue) if not name.startswith("_")}
    paths = {path for path in re.findall(r"`([a-z_./-]+/[a-z_./-]*)`", guide) if "NAME" not in path}
    assert len(paths) > 15
    assert [path for path in paths if not (repository / path).exists() and not path.startswith("build")] == []
    for file, names in (
        ("drivers/capabilities.py", ("DRIVES",)),
        ("firmware_host/files/tables.py", ("DeviceKind", "_UNITS")),
        ("firmware_host/devices.py", ("_dialogue", "_setup")),
        ("firmware_host/cli/virtual.py", ("_emulated",)),
    ):
        code = (repository / file).read_text(encoding="utf-8")
        assert all(f"`{name}`" in guide and re.search(rf"^(def )?{name}\b", code, re.MULTILINE) for name in names), file
