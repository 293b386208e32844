"""The real panel, its database and its station, beside a table that stands still: for views that move nothing.

Whatever the load of the machine, no link is lost here. What moves the table is tested before the real stack.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from tests.api.house import House, TakingDesk, house

UPRIGHT_DEG: Final = -75.0


class StillDesk(TakingDesk):
    """Says what a controller says whose table waits upright."""

    def setup(self) -> dict[str, Any]:
        """Give what stays the same."""
        return {
            **super().setup(), "unscreened": [], "table": "Attic", "upright_deg": UPRIGHT_DEG, "limit_deg": 45.0,
            "allowance_s": 300.0, "program_s": 200.0, "total_s": 260.0, "segments": [], "reference": None,
            "limits": [{"name": "inverted_limit_deg", "unit": "deg", "value": 45.0, "origin": "the allowance of Ada"}],
            "board": {"serial": 3, "firmware": "1.0.0", "upright_deg": UPRIGHT_DEG, "inverted_limit_deg": 60.0,
                      "max_rate_dps": 8.0, "watchdog_s": 0.25},
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        return {
            **super().state(), "state": "boarding_ready", "words": "ready to start", "step": "", "link_ok": True,
            "link": "clean, round trip 10 ms", "problem": "", "rate_dps": 0.0, "progress": 0.0, "segment_index": -1,
            "inverted_s": 0.0, "lost_sensors": ["inclinometer"], "alarms": [], "sounding": None,
            "audio_pause_left_s": 0.0,
            "machine": {"encoder_deg": UPRIGHT_DEG, "inclinometer_deg": None, "current_a": 0.31, "bus_v": 24.02,
                        "drive_temperature_c": 22.0, "motor_temperature_c": None, "hand_switch": "released",
                        "ankle_latch": "locked", "emergency_stop": "released", "brake": "closed",
                        "upright_switch": "closed"},
            "manual": {"allowed": False, "why_not": "the table stands still here", "direction": 0},
            "link_stats": {"frames": 4711, "lost_frames": 3, "late_frames": 0, "round_trip_s": 0.0101, "jitter_s": 0.0},
        }  # fmt: skip


@contextmanager
def standing_still(folder: Path, table: Path | None = None) -> Iterator[House]:
    """Open the panel over the records in ``folder/records``."""
    with house(folder, table=table) as opened:
        opened.station.desk = StillDesk()
        opened.app.state.parts.children._first = []  # not behind all other tests: they would let it wait for minutes
        yield opened


@contextmanager
def still_panel(folder: Path) -> Iterator[str]:
    """A panel with all its real parts before a table that stands; gives its address."""
    with standing_still(folder) as opened:
        yield f"{opened.url}/"


def reload(page: Page) -> None:
    """Load the page anew, and wait until it is there."""
    page.reload()
    page.wait_for_selector("body[data-route]:not(.stale)")


def ask(page: Page, method: str, path: str, body: Any = None) -> Any:
    """Ask the panel beside the page."""
    script = """async ([method, path, body]) => {
        const more = body === null ? {} : {body: JSON.stringify(body), headers: {"Content-Type": "application/json"}};
        return (await fetch("/api/v1/" + path, {method, ...more})).json();
    }"""
    return page.evaluate(script, [method, path, body])


def add_rider(page: Page, name: str, **more: Any) -> Any:
    """A rider beside the page: a beginner, but for what is said."""
    rider = {"name": name, "sex": "female", "mass_kg": 70.5, "height_m": 1.72, "experience": "beginner", **more}
    return ask(page, "POST", "riders", {"document": {"rider": rider}})
