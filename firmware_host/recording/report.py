"""What a recording says of its session: figures in words, and a picture."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from firmware_host.control.ticks import Event
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.session_record import recorded_limits
from firmware_host.recording.session_summary import SessionSummary, Summing
from safety.signals import Telemetry

SIZE_IN: Final = (12.8, 8.0)
DPI: Final = 125
GAP_S: Final = 0.25
"""A line is broken where nothing was measured for longer."""
NEAR: Final = 0.02
"""Events nearer to each other than this part of the picture's width share a label."""
LOWEST_DEG: Final = -98.0
"""Leaves room for the legend below a table that stands upright."""
LEGEND_ROOM: Final = 0.35
"""Added above the rates, as a part of their range, so that the legend hides none of them."""
VISIBLE: Final = 0.002
"""Shortest stretch that anybody can see, as a part of the picture's width."""
ROW_POINTS: Final = 24
"""From one row of event labels to the next."""
NARROW: Final = 0.0062
"""Width of a letter in the band of states, as a part of the picture's width."""

# Okabe and Ito's palette: colour-blind readers tell it apart too, and line styles say the same once more.
INK, GREY, FAINT = "#222222", "#6b6b6b", "#bbbbbb"
ENCODER, INCLINOMETER, RATE, CURRENT, TRIP = "#0072b2", "#e69f00", "#007a5a", "#9b4f83", "#d55e00"
INVERTED, FORBIDDEN = "#eef5fa", "#fbe3d6"
STATES: Final = {
    "offline": ("offline", "#e3e3e3"),
    "boarding": ("boarding", "#f3f3f3"),
    "session_moving": ("moving", "#8cc4e8"),
    "session_holding": ("holding", "#cfe6f5"),
    "returning": ("returning", "#f0e442"),
    "emergency": ("emergency return", "#e69f00"),
    "recovering": ("recovering", "#e0b3cd"),
    "stopped": ("stopped", "#d55e00"),
    "unlinked": ("no link", "#6b6b6b"),
    "finished": ("finished", "#a5d8c6"),
    "manual": ("by hand", "#c9b8e8"),
}
"""Label and colour of the operating states, by name or by the part of the name before the underscore."""
DARK: Final = ("#d55e00", "#6b6b6b")


LONGEST_NAME: Final = 48
"""Letters of a program's name that the title has room for."""


class PictureError(Exception):
    """No picture can be drawn; ``str()`` says what to do."""


def summary(recording: Recording) -> SessionSummary:
    """Sum a recording up; what was not recorded is None or said to be unknown, never 0."""
    sums = Summing()
    for one, output in zip(recording.inputs, recording.outputs, strict=True):
        sums.tick(one, output)
    return sums.summary(recording.metadata, recording.events, recording.health, recording.problems)


