import pytest

from nemflow import Flow, Parameter, task
from nemflow.flows.agent.registry import named_flows, register, registered_flows, registration_of
from nemflow.flows.agent.stored import schedule_named


def build(change=False):
    @task
    def double(n):
        return 2 * n

    @task
    def triple(n):
        return 3 * n

    with Flow("sums") as flow:
        (triple if change else double)(Parameter("n"))
    return flow


@pytest.fixture
def keep(store, tmp_path, noon):
    def keep(flow, project="mine", labels=()):
        return register(
            store,
            flow,
            project=project,
            origin="sums.py:sums",
            labels=labels,
            folder=tmp_path / "flows",
            now=noon,
        )

    return keep


def test_an_unchanged_flow_makes_no_new_version(keep):
    first, is_new = keep(build())
    assert (first.version, is_new) == (1, True)
    assert keep(build()) == (first, False)


def test_a_changed_structure_is_a_new_version_and_the_old_one_still_runs(keep, store):
    old, _ = keep(build())
    new, is_new = keep(build(change=True))
    assert (new.version, is_new) == (2, True)
    results = [
        [state.result for task, state in Flow.load(kept.saved).run(n=5).result.items()][-1]
        for kept in (registration_of(store, old.id), new)
    ]
    assert sorted(results) == [10, 15]


def test_other_labels_are_a_new_version(keep):
    keep(build())
    registration, is_new = keep(build(), labels=["gpu"])
    assert (registration.version, registration.labels, is_new) == (2, ("gpu",), True)


def test_schedules_of_the_flow_go_over_to_the_new_version(keep, store, add):
    old, _ = keep(build())
    add(name="sums", project="mine", flow="sums", registration=old.id)
    add(name="prices")
    new, _ = keep(build(change=True))
    assert schedule_named(store, "sums").registration == new.id
    assert schedule_named(store, "prices").registration is None


def test_projects_tell_flows_of_one_name_apart(keep, store):
    keep(build())
    keep(build(), project="yours")
    assert [found.project for found in named_flows(store, "sums")] == ["mine", "yours"]
    assert [found.project for found in registered_flows(store, "yours")] == ["yours"]
