"""What a question about stored days is about: which data set, which files."""

import shlex
from dataclasses import dataclass

import click

from nemflow.cli.options import flags_of
from nemflow.cli.settings import flag
from nemflow.cli.wording import did_you_mean
from nemflow.errors import DefinitionError
from nemflow.tasks.nem.datasets import DATASETS, NEM_PRICES


def find_dataset(context: click.Context, dataset: str | None, named: str | None = None) -> str:
    """Return the data set that was named, as an argument or by ``--dataset``; else the default.

    The catalog of flows is not asked: that takes a while to load.

    Raises:
        click.UsageError: it was named twice.
        DefinitionError: there is none of that name; the message names the nearest.
    """
    if dataset and named and dataset != named:
        raise click.UsageError(f"{dataset} and --dataset {named}: name one data set.", context)
    name = dataset or named or NEM_PRICES.name
    if name not in DATASETS:
        hint = did_you_mean(name, DATASETS) or f"; there are: {', '.join(DATASETS)}"
        raise DefinitionError(f"there is no data set {name!r}{hint}")
    return name


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, for commands that are to be about the same.

    Args:
        dataset: the name of the data set.
        flags: what was given of settings, as words.
        stage: the one stage that was asked for.
    """

    dataset: str
    flags: tuple[str, ...] = ()
    stage: str | None = None

    def words(self, verb: str, *more: str) -> list[str]:
        """Return the words of a command about the data set."""
        named: tuple[str, ...] = () if self.dataset == NEM_PRICES.name else (self.dataset,)
        if verb == "refresh":  # takes several
            named = ("--dataset", self.dataset)
        if verb == "backfill" and self.stage is not None:
            more = (*more, "--stage", self.stage)
        return ["nemflow", verb, *named, *self.flags, *more]

    def command(self, verb: str, *more: str) -> str:
        """Return a command about the data set, for a shell."""
        return shlex.join(self.words(verb, *more))


def subject_of(
    context: click.Context, dataset: str, *, stage: str | None = None, sandbox: bool = False
) -> Subject:
    """Return what a command is about."""
    flags = [word for name, value in flags_of(context).items() for word in (flag(name), value)]
    return Subject(dataset, (*flags, *(["--sandbox"] if sandbox else [])), stage)
