"""Catalogs: up to date, complete, with the same places; and what the real parts say is known by its shape."""

import re
from pathlib import Path

import pytest

from drivers.health import LinkHealth
from firmware_host.files.rider_view import screening_questions
from firmware_host.panel.texts.catalog import (
    LANGUAGES,
    PAGE,
    TEMPLATE,
    as_json,
    as_pattern,
    as_po,
    extract_all,
    json_path,
    messages,
    places,
    po_path,
    read,
    translations,
    updated,
)
from firmware_host.panel.texts.wire import SENTENCES, TEMPLATES
from safety.screening_texts import CLEARANCE_EXPIRED, REFUSED, REFUSES
from tests.firmware_host import test_rider_view as view
from tests.safety.test_monitor_words import WORDS

UPDATE = "run: make texts"


def test_the_template_has_what_the_sources_say() -> None:
    assert TEMPLATE.read_bytes() == as_po(extract_all()), UPDATE


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalog_and_page_are_up_to_date(language: str) -> None:
    catalog = updated(language, extract_all())
    assert po_path(language).read_bytes() == as_po(catalog), UPDATE
    assert json_path(language).read_text(encoding="utf-8") == as_json(language, catalog), UPDATE


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated_with_its_places(language: str) -> None:
    for message in messages(read(language)):
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = translations(message)
        assert len(forms) == len(sources), message.id
        for source, form in zip(sources, forms, strict=True):
            assert form != "", f"not translated: {source}"
            assert places(form) == places(source), source


def test_german_has_one_word_for_the_table_and_one_for_who_lies_on_it() -> None:
    said = " ".join(form for message in messages(read("de")) for form in translations(message))
    assert re.findall(r"\bLiege\w*|\bNutzer\w*", said) == []  # but Tisch, and Person


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_offers_every_language(language: str) -> None:
    assert f'["{language}", ' in (PAGE / "texts.js").read_text(encoding="utf-8")
    assert f'"{language}"' in (PAGE / "settings.js").read_text(encoding="utf-8")


def test_texts_of_the_page_are_whole_sentences() -> None:
    """A text that is put together is found by no translator."""
    built = re.compile(r"\bt\(\s*(?![\"'])(?P<what>[^)\s][^)]*)\)")
    for path in Path(PAGE).rglob("*.js"):
        for match in built.finditer(path.read_text(encoding="utf-8")):
            assert match["what"] in ("text, values", "view.title"), f"{path.name}: t({match['what']})"


def test_what_the_real_parts_say_is_known_by_its_shape() -> None:
    health = LinkHealth()
    health.round_trip_s = 0.0123
    said = {
        f"link {health.diagnose()}": {"trip": "12"},
        REFUSES.format(question=REFUSED["glaucoma"]): {"question": REFUSED["glaucoma"]},
        CLEARANCE_EXPIRED.format(condition="glaucoma", date="2026-01-31"): {
            "condition": "glaucoma",
            "date": "2026-01-31",
        },
    }
    for text, values in said.items():
        matches = [re.fullmatch(as_pattern(one).replace("(?<", "(?P<"), text) for one in TEMPLATES]
        assert [match.groupdict() for match in matches if match is not None] == [values]


def is_known(text: str) -> bool:
    """The page has a translation of it, whole or part by part."""
    whole = text in SENTENCES or any(re.fullmatch(as_pattern(one).replace("(?<", "(?P<"), text) for one in TEMPLATES)
    return whole or ("; " in text and all(is_known(part) for part in text.split("; ")))


@pytest.mark.parametrize("words", sorted({words for _, _, words in WORDS}))
def test_what_any_monitor_says_of_a_trip_is_known_by_its_shape(words: str) -> None:
    assert is_known(words)


def test_what_stands_against_riding_and_who_set_a_limit_is_known_by_its_shape() -> None:
    yes = {**view.NO, "glaucoma": True, "hernia": True, "stroke": True, "pregnancy": True}
    del yes["cataract"]
    given = {"conditions": ["hernia", "stroke"], "given_by": "Dr. A", "expires": "2026-11-25"}
    late = {**view.WELL, "answered": "2026-01-01", "consulted": False, "supervised": False}
    told = {
        *view.reasons({**view.ADA, "mass_kg": 150, "height_m": 2.1}).values(),
        *view.reasons(screening=late).values(),
        *view.reasons(screening={**view.WELL, "answers": yes}, clearance=given).values(),
        *view.reasons(ridden=view.RIDDEN).values(),
        *view.reasons(ridden={**view.RIDDEN, "ended": "2099-01-01T00:00:00Z"}).values(),
        *(origin for _, origin in view.limits(ridden=view.RIDDEN).values()),
        *(page["title"] for page in screening_questions()["pages"]),
    }
    for experience in ("beginner", "regular", "experienced"):
        for done in (0, 9):
            rider = {**view.ADA, "experience": experience, "sessions_done": done}
            told |= {origin for _, origin in view.limits(rider, limits={"return_rest_s": 20}).values()}
    assert {text for text in told if not is_known(text)} == {"table Righting reference table"}  # a name, as it is
