"""``nemflow run file.py:flow``, as a process of its own."""

import json
import re
import signal
import textwrap
from importlib.util import find_spec

import pytest

SUMS = """
    from nemflow import Flow, Parameter, task
    from nemflow.tasks.annotations import unmapped
    from beside import twice

    @task
    def numbers(n):
        return list(range(n))

    @task
    def double(x, bad):
        if x == bad:
            raise ValueError(f"no {x}")
        return twice(x)

    @task
    def total(xs):
        print("adding up")
        return sum(xs)

    with Flow("sum", flow_run_name="sum_of_{n}") as flow:
        bad = Parameter("bad", default=-1)
        total(double.map(numbers(Parameter("n", default=3)), unmapped(bad)))
"""

KEEPING = """
    from nemflow import Flow, LocalResult, Parameter, task

    @task(result=LocalResult("kept"), target="{day:%Y}/{day:%Y-%m-%d}.txt")
    def keep(day):
        return f"{day:%A}"

    with Flow("keep", flow_run_name="keep_{day:%Y-%m-%d}") as flow:
        from nemflow.flows.parameters import DateTimeParameter
        flow.set_goal(keep(DateTimeParameter("day")))
"""


@pytest.fixture
def put(tmp_path):
    """Put a Python file into the current folder."""

    def put(name, content):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(content))

    put("beside.py", "def twice(x):\n    return 2 * x\n")
    put("sums.py", SUMS)
    return put


@pytest.fixture
def run(start, put):
    """Run the command to its end: exit code, standard output and error without their times."""

    def run(*words):
        process = start("run", *words)
        out, err = process.communicate(timeout=60)
        err = re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+10:00 ", "", err)
        return process.returncode, out, re.sub(r"\d+\.\d s", "T", err)

    return run


def test_a_flow_is_run_and_its_result_shown(run):
    assert run("sums.py:flow", "--param", "n=4") == (
        0,
        "adding up\nsum_of_4  Success\n  total = 12\n",
        "sum_of_4 numbers Running\n"
        "sum_of_4 numbers Success, T\n"
        "sum_of_4 double Running\n"
        "sum_of_4 double Mapped, 4 children, T: 4 Success\n"
        "sum_of_4 total Running\n"
        "sum_of_4 total Success, T\n"
        "sum_of_4 Success, T\n",
    )


needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not here")


@pytest.mark.parametrize(
    "executor", ["threads", "processes", pytest.param("dask", marks=needs_dask)]
)
def test_a_flow_runs_on_another_executor(run, executor):
    code, out, _ = run("sums.py", "--param", "n=20", "--executor", executor, "--workers", "2")
    assert (code, out.splitlines()[-2:]) == (0, ["sum_of_20  Success", "  total = 380"])


@needs_dask
def test_a_file_that_cannot_be_imported_by_name_runs_in_fresh_processes_too(run, put):
    put("my-sums.py", SUMS.replace("from beside import twice", "def twice(x): return 2 * x"))
    code, out, _ = run("my-sums.py", "--executor", "dask", "--workers", "1")
    assert (code, out.splitlines()[-2:]) == (0, ["sum_of_3  Success", "  total = 6"])


def test_a_module_is_found_in_the_current_folder(run, put):
    put("own/__init__.py", "")
    put("own/sums.py", SUMS)
    code, out, _ = run("own.sums:flow", "--quiet")
    assert (code, out) == (0, "adding up\n")


def test_json_is_one_object_with_the_keys_of_the_price_flows_and_nothing_else(run):
    code, out, err = run("sums.py", "--json", "--param", "n=2")
    record = json.loads(out)
    assert code == 0
    assert "adding up\n" in err
    assert record.pop("duration_s") >= 0
    assert record == {
        "schema": 1,
        "flow_run": "sum_of_2",
        "flow": "sum",
        "date": None,
        "state": "Success",
        "outcome": "done",
        "target": None,
        "source": None,
        "reason": "",
        "rows": None,
        "bytes": None,
        "synthetic": False,
        "error": None,
        "parameters": {"n": 2},
        "results": {"total": "2"},
    }


def test_a_failure_names_the_child_that_failed(run):
    assert run("sums.py", "--param", "bad=1", "--quiet") == (
        1,
        "",
        "error: sum_of_3 failed: double[1]: ValueError('no 1')\n",
    )
    code, out, err = run("sums.py", "--param", "bad=1")
    assert (code, out) == (1, "sum_of_3  Failed: double[1]: ValueError('no 1')\n")
    assert "double Failed, 3 children, T: 2 Success, 1 Failed; double[1]: ValueError('no 1')" in err


