"""A session through the whole host on the test stand: controller, safety layer, link."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from firmware_host.cli.hil.stand import Stand, StandError
from firmware_host.control.controller import Controller
from firmware_host.control.host import Host
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickOutput
from firmware_host.files.limit_chain import tightened
from firmware_host.files.programs import make_program
from firmware_host.files.toml_source import FileError, TomlSource
from firmware_host.files.validation import examine_within
from safety.limits import MACHINE
from safety.signals import Trip

START: Final = OperatorRequest(start=True)
PRESSED_AGAIN_S: Final = 1.0
UPRIGHT_WITHIN_S: Final = 150.0
"""From anywhere, with every rest and recovery on the way: the longest promises of the safety concept together."""
BRAKED_S: Final = 1.5
TARGET_MARGIN_DEG: Final = 1.0
"""A program keeps so far from the limit that the envelope does not slow it down before."""


class Ride:
    """One session, with somebody who presses what the test says."""

    def __init__(self, stand: Stand, to_deg: float, hold_s: float = 1.0) -> None:
        """Go to an angle, stay there for a while, and come back: that is the program.

        The load on the stand is not a rider who was set up: the balance test is off. Raises ``StandError``.
        """
        self.stand = stand
        self.to_deg = min(to_deg, stand.limit_deg - TARGET_MARGIN_DEG)
        stand.connect()
        self.controller = self._controller(hold_s)
        self.host = Host(self.controller, stand.link, None)
        self.events: list[Event] = []
        self.trips: list[Trip] = []
        self._inhibits: dict[str, str] = {}

    def _controller(self, hold_s: float) -> Controller:
        table = self.stand.table
        wanted = {"inverted_limit_deg": max(self.stand.limit_deg, 0.0)}
        chain = tightened(table.chain, wanted, "the test stand")
        limits = replace(chain.limits, balance_low_a=MACHINE.balance_low_a)
        steep = self.to_deg > limits.steep_deg
        hold_s = min(hold_s, limits.steep_hold_s if steep else limits.static_hold_s)
        data: dict[str, Any] = {
            "name": "Conformance",
            "motion": {"rate_dps": limits.invert_rate_dps, "rest_at_flat_s": limits.return_rest_s},
            "step": [{"do": "go", "to_deg": self.to_deg}, {"do": "hold", "for_s": hold_s}],
        }
        found = examine_within(chain, make_program(TomlSource("the test stand's program", data, {})))
        if found.refusals:
            raise StandError(str(FileError(list(found.refusals))))
        return Controller(found.plan, limits, table.limits, table.file.table.hand_switch, screened=True)

    # --------------------------------------------------------------------------------------------------------- ticks

    def tick(self, pressed: OperatorRequest = NO_REQUEST) -> TickOutput:
        """Do one tick."""
        stand, view = self.stand, self.controller.safety.view
        heard = stand.hear()
        stand.send(self.host.exchange(heard.data, heard.now_s, heard.lateness_s, pressed))
        if view.fresh and view.telemetry is not None:
            stand.see(view.telemetry)
        output = self.host.output
        assert output is not None
        for event in output.events:
            self._take(event)
        return output

    def _take(self, event: Event) -> None:
        self.events.append(event)
        if event.trip is not None:
            self.trips.append(event.trip)
        if event.kind == "inhibit":
            self._inhibits[event.text.partition(":")[0]] = event.text
        elif event.kind == "clear":
            self._inhibits.pop(event.text, None)

    def until(self, done: Callable[[], bool], at_most_s: float, what: str) -> float:
        """Tick until something is so; gives how long it took. Raises ``StandError`` if it never is."""
        self.tick()
        begun_s = self.stand.now_s
        while not done():
            if self.stand.now_s - begun_s > at_most_s:
                told = "; ".join([*self._inhibits.values(), *(f"{trip.monitor}: {trip.detail}" for trip in self.trips)])
                raise StandError(f"{what}: not within {at_most_s:g} s, in state {self.state}; {told}")
            self.tick()
        return self.stand.now_s - begun_s

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until_s = self.stand.now_s + seconds
        while self.stand.now_s < until_s:
            self.tick()

    # ----------------------------------------------------------------------------------------------------- the session

    @property
    def state(self) -> str:
        """The operating state."""
        return self.controller.states.state

    @property
    def over(self) -> bool:
        """Tell whether the rider is upright on the brake, and the session at its end."""
        return self.state in ("finished", "boarding_ready", "boarding_waiting")

    def start(self) -> None:
        """Wait until the table is ready, and press START."""
        self.stand.hands.prepare()
        patience_s = self.stand.hands.patience_s
        self.until(lambda: self.state == "boarding_ready", patience_s, "the table is ready to start")
        self.tick(START)
        if not self.controller.started:
            raise StandError(f"the session did not begin: {[event.text for event in self.events[-3:]]}")

    def go(self) -> None:
        """Start, and go to the program's angle."""
        self.start()
        reached = "session_holding"
        self.until(lambda: self.state == reached or self.over, UPRIGHT_WITHIN_S, f"at {self.to_deg:.0f} deg")
        if self.trips or self.state != reached:
            told = [event.text for event in self.events if event.kind in ("trip", "warning")]
            raise StandError(f"not at {self.to_deg:.0f} deg, but in state {self.state}: {'; '.join(told)}")

    def finish(self) -> float:
        """Wait until the rider is upright; gives how long. Raises ``StandError``, also where the brake stays open."""
        took_s = self.until(lambda: self.over, UPRIGHT_WITHIN_S, "upright")
        if self.stand.link.capabilities.holds:
            self.until(lambda: self.stand.braked, BRAKED_S, "upright on the brake")
        return took_s

    def tripped(self) -> list[str]:
        """Names of the monitors that acted, in order."""
        return [trip.monitor for trip in self.trips]


def bring_upright(stand: Stand) -> None:
    """Bring back a table that a test left anywhere, by a session that begins there. Raises ``StandError``."""
    ride = Ride(stand, stand.limit_deg)
    ride.until(lambda: ride.over and not ride.controller.safety.view.away, UPRIGHT_WITHIN_S, "back upright")
