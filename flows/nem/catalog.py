"""The flows that come with nemflow, by name."""

from nemflow import Catalog, Entry
from nemflow.flows.nem.prices import build_prices_clean, build_prices_raw

DEFAULT_DATASET = "nem_prices"

CATALOG = Catalog(
    [
        Entry(
            name="nem_prices_raw",
            dataset="nem_prices",
            stage="raw",
            description="AEMO's dispatch prices of one day: all columns and rows, text unchanged",
            build=build_prices_raw,
        ),
        Entry(
            name="nem_prices_clean",
            dataset="nem_prices",
            stage="clean",
            description="Typed prices of one day: one row per interval and region, checked",
            build=build_prices_clean,
        ),
    ]
)
