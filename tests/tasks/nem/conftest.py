"""Small AEMO files of every known form, made on the spot; real ones by the fixture `real_csv`."""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from nemflow.tasks.nem.market_time import format_stamp, interval_ends
from nemflow.tasks.nem.regions import REGIONS

Row = Mapping[str, str]

_SERVICES = [
    "RAISE6SEC",
    "RAISE60SEC",
    "RAISE5MIN",
    "RAISEREG",
    "LOWER6SEC",
    "LOWER60SEC",
    "LOWER5MIN",
    "LOWERREG",
]
_SHORT = [
    "ENERGY",
    "RAISE6",
    "RAISE60",
    "RAISE5MIN",
    "RAISEREG",
    "LOWER6",
    "LOWER60",
    "LOWER5MIN",
    "LOWERREG",
]
_PRE_AP = [f"PRE_AP_{name}_PRICE" for name in _SHORT]
_CUMUL = [f"CUMUL_PRE_AP_{name}_PRICE" for name in _SHORT]
_OFFERS = ["OCD_STATUS", "MII_STATUS"]
_SECOND = [f"{side}1SEC{kind}" for side in ("RAISE", "LOWER") for kind in ("RRP", "ROP", "APCFLAG")]
_SECOND_PRE_AP = ["PRE_AP_RAISE1_PRICE", "PRE_AP_LOWER1_PRICE"]
_SECOND_CUMUL = ["CUMUL_PRE_AP_RAISE1_PRICE", "CUMUL_PRE_AP_LOWER1_PRICE"]
_DISPATCH_START = [
    "SETTLEMENTDATE",
    "RUNNO",
    "REGIONID",
    "DISPATCHINTERVAL",
    "INTERVENTION",
    "RRP",
    "EEP",
    "ROP",
    "APCFLAG",
    "MARKETSUSPENDEDFLAG",
    "LASTCHANGED",
]
_DISPATCH = [
    *_DISPATCH_START,
    *(f"{name}{kind}" for name in _SERVICES for kind in ("RRP", "ROP", "APCFLAG")),
    "PRICE_STATUS",
    *_PRE_AP,
    *_CUMUL,
]
_TRADING_START = [
    "SETTLEMENTDATE",
    "RUNNO",
    "REGIONID",
    "PERIODID",
    "RRP",
    "EEP",
    "INVALIDFLAG",
    "LASTCHANGED",
    "ROP",
]
_TRADING_FCAS = [f"{name}{kind}" for name in _SERVICES for kind in ("RRP", "ROP")]
_RAISE_SECOND, _LOWER_SECOND = ["RAISE1SECRRP", "RAISE1SECROP"], ["LOWER1SECRRP", "LOWER1SECROP"]

_FORMS = {
    ("DISPATCH", "1", "MMSDM 2018 to 2020"): _DISPATCH,
    ("DISPATCH", "4", "MMSDM 2021 to 2024-07"): _DISPATCH,
    ("DISPATCH", "4", "DispatchIS 2018 to 2019"): [*_DISPATCH, *_OFFERS],
    ("DISPATCH", "5", "MMSDM from 2024-08"): [
        *_DISPATCH,
        *_OFFERS,
        *_SECOND,
        *_SECOND_PRE_AP,
        *_SECOND_CUMUL,
    ],
    ("DISPATCH", "5", "DispatchIS 2025"): [
        *_DISPATCH[: -len(_CUMUL)],
        *_SECOND,
        *_SECOND_PRE_AP,
        *_CUMUL,
        *_SECOND_CUMUL,
        *_OFFERS,
    ],
    ("TRADING", "2", "MMSDM 2018 to 2022"): [*_TRADING_START, *_TRADING_FCAS, "PRICE_STATUS"],
    ("TRADING", "2", "MMSDM 2024-07"): [
        *_TRADING_START,
        *_RAISE_SECOND,
        *_TRADING_FCAS[:8],
        *_LOWER_SECOND,
        *_TRADING_FCAS[8:],
        "PRICE_STATUS",
    ],
    ("TRADING", "3", "MMSDM from 2024-08"): [
        *_TRADING_START,
        *_TRADING_FCAS,
        "PRICE_STATUS",
        *_RAISE_SECOND,
        *_LOWER_SECOND,
    ],
    ("TRADING", "3", "TradingIS"): [
        *_TRADING_START,
        *_TRADING_FCAS,
        *_RAISE_SECOND,
        *_LOWER_SECOND,
        "PRICE_STATUS",
    ],
}


@dataclass(frozen=True)
class Form:
    """One known form of a price table: row type, version and columns in their order."""

    row_type: str
    version: str
    columns: tuple[str, ...]


_ALL_FORMS = {
    era: Form(kind, version, tuple(names)) for (kind, version, era), names in _FORMS.items()
}


@pytest.fixture(params=[era for era, form in _ALL_FORMS.items() if form.row_type == "DISPATCH"])
def dispatch_form(request: pytest.FixtureRequest) -> Form:
    """Every form of DISPATCHPRICE that was ever seen."""
    return _ALL_FORMS[request.param]


@pytest.fixture(params=[era for era, form in _ALL_FORMS.items() if form.row_type == "TRADING"])
def trading_form(request: pytest.FixtureRequest) -> Form:
    """Every form of TRADINGPRICE that was ever seen."""
    return _ALL_FORMS[request.param]


