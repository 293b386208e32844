"""Extract, update and compile.

The English sentence is the key. In the page's modules it stands in ``t("...")`` or ``tn("one", "many", n)``, and in the
``title`` of a view; what comes over the wire is listed in ``wire``.
"""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from firmware_host.panel.texts import wire

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parent / "page"
TEMPLATE: Final = HERE / "righting.pot"
LANGUAGES: Final = ("de",)
"""English needs no catalog."""
_KEYWORDS: Final[dict[str, Any]] = {"t": None, "tn": (1, 2)}
_TITLE: Final = re.compile(r'^  title: "([^"]+)",$', re.MULTILINE)
_PLACE: Final = re.compile(r"\{(\w+)\}")
_HEADER: Final = "# Texts of the operator panel; `make texts` keeps this file in step with the sources."
_UNSAID: Final = re.compile(
    rb'"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|'
    rb"Language-Team):[^\n]*\n"
)
"""Lines of the header that say nothing here, or something else each time."""
_SPECIAL: Final = re.compile(r"([.*+?^${}()|\[\]\\/])")


def po_path(language: str) -> Path:
    """Where the translations of a language are."""
    return HERE / f"{language}.po"


def json_path(language: str) -> Path:
    """Where the page finds them."""
    return PAGE / "texts" / f"{language}.json"


def extract_all() -> Catalog:
    """Collect what the page says and what it is told."""
    template = _empty(None)
    for path in sorted(PAGE.rglob("*.js")):
        place = [(path.relative_to(PAGE).as_posix(), 0)]
        for text in _texts_in(path):
            template.add(text, locations=place)
    for sentence in (*wire.SENTENCES, *wire.TEMPLATES):
        template.add(sentence, locations=[("texts/wire.py", 0)])
    return template


def updated(language: str, template: Catalog) -> Catalog:
    """Give the translations of a language, with those that are new still empty and those that went left out."""
    catalog = read(language)
    catalog.header_comment = _HEADER
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def read(language: str) -> Catalog:
    """Read the translations of a language; empty ones if there is no file yet."""
    path = po_path(language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def as_po(catalog: Catalog) -> bytes:
    """Write a catalog as gettext reads it: sorted and without line numbers, so that a difference is a change."""
    file = BytesIO()
    write_po(file, catalog, width=120, omit_header=False, sort_output=True, include_lineno=False)
    return _UNSAID.sub(b"", file.getvalue())


def as_json(language: str, catalog: Catalog) -> str:
    """Write what the page needs; what is not translated yet is left out, and said in English."""
    texts: dict[str, str | tuple[str, ...]] = {}
    patterns: list[tuple[str, str]] = []
    for message in messages(catalog):
        if not all(translations(message)):
            continue
        if message.id in wire.TEMPLATES:
            patterns.append((as_pattern(str(message.id)), str(message.string)))
        elif isinstance(message.id, tuple):
            texts[message.id[0]] = tuple(translations(message))
        else:
            texts[str(message.id)] = str(message.string)
    # The page takes the first that fits: what says the most in fixed words comes first.
    patterns.sort(key=lambda pair: (-len(re.sub(r"\(\?<.*?\)", "", pair[0])), pair))
    found = {"language": language, "texts": texts, "patterns": patterns}
    return json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def messages(catalog: Catalog) -> Iterator[Message]:
    """Give all messages but the header."""
    return (message for message in catalog if message.id)


def translations(message: Message) -> list[str]:
    """Give a translation's forms: one, or one for each number; empty where there is none."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return [str(form or "") for form in forms]


def places(text: str) -> set[str]:
    """Give the names of the places in a text."""
    return set(_PLACE.findall(text))


def as_pattern(template: str) -> str:
    """Turn a template into a regular expression of JavaScript, with a group for each place."""
    parts = _PLACE.split(template)
    fixed = [_SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    groups = [f"(?<{name}>.+?)" for name in parts[1::2]]
    return "".join(part for pair in zip(fixed, [*groups, ""], strict=True) for part in pair)


def _texts_in(path: Path) -> Iterator[str | tuple[str, str]]:
    source = path.read_bytes()
    for _, found, _, _ in extract("javascript", BytesIO(source), keywords=_KEYWORDS):
        if isinstance(found, tuple):
            yield found[0], found[1]
        else:
            yield found
    yield from _TITLE.findall(source.decode())


def _empty(language: str | None) -> Catalog:
    return Catalog(locale=language, header_comment=_HEADER, charset="utf-8", fuzzy=False)
