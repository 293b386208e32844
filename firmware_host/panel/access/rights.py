"""The one table of who may do what. REST, the page's socket and the API's socket ask here, and a test sees that no
route is missing from it.

STOP and RETURN UPRIGHT need nobody: no row of this table, no lock and no login keeps them from acting.
"""

from collections.abc import Mapping
from typing import Any, Final

from firmware_host.roles import ROLES, Role

ROOT: Final = "/api/v1"

ANYBODY: Final = None
"""No login is needed, and a lock does not count."""

RIGHTS: Final[Mapping[str, Role | None]] = {
    "GET /me": ANYBODY,
    "GET /people/names": ANYBODY,
    "POST /login": ANYBODY,
    "POST /logout": ANYBODY,
    "POST /lock": ANYBODY,
    "POST /unlock": ANYBODY,
    "GET /people": "service",
    "POST /people": "service",
    "PATCH /people/{id}": "service",
    "GET /tokens": "service",
    "POST /tokens": "service",
    "DELETE /tokens/{id}": "service",
    "GET /screening": "rider",
    "GET /riders": "operator",
    "POST /riders": "operator",
    "GET /riders/{id}": "operator",
    "PUT /riders/{id}": "operator",
    "PUT /riders/{id}/screening": "operator",
    "PUT /riders/{id}/clearance": "clinician",
    "POST /riders/{id}/archive": "operator",
    "POST /riders/{id}/restore": "operator",
    "GET /riders/{id}/export": "clinician",
    "GET /riders/{id}/toml": "operator",
    "DELETE /riders/{id}": "clinician",
    "GET /riders/{id}/trends": "operator",
    "GET /programs": "rider",
    "POST /programs": "operator",
    "POST /programs/preview": "rider",
    "POST /programs/simulate": "operator",
    "GET /programs/{id}": "rider",
    "PUT /programs/{id}": "operator",
    "POST /programs/{id}/archive": "operator",
    "POST /programs/{id}/restore": "operator",
    "GET /programs/{id}/toml": "rider",
    "DELETE /programs/{id}": "clinician",
    "POST /sessions/choose": "operator",
    "POST /sessions/comfort": "operator",
    "GET /sessions": "operator",
    "GET /sessions/{id}": "operator",
    "PUT /sessions/{id}/comfort": "operator",
    "GET /sessions/{id}/picture.png": "operator",
    "GET /sessions/{id}/explanation": "operator",
    "GET /sessions/{id}/explanation.png": "operator",
    "GET /sessions/{id}/blackbox": "operator",
    "GET /sessions/{id}/csv": "operator",
    "GET /sessions/{id}/report.pdf": "operator",
    "GET /alarms": "operator",
    "GET /audit": "clinician",
    "GET /audit/verify": "clinician",
    "GET /service/table": "operator",
    "PUT /service/table": "service",
    "POST /service/table/diff": "service",
    "GET /service/ports": "service",
    "GET /service/diagnostics": "service",
}
"""Method and path under ``ROOT`` to the least role."""

STOP: Final = "press stop"
"""The row of the one message that is followed whatever else is wrong with it."""

MESSAGES: Final[Mapping[str, Role | None]] = {
    "setup": ANYBODY,
    "release": ANYBODY,
    "echo": ANYBODY,
    STOP: ANYBODY,
    "press return_upright": ANYBODY,
    "press acknowledge": "operator",
    "press pause_audio": "operator",
    "press start": "operator",
    "press next": "operator",
    "press test_brake": "operator",
    "beat": "operator",
    "move": "operator",
    "confirm": "operator",
}
"""What a socket may bring: its kind, for a press with its name. What is not here is refused to everybody: the sign of
life of the panel's process, and ``choose``, which goes through the records."""

KEPT_WHEN_LOCKED: Final = frozenset({"beat"})
"""Whoever locks the screen is still there: the lock must not bring the rider upright."""
PEOPLE_ALONE: Final = frozenset({"beat"})
"""No program counts as somebody who watches."""


def may(role: Role | None, needed: Role | None) -> bool:
    """Tell whether a role is enough; a role of None is nobody's."""
    return needed is ANYBODY or (role is not None and ROLES.index(role) >= ROLES.index(needed))


def row_of(message: Mapping[str, Any]) -> str:
    """Give the row of ``MESSAGES`` for a message from a socket; a row that is not there belongs to nobody."""
    kind = message.get("kind")
    return f"press {message.get('name')}" if kind == "press" else str(kind)
