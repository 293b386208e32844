"""From where the panel is reached: loopback, TLS on both listeners, and what is refused before anything listens."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from firmware_host.panel.access.network import Network, NetworkError, doors, why_closed
from firmware_host.panel.access.rights import ROOT
from firmware_host.panel.options import PanelOptions
from firmware_host.panel.process import PanelError, PanelProcess
from firmware_host.panel.sockets import UNASKED
from firmware_host.records import COMMAND_LINE, RecordsError, Transaction, default_url, open_records, people
from tests.api.desk import press
from tests.api.house import House, TakingDesk, house
from tests.end_to_end.commands import ROOT as CHECKOUT
from tests.waiting import LONGEST_S, until


class Certificate(NamedTuple):
    """Of this machine, from an authority that the test trusts."""

    file: Path
    key: Path
    trust: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    file, key = folder / "cert.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for number, piece in enumerate(issued.cert_chain_pems):
        piece.write_to_path(file, append=number > 0)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Certificate(file, key, trust)


@pytest.fixture
def secure(tmp_path: Path, certificate: Certificate) -> Iterator[House]:
    with house(tmp_path, Network(certificate=certificate.file, key=certificate.key)) as opened:
        yield opened


@pytest.mark.requirement("REQ-PPL-STOP")
def test_with_tls_the_second_path_of_stop_has_it_too(secure: House, certificate: Certificate) -> None:
    with httpx.Client(verify=certificate.trust) as client:
        page = client.get(secure.url + "/")
        assert page.headers["strict-transport-security"]
        assert f"connect-src 'self' {secure.stop_url};" in page.headers["content-security-policy"]
        told = client.post(secure.stop_url + "/stop", headers={"Origin": secure.url})
        assert told.json() == {"ok": True}
        assert told.headers["access-control-allow-origin"] == secure.url
        strange = client.post(secure.stop_url + "/stop", headers={"Origin": secure.url.replace("https", "http")})
        assert strange.status_code == 403
    with pytest.raises(httpx.HTTPError), httpx.Client() as plain:
        plain.post(secure.stop_url.replace("https", "http") + "/stop")
    assert secure.desk.pressed == ["stop"]


def test_with_tls_cookies_stay_with_this_host_and_tls(secure: House, certificate: Certificate) -> None:
    secure.person("Ada", "service")
    with secure.client(verify=certificate.trust) as client:
        told = client.post("/login", json={"name": "Ada", "pin": "4711-ada"})
        cookie = next(one for one in told.headers.get_list("set-cookie") if "righting_login=" in one)
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert client.get("/me").json()["person"]["name"] == "Ada"


def test_a_greeting_that_dawdles_keeps_no_stop_waiting(secure: House, certificate: Certificate) -> None:
    import socket

    host, port = secure.stop_url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port))), httpx.Client(verify=certificate.trust) as client:
        assert client.post(secure.stop_url + "/stop").json() == {"ok": True}


@pytest.mark.parametrize("path", ["/socket", f"{ROOT}/live"])
@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "https://127.0.0.1"])
def test_no_socket_opens_for_the_page_of_a_stranger(home: House, path: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus):
        connect(home.url.replace("http", "ws") + path, origin=None if origin is None else Origin(origin))
    assert home.desk.pressed == []


def test_records_that_fail_keep_no_page_from_the_table_and_from_stop(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> AbstractContextManager[Transaction]:
        raise RecordsError("the disk is gone")

    monkeypatch.setattr(home.records, "read", lost)
    with home.page_socket() as page:
        kinds = {json.loads(page.recv(timeout=LONGEST_S))["kind"] for _ in range(2)}
        assert kinds == {"setup", "state"}
        page.send(press("start", 1))
        page.send(press("stop", 2))
        until(lambda: home.desk.pressed == ["stop"], "it stops, and starts nothing")


def test_a_socket_closes_with_its_reason_when_bytes_come(home: House) -> None:
    with home.page_socket() as page:
        page.send(b"\x00")
        with suppress(ConnectionClosed):
            while True:
                page.recv(timeout=LONGEST_S)
        assert page.close_code == UNASKED


def test_a_program_comes_with_a_token_and_without_an_origin(home: House) -> None:
    home.person("Sue", "service")
    url = home.url.replace("http", "ws") + f"{ROOT}/live"
    with connect(url, additional_headers={"Authorization": f"Bearer {home.token('rider')}"}) as live:
        kinds = {json.loads(live.recv(30))["kind"] for _ in range(3)}
        assert kinds == {"setup", "state"}
        live.send('{"kind": "beat"}')
        live.send(press("stop"))
        until(lambda: home.desk.pressed == ["stop"], "STOP arrives")
    assert home.desk.beats == 0
    with pytest.raises(InvalidStatus):
        connect(url, additional_headers={"Authorization": "Bearer nothing"})


def test_who_is_not_logged_in_is_shown_the_table_and_no_person(home: House) -> None:
    home.person("Sue", "service")
    with home.page_socket() as live:
        told = json.loads(live.recv(30))
        while told["kind"] != "setup":
            told = json.loads(live.recv(30))
    setup = told["setup"]
    assert (setup["rider"], setup["unscreened"], setup["height_m"], setup["program"]) == ("", [], None, "P")


# ------------------------------------------------------------------------------------------------ before it listens


@pytest.mark.requirement("REQ-PPL-LOCAL")
@pytest.mark.parametrize(
    ("network", "advice"),
    [
        (Network("0.0.0.0"), "--insecure-network"),
        (Network("192.0.2.1"), "--tls-cert"),
        (Network("nowhere"), "0.0.0.0"),
        (Network(certificate=Path("cert.pem")), "--tls-key"),
        (Network(certificate=Path("no.pem"), key=Path("no.key")), "PEM"),
    ],
)
def test_what_is_careless_is_refused_with_what_to_do(network: Network, advice: str) -> None:
    with pytest.raises(NetworkError, match=advice):
        network.check()


@pytest.mark.requirement("REQ-PPL-LOCAL")
def test_nobody_is_let_in_from_elsewhere_before_there_is_a_pin(tmp_path: Path) -> None:
    options = PanelOptions(Network("0.0.0.0", insecure=True), records=tmp_path)
    with pytest.raises(PanelError, match="nobody has a PIN yet"), PanelProcess(0, options):
        raise AssertionError("it must not begin")
    with open_records(default_url(tmp_path)) as records, records.begin() as transaction:
        people.add(transaction, COMMAND_LINE, "Ada", "service", "$argon2id$nothing")
    with PanelProcess(0, options) as process:
        process.station.desk = TakingDesk()
        until(lambda: process.station.pinged_s is not None, "the panel lives")
        assert process.url.startswith("http://")
    assert why_closed(Network(), has_pin=False) == ""


def test_the_command_refuses_and_names_the_options(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "firmware_host", "run", "--panel-address", "0.0.0.0", "--records", str(tmp_path)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
    )
    assert done.returncode == 2
    assert "--tls-cert" in done.stderr
    assert "--insecure-network" in done.stderr


def test_the_real_process_serves_tls_on_both_listeners_and_stops(tmp_path: Path, certificate: Certificate) -> None:
    network = Network(certificate=certificate.file, key=certificate.key)
    desk = TakingDesk()
    with PanelProcess(0, PanelOptions(network, records=tmp_path)) as process:
        process.station.desk = desk
        until(lambda: process.station.pinged_s is not None, "the panel lives")
        with httpx.Client(verify=certificate.trust) as client:
            page = client.get(process.url).text
            port = page.split('name="righting-stop-port" content="')[1].split('"')[0]
            assert client.post(f"https://127.0.0.1:{port}/stop").json() == {"ok": True}
    assert desk.pressed == ["stop"]


# ------------------------------------------------------------------------------------------------------- names, origins


OWN = doors(Network(), 8080, 8081)


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8080", True), ("localhost:8080", True), ("LOCALHOST", True), ("[::1]:8080", True),
        ("192.0.2.7:8080", True), ("evil.example:8080", False), ("", False), (None, False), ("[::1", False),
        ("127.0.0.1.evil.example", False),
    ],
)  # fmt: skip
def test_which_names_the_panel_answers_to(host: str | None, known: bool) -> None:
    assert (OWN.host(host) is not None) == known


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_own_page_is_own(origin: str, host: str) -> None:
    assert not OWN.is_own(origin, host) or origin.lower() == OWN.origin(OWN.host(host) or "")


def test_usual_ports_are_left_out_of_an_origin() -> None:
    assert doors(Network(), 80, 8081).is_own("http://localhost", "localhost")
    assert not OWN.is_own("http://localhost", "localhost:8080")


def test_a_press_without_a_browser_needs_no_origin(home: House) -> None:
    with urllib.request.urlopen(urllib.request.Request(home.stop_url + "/stop", method="POST")) as answer:
        assert json.load(answer) == {"ok": True}
