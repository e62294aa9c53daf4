"""The csv files in what a report feed publishes: one file, an archive of them, or a day's folder."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.feeds import Feed, Name, Span
from nemflow.tasks.nem.unzip import open_nested, open_published


@dataclass(frozen=True, slots=True)
class Report:
    """One report as it lay in ``CURRENT``: its file name, the span that this says, its csv text."""

    name: str
    span: Span
    data: bytes


def open_reports(
    path: Path, feed: Feed, is_wanted: Callable[[Span], bool] = lambda span: True
) -> Iterator[Report]:
    """Yield the wanted reports in a published file, in the order of their spans.

    Of several reports of one span the latest is given. What is not wanted is not inflated.

    Args:
        path: a file of either folder of the feed, or the folder of a day's single files.

    Raises:
        BrokenFile: a zip is damaged, or there is no report of the feed in it.
    """
    if path.is_dir():
        for name, said in _latest(feed, (file.name for file in path.iterdir()), is_wanted):
            yield Report(name, said.span, open_published(path / name))
        return
    single = feed.current.recognize(path.name)
    if single is not None:
        if is_wanted(single.span):
            yield Report(path.name, single.span, open_published(path))
        return
    archive = open_nested(path)
    if not any(feed.current.recognize(name) for name in archive.names):
        names = ", ".join(archive.names[:3]) or "nothing"
        raise BrokenFile(f"{path.name} should hold reports of {feed.name} and holds {names}")
    spans = {name: said.span for name, said in _latest(feed, archive.names, is_wanted)}
    for name, data in archive.inflate(list(spans)):
        yield Report(f"{path.name}!/{name}", spans[name], data)


def _latest(
    feed: Feed, names: Iterable[str], is_wanted: Callable[[Span], bool]
) -> list[tuple[str, Name]]:
    """Return the names of the latest report of each wanted span, in the order of the spans."""
    latest: dict[Span, tuple[str, Name]] = {}
    for name in names:
        said = feed.current.recognize(name)
        if said is None or not is_wanted(said.span):
            continue
        if said.span not in latest or said.issue > latest[said.span][1].issue:
            latest[said.span] = (name, said)
    return [latest[span] for span in sorted(latest)]
