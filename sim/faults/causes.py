"""Sets of monitors that answer alike: to a table that does not move as told, to an angle that is wrong, and so on."""

from typing import Final

from safety.supervisor import RETURN_LATE, WRONG_WAY

ASTRAY: Final = frozenset({"progress", RETURN_LATE, WRONG_WAY})
"""What sees that the table gets nowhere, or not where it was told, or too slowly: in a window, or on a way upright."""
MOTION: Final = frozenset({"following", "overspeed", "stop-time", "standstill", "over-angle"}) | ASTRAY
"""What sees a table that moves as nobody told it to."""
ANGLES: Final = frozenset({"angle-agreement", "angle-plausibility", "over-angle", "switches"})
"""What sees that an angle is wrong: by the other one, by itself, by the limit, or by a limit switch."""
LEFT_THERE: Final = frozenset({"time-inverted"})
"""Whoever is held inverted goes on using up the allowance."""
LINK: Final = frozenset({"link", "session"}) | LEFT_THERE
"""What sees a link that is gone, or that is with somebody else."""
STUCK: Final = frozenset({"drive-fault", "following", "reverse-on-load", "stop-time"}) | ASTRAY | LEFT_THERE
"""What sees a drive that cannot do as it is told."""
BLOCKED: Final = STUCK | {"angle-plausibility", "overspeed"}
"""What sees that something is in the way; where it gives way to a motor that pushes, the table does spring free."""
DRIVE: Final = MOTION | STUCK | {"angle-plausibility"}
"""After recoveries that came to nothing the encoder is doubted too."""
RUNAWAY: Final = DRIVE | {"torque-off"}
"""A stage that ignores its orders goes on pushing with its torque off, if it keeps its enable."""
APART: Final = frozenset({"hand-switch", "ankle-latch", "angle-agreement", "angle-plausibility"}) | ASTRAY
"""What sees that the input module, or the inclinometer, is silent or late while the drive is heard; or that a return
takes longer than it may, because its drive stops whenever the line is silent."""
TRIED: Final = frozenset({"hand-switch"})
"""What sees a rider who tries the switch because the board greets anew, where a table that nothing ties to its motor
lies at the boarding position without the host knowing."""
