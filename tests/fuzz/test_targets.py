"""The fuzz targets themselves: they run on what they begin with, on random bytes, and they find what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import modbus, odrive
from drivers.framing import Deframer
from tests.fuzz import __main__ as command
from tests.fuzz import drives, recorded, targets
from tests.fuzz.kept import CRASHES, KeptError, keep, kept, read
from tests.fuzz.pieces import Kind, piece, pieces_of
from tests.fuzz.seeds import IDENTITY, SEEDS, SESSION

NAMES = sorted(targets.TARGETS)
DRIVES = {"vesc": drives.vesc, "odrive": drives.odrive, "roboclaw": drives.roboclaw, "servo": drives.servo}


def test_the_command_knows_every_target() -> None:
    assert set(command.TARGETS) == targets.TARGETS.keys() == SEEDS.keys()


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in NAMES for seed in SEEDS[name]])
def test_every_seed_passes(name: str, seed: bytes) -> None:
    targets.TARGETS[name](seed)


@given(st.sampled_from(NAMES), st.binary(max_size=400))
def test_random_bytes_pass(name: str, data: bytes) -> None:
    targets.TARGETS[name](data)


def test_the_seeds_open_both_ends_of_the_link_to_the_board() -> None:
    (by_board,), (by_host,) = SEEDS["host"], SEEDS["board"]
    link = targets.host(by_board)
    assert link.config is not None
    assert (link.config.session_id, link.config.serial) == (SESSION, IDENTITY.serial)
    assert link.health.frames > 1
    assert targets.board(by_host).echo is not None


@pytest.mark.parametrize("name", recorded.NAMES)
def test_the_seed_of_a_drive_and_what_an_emulated_one_says_open_a_session_with_it(name: str) -> None:
    target = DRIVES[name]
    for said, frames in ((SEEDS[name][0], 1), (recorded.recorded(name), 2)):
        link = target(said)
        assert link.config is not None
        assert link.health.frames >= frames
        assert link.health.corrupted_frames == 0


def test_the_seeds_of_what_is_beside_a_drive_are_believed() -> None:
    (module_s,), (sensor_s,) = SEEDS["contacts"], SEEDS["witmotion"]
    assert (drives.contacts(module_s).health.frames, drives.witmotion(sensor_s).health.frames) == (1, 3)


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 3), st.binary(max_size=255))))
def test_a_conversation_is_read_as_it_was_written(said: list[tuple[Kind, int, bytes]]) -> None:
    found = list(pieces_of(b"".join(piece(kind, data, index) for kind, index, data in said)))
    assert [(one.kind, one.data) for one in found] == [(kind, data) for kind, _, data in said]


def test_a_decoder_that_depends_on_where_a_stream_is_cut_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Deframer.feed
    monkeypatch.setattr(Deframer, "feed", lambda self, data: feed(self, data[1:] if len(data) < 9 else data))
    with pytest.raises(AssertionError):
        targets.framing(SEEDS["framing"][0])


@pytest.mark.parametrize(
    ("reader", "target", "nothing"),
    [(odrive.LineReader, drives.odrive, []), (modbus.AnswerReader, drives.servo, None)],
)
def test_a_decoder_that_keeps_all_that_comes_is_found(
    reader: type, target: Callable[[bytes], object], nothing: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(self: Any, data: bytes) -> object:
        self._rest += data
        return nothing

    monkeypatch.setattr(reader, "feed", greedy)
    with pytest.raises(AssertionError):
        target(piece(Kind.RAW, b"1" * 255) * 3)


def test_what_was_found_once_passes(subtests: pytest.Subtests) -> None:
    for name, file in kept():
        with subtests.test(str(file)):
            targets.TARGETS[name](read(file))


def test_a_finding_that_is_kept_is_a_test_of_its_target(tmp_path: Path) -> None:
    assert kept(tmp_path) == []
    data = bytes(range(256))
    file = keep("vesc", data, tmp_path)
    assert kept(tmp_path) == [("vesc", file)]
    assert read(file) == data
    file.write_text("# no bytes\nxy\n")
    with pytest.raises(KeptError, match="--keep"):
        read(file)


def test_every_folder_of_findings_is_a_target_s() -> None:
    assert {folder.name for folder in CRASHES.glob("*") if folder.is_dir()} <= set(NAMES)
