"""One flow in words: its tasks, parameters and targets; or drawn."""

from nemflow.cli.stores import entry_facts
from nemflow.cli.wording import align
from nemflow.flows.base import Flow
from nemflow.flows.catalog import Entry
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task


def draw_flow(flow: Flow, form: str) -> list[str]:
    from nemflow.flows import rendering  # the list of flows does not pay for it

    renderers = {
        "text": rendering.render_text,
        "mermaid": rendering.render_mermaid,
        "dot": rendering.render_dot,
        "svg": rendering.render_svg,
    }
    return renderers[form](flow).splitlines()


def facts_of_flow(entry: Entry | None, flow: Flow, data_dir: str) -> dict[str, object]:
    if entry is None:
        return {"flow": flow.name, **_flow_facts(flow)}
    return {**entry_facts(entry), **_flow_facts(flow), "data_dir": data_dir}


def _flow_facts(flow: Flow) -> dict[str, object]:
    return {
        "parameters": [
            {
                "name": parameter.name,
                "required": parameter.required,
                "default": None if parameter.required else _plain(parameter.default),
            }
            for parameter in _parameters(flow)
        ],
        "tasks": [
            {"name": task.name, "upstream": _upstream(flow, task), "target": _target(task)}
            for task in _tasks(flow)
        ],
    }


def told_of_flow(entry: Entry, flow: Flow, data_dir: str) -> list[str]:
    parameters = [
        (f"  {p.name}", "required" if p.required else f"default {p.default!r}")
        for p in _parameters(flow)
    ]
    tasks = [
        (
            f"  {task.name}",
            f"after {', '.join(_upstream(flow, task))}" if _upstream(flow, task) else "first",
            f"makes {_target(task)}" if _target(task) else "",
        )
        for task in _tasks(flow)
    ]
    return [
        f"{entry.name}: {entry.description}",
        f"data set {entry.dataset}, stage {entry.stage}",
        "parameters",
        *align(parameters),
        "tasks",
        *align(tasks),
        *draw_flow(flow, "text"),
        f"targets lie in {data_dir}",
    ]


def _parameters(flow: Flow) -> list[Parameter]:
    return [task for task in flow.sorted_tasks() if isinstance(task, Parameter)]


def _tasks(flow: Flow) -> list[Task]:
    return [task for task in flow.sorted_tasks() if not isinstance(task, Parameter)]


def _upstream(flow: Flow, task: Task) -> list[str]:
    upstream = dict.fromkeys(edge.upstream_task for edge in flow.graph.edges_to(task))
    return [other.name for other in upstream if not isinstance(other, Parameter)]


def _target(task: Task) -> str | None:
    """Return a task's target as it was declared: a template, or the name of a function."""
    target = task.target
    return target if target is None or isinstance(target, str) else _plain(target)


def _plain(value: object) -> str:
    return str(getattr(value, "__name__", value))
