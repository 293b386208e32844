"""The virtual board through real bytes: obedience, its watchdog, its own limits, its return without a host."""

import math

import pytest

from drivers.board import HostLink
from safety.signals import CommandMode, DriveFault, Input, Lost, SafeCommand, Status, Telemetry
from sim import plant, sensors
from sim.board import VirtualBoard
from sim.layout import ENCODER_DEG, INCLINOMETER_DEG
from sim.parameters import TableParameters
from sim.rider import Rider, Sex

HOLD = SafeCommand(CommandMode.HOLD, None, 8.0, 1.0)
OFF = SafeCommand(CommandMode.TORQUE_OFF, None, 8.0, 1.0)
RIDERS = [(40.0, 1.47), (75.0, 1.75), (136.0, 1.98)]


def move(rate_dps: float) -> SafeCommand:
    return SafeCommand(CommandMode.MOVE, rate_dps, 8.0, 1.0)


class Bench:
    """A board and a host's end of the link, a frame at a time."""

    def __init__(self, mass_kg: float = 75.0, height_m: float = 1.75, limit_deg: float = 60.0) -> None:
        rider = Rider(sex=Sex.MALE, mass_kg=mass_kg, height_m=height_m)
        self.board = VirtualBoard(TableParameters(), rider, seed=5, inverted_limit_deg=limit_deg)
        nonces = iter(range(1, 1000))
        self.link = HostLink(lambda: next(nonces))
        self.now_s = 0.0
        self.newest: Telemetry | None = None
        self.fastest_head_up_dps = self.fastest_dps = 0.0
        self.run(0.1, None)

    @property
    def angle_deg(self) -> float:
        return math.degrees(self.board.table.state[plant.ANGLE_RAD])

    def tick(self, command: SafeCommand | None) -> None:
        self.now_s += 0.01
        before = self.angle_deg
        for frame in self.link.receive(self.board.advance(0.01), self.now_s):
            self.newest = frame
        self.board.receive(self.link.transmit(command, self.now_s))
        rate = (self.angle_deg - before) * 100.0
        self.fastest_dps = max(self.fastest_dps, abs(rate))
        if self.angle_deg < -2.0:
            self.fastest_head_up_dps = max(self.fastest_head_up_dps, -rate)

    def run(self, seconds: float, command: SafeCommand | None) -> None:
        for _ in range(round(seconds * 100)):
            self.tick(command)

    def silence(self, below_deg: float, at_most_s: float) -> float:
        """Say nothing until the table is below an angle."""
        begun_s = self.now_s
        while self.angle_deg > below_deg:
            self.now_s += 0.01
            before = self.angle_deg
            data = self.board.advance(0.01)
            for frame in self.link.receive(data, self.now_s):
                self.newest = frame
            if self.angle_deg < -2.0:
                self.fastest_head_up_dps = max(self.fastest_head_up_dps, (before - self.angle_deg) * 100.0)
            assert self.now_s - begun_s <= at_most_s, f"still at {self.angle_deg:.1f} deg"
        return self.now_s - begun_s

    def invert_to(self, angle_deg: float) -> None:
        while self.angle_deg < angle_deg:
            self.tick(move(3.0 if self.angle_deg < angle_deg - 3.0 else 1.0))
        self.run(1.0, HOLD)
        self.fastest_head_up_dps = 0.0


@pytest.mark.parametrize(("mass_kg", "height_m"), RIDERS)
def test_it_follows_a_rate_and_stands_on_its_brake(mass_kg: float, height_m: float) -> None:
    bench = Bench(mass_kg, height_m)
    bench.run(2.0, move(2.0))
    assert bench.newest is not None
    assert bench.newest.rate_dps == pytest.approx(2.0, abs=0.15)
    assert bench.newest.status & Status.TORQUE_ON
    bench.run(1.0, HOLD)
    stood = bench.angle_deg
    assert bench.newest.status & Status.BRAKE_CLOSED
    assert not bench.newest.status & Status.TORQUE_ON
    bench.run(20.0, HOLD)
    assert bench.angle_deg == pytest.approx(stood, abs=0.01)


