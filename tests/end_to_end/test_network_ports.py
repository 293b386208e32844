"""A table behind a serial server on the network: quick enough to be used, or refused with what was measured."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.link import Link
from drivers.port import SerialPort
from drivers.round_trips import ENOUGH
from firmware_host.control.latency_check import EVERY_S, LatencyCheck
from firmware_host.devices import make_link
from firmware_host.files.tables import load_table
from safety.limits import MACHINE, narrow
from sim.relay import Relay
from tests.drivers.polled_link import HOLD
from tests.end_to_end.commands import EXAMPLES, process, righting
from tests.waiting import LONGEST_S

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning"),  # in pyserial 3.5 itself
]


def first_line(arguments: tuple[str, ...]) -> Iterator[str]:
    with process("sim", *arguments) as simulator:
        assert simulator.stdout is not None
        yield simulator.stdout.readline().strip()


@pytest.fixture(scope="module")
def board() -> Iterator[str]:
    """The port of a board."""
    yield from first_line(())


@pytest.fixture(scope="module")
def drive() -> Iterator[str]:
    """The port of a RoboClaw."""
    yield from (ports.split()[0] for ports in first_line(("--table", str(EXAMPLES / "table-roboclaw.toml"))))


WIDEST = narrow(MACHINE, {"latency_s": 0.2}, "a machine that is busy with other tests")


def talk(url: str, link: Link, exchanges: int) -> LatencyCheck:
    """Exchange so much, standing still, or until the link says what is wrong with it."""
    port, check = SerialPort(url, 115200), LatencyCheck(link.health, WIDEST)
    port.open()
    give_up_s = time.monotonic() + LONGEST_S
    while len(link.health.round_trips.newest) < exchanges and not link.problem and time.monotonic() < give_up_s:
        now_s = time.monotonic()
        port.wait(link.patience_s(now_s))
        now_s = time.monotonic()
        link.receive(port.read(), now_s)
        port.write(link.transmit(HOLD, now_s))
        assert not port.poll(now_s)
    port.close()
    check.look(give_up_s + EVERY_S)
    return check


@pytest.mark.parametrize("rfc2217", [False, True], ids=["socket", "rfc2217"])
def test_a_board_behind_a_near_server_is_quick_enough(board: str, rfc2217: bool) -> None:
    nonces = iter(range(1000, 2000))
    link = make_link(load_table(None), lambda: next(nonces), None)
    with Relay(board, rfc2217=rfc2217, delay_s=0.002, jitter_s=0.002, lost_share=0.01) as relay:
        check = talk(relay.url, link, ENOUGH)
        negotiated = relay.negotiated
        assert negotiated < 200, "the port is negotiated once, not whenever somebody waits for bytes"
    assert link.health.frames > 0
    assert check.measured, link.problem
    assert check.why_not == ""


def test_a_drive_that_answers_too_late_is_told_from_one_that_is_not_there(drive: str) -> None:
    nonces = iter(range(1000, 2000))
    table = load_table(EXAMPLES / "table-roboclaw.toml")
    link = make_link(table, lambda: next(nonces), None)
    alone = link.drive  # type: ignore[attr-defined]  # the other devices have ports of their own
    with Relay(drive, delay_s=0.06) as relay:
        talk(relay.url, alone, ENOUGH)
    assert alone.config is None
    told = re.match(r"the RoboClaw answers, but the path to it is too slow: round trip median (\S+),", alone.problem)
    assert told, alone.problem
    assert float(told[1]) >= 120.0


@pytest.mark.requirement("REQ-WIRE-PATH")
def test_run_refuses_a_path_that_is_too_slow_with_what_was_measured(board: str, tmp_path: Path) -> None:
    with Relay(board, delay_s=0.04) as relay:
        done = righting("run", "--port", relay.url, "--start", "--records", tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    told = re.search(r"too slow:\s+round\s+trip\s+median\s+(\S+),", done.stdout)
    assert told, done.stdout
    assert float(told[1]) >= 80.0
    assert not list(tmp_path.glob("*.mcap"))


def test_run_tells_a_board_whose_answers_come_too_late_from_silence(board: str, tmp_path: Path) -> None:
    with Relay(board, rfc2217=True, delay_s=0.08) as relay:
        done = righting("run", "--port", relay.url, "--start", "--records", tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    told = re.search(
        r"answers the\s+handshake, but the path to it is too slow: round\s+trip median (\S+),", done.stdout
    )
    assert told, done.stdout
    assert float(told[1]) >= 160.0
