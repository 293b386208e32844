"""What the terminal shows during a session: a live view, or plain lines where there is no terminal."""

from collections import deque
from typing import Final, Protocol

from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table as Grid
from rich.text import Text

from firmware_host.control.scene import Scene, words
from firmware_host.control.ticks import Event
from safety.alarms import Alarm, Priority

_GLYPHS: Final = {
    "0": ("███", "█ █", "█ █", "█ █", "███"),
    "1": ("  █", "  █", "  █", "  █", "  █"),
    "2": ("███", "  █", "███", "█  ", "███"),
    "3": ("███", "  █", "███", "  █", "███"),
    "4": ("█ █", "█ █", "███", "  █", "  █"),
    "5": ("███", "█  ", "███", "  █", "███"),
    "6": ("███", "█  ", "███", "█ █", "███"),
    "7": ("███", "  █", "  █", "  █", "  █"),
    "8": ("███", "█ █", "███", "█ █", "███"),
    "9": ("███", "█ █", "███", "  █", "███"),
    "-": ("   ", "   ", "███", "   ", "   "),
    "+": ("   ", " █ ", "███", " █ ", "   "),
    ".": (" ", " ", " ", " ", "█"),
    "?": ("███", "  █", " ██", "   ", " █ "),
}
BORDERS: Final = {Priority.LOW: "bold green", Priority.MEDIUM: "bold yellow", Priority.HIGH: "bold red"}
BANNERS: Final = {Priority.MEDIUM: "bold black on yellow", Priority.HIGH: "bold white on red"}
MARKS: Final = {Priority.MEDIUM: "!!", Priority.HIGH: "!!!"}
"""The priority by shape as well as by colour, as IEC 60601-1-8 asks."""
_EVENTS_SHOWN: Final = 6
_PLAIN_EVERY_S: Final = 5.0


class TerminalView(Protocol):
    """Shows scenes and events."""

    def show(self, scene: Scene) -> None:
        """Show the present moment."""
        ...

    def tell(self, event: Event) -> None:
        """Show that something happened."""
        ...

    def close(self) -> None:
        """Give the terminal back."""
        ...


def _big(text: str, style: str) -> Text:
    rows = ["  ".join(_GLYPHS[char][row] for char in text) for row in range(5)]
    return Text("\n".join(rows), style=style, no_wrap=True)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:+.1f}"


class LiveView:
    """A view that redraws itself in place."""

    def __init__(self, console: Console, keys: str) -> None:
        self._keys = keys
        self._events: deque[str] = deque(maxlen=_EVENTS_SHOWN)
        self._start_s: float | None = None
        self._live = Live(console=console, auto_refresh=False, screen=False, transient=True)
        self._live.start()

    def show(self, scene: Scene) -> None:
        """Redraw."""
        self._start_s = scene.now_s if self._start_s is None else self._start_s
        self._live.update(self._panel(scene), refresh=True)

    def tell(self, event: Event) -> None:
        """Add a line to the newest events."""
        since_s = event.t_s - (self._start_s if self._start_s is not None else event.t_s)
        self._events.append(f"{since_s:7.1f} s  {event.kind:8} {_shown(event)}")

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _panel(self, scene: Scene) -> RenderableType:
        first = scene.alarms[0].priority if scene.alarms else Priority.LOW
        style = BORDERS[first] if not scene.problem else "bold red" if first is Priority.HIGH else "bold yellow"
        parts: list[RenderableType] = [self._numbers(scene), Text()]
        parts.append(Align.center(Text(words(scene.state), style=style)))
        parts.append(Align.center(Text(scene.step or " ", style="cyan")))
        parts += [_bar(scene), _facts(scene)]
        parts += _banner(scene.alarms)
        if scene.problem:
            parts.append(Text(f" {scene.problem} ", style="black on yellow"))
        parts += [Text(f"waiting: {reason}", style="yellow") for reason in _waiting(scene)]
        parts.append(Text("\n".join(self._events), style="dim"))
        parts.append(Text(self._keys, style="bold"))
        badge = "[black on yellow] SIMULATION [/]  " if scene.simulated else ""
        return Panel(Group(*parts), title=f"{badge}{scene.title}", border_style=style)

    def _numbers(self, scene: Scene) -> RenderableType:
        grid = Grid.grid(expand=True)
        for _ in range(2):
            grid.add_column(justify="center")
        grid.add_row(_big(_number(scene.angle_deg), "bold white"), _big(_number(scene.rate_dps), "white"))
        target = "" if scene.target_deg is None else f", going to {scene.target_deg:+.0f}"
        grid.add_row(Text(f"deg{target}, limit {scene.limit_deg:+.0f}", style="dim"), Text("deg/s", style="dim"))
        return grid


def _banner(alarms: tuple[Alarm, ...]) -> list[RenderableType]:
    """Show the most urgent alarm, and how many more there are: by colour, by shape, and in words."""
    urgent = [alarm for alarm in alarms if alarm.priority > Priority.LOW]
    if not urgent:
        return []
    first = urgent[0]
    mark, style = MARKS[first.priority], BANNERS[first.priority]
    seen = ", seen" if first.acknowledged else ""
    more = f"  ({len(urgent) - 1} more)" if len(urgent) > 1 else ""
    return [Text(f" {mark} {first.priority.name}{seen}: {first.text}{more} ", style=style)]


def _waiting(scene: Scene) -> list[str]:
    return [f"{alarm.id}: {alarm.cause}" for alarm in scene.alarms if alarm.priority is Priority.LOW]


def _bar(scene: Scene) -> RenderableType:
    grid = Grid.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1)
    grid.add_column(justify="right")
    grid.add_row(ProgressBar(total=1.0, completed=scene.progress), f"{scene.progress:4.0%}")
    return grid


def _facts(scene: Scene) -> RenderableType:
    grid = Grid.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    inverted = f"inverted {scene.inverted_s:.0f} of {scene.allowance_s:.0f} s"
    grid.add_row(inverted, Text(scene.link, style="green" if scene.link_ok else "bold red"))
    return grid


def _shown(event: Event) -> str:
    return words(event.text) if event.kind == "state" else event.text


class PlainView:
    """Lines for a log: every event, and the state every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start_s: float | None = None
        self._last_s: float | None = None

    def show(self, scene: Scene) -> None:
        """Print a line now and then."""
        if self._start_s is None:
            self._start_s = scene.now_s
        if self._last_s is not None and scene.now_s - self._last_s < _PLAIN_EVERY_S:
            return
        self._last_s = scene.now_s
        facts = f"{_number(scene.angle_deg)} deg {_number(scene.rate_dps)} deg/s  {scene.progress:4.0%}"
        self._line(scene.now_s, f"{facts}  {words(scene.state)}  {scene.link}")
        for reason in _waiting(scene):
            self._line(scene.now_s, f"waiting: {reason}")

    def tell(self, event: Event) -> None:
        """Print the event."""
        self._line(event.t_s, f"{event.kind}: {_shown(event)}")

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self, now_s: float, text: str) -> None:
        since_s = now_s - (self._start_s if self._start_s is not None else now_s)
        self._console.print(f"{since_s:8.2f} s  {text}", highlight=False, markup=False, soft_wrap=True)
