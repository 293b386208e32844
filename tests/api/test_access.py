"""Logins, PINs, wrong tries, lock and expiry; and that nothing secret is written down."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.panel.access.guard import LOCKED, Guard
from firmware_host.panel.access.logins import IDLE_S, LONGEST_S, Logins, hashed
from firmware_host.panel.access.pins import Pins, why_not
from firmware_host.panel.access.slowdown import ALL, FORGOTTEN_AFTER_S, HERE, NAME, Slowdown
from firmware_host.records import ANYBODY, audit, tokens
from tests.api.house import PIN, House, house


class Clock:
    """Stands until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


# --------------------------------------------------------------------------------------------------------- wrong tries


def test_whoever_guesses_waits_longer_and_longer_and_not_for_good() -> None:
    clock = Clock()
    tries = Slowdown(None, clock)
    waits = []
    for _ in range(14):
        while (wait_s := tries.begin("Ada", "10.0.0.9", trusted=False)) > 0.0:
            waits.append(wait_s)
            clock.now_s += wait_s
    assert waits == sorted(waits)
    assert waits[:3] == [1.0, 2.0, 4.0]
    assert max(waits) <= HERE.longest_s
    clock.now_s += FORGOTTEN_AFTER_S + 1
    assert tries.begin("Ada", "10.0.0.9", trusted=False) == 0.0


def test_a_stranger_who_keeps_guessing_does_not_keep_out_whoever_is_known() -> None:
    clock = Clock()
    tries = Slowdown(None, clock)
    for number in range(2000):
        tries.begin("Ada", f"10.0.{number // 250}.{number % 250}", trusted=False)
        clock.now_s += 0.5
        assert tries.begin("Bo", "127.0.0.1", trusted=True) == 0.0
        tries.right("Bo", "127.0.0.1", trusted=True)
    assert 0.0 < tries.begin("Ada", "10.9.9.9", trusted=False) <= NAME.longest_s
    assert 0.0 <= tries.begin("Cy", "10.9.9.9", trusted=False) <= ALL.longest_s
    assert tries.begin("Ada", "127.0.0.1", trusted=True) == 0.0


def test_many_tries_at_once_gain_nothing_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "tries.json"
    tries = Slowdown(file, clock)
    begun = [tries.begin("Ada", "10.0.0.9", trusted=False) for _ in range(10)]  # none has ended yet
    assert begun.count(0.0) == HERE.free
    again = Slowdown(file, clock)
    assert again.begin("ada ", "10.0.0.9", trusted=False) > 0.0
    assert "Ada" not in file.read_text()
    assert "10.0.0.9" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans(), st.floats(0.0, 100.0))))
def test_no_wait_is_longer_than_the_longest(steps: list[tuple[str, str, bool, float]]) -> None:
    clock = Clock()
    tries = Slowdown(None, clock)
    for name, place, trusted, later_s in steps:
        assert 0.0 <= tries.begin(name, place, trusted=trusted) <= HERE.longest_s
        clock.now_s += later_s


# -------------------------------------------------------------------------------------------------------------- logins


