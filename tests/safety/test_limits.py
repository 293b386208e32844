"""Limits only narrow, and say why they refuse."""

import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass

from safety.limits import MACHINE, SPECS, Limits, LimitWidenedError, _limit, narrow

NAMES = sorted(SPECS)


@pytest.mark.requirement("REQ-LIM-UNITS")
def test_every_limit_has_a_unit_and_a_tighter_side() -> None:
    assert SPECS.keys() == asdict(MACHINE).keys()
    for spec in SPECS.values():
        assert spec.unit
        assert spec.tighter in ("smaller", "larger")


@pytest.mark.requirement("REQ-LIM-NARROW")
@given(st.sampled_from(NAMES), st.floats(-200.0, 700.0), st.floats(-200.0, 700.0))
def test_no_chain_of_files_widens_anything(name: str, first: float, second: float) -> None:
    limits = MACHINE
    for value in (first, second):
        before = getattr(limits, name)
        try:
            limits = narrow(limits, {name: value}, "file")
        except ValueError:
            continue
        after = getattr(limits, name)
        assert after <= before if SPECS[name].tighter == "smaller" else after >= before
        assert {**asdict(limits), name: 0} == {**asdict(MACHINE), name: 0}


@pytest.mark.requirement("REQ-LIM-NARROW")
@pytest.mark.parametrize(("name", "base", "asked", "side"), [
    ("inverted_limit_deg", 45.0, 60.0, "at most"),
    ("return_rest_s", 60.0, 20.0, "at least"),
])  # fmt: skip
def test_a_wider_value_is_refused_with_both_numbers(name: str, base: float, asked: float, side: str) -> None:
    with pytest.raises(LimitWidenedError) as refused:
        narrow(narrow(MACHINE, {name: base}, "table.toml"), {name: asked}, "rider.toml")
    text = str(refused.value)
    unit = SPECS[name].unit
    for part in (
        "rider.toml: ",
        f"{name} = {asked:g} {unit} is wider than the {base:g} {unit}",
        f"write {side} {base:g} ",
    ):
        assert part in text
    assert (refused.value.name, refused.value.asked, refused.value.allowed) == (name, asked, base)


@pytest.mark.requirement("REQ-LIM-UNITS")
@pytest.mark.parametrize(("name", "value"), [("inverted_limit_deg", 1e300), ("return_rest_s", -1e300)])
def test_what_is_absurd_is_outside_of_every_range_not_wider_than_a_file(name: str, value: float) -> None:
    with pytest.raises(ValidationError):
        narrow(MACHINE, {name: value}, "file")


@pytest.mark.requirement("REQ-LIM-UNITS")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, -(10**400), "60", None, True, [60.0]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        narrow(MACHINE, {"inverted_limit_deg": value}, "file")  # type: ignore[dict-item]  # what a file may hold


@pytest.mark.requirement("REQ-LIM-UNITS")
def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(ValidationError):
        narrow(MACHINE, {"inverted_limit": 60.0}, "file")


@pytest.mark.requirement("REQ-LIM-NARROW")
def test_limits_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        MACHINE.inverted_limit_deg = 95.0  # type: ignore[misc]  # that is the point
    assert Limits() == MACHINE


@pytest.mark.requirement("REQ-LIM-UNITS")
@pytest.mark.parametrize(("widest", "tightest", "tighter"), [(0.1, 0.02, "smaller"), (20.0, 48.0, "larger")])
def test_a_limit_may_be_narrowed_to_its_tightest_and_no_further(widest: float, tightest: float, tighter: str) -> None:
    """Called here, because its own calls are over when the file is imported."""

    @dataclass(config=ConfigDict(strict=True))
    class One:
        limit: float = _limit("s", widest, tightest)

    assert One().limit == widest
    assert One(tightest).limit == tightest
    for beyond in (2.0 * widest - tightest, 2.0 * tightest - widest, math.nan, math.inf):
        with pytest.raises(ValidationError):
            One(beyond)
    known = _limit("s", widest, tightest).json_schema_extra
    assert known == {"unit": "s", "tighter": tighter, "tightest": tightest}


@pytest.mark.requirement("REQ-LIM-NARROW")
@pytest.mark.parametrize(("name", "value"), [("inverted_limit_deg", 45.0), ("return_rest_s", 60.0)])
def test_the_same_value_again_is_not_wider(name: str, value: float) -> None:
    once = narrow(MACHINE, {name: value}, "table.toml")
    assert narrow(once, {name: value}, "rider.toml") == once
