"""The reusable extract-transform-load flow: three functions or tasks become a flow with one target.

::

    parameters ──> extract ──> transform ──> load ──> target
         └────────────┴────────────┴──────────┘

``extract`` is called with the parameters that its signature names; ``transform`` with what was
extracted and the parameters it names; ``load`` with what was transformed, the parameters it names and,
if its result is a ``FileResult``, the path of the file that it is to make. A run whose target is there
does nothing at all. A day that ``extract`` skips is skipped to the end.

>>> flow = build_etl(
...     "square",
...     extract=lambda n: n,
...     transform=lambda extracted: extracted**2,
...     load=lambda transformed: transformed,
...     parameters=[Parameter("n")],
... )
>>> state = flow.run(n=7)
>>> {task.name: state.result[task].result for task in flow.get_tasks(name="load")}
{'load': 49}
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import FunctionTask


def build_etl(
    name: str,
    *,
    extract: Callable[..., Any] | Task,
    transform: Callable[..., Any] | Task,
    load: Callable[..., Any] | Task,
    parameters: Iterable[Parameter] = (),
    target: str | Callable[..., str] | None = None,
    result: Result | None = None,
    flow_run_name: str | None = None,
    extract_options: Mapping[str, Any] | None = None,
) -> Flow:
    """Build a flow of three tasks; building runs nothing.

    Args:
        name: the flow's name.
        extract: gets the raw material; its parameters are parameters of the flow.
        transform: its first parameter is what was extracted.
        load: its first parameter is what was transformed.
        parameters: of the flow; each goes to the stages whose signatures name it.
        target: template of the place that ``load`` fills, or a function of the parameters; with it a
            run whose target is there does nothing.
        result: where targets lie, such as ``FileResult(dir=...)``; needed with ``target``.
        flow_run_name: template of the names of runs.
        extract_options: options of the extract task, such as ``max_retries``.

    Raises:
        DefinitionError: a target without a result; a stage without a first parameter; a parameter
            that no stage takes.
        TypeError: a stage needs an argument that is no parameter of the flow.
    """
    if target is not None and result is None:
        raise DefinitionError(f"flow {name!r} has a target: say where it lies with result=")
    extractor = _stage("extract", extract, extract_options or {})
    transformer = _stage("transform", transform, {})
    loader = _stage("load", load, {} if result is None else {"result": result, "target": target})
    by_name = {parameter.name: parameter for parameter in parameters}
    stages = (extractor, transformer, loader)
    unused = sorted(p for p in by_name if not any(s.run_signature.accepts(p) for s in stages))
    if unused:
        raise DefinitionError(f"no stage of flow {name!r} takes the parameter {', '.join(unused)}")
    with Flow(name, flow_run_name=flow_run_name) as flow:
        for parameter in by_name.values():
            flow.add_task(parameter)
        extracted = extractor.bind(**_wanted(extractor, by_name))
        transformed = transformer.bind(extracted, **_wanted(transformer, by_name, after=1))
        loader.bind(transformed, **_wanted(loader, by_name, after=1))
        if target is not None:
            flow.set_goal(loader)
    return flow


def _stage(name: str, work: Callable[..., Any] | Task, options: Mapping[str, Any]) -> Task:
    if isinstance(work, Task):
        return work.copy(**options)
    return FunctionTask(work, name=name, **options)


def _wanted(stage: Task, parameters: Mapping[str, Parameter], after: int = 0) -> dict[str, Any]:
    """Return the parameters that a stage names, beyond the first few that are the data."""
    taken = stage.run_signature.names[:after]
    return {
        name: parameter
        for name, parameter in parameters.items()
        if stage.run_signature.accepts(name) and name not in taken
    }
