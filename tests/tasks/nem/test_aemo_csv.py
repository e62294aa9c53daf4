"""C/I/D files: the wanted table by name, whatever stands around it."""

import contextlib
import csv
import io
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, read_day, read_table
from nemflow.tasks.nem.market_time import day_bounds, format_stamp
from nemflow.tasks.nem.tables import DISPATCHPRICE, DREGION, TRADINGPRICE, TREGION

_DAY = date(2018, 5, 2)
_LOCAL_PRICE = [
    "I,DISPATCH,LOCAL_PRICE,1,SETTLEMENTDATE,DUID,LOCAL_PRICE_ADJUSTMENT,LOCALLY_CONSTRAINED",
    'D,DISPATCH,LOCAL_PRICE,1,"2018/05/02 00:05:00",ARWF1,0,1',
]


@pytest.fixture
def small_file(mmsdm_form, make_csv, day_rows) -> bytes:
    """A whole file of six rows."""
    data: bytes = make_csv(mmsdm_form, day_rows(_DAY)[:6])
    return data


def _field_lists(form, rows) -> list[list[str]]:
    return [[row.get(name, "") for name in form.columns] for row in rows]


def _lists(table) -> list[list[str]]:
    return [list(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("final_newline", [True, False])
@pytest.mark.parametrize("quoted_dates", [True, False])
def test_every_form_of_dispatchprice_reads_as_the_text_it_holds(
    dispatch_form, make_csv, day_rows, newline: str, final_newline: bool, quoted_dates: bool
) -> None:
    rows = day_rows(_DAY)[:20]
    data = make_csv(
        dispatch_form,
        rows,
        newline=newline,
        final_newline=final_newline,
        quoted_dates=quoted_dates,
    )
    table = read_table(data, DISPATCHPRICE)
    assert tuple(table.column_names) == dispatch_form.columns
    assert _lists(table) == _field_lists(dispatch_form, rows)
    assert set(table.schema.types) == {table.schema.field("RRP").type}
    check_footer(data)


def test_every_form_of_tradingprice_reads_as_the_text_it_holds(
    trading_form, make_csv, day_rows
) -> None:
    rows = [{**row, "PERIODID": "1"} for row in day_rows(_DAY)[:10]]
    table = read_table(make_csv(trading_form, rows), TRADINGPRICE)
    assert _lists(table) == _field_lists(trading_form, rows)


def test_mixed_line_ends_count_as_one_line_each(mmsdm_form, make_csv, day_rows) -> None:
    data = make_csv(mmsdm_form, day_rows(_DAY)[:5], final_newline=False)
    data = data.replace(b"\r\n", b"\n", 1)  # as in the monthly ARCHIVE files
    check_footer(data)
    assert read_table(data, DISPATCHPRICE).num_rows == 5


def test_empty_and_odd_text_stays_as_it_is(mmsdm_form, make_csv, day_rows) -> None:
    odd = ["", "NA", "null", "NaN", " x ", "0010", "1.50000"]
    rows = [{**row, "PRICE_STATUS": text} for row, text in zip(day_rows(_DAY), odd, strict=False)]
    table = read_table(make_csv(mmsdm_form, rows), DISPATCHPRICE)
    assert table["PRICE_STATUS"].to_pylist() == odd


def test_doubled_quotes_become_one(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY, PRICE_STATUS='"a ""b"", c"')[:2])
    table = read_table(make_cid(lines), DISPATCHPRICE)
    assert table["PRICE_STATUS"].to_pylist() == ['a "b", c'] * 2


def test_a_newline_inside_quotes_belongs_to_the_text_and_not_to_the_count(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY, PRICE_STATUS='"a\nb"')[:2])
    data = make_cid(lines)
    check_footer(data)
    assert read_table(data, DISPATCHPRICE)["PRICE_STATUS"].to_pylist() == ["a\nb"] * 2