def test_a_login_outlives_a_restart_and_locks_and_ends_by_time(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "logins.json"
    secret = Logins(file, clock).begin(1, "Ada", "operator")
    assert secret not in file.read_text()
    logins = Logins(file, clock)
    login = logins.find(secret)
    assert login is not None
    states = [login.locked]
    clock.now_s += IDLE_S + 1
    assert logins.find(secret) is login
    states.append(login.locked)
    assert states == [False, True]
    logins.unlock(login)
    clock.now_s += LONGEST_S
    assert logins.find(secret) is None
    assert login.locked
    assert not login.ended
    assert logins.find("no such thing") is None


@pytest.mark.requirement("REQ-PPL-RIGHTS")
@pytest.mark.parametrize("absent_s", [IDLE_S + 1, LONGEST_S + 1])
def test_a_socket_that_stays_open_is_locked_by_time_too(home: House, absent_s: float) -> None:
    clock = Clock()
    logins = Logins(None, clock)
    guard = Guard(home.records, logins, loopback=False)
    secret = logins.begin(1, "Ada", "operator")
    ada = guard.identify(secret, None)
    assert guard.why_no_message(ada, "press start") == ""
    clock.now_s += absent_s
    assert guard.why_no_message(ada, "press start") == LOCKED
    assert guard.why_no_message(ada, "move") == LOCKED
    assert guard.why_no_message(ada, "beat") == guard.why_no_message(ada, "press stop") == ""


@pytest.mark.requirement("REQ-PPL-RIGHTS")
def test_a_socket_that_stays_open_ends_with_its_token(home: House) -> None:
    guard = Guard(home.records, Logins(None, Clock()), loopback=False)
    now = datetime.now(tz=UTC)
    with home.records.begin() as transaction:
        tokens.add(transaction, ANYBODY, "Display", "operator", hashed("secret"), now + timedelta(days=1))
    display = guard.identify(None, "Bearer secret")
    assert display.expires_at == now + timedelta(days=1)
    assert not guard.is_gone(display)
    assert not guard.is_gone(replace(display, expires_at=None))
    assert guard.is_gone(replace(display, expires_at=now))


def test_a_file_that_was_spoilt_logs_everybody_out_and_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "logins.json"
    file.write_text("{")
    assert Logins(file, Clock()).find("x") is None


def test_a_folder_that_takes_nothing_more_keeps_nobody_out(home: House) -> None:
    """A full disk does the same as a folder that is gone."""
    home.person("Ada", "operator")
    ada = home.logged_in("Ada")
    shutil.rmtree(home.black_boxes.parent / "run")
    assert ada.post("/lock").status_code == 200
    assert ada.post("/unlock", json={"pin": PIN}).status_code == 200
    assert home.logged_in("Ada").get("/riders").status_code == 200


def fill_disk(home: House) -> None:
    """Nothing more is written of logins and tokens; what is there can be read."""
    with home.records.begin() as transaction:
        for kind, table in (("INSERT", "audit"), ("UPDATE", "person"), ("UPDATE", "token")):
            transaction.connection.exec_driver_sql(
                f"CREATE TRIGGER full_{table} BEFORE {kind} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )


def test_records_that_take_nothing_more_keep_nobody_out(home: House, caplog: pytest.LogCaptureFixture) -> None:
    home.person("Ada", "operator")
    ada = home.logged_in("Ada")
    fill_disk(home)
    assert ada.post("/lock").status_code == 200
    assert ada.post("/unlock", json={"pin": PIN}).status_code == 200
    assert home.logged_in("Ada").get("/riders").status_code == 200
    assert home.client().post("/login", json={"name": "Ada", "pin": "wrong"}).status_code == 401
    assert "free some space" in caplog.text
    assert PIN not in caplog.text


def test_records_that_take_nothing_more_keep_no_program_out(home: House, caplog: pytest.LogCaptureFixture) -> None:
    home.person("Sue", "service")
    display = home.client(home.token("operator"))
    fill_disk(home)
    for _ in range(3):
        assert display.get("/riders").status_code == 200
    assert caplog.text.count("free some space") == 1
    assert home.client("nothing").get("/riders").status_code == 401


@pytest.mark.parametrize(
    ("pin", "role", "right"),
    [("4711", "operator", True), ("471", "rider", False), ("4711", "service", False), ("471100", "clinician", True),
     ("1111", "operator", False), ("x" * 129, "operator", False)],
)  # fmt: skip
def test_which_pins_are_taken(pin: str, role: str, right: bool) -> None:
    assert (why_not(pin, role) == "") == right


def test_a_pin_is_checked_and_nobodys_takes_as_long() -> None:
    pins = Pins()
    kept = pins.hashed(PIN)
    assert kept.startswith("$argon2id$")
    assert PIN not in kept
    assert pins.right(kept, PIN)
    assert not pins.right(kept, "wrong")
    assert not pins.right(None, PIN)
    assert not pins.right("no hash", PIN)


# ------------------------------------------------------------------------------------------------------------ the API


def test_the_first_pin_is_of_service_and_closes_the_open_house(home: House) -> None:
    client = home.client()
    assert client.get("/me").json()["open"]
    refused = client.post("/people", json={"name": "Bo", "role": "operator", "pin": "4711"})
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, "role")
    added = client.post("/people", json={"name": "Ada", "role": "service", "pin": "471100"})
    assert added.status_code == 201
    assert added.json()["has_pin"]
    assert "pin" not in added.json()
    me = client.get("/me").json()
    assert (me["open"], me["person"], me["role"]) == (False, None, None)
    assert client.get("/people").status_code == 401
    told = client.post("/login", json={"name": "ada", "pin": "471100"})
    assert told.json()["person"] == {"id": 1, "name": "Ada", "role": "service"}
    cookie = next(one for one in told.headers.get_list("set-cookie") if one.startswith("righting_login="))
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert client.get("/people/names").json() == {"names": ["Ada"]}


def test_the_last_pin_of_service_stays(home: House) -> None:
    number = home.person("Ada", "service")
    client = home.logged_in("Ada")
    for change in ({"role": "operator", "pin": "471100"}, {"active": False}):
        assert client.patch(f"/people/{number}", json=change).status_code == 409
    assert client.patch(f"/people/{number}", json={"pin": None}).status_code == 422
    assert client.get("/me").json()["role"] == "service"


def test_a_change_of_a_person_counts_at_once(home: House) -> None:
    home.person("Ada", "service")
    number = home.person("Bo", "operator")
    ada, bo = home.logged_in("Ada"), home.logged_in("Bo")
    assert bo.get("/riders").status_code == 200
    assert ada.patch(f"/people/{number}", json={"role": "rider"}).status_code == 200
    assert bo.get("/riders").status_code == 403
    assert ada.patch(f"/people/{number}", json={"role": "clinician"}).status_code == 422  # needs a longer PIN
    assert ada.patch(f"/people/{number}", json={"pin": "another"}).status_code == 200
    assert bo.get("/me").json()["person"] is None
    assert home.client().post("/login", json={"name": "Bo", "pin": PIN}).status_code == 401
    assert home.client().post("/login", json={"name": "Bo", "pin": "another"}).status_code == 200
    assert ada.patch(f"/people/{number}", json={"active": False}).status_code == 200
    assert home.client().post("/login", json={"name": "Bo", "pin": "another"}).status_code == 401


def test_wrong_tries_are_told_to_wait(home: House) -> None:
    home.person("Ada", "service")
    client = home.client()
    answers = [client.post("/login", json={"name": "Ada", "pin": "wrong"}) for _ in range(HERE.free + 1)]
    assert [one.status_code for one in answers] == [401] * HERE.free + [429]
    assert answers[0].json()["problems"][0]["field"] == "pin"
    assert answers[-1].json()["retry_after_s"] >= 1
    assert answers[-1].headers["retry-after"]
    assert client.post("/login", json={"name": "Ada", "pin": PIN}).status_code == 429  # right, and too early
    unknown = home.client().post("/login", json={"name": "Nobody", "pin": "wrong"}).json()
    assert unknown == answers[0].json()


def test_another_way_to_write_a_name_is_no_other_count(home: House) -> None:
    home.person("Ada Byron", "service")
    client = home.client()
    ways = ["Ada Byron", "ada  byron", "\uff21da Byron", "ADA\u2003BYRON"]
    assert len(ways) > HERE.free
    answers = [client.post("/login", json={"name": way, "pin": "wrong"}).status_code for way in ways]
    assert answers == [401] * HERE.free + [429]


def test_a_restart_of_the_panel_logs_nobody_out(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.person("Ada", "service")
        cookie = home.logged_in("Ada").cookies["righting_login"]
    with house(tmp_path) as again:
        client = again.client(cookies={"righting_login": cookie})
        assert client.get("/me").json()["person"]["name"] == "Ada"


def test_a_token_is_shown_once_and_dies_when_revoked_or_old(home: House) -> None:
    home.person("Ada", "service")
    ada = home.logged_in("Ada")
    made = ada.post("/tokens", json={"name": "Display", "role": "operator", "days": 1}).json()
    assert made["token"].startswith("righting_")
    assert made["expires_at"] is not None
    assert "token" not in ada.get("/tokens").json()["tokens"][0]
    with home.client(made["token"]) as display:
        assert display.get("/riders").status_code == 200
        assert display.get("/people").status_code == 403
        assert ada.delete(f"/tokens/{made['id']}").status_code == 200
        assert display.get("/riders").status_code == 401
    files = [file for file in home.black_boxes.parent.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if made["token"].encode() in file.read_bytes()]


def test_no_pin_is_written_into_the_audit_log_or_a_file(home: House, capfd: pytest.CaptureFixture[str]) -> None:
    client = home.client()
    pins = ["first-pin-471100", "wrong-pin-471100"]
    client.post("/people", json={"name": "Ada", "role": "service", "pin": pins[0]})
    client.post("/login", json={"name": "Ada", "pin": pins[1]})
    client.post("/login", json={"name": "Ada", "pin": pins[0], "more": 1})
    client.post("/login", json={"name": "Ada", "pin": [pins[0]]})
    told = client.post("/login", json={"name": "Ada", "pin": pins[0]})
    assert told.status_code == 200
    with home.records.read() as transaction:
        entries = json.dumps([one._asdict() for one in audit.page(transaction)], default=str)
    assert "logged in" in entries
    assert "login refused" in entries
    said = capfd.readouterr()
    found = [entries, said.out, said.err, *(file.read_bytes().decode("latin-1") for file in _files(home))]
    assert not [pin for pin in pins for text in found if pin in text]


def _files(home: House) -> list[Path]:
    return [file for file in home.black_boxes.parent.rglob("*") if file.is_file()]


# ------------------------------------------------------------------------------------------------- what passes first


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 401),
    ],
)
def test_a_page_of_somebody_else_changes_nothing(home: House, headers: dict[str, str], status: int) -> None:
    body = json.dumps({"name": "Ada", "pin": "4711"})
    answer = home.client().post("/login", content=body, headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status
    assert answer.json()["error"]


def test_the_panels_own_page_may(home: House) -> None:
    body: dict[str, Any] = {"name": "Ada", "pin": "4711"}
    own = {"Origin": home.url, "Sec-Fetch-Site": "same-origin"}
    assert home.client().post("/login", json=body, headers=own).status_code == 401
    port = home.url.rsplit(":", 1)[1]
    other = {"Origin": f"http://127.0.0.1:{int(port) ^ 1}"}
    assert home.client().post("/login", json=body, headers=other).status_code == 403


@pytest.mark.parametrize("length", [True, False])
def test_a_body_that_is_too_long_is_not_read(home: House, length: bool) -> None:
    pieces = [b" " * 65536] * 8
    content = b"".join(pieces) if length else iter(pieces)
    answer = home.client().post("/login", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_every_answer_carries_its_headers_and_pages_are_packed(home: House) -> None:
    client = home.client()
    for url in (home.url + "/", home.url + "/page/main.js", "/me", "/nothing", "/riders/0"):
        answer = client.get(url)
        headers = answer.headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert f"connect-src 'self' {home.stop_url}" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == ("no-store" if str(answer.url).startswith(home.url + "/api") else "no-cache")
        assert "server" not in headers or headers["server"] == "uvicorn"
    assert client.get(home.url + "/page/main.js").headers["content-encoding"] == "gzip"
