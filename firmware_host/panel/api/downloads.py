"""Answers that are files."""

from typing import Any


def attachment(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a file of one of these media types."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file", "content": {kind: dict(schema) for kind in kinds}}}


def named(file: str) -> dict[str, str]:
    """Give the header by which a browser saves a file under its name."""
    return {"Content-Disposition": f'attachment; filename="{file}"'}
