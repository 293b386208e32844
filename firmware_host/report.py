"""What a recording says of its session: figures in words, and a picture."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.blackbox_reader import Recording
from safety.returning import FLAT_TOLERANCE_DEG

SIZE_IN: Final = (12.8, 8.0)
DPI: Final = 125
ANGLE, TARGET, RATE, CURRENT = "#0072b2", "#7f7f7f", "#009e73", "#cc79a7"
TRIP: Final = "#d55e00"
"""Okabe and Ito's palette: told apart by colour-blind readers too."""
STATE_COLOURS: Final = {
    "session_moving": "#cfe8f7",
    "session_holding": "#e8f3e8",
    "returning": "#fdf3d0",
    "emergency": "#fad7c8",
    "recovering": "#fbe3c0",
    "stopped": "#f3c4c4",
    "unlinked": "#dddddd",
}


class PictureError(Exception):
    """No picture can be drawn; ``str()`` says what to do."""


class SessionSummary(NamedTuple):
    """A session in figures, as measured."""

    program: str
    state: str
    """The last operating state."""
    duration_s: float
    inverted_s: float
    max_angle_deg: float | None
    max_rate_dps: float | None
    trips: tuple[str, ...]
    link: str
    problems: tuple[str, ...]

    def lines(self) -> list[tuple[str, str]]:
        """Give names and values for people."""
        angle = "unknown" if self.max_angle_deg is None else f"{self.max_angle_deg:+.1f} deg"
        rate = "unknown" if self.max_rate_dps is None else f"{self.max_rate_dps:.1f} deg/s"
        told = [
            ("program", self.program),
            ("duration", f"{self.duration_s:.1f} s, {self.inverted_s:.1f} s inverted"),
            ("highest angle", angle),
            ("highest rate", rate),
            ("link", self.link),
            ("trips", "; ".join(self.trips) or "none"),
        ]
        return told + [("problem", problem) for problem in self.problems]


def summary(recording: Recording) -> SessionSummary:
    """Sum a recording up."""
    angles = [t.encoder_deg for one in recording.inputs if (t := one.telemetry) and t.encoder_deg is not None]
    rates = [abs(t.rate_dps) for one in recording.inputs if (t := one.telemetry) and t.rate_dps is not None]
    times = [one.now_s for one in recording.inputs]
    trips = tuple(event["text"] for event in recording.events if event["kind"] == "trip")
    return SessionSummary(
        program=_plan_name(recording),
        state=recording.outputs[-1].state if recording.outputs else "nothing recorded",
        duration_s=times[-1] - times[0] if times else 0.0,
        inverted_s=_inverted_s(recording),
        max_angle_deg=max(angles, default=None),
        max_rate_dps=max(rates, default=None),
        trips=trips,
        link=_link(recording),
        problems=tuple(recording.problems),
    )


def _plan_name(recording: Recording) -> str:
    from firmware_host.session_record import recorded_plan

    try:
        return recorded_plan(recording.metadata).name
    except (KeyError, TypeError, ValueError):
        return "unknown"


def _inverted_s(recording: Recording) -> float:
    total_s, before_s = 0.0, None
    for one in recording.inputs:
        t = one.telemetry
        if before_s is not None and t is not None and t.encoder_deg is not None and t.encoder_deg > FLAT_TOLERANCE_DEG:
            total_s += one.now_s - before_s
        before_s = one.now_s
    return total_s


def _link(recording: Recording) -> str:
    if not recording.health:
        return "not recorded"
    last = recording.health[-1]
    told = [f"{last['frames']} frames"]
    names = ("lost_frames", "corrupted_frames", "repeated_frames", "reordered_frames", "late_frames")
    told += [f"{last[name]} {name.split('_')[0]}" for name in (*names, "host_stalls", "board_reboots") if last[name]]
    return ", ".join(told)


