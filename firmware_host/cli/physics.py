"""The section ``[physics]`` of a table file: what the simulator is told. It is checked without a simulator, too."""

from typing import Any, Final

from pydantic import ValidationError

from firmware_host.files.tables import Table
from firmware_host.files.toml_source import FileError, problems_of
from safety.limits import SPECS
from sim.parameters import StopParameters, TableParameters

HIGHEST_DEG: Final = SPECS["upright_deg"].tightest
"""No table's upright end lies above this."""
_UPRIGHT_END: Final = ("boarding_deg", "upright_switch_deg", "upright_stop_deg")


def parameters(table: Table) -> TableParameters:
    """Give what the simulator is told of a table. Raises ``FileError``."""
    physics = dict(table.file.physics)
    stops = physics.get("stops", {})
    if isinstance(stops, dict):
        physics["stops"] = _upright_end(table.limits.upright_deg) | stops
    try:
        return TableParameters.model_validate(physics)
    except ValidationError as error:
        raise FileError(problems_of(table.source, error, ("physics",))) from error


def _upright_end(upright_deg: float) -> dict[str, Any]:
    """Where boarding position, switch and stop are unless the file says so: around what it calls upright."""
    usual = StopParameters()
    moved_deg = upright_deg - usual.boarding_deg
    # A switch that would lie beyond what a file may say stands where riders board.
    return {name: min(getattr(usual, name) + moved_deg, HIGHEST_DEG) for name in _UPRIGHT_END} if moved_deg else {}
