"""The black box on real files: crashes, full disks, damaged bytes."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader

from firmware_host import record_schema
from firmware_host.blackbox import FULL_CHUNK, BlackBox, BlackBoxError
from firmware_host.blackbox_reader import BlackBoxReadError, Recording, read
from firmware_host.machine import LEAVES
from firmware_host.record_schema import RECORD_BYTES, pack, unpack
from firmware_host.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from safety.signals import BoardConfig, CommandMode, Recovery, Response, Telemetry, Trip
from tests.end_to_end.commands import ROOT, environment

CONFIG = BoardConfig(77, 1, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
numbers = st.none() | st.floats(-1e6, 1e6)
u16 = st.integers(0, 2**16 - 1)
telemetries = st.builds(
    Telemetry, st.just(77), u16, st.integers(0, 2**32 - 1), st.none() | u16, *[numbers] * 8, u16, u16, u16, u16, u16
)
operators = st.just(NO_REQUEST) | st.builds(OperatorRequest, *[st.booleans()] * 4).filter(any)
inputs = st.builds(
    TickInput,
    st.floats(0.0, 1e7),
    st.none() | telemetries,
    st.none() | st.just(CONFIG),
    st.floats(0.0, 10.0),
    operators,
)
commands = st.none() | st.tuples(st.sampled_from(CommandMode), numbers, st.floats(0.0, 30.0), st.floats(0.0, 1.0))
outputs = st.builds(
    TickOutput, commands, st.sampled_from(LEAVES), st.sampled_from(Response), numbers, st.floats(0.0, 1.0),
    st.integers(-1, 9999), st.just(()),
)  # fmt: skip


def tick(number: int) -> tuple[TickInput, TickOutput]:
    telemetry = Telemetry(
        77, number % 65536, number * 10_000, 1, 0.01, number * 0.001, 1.0, 2.0, 0.5, 24.0, 20.0, 20.0, 21, 2, 0, 0, 0
    )
    return (
        TickInput(100.0 + number * 0.01, telemetry, CONFIG, 0.0, NO_REQUEST),
        TickOutput(None, "session_moving", Response.NONE, 40.0, 0.5, 3, ()),
    )


def written(folder: Path, ticks: int, chunks: int = 1) -> Path:
    """A whole file, cut into chunks by closing the queue now and then."""
    with BlackBox(folder, "test", {"plan": "p"}, 0, lossless=True) as box:
        box.board(CONFIG, 100.0)
        for number in range(ticks):
            box.record(*tick(number))
            if chunks > 1 and number % (ticks // chunks) == 0:
                box._guarded(box._drain)
    return box.path


@given(inputs, outputs)
def test_a_tick_comes_back_bit_for_bit(tick_input: TickInput, output: TickOutput) -> None:
    record = pack(tick_input, output, 1, 5)[-RECORD_BYTES:]
    found = unpack(record, {77: CONFIG})
    assert found.tick_input == tick_input
    assert tuple(found.output) == tuple(output)[:-1]


def test_protobuf_itself_reads_a_record_by_the_schema_in_the_file() -> None:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    described = descriptor_pb2.FileDescriptorSet.FromString(record_schema.descriptor())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(described.file[0])
    message: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("righting.Tick"))()
    message.ParseFromString(pack(*tick(7), 1, 5)[-RECORD_BYTES:])
    assert message.now_s == 100.07
    assert message.encoder_deg == 0.007
    assert LEAVES[message.state] == "session_moving"
    assert message.mode == -1


def test_a_record_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="not a tick"):
        unpack(b"x", {})


def test_the_format_s_own_reader_reads_a_whole_file(tmp_path: Path) -> None:
    path = written(tmp_path, 500, 4)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        assert summary.statistics.message_count == 501
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) >= 4
        found = list(reader.iter_messages(topics=["/tick"], starting_at=101_000_000_000, ending_before=102_000_000_000))
        assert len(found) == 100
        assert [one.name for one in reader.iter_metadata()] == ["session"]


def test_everything_comes_back(tmp_path: Path) -> None:
    with BlackBox(tmp_path, "test", {"plan": "p", "seed": "3"}, 0, lossless=True) as box:
        box.board(CONFIG, 100.0)
        for number in range(FULL_CHUNK + 10):
            box.record(*tick(number))
        trip = Trip("link", Response.EMERGENCY_RETURN, Recovery.AUTOMATIC, 1.0, 0.9, "silence", None, 3.0)
        box.event(Event(1.0, "trip", "EMERGENCY_RETURN by link", trip))
        box.health({"frames": 3, "round_trip_s": None}, 1.0)
    recording = read(box.path)
    assert recording.problems == []
    assert recording.metadata == {"plan": "p", "seed": "3"}
    assert recording.inputs == [tick(number)[0] for number in range(FULL_CHUNK + 10)]
    assert recording.events[0]["trip"]["monitor"] == "link"
    assert recording.health == [{"frames": 3, "round_trip_s": None}]


def test_a_name_that_is_taken_is_never_overwritten(tmp_path: Path) -> None:
    paths = {written(tmp_path, 3) for _ in range(3)}
    assert len(paths) == 3
    assert all(len(read(path).inputs) == 3 for path in paths)


def expect_prefix(recording: Recording, whole: Recording) -> None:
    assert recording.inputs == whole.inputs[: len(recording.inputs)]


def test_a_file_cut_at_any_byte_of_its_last_chunk_gives_all_before_it(tmp_path: Path) -> None:
    path = written(tmp_path, 120, 3)
    whole, data = read(path), path.read_bytes()
    cut = tmp_path / "cut.mcap"
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    last = summary.chunk_indexes[-1]
    before = sum(
        summary.chunk_indexes[position].uncompressed_size for position in range(len(summary.chunk_indexes) - 1)
    )
    kept = before // (RECORD_BYTES + 31) - 2
    for size in range(last.chunk_start_offset, len(data)):
        cut.write_bytes(data[:size])
        recording = read(cut)
        expect_prefix(recording, whole)
        assert len(recording.inputs) >= kept
        if size < last.chunk_start_offset + last.chunk_length:
            assert recording.problems


@given(st.integers(0, 10_000_000))
def test_a_cut_anywhere_never_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path = written(folder, 60, 3)
    whole, data = read(path), path.read_bytes()
    path.write_bytes(data[: at % len(data)])
    with contextlib.suppress(BlackBoxReadError):
        expect_prefix(read(path), whole)


@given(st.integers(0, 10_000_000), st.integers(0, 7))
def test_a_flipped_bit_never_gives_wrong_ticks_silently(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = written(folder, 60, 3)
    whole, data = read(path), bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    try:
        recording = read(path)
    except BlackBoxReadError:
        return
    known = {one.now_s: one for one in whole.inputs}
    for one in recording.inputs:
        assert known[one.now_s] == one
    assert len(recording.inputs) == len(whole.inputs) or recording.problems
    assert recording.metadata == whole.metadata or recording.problems


WRITER = """
import sys, time
from pathlib import Path
from firmware_host.blackbox import BlackBox
from tests.firmware_host.test_blackbox import CONFIG, tick
box = BlackBox(Path(sys.argv[1]), "killed", {}, 0)
box.board(CONFIG, 100.0)
number, start = 0, time.monotonic()
while True:
    while number < (time.monotonic() - start) * 100:
        box.record(*tick(number))
        number += 1
    print(number, flush=True)
    time.sleep(0.005)
