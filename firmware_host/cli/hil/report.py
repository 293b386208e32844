"""The acceptance protocol: one HTML file with what each test measured, and how the table moved. It prints as it is."""

import base64
import io
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_TEMPLATE: Final = "report.html.jinja"
_SIZE_IN: Final = (8.0, 3.4)
_DPI: Final = 80
ENCODER, INCLINOMETER, RATE = "#0072b2", "#e69f00", "#007a5a"


def write_report(target: Path, tests: list[dict[str, Any]]) -> None:
    """Write the protocol of one table. ``tests`` are dictionaries as the plugin makes them. Raises ``OSError``."""
    import jinja2

    told = [{**one, "shown_case": _case(one), "picture": _picture(one["evidence"])} for one in tests]
    head = {**_answered(tests), "file": tests[0]["file"]}
    missing: dict[str, list[str]] = {}
    for one in told:
        if one["outcome"] == "skipped":
            missing.setdefault(one["reason"], []).append(one["test"] + one["shown_case"])
    counts = Counter(one["outcome"] for one in tests)
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template(_TEMPLATE)
    text = template.render(
        head=head,
        tests=told,
        missing=missing,
        counts={name: counts[name] for name in ("passed", "failed", "skipped")},
        simulated=head["target"].startswith("simulated"),
        version=version("righting"),
        date=datetime.now(tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M"),
    )
    target.write_text(text, encoding="utf-8")


def _answered(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Who answered, by a test in which somebody did."""
    found: list[dict[str, Any]] = [one["evidence"] for one in tests]
    return next((evidence for evidence in found if evidence["serial"] is not None), found[0])


def _case(one: dict[str, Any]) -> str:
    case = str(one["case"]).replace(one["file"], "", 1).strip("-")
    return f", {case}" if case else ""


def _picture(evidence: dict[str, Any]) -> str:
    """Draw both angles and the rate; gives PNG as base64, and nothing where nothing was seen."""
    from matplotlib.figure import Figure

    rows = evidence["rows"]
    if len(rows) < 2:
        return ""
    t_s, encoder, inclinometer, rate, _ = ([_number(value) for value in column] for column in zip(*rows, strict=True))
    figure = Figure(figsize=_SIZE_IN, layout="constrained")
    angles, rates = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    angles.plot(t_s, encoder, color=ENCODER, linewidth=1.4, label="motor's angle")
    angles.plot(t_s, inclinometer, color=INCLINOMETER, linewidth=1.4, linestyle="--", label="table's angle")
    angles.axhline(evidence["limit_deg"], color="#d55e00", linewidth=0.8)
    angles.axhline(0.0, color="#6b6b6b", linewidth=0.8)
    angles.set_ylabel("deg")
    angles.legend(loc="best", fontsize=8, frameon=False)
    rates.plot(t_s, rate, color=RATE, linewidth=1.0)
    rates.set_ylabel("deg/s")
    rates.set_xlabel("time, s")
    for axis in (angles, rates):
        axis.grid(color="#bbbbbb", alpha=0.45, linewidth=0.6)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
