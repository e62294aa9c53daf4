import json
import shutil
from xml.etree import ElementTree as ET

import pytest

from nemflow.tasks.nem.datasets import DATASETS


def test_the_list_has_a_line_for_each_flow(nemflow):
    ended = nemflow("flows")
    assert ended.code == 0
    assert [line.split()[:3] for line in ended.out.splitlines()] == [
        [f"{dataset}_{stage}", f"{dataset},", stage]
        for dataset in DATASETS
        for stage in ("raw", "clean")
    ]


def test_the_list_as_json_has_the_same_flows(nemflow):
    flows = json.loads(nemflow("flows", "--json").out)["flows"]
    assert [(flow["flow"], flow["dataset"], flow["stage"]) for flow in flows] == [
        (f"{dataset}_{stage}", dataset, stage) for dataset in DATASETS for stage in ("raw", "clean")
    ]


def test_a_flow_is_shown_with_parameters_tasks_and_targets(nemflow, tmp_path):
    lines = nemflow("flows", "show", "nem_prices_raw").out.splitlines()
    assert lines[0].startswith("nem_prices_raw: ")
    assert lines[1:] == [
        "data set nem_prices, stage raw",
        "parameters",
        "  date   required",
        "  renew  default False",
        "tasks",
        "  extract    first",
        "  transform  after extract",
        "  load       after transform  makes raw/nem_prices/{date:%Y}"
        "/nem_prices_raw_{date:%Y-%m-%d}.parquet",
        "flow nem_prices_raw",
        "  date (parameter, required)",
        "  renew (parameter, default False)",
        "  extract",
        "    date <- date",
        "    renew <- renew",
        "  transform",
        "    published <- extract",
        "    date <- date",
        "    renew <- renew",
        "  load",
        "    rows <- transform",
        "    date <- date",
        f"targets lie in {tmp_path / 'data'}",
    ]


def test_a_flow_as_json_has_parameters_tasks_and_targets(nemflow, tmp_path):
    facts = json.loads(nemflow("flows", "show", "nem_prices_clean", "--json").out)
    assert facts["parameters"] == [{"name": "date", "required": True, "default": None}]
    assert [(task["name"], task["upstream"]) for task in facts["tasks"]] == [
        ("extract", []),
        ("transform", ["extract"]),
        ("load", ["transform"]),
    ]
    assert facts["tasks"][2]["target"].startswith("clean/nem_prices/")
    assert facts["data_dir"] == str(tmp_path / "data")


def test_a_mistyped_flow_is_told_the_nearest(nemflow):
    assert nemflow("flows", "show", "nem_prices_clen") == (
        2,
        "",
        "error: there is no flow 'nem_prices_clen'; did you mean nem_prices_clean?\n",
    )


def test_a_flow_is_drawn_in_mermaid(nemflow):
    assert nemflow("flows", "show", "nem_prices_raw", "--format", "mermaid").out.splitlines() == [
        "---",
        'title: "nem_prices_raw"',
        "---",
        "flowchart TD",
        '    n0(["date"])',
        '    n1(["renew"])',
        '    n2(["extract"])',
        '    n3(["transform"])',
        '    n4(["load"])',
        '    n0 -->|"date"| n2',
        '    n1 -->|"renew"| n2',
        '    n2 -->|"published"| n3',
        '    n0 -->|"date"| n3',
        '    n1 -->|"renew"| n3',
        '    n3 -->|"rows"| n4',
        '    n0 -->|"date"| n4',
    ]


def test_a_flow_is_drawn_in_dot(nemflow):
    lines = nemflow("flows", "show", "nem_prices_raw", "--format", "dot").out.splitlines()
    assert (lines[0], lines[-2:]) == ("digraph {", ['\tn0 -> n4 [label="date"]', "}"])


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot of Graphviz is not here")
def test_a_flow_is_drawn_in_svg(nemflow):
    ended = nemflow("flows", "show", "nem_prices_raw", "--format", "svg")
    assert (ended.code, ET.fromstring(ended.out).tag) == (0, "{http://www.w3.org/2000/svg}svg")


def test_svg_without_graphviz_says_what_to_install(nemflow, tmp_path):
    ended = nemflow("flows", "show", "nem_prices_raw", "--format", "svg", PATH=str(tmp_path))
    assert (ended.code, ended.out) == (1, "")
    assert "install the system package graphviz" in ended.err


def test_json_and_a_drawing_exclude_each_other(nemflow):
    ended = nemflow("flows", "show", "nem_prices_raw", "--format", "dot", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: --json and --format exclude each other.")


def test_a_flow_of_ones_own_is_shown_too(start, tmp_path):
    (tmp_path / "own.py").write_text(
        "from nemflow import Flow, Parameter\n"
        "with Flow('own') as flow:\n    total = Parameter('n', default=1) + 2\n"
    )
    told = "flow own\n  n (parameter, default 1)\n  Add\n    left <- n\n    right = 2\n"
    assert start("flows", "show", "own.py").communicate() == (told, "")
    facts = json.loads(start("flows", "show", "own.py:flow", "--json").communicate()[0])
    assert facts == {
        "schema": 1,
        "flow": "own",
        "parameters": [{"name": "n", "required": False, "default": "1"}],
        "tasks": [{"name": "Add", "upstream": [], "target": None}],
    }
