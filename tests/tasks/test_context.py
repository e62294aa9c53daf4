"""``nemflow.context``: what running code can ask about its run."""

import logging
import threading

import pytest

from nemflow.flows.base import Flow
from nemflow.tasks.context import (
    context,
    enter_progress,
    get_logger,
    leave_progress,
    report_progress,
)
from nemflow.tasks.decorator import task


class TestFacade:
    def test_keys_are_read_as_attributes_and_items(self) -> None:
        with context(colour="blue"):
            assert context.colour == context["colour"] == context.get("colour") == "blue"
            assert "colour" in context

    def test_a_block_restores_exactly_what_was_there(self) -> None:
        with context(a=1):
            with context(a=2, b=3):
                assert context.to_dict() == {"a": 2, "b": 3}
            assert context.to_dict() == {"a": 1}
        assert context.to_dict() == {}

    def test_a_block_is_left_when_its_body_raises(self) -> None:
        with pytest.raises(ZeroDivisionError), context(a=1):
            raise ZeroDivisionError
        assert "a" not in context

    def test_a_mapping_is_taken_too(self) -> None:
        with context({"a": 1}, b=2):
            assert context.to_dict() == {"a": 1, "b": 2}

    def test_an_unknown_key_is_an_error_or_the_default(self) -> None:
        with pytest.raises(AttributeError, match="'colour'"):
            _ = context.colour
        with pytest.raises(KeyError):
            context["colour"]
        assert context.get("colour", "red") == "red"

    def test_it_is_a_mapping(self) -> None:
        with context(a=1), context(b=2):
            assert dict(context) == {"a": 1, "b": 2}
            assert (len(context), sorted(context.items())) == (2, [("a", 1), ("b", 2)])

    def test_repr_lists_the_keys(self) -> None:
        assert repr(context) == "<nemflow.context: no run here>"
        with context(b=1, a=2):
            assert repr(context) == "<nemflow.context: a, b>"

    def test_inside_with_flow_the_innermost_open_flow_is_a_key(self) -> None:
        with Flow("outer") as outer:
            with Flow("inner") as inner:
                assert context.flow is inner
            assert context["flow"] is outer
        assert context.get("flow") is None

    def test_a_thread_of_ones_own_sees_nothing_of_it(self) -> None:
        seen = []
        with context(a=1):
            thread = threading.Thread(target=lambda: seen.append("a" in context))
            thread.start()
            thread.join()
        assert seen == [False]


class TestInsideATask:
    def test_the_run_can_be_asked_for(self) -> None:
        seen = {}

        @task(tags=["small"])
        def ask() -> None:
            seen.update(context.to_dict())
            seen["logger"] = context.logger

        with Flow("asked", flow_run_name="monday") as flow:
            ask()
        flow.run(context={"colour": "blue"})
        assert seen["task_name"] == seen["task_full_name"] == seen["task_run_name"] == "ask"
        assert seen["task_slug"] == "ask-small-1"
        assert seen["task_tags"] == {"small"}
        assert seen["task_run_count"] == 1
        assert seen["map_index"] is None
        assert seen["checkpointing"] is True
        assert (seen["flow_name"], seen["flow_run_name"]) == ("asked", "monday")
        assert seen["colour"] == "blue"
        assert seen["logger"] is logging.getLogger("nemflow.ask")

    def test_the_block_around_a_run_reaches_its_tasks(self) -> None:
        seen = []
        with Flow("f") as flow:
            task(lambda: seen.append(context.colour))()
        with context(colour="blue"):
            flow.run()
        assert seen == ["blue"]

    def test_nothing_of_a_run_is_left_after_it(self) -> None:
        with Flow("f") as flow:
            task(lambda: 1 / 0)()
        flow.run()
        assert context.to_dict() == {}


class TestAround:
    def test_records_of_a_runs_logger_say_which_run_they_come_from(self, caplog) -> None:
        @task
        def talk() -> None:
            context.logger.warning("here")

        with Flow("talking", flow_run_name="talk-1") as flow:
            talk()
        flow.run(context={"flow_run_id": "abc"})
        [record] = [record for record in caplog.records if record.getMessage() == "here"]
        assert (record.flow_run_id, record.flow_run_name) == ("abc", "talk-1")
        assert (record.task_name, record.task_run_count) == ("talk", 1)

    def test_get_logger_is_the_standard_librarys(self) -> None:
        assert get_logger("nemflow.own") is logging.getLogger("nemflow.own")

    def test_progress_outside_of_a_run_goes_nowhere(self) -> None:
        heard = []
        token = enter_progress(lambda *progress: heard.append(progress))
        report_progress(1, 2)
        leave_progress(token)
        report_progress(2, 2)
        assert heard == [(1, 2, "bytes")]
