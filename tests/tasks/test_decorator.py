"""``@task``: a function as a task."""

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.tasks.decorator import FunctionTask, task


@task
def double(x: int) -> int:
    """Return twice as much."""
    return 2 * x


def test_the_function_is_the_run_and_lends_its_name_and_docstring() -> None:
    assert isinstance(double, FunctionTask)
    assert double.run(4) == 8
    assert double.name == double.__name__ == "double"
    assert double.__doc__ == "Return twice as much."


def test_options_are_passed_on() -> None:
    @task(name="twice", tags=["small"])
    def other(x: int) -> int:
        return 2 * x

    assert (other.name, other.tags) == ("twice", {"small"})


def test_calling_it_outside_of_a_flow_suggests_run() -> None:
    with pytest.raises(ValueError, match="run"):
        double(2)


def test_the_signature_is_checked_at_decoration() -> None:
    with pytest.raises(DefinitionError, match="wrong"):

        @task
        def wrong(*values: int) -> None: ...


def test_only_callables_can_be_tasks() -> None:
    with pytest.raises(TypeError, match="'text'"):
        FunctionTask("text")  # type: ignore[arg-type]  # the mistake tested


def test_a_call_inside_a_flow_runs_nothing() -> None:
    ran = []
    with Flow("f"):
        task(lambda: ran.append(1))()
    assert ran == []


def test_a_copy_runs_the_same_function() -> None:
    assert double.copy(name="other").run(4) == 8


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        task(colour="red")(lambda: 0)
