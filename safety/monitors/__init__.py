"""The register of monitors. A new one is a small class in the file of its subject, and one line here.

Of two that trip in one tick with the same response, the earlier line names the cause.
"""

from typing import Final

from safety.monitors import angle, drive, link, motion, people
from safety.monitors.base import Monitor

REGISTER: Final[tuple[type[Monitor], ...]] = (
    link.Tick,  # before the link: a loop that stood still is why its newest frame is old
    link.Link,
    link.Session,
    link.BoardConfigured,
    link.Rejected,
    link.DriveReports,
    link.Request,
    angle.AngleAgreement,
    angle.AnglePlausibility,
    angle.OverAngle,
    angle.Standstill,
    angle.Switches,
    motion.Overspeed,
    motion.Following,
    motion.StopTime,
    motion.Progress,
    drive.Energy,
    drive.Temperature,
    drive.Duty,
    drive.ReverseOnLoad,
    drive.RiderLoad,
    drive.TorqueOff,
    people.Screened,
    people.EmergencyStop,
    people.HandSwitch,
    people.Controls,
    people.AnkleLatch,
    people.TimeInverted,
    people.Presence,
)

__all__ = ["REGISTER", "Monitor"]
