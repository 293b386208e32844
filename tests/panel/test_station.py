"""The controller's end: what it follows, what it refuses, and that no panel keeps it from anything."""

import contextlib
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.panel import station as station_module
from firmware_host.panel import stop_path
from firmware_host.panel.access.network import Network, doors
from firmware_host.panel.messages import LONGEST_BYTES, LONGEST_CHOICE_BYTES, Press
from firmware_host.panel.station import (
    ANSWERS_EACH_PERIOD,
    LEASE_S,
    REQUESTS,
    STATES,
    STOPS,
    Station,
    address,
    why_not,
)
from firmware_host.panel.stop_path import StopServer
from tests.api.desk import SESSION, Desk
from tests.api.desk import press as press_of_a_page
from tests.waiting import LONGEST_S, until

NAMES = ["start", "stop", "return_upright", "acknowledge", "pause_audio", "next", "test_brake"]
LONG_PERIOD_S: Final = 5.0
REFERENCE = "0c5a2f9e-7c1d-4a70-9d0c-3b8f6f6f2a11"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as station:
        station.desk = Desk()
        yield station


def press(name: str, number: int = 1, **told: Any) -> bytes:
    return press_of_a_page(name, number, **told).encode()


def pressed(station: Station) -> list[str]:
    assert isinstance(station.desk, Desk)
    return station.desk.pressed


@pytest.mark.parametrize("name", NAMES)
def test_a_press_in_time_is_followed_once_whatever_path_it_takes(tmp_path: Path, name: str) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk(held=True)
    one = press(name)
    assert station.answer(one) == {"ok": True}
    assert station.answer(one) == {"ok": True}
    assert desk.pressed == [name]


@pytest.mark.parametrize("before", ["start", "acknowledge", "stop", "confirm"])
def test_a_stop_is_followed_although_its_id_was_used_before(tmp_path: Path, before: str) -> None:
    """A program that gives all that it sends the same id: its STOP is no second delivery of what it sent before."""
    station = Station(tmp_path)
    station.desk = desk = Desk()
    told: dict[str, Any] = {"kind": "confirm", "check": "straps", "yes": True} if before == "confirm" else {}
    first = {key: value for key, value in json.loads(press(before, **told)).items() if told == {} or key != "name"}
    assert station.answer(json.dumps(first).encode()) == {"ok": True}
    assert station.answer(press("stop")) == {"ok": True}
    assert desk.pressed[-1:] == ["stop"]
    assert len(desk.pressed) + len(desk.confirmed) == 2


def test_a_stop_without_a_time_counts_anew_once_it_can_be_no_second_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    now_s = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    for now_s in (1000.0, 1000.0 + LEASE_S, 1001.0 + LEASE_S):  # noqa: B007 - the clock reads it
        for name in ("stop", "acknowledge"):
            assert station.answer(press(name, pressed_s=None)) == {"ok": True}
    assert desk.pressed == ["stop", "acknowledge", "stop"]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(NAMES), st.booleans())
def test_only_what_sets_a_standing_table_in_motion_or_silences_ages(age_s: float, name: str, held: bool) -> None:
    one = Press.model_validate({"kind": "press", "id": "1", "name": name, "pressed_s": 1000.0, "session": SESSION})
    refused = why_not(one, Desk(held=held), 1000.0 + age_s)
    moves = name in ("start", "next") or (name == "return_upright" and held)
    silences = name in ("acknowledge", "pause_audio")
    assert (refused != "") == ((moves or silences) and abs(1000.0 + age_s - 1000.0) > LEASE_S)


