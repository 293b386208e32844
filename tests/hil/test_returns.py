"""Upright again, from wherever: from each of ten angles, and after the cable was out away from upright.

At horizontal a return begins with a rest, so nothing moves yet: what a drive keeps from its silence must not stay.
"""

import pytest

from firmware_host.cli.hil.hands import HAND_SWITCH
from firmware_host.cli.hil.ride import Ride
from firmware_host.cli.hil.stand import Stand
from safety.signals import Telemetry
from safety.view import AT_UPRIGHT_DEG

ANGLES = 10
FOR_A_PERSON_S = 90.0
HEAD_UP_DPS = 2.5
"""Promised by the safety concept, as the times are: from 60 degrees."""
PROMISED_FROM_DEG = 60.0
RECONNECTED_S = 1.0


@pytest.mark.parametrize("tenth", range(1, ANGLES + 1))
def test_return_from_each_of_ten_angles(stand: Stand, tenth: int) -> None:
    """By turns the program ends and the hand switch is let go of: the rider is upright within the promised time."""
    upright_deg, by_hand = stand.table.limits.upright_deg, tenth % 2 == 0
    angle_deg = upright_deg + (stand.limit_deg - upright_deg) * tenth / ANGLES
    ride = Ride(stand, angle_deg, FOR_A_PERSON_S if by_hand else 1.0)
    ride.go()
    begun_deg = stand.angle_deg
    fastest: list[float] = [0.0]

    def look(t: Telemetry) -> None:
        if stand.angle_deg < -1.0:
            fastest.append(-(t.rate_dps or 0.0))

    stand.watch(look)
    if by_hand:
        stand.hands.begin(HAND_SWITCH)
        ride.until(lambda: "hand-switch" in ride.tripped(), stand.hands.patience_s, "the hand switch is seen")
    took_s = ride.finish()
    beyond_deg = max(begun_deg - PROMISED_FROM_DEG, 0.0)
    rest_s = ride.controller.safety.view.limits.return_rest_s
    promised_s = 65.0 + beyond_deg / 8.0 if by_hand else 85.0 + rest_s + beyond_deg / 3.0 + 2.0
    stand.check(f"upright from {begun_deg:.0f} deg", took_s, "s", at_most=promised_s)
    stand.check("fastest head-up", max(fastest), "deg/s", at_most=HEAD_UP_DPS)
    stand.check("from upright in the end", abs(stand.angle_deg - upright_deg), "deg", at_most=AT_UPRIGHT_DEG)
    assert ride.tripped() == (["hand-switch"] if by_hand else [])
    if by_hand:
        stand.hands.end(HAND_SWITCH)


@pytest.mark.parametrize(("at_deg", "out_s"), [(0.0, 0.5), (10.0, 3.0)])
def test_upright_after_the_cable_was_out(stand: Stand, at_deg: float, out_s: float) -> None:
    """The cable is out for a while away from upright: the link is back within a second, then the rider upright."""
    ride = Ride(stand, stand.outward_deg(at_deg), FOR_A_PERSON_S)
    ride.go()
    stand.unplug()
    ride.until(lambda: ride.state == "unlinked", 1.0, "the host sees that the link is gone")
    ride.run(out_s)
    stand.plug()
    took_s = ride.until(lambda: ride.state != "unlinked", 5.0, "the link is back")
    stand.check("link after the cable's return", took_s, "s", at_most=RECONNECTED_S)
    stand.check("upright after the cable's return", ride.finish(), "s", at_most=75.0)
