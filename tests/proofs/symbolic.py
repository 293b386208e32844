"""Run shipped Python on symbols: every path that a function can take, over all real numbers.

A ``Real`` stands for any real number that fits the assumptions. Where the code asks whether one is smaller than
another, both answers are followed, each as a further assumption, unless z3 shows that one cannot be. So what is proved
is proved of the code that is shipped, not of a copy in another language. What it does not cover is floating point:
``tests/safety/test_envelope.py`` does that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import z3

Number = "Real | float | int"


@dataclass
class Path:
    """One way through the code: the answers given so far, and what must hold for it to be no error."""

    assumptions: list[Any]
    script: list[bool]
    answers: list[bool] = field(default_factory=list)
    conditions: list[Any] = field(default_factory=list)
    obligations: list[Any] = field(default_factory=list)
    """Divisors that are not zero, roots of what is not negative: in the order of the code."""
    result: Any = None

    def decide(self, condition: Any) -> bool:
        """Answer a question of the code: as the script says, then whatever can be."""
        at = len(self.answers)
        answer = self.script[at] if at < len(self.script) else self._can_be(condition)
        self.answers.append(answer)
        self.conditions.append(condition if answer else z3.Not(condition))
        return answer

    def _can_be(self, condition: Any) -> bool:
        solver = z3.Solver()
        solver.add(*self.assumptions, *self.conditions, condition)
        return bool(solver.check() != z3.unsat)

    def root(self, value: "Real") -> "Real":
        """Give the square root: the number that is not negative and has this square."""
        self.obligations.append(z3.Implies(z3.And(*self.conditions), value.term >= 0))
        root = z3.FreshReal("root")
        self.conditions += [root >= 0, root * root == value.term]
        return Real(root, self)


class Condition:
    """What a comparison gives: asked for its truth, it forks the path."""

    def __init__(self, term: Any, path: Path) -> None:
        self.term, self.path = term, path

    def __bool__(self) -> bool:
        return self.path.decide(self.term)


def exact(number: float) -> Any:
    """The number that a float is, as a term: z3 by itself would take the one that it is written as."""
    return z3.RealVal(Fraction(number))


def term_of(value: Any) -> Any:
    """Of what the code reckons with, symbol or number, the term."""
    return value.term if isinstance(value, Real) else exact(value)


class Real:
    """Any real number."""

    __hash__ = None  # type: ignore[assignment]  # a symbol equals what it may equal

    def __init__(self, term: Any, path: Path) -> None:
        self.term, self.path = term, path

    def __add__(self, other: Any) -> "Real":
        return Real(self.term + term_of(other), self.path)

    def __radd__(self, other: Any) -> "Real":
        return Real(term_of(other) + self.term, self.path)

    def __sub__(self, other: Any) -> "Real":
        return Real(self.term - term_of(other), self.path)

    def __rsub__(self, other: Any) -> "Real":
        return Real(term_of(other) - self.term, self.path)

    def __mul__(self, other: Any) -> "Real":
        return Real(self.term * term_of(other), self.path)

    def __rmul__(self, other: Any) -> "Real":
        return Real(term_of(other) * self.term, self.path)

    def __truediv__(self, other: Any) -> "Real":
        divisor = term_of(other)
        self.path.obligations.append(z3.Implies(z3.And(*self.path.conditions), divisor != 0))
        return Real(self.term / divisor, self.path)

    def __neg__(self) -> "Real":
        return Real(-self.term, self.path)

    def __abs__(self) -> "Real":
        return -self if self < 0 else self

    def __lt__(self, other: Any) -> Condition:
        return Condition(self.term < term_of(other), self.path)

    def __le__(self, other: Any) -> Condition:
        return Condition(self.term <= term_of(other), self.path)

    def __gt__(self, other: Any) -> Condition:
        return Condition(self.term > term_of(other), self.path)

    def __ge__(self, other: Any) -> Condition:
        return Condition(self.term >= term_of(other), self.path)

    def __eq__(self, other: object) -> Any:
        return Condition(self.term == term_of(other), self.path)


def paths(assumptions: list[Any], run: Callable[[Path], Any]) -> Iterator[Path]:
    """Follow ``run`` along every path that the assumptions allow; its result is in ``Path.result``."""
    scripts: list[list[bool]] = [[]]
    while scripts:
        script = scripts.pop()
        path = Path(assumptions, script)
        path.result = run(path)
        # Each answer after the script was True where it could be: the other one is still to be followed.
        scripts += [[*path.answers[:at], False] for at in range(len(script), len(path.answers)) if path.answers[at]]
        if path._can_be(z3.BoolVal(True)):
            yield path


def prove(claim: Any, *assumptions: Any) -> None:
    """Show that a claim holds wherever the assumptions do. Fails with a counterexample, or if z3 cannot tell."""
    found = counterexample(claim, *assumptions)
    assert found is None, f"not true: {found}"


def counterexample(claim: Any, *assumptions: Any) -> Any | None:
    """Give numbers for which the assumptions hold and the claim does not; None if there are none."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*assumptions, z3.Not(claim))
    answer = solver.check()
    assert answer != z3.unknown, f"z3 cannot tell: {solver.reason_unknown()}"
    return solver.model() if answer == z3.sat else None
