"""The report on paper, read back as text."""

import re
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from firmware_host.recording.blackbox_reader import Recording, read
from firmware_host.recording.paper import NOT_A_DEVICE, Comfort, Details, PaperError, session_pdf
from tests.end_to_end.commands import bench


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A session in which the encoder dies."""
    folder = tmp_path_factory.mktemp("paper")
    bench(folder, "encoder-dead@40")
    return read(next(folder.glob("*.mcap")))


def pages(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def test_one_page_says_what_happened_and_shows_it(recording: Recording) -> None:
    details = Details("Zoë Łukasiewicz-Ёлкина", Comfort(6, 8, "Slept well — ça va."))
    pdf = session_pdf(recording, details)
    (text,) = pages(pdf)
    for part in (
        "Session report", "Intermittent 40", "Zoë Łukasiewicz-Ёлкина", "simulated, nobody lay on it",
        "Brought upright before the program's end", "15.0° inverted", "drive-fault", "normal return",
        "The session ended as returned, with the rider upright.", "6 of 10 before, 8 of 10 after",
        "Slept well — ça va.",
    ):  # fmt: skip
        assert part in text
    assert NOT_A_DEVICE in text
    assert len(PdfReader(BytesIO(pdf)).pages[0].images) == 1
    assert len(pdf) < 400_000


def test_nobody_is_named_unless_the_caller_says_who(recording: Recording) -> None:
    (text,) = pages(session_pdf(recording))
    assert "Rider" not in text
    assert "Comfort" not in text.replace(NOT_A_DEVICE, "")


def test_what_was_not_asked_is_not_zero(recording: Recording) -> None:
    (text,) = pages(session_pdf(recording, Details(comfort=Comfort(None, 0))))
    assert "not asked before, 0 of 10 after" in text


def test_a_letter_that_the_font_lacks_is_a_question_mark(recording: Recording) -> None:
    (text,) = pages(session_pdf(recording, Details("李 Li")))
    assert "? Li" in text


def test_without_matplotlib_there_is_a_report_without_a_picture(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("matplotlib", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, name, None)
    text = " ".join(pages(session_pdf(recording, Details("Zoë Łuk"))))
    assert "No picture: pictures need matplotlib" in text
    assert "Zoë ?uk" in text


def test_without_fpdf_it_is_told_what_to_install(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(PaperError, match=r"pip install 'righting\[panel\]'"):
        session_pdf(recording)


def test_an_empty_recording_has_a_report_too() -> None:
    (text,) = pages(session_pdf(Recording(Path("empty.mcap"), problems=["cut"])))
    assert "nothing was recorded" in text
    assert "cut" in text
