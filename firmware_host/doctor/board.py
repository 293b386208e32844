"""The table board: it talks by itself, and tells its settings to whoever shakes hands.

No motion command is sent: after the last one the board would take the host for dead, and bring the table upright.
"""

import secrets
from typing import Final

from drivers import wire
from drivers.framing import Deframer, encode_frame
from drivers.health import LATE_S
from drivers.round_trips import figures_of
from firmware_host.board_words import FAULT_WORDS, brake, contacts, named
from firmware_host.doctor.findings import Examination, Finding, Place, note, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import Gaps, Quality
from safety.limits import MACHINE
from safety.monitors.link import BoardConfigured
from safety.signals import BOARD_WATCHDOG_S, BoardConfig, Status, Telemetry
from safety.view import View

HELLO_PERIOD_S: Final = 0.1
"""The protocol allows no more handshakes than this."""
SHAKE_S: Final = 1.5
_U16: Final = 0xFFFF
_IN_USE: Final = "the board answers no handshake: another program uses it, or the line from here to the board is broken"


class _Listener:
    """Takes apart what a board sends, and times its answers to handshakes."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._deframer = Deframer()
        self._hellos: dict[int, float] = {}
        self._due_s = 0.0
        self._sequence: int | None = None
        self.config: BoardConfig | None = None
        self.newest: Telemetry | None = None
        self.gaps = Gaps(line.now_s)
        self.round_trips: list[float] = []
        self.sent = self.lost = 0

    @property
    def corrupted(self) -> int:
        return self._deframer.corrupted_frames + self._deframer.oversized_frames

    def turn(self) -> None:
        """Shake hands if it is time, and take what came."""
        now_s = self._line.now_s()
        if now_s >= self._due_s:
            self._due_s = now_s + HELLO_PERIOD_S
            nonce = secrets.randbits(32)
            self._hellos[nonce] = now_s
            frame = wire.HELLO_FRAME.pack(wire.VERSION, wire.Type.HELLO, 0, 0, nonce, wire.VERSION, wire.VERSION)
            self._line.send(encode_frame(frame))
            self.sent += 1
        payloads = self._deframer.feed(self._line.read(wire_wait_s(self._due_s - now_s)))
        self.gaps.take([payload for payload in payloads if self._take(payload)])

    def _take(self, payload: bytes) -> bool:
        """Take a payload; tells whether it is telemetry."""
        if len(payload) == wire.WELCOME_FRAME.size and payload[1] == wire.Type.WELCOME:
            fields = wire.WELCOME_FRAME.unpack(payload)
            sent_s = self._hellos.pop(fields[4], None)
            if sent_s is not None:
                self.round_trips.append(self._line.now_s() - sent_s)
                self.config = config_of(fields)
            return False
        if len(payload) != wire.TELEMETRY_FRAME.size or payload[:2] != bytes((wire.VERSION, wire.Type.TELEMETRY)):
            return False
        self.newest = t = wire.decode_telemetry(payload)
        if self._sequence is not None:
            ahead = (t.sequence - self._sequence) & _U16
            self.lost += ahead - 1 if 0 < ahead < 0x8000 else 0
        self._sequence = t.sequence
        return True


def wire_wait_s(left_s: float) -> float:
    """How long to wait for bytes: not beyond the next handshake."""
    return min(max(left_s, 0.0), LATE_S)


def config_of(fields: tuple[int, ...]) -> BoardConfig:
    """Give what a Welcome says of the board."""
    session, serial, major, minor, patch, boots, upright, inverted, rate, watchdog = (fields[2], *fields[5:])
    firmware = (major, minor, patch)
    return BoardConfig(session, serial, firmware, boots, upright / 1e3, inverted / 1e3, rate / 1e2, watchdog / 1e3)


def examine(line: Line, version: int, place: Place, seconds: float) -> Examination:
    """Look at a board that was heard. Raises ``LineLostError``."""
    if version != wire.VERSION:
        text = f"the board speaks protocol version {version}, this host speaks {wire.VERSION}"
        told = (unsafe(text, "update the board's firmware or this program"),)
        return Examination("board", "table board", None, None, (), told, None)
    listener = _Listener(line)
    ends_s = line.now_s() + SHAKE_S
    while listener.config is None and line.now_s() < ends_s:
        listener.turn()
    config, t = listener.config, listener.newest
    quality = None
    if config is not None:
        listener = _Listener(line)
        ends_s = line.now_s() + seconds
        while line.now_s() < ends_s:
            listener.turn()
        quality, t = _quality(listener), listener.newest or t
    findings = _judge(config, t, place)
    simulated = config is not None and config.simulated
    name = "table board" if not simulated else "simulated table board (nobody lies on it)"
    firmware = None if config is None else ".".join(map(str, config.firmware))
    serial = None if config is None else config.serial
    return Examination("board", name, serial, firmware, tuple(_facts(config, t)), tuple(findings), quality)


def _quality(listener: _Listener) -> Quality:
    gaps = listener.gaps
    expected = gaps.frames + listener.lost
    return Quality(
        gaps.passed_s,
        figures_of(listener.round_trips),
        expected,
        listener.lost,
        gaps.frames / gaps.passed_s,
        gaps.longest_s,
        listener.corrupted,
    )


def _facts(config: BoardConfig | None, t: Telemetry | None) -> list[tuple[str, str]]:
    facts = []
    if config is not None:
        travel = f"{config.upright_deg:g} to {config.inverted_limit_deg:g} deg, at most {config.max_rate_dps:g} deg/s"
        facts = [("watchdog, as the board says", f"{config.watchdog_s:g} s"), ("limits", travel)]
        facts.append(("started", f"{config.boot_count} times"))
    if t is not None:
        facts += [
            ("angles", f"encoder {_shown(t.encoder_deg, 'deg')}, inclinometer {_shown(t.inclinometer_deg, 'deg')}"),
            ("supply", _shown(t.bus_v, "V")),
            ("emergency stop", contacts(t)["emergency_stop"]),
            ("brake", brake(t)),
        ]
    return facts


def _shown(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.1f} {unit}"


def _judge(config: BoardConfig | None, t: Telemetry | None, place: Place) -> list[Finding]:
    found = []
    if config is None:
        found.append(unsafe(_IN_USE, "close that program; else check the wire into the board's receive pin"))
    elif place.table is not None:
        found += judge_config(config, place)
    elif not 0.0 < config.watchdog_s <= BOARD_WATCHDOG_S:
        text = f"the board's watchdog is {config.watchdog_s:g} s, at most {BOARD_WATCHDOG_S:g} s stop a table in time"
        found.append(unsafe(text, "set it in the board's firmware"))
    if t is None:
        return found
    if t.status & Status.DEAD_HOST_RETURN:
        found.append(note("the board is bringing the table upright: its host fell silent", "wait until it stands"))
    faults = named(FAULT_WORDS, t.faults)
    if faults:
        found.append(unsafe(f"the board reports: {', '.join(faults)}", "find the cause before anybody lies down"))
    if t.encoder_deg is None or t.inclinometer_deg is None:
        found.append(unsafe("one of the two angles is missing", "check the sensor and its cable"))
    elif abs(t.encoder_deg - t.inclinometer_deg) > MACHINE.disagree_deg:
        text = f"the angles are more than {MACHINE.disagree_deg:g} deg apart"
        found.append(unsafe(text, "set the zero of the one that is wrong; check the coupling"))
    return found


def judge_config(config: BoardConfig, place: Place) -> list[Finding]:
    """Judge by the table file as the safety layer does before it lets anybody be inverted."""
    table = place.table
    assert table is not None
    wanted = table.file.table.serial
    found = []
    if wanted is not None and not table.file.device and config.serial != wanted:
        text = f"the board has serial number {config.serial}, the table file names {wanted}"
        found.append(unsafe(text, "use the table's own file, or the other port"))
    view = View(table.limits, table.limits, table.file.table.hand_switch)
    view.config = config
    monitor = BoardConfigured()
    if monitor.check(view):
        found.append(unsafe(monitor.detail(view), "nobody is inverted before that is so"))
    return found
