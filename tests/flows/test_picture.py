"""What is drawn of a flow: a node for each task, for each child of a mapped one."""

from nemflow.flows.base import Flow
from nemflow.flows.picture import CHILDREN, draw
from nemflow.tasks.annotations import flatten, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Failed, Mapped, Success


@task
def numbers() -> list[int]:
    return [1, 2, 3]


@task
def double(x: int, factor: int = 2) -> int:
    return x * factor


@task
def total(xs: list[int]) -> int:
    return sum(xs)


def mapped_flow() -> Flow:
    with Flow("mapped") as flow:
        total(double.map(double.map(numbers())))
    return flow


def arrows(flow: Flow, states: object = None) -> list[str]:
    picture = draw(flow, states)
    labels = {node.id: node.label for node in picture.nodes}
    return [f"{labels[a.tail]} -> {labels[a.head]}" for a in picture.arrows]


def test_nodes_come_in_topological_order_whatever_the_order_of_insertion() -> None:
    flow = Flow("backwards")
    first, second, third = (Task(name=name) for name in ("first", "second", "third"))
    flow.chain(second, third)
    flow.chain(first, second)
    assert [node.label for node in draw(flow).nodes] == ["first", "second", "third"]


def test_a_mapped_task_is_one_node_before_a_run() -> None:
    nodes = draw(mapped_flow()).nodes
    assert [(node.label, node.mapped) for node in nodes] == [
        ("numbers", False),
        ("double <map>", True),
        ("double <map>", True),
        ("total", False),
    ]


def test_children_follow_children_one_by_one_and_are_collected_by_what_takes_all() -> None:
    flow = mapped_flow()
    assert arrows(flow, flow.run().result) == [
        *(f"numbers -> double[{i}]" for i in range(3)),
        *(f"double[{i}] -> double[{i}]" for i in range(3)),
        *(f"double[{i}] -> total" for i in range(3)),
    ]


def test_an_unmapped_or_flattened_input_goes_to_every_child() -> None:
    @task
    def pair(x: int) -> list[int]:
        return [x, x]

    with Flow("whole") as flow:
        pairs = pair.map([1, 2])
        double.map(flatten(pairs), unmapped(total([4])))
    told = arrows(flow, flow.run().result)
    assert [line for line in told if line.startswith("total")] == [
        f"total -> double[{i}]" for i in range(4)
    ]
    assert len([line for line in told if line.startswith("pair[0] -> double")]) == 4


def test_more_children_than_can_be_seen_are_one_node_with_the_state_of_a_failed_one() -> None:
    flow = mapped_flow()
    many = flow.sorted_tasks()[1]
    failed = Failed("no")
    states = [Success(), *[Success()] * CHILDREN, failed]
    node = draw(flow, {many: Mapped(map_states=states)}).nodes[1]
    assert node.label == f"double <map> {CHILDREN + 2} children: {CHILDREN + 1} Success, 1 Failed"
    assert node.state is failed


def test_a_map_over_nothing_stays_one_node() -> None:
    flow = mapped_flow()
    nothing = Mapped()
    node = draw(flow, {flow.sorted_tasks()[1]: nothing}).nodes[1]
    assert (node.label, node.state) == ("double <map>", nothing)
