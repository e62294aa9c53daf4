"""Triggers: which upstream states let a task run."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks import signals, states, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import State

OK, BAD, SKIPPED, CACHED = states.Success, states.Failed, states.Skipped, states.Cached


def ask(trigger: triggers.Trigger, *kinds: type[State]) -> str:
    """Return "run", or the name of the signal that the trigger raised."""
    below = Task(name="below")
    upstream = {Edge(Task(name=f"up{n}"), below): kind() for n, kind in enumerate(kinds)}
    try:
        return "run" if trigger(upstream) else "no"
    except signals.StateSignal as signal:
        return type(signal).__name__


class TestAllSuccessful:
    def test_runs_when_all_were_successful_skipped_and_cached_too(self) -> None:
        assert ask(triggers.all_successful, OK, SKIPPED, CACHED) == "run"

    def test_fails_when_one_failed(self) -> None:
        assert ask(triggers.all_successful, OK, BAD) == "TRIGGERFAIL"

    def test_fails_when_one_was_cancelled(self) -> None:
        assert ask(triggers.all_successful, states.Cancelled) == "TRIGGERFAIL"

    def test_runs_without_upstream_tasks(self) -> None:
        assert ask(triggers.all_successful) == "run"

    def test_the_message_names_who_failed(self) -> None:
        edge = Edge(Task(name="download"), Task())
        with pytest.raises(signals.TRIGGERFAIL, match="download"):
            triggers.all_successful({edge: BAD()})

    def test_is_the_default(self) -> None:
        assert Task().trigger is triggers.all_successful


class TestAllFailed:
    def test_runs_when_all_failed(self) -> None:
        assert ask(triggers.all_failed, BAD, states.TriggerFailed) == "run"

    def test_fails_when_one_succeeded(self) -> None:
        assert ask(triggers.all_failed, OK, BAD) == "TRIGGERFAIL"

    def test_runs_without_upstream_tasks(self) -> None:
        assert ask(triggers.all_failed) == "run"


class TestAny:
    def test_any_successful_needs_one_success(self) -> None:
        assert ask(triggers.any_successful, BAD, OK) == "run"
        assert ask(triggers.any_successful, BAD, BAD) == "TRIGGERFAIL"

    def test_any_failed_needs_one_failure(self) -> None:
        assert ask(triggers.any_failed, OK, BAD) == "run"
        assert ask(triggers.any_failed, OK, OK) == "TRIGGERFAIL"

    def test_both_run_without_upstream_tasks(self) -> None:
        assert ask(triggers.any_successful) == "run"
        assert ask(triggers.any_failed) == "run"


class TestAllFinished:
    def test_runs_however_the_upstream_tasks_ended(self) -> None:
        assert ask(triggers.all_finished, OK, BAD, states.Cancelled) == "run"

    def test_fails_while_one_is_not_finished(self) -> None:
        assert ask(triggers.all_finished, OK, states.Running) == "TRIGGERFAIL"

    def test_always_run_is_the_same(self) -> None:
        assert triggers.always_run is triggers.all_finished


class TestManualOnly:
    def test_pauses(self) -> None:
        assert ask(triggers.manual_only, OK) == "PAUSE"

    def test_runs_when_the_run_is_resumed(self) -> None:
        with context(resume=True):
            assert ask(triggers.manual_only, OK) == "run"


class TestNotAllSkipped:
    def test_runs_when_one_was_not_skipped(self) -> None:
        assert ask(triggers.not_all_skipped, SKIPPED, OK) == "run"

    def test_skips_when_all_were_skipped(self) -> None:
        assert ask(triggers.not_all_skipped, SKIPPED, SKIPPED) == "SKIP"

    def test_skips_without_upstream_tasks(self) -> None:
        assert ask(triggers.not_all_skipped) == "SKIP"

    def test_fails_when_one_failed(self) -> None:
        assert ask(triggers.not_all_skipped, SKIPPED, BAD) == "TRIGGERFAIL"


class TestSome:
    @pytest.mark.parametrize(
        ("make", "good", "other"),
        [(triggers.some_failed, BAD, OK), (triggers.some_successful, OK, BAD)],
    )
    @pytest.mark.parametrize(
        ("at_least", "at_most", "count", "outcome"),
        [
            (1, None, 0, "TRIGGERFAIL"),
            (1, None, 1, "run"),
            (None, 1, 1, "run"),
            (None, 1, 2, "TRIGGERFAIL"),
            (0.5, None, 2, "run"),
            (0.5, None, 1, "TRIGGERFAIL"),
            (None, 0.5, 2, "run"),
            (None, 0.5, 3, "TRIGGERFAIL"),
            (None, 0, 1, "TRIGGERFAIL"),
            (None, None, 4, "run"),
        ],
    )
    def test_bounds_are_inclusive_absolute_from_one_and_fractions_below(
        self,
        make: Callable[..., triggers.Trigger],
        good: type[State],
        other: type[State],
        at_least: float | None,
        at_most: float | None,
        count: int,
        outcome: str,
    ) -> None:
        kinds = [good] * count + [other] * (4 - count)
        assert ask(make(at_least=at_least, at_most=at_most), *kinds) == outcome

    def test_a_fraction_that_floats_miss_is_the_number_it_means(self) -> None:
        assert 0.07 * 100 > 7
        assert 0.57 * 100 < 57
        assert ask(triggers.some_failed(at_least=0.07), *[BAD] * 7, *[OK] * 93) == "run"
        assert ask(triggers.some_failed(at_most=0.57), *[BAD] * 57, *[OK] * 43) == "run"

    def test_one_is_absolute_not_the_whole(self) -> None:
        assert ask(triggers.some_failed(at_least=1), BAD, OK, OK) == "run"

    def test_both_run_without_upstream_tasks(self) -> None:
        assert ask(triggers.some_failed(at_least=1)) == "run"
        assert ask(triggers.some_successful(at_least=1)) == "run"


FINISHED = [OK, CACHED, SKIPPED, BAD, states.TriggerFailed, states.Cancelled, states.Looped]


def model(name: str, kinds: Sequence[type[State]]) -> str:
    """Say what a trigger answers, in words as plain as they come."""
    good = sum(issubclass(kind, OK) for kind in kinds)
    bad = sum(issubclass(kind, BAD) for kind in kinds)
    if name == "not_all_skipped":
        if all(kind is SKIPPED for kind in kinds):
            return "SKIP"
        return "run" if good == len(kinds) else "TRIGGERFAIL"
    passes = {
        "all_successful": good == len(kinds),
        "all_failed": bad == len(kinds),
        "any_successful": good > 0 or not kinds,
        "any_failed": bad > 0 or not kinds,
        "all_finished": True,
    }
    return "run" if passes[name] else "TRIGGERFAIL"


@given(
    name=st.sampled_from(
        [
            "all_successful",
            "all_failed",
            "any_successful",
            "any_failed",
            "all_finished",
            "not_all_skipped",
        ]
    ),
    kinds=st.lists(st.sampled_from(FINISHED), max_size=6),
)
def test_every_trigger_answers_as_its_plain_model(name: str, kinds: list[type[State]]) -> None:
    assert ask(getattr(triggers, name), *kinds) == model(name, kinds)


bounds = st.none() | st.integers(0, 6) | st.sampled_from([Fraction(n, 10) for n in range(10)])


@given(
    failed=st.booleans(),
    at_least=bounds,
    at_most=bounds,
    kinds=st.lists(st.sampled_from(FINISHED), max_size=10),
)
def test_some_failed_and_some_successful_answer_as_their_plain_model(
    failed: bool,
    at_least: Fraction | int | None,
    at_most: Fraction | int | None,
    kinds: list[type[State]],
) -> None:
    make, kind = (triggers.some_failed, BAD) if failed else (triggers.some_successful, OK)
    as_floats = [None if bound is None else float(bound) for bound in (at_least, at_most)]
    count = sum(issubclass(one, kind) for one in kinds)
    low, high = (
        bound * len(kinds) if bound is not None and bound < 1 else bound
        for bound in (at_least, at_most)
    )
    within = (low is None or count >= low) and (high is None or count <= high)
    expected = "run" if within or not kinds else "TRIGGERFAIL"
    assert ask(make(*as_floats), *kinds) == expected


@given(kinds=st.lists(st.sampled_from(FINISHED), max_size=6), resume=st.booleans())
def test_manual_only_answers_by_the_word_of_a_person_alone(
    kinds: list[type[State]], resume: bool
) -> None:
    with context(resume=resume):
        assert ask(triggers.manual_only, *kinds) == ("run" if resume else "PAUSE")
