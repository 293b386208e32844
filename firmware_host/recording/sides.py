"""What each side of the link saw at the moment of a trip, and what it did next: the host, and the board."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

from firmware_host.board_words import CLEAR_STATUS_WORDS, FAULT_WORDS, STATUS_WORDS, contacts, named
from firmware_host.control.scene import words
from firmware_host.recording.blackbox_reader import Recording
from firmware_host.recording.moment import Moment
from firmware_host.recording.record_schema import RecordedOutput
from safety.signals import CommandMode, Status, Telemetry

MOST_CHANGES: Final = 20
"""Of each side so many are kept; a contact that chatters would make thousands."""
_TOLD: Final = 2
"""So many of them are told in words."""
_SILENT_S: Final = 0.05
"""A next frame that comes later than this is told of."""
_EITHER_WAY: Final = Status.BRAKE_CLOSED | Status.TORQUE_ON
_ORDERS: Final = {
    CommandMode.MOVE: "move",
    CommandMode.HOLD: "stand still",
    CommandMode.TORQUE_OFF: "torque off",
}
_US_PER_S: Final = 1e6


class Change(NamedTuple):
    """What a side did next."""

    after_s: float
    """Seconds after the trip, on the host's clock; of the board: when the frame arrived that tells it."""
    what: str


class HostSide(NamedTuple):
    """The host in the tick of the trip."""

    clock_s: float
    """Its loop's clock."""
    t_s: float
    """The same from the recording's first tick on."""
    late_s: float
    """How much later than due the tick began."""
    telemetry_age_s: float | None
    """Age of the newest frame; None before the first."""
    state: str
    """Its operating state until then."""
    command: str
    """What it commanded until then, in words."""
    then: tuple[Change, ...]
    """Changes of its state and of what it commands, from the trip on; at most ``MOST_CHANGES``."""


class BoardSide(NamedTuple):
    """The board in the newest frame that the host had at the trip."""

    sequence: int
    clock_s: float
    """The board's own clock, which begins anew after some 71 minutes."""
    age_s: float
    """How long before the trip the frame arrived."""
    encoder_deg: float | None
    inclinometer_deg: float | None
    rate_dps: float | None
    command_age_s: float | None
    """By the board's clock, since it accepted a command; None before the first."""
    watchdog_s: float | None
    """The time after which it acts by itself, as it said at the handshake; None without one."""
    watchdog_expired: bool
    status: tuple[str, ...]
    """Brake and torque either way, and what else is set."""
    faults: tuple[str, ...]
    """What its drive reports."""
    contacts: dict[str, str]
    """How each switch reads."""
    next_frame_after_s: float | None
    """When the next frame arrived, from the trip on; None if none did."""
    watchdog_expired_after_s: float | None
    """When the watchdog ran out, from the trip on and negative before it, by the age of the newest command that the
    first frame told which said so; None if none did."""
    then: tuple[Change, ...]
    """Changes of status, faults and contacts in the frames after it; at most ``MOST_CHANGES``."""


def host_side(recording: Recording, at: Moment) -> HostSide:
    """Give the host's side of a trip."""
    before = at.output if at.in_force is None else at.in_force
    return HostSide(
        clock_s=at.tick.now_s,
        t_s=at.tick.now_s - recording.inputs[0].now_s,
        late_s=at.tick.lateness_s,
        telemetry_age_s=None if at.frame is None else at.tick.now_s - at.frame_s,
        state=before.state,
        command=_command(before),
        then=tuple(islice(_host_changes(recording, at), MOST_CHANGES)),
    )


def board_side(recording: Recording, at: Moment) -> BoardSide | None:
    """Give the board's side of a trip; None if no frame had come."""
    t = at.frame
    if t is None:
        return None
    watchdog_s = _watchdog_s(recording, at)
    newer = next(_frames_after(recording, at), None)
    return BoardSide(
        sequence=t.sequence,
        clock_s=t.board_time_us / _US_PER_S,
        age_s=at.tick.now_s - at.frame_s,
        encoder_deg=t.encoder_deg,
        inclinometer_deg=t.inclinometer_deg,
        rate_dps=t.rate_dps,
        command_age_s=t.command_age_s,
        watchdog_s=watchdog_s,
        watchdog_expired=t.status & Status.WATCHDOG_EXPIRED != 0,
        status=_status(t),
        faults=tuple(named(FAULT_WORDS, t.faults)),
        contacts=contacts(t),
        next_frame_after_s=None if newer is None else newer[0] - at.trip.t_s,
        watchdog_expired_after_s=_expired_after_s(recording, at, watchdog_s),
        then=tuple(islice(_board_changes(recording, at), MOST_CHANGES)),
    )


def _status(t: Telemetry) -> tuple[str, ...]:
    """Brake and torque are told either way; of the rest, what is set."""
    return (*named(STATUS_WORDS, t.status), *named(CLEAR_STATUS_WORDS, ~t.status & _EITHER_WAY))


def _host_changes(recording: Recording, at: Moment) -> Iterator[Change]:
    before = None if at.in_force is None else (at.in_force.state, _kind(at.in_force))
    for one, output in zip(recording.inputs[at.place :], recording.outputs[at.place :], strict=True):
        doing = (output.state, _kind(output))
        if doing != before:
            yield Change(one.now_s - at.trip.t_s, _doing(*doing))
        before = doing


def _board_changes(recording: Recording, at: Moment) -> Iterator[Change]:
    before = at.frame
    for now_s, t in _frames_after(recording, at):
        if before is not None and (told := _differences(before, t)):
            yield Change(now_s - at.trip.t_s, ", ".join(told))
        before = t