"""


@pytest.mark.realtime
def test_kill_9_loses_no_more_than_the_last_moment(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 300:
                process.send_signal(signal.SIGKILL)
                break
        recorded = int(([*process.stdout] or [line])[-1])
    recording = read(next(tmp_path.glob("*.mcap")))
    assert recording.inputs == [tick(number)[0] for number in range(len(recording.inputs))]
    assert len(recording.inputs) >= recorded - 100, "more than the sync period and its slack was lost"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from firmware_host.blackbox import BlackBox
from tests.firmware_host.test_blackbox import CONFIG, tick
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
box = BlackBox(Path(sys.argv[1]), "full", {"plan": "p"}, 0, lossless=True)
box.board(CONFIG, 100.0)
for number in range(20_000):
    box.record(*tick(number))
box.close()
print(box.problem)
"""


def test_a_full_disk_is_told_and_stops_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, env=environment(), cwd=ROOT,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the session goes on" in done.stdout
    recording = read(next(tmp_path.glob("*.mcap")))
    assert recording.inputs == [tick(number)[0] for number in range(len(recording.inputs))]


def test_a_folder_that_cannot_be_made_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BlackBoxError, match="--records"):
        BlackBox(tmp_path / "file" / "records", "test", {}, 0)


def test_a_slow_disk_drops_ticks_and_counts_them_but_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from firmware_host import blackbox

    monkeypatch.setattr(blackbox, "MOST_QUEUED", 5)
    box = BlackBox(tmp_path, "slow", {}, 0)
    box._guarded = lambda _: None  # type: ignore[method-assign,assignment]  # a disk that never gets round to it
    box._queue.clear()
    for number in range(8):
        box.record(*tick(number))
    box.event(Event(1.0, "state", "x"))
    assert box.dropped_ticks == 3
    assert len(box._queue) == 6
    box.close()


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(4000), b"\x89MCAP0\r\n" + b"\0" * 100])
def test_what_is_no_black_box_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mcap"
    path.write_bytes(content)
    with pytest.raises(BlackBoxReadError, match="not a black box"):
        read(path)
    with pytest.raises(BlackBoxReadError):
        read(tmp_path / "missing.mcap")
