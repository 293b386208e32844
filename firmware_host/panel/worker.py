"""Tasks of the panel that take much memory or long: each in a process of its own that ends with it.

``python -m firmware_host.panel.worker TASK`` reads what it needs as JSON from standard input, and writes what it made
to standard output. Exit code 2, with a line on standard error, if it cannot be done.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Given = dict[str, Any]
CANNOT: Final = 2
CURVE_POINTS: Final = 600


def curve(given: Given) -> bytes:
    """Give the figures of a recording, and its angle over time."""
    from firmware_host.recording.blackbox_reader import read
    from firmware_host.recording.report import summary

    recording = read(Path(given["file"]))
    told = summary(recording)
    facts = {"duration_s": told.duration_s, "highest_deg": told.max_angle_deg, "inverted_s": told.inverted_s}
    return json.dumps({**facts, "curve": _curve(recording)}).encode()


def _curve(recording: Any) -> list[list[float]]:
    from firmware_host.files.plan_curve import thinned

    if not recording.inputs:
        return []
    start_s = recording.inputs[0].now_s
    angles = ((one.now_s - start_s, one.telemetry) for one in recording.inputs if one.telemetry is not None)
    points = [
        (t_s, frame.inclinometer_deg if frame.encoder_deg is None else frame.encoder_deg) for t_s, frame in angles
    ]
    known = [(t_s, angle_deg) for t_s, angle_deg in points if angle_deg is not None]
    return [[round(t_s, 2), round(angle_deg, 2)] for t_s, angle_deg in thinned(known, CURVE_POINTS)]


def paper(given: Given) -> bytes:
    """Give the report of a recording as PDF."""
    from firmware_host.recording.blackbox_reader import read
    from firmware_host.recording.paper import Comfort, Details, session_pdf

    comfort = None if given["comfort"] is None else Comfort(**given["comfort"])
    return session_pdf(read(Path(given["file"])), Details(rider=given["rider"], comfort=comfort))


TASKS: Final[dict[str, Callable[[Given], bytes]]] = {"curve": curve, "paper": paper}


def main() -> None:
    """Do the task that is named."""
    try:
        made = TASKS[sys.argv[1]](json.load(sys.stdin))
    except Exception as error:  # whatever it is, the panel says so to whoever asked
        print(str(error) or repr(error), file=sys.stderr)
        sys.exit(CANNOT)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
