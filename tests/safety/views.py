"""A view of the monitors as a test wants it: all well, but for what it names."""

import pickle
from typing import Any

from safety.monitors.base import Monitor
from safety.signals import BoardConfig, CommandMode, Response, Telemetry
from safety.view import View
from tests.safety.kinematic_table import ALL_WELL, SESSION, TABLE

CONFIG = BoardConfig(SESSION, 1, (1, 0, 0), 1, TABLE.upright_deg, TABLE.inverted_limit_deg, 8.0, 0.25)
WELL = Telemetry(SESSION, 1, 0, None, None, 30.0, 30.0, 0.0, 0.0, 24.0, 25.0, 25.0, ALL_WELL, 0, 0, 0, 0)


LOOKS = 10
"""So many ticks at either end of a hold are looked at for what a monitor changes."""


def view_of(changes: dict[str, Any]) -> View:
    """A rider standing at 30 degrees with all well, but for the changes: of the frame, of the angles, of the view."""
    view = View(TABLE, TABLE, "hold-to-run")
    view.telemetry, view.config, view.age_s, view.fresh, view.dt_s = WELL, CONFIG, 0.0, True, 0.01
    view.away = view.inverted = view.been_upright = True
    view.command_mode = CommandMode.MOVE
    angles = view.angles
    angles.angle_deg = angles.best_deg = angles.low_deg = angles.high_deg = 30.0
    angles.rate_dps = angles.disagreement_deg = 0.0
    for name, value in changes.items():
        if name in Telemetry._fields and name != "rate_dps":
            view.telemetry = view.telemetry._replace(**{name: value})
        elif hasattr(angles, name):
            setattr(angles, name, value)
        else:
            setattr(view, name, value)
    return view


def response(monitor: Monitor, held_s: float, **changes: Any) -> Response:
    """What a monitor says after its condition lasted so long."""
    view = view_of(changes)
    first_s, last, ticks = view.now_s, Response.NONE, round(held_s / 0.01) + 1
    for tick in range(ticks):
        view.now_s = first_s + tick / 100.0
        looks = tick < LOOKS or tick >= ticks - LOOKS  # minutes of a hold need not be looked at one by one
        seen = pickle.dumps(view) if looks else b""
        last = monitor.check(view)
        changed = looks and pickle.dumps(view) != seen
        assert not changed, "a monitor keeps its own time, and changes nothing of what the others see"
    if last is not Response.NONE:
        assert monitor.detail(view)
        assert monitor.since_s(view) <= view.now_s
    return last
