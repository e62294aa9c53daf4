"""``nemflow run path/to/file.py:flow``: one run of a flow of the user's own."""

import contextlib
import os
import reprlib
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path

from nemflow.cli.children import ChildrenAsOne
from nemflow.cli.exit_codes import DONE, FAILED, HELD
from nemflow.cli.interrupts import Terminated
from nemflow.cli.notify import notifying
from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error, put_json, put_line, put_lines
from nemflow.cli.own_flows import OwnFlow, find_flow, send_by_value
from nemflow.cli.parameters import read_parameters
from nemflow.cli.recording import Source, recording
from nemflow.cli.reporting import telling
from nemflow.cli.settings import Settings
from nemflow.errors import one_line
from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.nem.outcome import (
    SCHEMA,
    FlowRunRecord,
    Outcome,
    describe_failure,
    holder_of,
)
from nemflow.flows.picture import printable, unique_names
from nemflow.flows.plan import FlowPlan
from nemflow.flows.settings import RunSettings
from nemflow.tasks.base import Task
from nemflow.tasks.secret import SecretBase
from nemflow.tasks.states import Cancelled, Mapped, Paused, State, TriggerFailed

LISTED = 10
"""Results of so many reference tasks are shown."""

_WIDTH = 100  # characters of a result that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrder:
    """What was ordered.

    Attributes:
        what: where the flow is: ``file.py:flow`` or ``package.module:flow``.
        parameters: the words of ``--param``.
        executor: where its tasks run; None for the flow's own.
        force: make targets again.
        wait: wait for another run that makes the same target, or fail.
        dry_run: only say what would be done.
        as_json: one JSON object instead of lines.
        verbosity: how much is said on standard error.
        options: the words that say where tasks run.
        made_by: command, retry or resume.
        resumes: the id of the paused run to go on with.
    """

    what: str
    parameters: tuple[str, ...] = ()
    executor: Executor | None = None
    force: bool = False
    wait: bool = True
    dry_run: bool = False
    as_json: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    options: tuple[str, ...] = ()
    made_by: str = "command"
    resumes: str | None = None

    def words(self, folder: Path) -> list[str]:
        """Return the words after ``nemflow`` that make the run again, wherever they are said."""
        file, colon, flow = self.what.partition(":")
        what = f"{(folder / file).absolute()}{colon}{flow}" if ".py" in file else self.what
        given = [word for parameter in self.parameters for word in ("--param", parameter)]
        return ["run", what, *given, *self.options, *(["--force"] if self.force else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRunRecord:
    """What became of the run; in JSON with the keys of the built-in flows' records, and two more.

    Attributes:
        flow_run: the run's name.
        flow: the flow's name.
        state: the class of its final state; None where it did not run.
        outcome: how it ended; not run: it waits for somebody, paused.
        target: the place that the flow's goal fills, if it has one.
        reason: why it ended like this.
        duration_s: how long it took, in seconds.
        error: one sentence on what failed, else None.
        parameters: the values that were given.
        results: the results of the reference tasks that have no target, shortened, by name; by slug
            where names repeat.
    """

    flow_run: str
    flow: str
    state: str | None = None
    outcome: Outcome
    target: str | None = None
    reason: str = ""
    duration_s: float = 0.0
    error: str | None = None
    parameters: Mapping[str, object]
    results: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """Return the record as a JSON object."""
        keys = dict.fromkeys(field.name for field in fields(FlowRunRecord))
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        facts["duration_s"] = round(self.duration_s, 3)
        facts["parameters"] = {name: _plain(value) for name, value in self.parameters.items()}
        return {"schema": SCHEMA, **keys, "synthetic": False, **facts}

    def lines(self) -> list[str]:
        """Return the record as a person reads it."""
        if self.state is None:
            told = f"{self.outcome.words} ({self.reason})"
        elif self.outcome is Outcome.FAILED:
            told = f"{self.state}: {self.error}"
        elif self.outcome in (Outcome.WRITTEN, Outcome.PRESENT):
            told = f"{self.state}, {self.outcome.words}"
        elif self.outcome is Outcome.HELD:
            told = f"{self.outcome.words}: {self.reason}"
        else:
            told = f"{self.state}: {self.reason}" if self.reason else self.state
        is_told = self.outcome is Outcome.HELD or not self.target
        place = "" if is_told else f"  {self.target}"
        shown = [f"  {name} = {result}" for name, result in self.results.items()]
        hidden = len(shown) - LISTED
        more = [f"  and {hidden:,} more results"] if hidden > 0 else []
        return [f"{self.flow_run}  {told}{place}", *shown[:LISTED], *more]


def carry_out_own(order: OwnOrder, settings: Settings) -> int:
    """Run a flow of the user's own, say what came of it, and return the exit code.

    Raises:
        SettingsError: there is no such flow, or a parameter was not written as ``name=value``.
        DefinitionError: the user's file cannot be imported.
        ParameterError: a parameter is wrong, unknown or missing.
    """
    with _prints_of_the_flow(order):
        own = find_flow(order.what, Path.cwd())
    given = read_parameters(own.flow, order.parameters)
    record = _planned(own.flow, own.flow.plan(given, force=order.force), given)
    if order.dry_run:
        _tell(record, order)
        return DONE
    lines: list[str] = []
    with notifying(settings, ["nemflow", *order.words(Path.cwd())], lambda: lines) as ending:
        record = _run(own, record, order, settings)
        lines += record.lines()
        ending.code = _exit_code(record.outcome)
    _tell(record, order)
    return ending.code


def _exit_code(outcome: Outcome) -> int:
    if outcome is Outcome.HELD:
        return HELD
    return DONE if outcome in (Outcome.DONE, Outcome.WRITTEN, Outcome.PRESENT) else FAILED


@contextlib.contextmanager
def _prints_of_the_flow(order: OwnOrder) -> Iterator[None]:
    """Keep standard output to the JSON object: what the user's code prints goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr) if order.as_json else contextlib.nullcontext():
        yield


def _planned(flow: Flow, plan: FlowPlan, given: Mapping[str, object]) -> OwnRunRecord:
    return OwnRunRecord(
        flow_run=plan.name if flow.flow_run_name is not None else flow.name,
        flow=flow.name,
        outcome=Outcome.PLANNED if plan.will_run else Outcome.PRESENT,
        target=plan.target,
        reason=plan.reason,
        parameters=given,
        results={},
    )


def _run(own: OwnFlow, record: OwnRunRecord, order: OwnOrder, settings: Settings) -> OwnRunRecord:
    flow, module = own
    executor = order.executor or flow.executor or LocalExecutor()
    if module is not None and not executor.shares_memory:
        send_by_value(module)
    started = time.perf_counter()
    source = Source(
        command=lambda run: order.words(Path.cwd()),
        folder=os.getcwd(),
        is_alone=True,
        made_by=order.made_by,
    )
    with ExitStack() as stack:
        reporter = ChildrenAsOne(stack.enter_context(telling(order.verbosity, os.environ)))
        recorded = stack.enter_context(recording(settings, source, reporter))
        try:
            with _prints_of_the_flow(order):
                state = flow.run(
                    dict(record.parameters),
                    executor=executor,
                    reporter=recorded.reporter,
                    context=_context(order),
                    run_on_schedule=False,
                    force=order.force,
                    settings=RunSettings(settings.checkpointing, settings.lock_dir, order.wait),
                )
        except (KeyboardInterrupt, Terminated):
            _tell(_ended(record, reporter, "Cancelled", started), order)
            raise
        ended = _ended(record, reporter, type(state).__name__, started)
        ended = _with_end(ended, flow, state)
        recorded.add(ended)
    return ended


def _context(order: OwnOrder) -> dict[str, object]:
    """Return the keys that let a run go on after a pause: it is the same run then."""
    return {} if order.resumes is None else {"resume": True, "flow_run_id": order.resumes}


def _ended(
    record: OwnRunRecord, reporter: ChildrenAsOne, state: str, started: float
) -> OwnRunRecord:
    return replace(
        record,
        flow_run=reporter.flow_run_name or record.flow_run,
        state=state,
        outcome=Outcome.CANCELLED,
        reason="",
        duration_s=time.perf_counter() - started,
    )


def _with_end(record: OwnRunRecord, flow: Flow, state: State) -> OwnRunRecord:
    """Complete a record with what the flow run's state tells."""
    states: dict[Task, State] = state.result if isinstance(state.result, dict) else {}
    record = replace(record, results=_results(flow, states))
    if holder := holder_of(state) if state.is_failed() else "":
        return replace(record, outcome=Outcome.HELD, reason=holder)
    if state.is_failed():
        error = _first_failure(states) or describe_failure(state)
        return replace(record, outcome=Outcome.FAILED, error=error)
    if isinstance(state, Cancelled):
        return replace(record, outcome=Outcome.CANCELLED, reason=one_line(state.message or ""))
    if not state.is_successful():
        return replace(record, outcome=Outcome.NOT_RUN, reason=one_line(state.message or ""))
    goal = states.get(flow.goal) if flow.goal is not None else None
    target = record.target
    if goal is None or target is None or not ("://" in target or os.path.exists(target)):
        return replace(record, outcome=Outcome.DONE, target=None)
    return replace(record, outcome=Outcome.PRESENT if goal.is_cached() else Outcome.WRITTEN)


def _results(flow: Flow, states: Mapping[Task, State]) -> dict[str, str]:
    references, names = flow.reference_tasks(), unique_names(flow)
    return {
        names[task]: "(secret)" if isinstance(task, SecretBase) else _shorten(state.result)
        for task, state in states.items()
        if task in references
        and task.target is None  # what lies at a target may be large: it is looked at there
        and state.is_successful()
        and (isinstance(task, SecretBase) or state.result is not None)
    }


def _shorten(result: object) -> str:
    """Return a result on one short line."""
    short = reprlib.Repr()
    short.maxother = short.maxstring = _WIDTH
    words = printable(one_line(short.repr(result)))
    return words if len(words) <= _WIDTH else f"{words[: _WIDTH - 3]}..."


def _first_failure(states: Mapping[Task, State]) -> str:
    """Return one sentence on the first task or child that failed by itself."""
    for task, state in states.items():
        children = state.map_states if isinstance(state, Mapped) else []
        named = [(f"{task.name}[{i}]", s) for i, s in enumerate(children) if s is not None]
        for name, end in [(task.name, state), *named]:
            if end.is_failed() and not isinstance(end, TriggerFailed):
                return f"{name}: {describe_failure(end)}"
    return ""


def _tell(record: OwnRunRecord, order: OwnOrder) -> None:
    """Say what came of the run: on standard output, or with ``--quiet`` what failed on the other."""
    if order.as_json:
        put_json(record.as_json())
    elif order.verbosity is not Verbosity.QUIET:
        put_lines(record.lines())
        if record.state == Paused.__name__:
            put_line(f"go on with it: nemflow resume {shlex.quote(record.flow_run)}")
    elif record.outcome is Outcome.FAILED:
        put_error(f"error: {record.flow_run} failed: {record.error}")
    elif record.outcome is Outcome.HELD:
        put_error(f"error: {record.flow_run} {record.outcome.words}: {record.reason}")


def _plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
