"""A virtual table board made from a table file and a rider file."""

from pydantic import ValidationError

from firmware_host.config import Rider, Table
from firmware_host.toml_source import FileError, problems_of
from safety.signals import SIMULATOR_SERIALS
from sim.board import VirtualBoard
from sim.parameters import TableParameters
from sim.rider import Rider as SimulatedRider
from sim.rider import Sex


def make_board(table: Table, rider: Rider, seed: int, serial: int = SIMULATOR_SERIALS.start) -> VirtualBoard:
    """Make the board, its table and its rider. Raises ``FileError`` for a [physics] section that cannot be."""
    section = rider.file.rider
    body = SimulatedRider(sex=Sex(section.sex), mass_kg=section.mass_kg, height_m=section.height_m)
    try:
        parameters = TableParameters.model_validate(table.file.physics)
    except ValidationError as error:
        raise FileError(problems_of(table.source, error, ("physics",))) from error
    limits = table.limits
    return VirtualBoard(
        parameters,
        body,
        seed=seed,
        upright_deg=limits.upright_deg,
        inverted_limit_deg=limits.inverted_limit_deg,
        max_rate_dps=limits.emergency_rate_dps,
        serial=serial,
        press_to_return=table.file.table.hand_switch == "press-to-return",
    )
