"""The black box with real files, real processes and a full disk: nothing lost silently, nothing wrong, no wait."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.writer import Writer

from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from firmware_host.recording import blackbox, blackbox_reader, record_schema
from firmware_host.recording.blackbox import BOARD, EVENT, HEALTH, MOST_QUEUED, TICK, BlackBox, BlackBoxError
from firmware_host.recording.blackbox_reader import BlackBoxReadError, Recording, read, recover
from firmware_host.recording.mcap_chunks import MAGIC, ChunkWriter
from safety.signals import BoardConfig, CommandMode, Recovery, Response, SafeCommand, Telemetry, Trip
from tests.end_to_end.commands import ROOT, environment
from tests.firmware_host.test_record_schema import protobuf_class
from tests.waiting import LONGEST_S

CONFIG: Final = BoardConfig(0xDEADBEEF, 42, (1, 2, 3), 9, -75.0, 60.0, 8.0, 0.25)
METADATA: Final = {
    "program": 'name = "Intermittent 40"\n# Grüße\n',
    "limits": '{"inverted_limit_deg": 45.0}',
    "seed": "7",
}
EPOCH_NS: Final = 1_795_446_720_000_000_000
SMALL_CHUNK: Final = 20


def tick(number: int, config: BoardConfig | None = CONFIG) -> tuple[TickInput, TickOutput]:
    """The tick of a number: every one differs."""
    angle = -75.0 + number * 0.037
    telemetry = Telemetry(
        CONFIG.session_id, number & 0xFFFF, number * 10_000 & 0xFFFFFFFF, number - 1 & 0xFFFF, 0.004, angle,
        None if number % 7 == 0 else angle + 0.01, 2.0, 3.25, 24.1, 31.0, None, 74, 2, 0, 0, 0,
    )  # fmt: skip
    operator = OperatorRequest(start=True) if number == 3 else NO_REQUEST
    command = None if number % 11 == 0 else SafeCommand(CommandMode.MOVE, 2.0 + number * 1e-9, 2.0, 1.0)
    output = TickOutput(command, "session_moving", Response.NONE, 40.0, number * 1e-5, 2, ())
    return TickInput(number * 0.01, None if number % 13 == 0 else telemetry, config, 0.0, operator), output


def trip(t_s: float) -> Event:
    told = Trip("following", Response.STOP, Recovery.AUTOMATIC, t_s, t_s - 0.15, "2.4 deg/s", 12.5, None)
    return Event(t_s, "trip", "STOP by following", told)


def recorded(folder: Path, ticks: int, *, name: str = "whole") -> Path:
    """A session with ticks, an event every tenth, and the link's health."""
    with BlackBox(folder, name, METADATA, EPOCH_NS, lossless=True) as box:
        for number in range(ticks):
            box.record(*tick(number))
            if number % 10 == 0:
                box.event(Event(number * 0.01, "program", f"step {number}"))
            if number % 25 == 0:
                box.health({"frames": number, "round_trip_s": None}, number * 0.01)
    assert box.problem is None
    assert box.dropped_ticks == 0
    return box.path


def assert_ticks(recording: Recording, numbers: list[int]) -> None:
    assert recording.inputs == [tick(number)[0] for number in numbers]
    assert [tuple(output) for output in recording.outputs] == [tick(number)[1][:-1] for number in numbers]


