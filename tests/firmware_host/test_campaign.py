"""The parts of a campaign that run no session: what is drawn, written, counted and refused."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.cli.campaign.cases import PROGRAM_S, devices_of, draw_case
from firmware_host.cli.campaign.changes import cross, mutate
from firmware_host.cli.campaign.coverage import Coverage
from firmware_host.cli.campaign.detection import WINDOWS_S, Detections, Times
from firmware_host.cli.campaign.judging import phase_of, run_case
from firmware_host.cli.campaign.lines import write_case
from firmware_host.cli.campaign.results import CRASHED_SHARE, Detected, Onset, Result, Tripped, Weakest
from firmware_host.cli.campaign.shards import NO_PART_OF_A_SESSION, Folder, FolderError, Shard, code_digest, shards
from firmware_host.cli.campaign.steering import Parents, Tried, child, parents_of, usual_shares
from firmware_host.cli.campaign.summary import WORST_KEPT, Summary
from firmware_host.cli.campaign.workers import Workers, WorkersError
from firmware_host.cli.sessions import load_session
from safety.monitors import REGISTER
from safety.supervisor import OWN_TRIPS
from sim.faults import CATALOGUE, parse
from tests.changed_parts import A_FEW, changed_parts
from tests.end_to_end.commands import EXAMPLES


def result(index: int, *shares: tuple[str, float], **changes: object) -> Result:
    margins = tuple(
        Weakest(rule=rule, value=share, unit="deg", share=share, text="seen")
        for rule, share in sorted(shares, key=lambda entry: entry[1])
    )
    well = Result(
        index=index, faults=("cable-out@3",), outcome="returned", session_s=90.0, core_s=0.5, trips=(), onsets=(),
        violations=(), wrong_causes=(), false_trips=(), margins=margins,
    )  # fmt: skip
    return well.model_copy(update=changes)


def test_the_same_numbers_draw_the_same_case() -> None:
    assert draw_case(7, 3) == draw_case(7, 3)
    assert len({str(draw_case(seed, index)) for seed in (7, 8) for index in (3, 4)}) == 4


def test_another_process_draws_the_same_cases() -> None:
    """Sets of words are in another order there."""
    code = "from firmware_host.cli.campaign.cases import draw_case; print([draw_case(7, index) for index in range(40)])"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize(("drive", "range_nm"), [("servo", (300.0, 500.0)), ("roboclaw", (600.0, 1000.0))])
def test_the_brake_of_a_drive_that_keeps_its_enable_holds_the_motor(drive: str, range_nm: tuple[float, float]) -> None:
    case, draw = draw_case(7, 3, devices_of(EXAMPLES / f"table-{drive}.toml")), random.Random(1)
    for _ in range(30):
        assert range_nm[0] <= case.table["physics"]["brake"]["holding_torque_nm"] <= range_nm[1]
        case = mutate(case, draw)


def test_what_is_drawn_are_sessions_with_no_fault_one_or_two() -> None:
    cases = [draw_case(1, index) for index in range(150)]
    plans = [case.session().plan for case in cases]
    assert all(PROGRAM_S[0] <= plan.program_s <= PROGRAM_S[1] for plan in plans)
    numbers = Counter(len(case.faults) for case in cases)
    assert numbers.keys() == {0, 1, 2}
    assert numbers[0] < numbers[2] < numbers[1]
    many = [draw_case(1, index) for index in range(1000)]
    assert {fault.name for case in many for fault in case.faults} == set(CATALOGUE)
    assert all(parse(str(fault)) == fault for case in cases for fault in case.faults)


def test_a_fault_with_a_value_has_the_usual_one_or_any_of_its_range() -> None:
    values: dict[str, list[float | None]] = {}
    for fault in (fault for index in range(3000) for fault in draw_case(1, index).faults):
        values.setdefault(fault.name, []).append(fault.value)
    for name, drawn in values.items():
        parameter, given = CATALOGUE[name].parameter, [value for value in drawn if value is not None]
        assert bool(given) == (parameter is not None), name
        if parameter is not None:
            assert None in drawn, name
            assert max(given) > 10.0 * min(given) or max(given) > parameter.highest / 2.0, name


def test_a_fault_that_is_moved_or_stretched_keeps_its_value() -> None:
    parent = draw_case(1, 5)._replace(faults=(parse("encoder-jump=17@30:4"),))
    children = [mutate(parent, random.Random(number)) for number in range(200)]
    jumps = [fault for child in children for fault in child.faults if fault.value == 17.0]
    assert sum(fault.at_s != 30.0 for fault in jumps) > 20
    assert sum(fault.duration_s != 4.0 for fault in jumps) > 5


def test_a_child_of_a_case_is_a_session_near_it() -> None:
    parent = draw_case(1, 5)
    children = [mutate(parent, random.Random(number)) for number in range(40)]
    assert children[7] == mutate(parent, random.Random(7))
    assert all(child.session().plan.total_s > 0.0 for child in children)
    changed = Counter(
        name for child in children for name in parent._fields if getattr(child, name) != getattr(parent, name)
    )
    assert changed.keys() == set(parent._fields)
    assert changed["table"] < len(children) / 2


def test_the_files_of_a_case_make_its_session(tmp_path: Path) -> None:
    case = draw_case(2, 0)
    line = write_case(case, tmp_path / "case")
    session = load_session(*(tmp_path / "case" / f"{kind}.toml" for kind in ("program", "rider", "table")))
    drawn = case.session()
    assert session.plan.starts_s == drawn.plan.starts_s
    assert session.plan._replace(segments=()) == drawn.plan._replace(segments=())
    assert session.limits == drawn.limits
    assert session.table.file == drawn.table.file
    assert session.rider.file == drawn.rider.file
    assert line.startswith(f"righting bench {tmp_path}/case/program.toml --rider ")
    assert line.endswith(" ".join(f"--fault {fault}" for fault in case.faults) + " --json -")


def test_a_session_that_raises_is_a_violation() -> None:
    case = draw_case(2, 0)
    found = run_case(case._replace(table={"table": {"name": ""}}), 4)
    assert found.broken == {"crash"}
    assert "name" in found.violations[0]
    assert found.weakest_share == CRASHED_SHARE


@pytest.mark.parametrize(
    ("angle_deg", "rate_dps", "phase"),
    [
        (-75.0, 0.0, "head-up, standing"),
        (-2.1, 3.0, "head-up, inverting"),
        (2.0, -0.2, "flat, rising"),
        (2.1, -0.1, "inverted, standing"),
    ],
)
def test_where_the_table_is_and_which_way_it_turns(angle_deg: float, rate_dps: float, phase: str) -> None:
    assert phase_of(angle_deg, rate_dps) == phase


def test_a_blind_spot_is_a_situation_that_another_fault_met() -> None:
    coverage = Coverage()
    coverage.add([Onset(fault="cable-out", state="session_moving", phase="flat, rising")])
    coverage.add([Onset(fault="runaway", state="session_holding", phase="inverted, standing")] * 2)
    told = coverage.as_dict()
    assert told["met"] == 2
    assert told["possible"] == 2 * len(CATALOGUE)
    assert told["blind_spots"]["cable-out"] == ["session_holding, inverted, standing"]
    assert told["blind_spots"]["host-stall"] == told["situations"]
    assert "cable-out" not in told["faults_never_met"]
    assert "emergency_flat" in told["states_never_met"]
    assert "session_moving" not in told["states_never_met"]


def test_a_summary_counts_sessions_and_keeps_the_worst() -> None:
    summary = Summary()
    for index in range(100):
        summary.add(result(index, ("angle", index / 100.0)))
    assert not summary.failed
    summary.add(result(100, ("angle", -0.5), violations=("angle: 1", "angle: 2")))
    summary.add(result(101, ("angle", 0.7), faults=(), false_trips=("false trip: x",)))
    summary.add(result(102, ("angle", 0.7), wrong_causes=("cause: x",)))
    told = summary.as_dict()
    assert [told[name] for name in ("violations", "wrong_causes", "false_trips")] == [1, 1, 1]
    assert (told["sessions"], told["fault_free"], told["sessions_per_core_second"]) == (103, 1, 2.0)
    assert told["sessions_of_90_s_per_core_second"] == 2.0  # these are of 90 s
    assert [one.index for one in summary.failures] == [100, 101, 102]
    summary.add(result(103, ("angle", 0.7), unanswered=("unanswered: x",)))
    assert (summary.as_dict()["unanswered"], summary.as_dict()["failing"]) == (1, 4)
    assert [index for _, index in summary.worst] == [100, *range(WORST_KEPT - 1)]
    assert [(one["rule"], one["index"]) for one in told["weakest"]] == [("angle", 100)]


def test_ranges_cover_every_session_once() -> None:
    assert [(shard.first, shard.until) for shard in shards(1, 25)] == [(0, 10), (10, 20), (20, 25)]


def test_a_range_on_the_disk_is_whole_or_to_be_run_again(tmp_path: Path) -> None:
    folder, shard = Folder(tmp_path / "new"), Shard(7, 0, 2)
    folder.begin(7)
    assert folder.read(shard) is None
    whole = [result(0, ("angle", 0.5)), result(1)]
    folder.write(shard, whole)
    assert folder.read(shard) == whole
    file = next(folder.path.glob("*.jsonl"))
    file.write_text(file.read_text()[:-20])
    assert folder.read(shard) is None
    file.write_text(whole[0].model_dump_json() + "\n")
    assert folder.read(shard) is None


def test_a_folder_of_another_campaign_is_refused(tmp_path: Path) -> None:
    Folder(tmp_path).begin(7)
    Folder(tmp_path).begin(7)
    with pytest.raises(FolderError, match="pass --seed 7"):
        Folder(tmp_path).begin(8)
    header = tmp_path / "campaign.json"
    for changed in ("faults", "code", "devices"):
        before = header.read_text()
        header.write_text(json.dumps({**json.loads(before), changed: "other"}))
        with pytest.raises(FolderError, match="other code, devices or faults"):
            Folder(tmp_path).begin(7)
        header.write_text(before)
    (tmp_path / "campaign.json").write_text("x")
    with pytest.raises(FolderError, match="not written by a campaign"):
        Folder(tmp_path).begin(7)


def test_no_session_enters_the_rooms_whose_code_a_campaign_does_not_depend_on() -> None:
    names = ", ".join(repr(f"firmware_host.{room}") for room in NO_PART_OF_A_SESSION)
    run = "from firmware_host.cli.campaign.judging import run_drawn; assert run_drawn(7, 1).session_s > 10.0"
    told = f"import sys; {run}; print([name for name in sys.modules if name.startswith(({names}))])"
    found = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True, timeout=300)
    assert found.stdout.strip() == "[]"


def test_the_fingerprint_of_the_code_goes_by_what_a_session_runs(tmp_path: Path) -> None:
    def told(name: str, text: str) -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return code_digest(tmp_path)

    source, table = "safety/rest.py", "sim/data/segments.csv"
    first = [told(source, "def f() -> int:\n    return 1\n"), told(table, "1")]
    same = told(source, 'def f() -> int:\n    """Give one."""\n    return 1  # and no more\n')
    beside = told("firmware_host/recording/explain.py", "x = 1\n")
    assert (same, beside) == (first[1], first[1])
    assert len({*first, told(source, "def f() -> int:\n    return 2\n"), told(table, "2")}) == 4


def test_processes_do_every_task_once() -> None:
    tasks = [-number for number in range(150)]
    assert sorted(Workers(2).do(abs, tasks)) == sorted((task, -task) for task in tasks)
    assert list(Workers(1).do(abs, tasks[:3])) == [(0, 0), (-1, 1), (-2, 2)]


def test_a_cluster_without_its_library_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WorkersError, match="use --workers"):
        Workers(1, "tcp://127.0.0.1:1")


def test_a_child_may_take_a_fault_from_each_parent() -> None:
    first, second = [case for case in (draw_case(1, index) for index in range(20)) if len(case.faults) == 1][:2]
    child = cross(first, second, random.Random(1))
    assert child.faults == (*first.faults, *second.faults)
    assert child._replace(faults=first.faults) == first
    assert cross(first, second._replace(faults=()), random.Random(1)) == first


def test_a_child_is_near_to_its_parent() -> None:
    parent = draw_case(1, 3)
    only = Tried(0, parent, result(0, ("angle", 0.5)))
    children = [child(7, number, Parents([only], [only])) for number in range(40)]
    assert all(changed_parts(parent, one) <= A_FEW for one in children)
    assert sum(one != parent for one in children) > 35
    assert changed_parts(parent, draw_case(1, 4)) > A_FEW
    assert children == [child(7, number, Parents([only], [only])) for number in range(40)]


def test_what_is_usual_for_a_rule_makes_no_session_a_parent() -> None:
    """A rule that is always near to breaking does not crowd out the others, nor does one that is never."""
    case = draw_case(1, 0)
    hurried = [result(number, ("rate", 0.1), ("angle", 0.9), ("unasked", 1.0)) for number in range(20)]
    usual = usual_shares(hurried)
    assert usual == {"rate": 0.1, "angle": 0.9, "unasked": 1.0}
    other = result(20, ("angle", 0.4), ("rate", 0.8), ("unasked", 1.0))
    tried = [Tried(one.index, case, one) for one in (*hurried, other)]
    parents = parents_of(tried, usual)
    assert parents.worst[0].number == 20
    assert len(parents.worst) < 4
    assert [parent.number for parent in parents.niches] == [20]


def test_each_rule_has_its_own_parents() -> None:
    case = draw_case(1, 0)
    usual = {"rate": 0.2, "angle": 0.8}
    rates = [result(number, ("rate", 0.1 + 0.01 * number), ("angle", 0.9)) for number in range(6)]
    angles = [result(number, ("rate", 0.3), ("angle", 0.75 - 0.01 * number)) for number in range(6, 9)]
    parents = parents_of([Tried(one.index, case, one) for one in (*rates, *angles)], usual)
    assert [parent.number for parent in parents.worst] == [0, 1, 8, 7]
    assert [parent.number for parent in parents.niches] == [0, 1, 7, 8]


def test_a_session_that_crashed_is_the_worst() -> None:
    case = draw_case(1, 0)
    tried = [Tried(0, case, result(0, ("rate", 0.01))), Tried(1, case, result(1))]
    assert [one.number for one in parents_of(tried, {"rate": 0.2}).worst] == [1, 0]


def test_detections_are_told_by_fault_with_the_worst_session() -> None:
    found = Detections()
    for index, (after_s, window_s) in enumerate([(0.2, 0.1), (3.0, 0.05), (1.0, 0.3)]):
        found.add(index, Detected(fault="encoder-stuck", monitor="following", after_s=after_s, window_s=window_s))
    found.add(3, Detected(fault="encoder-stuck", monitor="", after_s=0.0, window_s=0.0))
    found.add(4, Detected(fault="rider-lighter", monitor="", after_s=0.0, window_s=0.0))
    found.add(5, None)
    stuck, lighter = found.as_list()
    assert stuck == {
        "fault": "encoder-stuck", "sessions": 4, "answered": 3, "monitors": {"following": 3},
        "median_s": 1.0, "worst_s": 3.0, "worst_index": 1, "worst_window_s": 0.3,
    }  # fmt: skip
    assert (lighter["answered"], lighter["sessions"], lighter["worst_s"]) == (0, 1, None)


@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=30), st.integers(0, 300_000))
def test_times_that_are_counted_are_those_that_were_added(times_ms: list[int], limit_ms: int) -> None:
    times = Times()
    for index, time_ms in enumerate(times_ms):
        times.add(time_ms / 1e3, index)
    assert times.total == len(times_ms)
    assert times.worst_index is not None
    assert times.worst_s == max(times_ms) / 1e3 == times_ms[times.worst_index] / 1e3
    assert times.median_s == round(median(times_ms) / 1e3, 3)
    assert times.above(limit_ms / 1e3) == sum(time_ms > limit_ms for time_ms in times_ms)


def test_no_time_has_no_middle() -> None:
    assert (Times().median_s, Times().worst_s, Times().total) == (None, None, 0)


def test_a_monitor_that_tripped_in_a_session_counts_once() -> None:
    summary = Summary()
    twice = [Tripped(monitor="link", response="STOP", t_s=t_s) for t_s in (1.0, 2.0)]
    summary.add(result(0, ("angle", 0.5), trips=tuple(twice)))
    told = summary.as_dict()["tripped"]
    assert (told["link"], told["tick"], set(told)) == (1, 0, {*(monitor.id for monitor in REGISTER), *OWN_TRIPS})


def test_answers_are_held_against_the_window_of_their_monitor() -> None:
    found = Detections()
    for index, window_s in enumerate([0.1, 0.12, 0.121, 2.98]):
        found.add(index, Detected(fault="cable-out", monitor="link", after_s=3.0, window_s=window_s))
    found.add(4, Detected(fault="encoder-stuck", monitor="angle-plausibility", after_s=30.0, window_s=30.0))
    assert found.windows() == [
        {
            "monitor": "link", "answers": 4, "window_s": 0.1, "median_s": 0.12, "worst_s": 2.98, "worst_index": 3,
            "beyond": 2,
        }
    ]  # fmt: skip


def test_a_single_fault_is_timed_from_its_onset() -> None:
    case = draw_case(2, 0)._replace(faults=(parse("cable-out@20"),))
    timed = run_case(case, 0)
    assert timed.detected is not None
    assert (timed.detected.fault, timed.detected.monitor) == ("cable-out", "link")
    assert timed.detected.window_s <= timed.detected.after_s < 1.0
    assert run_case(case._replace(faults=()), 0).detected is None


def test_every_window_is_one_of_a_monitor() -> None:
    assert {monitor.id for monitor in REGISTER} >= set(WINDOWS_S)
