"""What page and panel may ask of the controller: anything else is refused with a reason."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

LONGEST_BYTES: Final = 2048
"""A longer message is none of ours."""
PERIOD_S: Final = 0.05
"""Between two states."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Press(_Message):
    """A person pressed something. Delivered twice, over two paths, it counts once."""

    kind: Literal["press"]
    id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Literal["start", "stop", "return_upright", "acknowledge", "pause_audio", "next"]
    pressed_s: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """When, on the clock of ``sent_s`` in the states; None if the page never saw a state."""
    session: int | None = None
    """The session that the page showed."""


class Beat(_Message):
    """The page is in front of somebody, and connected."""

    kind: Literal["beat"]


class Ping(_Message):
    """The panel's process is alive."""

    kind: Literal["ping"]


class AskSetup(_Message):
    """What stays the same during a session is wanted."""

    kind: Literal["setup"]


Message = Annotated[Press | Beat | Ping | AskSetup, Field(discriminator="kind")]
MESSAGE: Final[TypeAdapter[Message]] = TypeAdapter(Message)
