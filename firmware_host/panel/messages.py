"""What page and panel may ask of the controller: anything else is refused with a reason.

Every message that could set a table in motion says when it was made, on the clock of ``sent_s`` in the states (this
machine's monotonic clock): what a stalled network delivers late does nothing.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

LONGEST_BYTES: Final = 2048
"""A longer message is none of ours, ..."""
LONGEST_CHOICE_BYTES: Final = 64 * 1024
"""... but for one that brings a rider's and a program's text."""
PERIOD_S: Final = 0.05
"""Between two states."""
NO_CONTROLLER: Final = (
    "the controller does not answer: look at the table; "
    "a table board brings the rider upright by itself, another drive stops"
)

_Id = Annotated[str, Field(min_length=1, max_length=64)]
_Seconds = Annotated[float, Field(allow_inf_nan=False)]
_Check = Annotated[str, Field(min_length=1, max_length=64)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Press(_Message):
    """A person pressed something. Delivered twice, over two paths, it counts once."""

    kind: Literal["press"]
    id: _Id
    name: Literal["start", "stop", "return_upright", "acknowledge", "pause_audio", "next", "test_brake"]
    pressed_s: _Seconds | None = None
    """When, on the clock of ``sent_s`` in the states; None if the page never saw a state."""
    session: int | None = None
    """The session that the page showed."""
    confirmed: Annotated[list[_Check], Field(max_length=16)] = Field(default_factory=list)
    """With ``start``: pre-flight checks that the operator confirms by this press, as ``confirm`` does one by one."""


class Move(_Message):
    """A finger is down on a button of motion by hand: said every 50 ms, as long as it is."""

    kind: Literal["move"]
    id: _Id
    """A new one each time that the finger goes down."""
    session: int
    pressed_s: _Seconds
    """When this very message was made; not when the finger went down."""
    direction: Literal[-1, 1]
    """1 toward inversion, -1 toward upright."""


class Release(_Message):
    """The finger left the button, or its page lost the focus: that hold is over for good."""

    kind: Literal["release"]
    id: _Id


class Confirm(_Message):
    """The operator says what only a person can see before the first motion, or takes it back."""

    kind: Literal["confirm"]
    id: _Id
    session: int | None = None
    pressed_s: _Seconds | None = None
    check: _Check
    yes: bool


class TomlText(_Message):
    """A file as it would stand on a disk."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    """What messages about it call it."""
    text: Annotated[str, Field(max_length=LONGEST_CHOICE_BYTES)]


class Choose(_Message):
    """Another session is to be made ready: with this rider and this program."""

    kind: Literal["choose"]
    id: _Id
    session: int | None = None
    pressed_s: _Seconds | None = None
    reference: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None = None
    """By which the panel knows the session again; it stands in the black box, and names nobody."""
    rider: TomlText | None = None
    """None: the rider at hand stays."""
    program: TomlText | None = None
    """None: the program at hand stays."""
    note: Annotated[dict[_Check, Annotated[str, Field(max_length=200)]], Field(max_length=8)] = Field(
        default_factory=dict
    )
    """Goes into the black box beside the reference. It must name nobody either: recordings are shown to others."""


class Beat(_Message):
    """The page is in front of somebody, and connected."""

    kind: Literal["beat"]


class Ping(_Message):
    """The panel's process is alive."""

    kind: Literal["ping"]


class AskSetup(_Message):
    """What stays the same during a session is wanted."""

    kind: Literal["setup"]


Message = Annotated[Press | Move | Release | Confirm | Choose | Beat | Ping | AskSetup, Field(discriminator="kind")]
MESSAGE: Final[TypeAdapter[Message]] = TypeAdapter(Message)
