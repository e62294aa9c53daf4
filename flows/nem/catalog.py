"""The flows that come with nemflow, by name: two stages for each data set."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from nemflow import Catalog, Entry
from nemflow.tasks.nem.datasets import DATASETS, NEM_PRICES, Dataset

if TYPE_CHECKING:
    from nemflow import Flow
    from nemflow.flows.nem.settings import MarketSettings

DEFAULT_DATASET = NEM_PRICES.name


def _build(stage: str, dataset: Dataset, settings: "MarketSettings") -> "Flow":
    from nemflow.flows.nem.stages import (  # names alone do not need the engine
        build_clean,
        build_raw,
    )

    return (build_raw if stage == "raw" else build_clean)(dataset, settings)


def _stages(dataset: Dataset) -> Iterator[Entry]:
    """Yield the entries of a data set, in the order of its stages."""
    for stage, words in (
        ("raw", "AEMO's rows of one day, text unchanged"),
        ("clean", "one day typed and checked, one row per interval and region"),
    ):
        yield Entry(
            name=f"{dataset.name}_{stage}",
            dataset=dataset.name,
            stage=stage,
            description=f"{dataset.description}: {words}",
            build=partial(_build, stage, dataset),
        )


CATALOG = Catalog(entry for dataset in DATASETS.values() for entry in _stages(dataset))
