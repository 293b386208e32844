"""What the driver makes of a motor's encoder that is wrong, the same for every drive that is asked."""

from typing import Any

import pytest

from safety.signals import DriveFault, Status
from sim import sensors
from sim.layout import ENCODER_DEG
from tests.drivers import test_odrive, test_roboclaw, test_servo, test_vesc
from tests.drivers.polled_link import HOLD, OFF, TICK_S, Bench, move

_MODULES = {"roboclaw": test_roboclaw, "vesc": test_vesc, "odrive": test_odrive, "servo": test_servo}


@pytest.fixture
def found(request: pytest.FixtureRequest) -> Bench:
    """A drive that is connected, by its kind."""
    bench: Bench = _MODULES[request.param].bench().connect()
    return bench


EVERY = pytest.mark.parametrize("found", list(_MODULES), indirect=True)


@EVERY
def test_an_encoder_of_no_use_to_the_drive_gives_its_motor_no_torque(found: Bench) -> None:
    """Noise of a degree is rates that no table has; as long as they come nothing turns, and afterwards all does."""
    found.run(1.0, move(2.0))
    noise = sensors.fault_index(ENCODER_DEG, sensors.NOISE)
    found.table.faults[noise] = 1.0
    found.run(0.2, move(2.0))
    assert found.last.faults & DriveFault.ENCODER
    found.run(3.0, OFF)
    fastest_dps = 0.0
    for rate_dps in (-1.5, 1.5):
        for _ in range(150):
            found.tick(move(rate_dps))
            fastest_dps = max(fastest_dps, abs(found.table.truth().rate_dps))
        found.run(0.5, HOLD)
    assert fastest_dps == 0.0
    found.table.faults[noise] = 0.0
    found.run(1.5, HOLD)
    assert not found.last.faults
    found.run(2.0, move(2.0))
    assert found.table.truth().rate_dps == pytest.approx(2.0, abs=0.1)


@EVERY
def test_a_motor_that_turns_the_other_way_is_let_go_at_once(found: Bench) -> None:
    """By its own encoder, whose sign is wrong: each turn the other way makes the drive push harder that way."""
    found.run(0.5, HOLD)
    found.table.faults[sensors.fault_index(ENCODER_DEG, sensors.REVERSED)] = 1.0
    fastest_dps, seen = 0.0, 0
    for _ in range(150):
        found.tick(move(1.5))
        fastest_dps = max(fastest_dps, abs(found.table.truth().rate_dps))
        seen |= found.last.faults
    assert seen & DriveFault.OVERCURRENT
    assert fastest_dps < 4.0


@EVERY
def test_one_wrong_reading_makes_no_stop_harder(found: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single rate of 0 in the middle of a ramp: it goes on, and the brake stops no turning table."""
    found.run(3.0, move(6.0))
    found.run(0.05, HOLD)
    orders = found.link._orders
    take = orders.take

    def wrong_once(_: float | None, **said: Any) -> bool:
        monkeypatch.setattr(orders, "take", take)
        return take(0.0, **said)

    monkeypatch.setattr(orders, "take", wrong_once)
    hardest_dps2, before_dps = 0.0, found.table.truth().rate_dps
    for _ in range(150):
        found.tick(HOLD)
        rate_dps = found.table.truth().rate_dps
        hardest_dps2, before_dps = max(hardest_dps2, (before_dps - rate_dps) / TICK_S), rate_dps
    assert orders.take == take, "the wrong one came"
    assert before_dps == 0.0
    assert found.last.status == Status.BRAKE_CLOSED
    assert hardest_dps2 < 12.0


def test_a_table_that_coasts_the_other_way_is_taken_over() -> None:
    """The other way: stopping that is what it is to do, and no failure of its encoder."""
    found = test_vesc.bench().connect()  # the one without a brake
    found.run(3.0, move(6.0))
    found.run(0.03, OFF)
    assert found.table.truth().rate_dps > 3.0
    for _ in range(100):
        found.tick(move(-4.0, 0.7))
        assert not found.last.faults
    assert found.table.truth().rate_dps == pytest.approx(-4.0, abs=0.2)


def test_silences_make_no_encoder_better() -> None:
    """Those that are longer than the drive's timeout begin much anew, not that."""
    found = test_vesc.bench().connect()
    found.run(1.0, move(2.0))
    found.table.faults[sensors.fault_index(ENCODER_DEG, sensors.NOISE)] = 0.05
    found.run(0.5, move(2.0))
    found.run(4.0, OFF)
    fastest_dps = 0.0
    for _ in range(10):
        found.silence(0.3)
        for _ in range(60):
            found.tick(move(-1.5))
            fastest_dps = max(fastest_dps, abs(found.table.truth().rate_dps))
    assert fastest_dps < 0.5


def test_a_stop_while_a_coasting_table_is_taken_over_goes_on_slowing_it() -> None:
    found = test_vesc.bench().connect()
    found.run(3.0, move(6.0))
    found.run(0.03, OFF)
    found.run(0.19, move(-4.0, 0.7))
    found.run(0.02, HOLD)
    assert found.table.truth().rate_dps > 0.5, "it still coasts the other way"
    assert found.last.status & Status.TORQUE_ON
