"""``nemflow report``: the facts of the page, and the page itself in a real browser."""

import json
import re
import shutil
from datetime import date, timedelta

import pytest

from nemflow.cli.page.build import build_page

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
DAY = date(2014, 1, 1)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page of these facts; at the end nothing may have been said on the console."""
    pages = []

    def open_page(facts, **options):
        path = tmp_path / "page.html"
        path.write_text(build_page(facts), encoding="utf-8")
        page = browser.new_page(**options)
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request", lambda request: request.url.startswith("file:") or said.append(request.url)
        )
        page.goto(path.as_uri())
        pages.append((page, said))
        return page

    yield open_page
    for page, said in pages:
        page.close()
        assert said == []


@pytest.fixture
def facts():
    """Facts of two years, a week of prices, three runs and a failure that tries to be markup."""
    letters = "F" * 300 + "P" * 40 + "X" + "M" * 20 + "N" * 4
    prices = {
        name: [float(50 + i % 40 + n) for i in range(288)] for n, name in enumerate(["NSW1", "SA1"])
    }
    prices["SA1"][100], prices["SA1"][200] = 15_000.0, None
    tasks = [
        {
            "name": n,
            "state": "Success",
            "started": "2014-01-02T00:00:01+00:00",
            "ended": "2014-01-02T00:00:02+00:00",
            "duration_s": 1.0,
        }
        for n in ("extract", "load")
    ]
    run = {
        "id": "a1",
        "name": "nem_prices_raw_2014-01-01",
        "flow": "nem_prices_raw",
        "state": "Success",
        "started": "2014-01-02T00:00:00+00:00",
        "ended": "2014-01-02T00:00:03+00:00",
        "duration_s": 3.0,
        "source": "mmsdm",
        "rows": 1440,
        "error": None,
        "tasks": tasks,
    }
    return {
        "schema": 1,
        "made_at": "2014-12-31T20:00:00+00:00",
        "version": "0",
        "data_dir": "/data",
        "synthetic": True,
        "live": False,
        "attribution": "nobody's",
        "datasets": [
            {
                "name": "nem_prices",
                "description": "prices",
                "details": {},
                "stages": {
                    "raw": {"2013": "M" * 365, "2014": letters},
                    "clean": {"2013": "M" * 365, "2014": letters},
                },
            }
        ],
        "gaps": [
            {
                "dataset": "nem_prices",
                "stage": "clean",
                "start": "2014-12-07",
                "end": "2014-12-27",
                "days": 21,
                "status": "missing",
                "command": "nemflow backfill --start 2014-12-07 --end 2014-12-27",
            }
        ],
        "prices": {
            "dataset": "nem_prices",
            "column": "rrp",
            "unit": "AUD/MWh",
            "start": "2014-01-01T00:00:00+10:00",
            "minutes": 5,
            "regions": prices,
        },
        "runs": [run],
        "failures": [
            {
                "name": "nem_prices_raw_2014-12-07",
                "at": "2014-12-08T00:00:00+00:00",
                "error": "</script><img src=x onerror=alert(1)>",
                "command": "nemflow retry nem_prices_raw_2014-12-07",
                "run": None,
            }
        ],
        "flows": [
            {
                "name": "nem_prices_raw",
                "description": "rows",
                "tasks": [
                    {
                        "name": "date",
                        "upstream": [],
                        "is_parameter": True,
                        "state": None,
                        "target": None,
                    },
                    {
                        "name": "extract",
                        "upstream": ["date"],
                        "is_parameter": False,
                        "state": "Success",
                        "target": None,
                    },
                    {
                        "name": "load",
                        "upstream": ["extract", "date"],
                        "is_parameter": False,
                        "state": "Failed",
                        "target": "raw",
                    },
                ],
            }
        ],
    }


def test_the_page_is_one_file_that_names_no_other(facts):
    page = build_page(facts)
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", page)
    assert "http://www.w3.org/2000/svg" in page  # a name, not an address
    assert page.count("</script>") == 2  # what the facts hold is no markup


def test_the_facts_stand_in_the_page_unchanged(facts):
    text = re.search(r'id="facts">(.*?)</script>', build_page(facts), re.DOTALL)[1]
    assert json.loads(text) == facts


def test_a_day_is_chosen_by_mouse_and_by_keys_and_says_what_fills_it(opened, facts):
    page = opened(facts)
    page.click('[data-day="2014-01-31"]')
    assert "2014-01-31 final" in page.inner_text("#day")
    assert "nemflow why nem_prices_clean 2014-01-31" in page.inner_text("#day")
    page.keyboard.press("ArrowDown")
    assert "2014-02-28 final" in page.inner_text("#day")
    page.keyboard.press("ArrowRight")
    assert "2014-03-01" in page.inner_text("#day")
    missing = (DAY + timedelta(days=345)).isoformat()
    page.click(f'[data-day="{missing}"]')
    assert f"nemflow run nem_prices --date {missing}" in page.inner_text("#day")


def test_years_and_stages_can_be_changed(opened, facts):
    page = opened(facts)
    assert page.locator("#calendar button").count() == 365
    page.click("#year-before")
    assert page.locator("#calendar button.M").count() == 365
    page.select_option("#year", "2014")
    page.select_option("#stage", "raw")
    assert page.locator("#calendar button.F").count() == 300


def test_gaps_are_listed_with_the_command_that_fills_them(opened, facts):
    page = opened(facts)
    page.click("#gaps-title")
    assert "2014-12-07 to 2014-12-27, 21 days" in page.inner_text("#gaps")
    assert "nemflow backfill --start 2014-12-07 --end 2014-12-27" in page.inner_text("#gaps")


def test_prices_are_drawn_and_read_out_also_without_a_mouse(opened, facts):
    page = opened(facts)
    assert page.locator("#chart path.line").count() == 2
    assert page.is_checked("#symlog")  # a spike of 15,000 would flatten the rest
    page.focus("#chart")
    page.keyboard.press("ArrowLeft")
    assert "interval from 2014-01-01 23:50: NSW1 " in page.inner_text("#reading")
    page.uncheck('#regions label:has-text("SA1") input')
    assert page.locator("#chart path.line").count() == 1


def test_a_run_opens_into_its_tasks(opened, facts):
    page = opened(facts)
    assert page.locator(".run[open]").count() == 0
    page.click(".run summary")
    assert page.locator(".run[open] .task").count() == 2
    assert "from mmsdm, 1,440 rows" in page.inner_text(".run[open]")


def test_failures_stand_with_their_sentence_as_text_and_their_command(opened, facts):
    page = opened(facts)
    assert "</script><img src=x onerror=alert(1)>" in page.inner_text("#failed")
    assert "nemflow retry nem_prices_raw_2014-12-07" in page.inner_text("#failed")
    assert page.locator("#failed img").count() == 0


def test_a_flow_is_drawn_as_a_graph_that_can_be_read_aloud(opened, facts):
    page = opened(facts)
    assert page.locator("#graph rect").count() == 3
    assert page.get_attribute("#graph svg", "aria-label") == (
        "nem_prices_raw: date first, extract after date, load after extract and date"
    )


def test_a_synthetic_market_is_said_at_the_top(opened, facts):
    assert "SYNTHETIC" in opened(facts).inner_text("header")
    assert "SYNTHETIC" not in opened({**facts, "synthetic": False}).inner_text("header")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1400])
def test_nothing_is_cut_off_and_text_stands_out(opened, facts, scheme, width):
    page = opened(facts, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        """() => { const style = getComputedStyle(document.querySelector('section'));
                   const body = getComputedStyle(document.body);
                   return [body.color, style.backgroundColor]; }"""
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert abs(light[0] - light[1]) > 400
    assert (light[1] > light[0]) == (scheme == "light")


def test_it_works_with_nothing_stored_and_nothing_run(opened, nemflow):
    ended = nemflow("report", "--json")
    page = opened(json.loads(ended.out))
    assert "No runs are in the history." in page.inner_text("#runs")
    assert not page.is_visible("#prices")


def test_the_command_writes_a_page_of_what_is_stored(nemflow, tmp_path):
    assert nemflow("run", "--sandbox", "--date", "2015-01-01").code == 0
    ended = nemflow("report", "--sandbox", "-o", "here.html")
    assert (ended.code, ended.out.split()[0]) == (0, str(tmp_path / "here.html"))
    facts = json.loads(nemflow("report", "--sandbox", "--json").out)
    assert facts["synthetic"] is True
    [dataset] = facts["datasets"]
    assert dataset["stages"]["clean"]["2015"][:2] == "FM"
    assert len(facts["prices"]["regions"]["SA1"]) == 288
    assert {run["name"] for run in facts["runs"]} == {
        "nem_prices_raw_2015-01-01",
        "nem_prices_clean_2015-01-01",
    }
    assert facts["failures"] == []


def test_a_failure_is_told_until_its_day_is_there(nemflow):
    nowhere = ("--nemweb-url", "http://127.0.0.1:9", "--aemo-url", "http://127.0.0.1:9")
    assert nemflow("run", "--date", "2015-01-01", *nowhere, NEMFLOW_TRIES="1").code == 1
    [failure] = json.loads(nemflow("report", "--json").out)["failures"]
    assert failure["name"] == "nem_prices_raw_2015-01-01"
    assert failure["command"] == "nemflow retry nem_prices_raw_2015-01-01"
    assert "could not be reached" in failure["error"]
