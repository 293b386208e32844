"""Both ends of the link: handshake, sessions, sequence, freshness; and what hostile bytes cannot do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import wire
from drivers.board import CLOCK_ORDER_S, BoardLink, HostLink
from drivers.framing import Deframer, encode_frame
from drivers.wire import Type
from safety.signals import BoardConfig, CommandMode, Reject, SafeCommand
from tests.drivers.lines import IDENTITY, MOVE, Link


def motion(link: Link, **changes: object) -> bytes:
    """A motion frame that the board would accept next, but for the changes."""
    assert link.host.config is not None
    fields: dict[str, object] = {
        "session_id": link.host.config.session_id,
        "sequence": (link.board.echo or 0) + 1,
        "telemetry_sequence": link.board._telemetry_sequence,
        "host_time_ms": 0,
        "command": MOVE,
    }
    return encode_frame(wire.encode_motion(**{**fields, **changes}))  # type: ignore[arg-type]


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_the_handshake_gives_the_board_s_identity_and_limits() -> None:
    link = Link().connect()
    assert link.host.config is not None
    assert link.host.config[1:-1] == IDENTITY
    assert link.host.config.session_id == link.board.session_id != 0
    assert link.host.problem is None


def test_hello_is_repeated_every_tenth_of_a_second_until_answered() -> None:
    host = HostLink(lambda: 5)
    sent = [bool(host.transmit(None, 10.0 + 0.01 * tick)) for tick in range(30)]
    assert sum(sent) == 3
    assert sent[0]


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_a_welcome_to_another_host_is_not_believed() -> None:
    link = Link()
    link.answer(None)
    other = HostLink(lambda: 999)
    other.transmit(None, 0.0)
    other.receive(link.frame(), 0.01)
    assert other.config is None


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_another_version_is_said_with_what_to_do() -> None:
    host = HostLink(lambda: 5)
    frame = bytearray(wire.TELEMETRY_FRAME.size)
    frame[0] = 2
    host.receive(encode_frame(bytes(frame)), 0.0)
    assert host.problem is not None
    assert "version 2" in host.problem
    assert "update" in host.problem
    board = BoardLink(IDENTITY, lambda: 7)
    board.receive(encode_frame(wire.HELLO_FRAME.pack(2, Type.HELLO, 0, 0, 1, 2, 3)), 0)
    assert board.session_id == 0


def test_a_frame_that_comes_byte_by_byte_is_answered_by_no_flood_of_commands() -> None:
    link = Link().connect()
    sent, modes = [], []
    for number in range(20):
        for at, byte in enumerate(link.frame()):
            now_s = 50.0 + 0.01 * number + 0.0001 * at
            link.host.receive(bytes((byte,)), now_s)
            command = MOVE if number < 19 else MOVE._replace(mode=CommandMode.TORQUE_OFF, rate_dps=None)
            data = link.host.transmit(command, now_s)
            sent += [data] if data else []
            modes += [command.mode] if data else []
    assert 20 <= len(sent) <= 41, "one for each frame, and hardly more"
    assert CommandMode.TORQUE_OFF in modes[-3:]


def test_bytes_that_are_no_frames_are_said_to_be_something_else() -> None:
    host = HostLink(lambda: 5)
    host.receive(b"OK\r\nready\0" * 100, 0.0)
    assert host.problem is not None
    assert "none is a frame of the table board" in host.problem


@pytest.mark.requirement("REQ-WIRE-ORDER")
def test_lost_repeated_and_reordered_frames_are_told_apart() -> None:
    link = Link().connect()
    link.frame()
    link.frame()
    assert len(link.receive(link.frame())) == 1
    assert link.host.health.lost_frames == 2
    again = link.frame()
    assert len(link.receive(again)) == 1
    assert link.receive(again) == []
    assert link.host.health.repeated_frames == 1
    early = link.frame()
    assert len(link.receive(link.frame())) == 1
    assert link.receive(early) == []
    health = link.host.health
    assert (health.reordered_frames, health.lost_frames) == (1, 2)


@pytest.mark.requirement("REQ-WIRE-CRC")
def test_corrupted_frames_are_counted() -> None:
    link = Link().connect()
    frame = bytearray(link.frame())
    frame[5] ^= 0x10
    assert link.receive(bytes(frame)) == []
    assert link.host.health.corrupted_frames == 1


@pytest.mark.requirement("REQ-WIRE-ORDER")
def test_a_late_frame_is_counted_and_a_stale_one_is_not_acted_on() -> None:
    link = Link().connect()
    link.now_s += 0.07
    assert len(link.receive(link.frame())) == 1
    assert link.host.health.late_frames == 1
    link.now_s += 0.08
    assert link.receive(link.frame()) == []
    assert link.host.health.stale_frames == 1


@pytest.mark.requirement("REQ-WIRE-ORDER")
def test_after_a_host_stall_only_the_newest_frames_count() -> None:
    link = Link().connect()
    waiting = b"".join(link.frame() for _ in range(50))
    found = link.receive(waiting)
    assert found
    assert len(found) <= 12
    assert link.host.health.host_stalls == 1
    assert link.host.health.longest_host_stall_s == pytest.approx(0.5)
    link.exchange(5)
    assert link.host.health.host_stalls == 1


@pytest.mark.requirement("REQ-WIRE-ORDER")
def test_a_slower_way_is_accepted_after_a_silence() -> None:
    link = Link().connect()
    link.now_s += 5.0
    assert len(link.receive(link.frame())) == 1


@pytest.mark.requirement("REQ-WIRE-ORDER")
@pytest.mark.parametrize("silent_s", [59.0, 328.0, 500.0, 655.36, 1700.0, 3000.0, 5000.0])
def test_a_cable_that_was_out_for_minutes_is_believed_at_once(silent_s: float) -> None:
    """The board went on counting: its sequence has gone around meanwhile, and so has its clock."""
    link = Link().connect()
    old = link.frame()
    link.exchange()
    frames = round(silent_s * 100)
    link.now_s, link.now_us = link.now_s + silent_s, link.now_us + frames * 10_000
    link.board._telemetry_sequence = (link.board._telemetry_sequence + frames) % 65536
    if silent_s < CLOCK_ORDER_S:
        assert link.receive(old) == []
    assert len(link.receive(link.frame())) == 1
    link.answer()
    link.exchange(10)
    assert (link.board.rejected_in_row, link.host.health.stale_frames) == (0, 0)
    assert link.board.command_age_s(link.now_us) == 0.0


@pytest.mark.requirement("REQ-WIRE-ORDER")
def test_counters_wrap_around() -> None:
    link = Link().connect()
    link.board._telemetry_sequence = 65530
    newest = link.host._newest
    assert newest is not None
    link.now_us = 2**32 - 50_000
    link.host._newest = newest._replace(sequence=65530, board_time_us=link.now_us)
    link.host._sequence = link.board._newest_motion = 65530
    link.exchange(20)
    assert link.host.health.lost_frames == 0
    assert link.board.rejected_in_row == 0
    assert link.board.echo == (65530 + 20) % 65536


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_a_reboot_is_seen_once_and_a_new_handshake_follows() -> None:
    link = Link().connect()
    link.board = link.new_board()
    (seen,) = link.receive(link.frame())
    assert seen.session_id == 0
    after: BoardConfig | None = link.host.config
    assert after is None
    assert link.host.health.board_reboots == 1
    assert link.receive(link.frame()) == []
    link.answer(None)
    link.exchange(2)
    assert link.host.config is not None
    assert link.host.health.handshakes == 2


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_a_reboot_found_in_a_backlog_is_told_by_its_newest_frame() -> None:
    link = Link().connect()
    backlog = link.frame()
    link.board = link.new_board()
    for _ in range(150):
        backlog += link.frame()
    *_, seen = link.receive(backlog)
    assert seen.session_id == 0
    # The first frame after the reboot is 1.5 s old by now: what is measured next would be a jump from there.
    assert seen.sequence == 150
    assert seen.board_time_us == link.now_us
    assert link.host.health.board_reboots == 1
    assert link.receive(link.frame()) == []


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_a_board_in_use_is_not_taken_over() -> None:
    link = Link().connect()
    session = link.board.session_id
    other = HostLink(lambda: 777)
    link.board.receive(other.transmit(None, 0.0), link.now_us)
    assert link.board.session_id == session
    link.now_us += 300_000
    link.board.receive(other.transmit(None, 1.0), link.now_us)
    assert link.board.session_id not in (0, session)


@pytest.mark.requirement("REQ-BRD-REFUSE")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"session_id": 1}, Reject.SESSION),
        ({"sequence": 0}, Reject.SEQUENCE),
        ({"command": SafeCommand(CommandMode.MOVE, 8.5, 8.0, 1.0)}, Reject.RANGE),
        ({"command": SafeCommand(CommandMode.MOVE, -8.5, 8.0, 1.0)}, Reject.RANGE),
        ({"command": SafeCommand(CommandMode.MOVE, 1.0, 31.0, 1.0)}, Reject.RANGE),
        ({"command": (3, 1.0, 8.0, 1.0)}, Reject.RANGE),
    ],
)
def test_each_refusal_has_its_reason_and_feeds_no_watchdog(changes: dict[str, object], reason: Reject) -> None:
    link = Link().connect()
    age_s = link.board.command_age_s(link.now_us + 10_000)
    if isinstance(changes.get("command"), tuple) and not isinstance(changes["command"], SafeCommand):
        body = bytearray(Deframer().feed(motion(link))[0])
        body[14] = 3
        frame = encode_frame(bytes(body))
    else:
        frame = motion(link, **changes)
    assert link.board.receive(frame, link.now_us + 10_000) == []
    assert link.board.reject_reason is reason
    assert link.board.rejected_in_row == 1
    assert link.board.command_age_s(link.now_us + 10_000) == age_s
    assert len(link.board.receive(motion(link), link.now_us + 10_000)) == 1
    assert link.board.rejected_in_row == 0


@pytest.mark.requirement("REQ-WIRE-ORDER", "REQ-BRD-REFUSE")
def test_a_command_that_answers_old_telemetry_is_stale() -> None:
    link = Link().connect()
    frame = motion(link)
    for _ in range(11):
        link.frame()
    assert link.board.receive(frame, link.now_us) == []
    assert link.board.reject_reason is Reject.STALE


@pytest.mark.requirement("REQ-WIRE-ORDER", "REQ-BRD-REFUSE")
def test_a_repeated_command_is_refused() -> None:
    link = Link().connect()
    frame = motion(link)
    assert len(link.board.receive(frame + frame, link.now_us)) == 1
    assert link.board.reject_reason is Reject.SEQUENCE


@pytest.mark.requirement("REQ-WIRE-HOSTILE")
@given(st.binary(max_size=600))
def test_no_bytes_raise_at_either_end(data: bytes) -> None:
    link = Link().connect()
    link.receive(data)
    link.board.receive(data, link.now_us)
    assert link.host.config is not None


@pytest.mark.requirement("REQ-WIRE-HOSTILE")
@given(st.sampled_from([1, 2, 3, 0x81, 0x82, 0xFF]), st.binary(max_size=60), st.booleans())
def test_no_well_formed_frame_raises_or_is_obeyed_out_of_range(kind: int, body: bytes, ours: bool) -> None:
    link = Link().connect()
    session = link.board.session_id if ours else 0
    frame = encode_frame(wire.HEADER.pack(wire.VERSION, kind, session, 7) + body)
    for order in link.board.receive(frame, link.now_us):
        assert order.mode in (0, 1, 2)
        assert abs(order.rate_dps) <= 8.01
        assert 0.0 <= order.torque_fraction <= 1.0
    link.receive(frame)
    link.host.transmit(MOVE, link.now_s)


@pytest.mark.requirement("REQ-WIRE-ROUND")
@given(st.floats(-40.0, 40.0))
def test_a_rate_is_rounded_toward_zero(rate_dps: float) -> None:
    command = SafeCommand(CommandMode.MOVE, rate_dps, 8.0, 1.0)
    decoded = wire.decode_motion(wire.encode_motion(1, 1, 1, 0, command))
    assert abs(decoded.rate_dps) <= abs(rate_dps)
    assert abs(decoded.rate_dps - rate_dps) < 0.00101 or abs(rate_dps) > 32.767


@pytest.mark.requirement("REQ-WIRE-CAUSE")
def test_health_says_the_worst_first() -> None:
    health = Link().connect().host.health
    assert health.diagnose().startswith("clean")
    health.lost_frames, health.board_reboots = 3, 1
    assert health.diagnose().startswith("board rebooted 1 x, frames lost 3 x")
    assert health.as_dict()["lost_frames"] == 3