@pytest.mark.requirement("REQ-BRD-RETURN")
@pytest.mark.parametrize(("mass_kg", "height_m"), RIDERS)
def test_without_a_host_it_brings_the_rider_upright_as_promised(mass_kg: float, height_m: float) -> None:
    bench = Bench(mass_kg, height_m)
    bench.invert_to(59.0)
    horizontal_s = bench.silence(0.5, 12.0)
    assert bench.newest is not None
    assert bench.newest.status & Status.DEAD_HOST_RETURN
    upright_s = horizontal_s + bench.silence(-74.0, 65.0 - horizontal_s)
    assert upright_s > 40.0
    assert bench.fastest_head_up_dps <= 2.5
    for _ in range(200):
        bench.board.advance(0.01)
    assert bench.board.table.truth().brake_closed


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
@pytest.mark.parametrize("dead", [(ENCODER_DEG,), (INCLINOMETER_DEG,), (ENCODER_DEG, INCLINOMETER_DEG)])
def test_it_returns_on_whatever_angle_is_left(dead: tuple[int, ...]) -> None:
    bench = Bench()
    bench.invert_to(40.0)
    for channel in dead:
        bench.board.table.faults[sensors.fault_index(channel, sensors.DEAD)] = 1.0
    bench.silence(0.5, 60.0)
    bench.silence(-73.0, 120.0)


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
@pytest.mark.parametrize("seed", range(6))
def test_a_noisy_encoder_orders_nothing_when_the_brake_opens_again(seed: int) -> None:
    """With the torque off nothing bears out the rate that the encoder reports."""
    bench = Bench(limit_deg=90.0)
    bench.invert_to(30.0)
    bench.board.table.faults[sensors.fault_index(ENCODER_DEG, sensors.NOISE)] = 0.5
    highest_deg = bench.angle_deg
    for _ in range(9000 + seed):
        bench.board.advance(0.01)
        highest_deg = max(highest_deg, bench.angle_deg)
    assert highest_deg < 31.0
    assert bench.angle_deg < -72.0


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
@pytest.mark.parametrize("drift_dps", [-2.0, -0.8, -0.5, 0.3, 0.8, 2.0])
@pytest.mark.parametrize("from_deg", [40.0, -30.0])
def test_an_encoder_that_drifts_on_a_table_that_stands_takes_no_try_from_the_return(
    drift_dps: float, from_deg: float
) -> None:
    """Its first leap looks like a drive that does not obey, which is tried twice alone; then it is seen at rest."""
    bench = Bench()
    bench.invert_to(from_deg)
    for _ in range(100):
        bench.tick(move(-1.5))
    bench.board.table.faults[sensors.fault_index(ENCODER_DEG, sensors.DRIFT_PER_S)] = drift_dps
    bench.silence(-72.0, 120.0)


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
@pytest.mark.parametrize("from_deg", [40.0, -20.0])
def test_an_inclinometer_that_goes_the_other_way_does_not_pass_for_a_runaway(from_deg: float) -> None:
    bench = Bench()
    bench.invert_to(from_deg)
    bench.board.table.faults[sensors.fault_index(INCLINOMETER_DEG, sensors.REVERSED)] = 1.0
    bench.silence(-73.0, 120.0)


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
def test_an_upright_switch_that_is_stuck_does_not_end_a_return_against_two_angles() -> None:
    bench = Bench()
    bench.invert_to(20.0)
    bench.board.table.faults[sensors.FORCED_CLOSED] = float(Input.UPRIGHT_SWITCH)
    bench.silence(-72.5, 120.0)


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
def test_only_accepted_commands_feed_the_watchdog() -> None:
    bench = Bench()
    bench.invert_to(20.0)
    stale = bench.link.transmit(HOLD, bench.now_s)
    start = bench.angle_deg
    for _ in range(100):
        bench.board.advance(0.01)
        bench.board.receive(stale)
        bench.board.receive(b"\x00garbage\x00")
    assert bench.angle_deg < start - 1.0


@pytest.mark.requirement("REQ-BRD-BUZZER")
def test_it_buzzes_from_the_loss_of_its_host_until_the_rider_is_upright() -> None:
    bench = Bench()
    told = [bench.board.buzzes]
    bench.invert_to(20.0)
    told.append(bench.board.buzzes)
    for below_deg in (19.0, -60.0, -74.5):
        bench.silence(below_deg, 60.0)
        told.append(bench.board.buzzes)
    assert told == [False, False, True, True, False]


@pytest.mark.requirement("REQ-BRD-BUZZER")
@pytest.mark.parametrize("channel", [ENCODER_DEG, INCLINOMETER_DEG])
def test_an_angle_that_reads_upright_alone_does_not_silence_it(channel: int) -> None:
    """As the motor's does where a coupling broke, while the table hangs somewhere else."""
    bench = Bench()
    bench.invert_to(5.0)
    bench.board.table.faults[sensors.fault_index(channel, sensors.OFFSET)] = -50.0
    bench.silence(-40.0, 60.0)
    assert bench.board.buzzes
    bench.silence(-74.5, 60.0)
    assert not bench.board.buzzes