@pytest.mark.parametrize("wrong", [{"session": SESSION + 1}, {"session": None}, {"pressed_s": None}])
def test_a_start_for_another_session_or_without_a_time_is_refused_and_a_stop_is_not(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    assert not station.answer(press("start", 1, **wrong))["ok"]
    assert station.answer(press("stop", 2, **wrong))["ok"]
    assert desk.pressed == ["stop"]


@pytest.mark.parametrize("name", ["acknowledge", "pause_audio"])
def test_what_a_stalled_network_kept_back_silences_no_newer_alarm(tmp_path: Path, name: str) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    assert not station.answer(press(name, 1, pressed_s=time.monotonic() - LEASE_S - 1.0))["ok"]
    assert not station.answer(press(name, 2, session=SESSION - 1))["ok"]
    assert desk.pressed == []
    assert station.answer(press(name, 3, pressed_s=None, session=None))["ok"], "a program that says no time is believed"
    assert desk.pressed == [name]


def message(kind: str, **told: Any) -> bytes:
    whole = {"kind": kind, "id": "1", "session": SESSION, "pressed_s": time.monotonic()}
    return json.dumps({**whole, **told}).encode()


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_a_finger_is_handed_on_as_often_as_it_is_told(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    for _ in range(2):
        assert station.answer(message("move", direction=-1)) == {"ok": True}
    assert station.answer(b'{"kind": "release", "id": "1"}') == {"ok": True}
    assert desk.moves == [("1", -1), ("1", -1), ("1", 0)]
    desk.refusal = "not now"
    assert station.answer(message("move", direction=1)) == {"ok": False, "error": "not now"}


@pytest.mark.requirement("REQ-SES-MANUAL")
@pytest.mark.parametrize(
    "wrong",
    [{"direction": 0}, {"direction": 2}, {"direction": "1"}, {"pressed_s": None}, {"session": None}, {"id": ""}],
)
def test_a_finger_that_is_none_is_refused_with_the_name_of_what_is_wrong(tmp_path: Path, wrong: dict[str, Any]) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    answer = station.answer(message("move", **{"direction": 1, **wrong}))
    assert not answer["ok"]
    assert next(iter(wrong)) in answer["error"]
    assert desk.moves == []


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_a_finger_on_a_page_that_shows_another_session_is_ended(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    assert "another session" in station.answer(message("move", direction=1, session=SESSION - 1))["error"]
    assert desk.moves == [("1", 0)]


@pytest.mark.requirement("REQ-SES-PREFLIGHT")
def test_a_confirmation_counts_while_it_is_young_and_can_always_be_taken_back(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    old_s = time.monotonic() - 2 * LEASE_S
    one = message("confirm", check="straps", yes=True)
    assert [station.answer(one) for _ in range(2)] == [{"ok": True}] * 2
    assert (
        "too late" in station.answer(message("confirm", id="2", check="way-clear", yes=True, pressed_s=old_s))["error"]
    )
    assert station.answer(message("confirm", id="3", check="straps", yes=False, pressed_s=old_s))["ok"]
    assert desk.confirmed == ["straps", "not straps"]
    assert station.answer(press("start", 4, confirmed=["rider-well"])) == {"ok": True}
    assert (desk.pressed, desk.confirmed[2:]) == (["start"], ["rider-well"])


def test_a_press_that_is_not_followed_is_told_why_on_every_path(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    desk.refusal = "the pre-flight check is due"
    one = press("start")
    for _ in range(2):
        assert station.answer(one) == {"ok": False, "error": "the pre-flight check is due"}
    assert desk.pressed == ["start"]


def choice(**told: Any) -> bytes:
    program = {"path": "p.toml", "text": "#" * 60_000}
    return message("choose", **{"id": "choice", "reference": REFERENCE, "program": program, **told})


@pytest.mark.requirement("REQ-SES-CHOOSE")
def test_a_choice_is_answered_when_it_is_checked_and_keeps_nobody_waiting(tmp_path: Path, station: Station) -> None:
    desk = station.desk
    assert isinstance(desk, Desk)
    with zmq.Context() as context, context.socket(zmq.DEALER) as chooser, context.socket(zmq.DEALER) as other:
        for peer in (chooser, other):
            peer.set(zmq.LINGER, 0)
            peer.connect(address(tmp_path, REQUESTS))
        chooser.send(choice())
        while not desk.chosen:
            other.send(press("stop", 1))
            assert json.loads(other.recv()) == {"ok": True}
        assert chooser.poll(0) == 0
        desk.checked.set_result({"ok": True, "session": SESSION + 1})
        assert json.loads(chooser.recv()) == {"ok": True, "session": SESSION + 1}
    assert desk.chosen[0].reference == REFERENCE


@pytest.mark.requirement("REQ-SES-CHOOSE")
def test_a_check_that_fails_is_answered_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    desk.checked.set_exception(RuntimeError("torn"))
    assert not station.answer(choice())["ok"]
    assert "torn" in caplog.text


@pytest.mark.requirement("REQ-SES-CHOOSE")
@pytest.mark.parametrize(
    "wrong",
    [{"pressed_s": 1.0}, {"session": SESSION + 1}, {"reference": "Ada"}, {"rider": "r"}, {"note": {"a": 1}},
     {"note": {str(number): "" for number in range(9)}}, {"rider": {"path": "", "text": ""}}],
)  # fmt: skip
def test_a_choice_that_is_late_or_none_reaches_nobody(tmp_path: Path, wrong: dict[str, Any]) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    assert station.answer(choice(**wrong))["error"]
    assert desk.chosen == []


@pytest.mark.parametrize("name", ["acknowledge", "choose"])
def test_only_a_choice_may_be_long(tmp_path: Path, name: str) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk()
    data = press(name) + b" " * LONGEST_BYTES
    assert "longer" in station.answer(data)["error"] or "not understood" in station.answer(data)["error"]
    assert desk.pressed == []


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "id", "name"]), inner),
        max_leaves=8,
    ).map(lambda found: json.dumps(found).encode()),
    st.builds(lambda name, number: press(name, number, kind="pres"), st.sampled_from(NAMES), st.integers()),
)


