"""A reader of StrictDoc's text files, as far as ours go: nodes with fields and relations.

``make test`` checks the traceability with it, and the site is made with it, both without StrictDoc installed.
The format: https://strictdoc.readthedocs.io, "SDoc syntax".
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

NODE: Final = re.compile(r"\[([A-Z_]+)\]")
FIELD: Final = re.compile(r"([A-Z_]+): (.+)")
HEADERS: Final = ("DOCUMENT", "GRAMMAR")
"""Nodes that describe the file and hold nothing of ours."""


class SdocError(ValueError):
    """A file that cannot be read. ``str()`` names file and line."""


class Relation(NamedTuple):
    """A link of a node."""

    kind: str
    """``Parent`` or ``File``."""
    value: str
    """Identifier of a node, or path of a file within the repository."""
    name: str
    """Class or function within the file; empty for the whole of it."""


class Node(NamedTuple):
    """One entry of a file."""

    tag: str
    fields: dict[str, str]
    """By name; several lines are joined by spaces."""
    relations: list[Relation]
    section: str
    """Title of the section that it stands in; empty outside of any."""


def read(path: Path) -> list[Node]:
    """Read a file. Raises ``SdocError`` with file and line for a line that is none of the format's."""
    return list(_nodes(path.read_text(encoding="utf-8").splitlines(), path.name))


def _nodes(lines: list[str], file: str) -> Iterator[Node]:
    section, at = "", 0
    while at < len(lines):
        line = lines[at]
        at += 1
        found = NODE.fullmatch(line)
        if line == "[[SECTION]]" and at < len(lines):
            section = lines[at].removeprefix("TITLE: ")
            at += 1
        elif line == "[[/SECTION]]":
            section = ""
        elif found is not None:
            end = next((i for i in range(at, len(lines)) if lines[i].startswith("[")), len(lines))
            if found[1] not in HEADERS:
                yield _node(found[1], lines[at:end], section, f"{file}:{at}")
            at = end
        elif line:
            raise SdocError(f"{file}:{at}: expected a node in square brackets, found {line!r}")


def _node(tag: str, lines: list[str], section: str, place: str) -> Node:
    node = Node(tag, {}, [], section)
    rest = iter(line for line in lines if line)
    for line in rest:
        if line == "RELATIONS:":
            node.relations.extend(_relations(list(rest), place))
            continue
        found = FIELD.fullmatch(line)
        if found is None:
            raise SdocError(f"{place}: in [{tag}]: expected FIELD: text, found {line!r}")
        node.fields[found[1]] = _text(rest, place) if found[2] == ">>>" else found[2]
    return node


def _text(rest: Iterator[str], place: str) -> str:
    text: list[str] = []
    for line in rest:
        if line == "<<<":
            return " ".join(text)
        text.append(line)
    raise SdocError(f"{place}: a text that >>> begins has no <<<: end it")


def _relations(lines: list[str], place: str) -> Iterator[Relation]:
    entries: list[dict[str, str]] = []
    for line in lines:
        found = FIELD.fullmatch(line[2:])
        if found is None or line[:2] not in ("- ", "  ") or (line[:2] == "  " and not entries):
            raise SdocError(f"{place}: expected a relation, found {line!r}")
        if line[:2] == "- ":
            entries.append({})
        entries[-1][found[1]] = found[2]
    for entry in entries:
        if not entry.keys() >= {"TYPE", "VALUE"}:
            raise SdocError(f"{place}: a relation needs TYPE and VALUE, found {entry}")
        yield Relation(entry["TYPE"], entry["VALUE"], entry.get("FUNCTION", entry.get("CLASS", "")))
