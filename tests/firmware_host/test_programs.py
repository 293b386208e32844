"""Program files: what each step unfolds into, and what is refused as it is written."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.files.programs import MAX_SEGMENTS, Leg, Program, Shuttle, load_program, make_program, unfold
from firmware_host.files.toml_source import FileError, parse_toml
from tests.firmware_host.program_texts import program, programs


def course(of_program: Program) -> list[str]:
    """Give what a program unfolds into: angles as numbers, waits as seconds."""
    shown = []
    for _, part in unfold(of_program):
        if isinstance(part, Shuttle):
            shown.append(f"{part.for_s:g} s of {len(part.cycle)} parts")
        else:
            shown.append(f"{part.to_deg:g}" if isinstance(part, Leg) else f"{part.for_s:g} s")
    return shown


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ('do = "go"\nto_deg = 20', "20"),
        ('do = "hold"\nfor_s = 30', "30 s"),
        ('do = "rest"\nfor_s = 60', "0, 60 s"),
        ('do = "rest"\nfor_s = 60\nat_deg = -30', "-30, 60 s"),
        ('do = "oscillate"\nbetween_deg = [5, 20]\ncycles = 2', "5, 20, 5, 20, 5"),
        ('do = "oscillate"\nbetween_deg = [5, 20]\ncycles = 1\npause_s = 2', "5, 20, 2 s, 5, 2 s"),
        ('do = "oscillate"\nbetween_deg = [5, 20]\nfor_s = 90', "5, 90 s of 2 parts"),
        ('do = "progressive"\nfrom_deg = 10\nto_deg = 30\nby_deg = 10\nhold_s = 5', "10, 5 s, 20, 5 s, 30, 5 s"),
        ('do = "progressive"\nfrom_deg = 10\nto_deg = 25\nby_deg = 10\nhold_s = 5', "10, 5 s, 20, 5 s, 25, 5 s"),
        ('do = "regressive"\nfrom_deg = 30\nto_deg = 10\nby_deg = 15\nhold_s = 5', "30, 5 s, 15, 5 s, 10, 5 s"),
        (
            'do = "intermittent"\nhigh_deg = 40\nlow_deg = 20\nhigh_s = 9\nlow_s = 4\ncycles = 2',
            "40, 9 s, 20, 4 s, 40, 9 s, 20, 4 s",
        ),
        ('do = "warm_up"\nto_deg = 30\nshort_by_deg = 4', "26, 0, 28, 0, 30, 0"),
        ('do = "warm_up"\nto_deg = 30\nlow_deg = 10\nshort_by_deg = 3\npause_s = 1', "27, 1 s, 10, 1 s, 29, 1 s, 10, "),
        (
            'do = "repeat"\ntimes = 2\n[[step.step]]\ndo = "go"\nto_deg = 5\n[[step.step]]\ndo = "hold"\nfor_s = 1',
            "5, 1 s, 5, 1 s",
        ),
    ],
)
def test_each_step_unfolds_into_what_its_name_says(step: str, expected: str) -> None:
    assert ", ".join(course(program(f"[[step]]\n{step}\n"))).startswith(expected)


def test_a_warm_up_begins_ten_short_and_grows_by_two() -> None:
    parts = course(program('[[step]]\ndo = "warm_up"\nto_deg = 30\n'))
    assert parts[::2] == ["20", "22", "24", "26", "28", "30"]


def test_parts_know_their_step_and_their_lines() -> None:
    repeat = '[[step]]\ndo = "repeat"\ntimes = 2\n[[step.step]]\nfor_s = 3\ndo = "hold"\n'
    found = program('[[step]]\ndo = "go"\nto_deg = 5\n' + repeat)
    parts = unfold(found)
    assert [step for step, _ in parts] == [0, 1, 1]
    wait = parts[1][1]
    assert not isinstance(wait, Shuttle)
    assert found.source.line(*wait.location, wait.key) == 9


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[step]]\ndo = "go"\nto_deg = "20"', "p.toml:4: to_deg must be a number, not '20'"),
        ('[[step]]\ndo = "go"\nto_deg = nan', "p.toml:4: to_deg must be a finite number, not nan"),
        ('[[step]]\ndo = "go"\nto_deg = inf', "p.toml:4: to_deg must be a finite number, not inf"),
        ('[[step]]\ndo = "go"\nto_deg = 91', "p.toml:4: to_deg = 91 must be at most 90"),
        ('[[step]]\ndo = "go"', "p.toml:2: to_deg is missing; add it, such as: to_deg = 20"),
        ('[[step]]\ndo = "go"\nto_deg = 2\nrate = 3', "p.toml:5: rate is not a known name; did you mean rate_dps?"),
        ('[[step]]\ndo = "go"\nto_deg = 2\ngo = 3', "p.toml:5: go is not a known name; "),
        ('[[step]]\ndo = "hold"\nfor_s = -3', "p.toml:4: for_s = -3 must be more than 0"),
        ('[[step]]\ndo = "hold"\nfor_s = 0', "p.toml:4: for_s = 0 must be more than 0"),
        ('[[step]]\ndo = "rest"\nfor_s = 5\nat_deg = 5', "p.toml:5: at_deg = 5 must be at most 0"),
        ('[[step]]\ndo = "spin"', "p.toml:3: do = 'spin' is not known; write one of: 'go', 'hold', 'rest', "),
        ("[[step]]\nfor_s = 3", 'p.toml:2: step 1 has no do; say what the step does, such as: do = "go"'),
        ("step = 3", "p.toml:2: step must be a list in [brackets], not 3"),
        ("step = []", "p.toml:2: step has 0 elements; at least 1 can stand here"),
        ("description = 'd'", "p.toml:1: step is missing; add it, such as: [[step]]"),
        ('[[step]]\ndo = "oscillate"\nbetween_deg = [1, 2]', "p.toml:2: step 1: an oscillation needs either cycles or"),
        (
            '[[step]]\ndo = "oscillate"\nbetween_deg = [1, 2]\ncycles = 1\nfor_s = 9',
            "p.toml:2: step 1: an oscillation needs either cycles or for_s, and not both",
        ),
        (
            '[[step]]\ndo = "oscillate"\nbetween_deg = [2, 1]\ncycles = 1',
            "p.toml:2: step 1: between_deg = [2, 1] must begin with the smaller angle; exchange them",
        ),
        (
            '[[step]]\ndo = "progressive"\nfrom_deg = 9\nto_deg = 9\nby_deg = 1\nhold_s = 1',
            "p.toml:2: step 1: a progressive step rises, but from_deg = 9 is not below to_deg = 9; ",
        ),
        (
            '[[step]]\ndo = "regressive"\nfrom_deg = 8\nto_deg = 9\nby_deg = 1\nhold_s = 1',
            "p.toml:2: step 1: a regressive step falls, but from_deg = 8 is not above to_deg = 9; ",
        ),
        (
            '[[step]]\ndo = "intermittent"\nhigh_deg = 9\nlow_deg = 9\nhigh_s = 1\nlow_s = 1\ncycles = 1',
            "p.toml:2: step 1: low_deg = 9 is not below high_deg = 9; exchange them",
        ),
        (
            '[[step]]\ndo = "warm_up"\nto_deg = 12\nlow_deg = 2',
            "p.toml:2: step 1: the first cycle would go to 2 deg (to_deg less short_by_deg), which is not above "
            "low_deg = 2; ",
        ),
        ("[motion]\nrest_at_flat_s = 5\n[[step]]\ndo='hold'\nfor_s=1", "p.toml:3: rest_at_flat_s = 5 must be at least"),
        ("[motion]\nrate_dps = 0\n[[step]]\ndo='hold'\nfor_s=1", "p.toml:3: rate_dps = 0 must be at least 0.1"),
    ],
)
def test_what_is_written_wrongly_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(FileError) as caught:
        program(text)
    assert str(caught.value).startswith(told)
    assert len(caught.value.problems) == 1


def test_all_wrong_steps_are_told_at_once() -> None:
    with pytest.raises(FileError) as caught:
        program('[[step]]\ndo = "hold"\nfor_s = nan\n[[step]]\ndo = "go"\n[[step]]\ndo="repeat"\ntimes = 0\nstep = []')
    assert [problem.line for problem in caught.value.problems] == [4, 5, 9, 10]


def test_a_program_without_a_name_is_refused() -> None:
    with pytest.raises(FileError, match=r'p\.toml:1: name is missing; add it, such as: name = "Gentle daily"'):
        make_program(parse_toml("p.toml", '[[step]]\ndo = "hold"\nfor_s = 1'))


def test_absurd_repeats_are_refused_before_they_unfold() -> None:
    levels = "".join(f"[[{'step.' * depth}step]]\ndo = 'repeat'\ntimes = 1000\n" for depth in range(3))
    inner = "[[step.step.step.step]]\ndo = 'oscillate'\nbetween_deg = [1, 2]\ncycles = 1000\n"
    with pytest.raises(FileError) as caught:
        program(levels + inner)
    assert str(caught.value) == (
        f"p.toml:2: up to here the program has at least 2,001,000,000,000 motions and holds, and {MAX_SEGMENTS:,} "
        "are allowed; repeat less"
    )


def test_the_largest_program_is_taken() -> None:
    ten = "[[step]]\ndo = 'repeat'\ntimes = 1000\n[[step.step]]\ndo = 'hold'\nfor_s = 1\n" * 10
    assert len(unfold(program(ten))) == MAX_SEGMENTS
    with pytest.raises(FileError, match=r"at least 10,001 motions and holds, and 10,000 are allowed"):
        program(ten + "[[step]]\ndo = 'hold'\nfor_s = 1\n")


def test_repeats_can_be_nested_three_deep() -> None:
    levels = [f"[[{'step.' * depth}step]]\ndo = 'repeat'\ntimes = 2\n" for depth in range(4)]
    hold = "[[{}step]]\ndo = 'hold'\nfor_s = 1\n"
    assert len(unfold(program("".join(levels[:3]) + hold.format("step." * 3)))) == 8
    with pytest.raises(FileError, match=r"p\.toml:2: repeats are nested more than 3 deep, the most that is allowed"):
        program("".join(levels) + hold.format("step." * 4))


@pytest.mark.parametrize(("by_header", "inline"), [(230, 38), (230, 0), (100, 0), (1, 38)])
def test_hostile_nesting_is_refused_however_deep(by_header: int, inline: int) -> None:
    headers = "".join(f"[[{'step.' * depth}step]]\ndo = 'repeat'\ntimes = 2\n" for depth in range(by_header))
    inside = "step = " + "[{do='repeat',times=2,step=" * inline + "[{do='hold',for_s=1}]" + "}]" * inline
    with pytest.raises(FileError, match="nested"):
        program(headers + inside)


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rider.toml"
    path.write_text('[rider]\nname = "x"\n')
    with pytest.raises(FileError, match="this is a rider file, and a program file is needed here"):
        load_program(path)


@given(programs)
def test_programs_unfold_in_order_and_within_bounds(found: Program) -> None:
    parts = unfold(found)
    steps = [step for step, _ in parts]
    assert steps == sorted(steps)
    assert set(steps) == set(range(len(found.file.step)))
    assert len(parts) <= MAX_SEGMENTS


@given(st.lists(st.sampled_from(["[[step]]", "[[step.step]]", "[motion]", "do = 'go'", "do = 'repeat'", "times = 2",
                                 "to_deg = 1", "for_s = 1", "between_deg = [1, 2]", "limits = {a = 1}", "x = [[]]"]),
                max_size=20))  # fmt: skip
def test_no_mixture_of_lines_raises_anything_but_a_file_error(lines: list[str]) -> None:
    with suppress(FileError):
        unfold(program("\n".join(lines)))


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_a_file_error(text: str) -> None:
    with suppress(FileError):
        make_program(parse_toml("junk.toml", text))
