"""The fuzz targets themselves: they run on what they begin with, on random bytes, and they find what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import Deframer
from tests.fuzz import __main__ as command
from tests.fuzz import targets

NAMES = sorted(targets.TARGETS)


def test_the_command_knows_every_target() -> None:
    assert set(command.TARGETS) == targets.TARGETS.keys() == targets.SEEDS.keys()


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in NAMES for seed in targets.SEEDS[name]])
def test_every_seed_passes(name: str, seed: bytes) -> None:
    targets.TARGETS[name](seed)


@given(st.sampled_from(NAMES), st.binary(max_size=400))
def test_random_bytes_pass(name: str, data: bytes) -> None:
    targets.TARGETS[name](data)


def test_a_decoder_that_depends_on_where_a_stream_is_cut_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Deframer.feed
    monkeypatch.setattr(Deframer, "feed", lambda self, data: feed(self, data[1:] if len(data) < 9 else data))
    with pytest.raises(AssertionError):
        targets.framing(targets.SEEDS["framing"][0])
