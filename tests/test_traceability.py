"""From hazards to tests and back: the project's own chain is whole, and every kind of break is found."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.evidence import figures, keep, pages, sdoc
from docs.evidence.__main__ import as_sdoc
from docs.evidence.checks import problems
from docs.evidence.model import Code, Hazard, MarkedTest, Model, MonitorFact, Requirement, Source, marked_tests, read
from firmware_host.cli.campaign.shards import code_digest

MONITOR = Code("safety/monitors/link.py", "Link")
TEST = Code("tests/test_link.py", "test_link")
HAZARD = Hazard(
    uid="H-01",
    title="Silence",
    cause="The cable breaks.",
    situation="The rider hangs.",
    harm="Death.",
    severity=5,
    probability=3,
    outside="A brake.",
    residual="Little.",
    residual_probability=1,
    sources=("S-001",),
)
BUILT = Requirement(
    uid="REQ-LINK",
    title="Old telemetry",
    statement="After `link_age_s` the rider shall be returned.",
    measure="Protection",
    active=True,
    section="Monitors",
    hazards=("H-01",),
    code=(MONITOR,),
)
DRAFT = BUILT._replace(uid="REQ-DRAFT", active=False, code=())
WHOLE = Model(
    sources=[Source("S-001", "A study", "doi 1")],
    hazards=[HAZARD],
    requirements=[BUILT, DRAFT],
    tests=[MarkedTest(TEST, ("REQ-LINK",))],
    monitors=[MonitorFact("link", "H-01", MONITOR)],
    lines={MONITOR.path: {"Link": 3}, TEST.path: {"test_link": 9}},
    mentions=[("H-01", MONITOR.path)],
)


def test_the_chain_of_this_project_is_whole(repository: Path) -> None:
    model = read(repository)
    assert problems(model) == []
    assert len(model.hazards) >= 26
    assert {one.section for one in model.requirements} >= {"Monitors", "Responses", "Envelope", "Wire", "Alarms"}


def test_a_whole_chain_has_no_problems() -> None:
    assert problems(WHOLE) == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (WHOLE._replace(tests=[]), "REQ-LINK: has no test"),
        (WHOLE._replace(tests=[*WHOLE.tests, MarkedTest(TEST, ("REQ-GONE",))]), "test_link: its marker names REQ-GONE"),
        (WHOLE._replace(tests=[*WHOLE.tests, MarkedTest(TEST, ("REQ-DRAFT",))]), "REQ-DRAFT: is a draft, and tests/"),
        (WHOLE._replace(monitors=[MonitorFact("new", "H-01", Code("a.py", "New"))]), "monitor new: has no requirement"),
        (WHOLE._replace(monitors=[MonitorFact("link", "H-02", MONITOR)]), "monitor link: controls H-02, which is no"),
        (WHOLE._replace(hazards=[HAZARD, HAZARD._replace(uid="H-02")]), "H-02: has no control"),
        (
            WHOLE._replace(requirements=[BUILT, BUILT._replace(uid="REQ-X", active=False, hazards=())]),
            "REQ-X: names no",
        ),
        (WHOLE._replace(requirements=[BUILT, DRAFT._replace(hazards=("H-09",))]), "REQ-DRAFT: its parent H-09"),
        (WHOLE._replace(requirements=[BUILT._replace(code=(*BUILT.code, Code("a.py", "")))]), "there is no file a.py"),
        (WHOLE._replace(lines={MONITOR.path: {}}), "REQ-LINK: there is no Link in safety/monitors/link.py"),
        (WHOLE._replace(mentions=[("H-77", "safety/rest.py")]), "safety/rest.py: names the hazard H-77"),
        (WHOLE._replace(hazards=[HAZARD._replace(sources=("S-001", "S-002"))]), "S-002: cited and not in"),
        (WHOLE._replace(sources=[*WHOLE.sources, Source("S-003", "", "")]), "S-003: no hazard cites it"),
        (WHOLE._replace(requirements=[BUILT, DRAFT, DRAFT]), "REQ-DRAFT: given 2 times"),
        (WHOLE._replace(requirements=[BUILT._replace(statement="`gone_s`")]), "REQ-LINK: `gone_s` is no limit"),
    ],
)
def test_a_break_is_told(broken: Model, told: str) -> None:
    (problem,) = problems(broken)
    assert told in problem


def test_code_that_is_not_named_is_told() -> None:
    broken = WHOLE._replace(requirements=[BUILT._replace(code=())], monitors=[])
    assert problems(broken) == ["REQ-LINK: names no code; add a File relation to what fulfils it"]


def test_what_is_not_built_makes_no_hazard_less_probable() -> None:
    wanted = WHOLE._replace(requirements=[DRAFT], tests=[], monitors=[])
    assert problems(wanted) == ["H-01: no control is built, so its residual probability is 3"]
    assert problems(wanted._replace(hazards=[HAZARD._replace(residual_probability=3)])) == []


def test_markers_are_read_from_functions_and_files() -> None:
    text = """
