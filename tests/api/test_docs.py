"""The tables in docs/api.md are those of the code. ``python -m tests.api.test_docs`` prints them anew."""

from collections.abc import Mapping
from pathlib import Path

from firmware_host.panel.access.rights import MESSAGES, RIGHTS
from firmware_host.roles import ROLES, Role

NOBODY = "nobody"


def table(rows: Mapping[str, Role | None], head: str) -> str:
    """Roles and what each may beyond the one before."""
    lines = [f"| role | {head} |", "|---|---|"]
    for role in (None, *ROLES):
        own = ", ".join(f"`{row}`" for row, needed in rows.items() if needed == role)
        if own:
            lines.append(f"| {NOBODY if role is None else role} | {own} |")
    return "\n".join(lines)


ROUTES = table(RIGHTS, "routes, under `/api/v1`")
SENT = table(MESSAGES, "messages")


def test_the_page_has_the_tables_of_the_code(repository: Path) -> None:
    text = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    assert ROUTES in text, ROUTES
    assert SENT in text, SENT


if __name__ == "__main__":
    print(ROUTES, SENT, sep="\n\n")
