"""The benchmark harness: what counts as met, and what it leaves behind when a benchmark falls short or breaks."""

import json
from math import nan
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, Find, Measure, load, main
from benchmarks.figure import Comparison, Figure


@pytest.mark.parametrize(
    ("value", "target", "comparison", "met"),
    [
        (2.0, 2.0, Comparison.AT_LEAST, True),
        (1.9, 2.0, Comparison.AT_LEAST, False),
        (2.0, 2.0, Comparison.AT_MOST, True),
        (2.1, 2.0, Comparison.AT_MOST, False),
        (nan, 2.0, Comparison.AT_LEAST, False),
        (nan, 2.0, Comparison.AT_MOST, False),
        (2.0, None, Comparison.AT_MOST, None),
    ],
)
def test_figure_is_compared_with_its_target(
    value: float, target: float | None, comparison: Comparison, met: bool | None
) -> None:
    assert Figure("speed", value, "x", target, comparison).met is met


@pytest.mark.parametrize("benchmark_name", BENCHMARKS)
def test_every_listed_benchmark_can_be_loaded(benchmark_name: str) -> None:
    assert callable(load(benchmark_name))


def loader(measure: Measure) -> Find:
    """Finds the same ``measure`` for every benchmark."""
    return lambda _name: measure


def test_figure_that_falls_short_is_reported_and_fails_only_when_strict(tmp_path: Path) -> None:
    out = tmp_path / "new" / "bench.json"
    find = loader(lambda short: [Figure("speed", 1.0 if short else 9.0, "x", 2.0, Comparison.AT_LEAST, "once")])

    assert main(["--json", str(out), "--short"], find) == 0
    assert main(["--json", str(out), "--short", "--strict"], find) == 1
    written = json.loads(out.read_text())
    assert written["short"] is True
    assert written["broken"] == {}
    assert written["figures"][0] == {
        "benchmark": BENCHMARKS[0],
        "name": "speed",
        "value": 1.0,
        "unit": "x",
        "target": 2.0,
        "comparison": "at least",
        "note": "once",
        "met": False,
    }

    assert main(["--json", str(out), "--strict"], find) == 0


def test_value_that_is_no_number_is_null_for_machines(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert main(["--json", str(out)], loader(lambda _short: [Figure("speed", nan, "x", 2.0)])) == 0
    (figure, *_) = json.loads(out.read_text())["figures"]
    assert figure["value"] is None
    assert figure["met"] is False


def test_benchmark_that_breaks_is_named_and_fails_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_short: bool) -> list[Figure]:
        raise FileNotFoundError("no such table")

    out = tmp_path / "bench.json"
    assert main(["--json", str(out)], loader(measure)) == 1
    assert json.loads(out.read_text())["broken"] == dict.fromkeys(BENCHMARKS, "FileNotFoundError: no such table")
    assert "no such table" in capsys.readouterr().err
