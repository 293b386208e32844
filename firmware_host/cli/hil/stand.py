"""A table on the test stand, as a test sees it: whether it is simulated, on a virtual port or of steel is not seen.

``tick``, ``run`` and ``until`` send commands as they are, past the safety layer, to show what the table's own end does
with them; ``ride.Ride`` goes through the whole host. Either way a test ends where the table leaves its fence.
"""

import itertools
import random
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from drivers.link import Link
from firmware_host.cli.hil.evidence import Evidence, Figure
from firmware_host.cli.hil.hands import Hands
from firmware_host.cli.hil.lines import Heard, TargetLine
from firmware_host.cli.hil.promises import lacks
from firmware_host.devices import make_link
from firmware_host.files.tables import Table
from safety.signals import SIMULATOR_SERIALS, SafeCommand, Status, Telemetry

FORGOTTEN_S: Final = 0.6
"""After so long without a command a board can be taken over, and a rider sees that a new session begins."""
ANSWER_S: Final = 6.0
"""A table that has not identified itself after so long will not."""
FENCE_DEG: Final = 3.0
SILENT: Final = "silent"
"""In place of a command: the host is dead, and only listens."""
Command = SafeCommand | None | Literal["silent"]
"""None is a host that lives and has nothing to say: a board is sent nothing, a drive is told to stand."""


class StandError(AssertionError):
    """The table did not do what was waited for, or went where it must not."""


class NotPromisedError(Exception):
    """The device does not promise what is asked for; ``str()`` says so, and what to build."""


class Opened(NamedTuple):
    """A target that was opened."""

    table: Table
    line: TargetLine
    hands: Hands
    simulated: bool
    """Nobody can lie on it: it is this program's own."""
    limit_deg: float
    """As far as the table may be turned."""
    soak_s: float
    settles_s: float
    """After so long the host's memory grows no more by design."""
    target: str


class Stand:
    """One table, for one test."""

    def __init__(self, opened: Opened, load: str) -> None:
        self.table, self.hands, self.limit_deg = opened.table, opened.hands, opened.limit_deg
        self.soak_s, self.settles_s = opened.soak_s, opened.settles_s
        self.evidence = Evidence(opened.table.file.table.name, opened.target, load, opened.limit_deg)
        self.fence_deg = opened.limit_deg + FENCE_DEG
        """No test may bring the table farther out than this."""
        self.last: Telemetry | None = None
        """The newest telemetry."""
        self.now_s = 0.0
        self._line, self._simulated = opened.line, opened.simulated
        draw = random.Random() if not opened.simulated else random.Random(1)
        self._nonces = (draw.getrandbits(31) | 1 for _ in itertools.count())
        self._looks: list[Callable[[Telemetry], None]] = []
        self.link: Link = self._new_link()

    # ------------------------------------------------------------------------------------------------------- the link

    def _new_link(self) -> Link:
        serial = SIMULATOR_SERIALS.start if self._simulated else self.table.file.table.serial
        link = make_link(self.table, lambda: next(self._nonces), serial, simulated=self._simulated)
        self._line.attach(link)
        return link

    def connect(self) -> None:
        """Begin a new session, as a program that has just started does. Raises ``StandError`` with what is wrong."""
        self.run(FORGOTTEN_S, SILENT)
        self.link = self._new_link()
        heard: list[Telemetry] = []
        self.tick(None)
        begun_s = self.now_s
        while self.link.config is None or not heard:
            if self.now_s - begun_s > ANSWER_S:
                raise StandError(self.link.problem or "no table answers: check cable, power and port")
            t = self.tick(None)
            if t is not None:
                heard.append(t)
        self.evidence.identify(self.link.capabilities.name, self.link.config)

    def needs(self, promise: str) -> None:
        """Go on only if the device promises this. Raises ``NotPromisedError``."""
        missing = lacks(self.link.capabilities, promise)
        if missing:
            raise NotPromisedError(missing)

    def unplug(self) -> None:
        """Take the cable out."""
        self._line.unplug()

    def plug(self) -> None:
        """Put it in again."""
        self._line.plug()

    # ----------------------------------------------------------------------------------------------------------- ticks

    def hear(self) -> Heard:
        """Wait for the next tick."""
        heard = self._line.hear()
        self.now_s = heard.now_s
        return heard

    def send(self, data: bytes) -> None:
        """Send what a link gave."""
        if data:
            self._line.send(data)

    def tick(self, command: Command) -> Telemetry | None:
        """Do one tick past the safety layer; gives the newest telemetry, if any came. Raises ``StandError``."""
        heard = self.hear()
        found = self.link.receive(heard.data, heard.now_s)
        if command != SILENT:
            self.send(self.link.transmit(command, heard.now_s))
        for t in found:
            self.see(t)
        return found[-1] if found else None

    def run(self, seconds: float, command: Command) -> None:
        """Several ticks with one command."""
        self.tick(command)
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.tick(command)

    def until(self, done: Callable[[Telemetry], bool], at_most_s: float, command: Command, what: str) -> float:
        """Tick until the telemetry shows something; gives how long it took. Raises ``StandError`` if it never does."""
        self.tick(command)
        begun_s = self.now_s
        while True:
            t = self.tick(command)
            if t is not None and done(t):
                return self.now_s - begun_s
            if self.now_s - begun_s > at_most_s:
                raise StandError(f"{what}: not within {at_most_s:g} s; the newest telemetry is {self.last}")

    def see(self, t: Telemetry) -> None:
        """Take note of telemetry. Raises ``StandError`` for a table outside its fence."""
        self.last = t
        self.evidence.see(t, self.now_s)
        for look in self._looks:
            look(t)
        for angle_deg in (t.encoder_deg, t.inclinometer_deg):
            if angle_deg is not None and angle_deg > self.fence_deg:
                raise StandError(
                    f"the table is at {angle_deg:.1f} deg, and {self.fence_deg:.1f} deg is the farthest allowed"
                )

    def watch(self, look: Callable[[Telemetry], None]) -> None:
        """Call this with all telemetry from now on."""
        self._looks.append(look)

    # ------------------------------------------------------------------------------------------------------ what it is

    @property
    def angle_deg(self) -> float:
        """Where the table is, by its own angle or else by the motor's. Raises ``StandError`` if nobody knows."""
        t = self.last
        angle = None if t is None else t.encoder_deg if t.inclinometer_deg is None else t.inclinometer_deg
        if angle is None:
            raise StandError("the table tells no angle")
        return angle

    @property
    def braked(self) -> bool:
        """Tell whether the table's end says that brake or gear hold it."""
        return self.last is not None and bool(self.last.status & Status.BRAKE_CLOSED)

    def outward_deg(self, wanted_deg: float) -> float:
        """This angle, or the farthest that may be gone to if that is less."""
        return min(wanted_deg, self.limit_deg)

    def check(
        self, name: str, value: float, unit: str, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """Keep a figure for the report, and hold it against its limits. Raises ``StandError``."""
        figure = Figure(name, float(value), unit, at_least, at_most)
        self.evidence.figures.append(figure)
        if not figure.met:
            raise StandError(str(figure))

    def note(self, text: str) -> None:
        """Keep a remark for the report."""
        self.evidence.notes.append(text)
