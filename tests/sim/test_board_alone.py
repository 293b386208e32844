"""A board whose host fell silent, on any table with any rider: a drive that disobeys, and sensors that lie.

``--hypothesis-profile=thorough`` tries fifty times as many: the sweep that is run by hand.
"""

import math
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware_host.cli.campaign.cases import draw_case
from firmware_host.cli.virtual import make_board
from safety.signals import CommandMode
from sim import plant
from sim.asked import Asked, Harm, Span
from sim.faults import CATALOGUE
from sim.faults.world import World
from sim.layout import ACCEL_DPS2, AGE_S, MODE, RATE_DPS, SESSION_OPEN, TORQUE_FRACTION, TRACE_COLUMNS
from sim.line import Line
from sim.oracle import judge
from sim.table import SimulatedTable

RATES: Final = ("rate", "rate-inverting", "rate-head-up", "angle", "accel")
"""What a drive that disobeys must not break; it may keep the table from coming upright."""
WATCHED_MS: Final = 12_000
LONGEST_MS: Final = 150_000
SETTLED_S: Final = 1.0
ALWAYS: Final = Span(-math.inf, math.inf)
ANGLES: Final = sorted(name for name, kind in CATALOGUE.items() if kind.angle)
LOWEST_DEG: Final = -65.0
UPRIGHT_DEG: Final = -70.0
"""Two angles that part by up to 4 degrees are not told apart by the board: so far from upright one may leave it."""
FLAT_DEG: Final = 1.5
Act = Callable[[World], None]


class Alone:
    """A table and its rider, drawn as a campaign does, somewhere on the way; the host is a hand that feeds orders."""

    def __init__(self, index: int, where: float) -> None:
        """``where``: 0 near upright, 1 near the rider's limit."""
        case = draw_case(54, index)
        session = case.session()
        self.limit_deg = session.limits.inverted_limit_deg
        self.board = make_board(session.table, session.rider, case.seed)
        self.world = World(self.board, Line(1, 0))
        start_deg = LOWEST_DEG + where * (self.limit_deg - 3.0 - LOWEST_DEG)
        self.table.state[plant.ANGLE_RAD] = self.table.state[plant.MOTOR_ANGLE_RAD] = math.radians(start_deg)
        self.feed(1.5, CommandMode.HOLD, 0.0)
        self.feed(0.2, CommandMode.MOVE, 0.0)

    @property
    def table(self) -> SimulatedTable:
        return self.board.table

    @property
    def angle_deg(self) -> float:
        return math.degrees(self.table.state[plant.ANGLE_RAD])

    def feed(self, seconds: float, mode: CommandMode, rate_dps: float) -> None:
        """A host that is there; on the way back it slows down before horizontal, as a host does."""
        order = self.table.order
        for _ in range(round(seconds * 100.0)):
            slow_dps = math.sqrt(8.0 * max(self.angle_deg - FLAT_DEG, 0.0))
            order[RATE_DPS] = max(rate_dps, -max(slow_dps, 1.9)) if rate_dps < 0.0 else rate_dps
            order[MODE], order[ACCEL_DPS2], order[TORQUE_FRACTION] = float(mode), 8.0, 1.0
            order[SESSION_OPEN], order[AGE_S] = 1.0, 0.0
            self.table.advance_ms(10)

    def fall_silent(self, act: Act, after_s: float) -> float:
        """Do something to the table so long after the host's last word, or before it; gives when."""
        if after_s < 0.0:
            act(self.world)
        begun_s = self.table.now_ms * 1e-3
        for _ in range(round(max(-after_s, 0.0) * 1e3)):
            self.table.order[AGE_S] = 0.0
            self.table.advance_ms(1)
        if after_s >= 0.0:
            self.table.advance_ms(round(after_s * 1e3))
            begun_s = self.table.now_ms * 1e-3
            act(self.world)
        return begun_s

    def broken(self, from_s: float) -> list[str]:
        """Judge what happened: the oracle's words."""
        asked = Asked(
            limit_deg=self.limit_deg, started_s=0.0, trips=(), rest_s=0.0, person_stopped_s=None, changes_s=(from_s,),
            alarm="the board's buzzer", harm=Harm(jolted_s=(Span(from_s, math.inf),), stuck_s=(ALWAYS,)),
        )  # fmt: skip
        trace = self.table.trace()
        return [text for text in judge(trace[trace[:, 0] > SETTLED_S], asked) if text.partition(":")[0] in RATES]


def begin(name: str, value: float) -> Act:
    return lambda world: CATALOGUE[name].begin(world, value)


