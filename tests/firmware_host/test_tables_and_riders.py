"""Table and rider files, and the chain of limits that only narrows."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.files.kinds import kind_of
from firmware_host.files.limit_chain import MACHINE_CHAIN, narrowed, tightened
from firmware_host.files.riders import Rider, allowance, load_rider, make_rider, rider_chain, screening_problems
from firmware_host.files.tables import Table, load_table, make_table
from firmware_host.files.toml_source import FileError, parse_toml
from safety.limits import MACHINE, SPECS
from safety.screening import QUESTIONS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def table(text: str = "") -> Table:
    """Make a table from what is said beside its name."""
    return make_table(parse_toml("t.toml", f'[table]\nname = "T"\n{text}'))


def rider(experience: str = "regular", text: str = "", *, mass_kg: str = "70", height_m: str = "1.70") -> Rider:
    """Make a rider; [rider] is on lines 1 to 6, ``text`` from line 7 on."""
    lines = ["[rider]", 'name = "R"', 'sex = "male"', f"mass_kg = {mass_kg}", f"height_m = {height_m}"]
    return make_rider(parse_toml("r.toml", "\n".join([*lines, f'experience = "{experience}"', text])))


def refusals(of_table: Table, of_rider: Rider, now: datetime = NOW) -> list[str]:
    """Say all that keeps a rider off a table."""
    return [str(problem) for problem in rider_chain(of_table, of_rider, now)[1]]


def test_without_a_file_the_table_is_the_machine_narrowed_to_sixty_degrees() -> None:
    limits = load_table(None).limits
    assert limits == replace(MACHINE, inverted_limit_deg=60.0, balance_low_a=0.45)


def test_a_table_file_that_says_nothing_of_it_is_limited_to_sixty_degrees() -> None:
    assert table().limits.inverted_limit_deg == 60.0
    assert table("[limits]\ninverted_limit_deg = 90").limits.inverted_limit_deg == 90.0
    assert table("[limits]\ninverted_limit_deg = 45").limits.inverted_limit_deg == 45.0


def test_a_table_says_how_it_is_reached() -> None:
    stated = table('serial = 7\nport = "/dev/ttyX"\nbaud = 9600\nhand_switch = "press-to-return"').file.table
    assert (stated.serial, stated.port, stated.baud, stated.hand_switch) == (7, "/dev/ttyX", 9600, "press-to-return")
    unset = table().file.table
    assert (unset.serial, unset.port, unset.baud, unset.hand_switch) == (None, None, 115200, "hold-to-run")


def test_physics_is_left_to_the_simulator() -> None:
    assert table("[physics.body]\nanything = [1, nan]").file.physics["body"]["anything"][0] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[limits]\ninverted_limit_deg = 91",
            "t.toml:4: inverted_limit_deg = 91 deg is wider than the 90 deg set by ",
        ),
        ("[limits]\ninvert_rate_dps = -1", "t.toml:4: invert_rate_dps = -1 must be at least 0.1"),
        ("[limits]\nlatency_s = 0.01", "t.toml:4: latency_s = 0.01 s is wider than the 0.06 s set by the machine; "),
        ("[limits]\njerk_dps3 = 5", "t.toml:4: jerk_dps3 = 5 deg/s3 is wider than the 4 deg/s3 set by the machine; "),
        ("[limits]\naccel_dps2 = nan", "t.toml:4: accel_dps2 must be a finite number, not nan"),
        ("[limits]\naccel_dps2 = inf", "t.toml:4: accel_dps2 must be a finite number, not inf"),
        ('[limits]\naccel_dps2 = "2"', "t.toml:4: accel_dps2 must be a number, not '2'"),
        ("[limits]\naccel_dps2 = true", "t.toml:4: accel_dps2 must be a number, not true"),
        ("[limits]\nacel_dps2 = 1", "t.toml:4: 'acel_dps2' is not a known limit; did you mean accel_dps2?"),
        (
            "[limits]\nbalance_low_a = 5\nbalance_high_a = 0.5",
            "t.toml:5: balance_low_a = 5 is above balance_high_a = 0.5",
        ),
        ("[limits]\ndrive_hot_c = 50", "t.toml:4: drive_warm_c = 75 is above drive_hot_c = 50 degC"),
        ("[rating]\nmax_mass_kg = 150", "t.toml:4: max_mass_kg = 150 must be at most 136"),
        ("[rating]\nmin_mass_kg = 90\nmax_mass_kg = 80", "t.toml:3: rating: the smallest mass"),
        ('hand_switch = "none"', "t.toml:3: hand_switch = 'none' is not known; write one of: 'hold-to-run', "),
        ("serial = -1", "t.toml:3: serial = -1 must be at least 0"),
        ("[speed]\nx = 1", "t.toml:3: speed is not a known name; known here: table, rating, device, limits, physics"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(FileError) as caught:
        table(text)
    assert str(caught.value).startswith(told)


def test_all_wrong_limits_are_told_at_once() -> None:
    with pytest.raises(FileError) as caught:
        table("[limits]\njerk_dps3 = 5\naccel_dps2 = 3\nfoo = 1")
    assert [problem.line for problem in caught.value.problems] == [4, 5, 6]


@pytest.mark.requirement("REQ-LIM-ALLOWANCE")
@pytest.mark.parametrize(
    ("experience", "sessions", "expected"),
    [
        ("beginner", 0, (20.0, 120.0, 60.0)),
        ("beginner", 2, (20.0, 120.0, 60.0)),
        ("beginner", 3, (30.0, 120.0, 60.0)),
        ("regular", 0, (45.0, 300.0, 120.0)),
        ("experienced", 0, (60.0, 480.0, 180.0)),
    ],
)
def test_experience_gives_the_allowance(experience: str, sessions: int, expected: tuple[float, ...]) -> None:
    someone = make_rider(
        parse_toml(
            "r.toml",
            f'[rider]\nname = "R"\nsex = "female"\nmass_kg = 60\nheight_m = 1.7\nexperience = "{experience}"\n'
            f"sessions_done = {sessions}",
        )
    )
    assert tuple(allowance(someone.file.rider)) == expected
    chain, problems = rider_chain(load_table(None), someone, NOW)
    limits = chain.limits
    assert problems == []
    assert (limits.inverted_limit_deg, limits.time_inverted_s, limits.static_hold_s) == expected


@pytest.mark.requirement("REQ-LIM-ALLOWANCE")
def test_the_tighter_of_table_and_allowance_counts_and_is_named() -> None:
    chain, problems = rider_chain(table("[limits]\ninverted_limit_deg = 40"), rider("experienced"), NOW)
    assert problems == []
    assert chain.limits.inverted_limit_deg == 40.0
    assert chain.origin("inverted_limit_deg") == "table T (t.toml:4)"
    assert chain.origin("time_inverted_s") == "the allowance of experienced rider R (r.toml:6)"
    assert chain.origin("jerk_dps3") == "the machine"


@pytest.mark.requirement("REQ-LIM-NARROW")
def test_a_rider_can_tighten_and_not_widen() -> None:
    chain, problems = rider_chain(load_table(None), rider("regular", "[limits]\ninverted_limit_deg = 30"), NOW)
    assert (chain.limits.inverted_limit_deg, problems) == (30.0, [])
    assert chain.origin("inverted_limit_deg") == "rider R (r.toml:8)"
    assert refusals(load_table(None), rider("regular", "[limits]\ninverted_limit_deg = 50")) == [
        "r.toml:8: inverted_limit_deg = 50 deg is wider than the 45 deg set by the allowance of regular rider R "
        "(r.toml:6); write at most 45 or leave it out"
    ]


def test_a_rider_is_held_against_the_limits_of_the_table_in_force_alone() -> None:
    careful = rider("regular", "[limits]\npresence_late_s = 1\ndrive_hot_c = 60")
    assert refusals(table("[limits]\npresence_s = 0.5\ndrive_warm_c = 50"), careful) == []
    told = refusals(load_table(None), careful)
    assert "drive_warm_c = 75 is above drive_hot_c = 60 degC" in told[0]
    assert "presence_s = 2 is above presence_late_s = 1 s" in told[1]


def test_where_the_travel_ends_is_the_tables_to_say() -> None:
    with pytest.raises(FileError, match=r"r\.toml:8: upright_deg is where the table's travel ends"):
        rider("regular", "[limits]\nupright_deg = -60")
    assert table("[limits]\nupright_deg = -60").limits.upright_deg == -60.0


@pytest.mark.requirement("REQ-LIM-RESCUE")
@pytest.mark.parametrize("name", [name for name in SPECS if name.split("_")[0] in ("emergency", "creep", "recovery")])
def test_how_a_rider_is_rescued_is_the_tables_to_say(name: str) -> None:
    slow = f"[limits]\n{name} = {SPECS[name].tightest}"
    with pytest.raises(FileError, match=rf"r\.toml:8: {name} is how the table brings a rider upright.*take it out"):
        rider("regular", slow)
    assert getattr(table(slow).limits, name) == SPECS[name].tightest


@pytest.mark.requirement("REQ-LIM-RATING")
@pytest.mark.parametrize(("mass_kg", "height_m"), [("40", "1.47"), ("136", "1.98")])
def test_riders_at_the_edge_of_the_rating_may_ride(mass_kg: str, height_m: str) -> None:
    assert refusals(load_table(None), rider(mass_kg=mass_kg, height_m=height_m)) == []


@pytest.mark.requirement("REQ-LIM-RATING")
def test_a_rider_outside_the_rating_is_refused_with_both_numbers() -> None:
    narrow = table("[rating]\nmax_mass_kg = 100\nmin_height_m = 1.55")
    assert refusals(narrow, rider(mass_kg="100.5", height_m="1.54")) == [
        "r.toml:4: mass_kg = 100.5 kg is outside the 40 to 100 kg that table T (t.toml:3) is rated for; do not use it",
        "r.toml:5: height_m = 1.54 m is outside the 1.55 to 1.98 m that table T (t.toml:3) is rated for; do not use it",
    ]
    assert len(refusals(load_table(None), rider(mass_kg="39.9", height_m="1.99"))) == 2


CLEARED = '[clearance]\ninverted_limit_deg = 90\ngiven_by = "Dr. X"\nexpires = 2026-06-01'


@pytest.mark.requirement("REQ-LIM-CLEARANCE")
def test_a_clearance_counts_up_to_what_the_table_allows() -> None:
    someone = rider("experienced", CLEARED)
    full = table("[limits]\ninverted_limit_deg = 90")
    chain, problems = rider_chain(full, someone, NOW)
    assert (chain.limits.inverted_limit_deg, problems) == (90.0, [])
    assert rider_chain(load_table(None), someone, NOW)[0].limits.inverted_limit_deg == 60.0
    assert rider_chain(full, rider("experienced"), NOW)[0].limits.inverted_limit_deg == 60.0


@pytest.mark.requirement("REQ-LIM-CLEARANCE")
def test_an_expired_clearance_is_refused() -> None:
    assert refusals(load_table(None), rider("experienced", CLEARED), NOW.replace(day=2)) == [
        "r.toml:10: the clearance expired on 2026-06-01, and today is 2026-06-02; ask Dr. X for a new one"
    ]


@pytest.mark.requirement("REQ-LIM-CLEARANCE")
def test_a_clearance_is_for_experienced_riders() -> None:
    with pytest.raises(FileError, match=r"r\.toml:8: inverted_limit_deg is for experienced riders"):
        rider("regular", CLEARED)


@pytest.mark.requirement("REQ-LIM-CLEARANCE")
def test_a_clearance_without_a_date_is_refused() -> None:
    with pytest.raises(FileError, match=r"r\.toml:7: expires is missing; add it, such as: expires = "):
        rider("experienced", '[clearance]\ninverted_limit_deg = 75\ngiven_by = "Dr. X"')


def test_the_built_in_rider_is_a_beginner_who_fits_the_built_in_table() -> None:
    someone = load_rider(None)
    assert someone.file.rider.experience == "beginner"
    assert refusals(load_table(None), someone) == []


def test_kinds_of_files_are_told_apart() -> None:
    assert kind_of(table().source) == "table"
    assert kind_of(rider().source) == "rider"
    assert kind_of(parse_toml("p.toml", "[[step]]\n")) == "program"
    assert kind_of(parse_toml("x.toml", "a = 1")) is None
    with pytest.raises(FileError, match="this is a rider file, and a table file is needed here"):
        make_table(rider().source)


@pytest.mark.requirement("REQ-LIM-NARROW")
@given(st.data())
def test_no_chain_of_files_ever_widens_a_limit(data: st.DataObject) -> None:
    chain = MACHINE_CHAIN
    for link in range(3):
        name = data.draw(st.sampled_from(sorted(SPECS)))
        value = data.draw(st.one_of(st.floats(), st.integers(-100, 700), st.floats(0.0, 100.0)))
        source = parse_toml(f"{link}.toml", '[table]\nname = "x"')
        before = chain.limits
        chain, problems = narrowed(chain, {name: value}, source, "x")
        for other, spec in SPECS.items():
            new, old = getattr(chain.limits, other), getattr(before, other)
            assert new <= old if spec.tighter == "smaller" else new >= old
        assert problems or getattr(chain.limits, name) == value


@given(st.sampled_from(["inverted_limit_deg", "return_rest_s"]), st.floats(10.0, 90.0), st.floats(10.0, 90.0))
def test_tightening_never_widens_and_never_refuses(name: str, first: float, second: float) -> None:
    chain = tightened(tightened(MACHINE_CHAIN, {name: first}, "one"), {name: second}, "two")
    tightest = min(first, second) if SPECS[name].tighter == "smaller" else max(first, second)
    assert getattr(chain.limits, name) == tightest


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_a_file_error(text: str) -> None:
    with suppress(FileError):
        make_table(parse_toml("junk.toml", '[table]\nname = "x"\n' + text))
    with suppress(FileError):
        make_rider(parse_toml("junk.toml", "[rider]\n" + text))


SCREENED = "[screening]\nanswered = 2026-05-01\nconsulted = true\nsupervised = true\n[screening.answers]\n"


def test_screening_is_told_at_its_line() -> None:
    answers = "".join(f"{name} = false\n" for name in QUESTIONS)
    well = rider("regular", SCREENED + answers)
    assert screening_problems(well, NOW.replace(month=5)) == []
    (sick,) = screening_problems(rider("regular", SCREENED + answers.replace("hernia = false", "hernia = true")), NOW)
    assert str(sick).startswith("r.toml:")
    assert "physician's written clearance for hernia" in sick.text
    cleared = '[clearance]\nconditions = ["hernia"]\ngiven_by = "Dr. X"\nexpires = 2026-06-02\n'
    both = rider("regular", cleared + SCREENED + answers.replace("hernia = false", "hernia = true"))
    assert screening_problems(both, NOW) == []


@pytest.mark.parametrize(
    "text",
    [SCREENED + "hernai = true", '[clearance]\nconditions = ["hernai"]\ngiven_by = "X"\nexpires = 2027-01-01'],
)
def test_an_unknown_condition_is_refused_with_the_nearest(text: str) -> None:
    with pytest.raises(FileError, match=r"'hernai' is not a known condition; did you mean hernia\?"):
        rider("regular", text)


RIDDEN = "[ridden]\nended = {ended}\ninverted_s = {inverted_s}\nday_inverted_s = {day_s}\n"


def ridden(ended: str = "2026-06-01T11:30:00Z", inverted_s: float = 480.0, day_s: float = 480.0) -> str:
    return RIDDEN.format(ended=ended, inverted_s=inverted_s, day_s=day_s)


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_a_rest_that_is_due_is_told_at_its_line_beside_the_questionnaire() -> None:
    told = [str(problem) for problem in screening_problems(rider("regular", ridden()), NOW)]
    assert "questionnaire" in told[0]
    assert told[1] == "r.toml:8: inverted for 480 s until 2026-06-01 11:30: rest for 60 min, until 2026-06-01 12:30"
    (only,) = screening_problems(rider("regular", ridden()), NOW.replace(hour=13))
    assert "questionnaire" in only.text


@pytest.mark.requirement("REQ-PPL-BUDGET")
@pytest.mark.parametrize(
    ("day_s", "own_s", "left_s", "origin"),
    [
        (480.0, None, 300.0, "the allowance of regular rider R (r.toml:6)"),
        (900.0, None, 300.0, "the allowance of regular rider R (r.toml:6)"),
        (900.5, None, 299.5, "what is left of the day's 20 min inverted"),
        (1200.0, 240, 0.0, "what is left of the day's 20 min inverted"),
        (900.5, 240, 240.0, "rider R (r.toml:12)"),
    ],
)
def test_a_rider_has_what_is_left_of_the_day(day_s: float, own_s: int | None, left_s: float, origin: str) -> None:
    own = "" if own_s is None else f"[limits]\ntime_inverted_s = {own_s}"
    someone = rider("regular", ridden(day_s=day_s) + own)
    chain, problems = rider_chain(load_table(None), someone, NOW)
    assert (problems, chain.limits.time_inverted_s, chain.origin("time_inverted_s")) == ([], left_s, origin)
    tomorrow = rider_chain(load_table(None), someone, NOW.replace(day=2))[0].limits.time_inverted_s
    assert tomorrow == (300.0 if own_s is None else own_s)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ridden("2026-06-01"), "ended must be a time with its zone, such as 2026-11-23T15:12:00+01:00"),
        (ridden("2026-06-01T11:30:00"), "ended must be a time with its zone"),
        (ridden("1999-12-31T23:59:59Z"), "no session ended in the year 1999"),
        (ridden("2200-01-01T00:00:00Z"), "no session ended in the year 2200"),
        (ridden(inverted_s=-0.1), "inverted_s = -0.1 must be at least 0"),
        (ridden(day_s=86_400.1), "day_inverted_s = 86400.1 must be at most 86400"),
        ("[ridden]\nended = 2026-06-01T11:30:00Z", "inverted_s is missing; add it, such as: inverted_s = 240.0"),
    ],
)
def test_an_account_that_cannot_be_is_refused(text: str, told: str) -> None:
    with pytest.raises(FileError) as refused:
        rider("regular", text)
    assert told in str(refused.value)


@pytest.mark.parametrize("ended", ["2000-01-01T00:00:00+23:59", "2199-12-31T23:59:59-23:59"])
def test_the_ends_of_what_is_read_can_be_reckoned_with(ended: str) -> None:
    someone = rider("regular", ridden(ended))
    assert len(screening_problems(someone, NOW)) == (2 if ended.startswith("2199") else 1)
    rider_chain(load_table(None), someone, NOW)