@pytest.mark.requirement("REQ-BRD-BUZZER")
def test_a_return_that_is_given_up_close_to_upright_does_not_silence_it() -> None:
    """As after a drive that ran away twice: four degrees short of where riders board nobody can get off."""
    bench = Bench()
    bench.invert_to(-50.0)
    bench.silence(-71.0, 60.0)
    bench.board.table.faults[sensors.ESTOP_PRESSED] = 1.0
    for _ in range(300):
        bench.board.advance(0.01)
    assert bench.angle_deg == pytest.approx(-71.0, abs=0.5)
    assert bench.board.buzzes


@pytest.mark.requirement("REQ-BRD-BUZZER")
@pytest.mark.parametrize("channel", [ENCODER_DEG, INCLINOMETER_DEG])
def test_a_switch_that_is_stuck_silences_it_nowhere_but_near_upright(channel: int) -> None:
    """Beside one angle it ends the return from -30 degrees on: the rider hangs there, and somebody has to hear."""
    bench = Bench()
    bench.invert_to(20.0)
    bench.board.table.faults[sensors.FORCED_CLOSED] = float(Input.UPRIGHT_SWITCH)
    bench.board.table.faults[sensors.fault_index(channel, sensors.DEAD)] = 1.0
    bench.silence(-29.9, 60.0)
    for _ in range(500):
        bench.board.advance(0.01)
    assert bench.angle_deg == pytest.approx(-30.0, abs=0.5)
    assert bench.board.buzzes


@pytest.mark.requirement("REQ-BRD-RETURN")
@pytest.mark.parametrize(("channel", "lost"), [(ENCODER_DEG, Lost.INCLINOMETER), (INCLINOMETER_DEG, Lost.ENCODER)])
def test_with_one_angle_left_the_switch_ends_the_return_and_not_the_angle(channel: int, lost: int) -> None:
    """The host may have lost the right one before it was gone."""
    bench = Bench()
    bench.invert_to(5.0)
    bench.board.table.faults[sensors.fault_index(channel, sensors.OFFSET)] = -6.0
    bench.run(0.5, HOLD._replace(lost_angles=lost))
    bench.silence(-70.0, 90.0)
    assert bench.board.buzzes
    bench.silence(-74.0, 10.0)
    for _ in range(200):
        bench.board.advance(0.01)
    assert bench.angle_deg > -76.0
    assert not bench.board.buzzes


@pytest.mark.requirement("REQ-BRD-BUZZER")
def test_it_stops_buzzing_when_a_host_takes_over() -> None:
    bench = Bench()
    bench.invert_to(20.0)
    bench.silence(19.0, 5.0)
    bench.run(0.5, HOLD)
    assert not bench.board.buzzes
    assert bench.angle_deg > 0.0


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
def test_a_silence_shorter_than_the_watchdog_changes_nothing() -> None:
    bench = Bench()
    bench.invert_to(20.0)
    start = bench.angle_deg
    for _ in range(23):
        bench.board.advance(0.01)
    bench.run(0.5, HOLD)
    assert bench.angle_deg == pytest.approx(start, abs=0.05)


def moved_to(angle_deg: float, rate_dps: float) -> Bench:
    """A table that its host turns toward upright, past an angle."""
    bench = Bench()
    bench.invert_to(30.0)
    while bench.angle_deg > angle_deg:
        bench.tick(move(rate_dps if bench.angle_deg > 0.0 else max(rate_dps, -2.0)))
    return bench


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
@pytest.mark.parametrize(("angle_deg", "rate_dps"), [(2.0, -5.6), (3.0, -6.9), (4.0, -8.0)])
def test_the_last_order_of_a_silent_host_carries_nobody_fast_through_horizontal(
    angle_deg: float, rate_dps: float
) -> None:
    """It would have braked; the board does, before its watchdog runs out."""
    bench = moved_to(angle_deg, rate_dps)
    for _ in range(150):
        bench.now_s += 0.01
        before = bench.angle_deg
        bench.board.advance(0.01)
        assert bench.angle_deg > -0.5 or before - bench.angle_deg < 0.023


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
@pytest.mark.parametrize(("angle_deg", "rate_dps"), [(20.0, -8.0), (1.5, 2.0), (-5.0, -2.0)])
def test_away_from_horizontal_an_order_stands_until_the_watchdog_runs_out(angle_deg: float, rate_dps: float) -> None:
    bench = moved_to(angle_deg, min(rate_dps, -1.0))
    bench.run(1.0, move(rate_dps))
    start = bench.angle_deg
    bench.board.advance(0.2)
    assert bench.angle_deg - start == pytest.approx(0.2 * rate_dps, abs=0.05)


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
def test_a_board_that_nobody_ever_spoke_to_stays_on_its_brake() -> None:
    bench = Bench()
    board = bench.board
    board.reboot()
    for _ in range(500):
        board.advance(0.01)
    assert bench.angle_deg == pytest.approx(-75.0, abs=0.01)