pytestmark = [pytest.mark.realtime, pytest.mark.requirement("REQ-A")]
@pytest.mark.requirement("REQ-B")
@pytest.mark.parametrize("x", [1])
@pytest.mark.requirement("REQ-C", "REQ-E")
def test_one(x): ...
@pytest.mark.requirement("REQ-D")
def helper(): ...
def test_two(): ...
"""
    file, one = Code("tests/test_x.py", ""), Code("tests/test_x.py", "test_one")
    assert list(marked_tests("tests/test_x.py", ast.parse(text))) == [
        MarkedTest(file, ("REQ-A",)),
        MarkedTest(one, ("REQ-B", "REQ-C", "REQ-E")),
    ]


@pytest.mark.parametrize("arguments", ["", "NAME", '*["REQ-A"]', 'f"REQ-{1}"'])
def test_a_marker_that_cannot_be_read_is_refused(arguments: str) -> None:
    text = f"@pytest.mark.requirement({arguments})\ndef test_one(): ..."
    with pytest.raises(ValueError, match=r"test_x.py:1: write the requirements of the marker as plain strings"):
        list(marked_tests("tests/test_x.py", ast.parse(text)))


def test_a_requirement_that_a_test_names_twice_is_refused() -> None:
    text = '@pytest.mark.requirement("REQ-A")\n@pytest.mark.requirement("REQ-A")\ndef test_one(): ...'
    with pytest.raises(ValueError, match=r"test_x.py, test_one: names a requirement twice"):
        list(marked_tests("tests/test_x.py", ast.parse(text)))


SDOC = """\
[DOCUMENT]
TITLE: Requirements

[GRAMMAR]
ELEMENTS:
- TAG: REQUIREMENT
  FIELDS:

[[SECTION]]
TITLE: Monitors

[REQUIREMENT]
UID: REQ-LINK
STATEMENT: >>>
After a while
the rider: up.
<<<
RELATIONS:
- TYPE: Parent
  VALUE: H-01
- TYPE: File
  VALUE: safety/rest.py
  CLASS: Rest

[[/SECTION]]

