"""The controller's end of the panel: it sends states, and answers requests, in a thread that no tick waits for.

States go out by a PUB socket, which drops what a panel does not take. Requests come in by a ROUTER socket, which takes
turns between its peers, and so many of them are answered in a period. What comes by the second path of STOP has a
socket of its own, which is looked at first, always and outside that count: no flood from the page keeps it waiting. All
are files in a folder that this user alone may enter. What takes its time, the check of a chosen rider and program, is
done elsewhere and answered when it is done.
"""

import contextlib
import json
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self

import zmq
from pydantic import ValidationError

from firmware_host.control.real_time import beside_the_loop
from firmware_host.panel.access.rights import STOP, row_of
from firmware_host.panel.messages import (
    LONGEST_BYTES,
    LONGEST_CHOICE_BYTES,
    MESSAGE,
    PERIOD_S,
    AskSetup,
    Beat,
    Choose,
    Confirm,
    Message,
    Move,
    Ping,
    Press,
    Release,
)

STATES: Final = "states"
REQUESTS: Final = "requests"
STOPS: Final = "stops"
"""Names of the sockets in the folder."""
LEASE_S: Final = 1.0
"""A press that sets a standing table in motion, or prepares that, counts for so long."""
ANSWERS_EACH_PERIOD: Final = 32
"""More requests wait: whoever floods, floods themselves."""
QUEUED_AT_MOST: Final = 256
KNOWN_PRESSES: Final = 256

Answer = dict[str, Any]


class Answered(NamedTuple):
    """What was answered to a press, and when."""

    answer: Answer
    at_s: float


class Desk(Protocol):
    """What the station shows, and to whom it hands what is pressed."""

    @property
    def session(self) -> int:
        """Number of the session; each has its own."""
        ...

    @property
    def held(self) -> bool:
        """The table stands still until a person asks for motion."""
        ...

    def setup(self) -> Answer:
        """Give what stays the same during the session."""
        ...

    def state(self) -> Answer:
        """Give the present moment."""
        ...

    def press(self, name: str, confirmed: Collection[str]) -> str:
        """Hand on a press; says why it is not followed, and is empty if it is."""
        ...

    def move(self, hold: str, direction: int, made_s: float) -> str:
        """Hand on a sign of a finger that holds; says why nothing moves."""
        ...

    def release(self, hold: str) -> None:
        """Hand on that a finger is gone."""
        ...

    def confirm(self, check: str, *, yes: bool) -> str:
        """Hand on what the operator says of a pre-flight check; says what is wrong with that."""
        ...

    def choose(self, choose: Choose) -> "Future[Answer]":
        """Have a choice checked, in another thread; it says whether that session begins."""
        ...

    def beat(self) -> None:
        """Hand on a sign of life."""
        ...


