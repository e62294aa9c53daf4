"""A flow as text, Mermaid, DOT and SVG; names that would like to be more than names."""

import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.errors import NemflowError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.flows.picture import printable
from nemflow.flows.rendering import render_dot, render_mermaid, render_svg, render_text
from nemflow.tasks.annotations import flatten, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="the program dot (system package graphviz) is not here"
)

HOSTILE = [
    'a"b',
    'x"] --> y["',
    "<b>bold</b>",
    "new\nline",
    "back\\slash",
    "trailing\\",
    "\\N\\G\\l",
    "&lt;&amp;",
    "#quot;",
    "`md`",
    "**strong**",
    "__init__",
    "1. one",
    "- item",
    "[x]: y",
    "[a](http://b.c)",
    '%%{init: {"theme": "dark"}}%%',
    "end",
    "日本語 ü",
    "\u202eesrever",
    "\x1b[2J",
    "nul\x00",
    "; class n0 Success",
    '"]\n}',
    "<script>alert(1)</script>",
    "a  b",
    ":::Success",
    "fa:fa-car",
    "snake_case-name",
]


@task
def numbers(n: int) -> list[int]:
    return list(range(n))


@task
def halve(x: int, by: int) -> float:
    return x / (2 - by * (x == 1))


@task
def total(xs: list[float]) -> float:
    return sum(xs)


@pytest.fixture
def flow() -> Flow:
    """A flow with a parameter, a map, a constant and a task that only waits."""
    with Flow("halves") as flow:
        n = Parameter("n", default=3)
        end = total(halve.map(numbers(n), by=unmapped(2)))
        Task(name="tidy up").set_upstream(end)
    return flow


@pytest.fixture
def hostile_flow() -> Flow:
    """A chain of tasks with hostile names, in a flow with one."""
    flow = Flow('ho"st\\ile\n%%{init: {}}%%<b>')
    flow.chain(*(Task(name=name) for name in HOSTILE))
    return flow


def lines(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").split("\n")


class TestText:
    def test_each_task_is_told_with_what_it_takes_from_where(self, flow: Flow) -> None:
        assert render_text(flow).split("\n") == lines(
            """
            flow halves
              n (parameter, default 3)
              numbers
                n <- n
              halve <map>
                x <- each of numbers
                by = 2
              total
                xs <- halve
              tidy up
                after total
            """
        )

    def test_a_run_adds_states_messages_and_the_children_that_did_not_end_well(
        self, flow: Flow
    ) -> None:
        words = 'Trigger was "all_successful" but some upstream tasks failed'
        assert render_text(flow, flow.run().result).split("\n") == lines(
            f"""
            flow halves
              n (parameter, default 3): Success: done
              numbers: Success: done
                n <- n
              halve <map>: Mapped, 2 Success, 1 Failed
                x <- each of numbers
                by = 2
                [1] Failed: ZeroDivisionError('division by zero')
              total: TriggerFailed: {words}: halve
                xs <- halve
              tidy up: TriggerFailed: {words}: total
                after total
            """
        )

    def test_tasks_of_one_name_are_told_apart_by_their_slugs(self) -> None:
        with Flow("twice") as flow:
            total(flatten([numbers(1), numbers(2)]))
        told = render_text(flow).split("\n")
        assert [line for line in told if "numbers" in line] == [
            "  numbers-1",
            "  numbers-2",
            "    arg_1 <- numbers-1",
            "    arg_2 <- numbers-2",
        ]
        assert "    xs <- flattened List" in told

    def test_many_children_in_trouble_are_counted(self) -> None:
        with Flow("bad") as flow:
            halve.map([1] * 30, by=unmapped(2))
        told = render_text(flow, flow.run().result).split("\n")
        assert told[-1] == "    and 20 more"
        assert len([line for line in told if "ZeroDivisionError" in line]) == 10

    def test_a_name_stays_on_its_line_and_sends_nothing_to_the_terminal(
        self, hostile_flow: Flow
    ) -> None:
        told = render_text(hostile_flow).split("\n")
        assert all(line.isprintable() for line in told)
        assert [told[1], *told[2::2]] == [f"  {printable(name)}" for name in HOSTILE]


class TestMermaid:
    def test_a_flow_is_a_flowchart(self, flow: Flow) -> None:
        assert render_mermaid(flow).split("\n") == lines(
            """
            ---
            title: "halves"
            ---
            flowchart TD
                n0(["n"])
                n1(["numbers"])
                n2["halve #60;map#62;"]
                n3(["total"])
                n4(["tidy up"])
                n0 -->|"n"| n1
                n1 -.->|"x"| n2
                n2 -->|"xs"| n3
                n3 --> n4
            """
        )

    def test_a_run_adds_a_class_with_the_colour_of_each_state(self, flow: Flow) -> None:
        told = render_mermaid(flow, flow.run().result).split("\n")
        assert told[-6:] == [
            "    classDef Success fill:#27b14c80",
            "    class n0,n1,n2c0,n2c2 Success",
            "    classDef Failed fill:#eb000080",
            "    class n2c1 Failed",
            "    classDef TriggerFailed fill:#ff513180",
            "    class n3,n4 TriggerFailed",
        ]

    def test_it_can_run_from_left_to_right(self, flow: Flow) -> None:
        assert "flowchart LR" in render_mermaid(flow, horizontal=True)

    def test_a_hostile_name_is_text_in_a_quoted_label_and_nothing_else(
        self, hostile_flow: Flow
    ) -> None:
        told = render_mermaid(hostile_flow).split("\n")
        assert told[1] == r'title: "ho\"st\\ile\\n\u0025\u0025{init: {}}\u0025\u0025<b>"'
        nodes = [re.fullmatch(r' {4}n\d+\(\["([^"%`<>&\\]+)"\]\)', line) for line in told[4:33]]
        labels = [match[1] for match in nodes if match]
        assert [re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label) for label in labels] == [
            printable(name) for name in HOSTILE
        ]
        assert told[33:] == [f"    n{i} --> n{i + 1}" for i in range(28)]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("snake_case-name 2", "snake_case-name 2"),
        ("sum: total[3]", "sum: total[3]"),
        ("fa:fa-car", "fa#58;fa-car"),  # would be an icon
        (":::Success", "#58;#58;#58;Success"),
        ("__init__", "#95;#95;init#95;#95;"),  # would be bold
        ("1. one", "1#46; one"),  # would be a list
        ("- item", "#45; item"),
        ("[x]: y", "[x]#58; y"),  # would be a link's address, not shown
        ("    code", "#32;#32;#32;#32;code"),
        ("www.example.com", "www#46;example#46;com"),
    ],
)
def test_what_markdown_in_mermaid_would_take_for_more_than_text_is_spelled_out(
    name: str, label: str
) -> None:
    assert f'    n0(["{label}"])' in render_mermaid(Flow("f", tasks=[Task(name=name)])).split("\n")


