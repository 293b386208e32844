"""The ports of a labgrid environment file."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from firmware_host.cli.hil.labgrid import EnvironmentFileError, ports_in

ONE = """
targets:
  main:
    resources:
      NetworkSerialPort: {host: bench1, port: 5001}
      NetworkPowerPort: {model: gude, host: power, index: 1}
    drivers:
      SerialDriver: {}
"""
THREE = """
targets:
  other:
    resources: {RawSerialPort: {port: /dev/ttyS9}}
  main:
    resources:
      - RawSerialPort: {name: contacts, port: /dev/ttyUSB0}
      - NetworkSerialPort: {name: vesc, host: bench1, port: 5001, speed: 115200}
      - NetworkSerialPort: {name: witmotion, host: bench1, port: 5002, protocol: raw}
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "place.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kinds", [[], ["vesc"]])
def test_one_port_needs_no_name(kinds: Sequence[str], tmp_path: Path) -> None:
    assert ports_in(file(tmp_path, ONE), kinds) == ["rfc2217://bench1:5001"]


def test_several_are_named_after_their_devices(tmp_path: Path) -> None:
    found = ports_in(file(tmp_path, THREE), ["vesc", "witmotion", "contacts"])
    assert found == ["rfc2217://bench1:5001", "socket://bench1:5002", "/dev/ttyUSB0"]


@pytest.mark.parametrize(
    ("text", "kinds", "told"),
    [
        ("", [], "has no targets"),
        ("- a\n- b\n", [], "has no targets"),
        ("targets: {a: {}, b: {}}\n", [], "call the one with the table main"),
        ("targets: {main: {}}\n", ["vesc"], "ports are none; give one each a name of these: vesc"),
        ("targets: {main: 5}\n", ["vesc"], "ports are none"),
        (THREE, ["vesc", "contacts", "roboclaw"], "ports are contacts, vesc, witmotion; give one each a name"),
        (THREE, ["vesc"], None),
        (THREE.replace("name: witmotion", "name: vesc"), ["vesc", "contacts"], "give one each a name"),
        (ONE.replace("port: 5001", "ports: 5001"), [], "NetworkSerialPort lacks 'port'"),
        (ONE.replace("5001}", "5001, protocol: telnet}"), [], "'telnet', or has another value"),
        ("targets: {main: {resources: {RemotePlace: {name: bench1}}}}\n", [], "labgrid-client -v resources"),
        ("targets: {main: {resources: 5}}\n", [], "write each resource as labgrid does"),
        ("targets: {main: {resources: [RawSerialPort]}}\n", [], "for example RawSerialPort: {port: /dev/ttyUSB0}"),
        ("targets: {main: {resources: {RawSerialPort: /dev/ttyUSB0}}}\n", [], "write each resource as labgrid does"),
        (ONE.replace("5001}", "5001, protocol: [raw]}"), [], "has another value than labgrid knows"),
        ("targets: {main: [\n", [], "cannot be read as a labgrid environment file"),
        ("targets: !template $HERE\n", [], "cannot be read as a labgrid environment file"),
    ],
)
def test_what_cannot_be_used_says_what_to_do(text: str, kinds: Sequence[str], told: str | None, tmp_path: Path) -> None:
    path = file(tmp_path, text)
    if told is None:
        assert ports_in(path, kinds) == ["rfc2217://bench1:5001"]
        return
    with pytest.raises(EnvironmentFileError) as raised:
        ports_in(path, kinds)
    assert str(raised.value).startswith(str(path))
    assert told in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFileError, match="No such file"):
        ports_in(tmp_path / "none.yaml", [])
