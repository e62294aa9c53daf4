"""What a flow run is called, and the keys that it knows."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from nemflow.errors import DefinitionError, ParameterError
from nemflow.flows.base import Flow
from nemflow.flows.naming import inherited, run_dates, run_values
from nemflow.flows.parameters import Parameter
from nemflow.results.local import LocalResult
from nemflow.results.serializers import JSONSerializer
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task

EVENING = datetime(2014, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-10)))


class TestDates:
    def test_trap_21_today_is_the_utc_day_of_the_runs_start(self) -> None:
        dates = run_dates(None, EVENING)
        assert dates["today"] == "2014-01-02"
        assert dates["date"] == EVENING

    def test_yesterday_tomorrow_and_the_forms_without_dashes(self) -> None:
        dates = run_dates(None, datetime(2014, 3, 1, tzinfo=UTC))
        assert (dates["yesterday"], dates["tomorrow"]) == ("2014-02-28", "2014-03-02")
        assert dates["today_nodash"] == "20140301"
        assert (dates["yesterday_nodash"], dates["tomorrow_nodash"]) == ("20140228", "20140302")

    @pytest.mark.parametrize(
        "given", [datetime(2014, 1, 1, tzinfo=UTC), date(2014, 1, 1), "2014-01-01T00:00:00+00:00"]
    )
    def test_a_given_date_sets_all_of_them(self, given: Any) -> None:
        assert run_dates(given, EVENING)["tomorrow"] == "2014-01-02"

    @pytest.mark.usefixtures("machine_in_sydney")
    def test_a_text_without_zone_is_utc(self) -> None:
        assert run_dates("2014-01-01", EVENING)["date"] == datetime(2014, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize("given", ["someday", 20140101])
    def test_what_is_no_date_is_a_clear_error(self, given: Any) -> None:
        with pytest.raises(ParameterError, match=str(given)):
            run_dates(given, EVENING)


class TestRunName:
    def name(self, flow: Flow, **parameters: Any) -> str:
        values = run_values(flow, parameters, {}, "0123456789abcdef", EVENING)
        return str(values["flow_run_name"])

    def test_the_template_is_filled_with_parameters(self) -> None:
        flow = Flow("nem_prices_raw", flow_run_name="{flow_name}_{date:%Y-%m-%d}")
        assert self.name(flow, date=date(2014, 1, 1)) == "nem_prices_raw_2014-01-01"

    def test_the_runs_own_date_serves_where_there_is_no_such_parameter(self) -> None:
        assert self.name(Flow("f", flow_run_name="{flow_name}_{today}")) == "f_2014-01-02"

    def test_a_callable_gets_the_same_keys(self) -> None:
        flow = Flow("f", flow_run_name=lambda flow_name, x, **_: f"{flow_name}/{x}")
        assert self.name(flow, x=5) == "f/5"

    def test_without_template_the_id_tells_runs_apart(self) -> None:
        assert self.name(Flow("f")) == "f-01234567"

    def test_an_unknown_key_names_the_flow(self) -> None:
        with pytest.raises(DefinitionError, match=r"flow 'f' uses 'nope'"):
            self.name(Flow("f", flow_run_name="{nope}"))

    def test_a_name_given_in_the_context_wins(self) -> None:
        values = run_values(
            Flow("f", flow_run_name="{nope}"), {}, {"flow_run_name": "mine"}, "0", EVENING
        )
        assert values["flow_run_name"] == "mine"


class TestKeys:
    def test_the_users_own_keys_win_over_dates_made_up(self) -> None:
        values = run_values(Flow("f"), {}, {"today": "monday", "colour": "blue"}, "0", EVENING)
        assert (values["today"], values["colour"]) == ("monday", "blue")

    def test_the_scheduled_time_is_the_runs_start_unless_it_is_said(self) -> None:
        assert run_values(Flow("f"), {}, {}, "0", EVENING)["scheduled_start_time"] == EVENING
        said = run_values(Flow("f"), {}, {"scheduled_start_time": 5}, "0", EVENING)
        assert said["scheduled_start_time"] == 5

    def test_the_flow_and_its_run_are_keys(self) -> None:
        values = run_values(Flow("f"), {}, {}, "0", EVENING)
        assert [values[key] for key in ("flow_name", "flow_id", "flow_run_id")] == ["f", "f", "0"]

    def test_parameters_are_one_key(self) -> None:
        assert run_values(Flow("f"), {"x": 5}, {}, "0", EVENING)["parameters"] == {"x": 5}

    def test_a_run_inside_a_task_takes_over_dates_and_the_users_keys_only(self) -> None:
        around = {"date": 1, "colour": 2, "flow_run_id": 3, "task_name": 4, "parameters": 5}
        assert inherited(around) == {"date": 1, "colour": 2}


class TestRunsOfTheirOwn:
    def test_every_run_has_an_id_of_its_own(self) -> None:
        seen = []
        with Flow("f") as flow:
            task(lambda: seen.append(context.flow_run_id))()
        flow.run()
        flow.run()
        assert len(set(seen)) == 2

    def test_a_run_inside_a_task_has_an_id_and_name_of_its_own(self) -> None:
        seen = []

        @task
        def note() -> None:
            seen.append((context.flow_name, context.flow_run_name, context.flow_run_id))

        with Flow("inner", flow_run_name="inner run") as inner:
            note()
        with Flow("outer", flow_run_name="outer run") as outer:
            run_inner = task(lambda: inner.run(), name="run_inner")()
            note(upstream_tasks=[run_inner])
        outer.run()
        assert [names[:2] for names in seen] == [("inner", "inner run"), ("outer", "outer run")]
        assert seen[0][2] != seen[1][2]

    def test_the_name_and_parameters_are_told_to_the_reporter(self, events: Any) -> None:
        with Flow("prices", flow_run_name="{flow_name}_{day}") as flow:
            Parameter("day")
        flow.run(day="monday", reporter=events)
        [run] = events.runs
        assert (run.name, run.flow_name, run.parameters) == (
            "prices_monday",
            "prices",
            {"day": "monday"},
        )


def test_a_parameter_named_like_a_made_up_date_fills_templates_in_its_place(tmp_path):
    @task(target="{date}.json", result=LocalResult(tmp_path, serializer=JSONSerializer()))
    def keep():
        return 1

    flow = Flow("f")
    flow.add_task(Parameter("date"))
    flow.add_task(keep)
    assert flow.run(date="2014-01-01").is_successful()
    assert [path.name for path in tmp_path.glob("*.json")] == ["2014-01-01.json"]


def test_the_context_given_by_the_user_wins_over_a_parameter_of_the_same_name(tmp_path):
    @task(target="{colour}.json", result=LocalResult(tmp_path, serializer=JSONSerializer()))
    def keep():
        return 1

    flow = Flow("f")
    flow.add_task(Parameter("colour"))
    flow.add_task(keep)
    assert flow.run(colour="red", context={"colour": "blue"}).is_successful()
    assert [path.name for path in tmp_path.glob("*.json")] == ["blue.json"]
