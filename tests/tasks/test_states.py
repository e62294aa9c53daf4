"""States: the tree, its questions, its values."""

import pickle
import threading
from datetime import UTC, datetime

import pytest

from nemflow.results.base import NO_VALUE, Result
from nemflow.tasks import signals, states
from nemflow.tasks.context import context
from nemflow.tasks.states import State, unwrap

ALL = [kind for kind in State.children() if kind is not states.MetaState]
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def names(question: str) -> set[str]:
    return {kind.__name__ for kind in ALL if getattr(kind(), question)()}


class TestTree:
    @pytest.mark.parametrize(
        ("child", "parent"),
        [
            ("Scheduled", "Pending"),
            ("Paused", "Scheduled"),
            ("Resume", "Scheduled"),
            ("Retrying", "Scheduled"),
            ("Submitted", "MetaState"),
            ("Queued", "MetaState"),
            ("ClientFailed", "MetaState"),
            ("Cancelling", "Running"),
            ("Success", "Finished"),
            ("Cached", "Success"),
            ("Mapped", "Success"),
            ("Skipped", "Success"),
            ("Failed", "Finished"),
            ("TimedOut", "Failed"),
            ("TriggerFailed", "Failed"),
            ("ValidationFailed", "Failed"),
            ("Looped", "Finished"),
            ("Cancelled", "Finished"),
        ],
    )
    def test_each_state_stands_below_its_parent(self, child: str, parent: str) -> None:
        assert getattr(states, child).__bases__ == (getattr(states, parent),)

    def test_children_lists_all_classes_below(self) -> None:
        assert states.Failed.children(names_only=True) == [
            "TimedOut",
            "TriggerFailed",
            "ValidationFailed",
        ]
        assert states.Retrying.children(include_self=True) == [states.Retrying]

    def test_parents_lists_all_classes_above_nearest_first(self) -> None:
        assert states.Retrying.parents(names_only=True) == ["Scheduled", "Pending", "State"]
        assert states.Failed.parents(include_self=True)[0] is states.Failed

    def test_every_state_has_a_colour(self) -> None:
        assert all(kind.color.startswith("#") and len(kind.color) == 7 for kind in ALL)


class TestQuestions:
    def test_skipped_cached_and_mapped_are_successful(self) -> None:
        assert names("is_successful") == {"Success", "Cached", "Mapped", "Skipped"}

    def test_trigger_failed_timed_out_and_validation_failed_are_failed(self) -> None:
        assert names("is_failed") == {"Failed", "TimedOut", "TriggerFailed", "ValidationFailed"}

    def test_looped_and_cancelled_are_finished_but_neither_successful_nor_failed(self) -> None:
        neither = names("is_finished") - names("is_successful") - names("is_failed")
        assert neither == {"Finished", "Looped", "Cancelled"}

    def test_retrying_paused_and_resume_are_pending_and_scheduled(self) -> None:
        assert {"Retrying", "Paused", "Resume"} <= names("is_pending") & names("is_scheduled")

    def test_queued_is_scheduled(self) -> None:
        assert names("is_scheduled") == {"Scheduled", "Paused", "Resume", "Retrying", "Queued"}

    def test_cancelling_is_running(self) -> None:
        assert names("is_running") == {"Running", "Cancelling"}

    def test_meta_states_are_submitted_queued_and_client_failed(self) -> None:
        assert names("is_meta_state") == {"Submitted", "Queued", "ClientFailed"}

    @pytest.mark.parametrize("word", ["Cached", "Looped", "Mapped", "Queued", "Retrying"])
    def test_single_questions_name_one_class(self, word: str) -> None:
        assert names(f"is_{word.lower()}") == {word}

    def test_submitted_and_skipped_name_one_class(self) -> None:
        assert names("is_submitted") == {"Submitted"}
        assert names("is_skipped") == {"Skipped"}


class TestValue:
    def test_the_result_is_the_value(self) -> None:
        assert states.Success(result=5).result == 5

    def test_a_result_object_is_kept_as_it_is(self) -> None:
        kept = Result(5, location="a")
        state = states.Success(result=kept)
        assert state._result is kept
        assert state.result == 5

    def test_no_result_reads_none_and_is_marked_as_never_produced(self) -> None:
        state = states.Success()
        assert state.result is None
        assert state._result.value is NO_VALUE

    def test_a_produced_none_reads_none_and_is_a_value(self) -> None:
        state = states.Success(result=Result(None))
        assert state.result is None
        assert state._result.value is None

    def test_states_without_result_do_not_share_what_is_set_later(self) -> None:
        first, second = states.Success(), states.Success()
        first.result = 1
        assert second.result is None

    def test_repr_shows_class_and_message(self) -> None:
        assert repr(states.Success("all good")) == '<Success: "all good">'
        assert repr(states.Success()) == "<Success>"


class TestEquality:
    def test_equal_by_class_and_result(self) -> None:
        assert states.Success(result=1) == states.Success(result=1)
        assert states.Success(result=1) != states.Success(result=2)
        assert states.Success(result=1) != states.Cached(result=1)

    def test_message_and_context_are_ignored(self) -> None:
        assert states.Success("a", context={"k": 1}) == states.Success("b")

    def test_other_public_fields_count(self) -> None:
        assert states.Retrying(start_time=LATER, run_count=1) != states.Retrying(
            start_time=LATER, run_count=2
        )

    def test_a_state_equals_nothing_else(self) -> None:
        assert states.Success() != "Success"

    def test_hash_is_by_identity(self) -> None:
        assert len({states.Success(), states.Success()}) == 2


