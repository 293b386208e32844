"""Asking ``firmware_host.panel.worker`` for what is too much for this process."""

import json
from collections.abc import Mapping
from typing import Any

from firmware_host.panel.api.children import LONGEST_S, Children
from firmware_host.panel.api.problems import ApiError

WORKER = "firmware_host.panel.worker"


def ask_worker(
    children: Children, task: str, given: Mapping[str, Any], *, longest_s: float = LONGEST_S
) -> dict[str, Any]:
    """Let a worker do a task, and give its JSON. Raises ``ApiError`` with what it complained of."""
    found: dict[str, Any] = json.loads(work(children, task, given, longest_s=longest_s))
    return found


def work(children: Children, task: str, given: Mapping[str, Any], *, longest_s: float = LONGEST_S) -> bytes:
    """Let a worker do a task, and give what it made. Raises ``ApiError`` with what it complained of."""
    done = children.run(WORKER, [task], json.dumps(given).encode(), longest_s=longest_s)
    if done.code != 0:
        raise ApiError(409, done.complaint)
    return done.output
