"""The structure of a flow: found out once, and anew after each change of the graph."""

import pickle

from nemflow import Flow, Task
from nemflow.flows.structure import structure_of


def test_it_is_kept_until_the_graph_changes() -> None:
    flow = Flow("f", tasks=[Task("a")])
    before = structure_of(flow.graph)
    assert structure_of(flow.graph) is before
    flow.add_edge(*(below := (Task("b"), Task("c"))))
    after = structure_of(flow.graph)
    assert after.order[1:] == below
    assert (after.roots, after.waits_for, after.below) == ([0, 1], [0, 0, 1], [(), (2,), ()])


def test_a_pickled_graph_carries_nothing_that_was_found_out() -> None:
    flow = Flow("f", tasks=[Task("a")])
    before = len(pickle.dumps(flow.graph))
    flow.run()
    assert len(pickle.dumps(flow.graph)) == before
    assert [task.name for task in pickle.loads(pickle.dumps(flow.graph)).tasks()] == ["a"]
