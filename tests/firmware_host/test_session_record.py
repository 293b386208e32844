"""What a recording holds of its session: all that a controller needs, and nobody's name."""

from dataclasses import asdict
from datetime import UTC, datetime

from firmware_host.cli.sessions import demonstration, load_session
from firmware_host.files.programs import load_program
from firmware_host.files.riders import make_rider
from firmware_host.files.tables import load_table
from firmware_host.files.toml_source import parse_toml
from firmware_host.files.validation import prepare
from firmware_host.recording.session_record import describe, make_recorded_controller
from tests.firmware_host.lockstep import EXAMPLES


def test_a_recording_names_nobody() -> None:
    session = load_session(
        EXAMPLES / "programs" / "full-inversion.toml", EXAMPLES / "riders" / "cleared.toml", EXAMPLES / "table-90.toml"
    )
    rider = session.rider.file
    assert rider.clearance is not None
    told = "".join(describe(session).values())
    assert rider.rider.name not in told
    assert rider.clearance.given_by not in told
    assert f'"mass_kg": {rider.rider.mass_kg:g}' in told


def test_a_recording_holds_nothing_of_health() -> None:
    text = (EXAMPLES / "riders" / "regular.toml").read_text(encoding="utf-8")
    text += "\n[screening]\nanswered = 2026-11-23\n[screening.answers]\nhernia = true\n"
    text += '[clearance]\nconditions = ["hernia"]\ngiven_by = "Dr. X"\nexpires = 2030-01-01\n'
    text += "[ridden]\nended = 2026-11-23T10:12:00Z\ninverted_s = 123.0\nday_inverted_s = 456.0\n"
    rider = make_rider(parse_toml("r.toml", text))
    session = prepare(load_table(None), rider, load_program(demonstration()), datetime(2026, 11, 23, tzinfo=UTC))
    recorded = "".join(describe(session).values())
    assert [told for told in ("hernia", "10:12", "123.0", "456.0") if told in recorded] == []


def test_a_replay_knows_whether_the_rider_was_screened() -> None:
    session = load_session(None, None, None)
    assert session.unscreened, "the built-in rider answered nothing"
    assert not make_recorded_controller(describe(session)).safety.view.screened
    cleared = describe(session._replace(unscreened=()))
    assert make_recorded_controller(cleared).safety.view.screened


def test_a_controller_made_from_its_record_has_the_same_limits() -> None:
    session = load_session(None, None, None)
    controller = make_recorded_controller(describe(session))
    assert asdict(controller.safety.view.limits) == asdict(session.limits)
    assert asdict(controller.safety.view.board_limits) == asdict(session.table.limits)
