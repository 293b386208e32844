"""What a black box must know of its session, so that a replay needs nothing but the file."""

import json
from dataclasses import asdict
from typing import Any, Final

from firmware_host.control.controller import Controller
from firmware_host.control.plan import Dwell, Move, Plan
from firmware_host.files.tables import HandSwitch
from firmware_host.files.validation import Session
from safety.limits import Limits
from safety.profile import Pace

FORMAT: Final = "1"
NAMES_OF_PEOPLE: Final = (("rider", "name"), ("clearance", "given_by"))
HEALTH: Final = (
    ("clearance", "conditions"), ("screening", "answers"),
    ("ridden", "ended"), ("ridden", "inverted_s"), ("ridden", "day_inverted_s"),
)  # fmt: skip


class SessionRecordError(ValueError):
    """A recorded session cannot be made anew from its record."""


def describe(session: Session) -> dict[str, str]:
    """Give the session as text: what a controller needs, and the files as people wrote them."""
    plan = session.plan._asdict()
    plan["segments"] = [_described(segment) for segment in session.plan.segments]
    sources = {"table": session.table.source, "rider": session.rider.source, "program": session.program.source}
    return {
        "format": FORMAT,
        "plan": json.dumps(plan),
        "limits": json.dumps(asdict(session.limits)),
        "table_limits": json.dumps(asdict(session.table.limits)),
        "hand_switch": session.table.file.table.hand_switch,
        "screened": json.dumps(not session.unscreened),
        **{
            name: json.dumps({"path": source.path, "data": _without_people(source.data)}, default=str)
            for name, source in sources.items()
        },
    }


def _without_people(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out who the rider is, who gave the clearance, and all of health: a recording is shown to others."""
    hidden = NAMES_OF_PEOPLE + HEALTH
    return {
        section: {key: value for key, value in content.items() if (section, key) not in hidden}
        if isinstance(content, dict)
        else content
        for section, content in data.items()
    }


def make_recorded_controller(record: dict[str, str]) -> Controller:
    """Make a fresh controller of a recorded session. Raises ``SessionRecordError``."""
    try:
        if record["format"] != FORMAT:
            raise SessionRecordError(f"the file has format {record['format']}, this version reads {FORMAT}")
        hand_switch: HandSwitch = "hold-to-run" if record["hand_switch"] == "hold-to-run" else "press-to-return"
        limits = recorded_limits(record)
        table_limits = Limits(**json.loads(record["table_limits"]))
        screened = json.loads(record["screened"]) is True
        return Controller(recorded_plan(record), limits, table_limits, hand_switch, screened=screened)
    except (KeyError, TypeError, ValueError) as error:
        raise SessionRecordError(f"the file does not say which session it is: {error}") from error


def recorded_limits(record: dict[str, str]) -> Limits:
    """Give the limits of a recorded session. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
    return Limits(**json.loads(record["limits"]))


def recorded_plan(record: dict[str, str]) -> Plan:
    """Give the plan of a recorded session. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
    plan = json.loads(record["plan"])
    plan["segments"] = tuple(_segment(one) for one in plan["segments"])
    plan["starts_s"] = tuple(plan["starts_s"])
    return Plan(**plan)


def _described(segment: Move | Dwell) -> dict[str, Any]:
    return {"kind": type(segment).__name__, **segment._asdict()}


def _segment(one: dict[str, Any]) -> Move | Dwell:
    kind = one.pop("kind")
    if kind == "Dwell":
        return Dwell(**one)
    return Move(**{**one, "pace": Pace(*one["pace"])})
