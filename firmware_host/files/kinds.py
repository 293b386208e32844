"""Which kind of file a text is: table, rider and program told apart."""

from typing import Final, Literal

from firmware_host.files.toml_source import FileError, Problem, TomlSource

FileKind = Literal["table", "rider", "program"]

_TELLING: Final[tuple[tuple[FileKind, str], ...]] = (("table", "table"), ("rider", "rider"), ("program", "step"))


def kind_of(source: TomlSource) -> FileKind | None:
    """Tell which kind of file this is by what only that kind has; None where nothing tells."""
    return next((kind for kind, key in _TELLING if key in source.data), None)


def expect_kind(source: TomlSource, kind: FileKind) -> None:
    """Refuse a file of another kind as a whole, rather than name by name."""
    found = kind_of(source)
    if found is not None and found != kind:
        text = f"this is a {found} file, and a {kind} file is needed here; examples/ has one of each kind"
        raise FileError([Problem(source.path, 1, text)])
