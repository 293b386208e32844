"""Bytes in, bytes out: the link, the controller and the black box as one step, without port or clock.

The real-time loop and the lock-step bench both drive this object, so what is tested fast is what runs slowly.
"""

from typing import Final

from drivers.link import Link
from firmware_host.control.controller import Controller
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from firmware_host.recording.blackbox import BlackBox

HEALTH_PERIOD_S: Final = 1.0


class Host:
    """One session's host side."""

    __slots__ = ("_blackbox", "_next_health_s", "controller", "link", "output", "ticks")

    def __init__(self, controller: Controller, link: Link, blackbox: BlackBox | None) -> None:
        self.controller = controller
        self.link = link
        self._blackbox = blackbox
        self._next_health_s = 0.0
        self.output: TickOutput | None = None
        """What the newest tick decided; None before the first."""
        self.ticks = 0

    def exchange(
        self, data: bytes, now_s: float, lateness_s: float = 0.0, operator: OperatorRequest = NO_REQUEST
    ) -> bytes:
        """Do one tick: take the bytes that came, give the bytes to send."""
        link = self.link
        frames = link.receive(data, now_s)
        config = link.config
        tick_input = TickInput(now_s, frames[-1] if frames else None, config, lateness_s, operator)
        output = self.controller.tick(tick_input)
        self.output = output
        self.ticks += 1
        if self._blackbox is not None:
            self._record(self._blackbox, tick_input, output)
        return link.transmit(output.command, now_s)

    def note(self, event: Event) -> None:
        """Put an event from outside the controller into the black box."""
        if self._blackbox is not None:
            self._blackbox.event(event)

    def _record(self, blackbox: BlackBox, tick_input: TickInput, output: TickOutput) -> None:
        blackbox.record(tick_input, output)
        for event in output.events:
            blackbox.event(event)
        if tick_input.now_s >= self._next_health_s:
            self._next_health_s = tick_input.now_s + HEALTH_PERIOD_S
            blackbox.health(self.link.health.as_dict(), tick_input.now_s)
