"""Catalog: the flows that can be asked for by name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nemflow.errors import DefinitionError

if TYPE_CHECKING:  # who only asks for names does not pay for the engine
    from nemflow.flows.base import Flow


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow that can be asked for.

    Attributes:
        name: the flow's name: market, data set, stage.
        dataset: the data set that it belongs to.
        stage: which stage of the data set it makes; stages run in the order of the catalog.
        description: one line.
        build: makes the flow from the settings of its market.
    """

    name: str
    dataset: str
    stage: str
    description: str
    build: "Callable[[Any], Flow]"


class Catalog:
    """A fixed set of entries.

    Raises:
        DefinitionError: two entries have one name.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            if entry.name in self._entries:
                raise DefinitionError(f"the catalog has two flows named {entry.name!r}")
            self._entries[entry.name] = entry

    def names(self) -> list[str]:
        """Return the names of the flows, in order."""
        return list(self._entries)

    def datasets(self) -> list[str]:
        """Return the names of the data sets, in order."""
        return list(dict.fromkeys(entry.dataset for entry in self._entries.values()))

    def get(self, name: str) -> Entry:
        """Return the entry of a flow.

        Raises:
            DefinitionError: there is none of that name; the message names the nearest.
        """
        if name not in self._entries:
            raise DefinitionError(self._unknown("flow", name, self.names()))
        return self._entries[name]

    def dataset(self, name: str) -> tuple[Entry, ...]:
        """Return the entries of a data set, in the order of its stages.

        Raises:
            DefinitionError: there is none of that name; the message names the nearest.
        """
        found = tuple(entry for entry in self._entries.values() if entry.dataset == name)
        if not found:
            raise DefinitionError(self._unknown("data set", name, self.datasets()))
        return found

    def find(self, name: str) -> tuple[Entry, ...]:
        """Return the entries of a data set, or the one flow of that name.

        Raises:
            DefinitionError: neither is there; the message names the nearest.
        """
        if name in self.datasets():
            return self.dataset(name)
        if name in self._entries:
            return (self._entries[name],)
        known = [*self.datasets(), *self.names()]
        raise DefinitionError(self._unknown("flow or data set", name, known))

    @staticmethod
    def _unknown(what: str, name: str, known: list[str]) -> str:
        from difflib import get_close_matches  # only a mistyped name needs it

        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        return f"there is no {what} {name!r}; {hint}"
