"""Every sentence with which an alarm tells what to do, in one place, ready for translation.

Keys of ``CAUSES`` are the ids of monitors, and of the supervisor's own trips: what to look at so that the cause goes
away. Keys of ``SITUATIONS`` are the ids of ``safety.alarms``: what to do for the rider now.
"""

from typing import Final

CAUSES: Final[dict[str, str]] = {
    "link": "Check the serial cable and the power of the table board.",
    "session": "The table board restarted or was changed: check its power.",
    "board-config": "Set the limits of the table board to those of the table file.",
    "rejected": "The table board refuses commands: restart host and board.",
    "tick": "The host computer is too slow or busy: end other programs on it.",
    "drive-fault": "Read the drive's fault in its manual before the next session.",
    "request": "The program or the panel sent a rate that is not a number: report this, with the recording.",
    "angle-agreement": "One of the two angle sensors is wrong: have both checked.",
    "angle-plausibility": "Have the angle sensor and its cable checked.",
    "over-angle": "Check the drive and the limits before the next session.",
    "standstill": "The brake slips: have it checked before the next session.",
    "switches": "Have the limit switches and their cables checked.",
    "energy": "Check mains and battery.",
    "temperature": "Let drive and motor cool.",
    "duty": "Let the motor rest.",
    "reverse-on-load": "Free the table of the person or thing in its way.",
    "rider-load": "Check the height setting and the rider's declared mass.",
    "torque-off": "Have the drive's power stage repaired or replaced; do not use the table until then.",
    "overspeed": "Check drive, gear and coupling before the next session.",
    "following": "Look for what holds or drives the table, then check gear and coupling.",
    "stop-time": "The table did not stop as told: have drive and brake checked.",
    "progress": "Look for what holds the table.",
    "return-late": "Look for what holds the table.",
    "recovery-wrong-way": "Keep clear. Have drive and encoder checked before the next session.",
    "screening": "Wait until the rider's rest is over, or answer the questionnaire with: righting screen.",
    "emergency-stop": "Release the emergency stop when it is safe to move.",
    "hand-switch": "Ask the rider how they are; check the hand switch if it was not let go.",
    "controls": "Ask the rider to try the hand switch; have it checked if it does not change.",
    "ankle-latch": "Hold the rider, and check the ankle latch.",
    "presence": "Go to the panel: its page must be open, in front and connected.",
    "time-inverted": "The rider has been inverted long enough for today.",
}

SITUATIONS: Final[dict[str, str]] = {
    "waiting": "The table does not invert until this is gone.",
    "returning": "The rider is brought upright.",
    "recovering": "The rider is brought upright in a moment; keep clear of the table.",
    "held": "The table is held still. Release the emergency stop if it is pressed, then ask for return upright.",
    "upright": "The rider is upright. Acknowledge when the cause is gone.",
    "upright-unsure": "Switch and angles do not agree that the table is upright: look where it stands before anybody "
    "leaves it. If it is not upright, release the brake by hand and turn it there.",
    "no-link": "A table board brings the rider upright by itself; another drive stops. "
    "If the table stands, release the brake by hand.",
    "stays-inverted": "The rider stays inverted: bring them upright now, with return upright or by hand at the brake.",
    "stays-there": "The table does not move, and the rider is not upright: press return upright, or release the brake "
    "by hand and turn the table.",
    "disobeys": "The motor does not obey: press the emergency stop and leave it pressed, then release the brake by "
    "hand and turn the table back.",
    "given-up": "The drive does not bring the rider upright: release the brake by hand and turn the table back.",
}
