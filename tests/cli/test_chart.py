"""Series drawn with characters."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from nemflow.cli.chart import chart_lines
from nemflow.cli.series import Drawing, Series
from nemflow.tasks.nem.market_time import NEM_TIME

MIDNIGHT = datetime(2014, 1, 1, tzinfo=NEM_TIME)


def series(values, minutes=60, region="SA1", at=MIDNIGHT):
    starts = at.timestamp() + 60.0 * minutes * np.arange(len(values))
    return Series(region, starts, starts + 60.0 * minutes, np.array(values, dtype=float))


def drawing(*given, hours=24, **more):
    facts = {
        "dataset": "nem_prices",
        "column": "rrp",
        "unit": "AUD/MWh",
        "grain": "1 h",
        "is_synthetic": False,
        "source": "",
        **more,
    }
    return Drawing(series=given, since=MIDNIGHT, until=MIDNIGHT + timedelta(hours=hours), **facts)


def draw(*given, width=59, height=10, unicode=True, **more):
    return list(chart_lines(drawing(*given, **more), width, height, unicode=unicode))


def test_it_says_what_is_drawn_and_the_extremes_of_each_region():
    lines = draw(series([-5.5, 20, 44]), series([1000] * 3, region="VIC1"), height=20)
    assert lines[0] == "nem_prices rrp, 2014-01-01, 1 h, AUD/MWh"
    assert "SA1  lowest -5.50  mean 19.50  highest 44.00" in lines
    assert "VIC1  lowest 1,000.00  mean 1,000.00  highest 1,000.00" in lines


def test_plain_letters_draw_the_steps():
    lines = draw(series([0, 30]), width=19, height=6, unicode=False, hours=2)
    assert lines == [
        "nem_prices rrp, 2014-01-01, 1 h, AUD/MWh",
        "SA1  lowest 0.00  mean 15.00  highest 30.00",
        "          |    |'''",
        "       20 |    |",
        "          |    |",
        "        0 |....|",
        "           +-------",
        "           00:00  (UTC+10)",
    ]


def test_one_spike_of_five_minutes_is_seen_in_a_year():
    values = np.full(365 * 288, 50.0)
    values[40_000] = 14_700.0
    lines = draw(series(values, minutes=5), hours=365 * 24, width=70)
    assert "logarithmic beyond 100" in lines[0]
    [spike] = [at for at, dot in enumerate(lines[2][11:]) if dot != " "]
    assert spike == pytest.approx(40_000 / len(values) * 59, abs=1)


def test_a_hole_stays_empty():
    before, after = series([50] * 6), series([50] * 6, at=MIDNIGHT + timedelta(hours=18))
    both = Series(
        "SA1",
        *(
            np.concatenate([a, b])
            for a, b in zip(
                (before.starts, before.ends, before.values),
                (after.starts, after.ends, after.values),
                strict=True,
            )
        ),
    )
    lines = draw(both, width=59)
    rows = [line[11:].ljust(48) for line in lines[2:-2]]
    middle = {row[14:34] for row in rows}
    assert middle == {" " * 20}
    assert any(row[:10].strip() for row in rows)


def test_zero_is_a_dotted_line_where_prices_go_below_it():
    lines = draw(series([-50] * 12 + [50] * 12))
    [zero] = [line for line in lines if line.startswith("        0 ")]
    assert zero.count(" ") < 30


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (24, ["00:00", "06:00", "12:00", "18:00"]),
        (72, ["2014-01-01", "2014-01-02", "2014-01-03"]),
        (90 * 24, ["2014-01-01", "2014-02-01", "2014-03-01"]),
        (10 * 365 * 24, ["2014-01-01", "2019-01-01"]),
    ],
)
def test_the_axis_names_round_times_of_the_market(hours, labels):
    lines = draw(series([1, 2, 3], minutes=20 * hours), hours=hours)
    assert lines[-1].split()[: len(labels)] == labels
    assert lines[-1].endswith("(UTC+10)")


def test_every_line_fits_the_width():
    lines = draw(series([1, 20_000, -1000]), width=60)
    assert max(len(line) for line in lines[2:-1]) <= 60


def test_synthetic_data_are_said_to_be():
    lines = draw(series([1]), is_synthetic=True, source="SYNTHETIC: made up")
    assert lines[0].startswith("SYNTHETIC nem_prices")
    assert lines[-1] == "SYNTHETIC: made up"


def test_the_title_names_the_last_day_not_the_next():
    assert drawing(series([1]), hours=48).title.endswith(f"2014-01-01 to {date(2014, 1, 2)}")