def picture(recording: Recording, target: Path) -> None:
    """Draw angle, rate, current, states and events into a PNG. Raises ``PictureError`` and ``OSError``."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        text = "pictures need matplotlib, which this installation lacks: pip install 'righting[sim]'"
        raise PictureError(text) from error
    if not recording.inputs:
        raise PictureError(f"{recording.path}: there is nothing to draw, no tick was recorded")
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, 1, sharex=True, height_ratios=[3.0, 1.4, 1.2])
    start_s = recording.inputs[0].now_s
    _draw_signals(axes, recording, start_s)
    _draw_states(axes, recording, start_s)
    _draw_events(axes[0], recording, start_s)
    told = summary(recording)
    figure.suptitle(f"{told.program}: {told.duration_s:.0f} s, {told.inverted_s:.0f} s inverted", fontsize=15)
    figure.savefig(target)


def _draw_signals(axes: Any, recording: Recording, start_s: float) -> None:
    nan = float("nan")
    t = [one.now_s - start_s for one in recording.inputs]

    def series(name: str) -> list[float]:
        values = (None if one.telemetry is None else getattr(one.telemetry, name) for one in recording.inputs)
        return [nan if value is None else value for value in values]

    targets = [nan if out.target_deg is None else out.target_deg for out in recording.outputs]
    angle, rate, current = axes
    angle.plot(t, targets, color=TARGET, linewidth=1.2, linestyle="--", label="target")
    angle.plot(t, series("inclinometer_deg"), color="#56b4e9", linewidth=3.0, alpha=0.5, label="inclinometer")
    angle.plot(t, series("encoder_deg"), color=ANGLE, linewidth=1.6, label="encoder")
    angle.axhline(0.0, color="black", linewidth=0.8)
    limit = _limit_deg(recording)
    if limit is not None:
        angle.axhline(limit, color=TRIP, linewidth=1.2, label=f"limit {limit:g}")
    angle.set_ylabel("inversion angle, deg")
    angle.set_ylim(-85.0, max(65.0, (limit or 0.0) + 10.0))
    angle.legend(loc="lower center", ncols=4, framealpha=0.95)
    commanded = [nan if (c := out.command) is None or c.rate_dps is None else c.rate_dps for out in recording.outputs]
    rate.plot(t, commanded, color=TARGET, linewidth=1.2, linestyle="--", label="commanded")
    rate.plot(t, series("rate_dps"), color=RATE, linewidth=1.2, label="measured")
    rate.set_ylabel("rate, deg/s")
    rate.legend(loc="lower right", ncols=2, framealpha=0.95)
    current.plot(t, series("current_a"), color=CURRENT, linewidth=0.9)
    current.set_ylabel("motor current, A")
    current.set_xlabel("time, s")
    for one in axes:
        one.grid(alpha=0.3)
        one.set_xlim(0.0, t[-1])


def _limit_deg(recording: Recording) -> float | None:
    from safety.limits import Limits

    try:
        return Limits(**json.loads(recording.metadata["limits"])).inverted_limit_deg
    except (KeyError, TypeError, ValueError):
        return None


def _draw_states(axes: Any, recording: Recording, start_s: float) -> None:
    begun_s, state = recording.inputs[0].now_s, recording.outputs[0].state
    ends = [*zip(recording.inputs, recording.outputs, strict=True)]
    shown: set[str] = set()
    for position, (one, out) in enumerate(ends):
        if out.state == state and position < len(ends) - 1:
            continue
        name = state if state in STATE_COLOURS else state.split("_")[0]
        colour = STATE_COLOURS.get(name)
        if colour is not None:
            for axis in axes:
                axis.axvspan(begun_s - start_s, one.now_s - start_s, color=colour, linewidth=0.0)
            if name not in shown:
                shown.add(name)
                label = name.replace("session_", "")
                axes[0].text(begun_s - start_s + 0.5, -83.5, label, fontsize=8, color="#444444", rotation=0)
        begun_s, state = one.now_s, out.state


def _draw_events(axis: Any, recording: Recording, start_s: float) -> None:
    top = axis.get_ylim()[1]
    for event in recording.events:
        if event["kind"] not in ("trip", "operator"):
            continue
        at_s = event["t_s"] - start_s
        trip = event["trip"]
        colour = TRIP if trip is not None else "#444444"
        axis.axvline(at_s, color=colour, linewidth=1.4, linestyle=":")
        text = event["text"] if trip is None else str(trip["monitor"])
        axis.text(at_s, top, f" {text}", color=colour, fontsize=9, rotation=90, va="top", ha="right")
