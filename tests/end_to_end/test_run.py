"""``righting run`` as people use it: a process, a virtual serial port, the simulated table in another process."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest

from firmware_host.recording.blackbox_reader import Recording, read
from tests.end_to_end.commands import EXAMPLES, LONGEST_S, PROGRAM, REGULAR, process, righting

pytestmark = pytest.mark.realtime

SPEED = "20"


@pytest.fixture
def near(tmp_path: Path) -> Path:
    """A program that holds not far from upright: on the way and back again is where nothing is looked for here."""
    file = tmp_path / "near.toml"
    file.write_text('name = "Near"\n[[step]]\ndo = "go"\nto_deg = -40\n[[step]]\ndo = "hold"\nfor_s = 170\n')
    return file


def read_until(started: subprocess.Popen[str], text: str) -> list[str]:
    """Read lines until one holds ``text``."""
    lines: list[str] = []
    assert started.stdout is not None
    for line in started.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} never came:\n{''.join(lines)}")


def rest_of(started: subprocess.Popen[str]) -> str:
    out, _ = started.communicate(timeout=LONGEST_S)
    return out


def only_recording(folder: Path) -> Recording:
    files = list(folder.glob("*.mcap"))
    assert len(files) == 1, files
    return read(files[0])


def test_a_session_completes_and_leaves_summary_black_box_and_picture(tmp_path: Path) -> None:
    done = righting("run", PROGRAM, "--rider", REGULAR, "--speed", SPEED, "--records", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "completed" in done.stdout
    recording = only_recording(tmp_path)
    highest = max(output.telemetry.encoder_deg or -90.0 for output in recording.inputs if output.telemetry)
    assert highest == pytest.approx(40.0, abs=1.0)
    assert len(list(tmp_path.glob("*.png"))) == 1
    assert "ridden" not in REGULAR.read_text(encoding="utf-8"), "nobody lay there"
    replayed = righting("replay", next(tmp_path.glob("*.mcap")))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_the_demonstration_needs_no_argument(tmp_path: Path) -> None:
    done = righting("run", "--speed", SPEED, "--records", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.requirement("REQ-SES-STOP")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_brings_the_rider_upright_first(tmp_path: Path, number: signal.Signals) -> None:
    with process("run", PROGRAM, "--rider", REGULAR, "--speed", SPEED, "--records", tmp_path) as started:
        read_until(started, "angle 1 of")
        started.send_signal(number)
        told = rest_of(started)
        assert started.returncode == 3, told
    assert "return upright" in told
    last = next(one.telemetry for one in reversed(only_recording(tmp_path).inputs) if one.telemetry is not None)
    assert last.encoder_deg is not None
    assert last.encoder_deg < -70.0


@pytest.mark.requirement("REQ-SES-STOP")
@pytest.mark.parametrize("how", ["hangup", "pipe"])
def test_a_terminal_that_is_closed_brings_the_rider_upright(tmp_path: Path, near: Path, how: str) -> None:
    """A connection that broke off: shell and system both say so, and nobody reads any more what is written."""
    with process("run", near, "--rider", REGULAR, "--speed", SPEED, "--records", tmp_path) as started:
        read_until(started, "hold 170 s")
        assert started.stdout is not None
        if how == "hangup":
            started.send_signal(signal.SIGHUP)
            started.send_signal(signal.SIGHUP)
            rest_of(started)
        else:
            started.stdout.close()
        assert started.wait(LONGEST_S) == 3
    recording = only_recording(tmp_path)
    assert recording.problems == []
    assert angles(recording)[-1] < -70.0


@pytest.mark.requirement("REQ-RSP-STOP", "REQ-REC-PERSON")
def test_two_signals_stop_and_brake_and_a_third_brings_the_rider_upright(tmp_path: Path, near: Path) -> None:
    with process("run", near, "--rider", REGULAR, "--speed", "5", "--records", tmp_path) as started:
        read_until(started, "holding")
        started.send_signal(signal.SIGINT)
        read_until(started, "return upright")
        started.send_signal(signal.SIGINT)
        read_until(started, "STOPPED")
        started.send_signal(signal.SIGHUP)  # moves nothing that a person stopped
        read_until(started, "the terminal is gone")
        read_until(started, "deg/s")  # a status line comes every five seconds of session time
        read_until(started, "deg/s")
        assert "STOPPED" in read_until(started, "deg/s")[-1]
        started.send_signal(signal.SIGTERM)
        told = rest_of(started)
        assert started.returncode == 5, told


@contextmanager
def table(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A simulated table of its own, and the name of its port."""
    with process("sim", "--rider", REGULAR, *arguments) as simulator:
        assert simulator.stdout is not None
        yield simulator, simulator.stdout.readline().strip()


def angles(recording: Recording) -> list[float]:
    return [t.encoder_deg for one in recording.inputs if (t := one.telemetry) is not None and t.encoder_deg is not None]


