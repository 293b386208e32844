"""Records that cannot be used: the session is shown all the same, STOP works, and the page says what is missing."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from firmware_host.records import RecordsAwaitedError
from firmware_host.records.database import FILE_NAME, AwaitedRecords, default_url, open_records
from tests.api.house import house
from tests.panel.stack import running
from tests.panel.views import sound
from tests.waiting import LONGEST_S, until

THREADS: Final = 40
"""Of the pool that requests share."""


@contextmanager
def written_by_somebody(folder: Path) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def garbage(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but text of some length" * 50)
    return tmp_path


def test_the_session_is_shown_on_every_route_and_stopped_without_records(
    context: BrowserContext, garbage: Path
) -> None:
    with running(garbage) as stack, sound(context, stack.url) as page:
        notice = page.locator("#notice")
        expect(notice).to_contain_text("The records cannot be used", timeout=LONGEST_S * 1e3)
        expect(notice).to_contain_text("not a database")
        page.evaluate("location.hash = '#/alarms'")
        expect(notice).to_be_visible()
        page.evaluate("location.hash = '#/session'")
        expect(page.locator("#angle")).not_to_have_text("", timeout=LONGEST_S * 1e3)
        page.click("#stop")
        expect(page.locator("#hint")).to_have_text("STOP sent")


def test_records_are_opened_once_they_can_be(context: BrowserContext, garbage: Path) -> None:
    with running(garbage) as stack, sound(context, stack.url) as page:
        notice = page.locator("#notice")
        expect(notice).to_be_visible(timeout=LONGEST_S * 1e3)
        (garbage / FILE_NAME).unlink()
        expect(notice).to_be_hidden(timeout=LONGEST_S * 1e3)
        until(lambda: httpx.get(f"{stack.url}api/v1/programs").json()["programs"] != [], "the library is there")


def test_records_that_are_awaited_refuse_everything_and_open_later(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but text of some length" * 50)
    refusals = ["nobody has a PIN yet", ""]
    records = AwaitedRecords(default_url(tmp_path), lambda _: refusals.pop(0))
    assert not records.attempt()
    assert "no database" in records.problem
    (tmp_path / FILE_NAME).unlink()
    assert not records.attempt()
    for transaction in (records.read, records.begin):
        with pytest.raises(RecordsAwaitedError, match="nobody has a PIN yet"), transaction():
            pass
    assert records.attempt()
    assert records.attempt()
    with records.read() as opened:
        assert opened.connection is not None
    records.close()


def test_a_panel_begins_while_somebody_else_writes(tmp_path: Path) -> None:
    with house(tmp_path):
        pass  # the schema is there, and the library
    with written_by_somebody(tmp_path / "records"):
        with house(tmp_path) as home:
            assert home.client().get("/programs").json()["programs"] != []
        open_records(default_url(tmp_path / "records")).close()


def test_writers_that_wait_keep_no_page_from_coming_up(tmp_path: Path) -> None:
    rider = {"name": "R", "sex": "female", "mass_kg": 70.5, "height_m": 1.72, "experience": "beginner"}
    with house(tmp_path) as home, ThreadPoolExecutor(THREADS + 5) as others:
        client = home.client(limits=httpx.Limits(max_connections=None))
        with written_by_somebody(home.black_boxes):
            waiting = [
                others.submit(client.post, "/riders", json={"document": {"rider": rider}}) for _ in range(THREADS + 5)
            ]
            for path in ("/", "/page/main.js", "/page/style.css", "/page/texts/de.json"):
                assert httpx.get(home.url + path, timeout=LONGEST_S).status_code == 200
            assert not any(one.done() for one in waiting), "the page waited for a writer"
        for one in waiting:
            one.result()


def test_the_page_is_served_with_kinds_and_tags(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        first = httpx.get(f"{home.url}/page/main.js")
        assert "javascript" in first.headers["content-type"]
        again = httpx.get(f"{home.url}/page/main.js", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for missing in ("", "nothing.js", "../app.py", "%2e%2e/app.py"):
            assert httpx.get(f"{home.url}/page/{missing}").status_code == 404
        assert httpx.post(f"{home.url}/page/main.js").status_code == 405
