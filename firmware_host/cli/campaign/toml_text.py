"""TOML text of the few shapes that a case has: tables, numbers, words, dates, lists, and lists of steps."""

import json
from datetime import date
from typing import Any


def toml_text(data: dict[str, Any]) -> str:
    """Give a file's text; reading it gives ``data`` back, every number to its last bit."""
    return "\n".join(_lines(data, "")) + "\n"


def _lines(data: dict[str, Any], path: str) -> list[str]:
    plain = {key: value for key, value in data.items() if not _is_table(value)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in data.items():
        if isinstance(value, dict):
            lines += ["", f"[{path}{key}]", *_lines(value, f"{path}{key}.")]
        elif _is_table(value):
            for item in value:
                lines += ["", f"[[{path}{key}]]", *_lines(item, f"{path}{key}.")]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    # A word, a number, true, false and a list of them are written in TOML as in JSON.
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
