"""The pre-flight check: what the machine shows, and what a person has to look at, before the first motion of a day.

Needed before the first motion of the day, and again after a session that ended by a trip. It reads signals and moves
nothing: a check is right, wrong, or waited for. What it finds forbids a start where somebody stands at a panel or at a
terminal (``firmware_host.cli.run``); the monitors of ``safety`` forbid one by themselves, with or without it.

Pure: time and day are arguments. The control loop's thread calls ``observe``, whoever shows or asks calls the rest;
what they share are single values.
"""

from collections.abc import Collection
from datetime import date
from typing import Final, Literal, NamedTuple

from firmware_host.board_words import ankle_latch, hand_switch
from safety.signals import HAND_SWITCH, Input, Status, Telemetry
from safety.view import AT_UPRIGHT_DEG, HandSwitchMode, View

CONFIRMATIONS: Final = {
    "way-clear": "Nobody and nothing is in the table's way",
    "straps": "The straps are closed, and the height fits the rider",
    "emergency-stop-tested": "The emergency stop was pressed and released, and the table said so",
    "rider-well": "The rider is well, and wants to begin",
}
"""What only a person can see, by its id."""

HOLDING_S: Final = 3.0
"""On the closed brake both angles have to stand for so long, ..."""
HOLDING_DEG: Final = 0.3
"""... within this much of where they were."""
LOOKS_AWAY_S: Final = 0.5
"""What was not looked at for so long may have moved and come back: the test begins anew."""
SMOOTHED: Final = 0.1
"""Share of a new frame in the angles of the brake test: ten frames of an inclinometer's noise are no motion."""
CONTACT_FRAMES: Final = 3
"""A contact must say so for so many frames: one bounce is no press."""

FIRST_OF_THE_DAY: Final = "before the first motion of the day"

Kind = Literal["machine", "action", "operator"]
State = Literal["ok", "wrong", "waiting"]


class Check(NamedTuple):
    """One line of the list."""

    id: str
    kind: Kind
    """Read from the machine; read while somebody does something; or only a person can say."""
    state: State
    text: str
    """What is right, or what to do."""
    value: str | None
    """What was read; None where there is nothing to show."""


class BrakeTest:
    """Whether the closed brake holds: it turns nothing, it only looks on, and begins anew when something moved."""

    __slots__ = (
        "_asked",
        "_encoder_deg",
        "_from_deg",
        "_inclinometer_deg",
        "_newest_s",
        "_since_s",
        "moved_deg",
        "passed",
        "seen_s",
    )

    def __init__(self) -> None:
        self.passed = False
        self.moved_deg = 0.0
        """How far an angle went from where the newest test began."""
        self.seen_s = 0.0
        """For how long it has been held so far."""
        self._asked = False
        self._since_s: float | None = None
        self._newest_s = 0.0
        self._encoder_deg = self._inclinometer_deg = 0.0
        self._from_deg = (0.0, 0.0)

    @property
    def failed(self) -> bool:
        """A test that somebody asked for saw the table move: it has to be asked for again."""
        return self._asked and self._since_s is None and self.moved_deg > HOLDING_DEG

    def ask(self) -> None:
        """Begin anew, and say so if the table moves."""
        self.passed, self._asked, self._since_s, self.moved_deg = False, True, None, 0.0

    def observe(self, t: Telemetry, now_s: float) -> None:
        """Look at a frame."""
        encoder, inclinometer = t.encoder_deg, t.inclinometer_deg
        if self.passed or self.failed:
            return
        if encoder is None or inclinometer is None or not t.status & Status.BRAKE_CLOSED:
            self._since_s = None
            return
        watched = 0.0 <= now_s - self._newest_s <= LOOKS_AWAY_S
        self._newest_s = now_s
        if self._since_s is None or not watched:
            self._since_s, self.seen_s, self.moved_deg = now_s, 0.0, 0.0
            self._encoder_deg, self._inclinometer_deg = self._from_deg = encoder, inclinometer
            return
        self._encoder_deg += (encoder - self._encoder_deg) * SMOOTHED
        self._inclinometer_deg += (inclinometer - self._inclinometer_deg) * SMOOTHED
        from_encoder, from_inclinometer = self._from_deg
        moved = max(abs(self._encoder_deg - from_encoder), abs(self._inclinometer_deg - from_inclinometer))
        self.moved_deg, self.seen_s = max(self.moved_deg, moved), now_s - self._since_s
        if not moved <= HOLDING_DEG:
            self._since_s = None
        elif self.seen_s >= HOLDING_S:
            self.passed = True


