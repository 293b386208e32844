"""Which presses of a button count: one that is stuck, or repeats itself, asks for nothing new."""

from math import inf
from typing import Final

LET_GO_S: Final = 0.3
"""A button has to be let go for so long before it can be pressed anew: a person does not press faster."""


class FreshPress:
    """A button whose press sets a standing table in motion."""

    __slots__ = ("_pressed_s",)

    def __init__(self) -> None:
        self._pressed_s = -inf

    def counts(self, now_s: float) -> bool:
        """Take a press, or one more moment of it; tell whether it is the first after the button was let go."""
        fresh = not now_s - self._pressed_s < LET_GO_S
        self._pressed_s = now_s
        return fresh
