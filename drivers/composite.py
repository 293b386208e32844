"""Several devices as one: a drive, and beside it the sensors that it lacks, each on its own port with its own health.

The drive sets the pace: each of its answers becomes a telemetry frame, and the newest angle and contacts of the others
are put in. One that is silent gives nothing, which is for the safety layer to judge; here nothing is made up. Behind
the interface of ``drivers.board.HostLink`` bytes travel as the chunks of ``drivers.line_chunks``, the drive's first.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from drivers.capabilities import Capabilities
from drivers.health import LinkHealth
from drivers.line_chunks import join, split
from drivers.polled import PolledDrive
from safety.signals import BoardConfig, Input, SafeCommand, Status, Telemetry

HOMING_DPS: Final = 0.2
"""The drive's position is referred to the table's angle while it turns no faster."""
BOARDED_DEG: Final = 6.0
"""With the upright switch closed, a table angle farther from upright than this is that of a sensor that sits wrong."""
_ESTOP: Final = Input.ESTOP_CHAIN


class Beside(Protocol):
    """A device beside the drive."""

    @property
    def capabilities(self) -> Capabilities:
        """What it adds."""
        ...

    @property
    def health(self) -> LinkHealth:
        """Its own line."""
        ...

    @property
    def problem(self) -> str | None:
        """Say why it gives nothing, and what to do."""
        ...

    def angle_deg(self, now_s: float) -> float | None:
        """The table's angle; None if it measures none, or has not for too long."""
        ...

    def inputs(self, now_s: float) -> int | None:
        """Bits of ``Input``; None if it has no contacts, or has not told them for too long."""
        ...

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes. Never raises."""
        ...

    def transmit(self, now_s: float) -> bytes:
        """Give the bytes to send in this tick."""
        ...

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        ...


class CompositeLink:
    """The host's end of the lines to a drive and the devices beside it."""

    def __init__(self, drive: PolledDrive, beside: Sequence[Beside]) -> None:
        self.drive = drive
        self.beside = tuple(beside)
        self._config: BoardConfig | None = None
        self._given: BoardConfig | None = None
        self._inputs: int | None = None
        self._misplaced_deg: float | None = None
        drive.homing = any(device.capabilities.table_angle for device in self.beside)

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return 1 + len(self.beside)

    @property
    def capabilities(self) -> Capabilities:
        """What all devices can do together."""
        found = self.drive.capabilities
        for device in self.beside:
            found = found.beside(device.capabilities)
        return found

    @property
    def config(self) -> BoardConfig | None:
        """The drive of the present session, with what the devices can do together; None while there is none."""
        given = self.drive.config
        if given is not self._given:
            self._given = given
            self._config = None if given is None else given._replace(equipment=self.capabilities.equipment)
        return self._config

    @property
    def health(self) -> LinkHealth:
        """The drive's line, which the session stands on."""
        return self.drive.health

    def device_health(self) -> list[tuple[str, LinkHealth]]:
        """Name and line of each device, the drive first."""
        named = [(self.drive.setup.capabilities.name, self.drive.health)]
        return named + [(device.capabilities.name, device.health) for device in self.beside]

    @property
    def problem(self) -> str | None:
        """Say what is wrong with the devices, and what to do; None if nothing is, as far as is known yet."""
        if self._misplaced_deg is not None:
            return (
                f"the upright switch is closed and the inclinometer says {self._misplaced_deg:.1f} deg: check how it "
                "is mounted, and axis, direction and zero in the table file"
            )
        found = [self.drive.problem, *(device.problem for device in self.beside)]
        told = [text for text in found if text is not None]
        return "; ".join(told) if told else None

    def patience_s(self, now_s: float) -> float:
        """How long a loop may wait for bytes before it has to look here again."""
        return self.drive.patience_s(now_s)

    def reset(self) -> None:
        """Begin anew on ports that were opened again."""
        for line in range(self.lines):
            self.reset_line(line)

    def reset_line(self, line: int) -> None:
        """Begin anew on one port that was opened again."""
        (self.drive if line == 0 else self.beside[line - 1]).reset()

    def receive(self, data: bytes, now_s: float) -> list[Telemetry]:
        """Take chunks; give the telemetry in them that may be believed, in order. Never raises."""
        parts = dict.fromkeys(range(self.lines), b"")
        for line, part in split(data, self.lines):
            parts[line] += part
        for device, part in zip(self.beside, list(parts.values())[1:], strict=True):
            device.receive(part, now_s)
        found = self.drive.receive(parts[0], now_s)
        if not found and self.drive.config is None:
            angle_deg, inputs = self._beside(now_s)
            self._home(angle_deg, 0 if inputs is None else inputs)
        return [self._complete(telemetry, now_s) for telemetry in found]

    def transmit(self, command: SafeCommand | None, now_s: float) -> bytes:
        """Give the chunks to send in this tick."""
        return join([self.drive.transmit(command, now_s), *(device.transmit(now_s) for device in self.beside)])

    def _complete(self, t: Telemetry, now_s: float) -> Telemetry:
        angle_deg, inputs = self._beside(now_s)
        bits = self._contacts(t.inputs, inputs)
        if not t.status & Status.TORQUE_ON:
            self._home(angle_deg, bits)
        return t._replace(inclinometer_deg=angle_deg, inputs=bits)

    def _beside(self, now_s: float) -> tuple[float | None, int | None]:
        """The table's angle and the contacts, by whichever device has them."""
        angle_deg, inputs = None, None
        for device in self.beside:
            found_deg, found = device.angle_deg(now_s), device.inputs(now_s)
            angle_deg = found_deg if angle_deg is None else angle_deg
            inputs = found if inputs is None else inputs
        return angle_deg, inputs

    def _contacts(self, drive: int, beside: int | None) -> int:
        """What the contacts say, together.

        The emergency-stop chain is open if anybody who reads it says so. Its reader gone, the chain is as it was last
        seen: it acts without us, and must not bar the way upright. Every other contact is then open, both of a pair
        too, which the safety layer takes for a broken wire.
        """
        reads = self.drive.setup.capabilities.contacts
        last = 0 if self._inputs is None else self._inputs
        others = last & _ESTOP if beside is None else beside
        if beside is not None:
            self._inputs = beside
        bits = (drive & reads | others) & ~_ESTOP
        knows_beside = any(device.capabilities.contacts & _ESTOP for device in self.beside)
        closed = (not reads & _ESTOP or drive & _ESTOP) and (not knows_beside or others & _ESTOP)
        return bits | _ESTOP if closed and (reads & _ESTOP or knows_beside) else bits

    def _home(self, angle_deg: float | None, inputs: int) -> None:
        """Refer a position that counts from where the drive was switched on to the table's own angle."""
        drive = self.drive
        if angle_deg is None or drive.homed or drive.position is None:
            return
        if drive.rate_dps is None or abs(drive.rate_dps) > HOMING_DPS:
            return
        upright_deg = drive.setup.upright_deg
        if inputs & Input.UPRIGHT_SWITCH and abs(angle_deg - upright_deg) > BOARDED_DEG:
            self._misplaced_deg = angle_deg
            return
        self._misplaced_deg = None
        drive.home(angle_deg, drive.position)