def picture(recording: Recording, target: Path | IO[bytes], window_s: tuple[float, float] | None = None) -> None:
    """Draw angle, rate, current, states and events into a PNG of 1600 x 1000. Raises ``PictureError`` and ``OSError``.

    ``window_s`` shows a part alone: from and to, in seconds from the first tick on.

    matplotlib is imported here alone, so that an embedded host does without it.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as error:
        text = "pictures need matplotlib, which this installation lacks: pip install 'righting[sim]'"
        raise PictureError(text) from error
    if not recording.inputs:
        raise PictureError(f"{recording.path}: there is nothing to draw, no tick was recorded")
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    angle, band, rate, current = figure.subplots(4, 1, sharex=True, height_ratios=[4.2, 0.42, 1.7, 1.2])
    scene = _Scene(recording if window_s is None else _cut(recording, *window_s), summary(recording))
    scene.draw_angle(angle)
    nameless = scene.draw_states(band)
    scene.draw_rate(rate)
    scene.draw_current(current)
    scene.draw_events((angle, rate, current))
    for axis in (angle, rate, current):
        _tidy(axis)
    begin_s = 0.0 if window_s is None else window_s[0]
    current.set_xlabel(f"time, s, from {begin_s:.0f} s on" if begin_s else "time, s")
    current.set_xlim(0.0, scene.length_s)
    figure.suptitle(scene.title(), fontsize=16, color=INK, x=0.012, ha="left")
    if nameless:
        patches = [Patch(color=colour, label=label) for label, colour in nameless]
        figure.legend(handles=patches, loc="lower right", ncols=len(patches), fontsize=11, frameon=False)
    figure.savefig(target, format="png")


def _cut(recording: Recording, from_s: float, to_s: float) -> Recording:
    """Give a part of a recording: its ticks and events between two times from the first tick on."""
    start_s = recording.inputs[0].now_s
    inside = [place for place, one in enumerate(recording.inputs) if from_s <= one.now_s - start_s <= to_s]
    first, last = (inside[0], inside[-1] + 1) if inside else (0, len(recording.inputs))
    return replace(
        recording,
        inputs=recording.inputs[first:last],
        outputs=recording.outputs[first:last],
        events=[event for event in recording.events if from_s <= event.t_s - start_s <= to_s],
    )


def _tidy(axis: Any) -> None:
    axis.grid(color=FAINT, alpha=0.45, linewidth=0.7)
    axis.tick_params(labelsize=11, colors=INK)
    axis.spines[["top", "right"]].set_visible(False)
    axis.yaxis.label.set_size(12)
    axis.xaxis.label.set_size(12)


class _Scene:
    """A recording on a time axis that begins with 0."""

    def __init__(self, recording: Recording, told: SessionSummary) -> None:
        self._recording, self._told = recording, told
        self._start_s = recording.inputs[0].now_s
        self.length_s = max(recording.inputs[-1].now_s - self._start_s, 1e-3)
        self._limit_deg = _limit_deg(recording)

    def title(self) -> str:
        """Say what session this was and how it went."""
        told = self._told
        begun = self._recording.metadata.get("begun", "")[:16].replace("T", " ")
        parts = (told.program[:LONGEST_NAME], told.outcome.replace("_", " "), f"{told.duration_s:.0f} s")
        inverted = f"{told.inverted_s:.0f} s inverted"
        return "  ·  ".join(part for part in (*parts, inverted, begun) if part)

    def draw_angle(self, axis: Any) -> None:
        """Draw both measured angles over the target, with the inverted region and what lies beyond the limit."""
        highest = max(self._limit_deg or 0.0, self._told.max_angle_deg or 0.0)
        top = highest + 16.0
        axis.set_ylim(LOWEST_DEG, top)
        axis.axhspan(0.0, top, color=INVERTED, linewidth=0.0, zorder=0)
        axis.axhline(0.0, color=GREY, linewidth=1.0)
        _note(axis, 0.0, "inverted", GREY)
        if self._limit_deg is not None:
            axis.axhspan(self._limit_deg, top, color=FORBIDDEN, linewidth=0.0, zorder=0)
            axis.axhline(self._limit_deg, color=TRIP, linewidth=1.2)
            _note(axis, self._limit_deg, f"limit {self._limit_deg:g}", "#a04400")
        targets = (output.target_deg for output in self._recording.outputs)
        axis.plot(*self._line(targets), color=GREY, linewidth=1.3, linestyle=(0, (4, 2)), label="target")
        inclinometer = self._measured("inclinometer_deg")
        axis.plot(*inclinometer, color=INCLINOMETER, linewidth=4.0, alpha=0.55, label="inclinometer")
        axis.plot(*self._measured("encoder_deg"), color=ENCODER, linewidth=1.6, label="encoder")
        axis.set_ylabel("inversion angle, deg")
        axis.set_yticks(range(-90 + 15, int(highest) + 16, 15))
        _legend(axis, "lower center", 3)

    def draw_rate(self, axis: Any) -> None:
        """Draw commanded and measured rate."""
        commands = (None if output.command is None else output.command.rate_dps for output in self._recording.outputs)
        axis.axhline(0.0, color=GREY, linewidth=1.0)
        axis.plot(*self._measured("rate_dps"), color=RATE, linewidth=3.0, alpha=0.6, label="measured")
        axis.plot(*self._line(commands), color=INK, linewidth=1.0, linestyle=(0, (4, 2)), label="commanded")
        axis.set_ylabel("rate, deg/s")
        lowest, highest = axis.get_ylim()
        axis.set_ylim(lowest, highest + LEGEND_ROOM * (highest - lowest))
        _legend(axis, "upper center", 2)

    def draw_current(self, axis: Any) -> None:
        """Draw the motor's current."""
        axis.axhline(0.0, color=GREY, linewidth=1.0)
        axis.plot(*self._measured("current_a"), color=CURRENT, linewidth=0.9)
        axis.set_ylabel("current, A")

    def draw_states(self, axis: Any) -> list[tuple[str, str]]:
        """Draw the operating states as a band; give label and colour of those that were too short for their name."""
        axis.set_ylim(0.0, 1.0)
        axis.set_yticks([])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_ylabel("state", rotation=0, ha="right", va="center", fontsize=12)
        named, nameless = set(), {}
        for begun_s, ended_s, (label, colour) in self._stretches():
            axis.axvspan(begun_s, ended_s, color=colour, linewidth=0.0)
            if ended_s - begun_s > (len(label) + 1) * NARROW * self.length_s:
                ink = "white" if colour in DARK else INK
                axis.text((begun_s + ended_s) / 2, 0.46, label, ha="center", va="center", fontsize=10.5, color=ink)
                named.add(label)
            elif ended_s - begun_s > VISIBLE * self.length_s:
                nameless[label] = colour
        return [(label, colour) for label, colour in nameless.items() if label not in named]

    def draw_events(self, axes: tuple[Any, ...]) -> None:
        """Mark trips and what the operator pressed; those close together share one label."""
        taken: list[float] = []
        for group in self._event_groups():
            at = (group[0].t_s - self._start_s) / self.length_s
            trips = [event for event in group if event.trip is not None]
            colour, style = (TRIP, "-") if trips else (INK, ":")
            for axis in axes:
                axis.axvline(at * self.length_s, color=colour, linewidth=1.3, linestyle=style, zorder=1.5)
            label = _event_label(trips or group)
            width = (len(label) + 3) * NARROW
            left = min(at, 1.0 - width)
            row = next((row for row, end in enumerate(taken) if end <= left), len(taken))
            taken[row : row + 1] = [left + width]
            box = {"boxstyle": "round,pad=0.25", "facecolor": colour if trips else "white", "edgecolor": colour}
            axes[0].annotate(
                label,
                (left, 1.0),
                xycoords="axes fraction",
                xytext=(5, -4 - ROW_POINTS * row),
                textcoords="offset points",
                va="top",
                fontsize=11,
                color="white" if trips else INK,
                bbox=box,
                zorder=5,
            )

    def _event_groups(self) -> Iterator[list[Event]]:
        group: list[Event] = []
        for event in self._recording.events:
            if event.trip is None and event.kind != "operator":
                continue
            if group and event.t_s - group[0].t_s > NEAR * self.length_s:
                yield group
                group = []
            group.append(event)
        if group:
            yield group

    def _stretches(self) -> Iterator[tuple[float, float, tuple[str, str]]]:
        """Give begin, end, label and colour of each stretch of a state."""
        begun_s, shown = 0.0, _shown(self._recording.outputs[0].state)
        for one, output in zip(self._recording.inputs, self._recording.outputs, strict=True):
            now = _shown(output.state)
            if now != shown:
                yield begun_s, one.now_s - self._start_s, shown
                begun_s, shown = one.now_s - self._start_s, now
        yield begun_s, self.length_s, shown

    def _measured(self, name: str) -> tuple[list[float], list[float]]:
        place = Telemetry._fields.index(name)
        return self._line(None if one.telemetry is None else one.telemetry[place] for one in self._recording.inputs)

    def _line(self, values: Iterator[Any]) -> tuple[list[float], list[float]]:
        """Times and values where there is one; broken where there was none for long."""
        times: list[float] = []
        found: list[float] = []
        for one, value in zip(self._recording.inputs, values, strict=True):
            if value is None:
                continue
            t_s = one.now_s - self._start_s
            if times and t_s - times[-1] > GAP_S:
                times.append(t_s)
                found.append(float("nan"))
            times.append(t_s)
            found.append(value)
        return times, found


def _legend(axis: Any, place: str, columns: int) -> None:
    axis.legend(loc=place, ncols=columns, fontsize=11, framealpha=0.95, edgecolor=FAINT, borderpad=0.3)


def _note(axis: Any, at_deg: float, text: str, colour: str) -> None:
    """Write to the right of the picture, where no line goes, on the line that it names."""
    where = {"transform": axis.get_yaxis_transform(), "ha": "left", "va": "bottom"}
    axis.text(1.006, at_deg, text, fontsize=11, color=colour, **where)


def _shown(state: str) -> tuple[str, str]:
    return STATES.get(state) or STATES.get(state.split("_")[0]) or (state, FAINT)


def _event_label(events: list[Event]) -> str:
    first = events[0]
    more = f" +{len(events) - 1}" if len(events) > 1 else ""
    return (first.text if first.trip is None else first.trip.monitor) + more


def _limit_deg(recording: Recording) -> float | None:
    try:
        return recorded_limits(recording.metadata).inverted_limit_deg
    except (KeyError, TypeError, ValueError):
        return None
