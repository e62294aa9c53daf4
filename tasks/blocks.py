"""Blocks: ``with`` statements inside ``with Flow(...)`` that hear of every task made inside them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

from nemflow.tasks.context import FlowBuilder


class Block(ABC):
    """Something that hears of the tasks made inside its ``with`` block."""

    @abstractmethod
    def note(self, task: Any, flow: FlowBuilder) -> None:
        """Hear of a task that was added inside the block."""


_blocks: ContextVar[tuple[Block, ...]] = ContextVar("nemflow_blocks", default=())


def open_blocks() -> tuple[Block, ...]:
    """Return the open blocks, outermost first."""
    return _blocks.get()


def enter_block(block: Block) -> Token[tuple[Block, ...]]:
    """Open a block; hand the token to ``leave_block``."""
    return _blocks.set((*_blocks.get(), block))


def leave_block(token: Token[tuple[Block, ...]]) -> None:
    """Close it again."""
    _blocks.reset(token)


@contextmanager
def without_blocks() -> Iterator[None]:
    """Keep what is made meanwhile from the blocks that are open."""
    token = _blocks.set(())
    try:
        yield
    finally:
        _blocks.reset(token)