indices = st.integers(0, 100_000)
places = st.floats(0.0, 1.0)
ways = st.one_of(st.just(0.0), st.floats(1.0, 3.0), st.floats(-2.0, -1.0), st.just(-8.0))
moments = st.one_of(st.floats(-0.03, 0.3), st.floats(0.0, 2.0), st.floats(0.0, 30.0))
drives = st.one_of(
    st.builds(begin, st.sampled_from(["runaway-upright", "runaway-upright", "runaway"]), st.floats(0.05, 1.0)),
    st.builds(begin, st.just("runaway-upright"), st.floats(0.2, 0.4)),
    st.just(begin("reversed-polarity", 0.0)),
)


@pytest.mark.requirement("REQ-BRD-DRIVE")
@given(index=indices, where=places, rate_dps=ways, turned_s=st.floats(0.05, 2.0), after_s=moments, act=drives)
@example(40317, 1.0, 1.0, 1.0, 0.0, begin("runaway", 0.0625)).via("half a degree a second, for as long as it takes")
@example(0, 0.0, 3.0, 0.1875, 0.0, begin("reversed-polarity", 0.0)).via("turned round while it begins to move")
def test_a_drive_that_disobeys_under_a_silent_host_makes_no_table_too_fast(
    index: int, where: float, rate_dps: float, turned_s: float, after_s: float, act: Act
) -> None:
    alone = Alone(index, where)
    rate_dps = -2.0 if rate_dps < -3.0 and alone.angle_deg < FLAT_DEG else rate_dps
    alone.feed(turned_s, CommandMode.MOVE if rate_dps else CommandMode.HOLD, rate_dps)
    begun_s = alone.fall_silent(act, after_s)
    alone.table.advance_ms(WATCHED_MS)
    assert alone.broken(begun_s) == []


@pytest.mark.requirement("REQ-BRD-DRIVE", "REQ-BRD-ANY-ANGLE")
@settings(max_examples=settings().max_examples // 4)
@given(
    index=indices,
    where=places,
    rate_dps=st.one_of(st.just(0.0), st.floats(1.0, 3.0), st.floats(-2.0, -1.0)),
    after_s=st.one_of(st.floats(-2.0, 2.0), st.floats(0.0, 30.0)),
    name=st.sampled_from(ANGLES),
)
@example(0, 0.0, 0.0, 0.0, "encoder-reversed").via("the return begins with an encoder that counts backward")
def test_an_angle_that_lies_under_a_silent_host_does_not_pass_for_a_drive_that_disobeys(
    index: int, where: float, rate_dps: float, after_s: float, name: str
) -> None:
    """Two pauses would keep the rider where they are for good."""
    alone = Alone(index, where)
    kind = CATALOGUE[name]
    act = begin(name, 0.0 if kind.parameter is None else kind.parameter.default)
    mode = CommandMode.MOVE if rate_dps else CommandMode.HOLD
    alone.feed(1.0, mode, rate_dps)
    if after_s < 0.0:
        act(alone.world)
        alone.feed(-after_s, mode, rate_dps)
        after_s, act = 0.0, lambda _: None
    alone.fall_silent(act, after_s)
    give_up_ms = alone.table.now_ms + LONGEST_MS
    while alone.angle_deg > UPRIGHT_DEG and alone.table.now_ms < give_up_ms:
        alone.table.advance_ms(100)
    assert alone.angle_deg <= UPRIGHT_DEG


@pytest.mark.requirement("REQ-BRD-DRIVE")
@pytest.mark.parametrize("duty", [0.1, 0.6, -0.1, -0.6])
def test_a_drive_that_pushes_at_standstill_is_cut_before_its_brake_opens(duty: float) -> None:
    alone = Alone(0, 0.5)
    alone.feed(1.0, CommandMode.HOLD, 0.0)
    stood_deg = alone.angle_deg
    alone.table.physics[plant.RUNAWAY_DUTY] = duty
    alone.table.advance_ms(20_000)
    assert alone.angle_deg == pytest.approx(stood_deg, abs=0.01)
    assert alone.board.buzzes


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
@pytest.mark.parametrize("stop_deg", [-76.5, -79.0])
@pytest.mark.parametrize("jump_deg", [2.0, 3.5, 7.0])
def test_a_return_that_an_angle_and_a_switch_ask_for_more_ends_at_the_mechanical_stop(
    stop_deg: float, jump_deg: float
) -> None:
    """It pushed against the stop every few seconds, for as long as the host was gone."""
    alone = Alone(0, 0.1)
    alone.table.physics[plant.LOWER_STOP_RAD] = math.radians(stop_deg)
    CATALOGUE["upright-switch-open"].begin(alone.world, 0.0)
    CATALOGUE["inclinometer-jump"].begin(alone.world, jump_deg)
    alone.table.advance_ms(60_000)
    assert alone.angle_deg < -74.0
    opened = alone.table.trace()[-2000:, TRACE_COLUMNS.index("brake_closed")] < 0.5
    assert not opened.any()