def assert_prefix(recording: Recording, whole: int) -> None:
    assert len(recording.inputs) <= whole
    assert_ticks(recording, list(range(len(recording.inputs))))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of 50 ticks in chunks of ``SMALL_CHUNK`` records."""
    monkeypatch.setattr(blackbox_reader, "FULL_CHUNK", SMALL_CHUNK)
    path = tmp_path / "small.mcap"
    assert recover(recorded(tmp_path, 50), path) == []
    return path


def chunk_starts(path: Path) -> list[int]:
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    return [index.chunk_start_offset for index in summary.chunk_indexes]


# --- whole files


def test_everything_comes_back(tmp_path: Path) -> None:
    path = recorded(tmp_path, 3000)
    recording = read(path)
    assert recording.problems == []
    assert recording.missing_ticks == 0
    assert_ticks(recording, list(range(3000)))
    assert recording.metadata.items() >= METADATA.items()
    assert recording.metadata["version"]
    assert recording.events == [Event(n * 0.01, "program", f"step {n}") for n in range(0, 3000, 10)]
    assert recording.health[1] == {"frames": 25, "round_trip_s": None}


def test_trips_come_back_as_they_were(tmp_path: Path) -> None:
    with BlackBox(tmp_path, "trip", METADATA, EPOCH_NS) as box:
        box.event(trip(1.0))
    assert read(box.path).events == [trip(1.0)]


def test_other_tools_read_it(tmp_path: Path) -> None:
    """The mcap package's own reader with its CRC check, and the protobuf library with the schema in the file."""
    path = recorded(tmp_path, 300)
    parse = protobuf_class().FromString
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        messages = list(reader.iter_messages())
        second = list(reader.iter_messages([TICK], starting_at=EPOCH_NS + 10**9, ending_before=EPOCH_NS + 2 * 10**9))
        described = {one.name: one.metadata for one in reader.iter_metadata()}
    assert summary is not None
    assert summary.statistics is not None
    counts = {summary.channels[number].topic: n for number, n in summary.statistics.channel_message_counts.items()}
    assert counts == {TICK: 300, EVENT: 30, HEALTH: 12, BOARD: 1}
    assert described["session"].items() >= METADATA.items()
    assert len(second) == 100, "the index leads to the wrong times"
    ticks = [(message, parse(message.data)) for _, channel, message in messages if channel.topic == TICK]
    assert [one.now_s for _, one in ticks] == [tick(number)[0].now_s for number in range(300)]
    assert [message.sequence for message, _ in ticks] == list(range(300))
    assert ticks[100][0].log_time == EPOCH_NS + 1_000_000_000
    for schema, channel, message in messages:
        assert schema is not None
        if channel.topic != TICK:
            assert json.loads(schema.data)["properties"].keys() >= json.loads(message.data).keys() - {"frames"}


def test_a_session_never_overwrites_another(tmp_path: Path) -> None:
    first, second, third = (recorded(tmp_path, number, name="same") for number in (1, 2, 3))
    assert [path.name for path in (first, second, third)] == ["same.mcap", "same-2.mcap", "same-3.mcap"]
    assert [len(read(path).inputs) for path in (first, second, third)] == [1, 2, 3]


def test_boards_are_kept_apart_even_with_the_same_session(tmp_path: Path) -> None:
    other = CONFIG._replace(max_rate_dps=4.0)
    configs = [None, CONFIG, other, None, CONFIG._replace(), other]
    with BlackBox(tmp_path, "boards", METADATA, EPOCH_NS) as box:
        for number, config in enumerate(configs):
            box.record(*tick(number, config))
            if config is not None:
                box.board(config, number * 0.01)
    assert [one.config for one in read(box.path).inputs] == configs


def test_lock_step_waits_instead_of_dropping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blackbox, "MOST_QUEUED", 50)
    assert_ticks(read(recorded(tmp_path, 2000)), list(range(2000)))


@pytest.mark.requirement("REQ-SES-REPLAY")
def test_a_trip_reaches_the_disk_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    fsync = os.fsync

    def watched(handle: int) -> None:
        fsync(handle)
        synced.set()

    monkeypatch.setattr(blackbox, "SYNC_PERIOD_S", 3600.0)
    with BlackBox(tmp_path, "trip", METADATA, EPOCH_NS) as box:
        wait_for_the_first_period(box, monkeypatch, watched, synced)
        box.record(*tick(1))
        box.event(trip(0.01))
        assert synced.wait(LONGEST_S)
        seen = read(box.path)
    assert_ticks(seen, [0, 1])
    assert trip(0.01) in seen.events