@given(st.text(min_size=1))
def test_any_name_is_a_whole_label_in_every_language(name: str) -> None:
    flow = Flow("f", tasks=[Task(name=name)])
    (node,) = (line for line in render_mermaid(flow).split("\n") if line.startswith("    n0"))
    label = re.fullmatch(r' {4}n0\(\["([^"%`<>&\\{}|]+)"\]\)', node)
    assert label is not None
    assert re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label[1]) == printable(name)
    (node,) = (line for line in render_dot(flow).split("\n") if line.startswith("\tn0"))
    label = re.fullmatch(r'\tn0 \[label="((?:[^"\\]|\\["\\])+)", shape=ellipse\]', node)
    assert label is not None
    plain = re.sub(r"\\(.)", r"\1", label[1]).replace("&amp;", "&")
    assert plain == printable(name)


class TestDot:
    def test_a_flow_is_a_digraph(self, flow: Flow) -> None:
        told = [line.strip() for line in render_dot(flow).split("\n")]
        assert told[0] == "digraph {"
        assert told[4:] == [
            'n0 [label="n", shape=ellipse]',
            'n1 [label="numbers", shape=ellipse]',
            'n2 [label="halve <map>", shape=box]',
            'n3 [label="total", shape=ellipse]',
            'n4 [label="tidy up", shape=ellipse]',
            'n0 -> n1 [label="n"]',
            'n1 -> n2 [label="x", style=dashed]',
            'n2 -> n3 [label="xs"]',
            "n3 -> n4",
            "}",
        ]

    def test_a_run_fills_the_nodes_with_the_colours_of_their_states(self, flow: Flow) -> None:
        told = render_dot(flow, flow.run().result)
        assert (
            'n2c1 [label="halve[1]", shape=box, style=filled, fillcolor="#eb000080", '
            "tooltip=\"Failed: ZeroDivisionError('division by zero')\"]"
        ) in told

    def test_the_same_flow_gives_the_same_text_in_another_process(self, tmp_path: Path) -> None:
        code = (
            "from nemflow import Flow, Task\n"
            "from nemflow.flows.rendering import render_dot, render_mermaid, render_text\n"
            "flow = Flow('f'); tasks = [Task(name=n) for n in 'cabd']\n"
            "flow.chain(*tasks); flow.add_edge(tasks[0], tasks[3])\n"
            "print(render_dot(flow), render_mermaid(flow), render_text(flow))\n"
        )
        told = {
            subprocess.run(
                [sys.executable, "-c", code],
                env={"PYTHONHASHSEED": seed, "HOME": str(tmp_path)},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2", "3")
        }
        assert len(told) == 1


@needs_dot
class TestSvg:
    @staticmethod
    def texts(svg: str, tag: str = "text") -> list[str]:
        root = ET.fromstring(svg)
        found = root.iter(f"{{http://www.w3.org/2000/svg}}{tag}")
        return ["".join(element.itertext()).replace("\xa0", " ") for element in found]

    def test_graphviz_draws_what_the_dot_says(self, flow: Flow) -> None:
        assert self.texts(render_svg(flow)) == [
            *("halves", "n", "numbers", "n", "halve <map>", "x"),
            *("total", "xs", "tidy up"),
        ]

    def test_hostile_names_are_drawn_as_they_are(self, hostile_flow: Flow) -> None:
        assert self.texts(render_svg(hostile_flow)) == [
            printable(name) for name in (hostile_flow.name, *HOSTILE)
        ]

    def test_a_hostile_message_is_a_tooltip(self, flow: Flow) -> None:
        @task
        def fail() -> None:
            raise ValueError('"]; <b>&lt;')

        with Flow("bad") as bad:
            fail()
        svg = render_svg(bad, bad.run().result)
        (link,) = (e for e in ET.fromstring(svg).iter() if e.tag.endswith("}a"))
        told = link.attrib["{http://www.w3.org/1999/xlink}title"]
        assert told == """Failed: ValueError('"]; <b>&lt;')"""


def test_svg_without_graphviz_says_what_to_install(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NemflowError, match="install the system package graphviz"):
        render_svg(flow)


class TestVisualize:
    @pytest.fixture(autouse=True)
    def package(self) -> None:
        pytest.importorskip("graphviz", reason="the package graphviz is not here")

    def test_it_returns_a_digraph_with_the_flow_in_it(self, flow: Flow, tmp_path: Path) -> None:
        if shutil.which("dot") is None:
            pytest.skip("the program dot (system package graphviz) is not here")
        graph = flow.visualize(flow.run(), filename=str(tmp_path / "f.svg"), horizontal=True)
        source = graph.source
        assert [line for line in source.split("\n") if line.startswith("\tn0")] == [
            '\tn0 [label="n", shape=ellipse, style=filled, fillcolor="#27b14c80", '
            'tooltip="Success: done"]',
            '\tn0 -> n1 [label="n"]',
        ]
        assert "rankdir=LR" in source

    @needs_dot
    @pytest.mark.parametrize(
        ("filename", "format_", "made"),
        [
            ("f.png", None, "f.png"),
            ("f", "png", "f.png"),
            ("f.png", "png", "f.png"),
            ("f", None, "f.pdf"),
            ("f.v1", "svg", "f.v1.svg"),
        ],
    )
    def test_the_picture_alone_goes_to_the_file(
        self, flow: Flow, tmp_path: Path, filename: str, format_: str | None, made: str
    ) -> None:
        flow.visualize(filename=str(tmp_path / filename), format=format_)
        assert [path.name for path in tmp_path.iterdir()] == [made]

    def test_without_the_program_it_says_what_to_install(
        self, flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NemflowError, match="install the system package graphviz"):
            flow.visualize(filename=str(tmp_path / "f.png"))

    def test_a_state_that_is_not_of_a_flow_run_is_refused(self, flow: Flow) -> None:
        state = flow.run()
        assert isinstance(state.result, dict)
        task_state = state.result[next(iter(flow.get_tasks(name="numbers")))]
        with pytest.raises(TypeError, match="no state that a run of a flow returned"):
            flow.visualize(task_state)


def test_visualize_without_the_package_says_what_to_install(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    child = start(
        "import sys; sys.modules['graphviz'] = None\n"
        "from nemflow import Flow\n"
        "try: Flow('f').visualize()\n"
        "except ImportError as error: print(error)\n"
    )
    out, err = child.communicate(timeout=60)
    assert err == ""
    assert out.startswith(
        "visualize needs the Python package graphviz: pip install 'nemflow[graphviz]'"
    )
