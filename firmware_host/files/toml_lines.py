"""Where in a TOML text each value stands: the walk through the syntax tree that tree-sitter makes of it."""

import re
import tomllib
from typing import Any, Final

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Location = tuple[str | int, ...]
"""Where a value is: keys, and indices from 0 for the elements of lists, such as ``("step", 2, "to_deg")``."""

BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
"""A key that needs no quotes."""


def find_lines(text: str) -> dict[Location, int]:
    """Give the line, from 1, of every table, key and list element of a text that is valid TOML."""
    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    return _Lines().walk(tree.root_node)


class _Lines:
    """The walk through a syntax tree that notes the line of every value."""

    def __init__(self) -> None:
        self.found: dict[Location, int] = {}
        self._lengths: dict[Location, int] = {}
        """Elements so far of each list made with ``[[...]]``."""

    def walk(self, root: Node) -> dict[Location, int]:
        """Note all lines of a document."""
        for node in root.children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type == "table":
                self._section(node, self._resolve(_header_keys(node)))
            elif node.type == "table_array_element":
                self._section(node, self._append(_header_keys(node)))
        return self.found

    def _resolve(self, keys: tuple[str, ...]) -> Location:
        """Follow a header's keys; a list on the way means its newest element, as TOML has it."""
        location: Location = ()
        for key in keys:
            location += (key,)
            if location in self._lengths:
                location += (self._lengths[location] - 1,)
        return location

    def _append(self, keys: tuple[str, ...]) -> Location:
        location = (*self._resolve(keys[:-1]), *keys[-1:])
        index = self._lengths.get(location, 0)
        self._lengths[location] = index + 1
        return (*location, index)

    def _note(self, location: Location, node: Node) -> None:
        line = node.start_point[0] + 1
        for end in range(1, len(location) + 1):
            self.found.setdefault(location[:end], line)

    def _section(self, node: Node, location: Location) -> None:
        self._note(location, node)
        for child in node.children:
            if child.type == "pair":
                self._pair(location, child)

    def _pair(self, around: Location, node: Node) -> None:
        parts = [child for child in node.children if child.type not in ("=", "comment")]
        if len(parts) != 2:
            return
        location = around + _keys(parts[0])
        self._note(location, node)
        self._inside(location, parts[1])

    def _inside(self, location: Location, value: Node) -> None:
        if value.type == "inline_table":
            for child in value.children:
                if child.type == "pair":
                    self._pair(location, child)
        elif value.type == "array":
            elements = [child for child in value.children if child.is_named and child.type != "comment"]
            for index, element in enumerate(elements):
                self._note((*location, index), element)
                self._inside((*location, index), element)


def _header_keys(node: Node) -> tuple[str, ...]:
    names = [child for child in node.children if child.type in ("bare_key", "quoted_key", "dotted_key")]
    return _keys(names[0]) if names else ()


def _keys(node: Node) -> tuple[str, ...]:
    """Read a key as TOML does: dots part it, quotes may hold anything."""
    text = (node.text or b"").decode(errors="replace")
    if BARE_KEY.fullmatch(text):
        return (text,)
    try:
        rest: Any = tomllib.loads(f"{text} = 0")
    except ValueError:
        return (text,)
    keys = []
    while isinstance(rest, dict) and rest:
        key, rest = next(iter(rest.items()))
        keys.append(key)
    return tuple(keys)
