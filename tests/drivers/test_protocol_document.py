"""The byte-exact examples of docs/protocol.md, read from the page itself and held against the code, both ways."""

import re
from pathlib import Path

import pytest

from drivers.board import BoardIdentity, BoardLink, HostLink
from drivers.framing import MAX_PAYLOAD, Deframer, encode_frame
from drivers.wire import (
    HELLO_FRAME,
    MOTION_FRAME,
    TELEMETRY_FRAME,
    WELCOME_FRAME,
    Type,
    decode_motion,
    decode_telemetry,
    encode_motion,
    encode_telemetry,
)
from safety.signals import CommandMode, DriveFault, Input, Reject, SafeCommand, Status, Telemetry

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: (dict(pair.split("=") for pair in fields.split()), bytes.fromhex(digits))
    for name, fields, digits in re.findall(r"```frame (\w+) ([^\n]*)\n([0-9a-f \n]+)```", PAGE)
}
SIZES = {
    "Hello": HELLO_FRAME.size,
    "Welcome": WELCOME_FRAME.size,
    "Telemetry": TELEMETRY_FRAME.size,
    "Motion": MOTION_FRAME.size,
}


def payload(name: str) -> bytes:
    (found,) = Deframer().feed(EXAMPLES[name][1])
    return found


def test_every_message_has_an_example() -> None:
    assert EXAMPLES.keys() == {kind.name.title() for kind in Type} == SIZES.keys()


@pytest.mark.parametrize("name", sorted(SIZES))
def test_an_example_is_one_whole_frame_of_the_right_size_and_type(name: str) -> None:
    body = payload(name)
    assert len(body) == SIZES[name]
    assert body[1] == Type[name.upper()]
    assert encode_frame(body) == EXAMPLES[name][1]
    assert f"`{body[1]:02x}` | {name}" in PAGE


def test_hello_is_what_a_host_sends_first() -> None:
    fields, frame = EXAMPLES["Hello"]
    assert HostLink(lambda: int(fields["nonce"], 0)).transmit(None, 0.0) == frame


def test_welcome_is_what_a_board_answers() -> None:
    fields, frame = EXAMPLES["Welcome"]
    major, minor, patch = (int(part) for part in fields["firmware"].split("."))
    identity = BoardIdentity(
        int(fields["serial"]), (major, minor, patch), int(fields["boots"]), float(fields["upright"]),
        float(fields["inverted"]), float(fields["rate"]), float(fields["watchdog"]),
    )  # fmt: skip
    board = BoardLink(identity, lambda: int(fields["session"], 0))
    assert board.receive(EXAMPLES["Hello"][1], 0) == []
    answer = board.telemetry(decode_telemetry(payload("Telemetry")))
    assert answer == frame + EXAMPLES["Telemetry"][1]
    host = HostLink(lambda: int(fields["nonce"], 0))
    host.transmit(None, 0.0)
    host.receive(answer, 0.01)
    assert host.config is not None
    assert host.config.session_id == int(fields["session"], 0)
    assert host.config[1:-1] == identity


def test_telemetry_both_ways() -> None:
    fields, frame = EXAMPLES["Telemetry"]
    telemetry = Telemetry(
        int(fields["session"], 0), int(fields["sequence"]), int(fields["time_us"]), None, None,
        float(fields["encoder"]), float(fields["inclinometer"]), float(fields["rate"]), float(fields["current"]),
        float(fields["bus"]), float(fields["drive"]), float(fields["motor"]), int(fields["inputs"], 0),
        int(fields["status"]), 0, 0, 0,
    )  # fmt: skip
    assert encode_frame(encode_telemetry(telemetry)) == frame
    assert decode_telemetry(payload("Telemetry")) == telemetry


def test_motion_both_ways() -> None:
    fields, frame = EXAMPLES["Motion"]
    command = SafeCommand(
        CommandMode(int(fields["mode"])), float(fields["rate"]), float(fields["accel"]), float(fields["torque"])
    )
    encoded = encode_motion(
        int(fields["session"], 0), int(fields["sequence"]), int(fields["answers"]), int(fields["time_ms"]), command
    )
    assert encode_frame(encoded) == frame
    decoded = decode_motion(payload("Motion"))
    assert (decoded.session_id, decoded.telemetry_sequence) == (int(fields["session"], 0), int(fields["answers"]))
    assert decoded[-3:] == (command.rate_dps, command.accel_dps2, command.torque_fraction)


def test_the_page_names_every_bit_and_reason_in_its_place() -> None:
    words: dict[str, tuple[type, str]] = {
        "Inputs": (
            Input,
            "hand switch held|hand switch not held|ankle latch locked|ankle latch\nopen|emergency-stop chain closed|"
            "upright switch|inverted switch",
        ),
        "Status": (Status, "brake closed|torque on|watchdog expired|the board is returning|the board follows"),
        "Faults": (DriveFault, "over-current|over-temperature|under-voltage|encoder|brake|power stage"),
    }
    for paragraph, (bits, joined) in words.items():
        names = joined.split("|")
        values = sorted(value for name, value in vars(bits).items() if name.isupper())
        assert values == [1 << position for position in range(len(names))]
        text = PAGE[PAGE.index(f"\n{paragraph}") :]
        for position, name in enumerate(names):
            assert f"{position} {name}" in text, (paragraph, name)
    for reason in Reject:
        assert reason is Reject.NONE or f"\n| {reason.value} | " in PAGE


def test_the_line_budget_of_the_page() -> None:
    telemetry, motion = len(EXAMPLES["Telemetry"][1]), len(EXAMPLES["Motion"][1])
    assert f"telemetry frame ({telemetry} bytes)" in PAGE
    assert f"motion frame ({motion} bytes)" in PAGE
    assert max(telemetry, motion) * 100 <= 115200 / 10 / 2
    assert f"at most {MAX_PAYLOAD} bytes" in PAGE
