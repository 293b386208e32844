"""The section ``[physics]`` of a table file: what the simulator is told. It is checked without a simulator, too."""

from pydantic import ValidationError

from firmware_host.files.tables import Table
from firmware_host.files.toml_source import FileError, problems_of
from sim.parameters import TableParameters


def parameters(table: Table) -> TableParameters:
    """Give what the simulator is told of a table. Raises ``FileError``."""
    try:
        return TableParameters.model_validate(table.file.physics)
    except ValidationError as error:
        raise FileError(problems_of(table.source, error, ("physics",))) from error