@pytest.mark.requirement("REQ-BRD-LIMIT")
def test_its_own_limit_holds_against_a_host_that_asks_for_more() -> None:
    bench = Bench(limit_deg=20.0)
    while bench.now_s < 60.0:
        bench.tick(move(8.0))
    assert bench.angle_deg == pytest.approx(21.0, abs=0.7)
    assert bench.board.table.truth().max_angle_deg < 22.0
    assert bench.newest is not None
    assert bench.newest.status & Status.RATE_LIMITED


@pytest.mark.requirement("REQ-BRD-CHAIN")
def test_the_emergency_stop_chain_cuts_whatever_is_ordered_and_the_return_resumes_after_its_release() -> None:
    bench = Bench()
    bench.invert_to(40.0)
    bench.board.table.faults[sensors.ESTOP_PRESSED] = 1.0
    bench.run(1.0, move(-3.0))
    stood = bench.angle_deg
    assert bench.board.table.truth().brake_closed
    for _ in range(300):
        bench.board.advance(0.01)
    assert bench.angle_deg == pytest.approx(stood, abs=0.05)
    bench.board.table.faults[sensors.ESTOP_PRESSED] = 0.0
    bench.silence(0.5, 15.0)


@pytest.mark.requirement("REQ-BRD-RETURN")
def test_a_new_host_ends_the_board_s_own_return_without_a_jolt() -> None:
    bench = Bench()
    bench.invert_to(50.0)
    bench.silence(30.0, 10.0)
    bench.board.table.reset_statistics()
    bench.run(2.0, move(-3.0))
    assert bench.board.table.truth().max_accel_dps2 < 12.0
    assert bench.newest is not None
    assert not bench.newest.status & Status.DEAD_HOST_RETURN
    assert bench.newest.rate_dps == pytest.approx(-3.0, abs=0.2)


@pytest.mark.requirement("REQ-BRD-ANY-ANGLE")
def test_a_dead_encoder_is_reported_and_the_table_still_obeys() -> None:
    bench = Bench()
    bench.invert_to(10.0)
    bench.board.table.faults[sensors.fault_index(ENCODER_DEG, sensors.STUCK)] = 1.0
    bench.fastest_dps = 0.0
    bench.run(3.0, move(-3.0))
    assert bench.newest is not None
    assert bench.newest.faults & DriveFault.ENCODER
    assert bench.fastest_dps < 8.0
    bench.run(1.0, HOLD)
    assert bench.board.table.truth().brake_closed


@pytest.mark.requirement("REQ-BRD-REBOOT")
def test_a_reboot_loses_the_session_and_says_so() -> None:
    bench = Bench()
    bench.board.reboot()
    bench.tick(None)
    assert bench.newest is not None
    assert bench.newest.session_id == 0
    assert bench.link.health.board_reboots == 1
    bench.run(0.3, None)
    assert bench.link.config is not None
    assert bench.link.config.boot_count == 2


@pytest.mark.requirement("REQ-BRD-REBOOT")
def test_without_power_the_board_is_silent_on_its_brake_and_comes_back_rebooted() -> None:
    bench = Bench()
    bench.invert_to(20.0)
    bench.board.table.physics[plant.MAINS_LOST] = 1.0
    bench.board.advance(0.5)
    assert bench.board.advance(0.1) == b""
    assert bench.board.table.truth().brake_closed
    bench.board.receive(bench.link.transmit(HOLD, bench.now_s))
    bench.board.table.physics[plant.MAINS_LOST] = 0.0
    bench.now_s += 1.0
    bench.run(0.5, None)
    assert bench.link.config is not None
    assert bench.link.config.boot_count == 2


@pytest.mark.requirement("REQ-BRD-REBOOT")
def test_a_board_that_gets_its_power_back_does_not_leap() -> None:
    """Without power nothing ran: no ramp went on against the closed brake, and no integral wound up."""
    bench = Bench()
    bench.invert_to(20.0)
    bench.board.table.physics[plant.MAINS_LOST] = 1.0
    bench.board.advance(5.0)
    bench.board.table.physics[plant.MAINS_LOST] = 0.0
    bench.board.table.reset_statistics()
    bench.board.advance(1.0)
    truth = bench.board.table.truth()
    assert truth.rate_dps < -2.0
    assert truth.max_accel_dps2 < 12.0


