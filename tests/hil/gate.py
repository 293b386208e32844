"""The safety layer alone, with somebody behind it who asks for anything."""

from collections.abc import Callable
from dataclasses import replace

from firmware_host.cli.hil.stand import Stand, StandError
from safety.layer import SafetyState, Verdict, step
from safety.limits import MACHINE
from safety.signals import MotionRequest

READY_S = 60.0


class Gate:
    """A session of the safety layer on the stand; the load is no rider who was set up, so there is no balance test."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        table = stand.table
        self.limits = replace(
            table.limits, balance_low_a=MACHINE.balance_low_a, inverted_limit_deg=max(stand.limit_deg, 0.0)
        )
        stand.connect()
        self._state = SafetyState(self.limits, table.limits, table.file.table.hand_switch, screened=True)
        stand.hands.prepare()
        self._until(MotionRequest(), lambda verdict: verdict.command is not None and not verdict.inhibited, READY_S)

    @property
    def still(self) -> bool:
        """Tell whether the table stands."""
        last = self.stand.last
        return last is not None and abs(last.rate_dps or 0.0) < 0.1

    def ask(self, rate_dps: float, done: Callable[[], bool], at_most_s: float) -> None:
        """Ask for a rate until something is so. Raises ``StandError``."""
        self._until(MotionRequest(rate_dps), lambda _: done(), at_most_s)

    def _until(self, request: MotionRequest, done: Callable[[Verdict], bool], at_most_s: float) -> None:
        stand, begun_s = self.stand, self.stand.now_s
        while True:
            heard = stand.hear()
            found = stand.link.receive(heard.data, heard.now_s)
            t = found[-1] if found else None
            verdict = step(self._state, heard.now_s, t, stand.link.config, heard.lateness_s, request)
            stand.send(stand.link.transmit(verdict.command, heard.now_s))
            if t is not None:
                stand.see(t)
            if verdict.new_trips:
                raise StandError("; ".join(f"{trip.monitor}: {trip.detail}" for trip in verdict.new_trips))
            if done(verdict):
                return
            if heard.now_s - begun_s > at_most_s:
                raise StandError(
                    f"not within {at_most_s:g} s; forbidden by {', '.join(verdict.inhibited) or 'nothing'}"
                )
