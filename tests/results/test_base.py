"""Rules that every kind of result keeps, and the base class."""

import os
import pickle

import pytest

from nemflow.errors import LocationError, ResultError, UnreadableTarget
from nemflow.results import NO_VALUE, JSONSerializer, MemoryResult, PickleSerializer, Result


def test_what_was_kept_is_there_and_is_read_back(kind):
    assert not kind.result.exists("2014/a.txt")
    kind.keep("2014/a.txt", "text")
    assert kind.result.exists("2014/a.txt")
    assert kind.result.read("2014/a.txt").value == kind.back("2014/a.txt", "text")


def test_a_template_is_filled_before_it_is_looked_for(kind):
    kind.keep("2014/a.txt", "text")
    assert kind.result.exists("{year}/{location}.txt", year=2014, location="a")
    assert not kind.result.exists("{year}/{location}.txt", year=2015, location="a")


def test_reading_changes_nothing_in_the_result_it_is_asked_of(kind):
    kind.keep("a", "text")
    before = kind.result.copy()
    kind.result.read("a")
    assert kind.result == before


def test_the_location_of_a_read_result_can_be_read_again(kind):
    kind.keep("x/a", "text")
    once = kind.result.read("x/a")
    assert kind.result.read(once.location) == once


def test_what_is_not_there_is_an_unreadable_target_with_its_name(kind):
    with pytest.raises(UnreadableTarget, match="nowhere"):
        kind.result.read("nowhere")


def test_formatting_gives_a_new_result_with_a_final_location(kind):
    template = kind.result.copy()
    template.location = "{year}/{name}"
    formatted = template.format(year=2014, name="a{b}")
    assert formatted.location == "2014/a{b}"
    assert formatted.format(b=1).location == "2014/a{b}"
    assert template.location == "{year}/{name}"


def test_a_result_given_another_location_after_formatting_fills_that_one(kind):
    moved = kind.result.format(year=2014)
    moved.location = "{year}/b"
    assert moved.format(year=2015).location == "2015/b"


def test_a_location_may_be_a_function_of_the_keys(kind):
    made = kind.result.copy()
    made.location = lambda **keys: f"{keys['year']}/a"
    assert made.format(year=2014).location == "2014/a"


def test_without_a_location_a_name_is_made_up_that_is_not_used_twice(kind):
    names = {kind.result.format().location for _ in range(100)}
    assert len(names) == 100


def test_a_result_made_from_a_value_has_no_location(kind):
    located = kind.result.format()
    made = located.from_value(1)
    assert (made.value, made.location) == (1, None)
    assert located.value is NO_VALUE
    assert made.format().location != located.location


def test_a_copy_is_equal_and_apart(kind):
    twin = kind.result.copy()
    assert twin == kind.result
    twin.location = "elsewhere"
    assert twin != kind.result
    assert kind.result.location is None


def test_a_result_travels_to_another_process(kind):
    formatted = kind.result.format(year=2014)
    assert pickle.loads(pickle.dumps(formatted)) == formatted


@pytest.mark.parametrize("bad", ["/etc/passwd", "../a", "a/../../b", "", "a/", "C:/a"])
def test_a_location_outside_the_root_is_refused_everywhere(kind, bad):
    for ask in (kind.result.exists, kind.result.read, kind.result.set_aside):
        with pytest.raises(LocationError):
            ask(bad)


def test_what_needs_a_lock_is_named_by_an_absolute_path_or_a_url(kind):
    name = kind.result.lock_name("a/b")
    assert name is None or ((os.path.isabs(name) or "://" in name) and name.endswith("/a/b"))


def test_a_target_has_one_lock_name_by_whichever_location_it_is_asked_for(kind):
    kind.keep("x/a", "text")
    final = kind.result.read("x/a").location
    assert kind.result.lock_name(final) == kind.result.lock_name("x/a")


def test_keys_of_a_template_may_have_the_names_of_our_own_arguments(kind):
    keys = {"self": "1", "location": "2", "value_": "3", "fmt": "4", "template": "5"}
    template = "{self}{location}{value_}{fmt}{template}"
    made = kind.result.copy()
    for made.location in (template, lambda **given: template.format(**given)):
        assert made.format(**keys).location == "12345"
    kind.keep("12345", "text")
    assert kind.result.exists(template, **keys)