def wait_for_the_first_period(
    box: BlackBox, monkeypatch: pytest.MonkeyPatch, watched: Callable[[int], None], synced: threading.Event
) -> None:
    """The thread's first sync is due at once; the next one only in an hour."""
    monkeypatch.setattr("firmware_host.recording.blackbox.os.fsync", watched)
    box.record(*tick(0))
    box.event(trip(0.0))
    assert synced.wait(LONGEST_S)
    synced.clear()


# --- what cannot begin


def refusal(folder: Path) -> str:
    with pytest.raises(BlackBoxError) as caught:
        BlackBox(folder, "x", METADATA, EPOCH_NS)
    assert "--records" in str(caught.value), "the message must say what to do"
    return str(caught.value)


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "a file stands where a folder should be" in refusal(tmp_path / "file" / "records")
    assert "a file stands where a folder should be" in refusal(tmp_path / "file")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert recorded(tmp_path / "some" / "where", 1).is_file()


CHILD: Final = """
import json, os, resource, signal, sys
from pathlib import Path
from firmware_host.recording.blackbox import BlackBox, BlackBoxError
from firmware_host.control.ticks import Event
from tests.firmware_host.test_blackbox import EPOCH_NS, METADATA, tick, trip

folder = Path(sys.argv[1])

def limit_files(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
"""


def child(text: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", CHILD + textwrap.dedent(text), str(folder)]


def run_child(text: str, folder: Path) -> dict[str, Any]:
    """Run a script in a process of its own; give the JSON that it prints last."""
    done = subprocess.run(
        child(text, folder), capture_output=True, text=True, timeout=LONGEST_S, check=False, cwd=ROOT, env=environment()
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_full_disk_at_the_start_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    told = run_child(
        """
        limit_files(100)
        try:
            BlackBox(folder, "x", METADATA, EPOCH_NS)
        except BlackBoxError as error:
            print(json.dumps({"refused": str(error), "left": os.listdir(folder)}))
        """,
        tmp_path,
    )
    assert "may not grow" in told["refused"]
    assert "ulimit" in told["refused"]
    assert told["left"] == []


def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    """A child that is root becomes nobody first, for whom permissions count."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o555)
    told = run_child(
        """
        import encodings.idna
        os.geteuid() or os.setuid(65534)
        try:
            BlackBox(folder, "x", METADATA, EPOCH_NS)
        except BlackBoxError as error:
            print(json.dumps({"refused": str(error)}))
        """,
        folder,
    )
    assert "you may not write there" in told["refused"]


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EROFS, "the disk is read-only"), (errno.ENOSPC, "free some space"), (errno.EIO, "check")],
)
def test_the_refusal_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", fails)
    assert told in refusal(tmp_path)


# --- what fails on the way


@pytest.mark.requirement("REQ-SES-RECORD")
def test_a_disk_that_fills_up_stops_nothing_and_is_written_when_it_has_room_again(tmp_path: Path) -> None:
    told = run_child(
        """
        box = BlackBox(folder, "x", METADATA, EPOCH_NS)
        limit_files(os.path.getsize(box.path) + 5000)
        number = 0
        while box.problem is None:
            box.record(*tick(number)); number += 1
        problem = box.problem
        box.event(trip(1.0))
        limit_files(resource.RLIM_INFINITY)
        while box.problem is not None:
            box.record(*tick(number)); number += 1
        box.event(trip(2.0))
        box.close()
        print(json.dumps({"problem": problem, "ticks": number, "dropped": box.dropped_ticks, "after": box.problem}))
        """,
        tmp_path,
    )
    assert "cannot write" in told["problem"]
    assert "session goes on" in told["problem"]
    assert told["after"] is None
    recording = read(tmp_path / "x.mcap")
    assert recording.events == [trip(1.0), trip(2.0)]
    # Ticks that were dropped after the last one that was kept leave no hole between two others.
    assert len(recording.inputs) == told["ticks"] - told["dropped"]
    assert recording.missing_ticks <= told["dropped"]
    assert bool(recording.problems) == bool(recording.missing_ticks)
    assert recording.inputs == sorted(recording.inputs, key=lambda one: one.now_s)


def test_a_disk_that_stays_full_leaves_what_it_took(tmp_path: Path) -> None:
    told = run_child(
        """
        box = BlackBox(folder, "x", METADATA, EPOCH_NS)
        limit_files(os.path.getsize(box.path) + 5000)
        number = 0
        while box.problem is None:
            box.record(*tick(number)); number += 1
        box.close()
        print(json.dumps({"problem": box.problem, "ticks": number}))
        """,
        tmp_path,
    )
    assert "lacks the end" in told["problem"]
    recording = read(tmp_path / "x.mcap")
    assert recording.metadata.items() >= METADATA.items()
    assert_prefix(recording, told["ticks"])
    assert recording.problems


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk that hangs in every sync until the event is set."""
    released = threading.Event()
    monkeypatch.setattr("firmware_host.recording.blackbox.os.fsync", lambda _: released.wait(LONGEST_S))
    yield released
    released.set()


@pytest.mark.requirement("REQ-SES-RECORD")
def test_a_hanging_disk_holds_nothing_up_drops_ticks_and_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, hangs = threading.Event(), threading.Event()

    def hang(_: int) -> None:
        hangs.set()
        assert released.wait(LONGEST_S)

    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS) as box:
        monkeypatch.setattr("firmware_host.recording.blackbox.os.fsync", hang)
        box.record(*tick(0))
        box.event(trip(0.0))
        assert hangs.wait(LONGEST_S)
        for number in range(1, MOST_QUEUED + 500):
            box.record(*tick(number))
        box.event(trip(3.0))
        dropped = box.dropped_ticks
        released.set()
    assert dropped >= 499 - 1
    recording = read(box.path)
    assert recording.events == [trip(0.0), trip(3.0)]
    assert len(recording.inputs) == MOST_QUEUED + 500 - dropped
    assert_prefix(recording, MOST_QUEUED + 500)


def test_dropped_ticks_are_missed_by_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS) as box:
        box.record(*tick(0))
        monkeypatch.setattr(blackbox, "MOST_QUEUED", 0)
        box.record(*tick(1))
        box.record(*tick(2))
        monkeypatch.undo()
        box.record(*tick(3))
    recording = read(box.path)
    assert box.dropped_ticks == recording.missing_ticks == 2
    assert_ticks(recording, [0, 3])
    assert recording.problems == ["2 records of /tick are missing in between: dropped or damaged"]


