"""What the simulator is told of a table: where its upright end is."""

import pytest

from firmware_host.cli.physics import HIGHEST_DEG, parameters
from firmware_host.files.tables import make_table
from firmware_host.files.toml_source import parse_toml
from sim.parameters import HIGHEST_UPRIGHT_DEG


def upright_end(text: str) -> tuple[float, float, float]:
    """Where the rider boards, the switch closes, and the stop is."""
    stops = parameters(make_table(parse_toml("t.toml", f'[table]\nname = "T"\n{text}'))).stops
    return stops.boarding_deg, stops.upright_switch_deg, stops.upright_stop_deg


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", (-75.0, -74.5, -79.0)),
        ("[limits]\nupright_deg = -70", (-70.0, -69.5, -74.0)),
        ("[limits]\nupright_deg = -45", (-45.0, -45.0, -49.0)),
        ("[limits]\nupright_deg = -70\n[physics.stops]\nupright_switch_deg = -68", (-70.0, -68.0, -74.0)),
    ],
    ids=["usual", "moved", "highest", "by-the-file"],
)
def test_the_upright_end_goes_by_what_the_file_calls_upright(text: str, end: tuple[float, float, float]) -> None:
    assert upright_end(text) == end


def test_the_simulator_takes_every_upright_end_that_a_table_file_may_have() -> None:
    assert HIGHEST_UPRIGHT_DEG == HIGHEST_DEG
