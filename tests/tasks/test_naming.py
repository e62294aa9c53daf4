"""Names of runs from templates."""

import pytest

from nemflow.errors import DefinitionError
from nemflow.tasks.naming import fill_name


def test_a_template_is_filled_as_str_format_does() -> None:
    assert fill_name("{a}-{b:03d}", {"a": "x", "b": 7}, "task 't'") == "x-007"


def test_a_callable_gets_the_keys() -> None:
    assert fill_name(lambda a, **_: a.upper(), {"a": "x", "b": 7}, "task 't'") == "X"


def test_an_unknown_key_names_whose_it_is_and_what_is_known() -> None:
    with pytest.raises(DefinitionError, match=r"task 't' uses 'c'.*known are: a, b"):
        fill_name("{c}", {"b": 1, "a": 2}, "task 't'")


@pytest.mark.parametrize("template", ["{a:%Q", "{a.b}", "{0}", "{a:d}"])
def test_a_template_that_cannot_be_filled_is_a_clear_error(template: str) -> None:
    with pytest.raises(DefinitionError, match="cannot be filled"):
        fill_name(template, {"a": "x"}, "task 't'")