def test_a_failure_as_json_has_its_sentence(run):
    code, out, _ = run("sums.py", "--param", "bad=1", "--json")
    record = json.loads(out)
    assert (code, record["outcome"], record["state"]) == (1, "failed", "Failed")
    assert record["error"] == "double[1]: ValueError('no 1')"


def test_a_flow_with_a_goal_writes_its_target_once(run, put, tmp_path):
    put("keep.py", KEEPING)
    words = ("keep.py", "--param", "day=2014-01-01")
    target = tmp_path / "kept" / "2014" / "2014-01-01.txt"
    plan = f"keep_2014-01-01  would run (the target is missing)  {target}\n"
    assert run(*words, "--dry-run") == (0, plan, "")
    assert not target.exists()
    line = f"keep_2014-01-01  Success, written  {target}\n"
    assert run(*words)[:2] == (0, line)
    there = f"keep_2014-01-01  Success, already there  {target}\n"
    assert run(*words)[:2] == (0, there)
    assert run(*words, "--force")[:2] == (0, line)


def test_a_flow_without_names_for_its_runs_is_planned_by_its_own(run, put):
    put("bare.py", "from nemflow import Flow\nflow = Flow('bare')\n")
    told = "bare  would run (the flow has no target of its own)\n"
    assert run("bare.py", "--dry-run") == (0, told, "")
    code, out, _ = run("bare.py")
    assert (code, re.sub("[0-9a-f]{8}", "ID", out)) == (0, "bare-ID  Success\n")


def test_a_flow_with_a_schedule_runs_once_now(run, put):
    put(
        "often.py",
        """
        from datetime import timedelta
        from nemflow import Flow
        from nemflow.flows.schedules import IntervalSchedule
        flow = Flow("often", schedule=IntervalSchedule(interval=timedelta(days=9)), flow_run_name="o")
        """,
    )
    assert run("often.py", "--quiet") == (0, "", "")


def test_results_are_short_and_secrets_are_not_shown(run, put):
    put(
        "long.py",
        """
        from nemflow import Flow, task
        from nemflow.tasks.secret import EnvVarSecret

        @task
        def long():
            return "x" * 1000

        class Loud:
            def __repr__(self):
                return "two\\nlines \\x1b[2J"

        @task
        def loud():
            return Loud()

        @task
        def nothing():
            pass

        with Flow("long", flow_run_name="long") as flow:
            long(), loud(), nothing(), EnvVarSecret("HOME")()
        """,
    )
    code, out, _ = run("long.py")
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 4)
    assert len(lines[1]) < 120
    assert lines[2:] == ["  loud = two lines \\x1b[2J", "  HOME = (secret)"]


def test_a_paused_flow_says_where_it_waits(run, put):
    put(
        "paused.py",
        """
        from nemflow import Flow, signals, task

        @task
        def wait():
            raise signals.PAUSE("ask somebody")

        with Flow("paused", flow_run_name="paused") as flow:
            wait()
        """,
    )
    code, out, _ = run("paused.py")
    assert (code, out.split(":")[0]) == (1, "paused  Paused")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nope.py:flow",), "nope.py is not there"),
        (("sums.py:flwo",), "sums.py has no flow 'flwo' (it has flow); did you mean 'flow'?"),
        (("sums.py", "--param", "n=x"), "--param n=x: n must be a whole number"),
        (("sums.py", "--param", "m=1"), "flow 'sum' has no parameter 'm'"),
        (("sums.py", "--date", "2014-01-01"), "--date is for the price flows"),
        (("sums.py", "--sandbox"), "--sandbox is for the price flows"),
        (("sums.py", "--data-dir", "x"), "--data-dir is for the price flows"),
        (("sums.py", "--workers", "0"), "--workers must be a whole number from 1 to 64"),
        (("nem_prices", "--param", "date=x"), "--param is for flows of your own"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(run, words, told):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert told in err.splitlines()[0]
    assert "Traceback" not in err


def test_an_error_in_the_users_file_has_its_traceback_with_debug_only(run, put):
    put("bad.py", "x = 1\nx.y\n")
    code, _, err = run("bad.py")
    assert code == 2
    assert err.endswith(
        "cannot be imported: line 2: AttributeError: 'int' object has no attribute 'y'\n"
    )
    assert len(err.splitlines()) == 1
    assert "Traceback" in run("bad.py", "--debug")[2]


def test_ctrl_c_ends_a_run_in_order(start, put):
    put(
        "slow.py",
        """
        import sys, time
        from nemflow import Flow, task

        @task
        def slow():
            time.sleep(60)

        with Flow("slow", flow_run_name="slow") as flow:
            slow()
        """,
    )
    process = start("run", "slow.py")
    assert "slow Running" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == "slow  Cancelled\n"
    assert "slow Cancelled" in err
