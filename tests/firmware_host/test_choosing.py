"""Another rider and program by their text: judged as files are, and taken between two ticks or not at all."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from firmware_host.cli.sessions import load_session
from firmware_host.control.choosing import REST_OVER, STARTED, Choice, Chooser, Handover, Refusal, Text, Wanted, choose
from firmware_host.files.riders import with_ridden
from firmware_host.files.toml_source import FileError
from firmware_host.recording.session_record import describe, make_recorded_controller
from safety.ridden import Ridden
from tests.firmware_host.lockstep import EXAMPLES
from tests.waiting import LONGEST_S

pytestmark = pytest.mark.requirement("REQ-SES-CHOOSE")

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT_HAND = load_session(None, None, None)
REGULAR = Text("regular.toml", (EXAMPLES / "riders" / "regular.toml").read_text("utf-8"))
TO_40 = Text("40.toml", (EXAMPLES / "programs" / "intermittent-40.toml").read_text("utf-8"))
NEAR = Text("near.toml", 'name = "Near"\n[[step]]\ndo = "go"\nto_deg = -40\n')
WANTED = Wanted(REGULAR, TO_40, "r", {"from": "a test"})


def test_what_is_chosen_is_prepared_for_the_table_at_hand() -> None:
    session = choose(AT_HAND, REGULAR, TO_40, NOW, simulated=True)
    assert session.table is AT_HAND.table
    assert (session.rider.source.path, session.program.file.name) == ("regular.toml", "Intermittent 40")


def test_what_is_not_chosen_stays() -> None:
    session = choose(AT_HAND, None, None, NOW, simulated=True)
    assert (session.rider, session.program) == (AT_HAND.rider, AT_HAND.program)


def test_all_that_is_wrong_in_both_texts_is_told_with_its_line() -> None:
    rider = Text("r.toml", REGULAR.text.replace("mass_kg", "mas_kg"))
    program = Text("p.toml", 'name = "P"\n[[step]]\ndo = "goo"\n')
    with pytest.raises(FileError) as refused:
        choose(AT_HAND, rider, program, NOW, simulated=True)
    assert {(problem.path, problem.line) for problem in refused.value.problems} >= {("p.toml", 3)}
    assert "r.toml" in {problem.path for problem in refused.value.problems}


def test_a_program_beyond_the_rider_s_limits_is_refused_as_a_file_is() -> None:
    with pytest.raises(FileError, match=r"40\.toml:.*write at most 20"):
        choose(AT_HAND, None, TO_40, NOW, simulated=True)


@pytest.mark.requirement("REQ-PPL-SCREENING")
def test_on_a_real_table_the_rider_has_to_be_screened() -> None:
    with pytest.raises(FileError, match="questionnaire"):
        choose(AT_HAND, None, None, NOW, simulated=False)


@pytest.mark.requirement("REQ-SES-REPLAY")
def test_the_reference_stands_in_the_record_and_changes_no_replay() -> None:
    session = choose(AT_HAND, REGULAR, TO_40, NOW, simulated=True)
    record = Choice(session, "r", {"from": "a test"}).record()
    assert record == {"reference": "r", "note_from": "a test"}
    assert Choice(session).record() == {}
    whole = {**record, **describe(session)}
    assert make_recorded_controller(whole).safety.view.limits == session.limits


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_what_is_remembered_of_a_rider_counts_beside_what_was_told() -> None:
    account = Ridden(NOW, 480.0, 1150.0)
    session = choose(AT_HAND, REGULAR, NEAR, NOW, lambda rider: with_ridden(rider, account), simulated=True)
    assert session.limits.time_inverted_s == 50.0
    assert "rest for 60 min" in session.unscreened[-1].text
    with pytest.raises(FileError, match="what is left of the day"):
        choose(AT_HAND, REGULAR, TO_40, NOW, lambda rider: with_ridden(rider, account), simulated=True)


class Case:
    """A chooser, and a control loop that decides when a test says so."""

    def __init__(self, *, free: bool = True) -> None:
        self.free = free
        self.handover = Handover()
        self.chooser = Chooser(AT_HAND, self.handover, lambda: self.free, lambda: True, lambda: NOW)

    def begin(self, wanted: Wanted = WANTED) -> Callable[[], Refusal | None]:
        future = self.chooser.begin(wanted, lambda refusal: refusal)
        return lambda: future.result(LONGEST_S)

    def wait_for_offer(self) -> None:
        tick = threading.Event()
        while self.handover.offered is None:
            tick.wait(0.001)


def test_a_choice_is_taken_at_the_end_of_a_tick() -> None:
    case = Case()
    result = case.begin()
    case.wait_for_offer()
    assert case.handover.decide(free=True)
    assert result() is None
    taken = case.handover.taken
    assert taken is not None
    assert (taken.reference, taken.session.program.file.name) == ("r", "Intermittent 40")


def test_a_start_that_comes_before_the_end_of_the_tick_wins() -> None:
    case = Case()
    result = case.begin()
    case.wait_for_offer()
    assert not case.handover.decide(free=False)
    assert result() == Refusal(STARTED)
    assert case.handover.taken is None


def test_while_a_session_runs_nothing_is_even_read() -> None:
    case = Case(free=False)
    assert case.begin(Wanted(Text("r.toml", "["), None, None, {}))() == Refusal(STARTED)


def test_a_choice_that_is_wrong_is_told_with_all_that_is_wrong() -> None:
    refusal = Case().begin(Wanted(None, TO_40, None, {}))()
    assert refusal is not None
    assert refusal.problems[0].path == "40.toml"
    assert "write at most 20" in refusal.error


@pytest.mark.requirement("REQ-PPL-BUDGET")
def test_after_a_rest_the_same_is_made_ready_anew() -> None:
    case = Case()
    assert case.chooser.begin_again(Choice(AT_HAND, "r", {"from": "a test"})) == REST_OVER
    case.wait_for_offer()
    assert case.handover.decide(free=True)
    taken = case.handover.taken
    assert taken is not None
    assert (taken.reference, taken.note, taken.session.plan) == ("r", {"from": "a test"}, AT_HAND.plan)
    assert taken.session is not AT_HAND


def test_one_choice_at_a_time() -> None:
    case = Case()
    first = case.begin()
    case.wait_for_offer()
    second = case.begin()()
    assert second is not None
    assert "another choice" in second.error
    case.handover.decide(free=True)
    assert first() is None


def test_after_the_end_a_choice_is_taken_without_a_tick() -> None:
    case = Case()
    waiting = case.begin()
    case.wait_for_offer()
    case.handover.end()
    assert waiting() is None
    first = case.handover.taken
    assert case.begin()() is None
    assert case.handover.taken is not first


def test_a_loop_that_does_not_tick_is_not_waited_for_for_ever() -> None:
    case = Case()
    assert case.begin()() == Refusal(STARTED)
    assert case.handover.offered is None


def test_a_defect_in_a_check_reaches_whoever_asked_and_the_next_choice_is_taken() -> None:
    case = Case()
    broken: Any = Wanted(Text("r.toml", None), None, None, {})  # type: ignore[arg-type]  # a defect, made here
    with pytest.raises(AttributeError):
        case.begin(broken)()
    result = case.begin()
    case.wait_for_offer()
    case.handover.decide(free=True)
    assert result() is None
