"""What a person may do with the session at hand, and why not: the same at the panel and at the keys of the terminal."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any, Final

from firmware_host.control.controller import Controller
from firmware_host.control.loop import Requests
from firmware_host.control.preflight import CONFIRMATIONS, Check, Preflight
from firmware_host.control.scene import words
from firmware_host.day import today

BEFORE_START: Final = ("offline", "boarding_waiting", "boarding_ready")
"""Operating states in which nothing has begun: the table is upright, or no board has said where it is."""
MOVED_FROM: Final = ("boarding_ready", "manual_moving", "manual_holding")
"""Operating states in which a hand may move the table."""


class Controls:
    """One session's. The station's thread and the terminal's call it; neither waits for a tick."""

    def __init__(
        self,
        controller: Controller,
        requests: Requests,
        preflight: Preflight,
        tell: Callable[[str], None],
        busy: Callable[[], bool],
        no_longer: Callable[[], str],
        day: Callable[[], date] = today,
    ) -> None:
        """Make them.

        Args:
            controller: of the session; it is only looked at, but for its alarms once the session is over.
            requests: where presses go.
            preflight: of the table.
            tell: takes what a person did that the controller does not see.
            busy: tells whether another session is being made ready, so that none starts meanwhile.
            no_longer: says why the session must not begin now; empty if it may.
            day: gives today.
        """
        self._controller, self._requests, self._preflight = controller, requests, preflight
        self._tell, self._busy, self._no_longer, self._day = tell, busy, no_longer, day

    def press(self, name: str, confirmed: Collection[str] = ()) -> str:
        """Press; says why it is not followed, and is empty if it is."""
        if name == "test_brake":
            self._preflight.test_brake()
            return ""
        if name == "acknowledge" and self._controller.outcome is not None:
            self._controller.alarms.put_away()  # the session's last tick is over: no other one takes the press
            return ""
        refused = self._may_start(confirmed) if name == "start" else ""
        if refused == "":
            self._requests.press(name)
        return refused

    def move(self, hold: str, direction: int, made_s: float) -> str:
        """Take a sign of a finger on a button of motion by hand; says why nothing moves."""
        state = self._controller.states.state
        refused = _not_by_hand(state) or ("" if direction < 0 and _up_is_free(state) else self._not_now())
        if refused:
            self._requests.release(hold)  # what was held too early moves nothing later either
            return refused
        return self._requests.hold(hold, direction, made_s)

    def release(self, hold: str) -> None:
        """Take note that a finger is gone."""
        self._requests.release(hold)

    def beat(self) -> None:
        """Take note that somebody watches."""
        self._requests.beat()

    def confirm(self, check: str, *, yes: bool) -> str:
        """Take note of what the operator says; says what is wrong with that."""
        refused = self._preflight.confirm(check, yes=yes)
        if refused == "":
            self._tell(f"{'confirms' if yes else 'takes back'}: {CONFIRMATIONS[check]}")
        return refused

    def to_confirm(self) -> tuple[list[str], list[str]]:
        """Give what still keeps the table from moving: what is not for a person to say, and the ids of what is."""
        left = self._open()
        return [one.text for one in left if one.kind != "operator"], [one.id for one in left if one.kind == "operator"]

    def shown(self) -> dict[str, Any]:
        """Give the state of pre-flight and motion by hand, as the panel shows them."""
        controller, why = self._controller, self._preflight.due(self._day())
        state = controller.states.state
        standing = state in (*BEFORE_START, "manual_holding")
        checks = self._checks() if standing or why else ()
        done = why == "" or all(check.state == "ok" for check in checks)
        refused = _not_by_hand(state) or ("" if done else f"the pre-flight check is due {why}")
        return {
            "preflight": {
                "needed": why != "",
                "reason": why,
                "done": done,
                "checks": [check._asdict() for check in checks] if standing else [],
            },
            "manual": {
                "allowed": refused == "",
                "up_allowed": refused == "" or _up_is_free(state),
                "why_not": refused,
                "direction": controller.manual_direction,
            },
        }

    def _may_start(self, confirmed: Collection[str]) -> str:
        """Take what is confirmed with the press, and say what else keeps the session from starting."""
        for check in confirmed:
            refused = self.confirm(check, yes=True)
            if refused:
                return refused
        state = self._controller.states.state
        if state != "boarding_ready":
            return f"nothing starts while the table is: {words(state)}"
        return self._not_now()

    def _not_now(self) -> str:
        if self._busy():
            return "another session is being made ready: try again in a moment"
        view = self._controller.safety.view
        return self._no_longer() or self._preflight.why_not(self._day(), view, self._active())

    def _open(self) -> list[Check]:
        return [check for check in self._checks() if check.state != "ok"] if self._preflight.due(self._day()) else []

    def _checks(self) -> tuple[Check, ...]:
        return self._preflight.checks(self._controller.safety.view, self._active())

    def _active(self) -> set[str]:
        """Ids of monitors whose condition holds: of the alarms, which are whole at any time in any thread."""
        return {alarm.id for alarm in self._controller.alarms.active if alarm.present}


def _not_by_hand(state: str) -> str:
    return "" if state in MOVED_FROM else f"nothing is moved by hand while the table is: {words(state)}"


def _up_is_free(state: str) -> bool:
    """Toward upright a table that a hand has moved may go on, whatever midnight changed."""
    return state.startswith("manual")
