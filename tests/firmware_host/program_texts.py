"""Random programs, as text, for the tests of programs, plans and validation."""

from hypothesis import strategies as st

from firmware_host.files.programs import Program, make_program
from firmware_host.files.toml_source import parse_toml


def program(steps: str, head: str = "") -> Program:
    """Make a program; ``head`` stands from line 2 on, and the steps after it."""
    return make_program(parse_toml("p.toml", f'name = "P"\n{head}{steps}'))


def number(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers as people write them."""
    return st.floats(low, high).map(lambda value: round(value, 2))


_angles, _seconds, _rate = number(-75.0, 90.0), number(0.1, 60.0), st.one_of(st.none(), number(0.1, 3.0))


def _step(do: str, **fields: object) -> str:
    lines = [f"{name} = {value}" for name, value in fields.items() if value is not None]
    return "\n".join(["[[step]]", f'do = "{do}"', *lines, ""])


def _pair(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    ordered = st.tuples(number(low, high), number(low, high)).map(lambda two: (min(two), max(two)))
    return ordered.filter(lambda two: two[1] - two[0] >= 0.5)


@st.composite
def _stairs(draw: st.DrawFn) -> str:
    low, high = draw(_pair(-75.0, 90.0))
    do = draw(st.sampled_from(["progressive", "regressive"]))
    begin, end = (low, high) if do == "progressive" else (high, low)
    by, hold = draw(number(5.0, 40.0)), draw(_seconds)
    return _step(do, from_deg=begin, to_deg=end, by_deg=by, hold_s=hold, rate_dps=draw(_rate))


@st.composite
def _oscillation(draw: st.DrawFn) -> str:
    low, high = draw(_pair(-75.0, 90.0))
    timed = draw(st.booleans())
    return _step(
        "oscillate",
        between_deg=[low, high],
        cycles=None if timed else draw(st.integers(1, 5)),
        for_s=draw(number(1.0, 900.0)) if timed else None,
        pause_s=draw(st.one_of(st.none(), number(0.0, 5.0))),
        rate_dps=draw(_rate),
    )


@st.composite
def _intermittence(draw: st.DrawFn) -> str:
    low, high = draw(_pair(-75.0, 90.0))
    times = {"high_s": draw(_seconds), "low_s": draw(_seconds), "cycles": draw(st.integers(1, 5))}
    return _step("intermittent", high_deg=high, low_deg=low, **times, rate_dps=draw(_rate))


@st.composite
def _warm_up(draw: st.DrawFn) -> str:
    low, high = draw(_pair(-75.0, 80.0))
    growth = {"short_by_deg": draw(number(1.0, 10.0)), "by_deg": draw(number(1.0, 5.0))}
    goal = round(min(high + growth["short_by_deg"], 90.0), 2)
    if goal - growth["short_by_deg"] <= low:
        goal = round(low + growth["short_by_deg"] + 0.5, 2)
    return _step("warm_up", to_deg=goal, low_deg=low, **growth, pause_s=draw(_seconds))


_plain = st.one_of(
    st.builds(lambda angle, rate: _step("go", to_deg=angle, rate_dps=rate), _angles, _rate),
    st.builds(lambda time: _step("hold", for_s=time), _seconds),
    st.builds(lambda time, angle: _step("rest", for_s=time, at_deg=angle), _seconds, number(-75.0, 0.0)),
    _stairs(),
    _oscillation(),
    _intermittence(),
    _warm_up(),
)


@st.composite
def _repeated(draw: st.DrawFn) -> str:
    inner = "".join(draw(st.lists(_plain, min_size=1, max_size=3))).replace("[[step]]", "[[step.step]]")
    return _step("repeat", times=draw(st.integers(1, 3))) + inner


programs = st.lists(st.one_of(_plain, _repeated()), min_size=1, max_size=5).map(lambda steps: program("".join(steps)))
"""Programs that are written rightly, whether or not any rider may ride them."""