class Station:
    """Serves one panel for as long as the context lasts; sessions come and go at its desk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="station", daemon=True)
        self._answered: OrderedDict[tuple[object, ...], Answered] = OrderedDict()
        self._later: list[tuple[list[bytes], Future[Answer]]] = []
        """Who waits for an answer that is not ready yet."""
        self.desk: Desk | None = None
        """The session at hand."""
        self.pinged_s: float | None = None
        """When the panel's process last said that it is alive."""

    def __enter__(self) -> Self:
        """Begin."""
        self._context = zmq.Context()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()
        self._context.term()

    def _serve(self) -> None:
        with (
            beside_the_loop(),
            self._context.socket(zmq.PUB) as states,
            self._context.socket(zmq.ROUTER) as requests,
            self._context.socket(zmq.ROUTER) as stops,
        ):
            states.set(zmq.SNDHWM, 2)
            for asked in (requests, stops):
                asked.set(zmq.RCVHWM, QUEUED_AT_MOST)
                asked.set(zmq.SNDHWM, QUEUED_AT_MOST)
                asked.set(zmq.MAXMSGSIZE, LONGEST_CHOICE_BYTES)
            for socket, name in ((states, STATES), (requests, REQUESTS), (stops, STOPS)):
                socket.set(zmq.LINGER, 0)
                socket.bind(address(self._folder, name))
            self._take_turns(states, requests, stops)

    def _take_turns(
        self, states: "zmq.Socket[bytes]", requests: "zmq.Socket[bytes]", stops: "zmq.Socket[bytes]"
    ) -> None:
        either = zmq.Poller()
        either.register(stops, zmq.POLLIN)
        either.register(requests, zmq.POLLIN)
        next_s, left = time.monotonic(), ANSWERS_EACH_PERIOD
        while not self._stopping.is_set():
            wait_ms = round(max(next_s - time.monotonic(), 0.0) * 1e3)
            if left == 0:
                stops.poll(wait_ms)
            else:
                either.poll(wait_ms)
            if stops.poll(0):
                self._answer_one(stops)
            if left > 0 and requests.poll(0):
                self._answer_one(requests)
                left -= 1
            self._answer_late(requests)
            if time.monotonic() >= next_s:
                self._publish(states)
                next_s, left = max(next_s + PERIOD_S, time.monotonic()), ANSWERS_EACH_PERIOD

    def _publish(self, states: "zmq.Socket[bytes]") -> None:
        desk = self.desk
        if desk is None:
            return
        try:
            state = {"kind": "state", "session": desk.session, **desk.state(), "sent_s": time.monotonic()}
            states.send(json.dumps(state, allow_nan=False).encode(), zmq.NOBLOCK)
        except Exception:  # no state is worse than one state less, and the page greys by itself
            logging.getLogger(__name__).exception("this state could not be sent")

    def _answer_one(self, requests: "zmq.Socket[bytes]") -> None:
        *envelope, data = requests.recv_multipart()
        try:
            answer = self.take(data)
        except Exception:  # the next request may be a STOP
            logging.getLogger(__name__).exception("this request could not be followed")
            answer = _refusal("this could not be done; the controller's log says why")
        if isinstance(answer, Future):
            self._later.append((envelope, answer))
        else:
            _send(requests, envelope, answer)

    def _answer_late(self, requests: "zmq.Socket[bytes]") -> None:
        for envelope, future in [late for late in self._later if late[1].done()]:
            self._later.remove((envelope, future))
            _send(requests, envelope, _outcome(future))

    def answer(self, data: bytes) -> Answer:
        """Do what a request asks, if it may be done; gives the answer, and waits for it."""
        answer = self.take(data)
        return _outcome(answer) if isinstance(answer, Future) else answer

    def take(self, data: bytes) -> "Answer | Future[Answer]":
        """Do what a request asks, if it may be done; gives the answer, or what will give it."""
        message = _understood(data)
        if isinstance(message, dict):
            return message
        if isinstance(message, Ping):
            self.pinged_s = time.monotonic()
            return {"ok": True}
        desk = self.desk
        if desk is None:
            return _refusal("no session yet")
        if isinstance(message, Beat):
            desk.beat()
            return {"ok": True}
        if isinstance(message, AskSetup):
            return {"ok": True, "session": desk.session, "setup": desk.setup()}
        if isinstance(message, Move | Release):
            return _told(_hold(desk, message))
        return self._once(desk, message)

    def _once(self, desk: Desk, message: Press | Confirm | Choose) -> "Answer | Future[Answer]":
        """Do what counts once, however often it is delivered."""
        now_s, same = time.monotonic(), _same(message)
        known = self._answered.get(same)
        if known is not None and not _is_pressed_again(message, known, now_s):
            return known.answer
        refused = why_not(message, desk, now_s)
        if isinstance(message, Choose):
            # Never remembered: who asks again with the same id may find another table.
            return _refusal(refused) if refused else desk.choose(message)
        if refused == "":
            if isinstance(message, Press):
                refused = desk.press(message.name, message.confirmed)
            else:
                refused = desk.confirm(message.check, yes=message.yes)
        answer = _told(refused)
        self._answered[same] = Answered(answer, now_s)
        if len(self._answered) > KNOWN_PRESSES:
            self._answered.popitem(last=False)
        return answer


def _same(message: Press | Confirm | Choose) -> tuple[object, ...]:
    """What two deliveries of one press have in common. The id alone is not enough.

    A program that gives every press the same id must not find its STOP answered by what it pressed before.
    """
    if isinstance(message, Choose):
        return (message.kind, message.id, message.pressed_s)
    what = message.name if isinstance(message, Press) else (message.check, message.yes)
    return (message.kind, message.id, message.pressed_s, what)


