"""How good a line is: by asking again and again what moves nothing, or by listening to who talks by itself."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from drivers.polled import REPLY_S
from drivers.probes import Question
from drivers.round_trips import ADVICE, Figures, figures_of
from firmware_host.doctor.line import Line
from safety.limits import Limits

PERIOD_S: Final = 0.01
"""A session exchanges as often."""
PATIENCE_S: Final = 0.25
"""What comes later than this is lost."""
LOST_SHARE: Final = 0.01
"""More than one in a hundred is worth a look at the cable."""


class Quality(NamedTuple):
    """Of one line, over some seconds."""

    seconds: float
    round_trip: Figures | None
    """None where the device is not asked, but talks by itself."""
    sent: int
    """Questions; of a talker, the frames that it should have sent as far as it counts them."""
    lost: int
    frames_per_s: float
    longest_silence_s: float
    corrupted: int

    @property
    def lost_share(self) -> float:
        """Share of what was sent that never came."""
        return self.lost / self.sent if self.sent else 0.0

    def __str__(self) -> str:
        """Give it in a line."""
        told = [str(self.round_trip)] if self.round_trip is not None else []
        told.append(f"{self.frames_per_s:.0f} answers a second")
        told.append(f"{self.lost} of {self.sent} lost ({self.lost_share:.1%}), {self.corrupted} corrupted")
        told.append(f"longest silence {self.longest_silence_s * 1e3:.0f} ms")
        return "; ".join(told)


def measure(line: Line, question: Question, seconds: float, period_s: float = PERIOD_S) -> Quality:
    """Ask the same again and again. Raises ``LineLostError``."""
    begun_s = newest_s = line.now_s()
    round_trips: list[float] = []
    sent, silence_s, corrupted = 0, 0.0, 0
    while (asked_s := line.now_s()) - begun_s < seconds:
        reply = line.ask(question, max(PATIENCE_S, line.reply_s))
        sent += 1
        now_s = line.now_s()
        if reply is None:
            corrupted += line.rest != b""
        else:
            silence_s, newest_s = max(silence_s, now_s - newest_s), now_s
            round_trips.append(reply.round_trip_s)
        line.listen(asked_s + period_s - now_s)
    silence_s = max(silence_s, line.now_s() - newest_s)
    passed_s = line.now_s() - begun_s
    return Quality(
        passed_s,
        figures_of(round_trips),
        sent,
        sent - len(round_trips),
        len(round_trips) / passed_s,
        silence_s,
        corrupted,
    )


def judge(quality: Quality, limits: Limits, *, polled: bool) -> list[tuple[bool, str, str]]:
    """Give what is wrong with a line: whether that is unsafe, what it is, and how to mend it.

    Args:
        quality: what was measured.
        limits: the table's, or the machine's.
        polled: it is a drive or a module that is asked, whose answers count for ``REPLY_S`` alone.
    """
    found = []
    most_s = min(limits.latency_s, REPLY_S) if polled else limits.latency_s
    round_trip = quality.round_trip
    if round_trip is not None and round_trip.p99_s > most_s:
        text = f"the path is too slow: {round_trip}; all but one in a hundred must be within {most_s * 1e3:.0f} ms"
        found.append((True, text, f"{ADVICE}; set the latency timer of a USB converter to 1 ms"))
    if quality.longest_silence_s > limits.link_age_s:
        text = (
            f"nothing came for {quality.longest_silence_s * 1e3:.0f} ms; {limits.link_age_s * 1e3:.0f} ms end a session"
        )
        found.append((True, text, "check cable, plugs and screen, and that nothing else loads this machine"))
    elif quality.lost_share > LOST_SHARE:
        text = f"{quality.lost_share:.1%} of what was asked was not answered"
        found.append((False, text, "check cable, plugs and screen"))
    return found


class Gaps:
    """Times between the frames of somebody who talks by itself."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self.begun_s = self._newest_s = now_s()
        self.frames = 0
        self.longest_s = 0.0

    def take(self, frames: Sequence[object]) -> None:
        """Take note of what came, if anything."""
        now_s = self._now_s()
        self.longest_s = max(self.longest_s, now_s - self._newest_s)
        if frames:
            self.frames += len(frames)
            self._newest_s = now_s

    @property
    def passed_s(self) -> float:
        """Seconds since the beginning."""
        return self._now_s() - self.begun_s
