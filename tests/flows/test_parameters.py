"""Parameters: values that a flow is given when it is run."""

from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError, ParameterError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import FlowRunner
from nemflow.results import LocalResult
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.runner import TaskRunner


@task
def same(x: Any) -> Any:
    return x


def arriving(parameter: Parameter, **given: Any) -> Any:
    with Flow("f") as flow:
        arrived = same(parameter)
    return flow.run(parameters=given).result[arrived].result


class TestMaking:
    def test_without_default_it_is_required(self) -> None:
        assert Parameter("x").required
        assert not Parameter("x", default=1).required

    def test_trap_19_a_default_of_none_makes_it_optional(self) -> None:
        assert not Parameter("x", default=None).required
        assert arriving(Parameter("x", default=None)) is None

    def test_required_can_be_said(self) -> None:
        assert Parameter("x", default=1, required=True).required
        assert not Parameter("x", required=False).required

    def test_a_name_is_needed(self) -> None:
        with pytest.raises(DefinitionError, match="needs a name"):
            Parameter("")

    def test_trap_25_the_slug_is_the_name(self) -> None:
        flow = Flow("f")
        parameter = Parameter("x", tags=["a"])
        flow.add_task(parameter)
        assert flow.slugs[parameter] == parameter.slug == "x"

    def test_a_flow_has_each_name_once(self) -> None:
        flow = Flow("f", tasks=[Parameter("x")])
        with pytest.raises(ValueError, match="'x'"):
            flow.add_task(Parameter("x"))

    def test_one_made_inside_a_flow_belongs_to_it(self) -> None:
        with Flow("f") as flow:
            parameter = Parameter("x", default=1)
        assert flow.parameters() == {parameter}

    def test_repr_names_it(self) -> None:
        assert repr(Parameter("x")) == "<Parameter: x>"


class TestJoining:
    def test_nothing_can_be_upstream_of_it(self) -> None:
        with pytest.raises(ValueError, match="'x' cannot depend on a task"):
            Flow("f").add_edge(Task(), Parameter("x"))

    def test_calling_adds_the_parameter_itself(self) -> None:
        flow, parameter = Flow("f"), Parameter("x")
        assert parameter(flow=flow) is parameter
        assert flow.tasks == {parameter}

    def test_calling_it_takes_no_argument(self) -> None:
        with pytest.raises(TypeError), Flow("f"):
            Parameter("x")(1)  # type: ignore[call-arg]  # the mistake tested

    def test_a_copy_needs_a_name_of_its_own(self) -> None:
        parameter = Parameter("x", default=1)
        with pytest.raises(DefinitionError, match="needs a name"):
            parameter.copy()
        copied = parameter.copy("y")
        assert (copied.name, copied.slug, copied.default) == ("y", "y", 1)


class TestRunning:
    def test_the_value_given_arrives(self) -> None:
        assert arriving(Parameter("x"), x=5) == 5

    def test_the_default_arrives_where_nothing_was_given(self) -> None:
        assert arriving(Parameter("x", default=3)) == 3

    def test_none_may_be_given(self) -> None:
        assert arriving(Parameter("x", default=3), x=None) is None

    def test_keyword_arguments_of_run_are_parameters(self) -> None:
        with Flow("f") as flow:
            arrived = same(Parameter("x"))
        assert flow.run(x=5).result[arrived].result == 5

    def test_values_in_the_context_win_over_defaults_and_those_given_over_them(self) -> None:
        with Flow("f") as flow:
            named = {name: Parameter(name, default="default") for name in "abc"}
        in_context = {"parameters": {"b": "context", "c": "context", "unknown": 1}}
        result = flow.run(context=in_context, c="given").result
        values = [result[parameter].result for parameter in named.values()]
        assert values == ["default", "context", "given"]

    def test_a_required_one_may_be_in_the_context(self) -> None:
        with Flow("f") as flow:
            x = Parameter("x")
        state = FlowRunner(flow).run(context={"parameters": {"x": 5}})
        assert state.result[x].result == 5

    def test_its_value_is_written_nowhere_though_the_flow_keeps_results(
        self, tmp_path: Path
    ) -> None:
        with Flow("f", result=LocalResult(tmp_path / "kept", location="{task_name}")) as flow:
            given = Parameter("given")
            same(given)
        state = flow.run(given=5)
        assert state.result[given].result == 5
        assert [path.name for path in (tmp_path / "kept").iterdir()] == ["same"]

    def test_its_value_may_be_anything(self) -> None:
        anything = (n for n in (1, 2))
        assert arriving(Parameter("x"), x=anything) is anything

    def test_outside_of_a_run_a_required_one_fails(self) -> None:
        state = TaskRunner(Parameter("x")).run()
        assert state.is_failed()
        assert "'x' is required" in str(state.message)


class TestRefused:
    def test_trap_19_all_that_is_wrong_is_said_at_once_before_anything_runs(self) -> None:
        ran: list[int] = []
        with Flow("prices") as flow:
            Parameter("day")
            Parameter("zone", default="NSW1")
            task(lambda: ran.append(1))()
        with pytest.raises(ParameterError) as refused:
            flow.run(parameters={"dya": 1, "region": 2})
        words = str(refused.value)
        assert "no parameter dya, region (it has: day, zone)" in words
        assert "needs a value for day" in words
        assert ran == []

    def test_a_flow_without_parameters_takes_none(self) -> None:
        with pytest.raises(ValueError, match="it has: none"):
            Flow("f").run(parameters={"x": 1})
