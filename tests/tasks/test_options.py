"""The options of a task: what is refused, and what is stored."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.results import LocalResult
from nemflow.tasks.base import Task
from nemflow.tasks.context import tags
from nemflow.tasks.options import place_target

SECOND = timedelta(seconds=1)


class TestTags:
    def test_a_single_string_is_refused(self) -> None:
        with pytest.raises(TypeError, match="'slow'"):
            Task(tags="slow")

    def test_no_tags_is_the_empty_set(self) -> None:
        assert Task().tags == frozenset()

    def test_the_tags_of_the_open_block_are_added(self) -> None:
        with tags("outer"), tags("inner"):
            assert Task(tags=["own"]).tags == {"outer", "inner", "own"}
        assert Task().tags == frozenset()


class TestRetries:
    def test_retries_need_a_delay(self) -> None:
        with pytest.raises(DefinitionError, match="needs a retry_delay"):
            Task(max_retries=1)

    @pytest.mark.parametrize("max_retries", [None, 0])
    def test_a_delay_needs_retries(self, max_retries: int | None) -> None:
        with pytest.raises(ValueError, match="needs max_retries"):
            Task(max_retries=max_retries, retry_delay=SECOND)

    def test_a_negative_number_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="-1"):
            Task(max_retries=-1, retry_delay=SECOND)

    def test_retry_on_needs_retries(self) -> None:
        with pytest.raises(ValueError, match="retry_on needs max_retries"):
            Task(retry_on=ValueError)

    @pytest.mark.parametrize("wrong", ["ValueError", BaseException, int, [OSError, 3]])
    def test_retry_on_takes_only_classes_of_exceptions(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="classes of exceptions"):
            Task(max_retries=1, retry_delay=SECOND, retry_on=wrong)

    @pytest.mark.parametrize("given", [OSError, [OSError], {OSError}])
    def test_retry_on_is_stored_as_a_set(self, given: Any) -> None:
        task = Task(max_retries=1, retry_delay=SECOND, retry_on=given)
        assert task.retry_on == {OSError}

    def test_without_options_there_are_no_retries(self) -> None:
        task = Task()
        assert (task.max_retries, task.retry_delay, task.retry_on) == (0, None, None)


class TestHandlers:
    def test_a_single_callable_is_refused(self) -> None:
        with pytest.raises(TypeError, match="list of callables"):
            Task(state_handlers=lambda *_: None)  # type: ignore[arg-type]  # the mistake tested

    def test_on_failure_comes_after_the_state_handlers(self) -> None:
        handler = lambda *_: None  # noqa: E731
        task = Task(state_handlers=[handler], on_failure=handler)
        assert task.state_handlers[0] is handler
        assert len(task.state_handlers) == 2


class TestTarget:
    def test_the_target_becomes_the_location_of_a_copy(self, tmp_path: Path) -> None:
        given = LocalResult(tmp_path, location="elsewhere")
        placed = place_target(given, "here")
        assert placed is not None
        assert (placed.location, given.location) == ("here", "elsewhere")

    def test_without_target_the_result_stays_itself(self, tmp_path: Path) -> None:
        given = LocalResult(tmp_path)
        assert place_target(given, None) is given
        assert place_target(None, "here") is None