class Preflight:
    """The check of one table, over all its sessions."""

    def __init__(self) -> None:
        self._passed_on: date | None = None
        self._why = FIRST_OF_THE_DAY
        self._begin()

    def _begin(self) -> None:
        self._confirmed: set[str] = set()
        self._frames_held = self._frames_released = 0
        self._seen_held = self._seen_released = False
        self._brake = BrakeTest()

    def begin_anew(self, why: str) -> None:
        """Ask for everything again before the next motion; ``why`` completes "the pre-flight check is due ..."."""
        self._passed_on, self._why = None, why
        self._begin()

    def due(self, today: date) -> str:
        """Say why the check is needed before the next motion; empty if it is not."""
        if self._passed_on == today:
            return ""
        if self._passed_on is not None:
            self.begin_anew(FIRST_OF_THE_DAY)
        return self._why

    def passed(self, today: date) -> None:
        """Note that a motion begins with everything checked, or confirmed in another way."""
        self._passed_on = today

    # ------------------------------------------------------------------------------------------------ what is noted

    def observe(self, t: Telemetry, now_s: float) -> None:
        """Look at a frame, before the start: the hand switch's contacts, and the angles on the brake."""
        held = HAND_SWITCH.reads(t.inputs)
        self._frames_held = self._frames_held + 1 if held is True else 0
        self._frames_released = self._frames_released + 1 if held is False else 0
        self._seen_held = self._seen_held or self._frames_held >= CONTACT_FRAMES
        self._seen_released = self._seen_released or self._frames_released >= CONTACT_FRAMES
        self._brake.observe(t, now_s)

    def confirm(self, check: str, *, yes: bool) -> str:
        """Note what a person says; gives what is wrong with that, or nothing."""
        if check not in CONFIRMATIONS:
            return f"{check} is nothing to be confirmed: the machine sees it by itself, or there is no such check"
        if yes:
            self._confirmed.add(check)
        else:
            self._confirmed.discard(check)
        return ""

    def test_brake(self) -> None:
        """Begin the brake holding test anew."""
        self._brake.ask()

    # ------------------------------------------------------------------------------------------------- what is told

    def checks(self, view: View, active: Collection[str]) -> tuple[Check, ...]:
        """Give the whole list as it is now.

        Args:
            view: what the monitors see, a tick old at most.
            active: ids of the monitors whose condition holds.
        """
        t = view.telemetry
        return (*_machine(view, t, active), self._hand_switch(view, t), self._brake_holds(), *self._people())

    def why_not(self, today: date, view: View, active: Collection[str]) -> str:
        """Say why nothing may move yet; empty if it may."""
        why = self.due(today)
        open_checks = [check for check in self.checks(view, active) if check.state != "ok"] if why else []
        if not open_checks:
            return ""
        told = "; ".join(check.text for check in open_checks)
        return f"the pre-flight check is due {why}: {told}"

    def _hand_switch(self, view: View, t: Telemetry | None) -> Check:
        reads = None if t is None else hand_switch(t)
        good = _good_hand(view.hand_switch_mode)
        # Nobody lies on a simulated table, and its hand switch need not be tried.
        tried = (self._seen_held and self._seen_released) or (view.config is not None and view.config.simulated)
        if reads == "contradictory":
            state: State = "wrong"
            text = "The hand switch's contacts contradict each other: have it checked"
        elif tried and reads == good:
            state, text = "ok", f"The hand switch was tried, and is {good}"
        elif not self._seen_held:
            state, text = "waiting", "Ask the rider to press the hand switch"
        elif not self._seen_released:
            state, text = "waiting", "Ask the rider to let go of the hand switch"
        else:
            state, text = "waiting", f"The hand switch has to be {good}"
        return Check("hand-switch", "action", state, text, reads)

    def _brake_holds(self) -> Check:
        brake = self._brake
        value = f"{brake.moved_deg:.2f} deg"
        if brake.passed:
            return Check("brake", "action", "ok", f"The closed brake held for {HOLDING_S:g} s", value)
        if brake.failed:
            text = (
                f"The table moved on its closed brake, at most {HOLDING_DEG:g} deg is right: test it again, clear of it"
            )
            return Check("brake", "action", "wrong", text, value)
        text = f"The brake is watched: keep the table still for {HOLDING_S:g} s"
        return Check("brake", "action", "waiting", text, f"{brake.seen_s:.0f} of {HOLDING_S:g} s")

    def _people(self) -> list[Check]:
        return [
            Check(name, "operator", "ok" if name in self._confirmed else "waiting", text, None)
            for name, text in CONFIRMATIONS.items()
        ]


