"""Make mutants of a file, with the operators of mutmut.

They change operators, comparisons, numbers, words, arguments, assignments and branches. They leave alone what is
outside of functions, properties and other decorated functions, and texts that are formatted.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import create_mutations

from tests.mutation.mutants import Mutant, difference


def mutants_of(path: str) -> Iterator[Mutant]:
    """All mutants of a file."""
    text = Path(path).read_text(encoding="utf-8")
    module, mutations, _, _ = create_mutations(path, text)
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    places = {inner: (outer, inner) for outer, inner in _functions(module)}
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[cst.FunctionDef, tuple[str, int]] = {}
    for one in mutations:
        function = one.contained_by_top_level_function
        if function not in places:
            continue
        outer, inner = places[function]
        if inner not in found:
            healthy = _code(module, outer, inner)
            found[inner] = healthy, text.index(healthy, text.index(module.code_for_node(outer)))
        healthy, start = found[inner]
        sick = _code(
            module, outer, cst.ensure_type(inner.deep_replace(one.original_node, one.mutated_node), type(inner))
        )
        name = inner.name.value if outer is inner else f"{outer.name.value}.{inner.name.value}"
        change = difference(healthy, sick)
        seen[name, change] += 1
        number = f" ({seen[name, change]})" if seen[name, change] > 1 else ""
        place = positions.get(one.original_node, positions[inner])
        if place.start.line < positions[inner.body].start.line:
            place = positions[inner]  # a default of an argument: its line runs when the file is imported, in no test
        lines = frozenset(range(place.start.line, place.end.line + 1))
        yield Mutant(path, name, change + number, lines, text[:start] + sick + text[start + len(healthy) :])


def _code(module: cst.Module, outer: cst.FunctionDef | cst.ClassDef, inner: cst.FunctionDef) -> str:
    """The text of a function. A method's is made in an empty class: that of its own takes long where it is long."""
    alone = inner if isinstance(outer, cst.FunctionDef) else cst.ClassDef(cst.Name("C"), cst.IndentedBlock([inner]))
    text: str = module.code_for_node(alone)
    return text.removeprefix("class C:\n")


def _functions(module: cst.Module) -> Iterator[tuple[cst.FunctionDef | cst.ClassDef, cst.FunctionDef]]:
    """Every function with itself, every method with its class."""
    for outer in module.body:
        if isinstance(outer, cst.FunctionDef):
            yield outer, outer
        elif isinstance(outer, cst.ClassDef):
            yield from ((outer, inner) for inner in outer.body.body if isinstance(inner, cst.FunctionDef))
