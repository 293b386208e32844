"""A hook of the documentation's builder: draws the operating states from the tables that the program runs by."""

from firmware_host.control.operating_states import diagram

MARK = "<!-- the diagram of the operating states -->"


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put the diagram where a page asks for it."""
    return markdown.replace(MARK, f"```mermaid\n{diagram()}\n```") if MARK in markdown else markdown
