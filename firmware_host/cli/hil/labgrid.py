"""Ports from a labgrid environment file, so that a laboratory says once where its tables hang.

Read are the serial ports of one target, as labgrid's own configuration names them: ``RawSerialPort`` (``port``) and
``NetworkSerialPort`` (``host``, ``port``, ``protocol``: ``rfc2217``, which is the default, or ``raw``). Several have a
``name`` each: the kind of the device in the table file. labgrid itself is not needed, and could not be installed beside
this program: it brings a pyserial of its own. A ``RemotePlace`` is known to labgrid's coordinator alone.

Source: https://labgrid.readthedocs.io/en/latest/configuration.html
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

SUFFIXES: Final = (".yaml", ".yml")
TARGET: Final = "main"
"""The target that is taken where a file has several."""
EXAMPLE: Final = "RawSerialPort: {port: /dev/ttyUSB0}"
_SCHEMES: Final = {"rfc2217": "rfc2217", "raw": "socket"}


class EnvironmentFileError(Exception):
    """The file does not say which ports are meant; ``str()`` says what to do."""


def ports_in(path: Path, kinds: Sequence[str]) -> list[str]:
    """Give the ports for devices of these kinds, in their order; one alone needs no name.

    Raises ``EnvironmentFileError``.
    """
    found = list(_serial_ports(path))
    if len(kinds) <= 1 and len(found) == 1:
        return [found[0][1]]
    named = dict(found)
    missing = [kind for kind in kinds if kind not in named]
    if missing or len(named) != len(found):
        has = ", ".join(name or "one without a name" for name, _ in found) or "none"
        wanted = ", ".join(kinds)
        raise EnvironmentFileError(f"{path}: its serial ports are {has}; give one each a name of these: {wanted}")
    return [named[kind] for kind in kinds]


def _serial_ports(path: Path) -> Iterator[tuple[str, str]]:
    """Name and port of each serial port of the target."""
    for kind, told in _resources(path):
        if kind == "RemotePlace":
            raise EnvironmentFileError(
                f"{path}: a RemotePlace is known to the coordinator alone; write the NetworkSerialPort that"
                " labgrid-client -v resources shows for it"
            )
        if kind in ("RawSerialPort", "NetworkSerialPort"):
            yield str(told.get("name", "")), _port(path, kind, told)


def _port(path: Path, kind: str, told: dict[str, Any]) -> str:
    try:
        if kind == "RawSerialPort":
            return str(told["port"])
        scheme = _SCHEMES[str(told.get("protocol", "rfc2217"))]
        return f"{scheme}://{told['host']}:{told['port']}"
    except KeyError as error:
        raise EnvironmentFileError(f"{path}: {kind} lacks {error}, or has another value than labgrid knows") from None


def _resources(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and parameters of each resource. labgrid takes them as a mapping, or as a list where kinds come twice."""
    targets = _read(path).get("targets")
    if not isinstance(targets, dict) or not targets:
        raise EnvironmentFileError(f"{path}: has no targets; is it a labgrid environment file?")
    target = targets.get(TARGET) if len(targets) > 1 else next(iter(targets.values()))
    if target is None:
        raise EnvironmentFileError(f"{path}: has several targets; call the one with the table {TARGET}")
    resources = target.get("resources", {}) if isinstance(target, dict) else {}
    for one in resources if isinstance(resources, list) else [resources]:
        if not isinstance(one, dict) or not all(told is None or isinstance(told, dict) for told in one.values()):
            raise EnvironmentFileError(f"{path}: write each resource as labgrid does, for example {EXAMPLE}")
        for kind, told in one.items():
            yield kind, told or {}


def _read(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        raise EnvironmentFileError(f"{path}: a labgrid environment file needs PyYAML; install pyyaml") from None
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EnvironmentFileError(f"{path}: cannot be read as a labgrid environment file: {error}") from None
    return found if isinstance(found, dict) else {}
