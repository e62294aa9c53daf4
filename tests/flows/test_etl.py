"""The reusable extract-transform-load flow."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.etl import build_etl
from nemflow.flows.parameters import Parameter
from nemflow.flows.settings import RunSettings
from nemflow.results import FileResult, LocalResult
from nemflow.tasks import signals, states
from nemflow.tasks.base import Task


def loaded(flow: Flow, **given: Any) -> Any:
    [load] = flow.get_tasks(name="load")
    return flow.run(**given).result[load].result


class TestBuilding:
    def test_three_functions_become_three_tasks_in_a_row(self) -> None:
        flow = build_etl(
            "f", extract=lambda: 0, transform=lambda extracted: 0, load=lambda transformed: 0
        )
        assert [task.name for task in flow.sorted_tasks()] == ["extract", "transform", "load"]

    def test_building_runs_nothing(self) -> None:
        ran: list[int] = []
        build_etl(
            "f", extract=lambda: ran.append(1), transform=lambda rows: rows, load=lambda rows: rows
        )
        assert ran == []

    def test_parameters_go_to_the_stages_that_name_them(self) -> None:
        flow = build_etl(
            "f",
            extract=lambda day: [day],
            transform=lambda rows, zone: [*rows, zone],
            load=lambda rows, day, zone: (rows, day, zone),
            parameters=[Parameter("day"), Parameter("zone", default="NSW1")],
        )
        assert loaded(flow, day=1) == ([1, "NSW1"], 1, "NSW1")

    def test_a_parameter_that_no_stage_takes_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="takes the parameter colour"):
            build_etl(
                "f",
                extract=lambda: 0,
                transform=lambda rows: 0,
                load=lambda rows: 0,
                parameters=[Parameter("colour")],
            )

    def test_an_argument_that_is_no_parameter_is_refused(self) -> None:
        with pytest.raises(TypeError, match="'day'"):
            build_etl("f", extract=lambda day: 0, transform=lambda rows: 0, load=lambda rows: 0)

    def test_a_stage_that_takes_nothing_is_refused(self) -> None:
        with pytest.raises(TypeError, match="transform"):
            build_etl("f", extract=lambda: 0, transform=lambda: 0, load=lambda rows: 0)

    def test_a_target_needs_a_result(self) -> None:
        with pytest.raises(DefinitionError, match="result="):
            build_etl(
                "f",
                extract=lambda: 0,
                transform=lambda rows: 0,
                load=lambda rows: 0,
                target="a",
            )

    def test_a_stage_may_be_a_task_which_keeps_its_name_and_stays_as_it_was(self) -> None:
        class Download(Task):
            def run(self) -> int:
                return 5

        download = Download(name="download")
        flow = build_etl("f", extract=download, transform=lambda rows: rows, load=lambda rows: rows)
        assert flow.sorted_tasks()[0].name == "download"
        assert download not in flow.tasks
        assert loaded(flow) == 5

    def test_extract_takes_options_of_its_own(self) -> None:
        flow = build_etl(
            "f",
            extract=lambda: 0,
            transform=lambda rows: 0,
            load=lambda rows: 0,
            extract_options={"max_retries": 3, "retry_delay": timedelta(0)},
        )
        assert flow.get_tasks(name="extract")[0].max_retries == 3


class TestRunning:
    def build(self, folder: Path, ran: list[str]) -> Flow:
        def extract(day: str) -> str:
            ran.append("extract")
            if day == "sunday":
                raise signals.SKIP("nothing on sundays")
            return day

        def load(rows: str, path: Path) -> None:
            path.write_text(rows)

        return build_etl(
            "prices",
            extract=extract,
            transform=lambda rows: rows.upper(),
            load=load,
            parameters=[Parameter("day")],
            target="{day}.txt",
            result=FileResult(folder),
            flow_run_name="{flow_name}_{day}",
        )

    def test_load_makes_the_file_at_the_target(self, tmp_path: Path, settings: RunSettings) -> None:
        state = self.build(tmp_path / "out", []).run(day="monday", settings=settings)
        assert state.is_successful()
        assert (tmp_path / "out" / "monday.txt").read_text() == "MONDAY"

    def test_the_target_may_be_chosen_by_a_function_when_a_run_starts(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        def place(day: int, **_: object) -> str:
            kept = f"all/{day // 10}.txt"
            return kept if (tmp_path / kept).exists() else f"days/{day}.txt"

        def write(words: object, path: Path) -> None:
            path.write_text("made")

        flow = build_etl(
            "f",
            extract=lambda day: day,
            transform=lambda rows: rows,
            load=write,
            parameters=[Parameter("day")],
            target=place,
            result=FileResult(tmp_path),
        )
        assert flow.run(day=12, settings=settings).is_successful()
        assert (tmp_path / "days/12.txt").read_text() == "made"
        (tmp_path / "all").mkdir()
        (tmp_path / "all/1.txt").write_text("kept")
        assert flow.run(day=13, settings=settings).is_successful()
        assert not (tmp_path / "days/13.txt").exists()
        assert flow.run(day=13, force=True, settings=settings).is_successful()
        assert (tmp_path / "all/1.txt").read_text() == "made"

    def test_a_run_whose_target_is_there_does_nothing(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        ran: list[str] = []
        flow = self.build(tmp_path / "out", ran)
        for _ in range(2):
            flow.run(day="monday", settings=settings)
        assert ran == ["extract"]

    def test_better_9_runs_are_named_by_the_template(
        self, tmp_path: Path, settings: RunSettings, events: Any
    ) -> None:
        flow = self.build(tmp_path / "out", [])
        flow.run(day="monday", settings=settings, reporter=events)
        assert events.runs[0].name == "prices_monday"

    def test_what_extract_skips_is_skipped_to_the_end_and_tried_again_next_time(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        ran: list[str] = []
        flow = self.build(tmp_path / "out", ran)
        for _ in range(2):
            state = flow.run(day="sunday", settings=settings)
            assert state.is_successful()
            kinds = {type(s) for t, s in state.result.items() if not isinstance(t, Parameter)}
            assert kinds == {states.Skipped}
        assert ran == ["extract", "extract"]
        assert not (tmp_path / "out").exists()

    def test_a_value_is_kept_at_the_target_where_the_result_keeps_values(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        flow = build_etl(
            "squares",
            extract=lambda n: n,
            transform=lambda number: number * number,
            load=lambda square: square,
            parameters=[Parameter("n")],
            target="{n}.p",
            result=LocalResult(tmp_path / "out"),
        )
        flow.run(n=7, settings=settings)
        assert LocalResult(tmp_path / "out").read("7.p").value == 49