def _frames_after(recording: Recording, at: Moment) -> Iterator[tuple[float, Telemetry]]:
    for one in recording.inputs[at.place + 1 :]:
        if one.telemetry is not None:
            yield one.now_s, one.telemetry


def _expired_after_s(recording: Recording, at: Moment, watchdog_s: float | None) -> float | None:
    """When the watchdog ran out, relative to the trip: the first frame that says so tells how old its command is."""
    here = [] if at.frame is None else [(at.frame_s, at.frame)]
    for now_s, t in chain(here, _frames_after(recording, at)):
        if t.status & Status.WATCHDOG_EXPIRED:
            if t.command_age_s is None or watchdog_s is None:
                return None
            return now_s - (t.command_age_s - watchdog_s) - at.trip.t_s
    return None


def _watchdog_s(recording: Recording, at: Moment) -> float | None:
    """The watchdog's time by the newest handshake: a board that just restarted has not had one yet."""
    known = (one.config for one in reversed(recording.inputs[: at.place + 1]) if one.config is not None)
    config = next(known, None)
    return None if config is None else config.watchdog_s


def _differences(before: Telemetry, t: Telemetry) -> list[str]:
    """Say what is new in a frame, and what is over."""
    told = ["another session"] if t.session_id != before.session_id else []
    told += named(STATUS_WORDS, t.status & ~before.status)
    told += named(CLEAR_STATUS_WORDS, before.status & ~t.status)
    told += [f"drive fault: {fault}" for fault in named(FAULT_WORDS, t.faults & ~before.faults)]
    told += [f"no more drive fault: {fault}" for fault in named(FAULT_WORDS, before.faults & ~t.faults)]
    old = contacts(before)
    return told + [_contact(name, reads) for name, reads in contacts(t).items() if reads != old[name]]


def _contact(name: str, reads: str) -> str:
    return f"{name.replace('_', ' ')} {reads}"


def _kind(output: RecordedOutput) -> str:
    """Say which kind of command was given."""
    return "none" if output.command is None else _ORDERS[output.command.mode]


def _command(output: RecordedOutput) -> str:
    command = output.command
    return _kind(output) if command is None or command.rate_dps is None else f"move at {command.rate_dps:+.2f} deg/s"


def _doing(state: str, command: str) -> str:
    return f"'{words(state)}' (command: {command})"


def host_in_words(host: HostSide) -> str:
    """Say what the host saw and did."""
    age_s = host.telemetry_age_s
    heard = "no telemetry yet" if age_s is None else f"telemetry {_passed(age_s)} old" if age_s else "new telemetry"
    late = f", and its loop was {_passed(host.late_s)} late" if host.late_s > 0.0 else ""
    then = [f"{_when(one.after_s)} to {one.what}" for one in host.then[:_TOLD]]
    return (
        f"The host (its clock at {host.clock_s:.2f} s) was at {_doing(host.state, host.command)} with {heard}{late}"
        f"{'; it went ' if then else ''}{', '.join(then)}."
    )


def board_in_words(board: BoardSide | None) -> str:
    """Say what the board saw and did."""
    if board is None:
        return "From the board no frame had come."
    switches = [_contact(name, reads) for name, reads in board.contacts.items() if not _plain(name, reads)]
    angles = (
        f"encoder {_shown(board.encoder_deg, 'deg')}, inclinometer {_shown(board.inclinometer_deg, 'deg')}, "
        f"rate {_shown(board.rate_dps, 'deg/s')}"
    )
    facts = (angles, ", ".join(board.status), f"drive faults: {', '.join(board.faults) or 'none'}", ", ".join(switches))
    frame = f"frame {board.sequence}, {_passed(board.age_s)} old" if board.age_s else f"frame {board.sequence}"
    told = f"The board (its clock at {board.clock_s:.2f} s, {frame}) said: {'; '.join(facts)}; {_heard(board)}."
    return " ".join(one for one in (told, _expiry(board), _next(board)) if one)


def _heard(board: BoardSide) -> str:
    watchdog = "" if board.watchdog_s is None else f" (watchdog {_passed(board.watchdog_s)})"
    if board.command_age_s is None:
        return f"no command heard yet{watchdog}"
    return f"newest command {_passed(board.command_age_s)} old{watchdog}"


def _expiry(board: BoardSide) -> str:
    after_s = board.watchdog_expired_after_s
    if after_s is None:
        return ""
    when = f"{_passed(abs(after_s))} {'before' if after_s < 0.0 else 'after'} the trip" if after_s else "with the trip"
    return f"Its watchdog ran out {when}."


def _next(board: BoardSide) -> str:
    after_s = board.next_frame_after_s
    if after_s is None:
        return "No frame came from it after that."
    silent = f"Its next frame came after {_passed(after_s)}." if after_s > _SILENT_S else ""
    then = "; ".join(f"{_when(one.after_s)} {one.what}" for one in board.then[:_TOLD])
    return " ".join(one for one in (silent, f"Then it said: {then}." if then else "") if one)


def _plain(name: str, reads: str) -> bool:
    """A limit switch that is open is what it is nearly everywhere."""
    return reads == "open" and name in {"upright_switch", "inverted_switch"}


def _when(after_s: float) -> str:
    return f"after {_passed(after_s)}" if after_s else "at once"


def _passed(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1.0 else f"{seconds * 1e3:.0f} ms"


def _shown(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:+.1f} {unit}"
