"""A session as the panel shows it, in numbers and words that JSON can carry."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from firmware_host.board_words import brake, contacts
from firmware_host.control.choosing import Choice, Chooser, Refusal, Text, Wanted
from firmware_host.control.controls import Controls
from firmware_host.control.outcome import Outcome
from firmware_host.control.plan import Move, Plan
from firmware_host.control.scene import Scene, words
from firmware_host.files.limit_chain import THE_MACHINE
from firmware_host.files.validation import Session
from firmware_host.panel.messages import Choose, TomlText
from safety.limits import SPECS
from safety.signals import BoardConfig, Telemetry

PAUSED_ALREADY: Final = "the sound is paused already: it comes back by itself, and can then be paused again"


class AtHand(NamedTuple):
    """The session that is ready, runs, or has just ended."""

    choice: Choice
    simulated: bool
    """The command started the table itself."""
    blackbox: str
    """Name of its recording."""
    scene: Callable[[], Scene]
    outcome: Callable[[], Outcome | None]
    board: Callable[[], BoardConfig | None]
    link_stats: Callable[[], dict[str, float | None]]
    controls: Controls
    chooser: Chooser
    watched: Callable[[], bool]
    """A panel has watched it."""


class SessionDesk(NamedTuple):
    """Fits ``station.Desk``."""

    session: int
    at_hand: AtHand
    next: Callable[[], None]
    """Asks for another session of the same."""

    @property
    def held(self) -> bool:
        """The table stands still until a person asks for motion."""
        return self.at_hand.scene().state.startswith(("stopped", "manual_holding"))

    def press(self, name: str, confirmed: Collection[str]) -> str:
        """Hand on a press; says why it is not followed."""
        if name == "pause_audio" and self.at_hand.scene().audio_pause_left_s > 0.0:
            return PAUSED_ALREADY  # no press prolongs a pause, and whoever presses is told
        if name != "next":
            return self.at_hand.controls.press(name, confirmed)
        if self.at_hand.outcome() is not None:
            self.next()
        return ""

    def move(self, hold: str, direction: int, made_s: float) -> str:
        """Hand on a sign of a finger that holds; says why nothing moves."""
        return self.at_hand.controls.move(hold, direction, made_s)

    def release(self, hold: str) -> None:
        """Hand on that a finger is gone."""
        self.at_hand.controls.release(hold)

    def confirm(self, check: str, *, yes: bool) -> str:
        """Hand on what the operator says of a pre-flight check."""
        return self.at_hand.controls.confirm(check, yes=yes)

    def beat(self) -> None:
        """Hand on a sign of life."""
        self.at_hand.controls.beat()

    def choose(self, choose: Choose) -> "Future[dict[str, Any]]":
        """Have a choice checked; the answer names the session that begins, or all that is wrong."""
        wanted = Wanted(_text(choose.rider), _text(choose.program), choose.reference, choose.note)
        return self.at_hand.chooser.begin(wanted, self._chosen)

    def _chosen(self, refusal: Refusal | None) -> dict[str, Any]:
        if refusal is None:
            return {"ok": True, "session": self.session + 1}
        problems = [{"file": one.path, "line": one.line, "text": one.text} for one in refusal.problems]
        return {"ok": False, "error": refusal.error, "problems": problems}

    def setup(self) -> dict[str, Any]:
        """Give what stays the same during the session."""
        choice = self.at_hand.choice
        session = choice.session
        plan, limits, table = session.plan, session.limits, session.table
        return {
            "program": plan.name,
            "rider": session.rider.file.rider.name,
            "table": table.file.table.name,
            "table_file": {
                "path": table.source.path,
                "serial": table.file.table.serial,
                "hand_switch": table.file.table.hand_switch,
            },
            "board": _board(self.at_hand.board()),
            "reference": choice.reference,
            "limits": _limits(session),
            "height_m": session.rider.file.rider.height_m,
            "simulated": self.at_hand.simulated,
            "unscreened": [str(problem) for problem in session.unscreened],
            "upright_deg": limits.upright_deg,
            "limit_deg": limits.inverted_limit_deg,
            "allowance_s": limits.time_inverted_s,
            "program_s": plan.program_s,
            "total_s": plan.total_s,
            "segments": _segments(plan),
        }

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        at_hand = self.at_hand
        scene, outcome = at_hand.scene(), at_hand.outcome()
        shown = scene._asdict()
        for unsent in ("title", "limit_deg", "allowance_s", "simulated", "telemetry"):
            del shown[unsent]
        return {
            **shown,
            "words": words(scene.state),
            "alarms": [
                {**alarm._asdict(), "priority": alarm.priority.name, "text": alarm.text} for alarm in scene.alarms
            ],
            "sounding": None if scene.sounding is None else scene.sounding.name,
            "machine": None if scene.telemetry is None else _machine(scene.telemetry),
            "outcome": None if outcome is None else outcome._asdict(),
            **at_hand.controls.shown(),
            "blackbox": at_hand.blackbox,
            "reference": at_hand.choice.reference,
            "link_stats": at_hand.link_stats(),
            "board": _board(at_hand.board()),
        }


def _segments(plan: Plan) -> list[dict[str, Any]]:
    """Give the motions and holds of a plan, each with when it begins and where it ends."""
    return [
        {
            "label": segment.label,
            "step": segment.step,
            "starts_s": starts_s,
            "to_deg": segment.to_deg if isinstance(segment, Move) else segment.at_deg,
        }
        for segment, starts_s in zip(plan.segments, plan.starts_s, strict=True)
    ]


def _limits(session: Session) -> list[dict[str, Any]]:
    """Give the limits in force, each with who set it."""
    return [
        {"name": name, "unit": SPECS[name].unit, "value": value, "origin": session.origins.get(name, THE_MACHINE)}
        for name, value in asdict(session.limits).items()
    ]


def _text(text: TomlText | None) -> Text | None:
    return None if text is None else Text(text.path, text.text)


def _board(config: BoardConfig | None) -> dict[str, Any] | None:
    """Give what the board said of itself."""
    if config is None:
        return None
    return {**config._asdict(), "firmware": ".".join(map(str, config.firmware)), "simulated": config.simulated}


def _machine(t: Telemetry) -> dict[str, Any]:
    """Give what the board measures."""
    return {
        "encoder_deg": t.encoder_deg,
        "inclinometer_deg": t.inclinometer_deg,
        "current_a": t.current_a,
        "bus_v": t.bus_v,
        "drive_temperature_c": t.drive_temperature_c,
        "motor_temperature_c": t.motor_temperature_c,
        **contacts(t),
        "brake": brake(t),
    }