@pytest.mark.requirement("REQ-RSP-TORQUE-OFF")
def test_torque_off_drops_the_brake_at_once() -> None:
    bench = Bench()
    bench.run(3.0, move(2.0))
    bench.run(0.15, OFF)
    truth = bench.board.table.truth()
    assert truth.brake_closed
    assert truth.rate_dps == pytest.approx(0.0, abs=0.05)


@pytest.mark.requirement("REQ-BRD-WATCHDOG")
def test_it_says_before_the_first_motion_that_no_command_comes_and_stays_on_its_brake() -> None:
    bench = Bench()
    bench.run(0.5, HOLD)
    assert bench.newest is not None
    assert not bench.newest.status & Status.WATCHDOG_EXPIRED
    bench.run(0.24, None)
    assert not bench.newest.status & Status.WATCHDOG_EXPIRED
    bench.run(0.1, None)
    assert bench.newest.status & Status.WATCHDOG_EXPIRED
    assert not bench.newest.status & Status.DEAD_HOST_RETURN
    assert bench.newest.status & Status.BRAKE_CLOSED
    assert not bench.board.buzzes


@pytest.mark.requirement("REQ-BRD-REBOOT")
def test_a_board_that_restarts_under_a_moving_table_takes_it_over_at_rest() -> None:
    """Its filters begin anew: it would take a table that turns for one that stands, and pull it to a halt."""
    bench = Bench()
    bench.invert_to(10.0)
    bench.run(1.5, move(2.9))
    bench.board.reboot()
    bench.run(0.19, None)
    assert bench.link.config is None or bench.newest is None or bench.newest.session_id == 0
    bench.run(0.3, HOLD)
    assert bench.newest is not None
    assert bench.newest.session_id != 0
    assert bench.newest.rate_dps == pytest.approx(0.0, abs=0.01)


@pytest.mark.requirement("REQ-BRD-RETURN")
@pytest.mark.parametrize(("mass_kg", "height_m"), RIDERS)
def test_what_comes_free_of_an_obstacle_under_a_dead_host_does_not_leap(mass_kg: float, height_m: float) -> None:
    bench = Bench(mass_kg, height_m)
    bench.invert_to(20.0)
    table = bench.board.table
    table.physics[plant.OBSTRUCTION_BELOW_RAD] = math.radians(19.0)
    pushed_s = 0.0
    for _ in range(500):
        bench.board.advance(0.01)
        pushed_s += 0.01 if abs(table.truth().current_a) > 3.0 else 0.0
    assert 0.3 < pushed_s < 2.0, "it lets go of what is in the way, and tries again"
    while abs(table.truth().current_a) < 4.0:
        bench.board.advance(0.01)
    table.physics[plant.OBSTRUCTION_BELOW_RAD] = math.radians(-200.0)
    table.reset_statistics()
    bench.silence(-73.0, 120.0)
    assert table.truth().max_accel_dps2 < 30.0


@pytest.mark.requirement("REQ-BRD-RETURN")
@pytest.mark.parametrize("duty", [0.4, 0.6, 1.0])
@pytest.mark.parametrize("blind", [(), (ENCODER_DEG,), (INCLINOMETER_DEG,)])
def test_a_drive_that_runs_ahead_under_a_dead_host_is_tried_twice_and_then_braked(
    duty: float, blind: tuple[int, ...]
) -> None:
    bench = Bench()
    bench.invert_to(5.0)
    bench.silence(-30.0, 60.0)
    table = bench.board.table
    for channel in blind:
        table.faults[sensors.fault_index(channel, sensors.DEAD)] = 1.0
    table.physics[plant.RUNAWAY_DUTY] = -duty
    for _ in range(2000):
        bench.board.advance(0.01)
    truth = table.truth()
    assert truth.brake_closed
    assert -40.0 < truth.angle_deg < -30.0
    assert bench.board.buzzes


def test_the_rider_tries_the_hand_switch_until_a_host_that_stalled_has_looked() -> None:
    bench = Bench()

    def held() -> bool:
        assert bench.newest is not None
        return bench.newest.inputs & Input.HAND_SWITCH_NO != 0

    while bench.link.config is None:
        bench.tick(None)
    bench.tick(HOLD)
    for _ in range(200):  # the host stands still, and sees none of these frames
        bench.board.advance(0.01)
    bench.tick(HOLD)
    assert not held()
    bench.run(0.2, HOLD)
    assert held()