@given(HOSTILE)
def test_what_is_not_understood_is_refused_with_a_reason_and_moves_nothing(data: bytes) -> None:
    station = Station(Path("nowhere"))
    station.desk = desk = Desk(held=True)
    answer = station.answer(data)
    assert (answer["ok"], desk.pressed, desk.beats) == (False, [], 0)
    assert answer["error"]


WRONG: Final[list[dict[str, Any]]] = [
    {"id": "\ud800"}, {"id": 5}, {"id": ""}, {"id": "x" * 65}, {"id": None}, {"id": {"a": []}}, {"session": "seven"},
    {"pressed_s": "now"}, {"pressed_s": float("nan")}, {"confirmed": 1}, {"more": True}, {"id": "x" * LONGEST_BYTES},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_stop_is_followed_whatever_else_is_wrong_with_it(tmp_path: Path, wrong: dict[str, Any]) -> None:
    station = Station(tmp_path)
    station.desk = desk = Desk(held=True)
    assert station.answer(press("stop", **wrong)) == {"ok": True}
    for name in set(NAMES) - {"stop"}:
        assert not station.answer(press(name, **wrong))["ok"]
    assert desk.pressed == ["stop"]


def test_states_are_sent_and_questions_answered(tmp_path: Path, station: Station) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as states, context.socket(zmq.DEALER) as peer:
        states.set(zmq.SUBSCRIBE, b"")
        states.connect(address(tmp_path, STATES))
        peer.connect(address(tmp_path, REQUESTS))
        state = json.loads(states.recv())
        assert (state["kind"], state["session"], state["angle_deg"]) == ("state", SESSION, -75.0)
        assert state["sent_s"] <= time.monotonic()
        for asked in ({"kind": "setup"}, {"kind": "beat"}, {"kind": "ping"}):
            peer.send(json.dumps(asked).encode())
            assert json.loads(peer.recv())["ok"]
        assert station.pinged_s is not None


def test_a_peer_that_floods_does_not_keep_another_ones_stop_waiting(tmp_path: Path, station: Station) -> None:
    """A thousand requests are waiting when STOP comes; it is answered before them."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as flood, context.socket(zmq.DEALER) as stop:
        for peer in (flood, stop):
            peer.set(zmq.LINGER, 0)
            peer.connect(address(tmp_path, REQUESTS))
        for number in range(1000):
            flood.send(press("acknowledge", number))
        flood.send(b"x" * (LONGEST_BYTES + 1))  # too long: refused
        flood.send(b"x" * (LONGEST_CHOICE_BYTES + 1))  # longer than anything: this peer is cut off, nobody else
        stop.send(press("stop", 5000))
        assert json.loads(stop.recv()) == {"ok": True}
        assert pressed(station).count("acknowledge") < 1000


def test_a_desk_that_fails_ends_nothing(tmp_path: Path, station: Station, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Desk):
        def state(self) -> dict[str, Any]:
            raise RuntimeError("torn")

    station.desk = Broken()
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.connect(address(tmp_path, REQUESTS))
        for number in range(40):  # more than one period of them
            peer.send(press("stop", number))
            assert json.loads(peer.recv()) == {"ok": True}
    assert "torn" in caplog.text


def test_a_request_that_fails_keeps_no_stop_from_acting(
    tmp_path: Path, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Desk):
        def confirm(self, check: str, *, yes: bool) -> str:
            raise RuntimeError(f"torn: {check}, {yes}")

    station.desk = desk = Broken()
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.set(zmq.LINGER, 0)
        peer.set(zmq.RCVTIMEO, 30_000)
        peer.connect(address(tmp_path, REQUESTS))
        peer.send(message("confirm", check="straps", yes=True))
        assert "log" in json.loads(peer.recv())["error"]
        peer.send(press("stop"))
        assert json.loads(peer.recv()) == {"ok": True}
    assert desk.pressed == ["stop"]
    assert "torn" in caplog.text


@pytest.fixture
def stops(tmp_path: Path, station: Station) -> Iterator[str]:
    assert station.desk is not None
    listener = socket.create_server(("127.0.0.1", 0))
    server = StopServer(listener, tmp_path, doors(Network(), 1, listener.getsockname()[1]))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    server.context.destroy(linger=0)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"id": 5}', b'{"id": "", "pressed_s": "x"}', b"x" * 5000, b"[" * 2000]
)
def test_whatever_a_post_holds_it_stops_or_returns(station: Station, stops: str, body: bytes) -> None:
    for path in ("/stop", "/return"):
        with urllib.request.urlopen(urllib.request.Request(stops + path, data=body, method="POST")) as answer:
            assert json.load(answer) == {"ok": True}
    assert pressed(station) == ["stop", "return_upright"]


@pytest.mark.parametrize("length", ["100", "-1", "\u00b2"])
def test_a_stop_whose_body_does_not_come_stops(
    station: Station, stops: str, length: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network breaks down within the request, or the length is none."""
    monkeypatch.setattr(stop_path._Handler, "timeout", None)  # by a time of its own, and not when the client is left
    address = urlsplit(stops)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f'POST /stop HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{{"id'.encode("latin-1"))
        assert b'{"ok": true}' in b"".join(iter(lambda: connection.recv(4096), b""))
    assert pressed(station) == ["stop"]