def test_a_name_may_hold_what_means_something_in_urls_and_patterns(kind):
    name = "a b%20+#?&=;~[x]*ü.txt"
    kind.keep(name, "text")
    kind.keep("a b%20+#?&=;~x-otherü.txt", "other")
    assert kind.result.exists(name)
    assert kind.result.read(name).value == kind.back(name, "text")
    aside = kind.result.set_aside(name)
    assert not kind.result.exists(name)
    assert kind.result.exists(aside)


def test_a_target_set_aside_is_out_of_the_way_and_nothing_is_lost(kind):
    names = set()
    for _ in range(3):
        kind.keep("x/a", "text")
        names.add(kind.result.set_aside("x/a"))
        assert not kind.result.exists("x/a")
    assert len(names) == 3
    assert all(".unreadable-" in name and kind.result.exists(name) for name in names)


def test_where_nobody_was_killed_there_is_nothing_to_sweep(kind):
    assert kind.result.sweep("x/a") == []
    kind.keep("x/a", "text")
    assert kind.result.sweep("x/a") == []
    assert kind.result.exists("x/a")


def test_none_is_a_value_and_not_the_same_as_never_produced(kind):
    assert kind.result.value is NO_VALUE
    assert kind.result.from_value(None) != kind.result


def test_never_produced_is_false_and_one_of_a_kind_even_after_pickling():
    assert not NO_VALUE
    assert pickle.loads(pickle.dumps(NO_VALUE)) is NO_VALUE
    assert repr(NO_VALUE) == "NO_VALUE"


def test_a_write_without_the_keys_of_its_template_is_refused():
    with pytest.raises(LocationError, match="'year'"):
        MemoryResult("{year}").write(1)


def test_a_write_gives_a_new_result_and_leaves_the_template():
    template = MemoryResult("{year}")
    written = template.write(None, year=2014)
    assert (written.value, written.location) == (None, "2014")
    assert (template.value, template.location) == (NO_VALUE, "{year}")


@pytest.mark.parametrize("ask", ["exists", "read", "write", "set_aside"])
def test_the_base_class_keeps_nothing_and_says_what_to_use(ask):
    with pytest.raises(NotImplementedError, match="LocalResult") as caught:
        getattr(Result(), ask)("a")
    assert isinstance(caught.value, ResultError)
    assert not Result.keeps
    assert Result().lock_name("a") is None
    assert Result().sweep("a") == []


def test_results_are_equal_by_kind_and_public_fields():
    assert Result(1, "a") == Result(1, "a", PickleSerializer())
    assert Result(1, "a") != Result(2, "a")
    assert Result(1, "a") != Result(1, "b")
    assert Result(1, "a") != Result(1, "a", JSONSerializer())
    assert Result() != MemoryResult()
    assert MemoryResult(store={"a": 1}) != MemoryResult()


def test_a_subclass_with_fields_of_its_own_is_compared_by_them_too():
    class Tagged(Result):
        def __init__(self, tag: str) -> None:
            super().__init__()
            self.tag = tag

    assert Tagged("a") == Tagged("a")
    assert Tagged("a") != Tagged("b")


def test_what_is_kept_is_found_and_where_nothing_is_nothing_is_found(kind):
    assert kind.result.find("2014/a.txt") is None
    kind.keep("2014/a.txt", "text")
    assert kind.result.find("2014/a.txt") == kind.result.read("2014/a.txt")


def test_a_mapping_is_asked_only_for_the_keys_that_the_template_names():
    class Keys(dict):
        def __missing__(self, key):
            asked.append(key)
            return key.upper()

    asked = []
    placed = MemoryResult(location="{year}/{table}").format_map(Keys(year=2014))
    assert (placed.location, asked) == ("2014/TABLE", ["table"])


def test_a_subclass_that_fills_its_location_itself_is_asked_to():
    class Upper(MemoryResult):
        def format(self, /, **fmt):
            return super().format(**{key: value.upper() for key, value in fmt.items()})

    assert Upper(location="{table}").format_map({"table": "price"}).location == "PRICE"


def test_a_copy_has_what_a_subclass_adds_with_slots_and_without():
    class Slotted(MemoryResult):
        __slots__ = ("more",)

    class Open(Slotted):
        pass

    given = Open(location="a")
    given.more, given.other = 1, 2
    copied = given.copy()
    assert (copied.more, copied.other, copied.location, copied.store) == (1, 2, "a", given.store)
    slotted = Slotted()
    slotted.more = 3
    assert slotted.copy().more == 3
