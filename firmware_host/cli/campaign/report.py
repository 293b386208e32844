"""The HTML report of a campaign: one file, with pictures of the worst sessions."""

import base64
import io
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.cli.campaign.cases import Case
from firmware_host.cli.campaign.coverage import Coverage
from firmware_host.cli.judged import run
from sim.faults import CATALOGUE
from sim.layout import TRACE_COLUMNS
from sim.oracle import judge
from sim.oracle_terms import upright_below_deg

PICTURED: Final = 6
_TEMPLATE: Final = "report.html.jinja"


class ReportError(Exception):
    """The report cannot be made here."""


class Pictured(NamedTuple):
    """A session for the report."""

    title: str
    case: Case
    command: str
    told: tuple[str, ...]
    """What was broken, or the smallest margin."""


def write_report(target: Path, summary: dict[str, Any], coverage: Coverage, worst: list[Pictured]) -> None:
    """Write the report. Raises ``ReportError`` where a library is missing, and ``OSError``."""
    try:
        import jinja2
    except ImportError:
        raise ReportError("the report needs the package jinja2, which is not installed; leave --report out") from None
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template(_TEMPLATE)
    told = [{**one._asdict(), "picture": _picture(one.case)} for one in worst]
    rows = [(fault, [coverage.cells[situation, fault] for situation in coverage.situations()]) for fault in CATALOGUE]
    situations = [", ".join(situation) for situation in coverage.situations()]
    text = template.render(summary=summary, worst=told, situations=situations, rows=sorted(rows))
    target.write_text(text, encoding="utf-8")


def _picture(case: Case) -> str:
    """Run a case once more and draw the truth; gives PNG as base64."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ReportError("the pictures need matplotlib, which is not installed; leave --report out") from None
    done = run(case.session(), list(case.faults), case.seed, None)
    t_s, angle_deg, rate_dps = (done.trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "angle_deg", "rate_dps"))
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    upper.plot(t_s, angle_deg, color="black", linewidth=1.2)
    upper.axhline(done.asked.limit_deg, color="tab:red", linewidth=0.8, linestyle="--")
    upper.axhline(upright_below_deg(done.asked), color="tab:green", linewidth=0.8, linestyle="--")
    upper.set_ylabel("angle, deg")
    lower.plot(t_s, rate_dps, color="black", linewidth=0.8)
    lower.set_ylabel("rate, deg/s")
    lower.set_xlabel("time, s")
    for axes in (upper, lower):
        for change_s in done.asked.changes_s:
            if change_s < done.session_s:
                axes.axvline(change_s, color="tab:orange", linewidth=1.0)
        for trip in done.asked.trips:
            axes.axvline(trip.t_s, color="tab:red", linewidth=0.8, linestyle=":")
    upper.set_title("; ".join(judge(done.trace, done.asked)) or "kept every promise", fontsize=8, wrap=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
