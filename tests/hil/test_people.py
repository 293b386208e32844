"""Emergency stop, hand switch, and the brake with somebody on it, through the whole host."""

from firmware_host.cli.hil.hands import EMERGENCY_STOP, HAND_SWITCH
from firmware_host.cli.hil.ride import Ride
from firmware_host.cli.hil.stand import Stand
from firmware_host.control.ticks import OperatorRequest
from safety.signals import Input, Status

STOP = OperatorRequest(stop=True)
RETURN = OperatorRequest(return_upright=True)
HELD_S = 10.0
AWAY_DEG = 15.0
HEAVIEST_DEG = -2.0
"""Near horizontal a load whose centre is off the pivot pulls most."""
FOR_A_PERSON_S = 90.0
"""A program waits so long at its angle for somebody to press what they are told to."""


def test_the_emergency_stop_takes_the_torque_and_the_rider_comes_back_after_it(stand: Stand) -> None:
    """Pressed on the way: no torque, standstill, and no motion until it is released and a return is asked for."""
    stand.needs("sto")
    ride = Ride(stand, stand.outward_deg(20.0), FOR_A_PERSON_S)
    ride.start()
    away_deg = stand.table.limits.upright_deg + AWAY_DEG
    ride.until(lambda: stand.angle_deg > away_deg, 30.0, "on its way")
    stand.hands.begin(EMERGENCY_STOP)
    ride.until(lambda: not _inputs(stand) & Input.ESTOP_CHAIN, stand.hands.patience_s, "the chain is open")
    pressed_deg = stand.angle_deg
    took_s = ride.until(lambda: _torque_off(stand) and ride.state == "stopped_held", 3.0, "without torque, and held")
    stand.check("without torque and held", took_s, "s", at_most=3.0)
    ride.run(2.0)
    stand.check("moved with the chain open", abs(stand.angle_deg - pressed_deg), "deg", at_most=2.0)
    assert "emergency-stop" in ride.tripped()
    stand.hands.end(EMERGENCY_STOP)
    ride.until(lambda: bool(_inputs(stand) & Input.ESTOP_CHAIN), stand.hands.patience_s, "the chain is closed")
    ride.run(1.0)
    assert ride.state == "stopped_held", "releasing the emergency stop moved the table"
    ride.tick(RETURN)
    stand.check("upright after it was asked for", ride.finish(), "s", at_most=85.0)


def _inputs(stand: Stand) -> int:
    return 0 if stand.last is None else stand.last.inputs


def _torque_off(stand: Stand) -> bool:
    return stand.last is not None and not stand.last.status & Status.TORQUE_ON


def test_the_hand_switch_brings_the_rider_back(stand: Stand) -> None:
    """A rider who lets go of the hand switch, or presses it where that is the sign, is brought upright fast."""
    ride = Ride(stand, -30.0, FOR_A_PERSON_S)
    ride.go()
    stand.hands.begin(HAND_SWITCH)
    ride.until(lambda: "hand-switch" in ride.tripped(), stand.hands.patience_s, "the hand switch is seen")
    stand.check("upright after the hand switch", ride.finish(), "s", at_most=65.0)
    stand.hands.end(HAND_SWITCH)


def test_the_brake_holds_the_load(stand: Stand) -> None:
    """Stopped away from upright, the table stands on its brake and neither angle moves."""
    stand.needs("holds")
    ride = Ride(stand, HEAVIEST_DEG, FOR_A_PERSON_S)
    ride.go()
    ride.tick(STOP)
    ride.until(lambda: ride.state == "stopped_held" and _torque_off(stand), 5.0, "held")
    ride.run(0.5)
    seen: list[tuple[float, float]] = []
    stand.watch(lambda t: seen.append((t.encoder_deg or 0.0, t.inclinometer_deg or 0.0)))
    ride.run(HELD_S)
    third = len(seen) // 3
    for name, angles in zip(("motor's angle", "table's angle"), zip(*seen, strict=True), strict=True):
        drift = sum(angles[-third:]) / third - sum(angles[:third]) / third
        stand.check(f"{name}: drift in {HELD_S:g} s on the brake", abs(drift), "deg", at_most=0.2)
