import json


def test_the_list_has_a_line_for_each_flow(nemflow):
    ended = nemflow("flows")
    assert ended.code == 0
    assert [line.split()[:3] for line in ended.out.splitlines()] == [
        ["nem_prices_raw", "nem_prices,", "raw"],
        ["nem_prices_clean", "nem_prices,", "clean"],
    ]


def test_the_list_as_json_has_the_same_flows(nemflow):
    flows = json.loads(nemflow("flows", "--json").out)
    assert [(flow["flow"], flow["dataset"], flow["stage"]) for flow in flows] == [
        ("nem_prices_raw", "nem_prices", "raw"),
        ("nem_prices_clean", "nem_prices", "clean"),
    ]


def test_a_flow_is_shown_with_parameters_tasks_and_targets(nemflow, tmp_path):
    lines = nemflow("flows", "show", "nem_prices_raw").out.splitlines()
    assert lines[0].startswith("nem_prices_raw: ")
    assert lines[1:] == [
        "data set nem_prices, stage raw",
        "parameters",
        "  date  required",
        "tasks",
        "  extract    first",
        "  transform  after extract",
        "  load       after transform  makes raw/nem_prices/{date:%Y}"
        "/nem_prices_raw_{date:%Y-%m-%d}.parquet",
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