@pytest.fixture
def mmsdm_form() -> Form:
    """The 54 columns of the longest era."""
    return _ALL_FORMS["MMSDM 2021 to 2024-07"]


@pytest.fixture
def day_rows() -> Callable[..., list[dict[str, str]]]:
    """Make DISPATCHPRICE rows of whole days: a price for each interval and region."""

    def make(*days: date, regions: Sequence[str] = REGIONS, **values: str) -> list[dict[str, str]]:
        return [
            {
                "SETTLEMENTDATE": format_stamp(end),
                "RUNNO": "1",
                "REGIONID": region,
                "INTERVENTION": "0",
                "RRP": f"{number + place / 10:.5f}",
                "ROP": "50",
                "APCFLAG": "0",
                "MARKETSUSPENDEDFLAG": "0",
                "LASTCHANGED": format_stamp(end),
                "PRICE_STATUS": "FIRM",
                **{f"{name}RRP": "1.25" for name in _SERVICES},
                **values,
            }
            for day in days
            for number, end in enumerate(interval_ends(day, 5))
            for place, region in enumerate(regions)
        ]

    return make


@pytest.fixture
def text_table() -> Callable[[Sequence[Row]], pa.Table]:
    """Turn rows into a table of text columns, as the readers return it."""

    def make(rows: Sequence[Row]) -> pa.Table:
        names = list(rows[0])
        return pa.table({name: pa.array([row[name] for row in rows], "string") for name in names})

    return make


def _line(form: Form, row: Row, quoted_dates: bool) -> str:
    fields = [row.get(name, "") for name in form.columns]
    if quoted_dates:
        fields = [f'"{text}"' if re.match(r"\d{4}/", text) else text for text in fields]
    return ",".join(["D", form.row_type, "PRICE", form.version, *fields])


def _cid(lines: Sequence[str], newline: str, final_newline: bool, footer: str) -> bytes:
    first = "C,SETP.WORLD,DVD_DISPATCHPRICE,AEMO,PUBLIC,2018/06/07,00:30:02,0000000295553362"
    last = footer.format(count=len(lines) + 2)
    return (newline.join([first, *lines, last]) + (newline if final_newline else "")).encode()


@pytest.fixture
def make_cid() -> Callable[..., bytes]:
    """Write C/I/D bytes around given lines, with a footer that counts right."""

    def make(
        lines: Iterable[str],
        *,
        newline: str = "\r\n",
        final_newline: bool = True,
        footer: str = 'C,"END OF REPORT",{count}',
    ) -> bytes:
        return _cid(list(lines), newline, final_newline, footer)

    return make


@pytest.fixture
def make_csv() -> Callable[..., bytes]:
    """Write rows in a known form as the bytes of one table's file."""

    def make(
        form: Form,
        rows: Sequence[Row],
        *,
        newline: str = "\r\n",
        final_newline: bool = True,
        quoted_dates: bool = True,
    ) -> bytes:
        header = ",".join(["I", form.row_type, "PRICE", form.version, *form.columns])
        lines = [header, *(_line(form, row, quoted_dates) for row in rows)]
        return _cid(lines, newline, final_newline, 'C,"END OF REPORT",{count}')

    return make


@pytest.fixture
def table_lines() -> Callable[..., list[str]]:
    """Write rows in a known form as I and D lines, to be mixed with others."""

    def make(form: Form, rows: Sequence[Row]) -> list[str]:
        header = ",".join(["I", form.row_type, "PRICE", form.version, *form.columns])
        return [header, *(_line(form, row, quoted_dates=True) for row in rows)]

    return make


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[..., Path]:
    """Write a zip whose one member has its stem, or another name."""

    def make(data: bytes, name: str = "PUBLIC_DVD_DISPATCHPRICE_201805010000", member: str = ""):
        path = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member or f"{name}.CSV", data)
        return path

    return make


@pytest.fixture
def make_demand(tmp_path: Path) -> Callable[..., Path]:
    """Write a PRICE_AND_DEMAND csv of one region from (stamp, price) pairs."""

    def make(
        pairs: Iterable[tuple[str, str]],
        region: str = "SA1",
        *,
        newline: str = "\r\n",
        quoted_dates: bool = False,
    ) -> Path:
        mark = '"' if quoted_dates else ""
        lines = ["REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE"]
        lines += [f"{region},{mark}{stamp}{mark},1500.5,{price},TRADE" for stamp, price in pairs]
        path = tmp_path / f"PRICE_AND_DEMAND_201501_{region}.csv"
        path.write_bytes("".join(line + newline for line in lines).encode())
        return path

    return make


@pytest.fixture(scope="session")
def real_csv(aemo_files: Path) -> Callable[[str], bytes]:
    """Return the csv of a real file, a zip's member by pattern of its path."""

    def read(pattern: str) -> bytes:
        path = next(iter(sorted(aemo_files.glob(pattern))))
        if path.suffix.lower() == ".csv":
            return path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0])

    return read


@pytest.fixture
def recount() -> Callable[[bytes], bytes]:
    """Rewrite the footer of a trimmed extract so that it counts what is left."""

    def rewrite(data: bytes) -> bytes:
        body, _, _ = data.rstrip().rpartition(b"\n")
        return body + b'\nC,"END OF REPORT",%d\r\n' % (body.count(b"\n") + 2)

    return rewrite
