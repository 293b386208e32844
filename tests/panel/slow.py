"""The real panel before a real controller and the simulated table, which go at a pace of their own, a tick at a time.

A machine under load makes this table slow, and never loses its link: what is tested here is the page.
"""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.control.manual import Lease
from firmware_host.control.preflight import Preflight
from firmware_host.control.ticks import OperatorRequest
from safety.signals import Input
from sim.table import Truth
from tests.api.house import House, house
from tests.firmware_host.lockstep import Lockstep
from tests.panel.still import StillDesk

TODAY: Final = date(2026, 11, 26)
TICKS_AT_ONCE: Final = 5
PAUSE_S: Final = 0.01
"""Between so many ticks: at most five times as fast as the clock."""


class Slow(NamedTuple):
    """What a test has in its hands."""

    panel: House
    table: Lockstep
    preflight: Preflight

    def truth(self) -> Truth:
        """Of the table, from the physics."""
        return self.table.board.table.truth()


class _Desk(StillDesk):
    def __init__(self, table: Lockstep, preflight: Preflight, lease: Lease) -> None:
        super().__init__()
        self.table, self.preflight, self.lease = table, preflight, lease

    def state(self) -> dict[str, Any]:
        controller = self.table.controller
        view = controller.safety.view
        t, why = view.telemetry, self.preflight.due(TODAY)
        active = {alarm.id for alarm in controller.alarms.active if alarm.present}
        checks = self.preflight.checks(view, active)
        done = why == "" or all(check.state == "ok" for check in checks)
        shown = super().state()
        if t is not None:
            closed = "closed" if t.inputs & Input.UPRIGHT_SWITCH else "open"
            angles = {"encoder_deg": t.encoder_deg, "inclinometer_deg": t.inclinometer_deg, "upright_switch": closed}
            shown |= {"machine": {**shown["machine"], **angles}, "angle_deg": t.encoder_deg, "rate_dps": t.rate_dps}
        return {
            **shown, "lost_sensors": [],
            "preflight": {"needed": why != "", "reason": why, "done": done,
                          "checks": [one._asdict() for one in checks]},
            "manual": {"allowed": done, "why_not": "" if done else f"the pre-flight check is due {why}",
                       "direction": controller.manual_direction},
        }  # fmt: skip

    def press(self, name: str, confirmed: Collection[str]) -> str:
        if name == "test_brake":
            self.preflight.test_brake()
        return super().press(name, confirmed)

    def move(self, hold: str, direction: int, made_s: float) -> str:
        return self.lease.renew(hold, direction, made_s, time.monotonic())

    def release(self, hold: str) -> None:
        self.lease.release(hold)

    def confirm(self, check: str, *, yes: bool) -> str:
        return self.preflight.confirm(check, yes=yes)


@contextmanager
def slow_table(folder: Path, table_file: Path | None = None, *, checked: bool = False) -> Iterator[Slow]:
    """Open panel and table; ``checked`` is a table whose check of the day is done."""
    table, preflight, lease = Lockstep(), Preflight(), Lease()
    if checked:
        preflight.passed(TODAY)
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(PAUSE_S):
            for _ in range(TICKS_AT_ONCE):
                table.tick(OperatorRequest(presence_age_s=0.1, move=lease.direction(time.monotonic())))
                frame = table.controller.safety.view.telemetry
                if frame is not None:
                    preflight.observe(frame, table.now_s)

    thread = threading.Thread(target=run)
    with house(folder, table=table_file) as panel:
        panel.station.desk = _Desk(table, preflight, lease)
        thread.start()
        try:
            yield Slow(panel, table, preflight)
        finally:
            stopping.set()
            thread.join()
