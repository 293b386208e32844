"""Names that can be seen, and riders that can be somebody."""

import pytest

from firmware_host.files.names import expect_seen
from firmware_host.files.riders import make_rider
from firmware_host.files.toml_source import FileError, parse_toml

RIDER = '[rider]\nname = "{name}"\nsex = "female"\nmass_kg = {mass}\nheight_m = {height}\nexperience = "beginner"\n'


def told(name: str = "Ada", mass: str = "70", height: str = "1.72") -> str:
    try:
        make_rider(parse_toml("ada.toml", RIDER.format(name=name, mass=mass, height=height)))
    except FileError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "A" * 100,
        "<b>x</b>",
        "漢字 Ünïcode 👩\u200d🦽",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "עדה",
        "7",
        "O'Neill-Smith",
    ],
)
def test_names_of_people_are_taken(name: str) -> None:
    assert expect_seen(name) == name
    assert told(name) == ""


@pytest.mark.parametrize("name", ["\u200b", "\u202eevil", "a\nb", "a\0b", "a\u2028b", "a\tb", "\ufeffAda", "\ud800"])
def test_signs_that_cannot_be_seen_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be seen \(U\+[0-9A-F]{4}\)"):
        expect_seen(name)


@pytest.mark.parametrize("name", ["\u200d", "\u3164", "\u2800 \u2800", "\u0301", "\u115f"])
def test_a_name_that_shows_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="shows nothing"):
        expect_seen(name)


def test_the_file_says_at_which_line() -> None:
    assert "ada.toml:2: " in told("\\u202eevil")
    assert "U+202E" in told("\\u202eevil")


@pytest.mark.parametrize(
    ("mass", "height", "wanted"),
    [("1e-300", "1.72", "20"), ("19.9", "1.72", "20"), ("70", "1e-320", "0.5"), ("70", "0.49", "0.5")],
)
def test_nobody_is_so_light_or_so_small(mass: str, height: str, wanted: str) -> None:
    assert wanted in told(mass=mass, height=height)


def test_a_mark_before_the_text_is_named_wherever_the_text_comes_from() -> None:
    with pytest.raises(FileError, match="byte order mark"):
        parse_toml("ada.toml", "\ufeff" + RIDER.format(name="Ada", mass=70, height=1.72))
