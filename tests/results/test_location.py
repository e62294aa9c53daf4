import functools
import ntpath
import os
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemflow.errors import LocationError
from nemflow.results.location import aside_names, file_name, fill, safe_location

# Text made of what a path can go wrong by, and now and then of anything.
TRICKS = st.lists(
    st.sampled_from(["..", ".", "/", "\\", "\0", ":", "C:", "~", "a", " ", "{x}"]) | st.text()
).map("".join)


@settings(max_examples=500, database=None, deadline=None)
@given(
    template=st.sampled_from(["{x}", "{x}/{y}", "a/{x}.txt", "{x}{y}", "../{x}"]),
    x=TRICKS,
    y=TRICKS,
)
def test_no_value_gets_a_filled_location_out_of_its_root_on_any_system(template, x, y):
    try:
        location = fill(template, x=x, y=y)
    except LocationError:
        return
    assert os.path.normpath("/root/" + location) == os.path.abspath("/root/" + location)
    assert os.path.abspath(os.path.join("/root", location)).startswith("/root/")
    assert ntpath.normpath(ntpath.join("D:\\root", location)).startswith("D:\\root\\")
    assert "\0" not in location


@settings(max_examples=200, database=None, deadline=None)
@given(TRICKS)
def test_a_safe_location_stays_as_it_is(location):
    try:
        safe = safe_location(location)
    except LocationError:
        return
    assert safe_location(safe) == safe


def test_a_template_is_filled_with_its_keys_and_others_do_no_harm():
    location = fill(
        "{table}/{date:%Y-%m}.parquet", table="PRICE", date=date(2014, 1, 2), template=1
    )
    assert location == "PRICE/2014-01.parquet"


@pytest.mark.parametrize(
    ("template", "location"),
    [
        ("{date:%Y/%m/%d}_{flow_name}", "2014/01/02_prices"),
        ("{parameters[day]}/{map_index:03}", "wednesday/007"),
        ("{date.year}/{task_tags[0]}", "2014/a"),
        ("{flow_name!r:>10}", "  'prices'"),
        ("{flow_name:{width}}.txt", "prices  .txt"),
        ("{{{flow_name}}}", "{prices}"),
        ("{nothing}", "None"),
    ],
)
def test_templates_are_what_str_format_knows(template, location):
    keys = {
        "date": datetime(2014, 1, 2, tzinfo=UTC),
        "flow_name": "prices",
        "map_index": 7,
        "nothing": None,
        "parameters": {"day": "wednesday"},
        "task_tags": ["a", "b"],
        "width": 8,
    }
    assert fill(template, **keys) == location


@settings(max_examples=200, database=None, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(["{day}", "{n:05}", "{word}", "/"]),
            st.text("ab{}._-", max_size=3).map(lambda t: t.replace("{", "{{").replace("}", "}}")),
        )
    ),
    day=st.dates(),
    n=st.integers(0, 10**6),
    word=st.text("abc{}:!", min_size=1),
)
def test_a_filled_location_is_the_formatted_text_in_its_shortest_form(parts, day, n, word):
    template = "root/" + "".join(parts)
    formatted = template.format(day=day, n=n, word=word)
    try:
        location = fill(template, day=day, n=n, word=word)
    except LocationError:
        assert formatted.endswith(("/", "/.")) or "/.." in formatted
        return
    assert location == os.path.normpath(formatted)
    assert fill(lambda day, n, word: formatted, day=day, n=n, word=word) == location


def test_whatever_can_be_called_may_stand_in_place_of_a_template():
    assert fill(functools.partial("{0}/{x}".format, "a"), x=1) == "a/1"


def test_a_function_is_called_with_the_keys():
    assert fill(lambda **keys: f"{keys['day']}/x", day=3, other=1) == "3/x"


def test_two_spellings_of_a_path_are_one_location():
    assert fill("{x}//b/./c", x="a") == fill("a/b/d/../c") == "a/b/c"


def test_a_value_may_hold_separators_while_the_path_stays_below_its_root():
    assert fill("raw/{x}.parquet", x="../clean/a") == "clean/a.parquet"


def test_an_unknown_key_is_named_with_the_template_and_the_known_keys_in_order():
    with pytest.raises(LocationError) as caught:
        fill("{year}/{mont}", year=2014, month=1)
    assert str(caught.value) == (
        "The location '{year}/{mont}' has an unknown key 'mont'; known keys: month, year."
    )


def test_many_known_keys_are_shortened():
    with pytest.raises(LocationError, match=r"k00, k01.* and 8 more"):
        fill("{x}", **{f"k{number:02}": 1 for number in range(20)})


def test_an_unknown_key_in_a_function_is_named_too():
    with pytest.raises(LocationError, match="unknown key 'x'"):
        fill(lambda **keys: keys["x"])


@pytest.mark.parametrize("template", ["{", "{}", "{x:%Y}", "{x.year}", "{0}"])
def test_what_is_no_template_for_its_keys_is_refused_with_the_reason(template):
    with pytest.raises(LocationError, match="cannot be filled"):
        fill(template, x=None)


def test_a_mistake_inside_a_function_is_not_hidden():
    with pytest.raises(TypeError, match="unsupported operand"):
        fill(lambda **keys: 1 + "a")


def test_a_function_must_return_text():
    with pytest.raises(LocationError, match="must return text, not 3"):
        fill(lambda **keys: 3)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/a", "is absolute"),
        ("C:\\a", "is absolute"),
        ("./C:/a", "is absolute"),
        (".\\C:\\a", "is absolute"),
        ("./\\a", "is absolute"),
        ("\\\\server\\share", "is absolute"),
        ("a/../../b", "leaves its root"),
        ("a\\..\\..\\b", "leaves its root"),
        ("", "names a folder"),
        ("a/..", "names a folder"),
        ("a/", "names a folder"),
        ("a\0b", "NUL"),
    ],
)
def test_a_refusal_says_why(location, reason):
    with pytest.raises(LocationError, match=reason):
        safe_location(location)


def test_names_to_set_aside_by_are_hidden_beside_the_file_and_do_not_end():
    now = datetime(2014, 1, 2, 3, 4, 5, tzinfo=UTC)
    names = aside_names("a/b.txt", now)
    assert [next(names) for _ in range(3)] == [
        "a/.b.txt.unreadable-20140102T030405Z",
        "a/.b.txt.unreadable-20140102T030405Z-2",
        "a/.b.txt.unreadable-20140102T030405Z-3",
    ]


@settings(max_examples=200, database=None, deadline=None)
@given(st.text() | TRICKS)
def test_a_file_name_can_be_made_of_any_text(text):
    name = file_name(text)
    assert name == os.path.basename(name) == safe_location(name)
    assert name.isascii()
    assert len(name) <= 80


def test_file_names_tell_long_texts_of_one_tail_apart():
    assert file_name("a" + "x" * 300) != file_name("b" + "x" * 300)
    assert file_name("\ud800") != file_name("\udfff")
