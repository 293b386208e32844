"""The operator panel of ``righting run``: the real one, or none."""

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from firmware_host.control.choosing import Choice
from firmware_host.control.outcome import Outcome
from firmware_host.panel.desk import AtHand, SessionDesk
from firmware_host.panel.options import PanelOptions

PATIENCE_S: Final = 10.0
"""A simulated table waits so long for a browser, then the session starts by itself."""
SUPERVISED_EACH_S: Final = 0.1
MEANS: Final = ("fastapi", "uvicorn", "zmq", "sqlalchemy", "alembic", "argon2")


class PanelUnavailableError(RuntimeError):
    """There can be no panel; ``str()`` says what to do."""


class Panel(Protocol):
    """What a session needs of a panel."""

    url: str
    """Empty without one."""
    patience_s: float

    def __enter__(self) -> Self:
        """Begin. Raises ``PanelUnavailableError``."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        ...

    def show(self, at_hand: AtHand) -> None:
        """Show this session from now on."""
        ...

    def supervise(self) -> None:
        """Keep it running."""
        ...

    def wait_for_next(self, outcome: Outcome, same: Choice, chosen: Callable[[], Choice | None]) -> Choice | None:
        """After a session: wait until another one is asked for; None if nobody watches, or somebody ends it.

        Args:
            outcome: how the session ended.
            same: what it was, for whoever asks for another one of the same.
            chosen: gives what was chosen instead, as soon as there is something.
        """
        ...


class NoPanel:
    """The terminal alone."""

    url = ""
    patience_s = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""

    def show(self, at_hand: AtHand) -> None:
        """Show nothing."""

    def supervise(self) -> None:
        """Nothing runs."""

    def wait_for_next(
        self,
        outcome: Outcome,  # noqa: ARG002 - the panel with a page shows it
        same: Choice,  # noqa: ARG002 - nobody asks for another session
        chosen: Callable[[], Choice | None],  # noqa: ARG002 - nobody is there who could choose
    ) -> Choice | None:
        """Say that one session is all."""
        return None


class WebPanel:
    """A page in a browser, served by a process of its own."""

    patience_s = PATIENCE_S

    def __init__(self, port: int, options: PanelOptions) -> None:
        from firmware_host.panel.process import PanelProcess

        self._process = PanelProcess(port, options)
        self._numbers = itertools.count(int(time.time()))
        self._watched: Callable[[], bool] = bool
        self._next = False
        self.url = ""

    def __enter__(self) -> Self:
        """Begin. Raises ``PanelUnavailableError``."""
        from firmware_host.panel.process import PanelError

        try:
            self._process.__enter__()
        except PanelError as error:
            raise PanelUnavailableError(str(error)) from error
        self.url = self._process.url
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self._process.__exit__(kind, error, at)

    def show(self, at_hand: AtHand) -> None:
        """Show this session from now on."""
        self._next = False
        self._watched = at_hand.watched
        self._process.station.desk = SessionDesk(next(self._numbers), at_hand, self._ask_for_next)

    def _ask_for_next(self) -> None:
        self._next = True

    def supervise(self) -> None:
        """Keep it running."""
        self._process.supervise()

    def wait_for_next(self, outcome: Outcome, same: Choice, chosen: Callable[[], Choice | None]) -> Choice | None:
        """Go on showing the end of the session. Somebody who never looked is not waited for."""
        if not self._watched() or outcome.name == "refused":
            return chosen()
        with _ended_by_signal() as ended:
            while not self._next and chosen() is None and not ended():
                self.supervise()
                time.sleep(SUPERVISED_EACH_S)
        return chosen() or (same if self._next else None)


@contextmanager
def _ended_by_signal() -> Iterator[Callable[[], bool]]:
    """Tell whether somebody asked this process to end."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature that signal asks for
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def find_panel(port: int, options: PanelOptions, *, headless: bool) -> Panel:
    """Give the panel that was asked for. Raises ``PanelUnavailableError`` if its packages are not installed."""
    if headless:
        return NoPanel()
    missing = [name for name in MEANS if find_spec(name) is None]
    if missing:
        raise PanelUnavailableError(
            f"the panel needs {', '.join(missing)}: install righting[panel], or add --headless for the terminal alone"
        )
    return WebPanel(port, options)
