"""What the controller says in sentences with numbers, as templates: the page knows them by their shape.

A sentence that fits none of them is shown as it came. Keys and units stay where they are said: in ``safety`` and in
``firmware_host``. A test holds sentences of the real parts against this list.
"""

from typing import Final

from firmware_host.preflight import CONFIRMATIONS, FIRST_OF_THE_DAY
from firmware_host.scene import STATE_WORDS
from safety.alarm_texts import CAUSES, SITUATIONS
from safety.screening_texts import (
    CLEARANCE_EXPIRED,
    CONSULTED,
    EXPIRED,
    NEED_CLEARANCE,
    NEEDS_CLEARANCE,
    NOT_CONSULTED,
    NOT_SUPERVISED,
    REFUSED,
    REFUSES,
    SUPERVISED,
)

SENTENCES: Final = (
    *STATE_WORDS.values(), *SITUATIONS.values(), *CAUSES.values(),
    *REFUSED.values(), *NEED_CLEARANCE.values(), CONSULTED, SUPERVISED, NOT_CONSULTED, NOT_SUPERVISED,
    *CONFIRMATIONS.values(), FIRST_OF_THE_DAY,
    "The table board has to answer: check cable and power",
    "The table board answers",
    "The board holds the table's limits",
    "The board's limits are not the table file's: set them",
    "Both angles agree, and read upright",
    "Both angles have to agree, and to read upright",
    "The upright switch is closed",
    "The upright switch is open at upright: have it checked",
    "Lock the ankle latch",
    "Release the emergency stop",
    "The supply can bear a return",
    "Drive and motor are cool",
    "Let drive and motor cool",
    "The hand switch's contacts contradict each other: have it checked",
    "Ask the rider to press the hand switch",
    "Ask the rider to let go of the hand switch",
    "this hold is over: let go, then press again",
    "this came too late, nothing moves: let go, then press again",
    "this hold had a pause and is over: let go, then press again",
    "held for another session: nothing moves; let go, look at the screen, then press again",
    "the screen is locked: unlock it with the PIN",
    "log in first",
    "name or PIN is wrong: try again",
    "program finished",
    "no link: the rider is not known to be upright",
    "pressed for another session: nothing moves; look at the screen, then press again",
    "this press came too late: nothing moves; press again",
    "the controller does not answer; the table board brings the rider upright",
    "no telemetry from the board yet",
    "the board hears no commands and brings the table upright by itself: host-to-board line",
    "no handshake with the board yet",
    "waiting for both angles",
    "the rider's questionnaire and clearances do not allow inversion",
    "emergency-stop chain open, brake open",
    "emergency-stop chain open, brake closed",
    "hand switch contacts contradict each other: broken wire or stuck contact",
    "hand switch released",
    "hand switch pressed",
    "ankle latch contacts contradict each other: broken wire or stuck contact",
    "ankle latch open",
    "no sign of life from the operator's panel yet",
)  # fmt: skip
"""Said word for word."""

TEMPLATES: Final = (
    REFUSES, NEEDS_CLEARANCE, CLEARANCE_EXPIRED, EXPIRED,
    "the pre-flight check is due {why}: {checks}",
    "the path to the table is too slow: round trip median {median}, p99 {p99}, worst {worst}, jitter {jitter} ms in "
    "{exchanges} exchanges; all but one in a hundred must be within {limit} ms (latency_s). Use a cable, a nearer "
    "serial server or a quieter network",
    "The hand switch was tried, and is {state}",
    "The hand switch has to be {state}",
    "The closed brake held for {time} s",
    "The brake is watched: keep the table still for {time} s",
    "The table moved on its closed brake, at most {limit} deg is right: test it again, clear of it",
    "The supply has to be at least {limit} V: check it",
    "this is for the role {role}, and you are {own}: ask somebody who may",
    "step {step} of {count}: {label}",
    "link clean, round trip {trip} ms",
    "newest telemetry is {age} ms old, limit {limit} ms",
    "encoder {encoder} deg, inclinometer {inclinometer} deg, limit {limit} deg apart",
    "angle {angle} deg, limit {limit} + {margin} deg",
    "told to stand still, drifted by {drift} deg, limit {limit} deg",
    "rate {rate} deg/s, limit {limit} deg/s",
    "rate {rate} deg/s, expected {expected} deg/s",
    "told to stand: rate {rate} deg/s, brake {brake}",
    "commanded {rate} deg/s, in {time} s the table made {made} deg where {expected} deg were expected",
    "motor pushes with {over} A more than this load took, limit {limit} A: free the table",
    "motor current {current} A effective over {time} s, limit {limit} A: let it rest",
    "supply at {supply} V, a return needs {limit} V: check mains and battery",
    "{time} s inverted, allowance {limit} s",
    "no sign of life from the operator's panel for {time} s, limit {limit} s",
    "control loop {late} ms late, limit {limit} ms",
)  # fmt: skip
"""Said with something else at each ``{place}``."""
