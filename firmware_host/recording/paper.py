"""The report of a session on paper: a PDF of one or two pages, to be kept or shown to a physician.

It says what was recorded and nothing more. Who the rider is stands there only if the caller says so: a recording names
nobody.
"""

import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.explain import explain
from firmware_host.recording.report import PictureError, picture, summary
from firmware_host.recording.session_summary import SessionSummary
from safety.signals import Response, Trip

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import FontFace

NOT_A_DEVICE: Final = (
    "Righting is not a medical device, and this report is not medical advice. It tells what the table's sensors "
    "measured. Comfort from 0 (very bad) to 10 (very good) is what the rider said."
)
OUTCOMES: Final = {
    "completed": "The program was completed",
    "returned": "Brought upright before the program's end",
    "emergency_returned": "Brought upright by the emergency return",
    "stopped": "Stopped away from the end of the program",
    "refused": "Not started",
}
RESPONSES: Final = {
    Response.NONE: "none",
    Response.INHIBIT: "no motion toward inversion",
    Response.RETURN: "normal return",
    Response.EMERGENCY_RETURN: "emergency return",
    Response.STOP: "stopped",
    Response.TORQUE_OFF: "torque off, brake closed",
}
FONT: Final = "DejaVuSans"
FALLBACK_FONT: Final = "Helvetica"
UNKNOWN_LETTER: Final = "?"
MARGIN_MM: Final = 15.0
PICTURE_MM: Final = 165.0
PICTURE_WORDS: Final = "Angle, states, rate and current over the time of the session"
INK, SOFT, RULE, SHADE = (16, 32, 44), (61, 81, 97), (190, 203, 213), (238, 242, 245)
MOST_TRIPS: Final = 12
"""Rows of the table of trips; the recording has them all."""


class PaperError(Exception):
    """No report can be made; ``str()`` says what to do."""


class Comfort(NamedTuple):
    """What the rider said, each 0 to 10; None where nobody asked."""

    before: int | None
    after: int | None
    note: str = ""


class Details(NamedTuple):
    """What a recording does not say, and a report may."""

    rider: str | None = None
    """Name of the rider; None leaves it out."""
    comfort: Comfort | None = None


def session_pdf(recording: Recording, details: Details | None = None) -> bytes:
    """Give the report of a recording as PDF. Raises ``PaperError``."""
    return _Report(recording, details or Details()).bytes()