@pytest.mark.requirement("REQ-SES-RECORD")
def test_a_session_ends_although_the_disk_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(blackbox, "PATIENCE_S", 0.01)
    box = BlackBox(tmp_path, "x", METADATA, EPOCH_NS)
    request.getfixturevalue("hanging")
    box.record(*tick(0))
    box.close()
    assert "hangs" in (box.problem or "")


def test_what_a_failed_sync_may_have_lost_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, told = os.pwrite, threading.Event()
    places: list[int] = []
    failing = True

    def fsync(_: int) -> None:
        if failing:
            told.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def noted(handle: int, data: bytes, place: int) -> int:
        places.append(place)
        return pwrite(handle, data, place)

    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS) as box:
        monkeypatch.setattr("firmware_host.recording.blackbox.os.fsync", fsync)
        monkeypatch.setattr("firmware_host.recording.blackbox.os.pwrite", noted)
        for number in range(10):
            box.record(*tick(number))
        box.event(trip(0.1))
        assert told.wait(LONGEST_S)
        failing = False
        box.event(trip(0.2))
    assert box.problem is None
    assert len(places) > len(set(places)), "nothing was written twice"
    recording = read(box.path)
    assert_ticks(recording, list(range(10)))
    assert recording.problems == []


@pytest.mark.requirement("REQ-SES-RECORD")
def test_a_defect_of_the_recorder_is_told_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(ChunkWriter, "chunk", breaks)
    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS, lossless=True) as box:
        for number in range(3 * MOST_QUEUED):
            box.record(*tick(number))
    assert "RuntimeError: a defect" in (box.problem or "")
    assert "report this" in (box.problem or "")


