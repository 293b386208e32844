"""The commands that turn a recording into something for people: CSV, PDF, and the bundle for helpers."""

import csv
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.end_to_end.commands import bench, righting


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    bench(folder)
    return next(folder.glob("*.mcap"))


def test_a_recording_becomes_a_table_of_text(file: Path, tmp_path: Path) -> None:
    done = righting("export", file, "--csv", tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "a.csv").open(newline="") as paper:
        rows = list(csv.DictReader(paper))
    assert max(float(row["inclinometer [deg]"] or "-inf") for row in rows) == pytest.approx(40.0, abs=0.5)


def test_a_report_is_written_on_paper_too(file: Path, tmp_path: Path) -> None:
    done = righting("report", file, "--pdf", tmp_path / "a.pdf")
    assert done.returncode == 0, done.stderr
    assert "The program was completed" in PdfReader(tmp_path / "a.pdf").pages[0].extract_text()


def test_the_bundle_holds_the_session(file: Path, tmp_path: Path) -> None:
    done = righting("diagnostics", tmp_path / "d.zip", "--records", file.parent)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "d.zip") as bundle:
        assert any(name.startswith("sessions/01-") for name in bundle.namelist())


@pytest.mark.parametrize("arguments", [("export", "x.mcap", "--csv", "x.csv"), ("report", "x.mcap", "--pdf", "x.pdf")])
def test_what_is_not_there_is_told(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = righting(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "x.mcap" in done.stderr
    assert list(tmp_path.iterdir()) == []
