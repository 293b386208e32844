"""What StrictDoc has to know of this project, and what it is asked besides; run by make strictdoc."""

from collections.abc import Iterator

from strictdoc.backend.sdoc.models.node import SDocNode
from strictdoc.backend.sdoc.models.reference import FileReference
from strictdoc.core.plugin import StrictDocPlugin
from strictdoc.core.project_config import ProjectConfig
from strictdoc.core.traceability_index import TraceabilityIndex
from strictdoc.helpers.exception import StrictDocException


class WholeChain(StrictDocPlugin):
    """Refuses what StrictDoc lets pass: a class or function that is not there, and a chain that ends too early."""

    def traceability_index_build_finished(self, traceability_index: TraceabilityIndex) -> None:
        """Look through StrictDoc's own graph. Raises ``StrictDocException`` with every break."""
        nodes = [
            node
            for iterator in traceability_index.document_iterators.values()
            for node, _ in iterator.all_content(print_fragments=False)
            if isinstance(node, SDocNode)
        ]
        kinds = {node.node_type for node in nodes}
        found = [f"there is no {kind}" for kind in ("HAZARD", "REQUIREMENT", "TEST") if kind not in kinds]
        for node in nodes:
            found += [f"{node.reserved_uid}: {what}" for what in _breaks(traceability_index, node)]
        if found:
            raise StrictDocException("\n".join(("the chain is broken:", *found)))


def _breaks(index: TraceabilityIndex, node: SDocNode) -> Iterator[str]:
    files = [one for one in node.relations if isinstance(one, FileReference)]
    for file in files:
        entry, path = file.g_file_entry, file.get_posix_path()
        defined = index.get_coverage_info(path).functions
        if entry.id is not None and not any(entry.id in (one.name, one.display_name) for one in defined):
            yield f"there is no {entry.element} {entry.id} in {path}"
    below = {child.node_type for child in index.get_children_requirements(node)}
    if node.node_type == "HAZARD" and "REQUIREMENT" not in below:
        yield "no requirement controls it"
    if node.node_type == "REQUIREMENT" and not index.has_parent_requirements(node):
        yield "names no hazard"
    if node.node_type == "REQUIREMENT" and node.get_meta_field_value_by_title("STATUS") == "Active":
        if not files:
            yield "names no code"
        if "TEST" not in below:
            yield "has no test"


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
        user_plugin=WholeChain(),
    )
