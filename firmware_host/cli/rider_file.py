"""The rider's file of the command line, as it is written anew: comments and order stay."""

import stat
from pathlib import Path

import tomlkit

from firmware_host.disk import replace_text
from firmware_host.files.riders import Rider, make_rider, ridden_by
from firmware_host.files.toml_source import read_toml
from safety.ridden import Ridden, stricter


def read_rider(file: Path) -> tuple[Rider, tomlkit.TOMLDocument]:
    """Give a rider, and the file to be changed.

    Raises ``FileError`` if it is no rider's file, ``OSError`` and ``tomlkit.exceptions.TOMLKitError``.
    """
    return make_rider(read_toml(file)), tomlkit.parse(file.read_text(encoding="utf-8"))


def write_ridden(file: Path, ridden: Ridden) -> None:
    """Write what a rider did into the file, or what stands there already where that is stricter; who may read it stays.

    Raises as ``read_rider`` does.
    """
    rider, document = read_rider(file)
    account = stricter(ridden, ridden_by(rider)) or ridden
    section = document.get("ridden") or tomlkit.table()
    section["ended"] = account.ended.replace(microsecond=0)
    section["inverted_s"] = round(account.inverted_s, 1)
    section["day_inverted_s"] = round(account.day_inverted_s, 1)
    document["ridden"] = section
    replace_text(file, tomlkit.dumps(document), stat.S_IMODE(file.stat().st_mode))
