"""Another rider and another program for the next session, as the panel sends them: checked as files are."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from firmware_host.files.programs import make_program
from firmware_host.files.riders import Rider, make_rider
from firmware_host.files.toml_source import FileError, Problem, parse_toml
from firmware_host.files.validation import Session, prepare

TAKEN_WITHIN_S: Final = 1.0
"""A control loop that ticks takes a choice, or refuses it, long before."""
NO_NOTE: Final[Mapping[str, str]] = {}
REST_OVER: Final = "the rest is over, and the session is made ready anew: start it then"
STARTED: Final = "a session has started: nothing was changed; end it first"
Told = TypeVar("Told")


class Text(NamedTuple):
    """A file that is not on this machine's disk."""

    path: str
    """What messages about it call it."""
    text: str


def as_told(rider: Rider) -> Rider:
    """Know nothing of a rider but what was told."""
    return rider


class Choice(NamedTuple):
    """The session to be made ready."""

    session: Session
    reference: str | None = None
    """By which the panel knows it again; it names nobody."""
    note: Mapping[str, str] = NO_NOTE
    """What the panel wants to read beside the reference; it names nobody either."""

    def record(self) -> dict[str, str]:
        """Give what the black box keeps of it, beside the session itself."""
        kept = {} if self.reference is None else {"reference": self.reference}
        return kept | {f"note_{name}": value for name, value in self.note.items()}


def choose(
    at_hand: Session,
    rider: Text | None,
    program: Text | None,
    now: datetime,
    known: Callable[[Rider], Rider] = as_told,
    *,
    simulated: bool,
) -> Session:
    """Check a choice with the controller's own rules; what is None stays as it is at hand.

    Args:
        at_hand: the session that it takes the place of.
        rider: a rider's file.
        program: a program's file.
        now: dates clearances and questionnaires, and ends rests.
        known: gives a rider with what is remembered of them beside what was told.
        simulated: nobody lies on this table; on any other, the rider has to be screened.

    Raises:
        FileError: with all that is wrong, in both files.
    """
    problems: list[Problem] = []
    found_rider = _made(make_rider, rider, at_hand.rider, problems)
    found_program = _made(make_program, program, at_hand.program, problems)
    if problems:
        raise FileError(problems)
    session = prepare(at_hand.table, known(found_rider), found_program, now)
    if session.unscreened and not simulated:
        raise FileError(list(session.unscreened))
    return session


class Wanted(NamedTuple):
    """What somebody chose."""

    rider: Text | None
    program: Text | None
    reference: str | None
    note: Mapping[str, str]


class Refusal(NamedTuple):
    """Why a choice is not taken."""

    error: str
    problems: tuple[Problem, ...] = ()


class Handover:
    """Passes a choice from the thread that checked it to the session at hand.

    The control loop decides at the end of a tick: a start that came before is then known, and one that comes later is
    one for a session that is over. Once the loop has ended nobody ticks, and the session is over anyway.
    """

    def __init__(self) -> None:
        self.offered: Choice | None = None
        """Waits to be decided about."""
        self.taken: Choice | None = None
        """The session that comes next."""
        self._lock, self._decided = threading.Lock(), threading.Event()
        self._over = False

    def offer(self, choice: Choice) -> bool:
        """Offer a choice and wait for the decision; tells whether it was taken."""
        self._decided.clear()
        self.offered = choice
        if self._over:
            self.decide(free=True)
        self._decided.wait(TAKEN_WITHIN_S)
        with self._lock:
            self.offered = None
            return self.taken is choice

    def decide(self, *, free: bool) -> bool:
        """Take what is offered, if nothing has started; tells whether a session was taken."""
        with self._lock:
            if self.offered is not None and free:
                self.taken = self.offered
            self.offered = None
            self._decided.set()
            return self.taken is not None

    def end(self) -> None:
        """The session at hand is over: take what is offered, and what will be."""
        self._over = True
        if self.offered is not None:
            self.decide(free=True)


class Chooser:
    """Checks choices, one at a time, in a thread of its own, and hands over what is right.

    Reading and planning take some tens of milliseconds, in which this thread competes with the control loop for the
    interpreter; the longest piece that does not give it back, the parser's, takes 7 ms for a file of 50 kB. So it is
    done only where a late tick harms nobody: before the start, and after the end of a session; and while it is done
    nothing starts (``busy``). Then the table is upright, or no board has yet said where it is; a table that is found
    elsewhere is brought up by the session's own safety layer, by the board if that comes too late, and never waits for
    a choice. Nothing of a choice runs in the control loop's thread, and no state of a running session depends on it.
    Between two sessions the board hears nothing for a moment, as at every end of a session: at upright its watchdog
    moves nothing.
    """

    def __init__(
        self,
        at_hand: Session,
        handover: Handover,
        free: Callable[[], bool],
        simulated: Callable[[], bool],
        now: Callable[[], datetime],
        known: Callable[[Rider], Rider] = as_told,
    ) -> None:
        """Make it.

        Args:
            at_hand: the session that a choice takes the place of.
            handover: takes what is right.
            free: tells whether nothing has started.
            simulated: tells whether the board said that nobody lies on its table.
            now: gives the moment.
            known: gives a rider with what is remembered of them beside what was told.
        """
        self._at_hand, self._handover = at_hand, handover
        self._free, self._simulated, self._now, self._known = free, simulated, now, known
        self._busy = threading.Lock()

    @property
    def busy(self) -> bool:
        """A choice is being checked: nothing starts meanwhile."""
        return self._busy.locked()

    def begin(self, wanted: Wanted, told: Callable[[Refusal | None], Told]) -> "Future[Told]":
        """Begin to check; ``told`` makes an answer of what was found, None if the choice was taken."""
        future: Future[Told] = Future()
        if not self._free():
            future.set_result(told(Refusal(STARTED)))
        elif not self._busy.acquire(blocking=False):
            future.set_result(told(Refusal("another choice is being checked: try again in a moment")))
        else:
            threading.Thread(target=self._check, args=(wanted, told, future), name="choice", daemon=True).start()
        return future

    def begin_again(self, choice: Choice) -> str:
        """Make the session at hand ready anew: a rest was due when it was made. Says so to whoever would start it."""
        self.begin(Wanted(None, None, choice.reference, choice.note), lambda refusal: refusal)
        return REST_OVER

    def _check(self, wanted: Wanted, told: Callable[[Refusal | None], Told], future: "Future[Told]") -> None:
        try:
            refusal = self._judge(wanted)
        except Exception as error:  # told to whoever asked
            self._busy.release()
            future.set_exception(error)
        else:
            self._busy.release()
            future.set_result(told(refusal))

    def _judge(self, wanted: Wanted) -> Refusal | None:
        try:
            session = choose(
                self._at_hand,
                wanted.rider,
                wanted.program,
                self._now(),
                self._known,
                simulated=self._simulated(),
            )
        except FileError as error:
            return Refusal("what was chosen cannot be used: " + error.problems[0].text, tuple(error.problems))
        taken = self._handover.offer(Choice(session, wanted.reference, wanted.note))
        return None if taken else Refusal(STARTED)


def _made(make: Callable[[Any], Any], text: Text | None, at_hand: Any, problems: list[Problem]) -> Any:
    """Make what a text says; what is wrong with it is added to the problems."""
    if text is None:
        return at_hand
    try:
        return make(parse_toml(text.path, text.text))
    except FileError as error:
        problems += error.problems
        return at_hand
