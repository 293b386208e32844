"""What a panel may ask of a running command, on a real port: choosing, the pre-flight check, motion by hand."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from firmware_host.cli.live_session import NO_ANSWER_S
from firmware_host.control.preflight import CONFIRMATIONS
from firmware_host.recording.blackbox_reader import Recording, read
from firmware_host.recording.replay import replay
from firmware_host.recording.session_record import make_recorded_controller
from sim.board import VirtualBoard
from sim.faults import Fault
from sim.realtime import FaultyTable
from tests.end_to_end.commands import REGULAR, ROOT
from tests.panel.peer import Peer, Watcher, folder_of
from tests.panel.stack import Stack, running
from tests.waiting import until

pytestmark = pytest.mark.realtime

UPRIGHT_DEG: Final = -75.0
AWAY_DEG: Final = UPRIGHT_DEG + 4.0
"""By hand nobody is moved farther here than a little beyond this."""
SHORT: Final = 'name = "Short way"\n[[step]]\ndo = "go"\nto_deg = -68\nrate_dps = 2\n'
BEGINNER: Final = REGULAR.with_name("beginner.toml")


@pytest.fixture
def folder(stack: Stack) -> Path:
    return folder_of(stack)


@pytest.fixture
def peer(folder: Path) -> Iterator[Peer]:
    with closing(Peer(folder)) as peer:
        yield peer


@pytest.fixture
def watcher(folder: Path) -> Iterator[Watcher]:
    with Watcher(folder) as watcher:
        yield watcher


def ready(peer: Peer) -> dict[str, Any]:
    """Wait until the machine has shown all that it can."""

    def done(state: dict[str, Any]) -> bool:
        checks = state["preflight"]["checks"]
        seen = all(check["state"] == "ok" for check in checks if check["kind"] != "operator")
        return bool(state["state"] == "boarding_ready" and checks and seen)

    return peer.until(done, "all is ready")


def check_all(peer: Peer) -> None:
    """Do the pre-flight check, one confirmation after the other."""
    ready(peer)
    for check in CONFIRMATIONS:
        told = {"kind": "confirm", "id": str(uuid.uuid4()), "check": check, "yes": True}
        session = peer.state()["session"]
        assert peer.ask({**told, "session": session, "pressed_s": time.monotonic()}) == {"ok": True}
    assert peer.until(lambda state: state["preflight"]["done"], "the check is done")["manual"]["allowed"]


def only_recording(records: Path) -> Recording:
    (file,) = records.glob("*.mcap")
    return read(file)


@pytest.mark.requirement("REQ-SES-CHOOSE", "REQ-SES-PREFLIGHT", "REQ-SES-REPLAY")
@pytest.mark.usefixtures("watcher")
def test_choose_check_start_and_go_on(stack: Stack, peer: Peer, tmp_path: Path) -> None:
    first = ready(peer)
    assert (first["preflight"]["needed"], first["preflight"]["done"]) == (True, False)
    refused = peer.press("start")
    assert "pre-flight" in refused["error"]

    broken = peer.choose("", SHORT.replace("-68", "-80"))
    assert not broken["ok"]
    assert {problem["file"] for problem in broken["problems"]} == {"rider.toml"}
    broken = peer.choose(None, SHORT.replace("-68", "-80"))
    assert [(problem["file"], problem["line"]) for problem in broken["problems"]] == [("program.toml", 4)]
    assert peer.state()["session"] == first["session"]

    reference = str(uuid.uuid4())
    chosen = peer.choose(BEGINNER.read_text("utf-8"), SHORT, reference=reference, note={"from": "a test"})
    assert chosen == {"ok": True, "session": first["session"] + 1}
    state = peer.until(lambda state: state["session"] == chosen["session"], "the chosen session is shown")
    assert state["reference"] == reference
    setup = peer.ask({"kind": "setup"})["setup"]
    assert (setup["program"], setup["reference"]) == ("Short way", reference)
    origins = {one["name"]: one["origin"] for one in setup["limits"]}
    assert "beginner" in origins["time_inverted_s"]
    assert origins["upright_deg"] == "the machine"

    ready(peer)
    assert CONFIRMATIONS["straps"] in peer.press("start")["error"]
    assert stack.truth().angle_deg == pytest.approx(UPRIGHT_DEG, abs=0.2)
    assert peer.press("start", confirmed=list(CONFIRMATIONS)) == {"ok": True}
    until(lambda: stack.truth().angle_deg > UPRIGHT_DEG + 2.0, "the table turns")
    assert "has started" in peer.choose(None, SHORT)["error"]
    assert "by hand" in peer.move("m")["error"]
    ended = peer.until(lambda state: state["outcome"] is not None, "the session ends")
    assert ended["outcome"] == {"name": "completed", "reason": "program finished"}
    assert ended["session"] == chosen["session"]

    until(lambda: only_recording(tmp_path).problems == [], "its recording is whole")
    recording = only_recording(tmp_path)
    assert recording.path.name == ended["blackbox"]
    assert (recording.metadata["reference"], recording.metadata["note_from"]) == (reference, "a test")
    assert any("straps" in event.text for event in recording.events)
    assert replay(recording, make_recorded_controller(recording.metadata)).identical

    assert peer.press("next") == {"ok": True}
    again = peer.until(lambda state: state["session"] > chosen["session"], "another session")
    assert (again["preflight"]["needed"], again["reference"]) == (False, reference)
    peer.until(lambda state: state["state"] == "boarding_ready", "ready again")
    assert peer.press("start") == {"ok": True}
    until(lambda: stack.truth().angle_deg > UPRIGHT_DEG + 2.0, "the table turns again")


class Unplugged(FaultyTable):
    """Nothing arrives at the host while the cable is out."""

    out = False

    def advance(self) -> bytes:
        """Let a period pass."""
        data = super().advance()
        return b"" if self.out else data


def test_a_cable_that_is_out_for_a_while_at_upright_ends_no_command(tmp_path: Path) -> None:
    tables: list[Unplugged] = []

    def make_table(board: VirtualBoard, faults: list[Fault], seed: int) -> FaultyTable:
        tables.append(Unplugged(board, faults, seed))
        return tables[-1]

    with running(tmp_path, make_table=make_table) as stack, closing(Peer(folder_of(stack))) as peer:
        ready(peer)
        tables[0].out = True
        out_s = peer.until(lambda state: state["state"] == "offline", "it is out")["now_s"]
        peer.until(lambda state: state["now_s"] > out_s + NO_ANSWER_S + 1.0, "for longer than a wrong port is tried")
        tables[0].out = False
        peer.until(lambda state: state["state"] == "boarding_ready", "it is in again")


@pytest.mark.requirement("REQ-SES-CHOOSE")
@pytest.mark.usefixtures("watcher")
def test_five_choices_leave_no_recording_and_a_late_one_changes_nothing(peer: Peer, tmp_path: Path) -> None:
    for number in range(5):
        session = peer.until(lambda state: state["state"] == "boarding_ready", "ready")["session"]
        late = peer.choose(None, SHORT, pressed_s=time.monotonic() - 2.0)
        assert "too late" in late["error"]
        assert peer.choose(None, SHORT.replace("Short", f"Way {number}"))["ok"]
        peer.until(lambda state, session=session: state["session"] == session + 1, "chosen")  # type: ignore[misc]  # bound now
    until(lambda: len(list(tmp_path.glob("*.mcap"))) == 1, "the session that waits is the only recording")


@contextmanager
def finger(folder: Path, name: str, for_good_deg: float) -> Iterator["subprocess.Popen[str]"]:
    """A finger on the button, as a program of its own; from that angle on it does not come again."""
    line = [sys.executable, "-m", "tests.panel.peer", str(folder), name, str(for_good_deg)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def answers(process: "subprocess.Popen[str]", count: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def held_until(process: "subprocess.Popen[str]", stack: Stack, angle_deg: float) -> str:
    """Read answers until the table is truly on its way; gives the hold by which it is."""
    told: dict[str, Any] = {}

    def away() -> bool:
        told.update(answers(process, 1)[0])
        return bool(told["ok"]) and stack.truth().angle_deg > angle_deg

    until(away, "it moves by hand")
    return str(told["id"])


@pytest.mark.requirement("REQ-SES-MANUAL", "REQ-SES-PREFLIGHT")
@pytest.mark.usefixtures("watcher")
def test_a_finger_that_freezes_stops_the_table_and_its_thaw_moves_nothing(
    stack: Stack, peer: Peer, folder: Path
) -> None:
    ready(peer)
    assert "pre-flight" in peer.move("early")["error"]
    check_all(peer)
    assert "over" in peer.move("early")["error"], "what was held too early stays dead"
    with finger(folder, "frozen", AWAY_DEG) as process:
        held_until(process, stack, AWAY_DEG)
        os.kill(process.pid, signal.SIGSTOP)
        until(lambda: stack.truth().rate_dps == 0.0, "a frozen finger stops the table")
        stood = peer.until(lambda state: state["state"] == "manual_holding", "it stands on its brake")
        assert stood["manual"]["direction"] == 0
        at_deg = stack.truth().angle_deg
        os.kill(process.pid, signal.SIGCONT)
        until(lambda: not answers(process, 1)[0]["ok"], "the thawed finger is refused")
        assert not any(answer["ok"] for answer in answers(process, 20))
        assert stack.truth().angle_deg == pytest.approx(at_deg, abs=0.2)
    with finger(folder, "again", at_deg + 2.0) as process:
        held_until(process, stack, at_deg + 1.0)
    assert peer.press("return_upright") == {"ok": True}
    until(lambda: stack.truth().angle_deg < UPRIGHT_DEG + 2.0, "RETURN UPRIGHT brings the rider up")


@pytest.mark.requirement("REQ-SES-MANUAL")
@pytest.mark.usefixtures("watcher")
def test_a_finger_that_leaves_and_one_that_comes_late(stack: Stack, peer: Peer, folder: Path, tmp_path: Path) -> None:
    check_all(peer)
    for _ in range(20):
        assert "too late" in peer.move(str(uuid.uuid4()), pressed_s=time.monotonic() - 0.5)["error"]
    assert "another session" in peer.move("other", session=5)["error"]
    assert stack.truth().angle_deg == pytest.approx(UPRIGHT_DEG, abs=0.2)
    with finger(folder, "held", AWAY_DEG) as process:
        held = held_until(process, stack, AWAY_DEG)
        assert peer.ask({"kind": "release", "id": held}) == {"ok": True}
        until(lambda: stack.truth().rate_dps == 0.0, "let go")
        until(lambda: not answers(process, 1)[0]["ok"], "the hold is over")
    late = peer.press("return_upright", pressed_s=time.monotonic() - 2.0)
    assert "too late" in late["error"], "RETURN UPRIGHT would set a standing table in motion"
    assert peer.press("return_upright")["ok"]
    peer.until(lambda state: state["outcome"] is not None, "upright, and over")
    until(lambda: only_recording(tmp_path).problems == [], "what moved is recorded")
    recording = only_recording(tmp_path)
    assert replay(recording, make_recorded_controller(recording.metadata)).identical
    assert any(one.operator.move == 1 for one in recording.inputs)


@pytest.mark.requirement("REQ-SES-MANUAL", "REQ-MON-PRESENCE")
def test_whoever_is_left_where_a_finger_moved_them_comes_upright(stack: Stack, peer: Peer, watcher: Watcher) -> None:
    check_all(peer)
    with finger(folder_of(stack), "left", AWAY_DEG) as process:
        held_until(process, stack, AWAY_DEG)
    watcher.leave()
    peer.until(lambda state: any(alarm["id"] == "presence" for alarm in state["alarms"]), "nobody watches")
    until(lambda: stack.truth().angle_deg < UPRIGHT_DEG + 2.0, "the rider comes upright")
    peer.until(lambda state: state["outcome"] is not None, "it is over")
    peer.press("next")
    again = peer.until(lambda state: state["preflight"]["needed"], "the check is due again")
    assert "presence" in again["preflight"]["reason"]
