"""The flows that come with nemflow, by name: two stages for each data set."""

from collections.abc import Iterator
from functools import partial

from nemflow import Catalog, Entry
from nemflow.flows.nem.stages import build_clean, build_raw
from nemflow.tasks.nem.datasets import DATASETS, NEM_PRICES, Dataset

DEFAULT_DATASET = NEM_PRICES.name


def _stages(dataset: Dataset) -> Iterator[Entry]:
    """Yield the entries of a data set, in the order of its stages."""
    for stage, build, words in (
        ("raw", build_raw, "AEMO's rows of one day, text unchanged"),
        ("clean", build_clean, "one day typed and checked, one row per interval and region"),
    ):
        yield Entry(
            name=f"{dataset.name}_{stage}",
            dataset=dataset.name,
            stage=stage,
            description=f"{dataset.description}: {words}",
            build=partial(build, dataset),
        )


CATALOG = Catalog(entry for dataset in DATASETS.values() for entry in _stages(dataset))
