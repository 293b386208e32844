"""Who did something, as the audit log keeps it: by number, never by name, so that a name can be forgotten."""

from typing import Final, Literal, NamedTuple

Kind = Literal["person", "token", "panel", "command line", "anybody"]


class Who(NamedTuple):
    """Who did something. ``str()`` is what the audit log says, such as ``person 3``."""

    kind: Kind
    id: int | None = None
    """Of the person or the token; None for the others."""

    def __str__(self) -> str:
        """Give the form of the audit log."""
        return self.kind if self.id is None else f"{self.kind} {self.id}"


PANEL: Final = Who("panel")
"""The panel by itself, such as when it takes up black boxes."""
COMMAND_LINE: Final = Who("command line")
ANYBODY: Final = Who("anybody")
"""Somebody who did not say who they are: before the first PIN is set, or at a failed login."""


def person(number: int) -> Who:
    """Give the person with this id."""
    return Who("person", number)


def token(number: int) -> Who:
    """Give the integrator's token with this id."""
    return Who("token", number)
