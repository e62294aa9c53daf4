"""Catalog: flows by name."""

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.catalog import Catalog, Entry


def entry(name: str, dataset: str, stage: str) -> Entry:
    return Entry(name, dataset, stage, f"The {stage} {dataset}.", lambda settings: Flow(name))


RAW = entry("nem_prices_raw", "nem_prices", "raw")
CLEAN = entry("nem_prices_clean", "nem_prices", "clean")
DEMAND = entry("nem_demand_raw", "nem_demand", "raw")
CATALOG = Catalog([RAW, CLEAN, DEMAND])


def test_names_and_data_sets_come_in_the_order_given() -> None:
    assert CATALOG.names() == ["nem_prices_raw", "nem_prices_clean", "nem_demand_raw"]
    assert CATALOG.datasets() == ["nem_prices", "nem_demand"]


def test_a_flow_is_found_by_its_name() -> None:
    assert CATALOG.get("nem_prices_raw") is RAW


def test_a_data_set_gives_its_stages_in_order() -> None:
    assert CATALOG.dataset("nem_prices") == (RAW, CLEAN)


def test_find_takes_either() -> None:
    assert CATALOG.find("nem_prices") == (RAW, CLEAN)
    assert CATALOG.find("nem_prices_clean") == (CLEAN,)


@pytest.mark.parametrize("look", [CATALOG.get, CATALOG.find])
def test_a_mistyped_name_is_answered_with_the_nearest(look: object) -> None:
    assert callable(look)
    with pytest.raises(DefinitionError, match="'nem_price_raw'; did you mean nem_prices_raw"):
        look("nem_price_raw")


def test_a_name_near_to_none_is_answered_with_all() -> None:
    with pytest.raises(DefinitionError, match="there are: nem_prices, nem_demand"):
        CATALOG.dataset("weather")


def test_two_flows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two flows named 'nem_prices_raw'"):
        Catalog([RAW, RAW])


def test_an_entry_builds_its_flow() -> None:
    assert RAW.build(None).name == "nem_prices_raw"
