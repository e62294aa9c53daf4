"""The rules of tidying beyond prices; and that the order and number of rows do not matter."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.datasets import (
    DATASETS,
    NEM_DEMAND,
    NEM_PRICES,
    NEM_ROOFTOP_PV,
    NEM_TRADING_PRICES,
    Dataset,
    Run,
)
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sources import Quality
from nemflow.tasks.nem.tables import (
    DISPATCHREGIONSUM,
    PRICE_AND_DEMAND,
    ROOFTOP_PV_ACTUAL,
    TRADINGPRICE,
    Table,
)
from nemflow.tasks.nem.tidy import clean_schema, tidy

_DAY = date(2018, 5, 2)
every_pair = pytest.mark.parametrize(
    ("dataset", "table"),
    [
        (dataset, table)
        for dataset in DATASETS.values()
        for table in dict.fromkeys(dataset.tables.values())
    ],
    ids=lambda record: record.name,
)


def _rows(
    table: Table, ends: list[datetime], regions=REGIONS, **values: str
) -> list[dict[str, str]]:
    """Return rows of any table, each number another one."""
    rows = []
    for place, (end, region) in enumerate((end, region) for end in ends for region in regions):
        row = {table.stamp: f"{end:%Y/%m/%d %H:%M:%S}", table.region_column: region}
        for offset, column in enumerate(table.clean):
            row[column.aemo] = f"{place % 2}" if column.unit != "MW" else f"{place}.{offset}"
        row["LASTCHANGED"] = f"{end:%Y/%m/%d %H:%M:%S}"
        if table.has_runs:
            row["INTERVENTION"] = "0"
        if table.grade_column:
            row[table.grade_column] = table.grades[0]
        rows.append({**row, **values})
    return rows


@pytest.fixture
def tidied(text_table) -> Callable[..., pa.Table]:
    """Tidy rows given as mappings."""
    return lambda rows, dataset, table: tidy(text_table(rows), dataset, table, source="here")


@every_pair
def test_every_source_gives_the_schema_of_its_data_set(tidied, dataset, table) -> None:
    ends = interval_ends(_DAY, table.minutes_on(_DAY))[:3]
    clean = tidied(_rows(table, ends), dataset, table)
    assert clean.schema.equals(clean_schema(dataset), check_metadata=True)
    assert clean.num_rows == 15
    assert clean[dataset.value].null_count == 0
    given_names = {column.name for column in table.clean} & set(clean.column_names)
    assert all(clean[name].null_count == 0 for name in given_names)
    given_names |= {"interval_start", "interval_end", "region"}
    given_names |= {"resolution_minutes", "source", "quality"}
    given_names |= {"intervention"} if table.has_runs else set()
    assert all(clean[name].null_count == 15 for name in set(clean.column_names) - given_names)


@every_pair
def test_an_empty_table_gives_an_empty_clean_one(tidied, text_table, dataset, table) -> None:
    empty = text_table(_rows(table, interval_ends(_DAY, 30)[:1])).slice(0, 0)
    assert tidy(empty, dataset, table, source="x").equals(clean_schema(dataset).empty_table())


@every_pair
@given(seed=st.integers(0, 2**32), copies=st.integers(1, 3))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_shuffled_repeated_and_directed_table_gives_the_same_rows(
    tidied, dataset: Dataset, table: Table, seed: int, copies: int
) -> None:
    luck = random.Random(seed)
    ends = interval_ends(_DAY, table.minutes_on(_DAY))[:6]
    rows = _rows(table, ends)
    expected = tidied(rows, dataset, table)
    value = dataset.value_in(table)
    older = {"LASTCHANGED": "2001/01/01 00:00:00", value: "-5"}
    more = [{**row, **older} for row in luck.sample(rows, 7)]
    more += [
        {**row, value: "", "LASTCHANGED": "2030/01/01 00:00:00"} for row in luck.sample(rows, 3)
    ]
    directed = set()
    if table.has_runs and dataset.run is Run.PRICING:
        other = [{**row, "INTERVENTION": "1", value: "-7"} for row in luck.sample(rows, 5)]
        directed, more = {row[table.stamp] for row in other}, more + other
    if table.parts:
        more += [{**row, table.region_column: luck.choice(table.parts)} for row in rows]
    many = (rows + more) * copies
    luck.shuffle(many)
    clean = tidied(many, dataset, table)
    if "intervention" in clean.column_names and table.has_runs:
        stamps = [f"{end:%Y/%m/%d %H:%M:%S}" for end in clean["interval_end"].to_pylist()]
        assert clean["intervention"].to_pylist() == [stamp in directed for stamp in stamps]
        clean = clean.drop_columns("intervention")
        expected = expected.drop_columns("intervention")
    assert clean.equals(expected)


def test_quantities_are_of_the_physical_run_wherever_there_is_one(tidied) -> None:
    rows = _rows(DISPATCHREGIONSUM, interval_ends(_DAY, 5)[:2])
    physical = [{**row, "INTERVENTION": "1", "TOTALDEMAND": "777"} for row in rows[:5]]
    for both in (physical + rows, rows + physical):
        clean = tidied(both, NEM_DEMAND, DISPATCHREGIONSUM)
        assert clean["demand_mw"].to_pylist()[:5] == [777.0] * 5
        assert clean["demand_mw"].to_pylist()[5:] == [float(row["TOTALDEMAND"]) for row in rows[5:]]
        assert clean["intervention"].to_pylist() == [True] * 5 + [False] * 5


def test_an_older_physical_row_still_counts_before_a_newer_pricing_row(tidied) -> None:
    [row] = _rows(DISPATCHREGIONSUM, interval_ends(_DAY, 5)[:1], regions=["SA1"])
    physical = {
        **row,
        "INTERVENTION": "1",
        "TOTALDEMAND": "9",
        "LASTCHANGED": "2001/01/01 00:00:00",
    }
    assert tidied([physical, row], NEM_DEMAND, DISPATCHREGIONSUM)["demand_mw"].to_pylist() == [9.0]


@pytest.mark.parametrize(
    ("grades", "taken"),
    [
        (["SATELLITE", "MEASUREMENT"], "MEASUREMENT"),
        (["DAILY", "MEASUREMENT", "SATELLITE"], "DAILY"),
        (["SATELLITE", "GUESS"], "SATELLITE"),
    ],
)
def test_the_best_estimate_is_taken_even_where_a_worse_one_changed_later(
    tidied, grades: list[str], taken: str
) -> None:
    ends = interval_ends(_DAY, 30)[:1]
    rows = [
        {**row, "TYPE": grade, "LASTCHANGED": f"20{90 - place}/01/01 00:00:00"}
        for place, grade in enumerate(grades)
        for row in _rows(ROOFTOP_PV_ACTUAL, ends, regions=["SA1"])
    ]
    for order in (rows, rows[::-1]):
        clean = tidied(order, NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL)
        assert clean["estimate_type"].to_pylist() == [taken]


def test_a_worse_estimate_with_power_is_better_than_a_good_one_without(tidied) -> None:
    [row] = _rows(ROOFTOP_PV_ACTUAL, interval_ends(_DAY, 30)[:1], regions=["SA1"])
    rows = [{**row, "POWER": "5"}, {**row, "TYPE": "DAILY", "POWER": "", "QI": "0"}]
    clean = tidied(rows, NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL)
    assert clean["power_mw"].to_pylist() == [5.0]


def test_trading_prices_change_their_grid_with_october_2021(tidied) -> None:
    first = datetime(2021, 9, 30, 23, 30, tzinfo=NEM_TIME)
    ends = [first, first + timedelta(minutes=30), first + timedelta(minutes=35)]
    clean = tidied(_rows(TRADINGPRICE, ends, regions=["SA1"]), NEM_TRADING_PRICES, TRADINGPRICE)
    assert clean["resolution_minutes"].to_pylist() == [30, 30, 5]
    assert clean["interval_start"].to_pylist() == [first - timedelta(minutes=30), first, ends[1]]


def test_the_quality_is_written_into_every_row(text_table) -> None:
    rows = text_table(_rows(PRICE_AND_DEMAND, interval_ends(_DAY, 30)[:2]))
    clean = tidy(rows, NEM_DEMAND, PRICE_AND_DEMAND, source="x", quality=Quality.PRELIMINARY)
    assert set(clean["quality"].to_pylist()) == {"preliminary"}


def test_columns_that_are_numbers_and_times_already_are_taken_as_they_are(text_table) -> None:
    rows = text_table(_rows(DISPATCHREGIONSUM, interval_ends(_DAY, 5)[:4]))
    expected = tidy(rows, NEM_DEMAND, DISPATCHREGIONSUM, source="x")
    fields = []
    for name in rows.column_names:
        column = rows[name]
        if name == "SETTLEMENTDATE":
            column = pa.array(
                [datetime.strptime(text, "%Y/%m/%d %H:%M:%S") for text in column.to_pylist()],
                pa.timestamp("s"),
            )
        elif name in DISPATCHREGIONSUM.numeric:
            column = column.cast(pa.float64())
        else:
            column = column.dictionary_encode()
        fields.append(column)
    typed = pa.table(fields, names=rows.column_names)
    assert tidy(typed, NEM_DEMAND, DISPATCHREGIONSUM, source="x").equals(expected)


def test_rows_in_pieces_and_with_blanks_read_alike(text_table) -> None:
    rows = _rows(PRICE_AND_DEMAND, interval_ends(_DAY, 30)[:4])
    expected = tidy(text_table(rows), NEM_PRICES, PRICE_AND_DEMAND, source="x")
    padded = [{**row, "RRP": f" {row['RRP']} "} for row in rows]
    pieces = pa.concat_tables([text_table(padded[:7]), text_table(padded[7:])])
    assert tidy(pieces, NEM_PRICES, PRICE_AND_DEMAND, source="x").equals(expected)


def test_more_regions_than_any_market_has_are_refused(tidied) -> None:
    names = [f"R{number}" for number in range(101)]
    rows = _rows(PRICE_AND_DEMAND, interval_ends(_DAY, 30)[:1], regions=names)
    with pytest.raises(BrokenFile, match="PRICE_AND_DEMAND names 101 regions; the first is 'R0'"):
        tidied(rows, NEM_PRICES, PRICE_AND_DEMAND)
