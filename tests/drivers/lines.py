"""Both ends of a link, and a line between them that a test can spoil."""

from dataclasses import dataclass, field

from drivers.board import BoardIdentity, BoardLink, HostLink
from drivers.wire import MotionFields
from safety.signals import CommandMode, SafeCommand, Telemetry

IDENTITY = BoardIdentity(1, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
MOVE = SafeCommand(CommandMode.MOVE, 1.5, 8.0, 1.0)
FRAME_S = 0.01


@dataclass
class Link:
    """A host and a board, a frame period at a time."""

    sessions: list[int] = field(default_factory=lambda: list(range(1000, 1100)))
    now_s: float = 50.0
    now_us: int = 0

    def __post_init__(self) -> None:
        self.nonces = iter(range(1, 10_000))
        self.host = HostLink(lambda: next(self.nonces))
        self.board = self.new_board()

    def new_board(self) -> BoardLink:
        return BoardLink(IDENTITY, lambda: self.sessions.pop(0))

    def frame(self) -> bytes:
        """What the board sends next."""
        board = self.board
        self.now_s += FRAME_S
        self.now_us += 10_000
        age_s = board.command_age_s(self.now_us)
        return board.telemetry(
            Telemetry(
                board.session_id,
                board.next_sequence(),
                self.now_us & 0xFFFFFFFF,
                board.echo,
                age_s,
                10.0,
                10.0,
                0.0,
                0.0,
                24.0,
                20.0,
                20.0,
                0,
                0,
                0,
                board.rejected_in_row,
                board.reject_reason,
            )
        )

    def receive(self, data: bytes) -> list[Telemetry]:
        return self.host.receive(data, self.now_s)

    def answer(self, command: SafeCommand | None = MOVE) -> list[MotionFields]:
        return self.board.receive(self.host.transmit(command, self.now_s), self.now_us)

    def exchange(self, times: int = 1) -> None:
        for _ in range(times):
            self.receive(self.frame())
            self.answer()

    def connect(self) -> "Link":
        self.answer(None)
        self.exchange(3)
        assert self.host.config is not None
        return self
