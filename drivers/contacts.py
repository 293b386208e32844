"""The contacts of a table on a Modbus RTU input module: hand switch, ankle latch, emergency-stop chain, limit switches.

Eight inputs are read in each exchange (function 2); the table file says which input is which contact.
"""

from collections import deque
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final

from drivers.capabilities import Capabilities
from drivers.health import STALE_S, LinkHealth
from drivers.modbus import EXCEPTIONS, AnswerReader, read_discrete_inputs
from drivers.round_trips import ENOUGH, LATE_ENOUGH
from safety.signals import Input

INPUT_COUNT: Final = 8
"""Of one module."""
PERIOD_S: Final = 0.0095
REPLY_S: Final = 0.03
QUIET_S: Final = 0.012
"""After a question that was not answered in time so long a silence separates old from new. It doubles with each further
one, as with the drives: no answer says to which question it belongs."""
DOUBLED_MOST: Final = 5
LATEST_S: Final = 1.0
"""What comes later than this is no answer any more."""
UNANSWERED: Final = 32
NOTICE_BYTES: Final = 200
NAMES: Final = {
    "hand_switch_no": Input.HAND_SWITCH_NO,
    "hand_switch_nc": Input.HAND_SWITCH_NC,
    "ankle_latch_no": Input.ANKLE_LATCH_NO,
    "ankle_latch_nc": Input.ANKLE_LATCH_NC,
    "estop_chain": Input.ESTOP_CHAIN,
    "upright_switch": Input.UPRIGHT_SWITCH,
    "inverted_switch": Input.INVERTED_SWITCH,
}
"""The contacts by the names of the table file, in the order in which they are wired unless it says otherwise."""


class Contacts:
    """The module on its line, for ``drivers.composite``."""

    def __init__(self, unit: int, wiring: Sequence[str] = tuple(NAMES)) -> None:
        """``wiring`` names the contact of each input, an empty name one that is free. Raises ``KeyError`` or
        ``ValueError`` for what cannot be.
        """
        if len(wiring) > INPUT_COUNT:
            raise ValueError(f"a module has {INPUT_COUNT} inputs, and {len(wiring)} are named")
        bits = [NAMES[name] if name else 0 for name in wiring]
        self._table = tuple(
            reduce(or_, (bit for at, bit in enumerate(bits) if pattern >> at & 1), 0)
            for pattern in range(1 << INPUT_COUNT)
        )
        self._request = read_discrete_inputs(unit, 0, INPUT_COUNT)
        self._reader = AnswerReader()
        self._asked_s: float | None = None
        self._due_s = self._quiet_s = 0.0
        self._heard_s: float | None = None
        self._missed = 0
        self._unanswered: deque[float] = deque(maxlen=UNANSWERED)
        """When questions were asked of which nothing has come yet; answers come in order."""
        self._late = AnswerReader()
        """Reads what comes when nobody waits for it."""
        self._punctual = 0
        self._inputs = 0
        self._refusal = 0
        self.capabilities = Capabilities("Modbus input module", contacts=self._table[-1])
        self.health = LinkHealth()

    @property
    def problem(self) -> str | None:
        """Say why there are no contacts, and what to do; None while there are, or nothing is wrong yet."""
        if self._refusal:
            reason = EXCEPTIONS.get(self._refusal, f"exception {self._refusal}")
            return f"the input module refuses to be read ({reason}): use one with {INPUT_COUNT} inputs on function 2"
        late = self.health.round_trips.too_late(REPLY_S)
        if late:
            return f"the input module answers, but {late}"
        if self.health.bytes_in > NOTICE_BYTES and not self._reader.frames:
            return "bytes arrive, but none is an answer of the input module: check baud rate, unit address and port"
        return None

    def angle_deg(self, now_s: float) -> float | None:  # noqa: ARG002 - the interface of a device beside the drive
        """It measures no angle."""
        return None

    def inputs(self, now_s: float) -> int | None:
        """Bits of ``Input``; None while the newest ones are too old, or answers come so late that none says when."""
        heard_s = self._heard_s
        if heard_s is None or now_s - heard_s > STALE_S or len(self.health.round_trips.late) >= LATE_ENOUGH:
            return None
        return self._inputs

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        self._asked_s = None
        self._reader.clear()
        self.health.reconnections += 1

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes. Never raises."""
        if not data:
            return
        health, reader = self.health, self._reader
        health.bytes_in += len(data)
        if self._asked_s is None:
            self._quiet_s = max(self._quiet_s, now_s + QUIET_S)
            self._take_late(data, now_s)
            return
        answer = reader.feed(data)
        health.corrupted_frames = reader.corrupted
        if answer is None:
            return
        asked_s, self._asked_s = self._asked_s, None
        self._take_punctual()
        if answer.refusal:
            self._refusal = answer.refusal
            return
        if now_s - asked_s > STALE_S:
            health.stale_frames += 1
            return
        health.frames += 1
        health.take_round_trip(now_s - asked_s)
        self._refusal = 0
        self._inputs, self._heard_s = self._table[answer.data[0]], asked_s

    def transmit(self, now_s: float) -> bytes:
        """Give the bytes to send in this tick."""
        if self._asked_s is not None:
            if now_s - self._asked_s < REPLY_S:
                return b""
            self.health.lost_frames += 1
            quiet_s = QUIET_S * 2.0 ** min(self._missed, DOUBLED_MOST)
            self._asked_s, self._quiet_s = None, max(self._quiet_s, now_s + quiet_s)
            self._missed += 1
            self._punctual = 0
            self._reader.clear()
            self._late.expect(self._request)
        if now_s < self._due_s or now_s < self._quiet_s:
            return b""
        self._asked_s, self._due_s = now_s, now_s + PERIOD_S
        self._unanswered.append(now_s)
        return self._reader.expect(self._request)

    def _take_late(self, data: bytes, now_s: float) -> None:
        """Bytes came that nobody waited for. Only a whole answer is a late one: another device may be here."""
        answer = self._late.feed(data)
        if not self._late.waiting:
            self._late.expect(self._request)
        unanswered = self._unanswered
        while unanswered and now_s - unanswered[0] > LATEST_S:
            unanswered.popleft()
        if answer is not None and unanswered:
            self.health.round_trips.late.append(now_s - unanswered.popleft())

    def _take_punctual(self) -> None:
        """An answer came in time. After many in a row none is under way any more, and those that were late are past."""
        self._missed = 0
        self._punctual += 1
        if self._unanswered:
            self._unanswered.popleft()
        if self._punctual >= ENOUGH:
            self._unanswered.clear()
            self.health.round_trips.late.clear()