def _machine(view: View, t: Telemetry | None, active: Collection[str]) -> list[Check]:
    """What is read without anybody doing anything."""
    limits, config, angles = view.limits, view.config, view.angles
    linked = t is not None and config is not None and view.age_s is not None and view.age_s <= limits.link_age_s
    if t is None or config is None or not linked:
        text = "The table board has to answer: check cable and power"
        return [Check("link", "machine", "wrong", text, None)]
    encoder, inclinometer = t.encoder_deg, t.inclinometer_deg
    known = encoder is not None and inclinometer is not None and not angles.lost_angles
    agree = known and abs((encoder or 0.0) - (inclinometer or 0.0)) <= limits.disagree_deg
    upright = agree and angles.angle_deg is not None and abs(angles.angle_deg - limits.upright_deg) <= AT_UPRIGHT_DEG
    latch = ankle_latch(t)
    chain = bool(t.inputs & Input.ESTOP_CHAIN)
    board = f"{config.upright_deg:g} to {config.inverted_limit_deg:g} deg, {config.max_rate_dps:g} deg/s"
    return [
        Check("link", "machine", "ok", "The table board answers", f"{(view.age_s or 0.0) * 1e3:.0f} ms"),
        _read("board-limits", "board-config" not in active, "The board holds the table's limits",
              "The board's limits are not the table file's: set them", board),
        _read("angles", upright, "Both angles agree, and read upright",
              "Both angles have to agree, and to read upright", f"{_shown(encoder)} and {_shown(inclinometer)} deg"),
        _read("upright-switch", bool(t.inputs & Input.UPRIGHT_SWITCH), "The upright switch is closed",
              "The upright switch is open at upright: have it checked", None),
        _read("ankle-latch", latch == "locked", "The ankle latch is locked", "Lock the ankle latch",
              None if latch == "locked" else latch),
        _read("emergency-stop", chain, "The emergency stop is released", "Release the emergency stop",
              None if chain else "pressed"),
        _read("energy", "energy" not in active and _at_least(t.bus_v, limits.bus_reserve_v),
              "The supply can bear a return", f"The supply has to be at least {limits.bus_reserve_v:g} V: check it",
              None if t.bus_v is None else f"{t.bus_v:.1f} V"),
        _read("temperatures", "temperature" not in active and "duty" not in active,
              "Drive and motor are cool", "Let drive and motor cool", _temperatures(t)),
    ]  # fmt: skip


def _read(name: str, good: bool, right: str, wrong: str, value: str | None) -> Check:
    return Check(name, "machine", "ok" if good else "wrong", right if good else wrong, value)


def _good_hand(mode: HandSwitchMode) -> str:
    return "held" if mode == "hold-to-run" else "released"


def _at_least(value: float | None, least: float) -> bool:
    """A supply that the drive does not measure cannot be judged here; NaN is never enough."""
    return value is None or value >= least


def _shown(angle_deg: float | None) -> str:
    return "unknown" if angle_deg is None else f"{angle_deg:.1f}"


def _temperatures(t: Telemetry) -> str | None:
    read = [f"{name} {value:.0f} degC" for name, value in
            (("drive", t.drive_temperature_c), ("motor", t.motor_temperature_c)) if value is not None]  # fmt: skip
    return ", ".join(read) or None
