"""The rider's body against published figures: compound-pendulum measurements and other computations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.rider import Arms, Rider, Sex

SEXES = list(Sex)
riders = st.builds(Rider, sex=st.sampled_from(SEXES), mass_kg=st.floats(40.0, 136.0), height_m=st.floats(1.47, 1.98))


@given(riders)
def test_centre_of_mass_lies_where_adults_have_it(rider: Rider) -> None:
    assert 0.55 <= rider.body().com_above_soles_m / rider.height_m <= 0.57


@given(riders)
def test_raising_the_arms_moves_the_centre_of_mass_headward(rider: Rider) -> None:
    shift = rider.body(Arms.OVERHEAD).com_above_soles_m - rider.body().com_above_soles_m
    assert 0.029 <= shift / rider.height_m <= 0.036


@given(riders)
def test_inertia_lies_in_the_measured_band(rider: Rider) -> None:
    assert 0.048 <= rider.body().inertia_kgm2 / (rider.mass_kg * rider.height_m**2) <= 0.053


@given(riders)
def test_raising_the_arms_adds_a_third_of_the_inertia(rider: Rider) -> None:
    assert 1.25 <= rider.body(Arms.OVERHEAD).inertia_kgm2 / rider.body().inertia_kgm2 <= 1.36


@given(riders)
def test_crossed_arms_lie_between_down_and_overhead(rider: Rider) -> None:
    down, crossed, overhead = (rider.body(arms) for arms in (Arms.DOWN, Arms.CROSSED, Arms.OVERHEAD))
    assert down.com_above_soles_m < crossed.com_above_soles_m < overhead.com_above_soles_m
    assert crossed.inertia_kgm2 < overhead.inertia_kgm2


@pytest.mark.parametrize(
    ("height_m", "mass_kg", "com", "com_overhead", "inertia", "inertia_overhead"),
    [
        (1.834, 78.7, 0.554, 0.586, 0.0508, 0.0679),
        (1.712, 66.8, 0.558, 0.592, 0.0473, 0.0635),
        (1.862, 92.1, 0.566, 0.599, 0.0457, 0.0609),
    ],
)
def test_three_men_measured_as_compound_pendulums(
    height_m: float, mass_kg: float, com: float, com_overhead: float, inertia: float, inertia_overhead: float
) -> None:
    """Figures of the pendulum study (body coordinate system table A2.1); it states 2 to 8 %, people differ by more."""
    rider = Rider(sex=Sex.MALE, mass_kg=mass_kg, height_m=height_m)
    down, overhead = rider.body(), rider.body(Arms.OVERHEAD)
    scale = mass_kg * height_m**2
    assert down.com_above_soles_m / height_m == pytest.approx(com, abs=0.012)
    assert overhead.com_above_soles_m / height_m == pytest.approx(com_overhead, abs=0.012)
    assert down.inertia_kgm2 / scale == pytest.approx(inertia, rel=0.16)
    assert overhead.inertia_kgm2 / scale == pytest.approx(inertia_overhead, rel=0.16)


def test_other_computations_from_the_same_tables_agree() -> None:
    for sex, com, com_overhead, inertia in ((Sex.MALE, 0.556, 0.590, 0.053), (Sex.FEMALE, 0.555, 0.584, 0.050)):
        rider = Rider(sex=sex, mass_kg=70.0, height_m=1.75)
        assert rider.body().com_above_soles_m / 1.75 == pytest.approx(com, abs=0.002)
        assert rider.body(Arms.OVERHEAD).com_above_soles_m / 1.75 == pytest.approx(com_overhead, abs=0.002)
        assert rider.body().inertia_kgm2 / (70.0 * 1.75**2) == pytest.approx(inertia, abs=0.001)


@given(riders, st.sampled_from(list(Arms)))
def test_bodies_scale_with_mass_and_height(rider: Rider, arms: Arms) -> None:
    unit = Rider(sex=rider.sex, mass_kg=100.0, height_m=1.5).body(arms)
    body = rider.body(arms)
    assert body.com_above_soles_m / rider.height_m == pytest.approx(unit.com_above_soles_m / 1.5)
    scale = rider.mass_kg * rider.height_m**2 / (100.0 * 1.5**2)
    assert body.inertia_kgm2 == pytest.approx(unit.inertia_kgm2 * scale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mass_kg": 39.9},
        {"mass_kg": 136.1},
        {"mass_kg": float("nan")},
        {"height_m": 1.46},
        {"height_m": 1.99},
        {"height_m": "1.75"},
        {"sex": "unknown"},
        {"shoe_size": 43},
    ],
)
def test_riders_outside_the_rating_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rider.model_validate({"sex": "male", "mass_kg": 75.0, "height_m": 1.75, **wrong})


def test_a_rider_reads_from_plain_words() -> None:
    assert Rider.model_validate({"sex": "female", "mass_kg": 62, "height_m": 1.68}).sex is Sex.FEMALE
