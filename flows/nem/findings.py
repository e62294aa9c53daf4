"""What verification finds wrong with stored files, and what is to be done about it."""

import enum
from dataclasses import dataclass
from datetime import date


class Remedy(enum.StrEnum):
    """What makes a finding good."""

    REMAKE_RAW = "remake_raw"  # and with it the clean day
    REMAKE_CLEAN = "remake_clean"
    ASK_AGAIN = "ask_again"  # whether AEMO has issued the month's file again


class Kind(enum.StrEnum):
    """What is wrong."""

    ARCHIVE_DAMAGED = "archive_damaged"
    UNREADABLE = "unreadable"
    OTHER_SOURCE = "other_source"
    OTHER_COUNT = "other_count"
    NOT_WHOLE = "not_whole"
    OTHER_TEXT = "other_text"
    OTHER_CLEAN = "other_clean"
    SECOND_SOURCE = "second_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Args:
        first, last: the days that it concerns, both included.
        stage: archive, raw or clean.
        path: of the file.
        says: one sentence.
    """

    kind: Kind
    stage: str
    first: date
    last: date
    path: str
    says: str
    remedy: Remedy


@dataclass(slots=True)
class Looked:
    """How much was looked at.

    Attributes:
        archived: files of the archive whose bytes were read.
        raw, clean: days whose rows were read.
        compared: days whose text was compared with the archive's.
        second: days whose prices were compared with a second source.
    """

    archived: int = 0
    raw: int = 0
    clean: int = 0
    compared: int = 0
    second: int = 0