def test_newlines_inside_quotes_may_straddle_the_blocks_of_reading(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    text = "line\n" * 60
    lines = table_lines(mmsdm_form, day_rows(_DAY, date(2018, 5, 3), PRICE_STATUS=f'"{text}"'))
    data = make_cid(lines)
    assert len(data) > 1 << 20
    assert set(read_table(data, DISPATCHPRICE)["PRICE_STATUS"].to_pylist()) == {text}


def test_local_price_is_not_price(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    price = table_lines(mmsdm_form, day_rows(_DAY)[:3])
    table = read_table(make_cid([*_LOCAL_PRICE, *price, *_LOCAL_PRICE]), DISPATCHPRICE)
    assert table.column_names == list(mmsdm_form.columns)
    assert table.num_rows == 3


def test_a_file_with_local_price_alone_names_what_it_holds(make_cid) -> None:
    said = r"A\.CSV holds no DISPATCH PRICE rows, only DISPATCH LOCAL_PRICE"
    with pytest.raises(BrokenFile, match=said):
        read_table(make_cid(_LOCAL_PRICE), DISPATCHPRICE, file="A.CSV")


def test_an_empty_subtype_is_no_other_table(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    dregion = ["I,DREGION,,3,SETTLEMENTDATE,REGIONID,RRP", 'D,DREGION,,3,"2018/05/02 00:05:00",V,1']
    data = make_cid([*dregion, *table_lines(mmsdm_form, day_rows(_DAY)[:3])])
    assert read_table(data, DISPATCHPRICE).num_rows == 3


def test_an_empty_subtype_that_pandas_has_spelt_out_is_still_empty(make_cid) -> None:
    dregion = ",".join(DREGION.required)
    lines = [
        f"I,DREGION,Unnamed: 2,2,{dregion}",
        'D,DREGION,,2,"2018/05/02 00:05:00",SA1,0,1.5,1000',
        f"I,DREGION,,3,{dregion},MORE",
        f"I,DREGION,OTHER,9,{dregion}",
    ]
    rows = read_table(make_cid(lines), DREGION).to_pylist()
    assert [(row["REGIONID"], row["RRP"]) for row in rows] == [("SA1", "1.5")]


def test_all_headers_first_and_rows_interleaved_read_in_the_files_order(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    rows = day_rows(_DAY)[:4]
    header, *prices = table_lines(mmsdm_form, rows)
    locals_ = [_LOCAL_PRICE[1]] * 4
    mixed = [line for pair in zip(locals_, prices, strict=True) for line in pair]
    data = make_cid([header, _LOCAL_PRICE[0], *mixed])
    assert _lists(read_table(data, DISPATCHPRICE)) == _field_lists(mmsdm_form, rows)


def test_comment_rows_may_stand_in_the_middle(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    header, *prices = table_lines(mmsdm_form, day_rows(_DAY)[:4])
    data = make_cid([header, *prices[:2], "C,some,remark", *prices[2:]])
    check_footer(data)
    assert read_table(data, DISPATCHPRICE).num_rows == 4


def test_of_two_versions_of_one_table_only_the_newer_is_read(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    rows = day_rows(_DAY)[:2]
    new = table_lines(mmsdm_form, rows)
    old = [line.replace("PRICE,4", "PRICE,3", 1) for line in new]
    for lines in ([*old, *new], [*new, *old]):
        assert _lists(read_table(make_cid(lines), DISPATCHPRICE)) == _field_lists(mmsdm_form, rows)


@pytest.mark.parametrize("table", [DREGION, TREGION], ids=lambda table: table.name)
@pytest.mark.parametrize("versions", [(1,), (1, 2), (2, 1), (2, 3), (1, 2, 3), (9, 10)], ids=str)
def test_a_region_table_is_read_once_by_name_in_whichever_versions_it_is_given(
    make_cid, table, versions
) -> None:
    # The price stands eighth in a row of half hours; columns that a version lacks do no harm.
    names = ["SETTLEMENTDATE", "RUNNO", "REGIONID", "RRP", "EEP"]
    names += [name for name in table.required if name not in names]
    lines = []
    for version in versions:
        columns = [*names, *(f"MORE{n}" for n in range(version))]
        lines.append(f"I,{table.name},,{version},{','.join(columns)}")
        for region in ("NSW1", "SA1"):
            values = ['"2011/06/01 04:30:00"', "1", region, "30.51", *["0"] * (len(columns) - 4)]
            lines.append(f"D,{table.name},,{version},{','.join(values)}")
    rows = read_table(make_cid(lines), table)
    assert rows["REGIONID"].to_pylist() == ["NSW1", "SA1"]
    assert rows["RRP"].to_pylist() == ["30.51"] * 2
    assert f"MORE{max(versions) - 1}" in rows.column_names


def test_a_newer_version_without_rows_does_not_hide_the_older(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY)[:2])
    newer = lines[0].replace("PRICE,4", "PRICE,5", 1)
    for mixed in ([*lines, newer], [newer, *lines]):
        assert read_table(make_cid(mixed), DISPATCHPRICE).num_rows == 2


def test_one_version_with_two_sets_of_columns_is_refused(
    mmsdm_form, table_lines, make_cid, day_rows
) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY)[:2])
    with pytest.raises(BrokenFile, match="twice with different columns"):
        read_table(make_cid([*lines, lines[0] + ",MORE"]), DISPATCHPRICE)


def test_quoted_kinds_and_names_are_understood(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY)[:2])
    quoted = [f'"{line[0]}","DISPATCH","PRICE"' + line[len("D,DISPATCH,PRICE") :] for line in lines]
    assert read_table(make_cid(quoted), DISPATCHPRICE).num_rows == 2


def test_a_table_without_rows_reads_as_no_rows(mmsdm_form, table_lines, make_cid) -> None:
    table = read_table(make_cid(table_lines(mmsdm_form, [])), DISPATCHPRICE)
    assert table.num_rows == 0
    assert table.column_names == list(mmsdm_form.columns)


def test_a_missing_column_is_named_with_table_and_file(make_cid) -> None:
    lines = ["I,DISPATCH,PRICE,1,SETTLEMENTDATE,REGIONID,RRP", "D,DISPATCH,PRICE,1,a,b,c"]
    with pytest.raises(BrokenFile, match=r"DISPATCHPRICE in A\.CSV has no column INTERVENTION"):
        read_table(make_cid(lines), DISPATCHPRICE, file="A.CSV")


def test_a_column_named_twice_is_refused(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    header, *rows = table_lines(mmsdm_form, day_rows(_DAY)[:2])
    with pytest.raises(BrokenFile, match="column RRP more than once"):
        read_table(make_cid([header.replace("EEP", "RRP"), *rows]), DISPATCHPRICE)


@pytest.mark.parametrize("spoil", [lambda row: row + ",1", lambda row: row.rpartition(",")[0]])
def test_a_ragged_row_is_refused(mmsdm_form, table_lines, make_cid, day_rows, spoil) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY)[:5])
    lines[3] = spoil(lines[3])
    with pytest.raises(BrokenFile, match=r"DISPATCHPRICE in A\.CSV cannot be read: .*columns"):
        read_table(make_cid(lines), DISPATCHPRICE, file="A.CSV")


def test_a_quote_that_swallows_rows_is_noticed(mmsdm_form, table_lines, make_cid, day_rows) -> None:
    lines = table_lines(mmsdm_form, day_rows(_DAY)[:5])
    lines[2] = lines[2].rpartition(",")[0] + ',"'
    with pytest.raises(BrokenFile):
        read_table(make_cid(lines), DISPATCHPRICE)


def test_a_day_is_what_ends_after_its_midnight_up_to_the_next(
    mmsdm_form, make_csv, day_rows
) -> None:
    rows = day_rows(date(2018, 5, 1), _DAY, date(2018, 5, 3))
    backwards = list(reversed(rows))
    table = read_day(make_csv(mmsdm_form, backwards), DISPATCHPRICE, _DAY)
    assert _lists(table) == _field_lists(mmsdm_form, reversed(day_rows(_DAY)))
    assert table["SETTLEMENTDATE"][0].as_py() == "2018/05/03 00:00:00"


def test_stamps_without_seconds_fall_into_the_same_day(mmsdm_form, make_csv, day_rows) -> None:
    rows = [
        {**row, "SETTLEMENTDATE": row["SETTLEMENTDATE"][:16]}
        for row in day_rows(date(2018, 5, 1), _DAY, date(2018, 5, 3))
    ]
    table = read_day(make_csv(mmsdm_form, rows), DISPATCHPRICE, _DAY)
    assert table.num_rows == 288 * 5
    assert table["SETTLEMENTDATE"][-1].as_py() == "2018/05/03 00:00"


def test_a_day_keeps_all_intervention_runs(mmsdm_form, make_csv, day_rows) -> None:
    rows = [*day_rows(_DAY), *day_rows(_DAY, INTERVENTION="1")]
    assert read_day(make_csv(mmsdm_form, rows), DISPATCHPRICE, _DAY).num_rows == 2 * 288 * 5


def test_a_day_that_the_file_does_not_hold_has_no_rows(mmsdm_form, make_csv, day_rows) -> None:
    table = read_day(make_csv(mmsdm_form, day_rows(_DAY)), DISPATCHPRICE, date(2018, 6, 1))
    assert table.num_rows == 0
    assert table.column_names == list(mmsdm_form.columns)


def test_many_blocks_read_as_one_table(mmsdm_form, make_csv, day_rows) -> None:
    rows = day_rows(*(date(2018, 5, day) for day in range(1, 6)))
    data = make_csv(mmsdm_form, rows)
    assert len(data) > 1 << 20
    assert read_table(data, DISPATCHPRICE)["RRP"].to_pylist() == [row["RRP"] for row in rows]


def test_the_creation_stamp_is_that_of_the_first_line(make_cid) -> None:
    assert creation_stamp(make_cid([])) == "2018/06/07 00:30:02"


def test_a_first_line_without_a_stamp_has_none() -> None:
    assert creation_stamp(b"C,SETP.WORLD,DVD\n") == ""


@pytest.mark.parametrize("data", [b"", b"I,DISPATCH,PRICE,1\n", b"REGION,SETTLEMENTDATE\r\n"])
def test_a_file_that_does_not_begin_with_c_is_none_of_aemos_tables(data: bytes) -> None:
    with pytest.raises(BrokenFile, match="does not begin with AEMO's C line"):
        creation_stamp(data)


@pytest.mark.parametrize("footer", ['C,"END OF REPORT",{count}', "C,END OF REPORT,{count}"])
def test_the_count_is_read_with_and_without_quotes(make_cid, footer: str) -> None:
    check_footer(make_cid(["C,x", "C,y"], footer=footer))
    with pytest.raises(BrokenFile, match="has 4 lines where its footer counts 7"):
        check_footer(make_cid(["C,x", "C,y"], footer=footer.format(count=7)))


def test_a_filtered_file_is_refused_with_both_counts(make_cid) -> None:
    data = make_cid(["C,x"], footer='C,"END OF REPORT",71898')
    with pytest.raises(BrokenFile, match=r"A\.CSV has 3 lines where its footer counts 71898"):
        check_footer(data, file="A.CSV")


def test_a_file_cut_short_has_no_footer(mmsdm_form, make_csv, day_rows) -> None:
    data = make_csv(mmsdm_form, day_rows(_DAY)[:5])
    for length in (0, 10, len(data) // 2, len(data) - 8):
        with pytest.raises(BrokenFile, match=r"END OF REPORT|counts"):
            check_footer(data[:length])


@given(st.binary(max_size=300), st.integers(0, 10_000), st.booleans())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_rows_of_the_day_or_a_broken_file(
    small_file: bytes, noise: bytes, place: int, replaces: bool
) -> None:
    place %= len(small_file)
    spoiled = small_file[:place] + noise + small_file[place + len(noise) * replaces :]
    for read in (creation_stamp, check_footer):
        with contextlib.suppress(BrokenFile):
            read(spoiled)
    with contextlib.suppress(BrokenFile):
        stamps = read_day(spoiled, DISPATCHPRICE, _DAY)["SETTLEMENTDATE"].to_pylist()
        start, end = (format_stamp(bound) for bound in day_bounds(_DAY))
        assert all(start < stamp <= end for stamp in stamps)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_a_field_comes_back_unchanged(
    mmsdm_form, make_cid, day_rows, texts: list[str]
) -> None:
    rows = [{**row, "PRICE_STATUS": text} for row, text in zip(day_rows(_DAY), texts, strict=False)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["I", "DISPATCH", "PRICE", "4", *mmsdm_form.columns])
    for fields in _field_lists(mmsdm_form, rows):
        writer.writerow(["D", "DISPATCH", "PRICE", "4", *fields])
    data = make_cid(buffer.getvalue().split("\r\n")[:-1])
    assert read_table(data, DISPATCHPRICE)["PRICE_STATUS"].to_pylist() == texts
