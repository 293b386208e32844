"""Riders, programs, sessions, logs and service over the API: what is kept, what is refused, and beside which field."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from firmware_host.files.riders import make_rider, ridden_by
from firmware_host.files.toml_source import parse_toml
from firmware_host.panel.api.children import Children, Finished
from firmware_host.records import ANYBODY, plans
from firmware_host.records.ingest import ingest
from tests.api.desk import SESSION
from tests.api.house import House, house
from tests.end_to_end.commands import EXAMPLES, bench
from tests.records.making import LONG_AGO_S, metadata, record
from tests.waiting import until

SHORT = 'name = "Short"\n\n[[step]]\ndo = "go"\nto_deg = 5\n\n[[step]]\ndo = "hold"\nfor_s = 1\n'
ADA: dict[str, Any] = {
    "rider": {"name": "Ada", "sex": "female", "mass_kg": 72.5, "height_m": 1.75, "experience": "regular"}
}
CLEARANCE = {"given_by": "Dr. A. Example", "expires": "2099-06-30", "conditions": []}


@pytest.fixture
def service(home: House) -> httpx.Client:
    home.person("Sue", "service")
    return home.client(home.token("service"))


@pytest.fixture
def operator(home: House, service: httpx.Client) -> httpx.Client:  # noqa: ARG001 - a PIN is set, so rights count
    return home.client(home.token("operator"))


def fields(answer: httpx.Response) -> list[str]:
    return [problem["field"] for problem in answer.json()["problems"]]


# -------------------------------------------------------------------------------------------------------------- riders


def test_a_rider_comes_with_limits_and_what_stands_against_riding(operator: httpx.Client) -> None:
    added = operator.post("/riders", json={"document": ADA})
    assert added.status_code == 201
    told = operator.get(f"/riders/{added.json()['id']}").json()
    assert (told["version"], told["document"]["rider"]["name"], told["sessions"]) == (1, "Ada", 0)
    limit = next(one for one in told["limits"] if one["name"] == "inverted_limit_deg")
    assert (limit["value"], limit["unit"]) == (45.0, "deg")
    assert [one["id"] for one in told["reasons"]] == ["not-screened"]
    assert operator.get("/riders").json()["riders"][0]["limit_deg"] == 45.0


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"mass_kg": "heavy"}, "rider.mass_kg"),
        ({"mass_kg": True}, "rider.mass_kg"),
        ({"mass_kg": None}, "rider"),
        ({"experience": "bold"}, "rider.experience"),
        ({"sessions_done": 1.5}, "rider.sessions_done"),
        ({"colour": "red"}, "rider.colour"),
    ],
)
def test_what_is_wrong_with_a_rider_is_told_at_its_field(
    operator: httpx.Client, part: dict[str, Any], field: str
) -> None:
    answer = operator.post("/riders", json={"document": {"rider": {**ADA["rider"], **part}}})
    assert (answer.status_code, fields(answer)) == (422, [field]), answer.text
    assert operator.get("/riders").json() == {"riders": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/riders", '{"document": {"\\ud800": 1}}'),
        ("/riders", '{"document": {"rider": {"name": "A\\ud800"}}}'),
        ("/programs", '{"document": {"name": "\\ud800", "step": []}}'),
        ("/programs/preview", '{"document": {"\\ud800": 1}}'),
    ],
)
def test_half_a_letter_is_refused_as_anything_wrong_is(operator: httpx.Client, path: str, body: str) -> None:
    told = operator.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (told.status_code, len(told.json()["problems"])) == (422, 1), told.text


def test_an_older_version_is_refused_and_the_present_one_shown(operator: httpx.Client) -> None:
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    heavier = {"rider": {**ADA["rider"], "mass_kg": 80.0}}
    assert operator.put(f"/riders/{number}", json={"document": heavier, "version": 1}).json()["version"] == 2
    late = operator.put(f"/riders/{number}", json={"document": ADA, "version": 1})
    assert (late.status_code, late.json()["current"]["document"]["rider"]["mass_kg"]) == (409, 80.0)
    assert operator.put(f"/riders/{number}", json={"document": ADA, "version": True}).status_code == 422


def test_a_clearance_takes_a_clinician_whichever_way_it_comes(home: House, operator: httpx.Client) -> None:
    clinician = home.client(home.token("clinician"))
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    cleared = {**ADA, "clearance": CLEARANCE}
    assert operator.post("/riders", json={"document": cleared}).status_code == 403
    assert operator.put(f"/riders/{number}", json={"document": cleared, "version": 1}).status_code == 403
    told = clinician.put(f"/riders/{number}/clearance", json={"clearance": CLEARANCE, "version": 1})
    assert told.json()["document"]["clearance"] == CLEARANCE
    lighter = {"rider": {**ADA["rider"], "mass_kg": 60.0}, "clearance": CLEARANCE}
    assert operator.put(f"/riders/{number}", json={"document": lighter, "version": 2}).status_code == 200
    assert operator.put(f"/riders/{number}", json={"document": ADA, "version": 3}).status_code == 403
    wrong = clinician.put(f"/riders/{number}/clearance", json={"clearance": {**CLEARANCE, "expires": "soon"}})
    assert (wrong.status_code, fields(wrong)) == (422, ["clearance.expires"])
    assert clinician.put(f"/riders/{number}/clearance", json={"clearance": None}).json()["document"] == {
        "rider": lighter["rider"]
    }


def test_answers_are_dated_and_their_reasons_come_back(operator: httpx.Client) -> None:
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    pages = operator.get("/screening").json()["pages"]
    ids = [one["id"] for page in pages for one in page["questions"]]
    body = {"answers": dict.fromkeys(ids, False), "consulted": True, "supervised": True}
    assert operator.put(f"/riders/{number}/screening", json=body).json()["reasons"] == []
    yes = {**body, "answers": {**body["answers"], ids[0]: True}}  # type: ignore[dict-item]  # it is a dictionary
    told = operator.put(f"/riders/{number}/screening", json=yes).json()
    assert [one["id"] for one in told["reasons"]] == [ids[0]]
    unknown = operator.put(f"/riders/{number}/screening", json={**body, "answers": {"hiccups": True}})
    assert (unknown.status_code, fields(unknown)) == (422, ["screening.answers"])


def test_a_rider_gets_a_copy_and_is_forgotten(home: House, service: httpx.Client) -> None:
    number = service.post("/riders", json={"document": {**ADA, "clearance": CLEARANCE}}).json()["id"]
    assert service.post(f"/riders/{number}/archive").json()["archived_at"] is not None
    assert service.get("/riders").json()["riders"] == []
    assert len(service.get("/riders?archived=true").json()["riders"]) == 1
    assert service.post(f"/riders/{number}/restore").json()["archived_at"] is None
    copy = service.get(f"/riders/{number}/export")
    assert copy.headers["content-disposition"] == f'attachment; filename="rider-{number}.json"'
    assert copy.json()["rider"]["document"]["rider"]["name"] == "Ada"
    assert 'name = "Ada"' in service.get(f"/riders/{number}/toml").text
    assert service.delete(f"/riders/{number}").json() == {"ok": True}
    for path in ("", "/trends", "/export", "/toml"):
        assert service.get(f"/riders/{number}{path}").status_code == 404
    files = [file for file in home.black_boxes.iterdir() if file.is_file()]
    assert not [file for file in files if b"Dr. A. Example" in file.read_bytes()]


@pytest.mark.requirement("REQ-PPL-BUDGET")
@pytest.mark.parametrize("way", ["add", "change"])
def test_a_document_brings_no_account_of_its_own(operator: httpx.Client, way: str) -> None:
    account = {"ended": "2026-11-23T15:12:00+01:00", "inverted_s": 0.0, "day_inverted_s": 0.0}
    rode = {**ADA, "ridden": account}
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    if way == "add":
        told = operator.post("/riders", json={"document": rode})
    else:
        told = operator.put(f"/riders/{number}", json={"document": rode, "version": 1})
    assert (told.status_code, fields(told)) == (422, ["ridden"])
    assert "take the section ridden out" in told.json()["error"]
    assert operator.get(f"/riders/{number}").json()["document"] == ADA


# ------------------------------------------------------------------------------------------------------------ programs


def test_the_library_has_what_comes_with_righting_and_leaves_it_alone(operator: httpx.Client) -> None:
    found = operator.get("/programs").json()["programs"]
    assert len(found) == len(list((EXAMPLES / "programs").glob("*.toml")))
    first = found[0]
    assert first["built_in"]
    assert first["total_s"] > 0.0
    text = operator.get(f"/programs/{first['id']}").json()["text"]
    assert operator.put(f"/programs/{first['id']}", json={"text": text + "\n", "version": 1}).status_code == 409
    assert operator.post("/programs", json={"text": text}).status_code == 201


def test_a_program_is_kept_as_text_or_document_and_refused_at_its_line(operator: httpx.Client) -> None:
    added = operator.post("/programs", json={"text": SHORT}).json()
    assert (added["name"], added["text"], added["document"]["step"][0]["to_deg"]) == ("Short", SHORT, 5)
    document = {**added["document"], "name": "Shorter"}
    changed = operator.put(f"/programs/{added['id']}", json={"document": document, "version": 1}).json()
    assert (changed["name"], changed["version"]) == ("Shorter", 2)
    assert operator.get(f"/programs/{added['id']}/toml").text == changed["text"]
    wrong = operator.post("/programs", json={"text": SHORT.replace("to_deg = 5", 'to_deg = "up"')})
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0] | {"text": ""} == {
        "line": 5, "field": "step.0.to_deg", "path": ["step", 0, "to_deg"], "step": 0, "text": "",
    }  # fmt: skip
    assert operator.post("/programs", json={}).status_code == 422
    assert operator.post("/programs", json={"text": "name = ["}).json()["problems"][0]["line"] == 1


def test_a_preview_tells_what_does_not_fit_the_rider(operator: httpx.Client) -> None:
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    steep = SHORT.replace("to_deg = 5", "to_deg = 50")
    told = operator.post("/programs/preview", json={"text": steep, "rider_id": number}).json()
    assert (told["ok"], told["limit_deg"], told["problems"][0]["step"]) == (False, 45.0, 0)
    good = operator.post("/programs/preview", json={"text": SHORT, "rider_id": number}).json()
    assert (good["ok"], good["highest_deg"], good["problems"]) == (True, 5.0, [])
    assert len(good["curve"]) > 10
    assert operator.post("/programs/preview", json={"text": "?"}).json()["ok"] is False


@pytest.mark.realtime
def test_a_program_is_tried_out_on_the_simulator(operator: httpx.Client) -> None:
    told = operator.post("/programs/simulate", json={"text": SHORT, "rider_id": None})
    assert told.status_code == 200, told.text
    found = told.json()
    assert (found["outcome"], found["trips"]) == ("completed", [])
    assert found["highest_deg"] == pytest.approx(5.0, abs=1.0)
    assert found["curve"][0][1] == pytest.approx(-75.0, abs=2.0)
    steep = operator.post("/programs/simulate", json={"text": SHORT.replace("to_deg = 5", "to_deg = 50")})
    assert (steep.status_code, "above the" in steep.json()["error"]) == (422, True), steep.text


# ------------------------------------------------------------------------------------------------------------ sessions


@pytest.fixture
def choosing(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as opened:
        yield opened


def test_a_choice_is_written_down_and_then_the_controller_is_asked(choosing: House) -> None:
    client = choosing.client()  # nobody has a PIN: everybody may
    rider = client.post("/riders", json={"document": ADA}).json()["id"]
    program = client.post("/programs", json={"text": SHORT}).json()["id"]
    told = client.post("/sessions/choose", json={"rider_id": rider, "program_id": program}).json()
    assert told["session"] == SESSION + 1
    asked = choosing.desk.chosen[-1]
    assert (asked.reference, asked.session) == (told["reference"], SESSION)
    assert asked.rider is not None
    assert asked.program is not None
    assert 'name = "Ada"' in asked.rider.text
    assert (asked.program.path, asked.program.text) == ("this program", SHORT)
    assert asked.rider.path == "this rider"  # the path goes into the black box, which names nobody
    with choosing.records.read() as transaction:
        plan = plans.get(transaction, told["reference"])
    assert (plan.rider_id, plan.program_id) == (rider, program)
    before = client.post("/sessions/comfort", json={"reference": told["reference"], "before": 6})
    assert before.json() == {"before": 6, "after": None, "note": ""}
    assert client.post("/sessions/comfort", json={"reference": "nothing", "before": 6}).status_code == 404
    nobody = client.post("/sessions/choose", json={"rider_id": None, "program_id": None})
    assert nobody.status_code == 200
    built_in = choosing.desk.chosen[-1]
    assert built_in.rider is not None
    assert built_in.program is not None
    assert "Demo" in built_in.rider.text  # and not whoever rode before
    assert "[[step]]" in built_in.program.text


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_what_a_rider_did_on_a_real_table_goes_to_the_controller_and_onto_the_page(choosing: House) -> None:
    client = choosing.client()
    number = client.post("/riders", json={"document": ADA}).json()["id"]
    ended = datetime.now(tz=UTC) - timedelta(minutes=5)
    with choosing.records.begin() as transaction:
        plans.plan(transaction, ANYBODY, "r", number)
    begun = (ended - timedelta(seconds=159.9)).isoformat()
    record(choosing.black_boxes, "real", metadata("r", begun), ticks=1600, serial=1001)
    ingest(choosing.records, choosing.black_boxes, LONG_AGO_S)
    told = client.get(f"/riders/{number}").json()
    assert [one["id"] for one in told["reasons"]] == ["not-screened", "rest"]
    assert "rest for 60 min" in told["reasons"][1]["text"]
    assert told["document"] == ADA
    assert client.get("/riders").json()["riders"][0]["reasons"] == 2
    assert client.post("/sessions/choose", json={"rider_id": number, "program_id": None}).status_code == 200
    asked = choosing.desk.chosen[-1]
    assert asked.rider is not None
    for text in (asked.rider.text, client.get(f"/riders/{number}/toml").text):
        account = ridden_by(make_rider(parse_toml("r", text)))
        assert account is not None
        assert abs(account.ended - ended) < timedelta(seconds=1)
        assert account.inverted_s == account.day_inverted_s == pytest.approx(80.0, abs=5.0)


def test_what_the_controller_refuses_is_told_with_its_lines(choosing: House) -> None:
    client = choosing.client()
    text = SHORT.replace("to_deg = 5", "to_deg = 50")
    program = client.post("/programs", json={"text": text}).json()["id"]
    told = client.post("/sessions/choose", json={"rider_id": None, "program_id": program})
    assert told.status_code == 409
    assert told.json()["problems"] == [{"field": None, "line": 5, "text": "too steep", "file": "program"}]
    client.post(f"/programs/{program}/archive")
    away = client.post("/sessions/choose", json={"rider_id": None, "program_id": program})
    assert "restore" in away.json()["error"]
    assert client.post("/sessions/choose", json={"rider_id": 99, "program_id": None}).status_code == 404


@pytest.fixture(scope="module")
def with_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a recording of a session that was stopped by a fault."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "records").mkdir()
    program = folder / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    bench(folder / "records", "encoder-stuck@20", program=program)
    (recording,) = (folder / "records").glob("*.mcap")
    recording.rename(recording.with_name('Übung "1" セッション.mcap'))  # people give their files names
    with house(folder) as opened:
        client = opened.client()
        until(lambda: client.get("/sessions").json()["total"] == 1, "the recording is taken up")
        yield opened


def test_a_session_is_found_with_its_events_and_comfort(with_session: House) -> None:
    client = with_session.client()
    page = client.get("/sessions?limit=1").json()
    one = page["sessions"][0]
    assert (page["next"], one["program"], one["rider"], one["simulated"]) == (None, "Short", None, True)
    assert one["trips"]
    told = client.get(f"/sessions/{one['id']}").json()
    assert "trip" in {event["kind"] for event in told["events"]}
    said = client.put(f"/sessions/{one['id']}/comfort", json={"before": 4, "after": 7, "note": "good"}).json()
    assert said == {"before": 4, "after": 7, "note": "good"}
    assert client.get("/sessions").json()["sessions"][0]["comfort_after"] == 7
    for wrong in ({"before": 11}, {"before": True}, {"after": 1.5}, {"note": "x" * 3000}):
        assert client.put(f"/sessions/{one['id']}/comfort", json=wrong).status_code == 422
    assert client.get("/sessions?before=nowhere").status_code in (409, 422)
    alarms = client.get("/alarms").json()["alarms"]
    assert {entry["session_id"] for entry in alarms} == {one["id"]}


@pytest.mark.parametrize(
    ("path", "kind", "begins"),
    [
        ("picture.png", "image/png", b"\x89PNG"),
        ("explanation.png", "image/png", b"\x89PNG"),
        ("blackbox", "application/octet-stream", b"\x89MCAP"),
        ("csv", "text/csv; charset=utf-8", b"time [s],"),
        ("report.pdf", "application/pdf", b"%PDF"),
    ],
)
def test_what_was_recorded_can_be_had_as_a_file(with_session: House, path: str, kind: str, begins: bytes) -> None:
    client = with_session.client()
    number = client.get("/sessions").json()["sessions"][0]["id"]
    told = client.get(f"/sessions/{number}/{path}")
    assert (told.status_code, told.headers["content-type"]) == (200, kind), told.text
    assert told.content.startswith(begins)
    assert client.get(f"/sessions/999/{path}").status_code == 404


def test_a_session_is_explained(with_session: House) -> None:
    client = with_session.client()
    number = client.get("/sessions").json()["sessions"][0]["id"]
    told = client.get(f"/sessions/{number}/explanation").json()
    assert any("encoder" in sentence for sentence in told["text"])
    assert told["trips"][0]["monitor"]


@pytest.fixture
def undrawn(with_session: House) -> Path:
    """The recording, without any picture of it."""
    for drawn in with_session.black_boxes.glob("*.png"):
        drawn.unlink()
    (recording,) = with_session.black_boxes.glob("*.mcap")
    return recording


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("path", ["picture.png", "explanation.png", "explanation"])
def test_a_picture_that_is_being_drawn_is_shown_to_nobody(
    with_session: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = with_session.client()
    children: Children = with_session.app.state.parts.children
    number = client.get("/sessions").json()["sessions"][0]["id"]
    shown = path if path.endswith(".png") else f"{path}.png"
    real = children.run
    begun: list[str] = []
    meanwhile: list[httpx.Response] = []

    def slow(module: str, arguments: Sequence[str]) -> Finished:
        begun.append(module)
        if len(begun) == 1:
            Path(arguments[-1]).write_bytes(b"\x89PNG half")
            meanwhile.append(with_session.client().get(f"/sessions/{number}/{shown}"))
        return real(module, arguments)

    monkeypatch.setattr(children, "run", slow)
    assert client.get(f"/sessions/{number}/{path}").status_code == 200
    monkeypatch.undo()
    for told in (*meanwhile, client.get(f"/sessions/{number}/{shown}")):
        assert (told.status_code, told.content[-8:-4]) == (200, b"IEND"), told.content[:100]
    assert [one.name for one in with_session.black_boxes.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize(("path", "ending"), [("picture.png", ".png"), ("explanation.png", "-explained.png")])
def test_a_picture_that_broke_off_is_drawn_anew(with_session: House, undrawn: Path, path: str, ending: str) -> None:
    client = with_session.client()
    number = client.get("/sessions").json()["sessions"][0]["id"]
    undrawn.with_name(undrawn.stem + ending).write_bytes(b"\x89PNG half")  # a command was ended while it drew
    assert client.get(f"/sessions/{number}/{path}").content[-8:-4] == b"IEND"


@pytest.mark.parametrize("path", ["picture.png", "explanation.png"])
def test_a_picture_is_drawn_anew_when_its_recording_grew(with_session: House, undrawn: Path, path: str) -> None:
    client = with_session.client()
    number = client.get("/sessions").json()["sessions"][0]["id"]
    whole = undrawn.read_bytes()
    undrawn.write_bytes(whole[: len(whole) * 2 // 3])
    try:
        before = client.get(f"/sessions/{number}/{path}")
    finally:
        undrawn.write_bytes(whole)
    assert before.status_code == 200
    after = client.get(f"/sessions/{number}/{path}").content
    assert after != before.content
    assert client.get(f"/sessions/{number}/{path}").content == after


# -------------------------------------------------------------------------------------------------- logs and service


def test_the_audit_log_names_what_was_done_and_is_whole(operator: httpx.Client, home: House) -> None:
    number = operator.post("/riders", json={"document": ADA}).json()["id"]
    clinician = home.client(home.token("clinician"))
    entries = clinician.get("/audit?limit=2").json()
    what = [(one["what"], one["subject"], one["who"]) for one in entries["entries"]]
    assert ("rider added", f"rider {number}", "token 2") in what
    assert clinician.get(f"/audit?before={entries['next']}").json()["entries"][0]["id"] < entries["next"]
    verdict = clinician.get("/audit/verify").json()
    assert (verdict["ok"], verdict["problem"]) == (True, None)
    assert "Ada" not in json.dumps(clinician.get("/audit").json())


def test_the_table_file_is_compared_and_written(tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text((EXAMPLES / "table.toml").read_text(encoding="utf-8"), encoding="utf-8")
    with house(tmp_path, table=table) as opened:
        client = opened.client()
        told = client.get("/service/table").json()
        assert (told["path"], told["text"]) == ("table.toml", table.read_text(encoding="utf-8"))
        tighter = '[table]\nname = "Attic"\n\n[limits]\ninverted_limit_deg = 40.0\n'
        changes = client.post("/service/table/diff", json={"text": tighter}).json()["changes"]
        assert "limits.inverted_limit_deg" in {one["name"] for one in changes}
        wider = tighter.replace("40.0", "99.0")
        assert client.post("/service/table/diff", json={"text": wider}).json()["problems"][0]["line"] == 5
        refused = client.put("/service/table", json={"text": wider})
        assert (refused.status_code, refused.json()["problems"][0]["line"]) == (422, 5)
        kept = client.put("/service/table", json={"text": tighter}).json()
        assert "next start" in kept["notice"]
        assert table.read_text(encoding="utf-8") == tighter
        assert client.get("/audit").json()["entries"][0]["what"] == "table file changed"
        table.write_text("[", encoding="utf-8")
        assert client.get("/service/table").status_code == 409


def test_the_built_in_table_is_not_written(service: httpx.Client) -> None:
    assert service.get("/service/table").json()["path"] is None
    refused = service.put("/service/table", json={"text": '[table]\nname = "Attic"\n'})
    assert (refused.status_code, "--table" in refused.json()["error"]) == (409, True)


def test_the_bundle_for_helpers_names_nobody(home: House, service: httpx.Client) -> None:
    service.post("/riders", json={"document": ADA})
    told = service.get("/service/diagnostics")
    with ZipFile(BytesIO(told.content)) as bundle:
        whole = b"".join(bundle.read(name) for name in bundle.namelist())
    assert b"angle_deg" in whole
    assert not [name for name in (b"Ada", b"Sue", b"secret") if name in whole]
    assert isinstance(service.get("/service/ports").json()["ports"], list)
    assert home.desk.pressed == []
