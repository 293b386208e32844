"""Every route for every role and for nobody, from the one table."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.routing import BaseRoute
from websockets.sync.client import ClientConnection, connect

from firmware_host.panel.access.rights import MESSAGES, RIGHTS, ROOT, may
from firmware_host.panel.messages import Press
from firmware_host.panel.sockets import LOGGED_OUT
from firmware_host.roles import ROLES, Role
from tests.api.desk import press
from tests.api.house import House, house

NOBODY = None
ASKERS = (NOBODY, *ROLES)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A panel in which somebody has a PIN, so that it is open no more."""
    with house(tmp_path_factory.mktemp("house")) as opened:
        opened.person("Ada", "service")
        yield opened


@pytest.fixture(scope="module")
def tokens(shared: House) -> dict[Role | None, str | None]:
    return {role: None if role is None else shared.token(role) for role in ASKERS}


def routes(document: dict[str, Any]) -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix(ROOT)}"
        for path, methods in document["paths"].items()
        for method in methods
    }


def test_the_table_has_every_route_and_no_other(shared: House) -> None:
    assert routes(shared.client().get("/openapi.json").json()) == set(RIGHTS)


def test_no_route_hides_from_the_document(shared: House) -> None:
    """What is not in the document is the page, its files, the document itself, and the two sockets."""

    def paths(found: list[BaseRoute]) -> set[str]:
        return {str(getattr(route, "path", "")) for route in found if not getattr(route, "include_in_schema", False)}

    assert paths(shared.app.routes) <= {"/", "/page", f"{ROOT}/openapi.json", "/socket", f"{ROOT}/live", ""}


def test_the_table_has_every_press_and_no_other() -> None:
    names = get_args(Press.model_fields["name"].annotation)
    assert {row for row in MESSAGES if row.startswith("press ")} == {f"press {name}" for name in names}


@pytest.mark.requirement("REQ-PPL-RIGHTS")
@pytest.mark.parametrize("row", sorted(RIGHTS))
@pytest.mark.parametrize("asker", ASKERS)
def test_a_route_lets_in_whom_the_table_says_and_nobody_else(
    shared: House, tokens: dict[Role | None, str | None], row: str, asker: Role | None
) -> None:
    method, path = row.split(" ")
    with shared.client(tokens[asker]) as client:
        answer = client.request(method, path.replace("{id}", "999"), json=None if method == "GET" else {})
    if may(asker, RIGHTS[row]):
        assert answer.status_code != 403
        # A lock or an unlock without a login is answered so; no right is missing.
        assert answer.status_code != 401 or RIGHTS[row] is None
    else:
        assert answer.status_code == (401 if asker is None else 403), answer.text
        assert answer.json()["error"]


SAMPLES: dict[str, dict[str, Any]] = {"move": {"direction": 1}, "confirm": {"check": "straps", "yes": True}}


def message(row: str, number: int) -> str:
    kind, _, name = row.partition(" ")
    if kind == "press":
        return press(name, number)
    return json.dumps({"kind": kind, "id": str(number), "session": 7, **SAMPLES.get(kind, {})})


def answered(live: ClientConnection, number: int) -> dict[str, Any]:
    while True:
        told: dict[str, Any] = json.loads(live.recv(30))
        if told["kind"] == "answer" and told["id"] == str(number):
            return told


NUMBER = iter(range(1, 10_000))


@pytest.mark.requirement("REQ-PPL-RIGHTS")
@pytest.mark.parametrize("row", [*sorted(set(MESSAGES) - {"beat", "echo", "setup"}), "ping", "choose", "nonsense"])
@pytest.mark.parametrize("asker", ROLES)
def test_a_message_over_the_socket_needs_what_the_table_says(
    shared: House, tokens: dict[Role | None, str | None], row: str, asker: Role
) -> None:
    number = next(NUMBER)
    url = shared.url.replace("http", "ws") + f"{ROOT}/live"
    with connect(url, additional_headers={"Authorization": f"Bearer {tokens[asker]}"}) as live:
        live.send(message(row, number))
        told = answered(live, number)
    refused = told.get("error", "").startswith(("this is for the role", "not understood: reload"))
    assert refused == (row not in MESSAGES or not may(asker, MESSAGES[row])), told


@pytest.mark.requirement("REQ-PPL-STOP")
@pytest.mark.parametrize("name", ["stop", "return_upright"])
def test_stop_and_return_need_no_login_over_either_path(shared: House, name: str) -> None:
    shared.desk.pressed.clear()
    with shared.page_socket() as page:
        page.send(press(name, number := next(NUMBER)))
        assert answered(page, number)["ok"]
    path = {"stop": "/stop", "return_upright": "/return"}[name]
    with shared.client() as client:
        assert client.post(shared.stop_url + path, headers={"Origin": shared.url}).json() == {"ok": True}
    assert shared.desk.pressed == [name, name]


@pytest.mark.requirement("REQ-PPL-STOP")
@pytest.mark.parametrize("wrong", [{"id": "\ud800"}, {"id": 5}, {"pressed_s": "now"}, {"more": "x" * 5000}])
def test_a_stop_over_the_socket_acts_whatever_else_is_wrong_with_it(shared: House, wrong: dict[str, Any]) -> None:
    shared.desk.pressed.clear()
    with shared.page_socket() as page:
        page.send(press("stop", **wrong))
        while (told := json.loads(page.recv(30)))["kind"] != "answer":
            pass
    assert told["ok"], told
    assert shared.desk.pressed == ["stop"]


@pytest.mark.requirement("REQ-PPL-STOP")
def test_a_locked_page_stops_and_watches_and_does_nothing_else(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.person("Ada", "operator")
        client = home.logged_in("Ada")
        cookie = f"righting_login={client.cookies['righting_login']}"
        with home.page_socket(Cookie=cookie) as page:
            page.send(press("start", 1))
            assert answered(page, 1)["ok"]
            assert client.post("/lock").json()["locked"]
            assert client.get("/riders").status_code == 401
            page.send(press("start", 2))
            assert "locked" in answered(page, 2)["error"]
            page.send('{"kind": "beat"}')
            for number, name in enumerate(("stop", "return_upright"), start=3):
                page.send(press(name, number))
                assert answered(page, number)["ok"]
            assert home.desk.beats == 1
            assert client.post("/unlock", json={"pin": "4711-ada"}).json()["locked"] is False
            page.send(press("start", 5))
            assert answered(page, 5)["ok"]
            assert home.desk.pressed == ["start", "stop", "return_upright", "start"]
            client.post("/logout")
            while page.close_code is None:
                try:
                    page.recv(30)
                except Exception:  # it was closed
                    break
            assert page.close_code == LOGGED_OUT