def _is_pressed_again(message: Press | Confirm | Choose, known: Answered, now_s: float) -> bool:
    """A STOP that does not say when it was pressed is a new one as soon as it cannot well be a second delivery."""
    stops = isinstance(message, Press) and message.name == "stop"
    return stops and message.pressed_s is None and now_s - known.at_s > LEASE_S


def why_not(message: Press | Confirm | Choose, desk: Desk, now_s: float) -> str:
    """Say why a message must not be followed; empty if it may be.

    STOP is followed whenever it comes. So is RETURN UPRIGHT while the table moves by itself, because it only gives up a
    motion. What sets a standing table in motion, or prepares that, has a short life: a stalled network must not move a
    rider later, and what a person saw to be right a minute ago may be wrong now. Nor must it silence an alarm that came
    after the press: what silences has the same life, where it says when it was pressed.
    """
    silences = isinstance(message, Press) and message.name in ("acknowledge", "pause_audio")
    if not (silences or _ages(message, desk)):
        return ""
    if silences and message.pressed_s is None:
        return ""
    if message.session != desk.session and not (silences and message.session is None):
        return "pressed for another session: nothing moves; look at the screen, then press again"
    if message.pressed_s is None or not -LEASE_S <= now_s - message.pressed_s <= LEASE_S:
        return "this press came too late: nothing moves; press again"
    return ""


def _ages(message: Press | Confirm | Choose, desk: Desk) -> bool:
    """Tell whether a message counts only while it is young."""
    if isinstance(message, Press):
        return message.name in ("start", "next") or (message.name == "return_upright" and desk.held)
    return isinstance(message, Choose) or message.yes


def _hold(desk: Desk, message: Move | Release) -> str:
    """Hand on a sign of a finger. Its age is judged by the lease, which is shorter than that of a press."""
    if isinstance(message, Release):
        desk.release(message.id)
        return ""
    if message.session != desk.session:
        desk.release(message.id)
        return "held for another session: nothing moves; let go, look at the screen, then press again"
    return desk.move(message.id, message.direction, message.pressed_s)


def _understood(data: bytes) -> Message | Answer:
    """Read a message; gives a refusal for what is none, but for a STOP: that is one whatever else is wrong with it."""
    read = _read(data)
    if isinstance(read, dict) and _is_stop(data):
        return Press(kind="press", id=str(uuid.uuid4()), name="stop")
    return read


def _read(data: bytes) -> Message | Answer:
    """Read a message; gives a refusal for what is none, or longer than its kind may be."""
    if len(data) > LONGEST_BYTES and b'"choose"' not in data:
        return _refusal(f"longer than {LONGEST_BYTES} bytes: no message of ours; reload the page")
    try:
        message = MESSAGE.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return _refusal(f"not understood: {where + ': ' if where else ''}{first['msg']}; reload the page")
    if len(data) > LONGEST_BYTES and not isinstance(message, Choose):
        return _refusal(f"longer than {LONGEST_BYTES} bytes: no message of ours; reload the page")
    return message


def _is_stop(data: bytes) -> bool:
    try:
        found = json.loads(data) if b"stop" in data else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and row_of(found) == STOP


def _send(requests: "zmq.Socket[bytes]", envelope: list[bytes], answer: Answer) -> None:
    with contextlib.suppress(zmq.Again):  # a peer that does not listen
        requests.send_multipart([*envelope, json.dumps(answer).encode()], zmq.NOBLOCK)


def _outcome(future: "Future[Answer]") -> Answer:
    try:
        return future.result()
    except Exception:  # a defect in a check is told, and ends nothing
        logging.getLogger(__name__).exception("a choice could not be checked")
        return _refusal("this could not be checked; the controller's log says why")


def address(folder: Path, name: str) -> str:
    """Where a socket is found."""
    return f"ipc://{folder / name}"


def _told(refused: str) -> Answer:
    return _refusal(refused) if refused else {"ok": True}


def _refusal(reason: str) -> Answer:
    return {"ok": False, "error": reason}