@pytest.mark.requirement("REQ-SES-RECORD")
def test_a_tick_that_cannot_be_packed_is_told_and_raises_nothing(tmp_path: Path) -> None:
    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS) as box:
        tick_input, output = tick(0)
        box.record(tick_input, output._replace(state="no such state"))
        box.record(tick_input._replace(now_s=float("inf")), output)
        box.event(Event(float("nan"), "warning", "no time"))
        box.record(*tick(3))
    assert "no such state" in (box.problem or "")
    assert_ticks(read(box.path), [3])


# --- a killed process


@pytest.mark.requirement("REQ-SES-REPLAY")
@pytest.mark.realtime
def test_a_killed_process_loses_half_a_second_at_most(tmp_path: Path) -> None:
    """The child ticks a hundred times a second at most: half a second is fifty ticks, doubled for a busy machine."""
    script = """
        import time
        box = BlackBox(folder, "x", METADATA, EPOCH_NS)
        for number in range(100_000):
            box.record(*tick(number))
            if number % 10 == 0:
                print(number, flush=True)
            time.sleep(0.01)
        """
    with subprocess.Popen(
        child(script, tmp_path), stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as writer:
        assert writer.stdout is not None
        last = next(number for line in writer.stdout if (number := int(line)) >= 200)
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    recording = read(tmp_path / "x.mcap")
    assert len(recording.inputs) > last - 100
    assert_prefix(recording, 100_000)
    assert recording.metadata.items() >= METADATA.items()
    assert recording.missing_ticks == 0
    assert len(recording.problems) == 1
    assert "without its end mark" in recording.problems[0]


# --- damaged files


def outcome_of(data: bytes, path: Path) -> Recording | None:
    """What is read of these bytes; None if they are refused."""
    path.write_bytes(data)
    try:
        return read(path)
    except BlackBoxReadError:
        return None


def test_a_file_cut_anywhere_gives_everything_before_the_cut(small: Path, tmp_path: Path) -> None:
    data, starts = small.read_bytes(), chunk_starts(small)
    before_last = [number for number in range(50) if number < len(read_cut(data, starts[-1], tmp_path).inputs)]
    assert 20 < len(before_last) < 50
    ends = data.index(b"\x0f" + (4).to_bytes(8, "little"), starts[-1])
    everywhere = [*range(1, starts[-1], 17), *range(starts[-1], ends + 20), *range(ends + 20, len(data), 17)]
    for cut in everywhere:
        recording = read_cut(data, cut, tmp_path)
        assert_prefix(recording, 50)
        assert recording.metadata.items() >= METADATA.items() or cut < starts[0]
        assert recording.problems, f"cut at {cut} is not told"
        if cut >= starts[-1]:
            assert len(recording.inputs) in (len(before_last), 50)
        if cut >= ends:
            assert len(recording.inputs) == 50


def read_cut(data: bytes, cut: int, folder: Path) -> Recording:
    """Read what a cut leaves; a file cut before its description is refused, which is nothing read and told."""
    recording = outcome_of(data[:cut], folder / "cut.mcap")
    return Recording(folder, problems=["refused"]) if recording is None else recording


def assert_nothing_silently_wrong(recording: Recording | None, whole: Recording, what: str) -> None:
    if recording is None:
        return
    place = {one.now_s: number for number, one in enumerate(whole.inputs)}
    for one, output in zip(recording.inputs, recording.outputs, strict=True):
        assert one == whole.inputs[place[one.now_s]], what
        assert output == whole.outputs[place[one.now_s]], what
    assert all(event in whole.events for event in recording.events), what
    complete = (recording.inputs, recording.events, recording.health, recording.metadata) == (
        whole.inputs, whole.events, whole.health, whole.metadata
    )  # fmt: skip
    assert complete or recording.problems, f"{what}: something is missing and nobody says so"


def flipped(data: bytes, bit: int) -> bytes:
    wrong = bytearray(data)
    wrong[bit // 8] ^= 1 << bit % 8
    return bytes(wrong)


def test_forty_random_bit_flips_give_nothing_silently_wrong(small: Path, tmp_path: Path) -> None:
    data, whole, draw = small.read_bytes(), read(small), random.Random(20261123)
    for _ in range(40):
        bit = draw.randrange(len(data) * 8)
        assert_nothing_silently_wrong(outcome_of(flipped(data, bit), tmp_path / "bad.mcap"), whole, f"bit {bit}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(choices=st.data())
def test_any_damage_gives_nothing_silently_wrong(small: Path, tmp_path: Path, choices: st.DataObject) -> None:
    """Bytes overwritten, taken out or put in, anywhere."""
    data, whole = small.read_bytes(), read(small)
    start = choices.draw(st.integers(0, len(data) - 1))
    length = choices.draw(st.integers(0, 400))
    put = choices.draw(st.binary(max_size=400))
    bad = data[:start] + put + data[start + length :]
    assert_nothing_silently_wrong(outcome_of(bad, tmp_path / "bad.mcap"), whole, f"{start} {length} {put!r}")


@pytest.mark.parametrize("offset", [0, 3, 29, 33, 37, 42, 49, 100, 400], ids=lambda offset: f"byte-{offset}")
@pytest.mark.parametrize("bit", [0, 7])
def test_a_damaged_chunk_costs_only_itself(small: Path, tmp_path: Path, offset: int, bit: int) -> None:
    """Opcode, lengths, sizes, CRC, name of the compression, packed bytes: reading goes on at the next chunk."""
    data, starts, whole = small.read_bytes(), chunk_starts(small), read(small)
    at = starts[1]
    recording = outcome_of(flipped(data, (at + offset) * 8 + bit), tmp_path / "bad.mcap")
    assert recording is not None
    without = len(whole.inputs) - recording.missing_ticks
    assert len(recording.inputs) == without < 50
    assert recording.missing_ticks <= SMALL_CHUNK
    assert recording.inputs[-1] == whole.inputs[-1]
    assert any("/tick are missing" in problem for problem in recording.problems)
    assert any("damaged between byte" in problem for problem in recording.problems)


def test_a_damaged_first_chunk_does_not_take_the_board_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blackbox, "BOARDS_EVERY", 1)
    path = recorded(tmp_path, 5000)
    monkeypatch.setattr(blackbox_reader, "FULL_CHUNK", SMALL_CHUNK)
    split = tmp_path / "split.mcap"
    recover(path, split)
    data = flipped(split.read_bytes(), (chunk_starts(split)[0] + 60) * 8)
    recording = outcome_of(data, tmp_path / "bad.mcap")
    assert recording is not None
    assert len(recording.inputs) + recording.missing_ticks == 5000
    assert 0 < recording.missing_ticks <= SMALL_CHUNK
    assert recording.inputs[-1].config == CONFIG


def test_a_damaged_description_is_not_believed(small: Path, tmp_path: Path) -> None:
    data = small.read_bytes()
    recording = outcome_of(
        data.replace(b'"inverted_limit_deg": 45.0', b'"inverted_limit_deg": 85.0'), tmp_path / "bad.mcap"
    )
    assert recording is not None
    assert recording.metadata == {}
    assert "the description of the session is damaged" in recording.problems
    assert_ticks(recording, list(range(50)))


def test_a_damaged_length_before_the_chunks_costs_no_tick(small: Path, tmp_path: Path) -> None:
    """The length of the description leads into the middle of a later chunk."""
    data, starts = bytearray(small.read_bytes()), chunk_starts(small)
    at = len(MAGIC) + 9 + int.from_bytes(data[len(MAGIC) + 1 : len(MAGIC) + 9], "little")
    assert data[at] == Opcode.METADATA
    data[at + 1 : at + 9] = (starts[1] + 50 - at - 9).to_bytes(8, "little")
    recording = outcome_of(bytes(data), tmp_path / "bad.mcap")
    assert recording is not None
    assert_ticks(recording, list(range(50)))
    assert recording.problems


def test_a_damaged_schema_is_told(small: Path, tmp_path: Path) -> None:
    data = small.read_bytes()
    at = data.index(b"session_moving")
    assert at < chunk_starts(small)[0]
    recording = outcome_of(
        data[:at] + b"s" + data[at + 1 :].replace(b"ession_moving", b"ession_mowing", 1), tmp_path / "b"
    )
    assert recording is not None
    assert any("description of the records" in problem for problem in recording.problems)
    assert {output.state for output in recording.outputs} == {"session_moving"}


# --- recovery


def test_recovery_makes_a_whole_file_of_what_is_sound(small: Path, tmp_path: Path) -> None:
    data, starts = small.read_bytes(), chunk_starts(small)
    bad = tmp_path / "bad.mcap"
    bad.write_bytes(flipped(data, (starts[1] + 60) * 8)[:-40])
    before = read(bad)
    target = tmp_path / "recovered.mcap"
    assert recover(bad, target) != []
    after = read(target)
    assert (after.inputs, after.outputs, after.events) == (before.inputs, before.outputs, before.events)
    assert after.missing_ticks == before.missing_ticks > 0
    assert after.metadata["recovered_from"] == "bad.mcap"
    assert json.loads(after.metadata["recovered_problems"])
    with target.open("rb") as file:
        counted = sum(
            1 for _, channel, _ in make_reader(file, validate_crcs=True).iter_messages() if channel.topic == TICK
        )
    assert counted == len(after.inputs)


def test_recovery_overwrites_nothing(small: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mcap"
    shutil.copy(small, copy)
    with pytest.raises(BlackBoxReadError, match="already"):
        recover(small, copy)
    with pytest.raises(BlackBoxReadError, match="choose another place"):
        recover(small, tmp_path / "no" / "such" / "folder.mcap")
    assert copy.read_bytes() == small.read_bytes()


# --- what is no black box of this version


def test_another_versions_records_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = record_schema.descriptor(record_schema.FIELDS[:-2])
    monkeypatch.setattr(record_schema, "descriptor", lambda: theirs)
    monkeypatch.setattr(blackbox, "version", lambda _: "9.8.7")
    path = recorded(tmp_path, 5)
    monkeypatch.undo()
    with pytest.raises(BlackBoxReadError, match=r"another version of righting \(9\.8\.7\)"):
        read(path)


def test_an_event_of_another_kind_is_counted_and_not_raised(tmp_path: Path) -> None:
    with BlackBox(tmp_path, "x", METADATA, EPOCH_NS) as box:
        box._put(2, 0.0, {"t_s": 0.0, "says": "something new"})
        box.record(*tick(0))
    recording = read(box.path)
    assert recording.problems == ["1 records of /event cannot be read; the first: KeyError: 'trip'"]
    assert_ticks(recording, [0])


def foreign() -> bytes:
    stream = BytesIO()
    writer: Any = Writer(stream)
    writer.start()
    writer.finish()
    return stream.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"\x89", b"name = 'x'\n" * 500, foreign()], ids=["empty", "byte", "text", "mcap"]
)
def test_what_is_no_black_box_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.mcap"
    path.write_bytes(data)
    with pytest.raises(BlackBoxReadError, match=r"x\.mcap: "):
        read(path)


def test_a_missing_file_a_folder_and_a_device_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mcap", tmp_path, Path("/dev/full")):
        with pytest.raises(BlackBoxReadError, match=r"give a \.mcap file"):
            read(path)


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_raise_anything_else(tmp_path: Path, data: bytes) -> None:
    assert outcome_of(MAGIC + data, tmp_path / "x.mcap") is None