class _Report:
    """One report being written."""

    def __init__(self, recording: Recording, details: Details) -> None:
        self._recording, self._details = recording, details
        self._told = summary(recording)
        self._explained = explain(recording)
        self._pdf, self._font, self._letters = _blank_page(self._told.program)

    def bytes(self) -> bytes:
        """Write all of it."""
        self._head()
        self._facts()
        self._picture()
        self._heading("What happened")
        for sentence in self._explained.in_brief:
            self._paragraph(sentence)
        self._trips(self._explained.trips)
        if self._told.problems:
            self._heading("The recording")
            for problem in self._told.problems:
                self._paragraph(problem)
        return bytes(self._pdf.output())

    def _head(self) -> None:
        self._write(17, "Session report", bold=True, height_mm=9)
        self._write(12, f"{self._told.program} · {_begun(self._recording)}", height_mm=7)
        self._write(8.5, NOT_A_DEVICE, height_mm=4.2, colour=SOFT)
        self._pdf.ln(2)

    def _facts(self) -> None:
        rows = _facts(self._recording, self._told)
        if self._details.rider is not None:
            rows.insert(0, ("Rider", self._details.rider))
        if self._details.comfort is not None:
            rows += _comfort(self._details.comfort)
        self._grid([(name, self._shown(value)) for name, value in rows], (44, 134), named=True)

    def _picture(self) -> None:
        drawn = BytesIO()
        try:
            picture(self._recording, drawn)
        except PictureError as error:
            self._paragraph(f"No picture: {error}")
            return
        self._pdf.ln(2)
        self._pdf.image(drawn, x=(self._pdf.w - PICTURE_MM) / 2, w=PICTURE_MM, alt_text=PICTURE_WORDS)

    def _trips(self, trips: tuple[Trip, ...]) -> None:
        if not trips:
            return
        self._heading("What the monitors did")
        start_s = self._recording.inputs[0].now_s
        rows = [("Time", "Monitor", "Answer", "What it saw")]
        rows += [
            (f"{trip.t_s - start_s:.1f} s", trip.monitor, RESPONSES[trip.response], self._shown(trip.detail))
            for trip in trips[:MOST_TRIPS]
        ]
        self._grid(rows, (18, 34, 40, 86), heading=True)
        if len(trips) > MOST_TRIPS:
            self._paragraph(f"And {len(trips) - MOST_TRIPS} more, which are in the recording.")

    def _heading(self, text: str) -> None:
        self._pdf.ln(2)
        self._write(12, text, bold=True, height_mm=7)

    def _paragraph(self, text: str) -> None:
        self._write(9.5, text, height_mm=5)

    def _write(
        self, size: float, text: str, *, bold: bool = False, height_mm: float, colour: tuple[int, int, int] = INK
    ) -> None:
        self._pdf.set_font(self._font, style="B" if bold else "", size=size)
        self._pdf.set_text_color(*colour)
        self._pdf.multi_cell(0, height_mm, self._shown(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def _grid(
        self, rows: Sequence[tuple[str, ...]], widths_mm: tuple[int, ...], *, heading: bool = False, named: bool = False
    ) -> None:
        """Write a table; with ``named`` its first column names the rows."""
        self._pdf.set_font(self._font, size=9.5)
        self._pdf.set_text_color(*INK)
        self._pdf.set_draw_color(*RULE)
        names = self._face()
        with self._pdf.table(
            col_widths=widths_mm, first_row_as_headings=heading, headings_style=names, line_height=5.0, padding=0.3,
            text_align="LEFT", borders_layout="HORIZONTAL_LINES",
        ) as table:  # fmt: skip
            for row in rows:
                cells = table.row()
                for place, text in enumerate(row):
                    cells.cell(text, style=names if named and place == 0 else None)

    def _face(self) -> "FontFace":
        from fpdf.fonts import FontFace

        return FontFace(emphasis="BOLD", fill_color=SHADE)

    def _shown(self, text: str) -> str:
        """Put a question mark where the font has no letter, rather than nothing."""
        return "".join(letter if ord(letter) in self._letters else UNKNOWN_LETTER for letter in text)


def _blank_page(title: str) -> "tuple[FPDF, str, Any]":
    """Give an empty document, the font's name, and the code points that it can show. Raises ``PaperError``."""
    try:
        from fpdf import FPDF
        from fpdf.fonts import TTFFont
    except ImportError as error:
        text = "reports on paper need fpdf2, which this installation lacks: pip install 'righting[panel]'"
        raise PaperError(text) from error
    pdf = FPDF(format="A4")
    pdf.set_margins(MARGIN_MM, MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=MARGIN_MM)
    pdf.set_title(f"Session report: {title}")
    pdf.set_creator("Righting")
    pdf.set_lang("en")
    pdf.add_page()
    folder = _font_folder()
    if folder is None:
        return pdf, FALLBACK_FONT, range(0x20, 0x100)
    pdf.add_font(FONT, "", folder / f"{FONT}.ttf")
    pdf.add_font(FONT, "B", folder / f"{FONT}-Bold.ttf")
    maps = [set(font.cmap) for font in pdf.fonts.values() if isinstance(font, TTFFont)]
    return pdf, FONT, set.intersection(*maps)


def _font_folder() -> Path | None:
    """Find the fonts that come with matplotlib, which have most of the world's letters; without it there are none."""
    with contextlib.suppress(ImportError):
        found = find_spec("matplotlib")
        if found is not None and found.origin is not None:
            folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
            if (folder / f"{FONT}.ttf").is_file():
                return folder
    return None


def _begun(recording: Recording) -> str:
    try:
        begun = datetime.fromisoformat(recording.metadata["begun"])
    except (KeyError, ValueError):
        return "at a time that was not recorded"
    zoned = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    return f"{zoned.astimezone():%Y-%m-%d %H:%M}"


def _facts(recording: Recording, told: SessionSummary) -> list[tuple[str, str]]:
    highest = "not measured" if told.max_angle_deg is None else _angle(told.max_angle_deg)
    fastest = "not measured" if told.max_rate_dps is None else f"{told.max_rate_dps:.1f}°/s"
    return [
        ("Table", _table(recording)),
        ("Program", told.program),
        ("Outcome", OUTCOMES.get(told.outcome, told.outcome)),
        ("Duration", f"{_minutes(told.duration_s)}, inverted for {_minutes(told.inverted_s)}"),
        ("Highest angle", highest),
        ("Highest rate", fastest),
        ("Link", told.link),
        ("Recording", recording.path.name),
    ]


def _comfort(given: Comfort) -> list[tuple[str, str]]:
    before, after = ("not asked" if one is None else f"{one} of 10" for one in (given.before, given.after))
    told = [("Comfort", f"{before} before, {after} after")]
    return [*told, ("Note", given.note)] if given.note else told


def _angle(angle_deg: float) -> str:
    if angle_deg <= 0.0:
        return f"{-angle_deg:.1f}° short of horizontal: not inverted"
    return f"{angle_deg:.1f}° inverted"


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def _table(recording: Recording) -> str:
    """Name the table and its board; a simulated one is called so."""
    name = "not recorded"
    with contextlib.suppress(KeyError, TypeError, ValueError):
        name = str(json.loads(recording.metadata["table"])["data"]["table"]["name"])
    boards = [one.config for one in recording.inputs if one.config is not None]
    if not boards:
        return name
    kind = "simulated, nobody lay on it" if boards[-1].simulated else f"board {boards[-1].serial}"
    return f"{name} ({kind})"
