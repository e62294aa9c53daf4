"""The guides' examples are run as they stand and print what they promise; names and links are right."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nemflow

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(ROOT / "docs" / name for name in ("engine.md", "from-prefect.md", "history.md"))
LINKED = (ROOT / "README.md", *PAGES)


def without_code(text: str) -> str:
    """Return a page without its blocks of code, in which # begins a comment."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def headings(page: Path) -> list[str]:
    """Return a page's headings."""
    return re.findall(r"^#+ (.+)$", without_code(page.read_text()), flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """Return what GitHub calls a heading in links.

    >>> anchor("Goals and the ETL flow")
    'goals-and-the-etl-flow'
    """
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def examples() -> list:
    """Return every Python block of the pages, named by its page and heading."""
    found = []
    for page in PAGES:
        for section in re.split(r"^## ", page.read_text(), flags=re.MULTILINE):
            codes = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
            name = f"{page.stem}: {section.partition(chr(10))[0]}"
            found += [pytest.param(code, id=f"{name} {i}") for i, code in enumerate(codes, 1)]
    return found


def test_there_are_examples_to_run():
    assert len(examples()) >= 20


@pytest.mark.parametrize("code", examples())
def test_an_example_prints_what_the_page_promises(tmp_path, code):
    promised = re.findall(r"^# prints (.*)$", code, flags=re.MULTILINE)
    script = tmp_path / "example.py"
    script.write_text(code)
    # Dask leaves sockets to the garbage collector.
    warnings = [word for rule in ("error", "ignore::ResourceWarning") for word in ("-W", rule)]
    unset = {"NEMFLOW_CHECKPOINTING", "PORT"}
    environment = {key: value for key, value in os.environ.items() if key not in unset}
    done = subprocess.run(
        [sys.executable, *warnings, script.name],
        cwd=tmp_path,
        env={**environment, "NEMFLOW_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert promised
    assert done.stdout.splitlines() == promised


def test_the_ported_flow_has_the_imports_of_the_diff_and_no_others_of_nemflow():
    text = PAGES[1].read_text()
    [diff] = re.findall(r"```diff\n(.*?)```", text, flags=re.DOTALL)
    [code] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    before = re.findall(r"^-(.*)$", diff, flags=re.MULTILINE)
    after = re.findall(r"^\+(.*)$", diff, flags=re.MULTILINE)
    assert after == [line.replace("prefect", "nemflow") for line in before]
    assert after == re.findall(r"^(?:import|from) nemflow.*$", code, flags=re.MULTILINE)


@pytest.mark.parametrize("name", sorted(nemflow.__all__))
def test_every_name_of_the_face_is_told_in_a_guide(name):
    text = "\n".join(page.read_text() for page in PAGES)
    code = re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL)
    assert re.search(rf"\b{name}\b", "\n".join(code))


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if re.match(r"\w+:", target):
            continue
        path, _, place = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} in {page.name}"
        if place:
            assert place in map(anchor, headings(file)), f"{target} in {page.name}"


def test_every_section_of_the_guide_is_in_its_contents():
    contents = PAGES[0].read_text().partition("\n## ")[0]
    listed = re.findall(r"\]\(#([\w-]+)\)", contents)
    assert listed == [anchor(heading) for heading in headings(PAGES[0])[1:]]


def test_every_key_that_a_run_has_is_in_the_table_of_keys():
    section = PAGES[0].read_text().partition("## Names and templates")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`(\w+)`", table))

    @nemflow.task
    def look():
        return set(nemflow.context.to_dict())

    with nemflow.Flow("look") as flow:
        looked = look()
    keys = flow.run().result[looked].result
    assert keys >= {"date", "task_name", "flow_run_id"}
    assert {key for key in keys if not key.endswith("_nodash")} <= told
