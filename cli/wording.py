"""Numbers, tables and suggestions as a person reads them."""

from collections.abc import Iterable, Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(count: float) -> str:
    """Write a number of bytes with three figures, in thousands.

    >>> format_bytes(17), format_bytes(2_514_000), format_bytes(123_400)
    ('17 B', '2.51 MB', '123 kB')
    """
    power = 0
    while count >= 999.5 and power < len(_UNITS) - 1:
        count /= 1000
        power += 1
    if power == 0:
        return f"{count:.0f} B"
    digits = 2 if count < 9.995 else 1 if count < 99.95 else 0
    return f"{count:.{digits}f} {_UNITS[power]}"


def format_seconds(seconds: float) -> str:
    """Write a duration as short as it can be read.

    >>> format_seconds(0.04), format_seconds(3.21), format_seconds(75), format_seconds(7384)
    ('0.0 s', '3.2 s', '1 min 15 s', '2 h 03 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def format_progress(done: int, total: int | None, unit: str) -> str:
    """Write how far a task is.

    >>> format_progress(500_000, 2_000_000, "bytes"), format_progress(3, 5, "files")
    ('500 kB of 2.00 MB', '3 of 5 files')
    """
    if unit == "bytes":
        return format_bytes(done) + (f" of {format_bytes(total)}" if total else "")
    return f"{done:,}" + (f" of {total:,}" if total else "") + f" {unit}"


def count_of(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> count_of(1, "row"), count_of(1440, "row")
    ('1 row', '1,440 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def align(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay cells out in columns, two spaces apart; the last column is as long as it is.

    >>> align([("a", "bb", "c"), ("aaa", "", "cc")])
    ['a    bb  c', 'aaa      cc']
    """
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in table)
    return [line.rstrip() for line in lines]


def cut(lines: Iterable[str], width: int | None) -> list[str]:
    """Cut lines to the width of a terminal; None leaves them as they are."""
    if width is None:
        return list(lines)
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]


def did_you_mean(word: str, possibilities: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest possibility, or nothing.

    >>> did_you_mean("nem_price", ["nem_prices", "nem_prices_raw"])
    "; did you mean 'nem_prices'?"
    >>> did_you_mean("weather", ["nem_prices"])
    ''
    """
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(word, list(possibilities), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