def test_a_stop_whose_body_comes_in_drips_stops(station: Station, stops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time, and all of them never."""
    monkeypatch.setattr(stop_path, "SLOWEST_S", 2 * LONGEST_S)  # not because the client is left
    address, over = urlsplit(stops), threading.Event()
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"POST /stop HTTP/1.1\r\nContent-Length: {LONGEST_BYTES}\r\n\r\n".encode())

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not over.wait(2 * LONGEST_S / LONGEST_BYTES):
                    connection.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            until(lambda: pressed(station) == ["stop"], "it stops without its body")
        finally:
            over.set()
            dripping.join()


def test_no_flood_from_the_page_keeps_the_second_path_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More came than is looked at in this period, which is a long one: STOP is answered within it."""

    class Shown(Desk):
        begun = threading.Event()

        def state(self) -> dict[str, Any]:
            self.begun.set()
            return super().state()

    monkeypatch.setattr(station_module, "PERIOD_S", LONG_PERIOD_S)
    station = Station(tmp_path)
    station.desk = desk = Shown()
    with (
        station,
        zmq.Context() as context,
        context.socket(zmq.DEALER) as flood,
        context.socket(zmq.DEALER) as stop,
    ):
        assert desk.begun.wait(LONGEST_S), "a period begins with its state"
        for peer, where in ((flood, REQUESTS), (stop, STOPS)):
            peer.set(zmq.LINGER, 0)
            peer.connect(address(tmp_path, where))
        for number in range(ANSWERS_EACH_PERIOD + 1):
            flood.send(press("acknowledge", number))
        for _ in range(ANSWERS_EACH_PERIOD):
            flood.recv()
        stop.send(press("stop", 5000))
        assert json.loads(stop.recv()) == {"ok": True}
        assert flood.poll(0) == 0, "the flood waits for the next period"


def test_the_same_press_over_both_paths_counts_once(station: Station, stops: str) -> None:
    assert station.answer(press("stop", 77, pressed_s=1.0)) == {"ok": True}
    body = json.dumps({"id": "77", "pressed_s": 1.0, "session": SESSION}).encode()
    asked = urllib.request.Request(stops + "/stop", data=body, headers={"Origin": "http://127.0.0.1:1"}, method="POST")
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:1"
    assert pressed(station) == ["stop"]