[TEXT]
STATEMENT: The end.
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "requirements.sdoc"
    file.write_text(SDOC)
    first, last = sdoc.read(file)
    assert first.fields == {"UID": "REQ-LINK", "STATEMENT": "After a while the rider: up."}
    assert first.relations == [sdoc.Relation("Parent", "H-01", ""), sdoc.Relation("File", "safety/rest.py", "Rest")]
    assert (first.section, last.section, last.tag) == ("Monitors", "", "TEXT")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("UID: REQ-LINK", "uid REQ-LINK"), r"sdoc:12: in \[REQUIREMENT\]: expected FIELD: text, found 'uid REQ-LINK'"),
        (("<<<\n", ""), r"sdoc:12: a text that >>> begins has no <<<"),
        (("- TYPE: Parent", "  TYPE: Parent"), r"sdoc:12: expected a relation, found '  TYPE: Parent'"),
        (("  VALUE: H-01\n", ""), r"sdoc:12: a relation needs TYPE and VALUE"),
        (("[TEXT]", "(TEXT)"), r"expected a node in square brackets, found '\(TEXT\)'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, wrong: tuple[str, str], told: str) -> None:
    file = tmp_path / "requirements.sdoc"
    file.write_text(SDOC.replace(*wrong))
    with pytest.raises(sdoc.SdocError, match=told):
        sdoc.read(file)


def test_what_strictdoc_is_given_names_every_test_and_its_requirements(tmp_path: Path) -> None:
    file = tmp_path / "tests.sdoc"
    marked = [MarkedTest(TEST, ("REQ-LINK", "REQ-DRAFT")), MarkedTest(Code("tests/test_rest.py", ""), ("REQ-LINK",))]
    file.write_text(as_sdoc(marked))
    one, whole_file = sdoc.read(file)
    assert one.fields == {"UID": "tests/test_link.py/test_link", "TITLE": "link"}
    assert [relation.value for relation in one.relations] == ["REQ-LINK", "REQ-DRAFT", "tests/test_link.py"]
    assert whole_file.fields == {"UID": "tests/test_rest.py", "TITLE": "rest"}
    assert whole_file.relations[-1] == sdoc.Relation("File", "tests/test_rest.py", "")


@pytest.mark.parametrize("make", [pages.hazards, pages.requirements])
def test_pages_show_what_is_not_built_and_not_acceptable(make: Callable[[Model, str], str]) -> None:
    page = make(WHOLE._replace(hazards=[HAZARD._replace(residual_probability=2)]), "What it is.")
    assert "What it is." in page
    assert "not built" in page
    assert ("not acceptable alone" in page) is (make is pages.hazards)


def test_a_limit_is_shown_with_its_value_and_a_test_with_its_line() -> None:
    page = pages.requirements(WHOLE, "")
    assert "`link_age_s` (0.1 s)" in page
    assert '<a href="source/tests/test_link.py.html#__codelineno-0-9">test_link</a>' in page


def test_the_matrix_goes_both_ways() -> None:
    forward, code, back = pages.traceability(WHOLE).split("\n## ")[1:]
    assert "[REQ-LINK](requirements.md#req-link)" in forward
    assert "[REQ-DRAFT](requirements.md#req-draft) | not built | 0 |" in forward
    assert "[H-01](hazards.md#h-01)" in code
    assert "test_link</a>" in back
    assert "[H-01](hazards.md#h-01)" in back


def test_figures_of_tools_that_were_not_run_are_not_invented(tmp_path: Path) -> None:
    page = figures.markdown(tmp_path)
    assert page.count("Not run: ") == len(figures.TOOLS)
    assert "|" not in page


def test_figures_are_those_that_the_tools_wrote(tmp_path: Path) -> None:
    summary = {"covered_lines": 9, "num_statements": 10, "covered_branches": 3, "num_branches": 4}
    files = {name: {"summary": summary} for name in ("safety/rest.py", "safety/view.py", "sim/rider.py")}
    figure = {"name": "tick", "value": 47.77, "unit": "us", "target": 200.0, "comparison": "at most"}
    (tmp_path / "coverage.json").write_text(json.dumps({"files": files}))
    (tmp_path / "tests.xml").write_text('<testsuites><testsuite tests="7" failures="1" skipped="0"/></testsuites>')
    campaign: dict[str, object] = {
        "sessions": 20000,
        "violations": 0,
        "trips": [1, 2],
        "seed": None,
        "coverage": {"met": 7},
        "weakest": [{"rule": "angle", "value": 0.25, "unit": "deg", "share": 0.0833, "index": 4, "command": "x /y"}],
    }
    answered = {"fault": "cable-out", "sessions": 9, "answered": 8, "monitors": {"link": 8}, "worst_window_s": 0.1}
    campaign["detection"] = [
        {**answered, "median_s": 0.12, "worst_s": 0.134},
        {"fault": "rider-slips", "sessions": 3, "answered": 0},
    ]
    (tmp_path / "campaign.json").write_text(json.dumps(campaign))
    search = {**figure, "name": "steered", "unit": "%", "comparison": "at least", "note": "9 % at random"}
    (tmp_path / "steering.json").write_text(json.dumps({"figures": [search]}))
    (tmp_path / "bench.json").write_text(json.dumps({"figures": [figure, {**figure, "name": "own", "target": None}]}))
    page = figures.markdown(tmp_path)
    for row in (
        "lines of `safety/` that the tests run | 18 of 20",
        "branches of `safety/` that the tests take | 6 of 8",
        "failures | 1",
        "sessions | 20,000",
        "violations | 0",
        "trips | 2 entries",
        "coverage: met | 7",
        "seed | unknown",
        "tick | 47.77 us, wanted at most 200",
        "own | 47.77 us",
        "steered | 47.77 %, wanted at least 200: 9 % at random",
        "cable-out | median 0.12 s, worst 0.134 s; once it saw it, the monitor took at most 0.1 s; "
        "answered in 8 of 9 sessions, by link",
        "rider-slips | answered in 0 of 3 sessions",
        "angle | 0.25 deg in session 4 (8.3% of what is granted)",
    ):
        assert f"| {row} |" in page
    assert page.count("Not run: ") == 2


def test_figures_of_a_long_campaign_are_kept_without_what_is_this_machine_s(tmp_path: Path) -> None:
    written, kept = tmp_path / "build.json", tmp_path / "campaign.json"
    told = {"seed": 7, "code": "1", "folder": "/x", "weakest": [{"rule": "angle", "command": "x /y"}], "detection": []}
    written.write_text(json.dumps({**told, "sessions": keep.LEAST_SESSIONS - 1}))
    assert not keep.keep(written, kept)
    written.write_text(json.dumps({**told, "sessions": 20_000}))
    assert keep.keep(written, kept)
    assert json.loads(kept.read_text()) == {
        "seed": 7, "code": "1", "weakest": [{"rule": "angle"}], "detection": [], "sessions": 20_000
    }  # fmt: skip
    written.write_text(json.dumps({**told, "sessions": 19_999}))
    assert not keep.keep(written, kept)
    written.write_text(json.dumps({**told, "code": "2", "sessions": keep.LEAST_SESSIONS - 1}))
    assert not keep.keep(written, kept)
    written.write_text(json.dumps({**told, "code": "2", "sessions": keep.LEAST_SESSIONS}))
    assert keep.keep(written, kept)
    assert json.loads(kept.read_text())["code"] == "2"


def test_a_whole_search_is_kept_and_a_short_one_is_not(tmp_path: Path) -> None:
    written, kept = tmp_path / "build.json", tmp_path / "steering.json"
    told = {"code": "1", "python": "3", "cores": 2, "figures": [{"benchmark": "steering", "value": 1.0}], "broken": {}}
    for some in ({"short": True}, {"short": False, "broken": {"steering": "x"}}):
        written.write_text(json.dumps({**told, **some}))
        assert not keep.keep_search(written, kept)
    written.write_text(json.dumps({**told, "short": False}))
    assert keep.keep_search(written, kept)
    assert json.loads(kept.read_text()) == {"code": "1", "figures": [{"value": 1.0}], "broken": {}, "short": False}


def test_figures_are_kept_that_leave_nothing_out(tmp_path: Path) -> None:
    written, kept = tmp_path / "build.json", tmp_path / "mutants.json"
    for some in ({}, {"whole": False}):
        written.write_text(json.dumps({"code": "1", **some}))
        assert not keep.keep_whole(written, kept)
    written.write_text(json.dumps({"code": "1", "whole": True}))
    assert keep.keep_whole(written, kept)
    assert json.loads(kept.read_text()) == {"code": "1", "whole": True}


@pytest.mark.parametrize(
    ("code", "told"), [("another", "an earlier state of this source"), (code_digest(), "this source")]
)
def test_figures_that_name_their_code_say_whether_it_is_this_one(tmp_path: Path, code: str, told: str) -> None:
    campaign = {"code": code, "sessions": 1, "weakest": [], "detection": []}
    (tmp_path / "campaign.json").write_text(json.dumps(campaign))
    assert f"Written by `make campaign`, of {told}.\n" in figures.markdown(tmp_path)


def test_figures_of_a_short_run_say_so(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text(json.dumps({"short": True, "figures": []}))
    assert "Written by `make bench` in its short form" in figures.markdown(tmp_path)


def test_kept_figures_are_shown_where_none_were_written(tmp_path: Path) -> None:
    build, kept = tmp_path / "build", tmp_path / "kept"
    for folder, sessions in ((kept, 20_000), (build, 300)):
        assert "| sessions | 300 |" not in figures.markdown(build, kept)
        folder.mkdir()
        (folder / "campaign.json").write_text(json.dumps({"sessions": sessions, "weakest": [], "detection": []}))
    assert "| sessions | 300 |" in figures.markdown(build, kept)
    (build / "campaign.json").unlink()
    assert "| sessions | 20,000 |" in figures.markdown(build, kept)