@pytest.mark.requirement("REQ-BRD-RETURN")
def test_a_host_killed_mid_inversion_leaves_a_readable_black_box_and_the_board_rights_the_rider(tmp_path: Path) -> None:
    program, low = tmp_path / "short.toml", tmp_path / "table.toml"
    program.write_text(
        'name = "Short"\n[motion]\nrest_at_flat_s = 10\n[[step]]\ndo = "go"\nto_deg = 6\nrate_dps = 3\n'
        '[[step]]\ndo = "hold"\nfor_s = 60\n'
    )
    low.write_text('[table]\nname = "Low"\n[limits]\nupright_deg = -45\n')  # the least way that a table may have
    with table("--table", low) as (_, port):
        first, second = tmp_path / "first", tmp_path / "second"
        session = ("run", program, "--table", low, "--rider", REGULAR, "--port", port, "--start", "--records")
        with process(*session, first) as started:
            read_until(started, "hold 60 s")
            started.kill()
            started.wait()
        killed = angles(only_recording(first))
        assert killed[-1] > 4.0, "nearly all of the way is in the black box"
        (cut,) = first.glob("*.mcap")
        made = righting("recover", cut, tmp_path / "whole.mcap")
        assert (made.returncode, "end" in made.stdout) == (0, True), made.stdout + made.stderr
        whole = read(tmp_path / "whole.mcap")
        assert whole.problems == []
        assert angles(whole) == killed
        with process(*session, second) as again:
            rest_of(again)
            assert again.returncode == 4
        seen = angles(only_recording(second))
        assert max(seen) < killed[-1] + 0.5, "the board never went on inverting"
        assert seen[-1] < -42.0


def test_a_fault_of_the_simulated_line_is_answered_in_real_time(tmp_path: Path) -> None:
    with (
        table("--fault", "to-board-dead@2:1") as (_, port),
        process("run", PROGRAM, "--rider", REGULAR, "--port", port, "--start", "--records", tmp_path) as started,
    ):
        told = rest_of(started)
        assert started.returncode == 4, told
    assert "host-to-board line" in told
    assert angles(only_recording(tmp_path))[-1] < -72.0


def test_faults_that_the_simulated_table_cannot_have_are_refused() -> None:
    for fault, text in (("host-stall@3", "stop or kill that one"), ("meteor@3", "righting faults")):
        done = righting("sim", "--fault", fault)
        assert done.returncode == 2
        assert text in done.stderr


def test_the_simulator_survives_clients_that_come_and_go(tmp_path: Path) -> None:
    with table() as (simulator, port):
        for _ in range(3):
            fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
            os.write(fd, b"garbage\0more garbage" * 10)
            os.close(fd)
        assert simulator.poll() is None
        done = righting(
            "run", "--port", port, "--start", "--records", tmp_path / "nowhere", "--plain", "--rider", "none"
        )
        assert done.returncode == 2
        assert simulator.poll() is None


def test_ending_the_run_ends_the_simulator(tmp_path: Path, near: Path) -> None:
    with process("run", near, "--rider", REGULAR, "--speed", SPEED, "--records", tmp_path) as started:
        read_until(started, "hold 170 s")
        children = psutil.Process(started.pid).children(recursive=True)
        assert children
        started.send_signal(signal.SIGINT)
        rest_of(started)
        _, alive = psutil.wait_procs(children, timeout=LONGEST_S)
        assert not alive


def test_killing_the_run_ends_the_simulator(tmp_path: Path) -> None:
    with process("run", PROGRAM, "--rider", REGULAR, "--records", tmp_path) as started:
        read_until(started, "moving")
        children = psutil.Process(started.pid).children(recursive=True)
        assert children
        started.kill()
        _, alive = psutil.wait_procs(children, timeout=LONGEST_S)
        assert not alive


@pytest.mark.requirement("REQ-LIM-PROGRAM")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--port", "/dev/does-not-exist", "--start"], "does-not-exist"),
        (["--port", "nonsense://x", "--start"], "nonsense"),
        (["--port", "/dev/null", "--start"], "/dev/null"),
        (["--port", "/dev/pts/0"], "--start"),
        (["--port", "/dev/pts/0", "--start", "--speed", "3"], "--speed"),
        (["--rider", str(EXAMPLES / "riders" / "nobody.toml")], "nobody.toml"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_nothing_moves(
    tmp_path: Path, arguments: list[str], text: str
) -> None:
    done = righting("run", *arguments, "--records", tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_refuses_before_anything_moves(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = righting("run", "--records", blocked / "records")
    assert done.returncode == 2
    assert "records" in done.stderr


def test_a_port_on_which_nobody_answers_is_refused(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        done = righting("run", "--port", os.ttyname(slave), "--start", "--records", tmp_path)
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 2
    assert "board" in done.stdout + done.stderr


def test_the_version_is_that_of_the_package() -> None:
    result = righting("--version")
    assert (result.returncode, result.stdout) == (0, f"righting {version('righting')}\n")