class TestScheduled:
    def test_start_time_defaults_to_now(self) -> None:
        before = datetime.now(UTC)
        assert before <= states.Scheduled().start_time <= datetime.now(UTC)

    @pytest.mark.usefixtures("machine_in_sydney")
    def test_a_naive_start_time_is_read_as_utc(self) -> None:
        assert states.Scheduled(start_time=datetime(2030, 1, 1)).start_time == LATER

    def test_a_paused_state_has_no_start_time_unless_given(self) -> None:
        assert states.Paused().start_time is None
        assert states.Paused(start_time=LATER).start_time == LATER

    def test_the_run_count_of_the_running_task_is_noted(self) -> None:
        with context(task_run_count=3):
            assert states.Scheduled().context["task_run_count"] == 3

    def test_retrying_counts_from_the_running_task_else_from_one(self) -> None:
        assert states.Retrying().run_count == 1
        with context(task_run_count=3):
            assert states.Retrying().run_count == 3
            assert states.Retrying(run_count=7).run_count == 7

    def test_looped_counts_from_the_running_task_else_from_one(self) -> None:
        assert states.Looped().loop_count == 1
        with context(task_loop_count=4):
            assert states.Looped().loop_count == 4


class TestContext:
    def test_the_tags_of_the_running_task_are_noted(self) -> None:
        with context(task_tags={"slow"}):
            assert states.Success().context == {"tags": ["slow"]}

    def test_without_a_running_task_the_context_is_empty(self) -> None:
        assert states.Success().context == {}


class TestMetaStates:
    def test_a_meta_state_unwraps_the_meta_state_it_is_given(self) -> None:
        inner = states.Running()
        assert states.Queued(state=states.Submitted(state=inner)).state is inner

    def test_unwrap_gives_the_state_inside(self) -> None:
        inner = states.Running()
        assert unwrap(states.Submitted(state=inner)) is inner
        assert unwrap(inner) is inner

    def test_unwrap_of_nothing_is_pending(self) -> None:
        assert unwrap(None) == states.Pending()
        assert unwrap(states.Submitted()) == states.Pending()

    def test_queued_asks_again_now_unless_told_when(self) -> None:
        assert states.Queued().start_time <= datetime.now(UTC)
        assert states.Queued(start_time=datetime(2030, 1, 1)).start_time == LATER


class TestMapped:
    def test_the_result_lists_the_results_of_the_children(self) -> None:
        children = [states.Success(result=1), None, states.Failed(result="e")]
        assert states.Mapped(map_states=children).result == [1, None, "e"]

    def test_the_number_of_children_falls_back_to_their_list(self) -> None:
        assert states.Mapped(map_states=[None, None]).n_map_states == 2
        assert states.Mapped(n_map_states=5).n_map_states == 5


class Locked(Exception):
    """An exception that cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


class TestPickle:
    @pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
    def test_every_state_comes_back_equal(self, kind: type[State]) -> None:
        state = kind("words", result=[1, 2], context={"k": 1})
        back = pickle.loads(pickle.dumps(state))
        assert (back, back.message, back.context) == (state, "words", {"k": 1})

    def test_the_fields_of_a_kind_come_back(self) -> None:
        state = states.Retrying(start_time=LATER, run_count=3)
        back = pickle.loads(pickle.dumps(state))
        assert (back.start_time, back.run_count) == (LATER, 3)

    def test_never_produced_stays_never_produced(self) -> None:
        back = pickle.loads(pickle.dumps(states.Success()))
        assert back._result.value is NO_VALUE

    def test_an_exception_comes_back_as_exception(self) -> None:
        back = pickle.loads(pickle.dumps(states.Failed(result=ValueError("no"))))
        assert isinstance(back.result, ValueError)

    def test_an_exception_that_cannot_travel_becomes_text(self) -> None:
        back = pickle.loads(pickle.dumps(states.Failed(result=Locked())))
        assert back.result == "Locked('locked')"

    def test_any_other_value_that_cannot_travel_is_an_error(self) -> None:
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(states.Success(result=threading.Lock()))

    def test_a_state_whose_result_is_its_signal_comes_back_so(self) -> None:
        state = signals.SKIP("nothing today").state
        back = pickle.loads(pickle.dumps(state))
        assert back.is_skipped()
        assert isinstance(back.result, signals.SKIP)
        assert back.result.state.message == "nothing today"


class TestPlaces:
    @pytest.mark.parametrize("name", ["Success", "Retrying", "Mapped", "_restore"])
    def test_pickles_that_name_the_module_of_all_states_are_read(self, name: str) -> None:
        found = pickle.loads(f"cnemflow.tasks.states\n{name}\n.".encode())
        assert found is getattr(states, name)

    def test_a_class_of_a_users_own_is_what_its_parent_is(self) -> None:
        class Late(states.TimedOut):
            pass

        assert Late().is_failed()
        assert Late().is_finished()
        assert not Late().is_successful()
