"""Answers that are files."""

from typing import Any, Final
from urllib.parse import quote

_OF_BYTES: Final = {"type": "string", "format": "binary"}


def attachment(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a file of one of these media types."""
    schemas = {kind: {"type": "object"} if kind == "application/json" else dict(_OF_BYTES) for kind in kinds}
    content = {kind: {"schema": schema} for kind, schema in schemas.items()}
    return {200: {"description": "The file", "content": content}}


def named(file: str) -> dict[str, str]:
    """Give the header by which a browser saves a file under its name."""
    if file.isascii() and file.isprintable() and not set(file) & {'"', "\\"}:
        return {"Content-Disposition": f'attachment; filename="{file}"'}
    return {"Content-Disposition": f"attachment; filename*=utf-8''{quote(file)}"}
