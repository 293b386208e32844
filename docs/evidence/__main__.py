"""``python -m docs.evidence``: check the chain, and write for StrictDoc what it cannot read itself.

StrictDoc knows hazards, requirements and code from the ``.sdoc`` files. The markers of pytest it does not know, so they
are written into ``build/evidence/tests.sdoc``, where it finds each test as a child of its requirements.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docs.evidence.checks import problems
from docs.evidence.model import MarkedTest, read

TARGET: Final = Path("build/evidence/tests.sdoc")
HEAD: Final = """\
[DOCUMENT]
TITLE: Tests

[GRAMMAR]
ELEMENTS:
- TAG: TEST
  FIELDS:
  - TITLE: UID
    TYPE: String
    REQUIRED: True
  - TITLE: TITLE
    TYPE: String
    REQUIRED: True
  RELATIONS:
  - TYPE: Parent
  - TYPE: File
"""


def as_sdoc(tests: list[MarkedTest]) -> str:
    """Every test that has a marker, as a node of StrictDoc."""
    return HEAD + "".join(line + "\n" for test in tests for line in _node(test))


def _node(test: MarkedTest) -> Iterator[str]:
    path, name = test.place
    yield from ("", "[TEST]", f"UID: {path}" + (f"/{name}" if name else ""))
    yield f"TITLE: {(name or Path(path).stem).removeprefix('test_').replace('_', ' ')}"
    yield "RELATIONS:"
    for uid in test.requirements:
        yield from ("- TYPE: Parent", f"  VALUE: {uid}")
    yield from ("- TYPE: File", f"  VALUE: {path}")
    if name:
        yield f"  FUNCTION: {name}"


def main() -> int:
    """Print every problem; 1 if there is one."""
    model = read(Path())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(as_sdoc(model.tests), encoding="utf-8")
    found = problems(model)
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(model.hazards)} hazards, {len(model.requirements)} requirements, {len(model.tests)} tests: ", end="")
    print(f"{len(found)} problems" if found else "the chain is whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
