"""The signature of run: what it may have, how a call is bound to it."""

from collections.abc import Callable
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.tasks.signature import RunSignature


def of(run: Callable[..., Any]) -> RunSignature:
    return RunSignature(run, "add")


class TestChecks:
    def test_star_args_are_refused(self) -> None:
        with pytest.raises(DefinitionError, match=r"\*values"):
            of(lambda *values: values)

    @pytest.mark.parametrize("name", ["upstream_tasks", "mapped", "task_args", "flow"])
    def test_names_that_calling_a_task_uses_are_refused(self, name: str) -> None:
        with pytest.raises(DefinitionError, match=repr(name)):
            of(eval(f"lambda {name}: 0"))

    def test_positional_only_parameters_are_refused(self) -> None:
        with pytest.raises(TypeError, match="positional-only"):
            of(lambda x, /: x)

    def test_a_builtin_without_readable_signature_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="wrap it"):
            of(dict.fromkeys.__self__)


class TestAccepts:
    def test_named_parameters_are_accepted_with_and_without_default(self) -> None:
        signature = of(lambda x, y=1, *, z: 0)
        assert [signature.accepts(key) for key in "xyzq"] == [True, True, True, False]

    def test_keyword_arguments_accept_everything(self) -> None:
        assert of(lambda **more: more).accepts("whatever")


class TestBind:
    def test_positions_get_their_names_and_defaults_are_left_out(self) -> None:
        assert of(lambda x, y, z=3: 0).bind("add", [1], {"y": 2}) == {"x": 1, "y": 2}

    def test_keyword_arguments_are_spread(self) -> None:
        assert of(lambda x, **more: 0).bind("add", [1], {"q": 2}) == {"x": 1, "q": 2}

    def test_all_missing_arguments_are_named(self) -> None:
        with pytest.raises(TypeError, match="misses the arguments 'x', 'y'"):
            of(lambda x, y: 0).bind("add", [], {})

    def test_an_argument_that_the_engine_fills_is_not_missing(self) -> None:
        assert of(lambda path: 0).bind("add", [], {}, frozenset({"path"})) == {}

    def test_an_unknown_argument_is_named(self) -> None:
        with pytest.raises(TypeError, match="'q'"):
            of(lambda x: 0).bind("add", [1], {"q": 2})

    def test_an_argument_given_twice_is_named(self) -> None:
        with pytest.raises(TypeError, match="multiple values for argument 'x'"):
            of(lambda x: 0).bind("add", [1], {"x": 2})

    def test_too_many_positions_are_counted(self) -> None:
        with pytest.raises(TypeError, match="takes 1 positional arguments but 2"):
            of(lambda x, *, y=0: 0).bind("add", [1, 2], {})
