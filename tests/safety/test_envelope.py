"""The envelope: never beyond the limit, never a jump, always a finite rate."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.envelope import COME_BACK_RATE_DPS, Bounds, highest_rate_dps, nearest_safe_rate_dps, slew_dps

BOUNDS = Bounds(-76.0, 60.0, 3.0, 3.0, 2.0, 8.0, 0.07)
DT_S = 0.01
any_float = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
brakes = st.floats(2.0, 12.0)
reactions = st.floats(0.01, 0.3)


@pytest.mark.requirement("REQ-ENV-LIMIT")
@given(st.floats(1e-6, 200.0), brakes, reactions)
def test_the_highest_rate_uses_the_room_exactly(room_deg: float, brake: float, reaction_s: float) -> None:
    rate = highest_rate_dps(room_deg, brake, reaction_s)
    assert rate * reaction_s + rate * rate / (2.0 * brake) == pytest.approx(room_deg, rel=1e-9)


@pytest.mark.requirement("REQ-ENV-LIMIT")
@given(st.floats(-200.0, 0.0), brakes, reactions)
def test_without_room_it_turns_back_gently(room_deg: float, brake: float, reaction_s: float) -> None:
    assert -COME_BACK_RATE_DPS <= highest_rate_dps(room_deg, brake, reaction_s) <= 0.0


@pytest.mark.requirement("REQ-ENV-NUMBER")
@pytest.mark.parametrize("broken", range(4))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_with_nothing_to_compute_with_the_rate_is_zero(broken: int, value: float) -> None:
    previous, low, high, dt_s = (value if index == broken else 1.0 for index in range(4))
    assert nearest_safe_rate_dps(2.0, previous, low, high, dt_s, BOUNDS) == 0.0


@pytest.mark.requirement("REQ-ENV-NUMBER")
@given(any_float, any_float, any_float, any_float, any_float)
def test_whatever_is_asked_the_rate_is_a_number(
    request: float, previous: float, low: float, high: float, dt: float
) -> None:
    assert math.isfinite(nearest_safe_rate_dps(request, previous, low, high, dt, BOUNDS)) or not math.isfinite(
        previous + dt * BOUNDS.brake_dps2
    )


@pytest.mark.requirement("REQ-ENV-SLEW")
@given(any_float, st.floats(-8.0, 8.0), st.floats(-80.0, 70.0), st.floats(0.0, 3.0))
def test_the_rate_never_jumps(request: float, previous: float, low: float, spread: float) -> None:
    rate = nearest_safe_rate_dps(request, previous, low, low + spread, DT_S, BOUNDS)
    assert abs(rate - previous) <= BOUNDS.brake_dps2 * DT_S + 1e-12
    if rate * previous < 0.0 or abs(rate) > abs(previous):
        assert abs(rate) <= max(previous * math.copysign(1.0, rate), 0.0) + BOUNDS.accel_dps2 * DT_S + 1e-12


@pytest.mark.requirement("REQ-ENV-LIMIT")
@settings(max_examples=200)
@given(
    st.floats(-75.0, 59.0),
    st.lists(st.floats(-20.0, 20.0) | st.sampled_from([math.nan, math.inf, -math.inf]), min_size=50, max_size=200),
    st.integers(0, 6),
    st.floats(0.0, 0.2),
)
def test_no_sequence_of_requests_passes_the_limits(
    angle: float, requests: list[float], delay_ticks: int, error_deg: float
) -> None:
    """The table follows commands as late as the envelope is told, and both angles are wrong by up to ``error_deg``."""
    rate, waiting = 0.0, [0.0] * delay_ticks
    for request in requests * 4:
        rate = nearest_safe_rate_dps(request, rate, angle - error_deg, angle + error_deg, DT_S, BOUNDS)
        waiting.append(rate)
        angle += waiting.pop(0) * DT_S
        assert BOUNDS.lower_deg - 1e-6 <= angle + error_deg
        assert angle - error_deg <= BOUNDS.upper_deg + 1e-6
    for _ in range(2000):
        rate = nearest_safe_rate_dps(20.0, rate, angle - error_deg, angle + error_deg, DT_S, BOUNDS)
        waiting.append(rate)
        angle += waiting.pop(0) * DT_S
        assert angle <= BOUNDS.upper_deg + 1e-6


@pytest.mark.requirement("REQ-ENV-NARROWED")
@given(st.floats(0.0, 3.0), st.floats(-10.0, 50.0))
def test_a_limit_narrowed_under_a_moving_table_brakes_and_comes_back(rate: float, narrowed_deg: float) -> None:
    angle, bounds = 50.0, BOUNDS._replace(upper_deg=narrowed_deg)
    for _ in range(30_000):
        new = nearest_safe_rate_dps(3.0, rate, angle, angle, DT_S, bounds)
        assert abs(new - rate) <= BOUNDS.brake_dps2 * DT_S + 1e-12
        rate = new
        angle += rate * DT_S
        if angle <= narrowed_deg + 0.05:
            break
    assert angle <= narrowed_deg + 0.05


@pytest.mark.requirement("REQ-ENV-UNASKED")
@given(st.floats(-90.0, -76.0), st.floats(-3.0, 0.0))
def test_beyond_upright_nothing_turns_toward_inversion_unasked(angle: float, request: float) -> None:
    assert nearest_safe_rate_dps(request, 0.0, angle, angle, DT_S, BOUNDS) <= 0.0


ON_THE_WAY_DEG = 8.0 * 0.07**2 / 2.0
"""What the commands still on their way may add, with the brake and the reaction of ``BOUNDS``."""


@pytest.mark.requirement("REQ-ENV-LIMIT")
@pytest.mark.parametrize("request_dps", [0.5, 20.0])
@pytest.mark.parametrize("room_deg", [0.002, 0.02])
def test_near_a_limit_the_rate_is_the_one_that_still_stops_before_it(request_dps: float, room_deg: float) -> None:
    rate = highest_rate_dps(room_deg, BOUNDS.brake_dps2, BOUNDS.reaction_s)
    up = BOUNDS.upper_deg - ON_THE_WAY_DEG - room_deg
    assert nearest_safe_rate_dps(request_dps, rate, up, up, DT_S, BOUNDS) == pytest.approx(rate)
    down = BOUNDS.lower_deg + ON_THE_WAY_DEG + room_deg
    assert nearest_safe_rate_dps(-request_dps, -rate, down, down, DT_S, BOUNDS) == pytest.approx(-rate)


@pytest.mark.requirement("REQ-ENV-LIMIT")
@pytest.mark.parametrize(
    ("request_dps", "given_dps"), [(0.5, 0.5), (2.9, 2.9), (20.0, 3.0), (-0.5, -0.5), (-20.0, -4.0), (math.nan, 0.0)]
)
def test_far_from_the_limits_what_is_asked_is_given_up_to_the_rate_of_the_direction(
    request_dps: float, given_dps: float
) -> None:
    bounds = BOUNDS._replace(upright_rate_dps=4.0)
    assert nearest_safe_rate_dps(request_dps, given_dps, 0.0, 0.0, DT_S, bounds) == given_dps


@pytest.mark.requirement("REQ-RSP-INHIBIT")
def test_an_inhibited_direction_stays_closed() -> None:
    closed = BOUNDS._replace(invert_rate_dps=0.0)
    assert nearest_safe_rate_dps(3.0, 0.0, 0.0, 0.0, DT_S, closed) == 0.0
    assert nearest_safe_rate_dps(-3.0, 0.0, 0.0, 0.0, DT_S, closed) < 0.0


@pytest.mark.requirement("REQ-ENV-SLEW")
@pytest.mark.parametrize("previous", [-2.0, 0.0, 2.0])
def test_slew_brakes_harder_than_it_speeds_up(previous: float) -> None:
    assert slew_dps(100.0, previous, 2.0, 8.0, 0.1) == pytest.approx(previous + (0.2 if previous >= 0.0 else 0.8))
    assert slew_dps(100.0, -0.4, 2.0, 8.0, 0.1) == pytest.approx(0.1), "half of the time to stop, half to speed up"
    assert slew_dps(-100.0, previous, 2.0, 8.0, 0.1) == pytest.approx(previous - (0.8 if previous > 0.0 else 0.2))
