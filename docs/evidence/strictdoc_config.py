"""What StrictDoc has to know of this project; docs/development.md says how it is run."""

from strictdoc.core.project_config import ProjectConfig


def create_config() -> ProjectConfig:
    """Give the configuration: the source tree begins two folders up."""
    return ProjectConfig(
        project_title="Righting",
        source_root_path="../..",
        include_source_paths=[f"/{room}/**.py" for room in ("safety", "drivers", "sim", "firmware_host", "tests")],
        project_features=[
            "TABLE_SCREEN",
            "TRACEABILITY_SCREEN",
            "DEEP_TRACEABILITY_SCREEN",
            "TRACEABILITY_MATRIX_SCREEN",
            "REQUIREMENT_TO_SOURCE_TRACEABILITY",
        ],
    )
