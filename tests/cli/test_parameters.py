"""What ``--param name=value`` gives to a parameter."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nemflow import Flow, Parameter
from nemflow.cli.parameters import read_parameters
from nemflow.errors import ParameterError, SettingsError
from nemflow.flows.parameters import DateTimeParameter


def read(default, text):
    with Flow("f") as flow:
        Parameter("p", default=default)
    return read_parameters(flow, [f"p={text}"])["p"]


def fault(flow, *words, kind=ParameterError):
    with pytest.raises(kind) as raised:
        read_parameters(flow, words)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ('"3"', "3"),
        ("[1, [2]]", [1, [2]]),
        ('{"a": null}', {"a": None}),
        ("word", "word"),
        ("2014-01-01", "2014-01-01"),
        ("two words", "two words"),
        ("a=b", "a=b"),
        ("[1, 2", "[1, 2"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_without_a_default_to_go_by_a_value_is_json_where_it_can_be_else_text(text, value):
    got = read(None, text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        ("x", "3", "3"),
        ("x", '"quoted"', '"quoted"'),
        ("x", "true", "true"),
        (1, "2", 2),
        (1.0, "2", 2.0),
        (False, "true", True),
        ([], "[1]", [1]),
        ((), "[1]", (1,)),
        (set(), "[1, 1]", {1}),
        ({}, '{"a": 1}', {"a": 1}),
        (date(2000, 1, 1), "2014-01-01", date(2014, 1, 1)),
        (date(2000, 1, 1), "20140101", date(2014, 1, 1)),
        (Path(), "a/b", Path("a/b")),
    ],
)
def test_the_default_says_what_a_value_must_be(default, text, value):
    got = read(default, text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("default", "text", "expected"),
    [
        (1, "x", "a whole number"),
        (1, "1.5", "a whole number"),
        (1, "true", "a whole number"),
        (1, "null", "a whole number"),
        (1, "9" * 5000, "a whole number"),
        (1.0, "x", "a number"),
        (1.0, "NaN", "a number"),
        (1.0, "1" + "0" * 400, "a number"),
        (True, "1", "true or false"),
        (True, "yes", "true or false"),
        ([1], "1", "a list, as in [1, 2]"),
        ({"a": 1}, "[1]", 'an object, as in {"a": 1}'),
        (date(2000, 1, 1), "tomorrow", "a date, as in 2014-01-31"),
        (date(2000, 1, 1), "2014-02-30", "a date, as in 2014-01-31"),
    ],
)
def test_another_kind_of_value_is_refused_with_what_was_expected(default, text, expected):
    with Flow("f") as flow:
        Parameter("p", default=default)
    told = fault(flow, f"p={text}")
    assert told == f"--param p={text}: p must be {expected} (its default is {default!r})"


def test_a_moment_is_read_from_iso_text():
    with Flow("f") as flow:
        DateTimeParameter("at")
        DateTimeParameter("until", required=False, default="2015-01-01")
    got = read_parameters(flow, ["at=2014-01-01T10:00Z", "until=20140102"])
    assert got == {"at": datetime(2014, 1, 1, 10, tzinfo=UTC), "until": datetime(2014, 1, 2)}
    told = "--param at=noon: at must be a moment, as in 2014-01-31T12:00+10:00"
    assert fault(flow, "at=noon") == told


@pytest.mark.parametrize("word", ["p", "=3", ""])
def test_a_word_without_name_and_value_is_refused(word):
    assert fault(Flow("f"), word, kind=SettingsError) == (
        f"--param {word}: write name=value, as in date=yesterday"
    )


def test_a_parameter_that_is_given_twice_is_refused():
    told = fault(Flow("f"), "p=1", "p=2", kind=SettingsError)
    assert told == "--param p=2: p was given before, as 1"


def test_unknown_and_missing_names_are_told_together_with_what_the_flow_has():
    with Flow("f") as flow:
        Parameter("day")
        Parameter("region", default="NSW1")
    assert fault(flow, "regin=3", "x=1") == (
        "flow 'f' has no parameter 'regin'; did you mean 'region'?; it has no parameter 'x'; "
        "it needs a value for day: add --param day=... (its parameters: day, region='NSW1')"
    )


def test_a_flow_without_parameters_says_so():
    assert fault(Flow("f"), "x=1") == "flow 'f' has no parameter 'x' (its parameters: none)"
