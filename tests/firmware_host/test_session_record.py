"""What a recording holds of its session: all that a controller needs, and nobody's name."""

from dataclasses import asdict

from firmware_host.cli.sessions import load_session
from firmware_host.session_record import describe, make_recorded_controller
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


def test_a_controller_made_from_its_record_has_the_same_limits() -> None:
    session = load_session(None, None, None)
    controller = make_recorded_controller(describe(session))
    assert asdict(controller.safety.view.limits) == asdict(session.limits)
    assert asdict(controller.safety.view.board_limits) == asdict(session.table.limits)
