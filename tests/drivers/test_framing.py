"""Frames out of bytes: nothing wrong gets through, nothing raises, memory stays bounded."""

import pytest
from fastcrc.crc32 import iso_hdlc
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import MAX_FRAME, MAX_PAYLOAD, Deframer, encode_frame

pytestmark = pytest.mark.requirement("REQ-WIRE-CRC")

payloads = st.binary(min_size=0, max_size=MAX_PAYLOAD)


def fed(data: bytes, cuts: list[int]) -> tuple[Deframer, list[bytes]]:
    deframer, found, start = Deframer(), [], 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        found += deframer.feed(data[start:cut])
        start = cut
    return deframer, found


def test_the_checksum_is_the_one_of_the_specification() -> None:
    assert iso_hdlc(b"123456789") == 0xCBF43926


@given(st.lists(payloads, max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_frames_come_out_as_they_went_in_however_the_bytes_are_cut(sent: list[bytes], cuts: list[int]) -> None:
    deframer, found = fed(b"".join(encode_frame(payload) for payload in sent), cuts)
    assert found == sent
    assert (deframer.corrupted_frames, deframer.oversized_frames) == (0, 0)
    assert deframer.frames == len(sent)


@pytest.mark.requirement("REQ-WIRE-HOSTILE")
@given(st.binary(max_size=2000), st.lists(st.integers(0, 10_000), max_size=8))
def test_no_bytes_raise_and_memory_stays_bounded(data: bytes, cuts: list[int]) -> None:
    deframer, _ = fed(data, cuts)
    assert deframer.bytes_in == len(data)
    assert len(deframer._rest) <= MAX_FRAME


@given(payloads, st.data())
def test_a_damaged_frame_is_counted_and_left_out(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode_frame(payload))
    at = data.draw(st.integers(0, len(frame) - 2))
    frame[at] ^= data.draw(st.integers(1, 255))
    deframer, found = fed(bytes(frame) + encode_frame(b"next"), [])
    assert payload not in found[:-1]
    assert deframer.corrupted_frames >= 1 or found == [b"next"]
    assert found[-1:] == [b"next"]


@given(payloads, st.integers(1, 200))
def test_a_truncated_frame_does_not_spoil_the_next_but_one(payload: bytes, lost: int) -> None:
    frame = encode_frame(payload)
    _, found = fed(frame[: max(len(frame) - 1 - lost, 0)] + b"\0" + encode_frame(b"next"), [])
    assert found[-1] == b"next"
    assert found[:-1] in ([], [payload]) if lost == 0 else found[:-1] == []


def test_a_frame_that_is_too_long_is_skipped_to_its_end_however_long_it_is() -> None:
    deframer = Deframer()
    for _ in range(100):
        assert deframer.feed(b"x" * 1000) == []
    assert deframer.oversized_frames == 1
    assert deframer.feed(b"y\0" + encode_frame(b"next")) == [b"next"]


def test_a_payload_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        encode_frame(bytes(MAX_PAYLOAD + 1))


def test_half_a_frame_can_be_forgotten() -> None:
    deframer = Deframer()
    deframer.feed(encode_frame(b"old")[:-2])
    deframer.clear()
    assert deframer.feed(encode_frame(b"new")) == [b"new"]
