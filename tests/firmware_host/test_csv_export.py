"""A recording as CSV, read back with the csv module, and beside the recording itself."""

import csv
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from firmware_host.control.ticks import NO_REQUEST, TickInput, TickOutput
from firmware_host.recording.blackbox import FULL_CHUNK, BlackBox
from firmware_host.recording.blackbox_reader import BlackBoxReadError, pieces, read, recover
from firmware_host.recording.csv_export import csv_pieces, write_csv
from safety.signals import Input, Response, Telemetry
from tests.end_to_end.commands import bench


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session in which the encoder dies."""
    folder = tmp_path_factory.mktemp("csv")
    bench(folder, "encoder-dead@40")
    return next(folder.glob("*.mcap"))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(keepends=True), strict=True))


def test_every_tick_is_a_row_and_says_what_was_measured(file: Path) -> None:
    recording = read(file)
    rows = rows_of("".join(csv_pieces(file)))
    assert len(rows) == len(recording.inputs)
    start_s = recording.inputs[0].now_s
    for row, one, output in zip(rows, recording.inputs, recording.outputs, strict=True):
        assert float(row["time [s]"]) == pytest.approx(one.now_s - start_s, abs=1e-6)
        assert row["state"] == output.state
        encoder = None if one.telemetry is None else one.telemetry.encoder_deg
        assert (float(row["encoder [deg]"]) if row["encoder [deg]"] else None) == pytest.approx(encoder, abs=1e-6)
        if one.telemetry is not None:
            assert row["upright_switch"] == str(int(one.telemetry.inputs & Input.UPRIGHT_SWITCH != 0))
    assert sum(row["pressed start"] == "1" for row in rows) == 1
    assert {round(float(b["time [s]"]) - float(a["time [s]"]), 6) for a, b in pairwise(rows)} == {0.01}


def test_every_signal_has_a_column_with_its_unit(file: Path) -> None:
    header = next(csv_pieces(file)).split("\r\n", 1)[0].split(",")
    assert len(set(header)) == len(header)
    units = ("encoder [deg]", "rate [deg/s]", "current [A]", "supply [V]", "motor temperature [degC]", "time [s]")
    assert set(units) <= set(header)
    assert {"hand_switch_no", "estop_chain", "brake_closed", "drive fault overcurrent", "command"} <= set(header)


def test_lines_end_as_rfc_4180_says(file: Path, tmp_path: Path) -> None:
    write_csv(file, tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data == "".join(csv_pieces(file)).encode()


def test_what_is_no_recording_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.mcap").write_text("something else")
    with pytest.raises(BlackBoxReadError):
        write_csv(tmp_path / "x.mcap", tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


def test_a_cut_recording_gives_what_is_sound(file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(file.read_bytes()[:-20_000])
    whole = read(cut)
    assert len(rows_of("".join(csv_pieces(cut)))) == len(whole.inputs) > 1000
    assert [tick.tick_input for tick in pieces(cut)] == whole.inputs


def made_up(folder: Path, ticks: int) -> Path:
    frame = Telemetry(1, 0, 0, None, None, 1.5, 1.25, 0.0, 0.5, 24.0, 20.0, 20.0, 0, 0, 0, 0, 0)
    output = TickOutput(None, "boarding_ready", Response.NONE, None, 0.0, -1, ())
    box = BlackBox(folder, f"made-up-{ticks}", {"begun": "2026-01-01T00:00:00+00:00"}, 0, lossless=True)
    with box:
        for number in range(ticks):
            angle_deg = (number * 7919 % 1000) / 10.0
            telemetry = frame._replace(sequence=number & 0xFFFF, encoder_deg=angle_deg)
            box.record(TickInput(number * 0.01, telemetry, None, 0.0, NO_REQUEST), output)
    even = folder / f"even-{ticks}.mcap"
    recover(box.path, even)  # how much the recorder's thread puts into a chunk hangs on when it is given its turn
    return even


def peak_bytes(file: Path) -> int:
    tracemalloc.start()
    try:
        for _ in csv_pieces(file):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    short, long = made_up(tmp_path, 3 * FULL_CHUNK), made_up(tmp_path, 12 * FULL_CHUNK)
    peak_bytes(short)  # whatever is imported or cached the first time
    assert peak_bytes(long) < 1.2 * peak_bytes(short)
