"""Accept or refuse a report file as a whole, before it enters the archive.

The same gates as for months (verify.py), for every csv in it: of a nested archive all members, of
the single files of a day all of them; and each may hold only what its own name says.
"""

from datetime import date
from pathlib import Path

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, find_rows
from nemflow.tasks.nem.csv_lines import Lines
from nemflow.tasks.nem.feeds import Feed, Folder, Span
from nemflow.tasks.nem.market_time import day_bounds, format_stamp, parse_stamp
from nemflow.tasks.nem.members import Report, open_reports
from nemflow.tasks.nem.tables import Table
from nemflow.tasks.nem.verify import FileFacts, check_numbers, check_stamp_texts


def verify_report(path: Path, feed: Feed, folder: Folder, table: Table, span: Span) -> FileFacts:
    """Check one published file of a feed, nested or not, from magic to last number.

    Zip, check sums, footer counts, the table with its required columns, stamps within the span
    that each name says, numbers.

    Raises:
        BrokenFile: the file is not whole, or not what its name says.
    """
    facts = [
        _verify_csv(report, table)
        for report in open_reports(path, feed)
        if _is_in(report, span, path)
    ]
    if not facts:
        raise BrokenFile(f"{path.name} holds nothing of {span.key}")
    last = max(fact.last_stamp for fact in facts)
    rows = sum(fact.rows for fact in facts)
    return FileFacts(facts[-1].created, rows, last, complete=True)


def verify_intervals(path: Path, feed: Feed, table: Table, day: date) -> FileFacts:
    """Check all single files of a day, in their folder. Raises `BrokenFile` as `verify_report`."""
    facts = [_verify_csv(report, table) for report in open_reports(path, feed)]
    last = max(fact.last_stamp for fact in facts)
    rows = sum(fact.rows for fact in facts)
    return FileFacts(facts[-1].created, rows, last, complete=last == day_bounds(day)[1])


def _is_in(report: Report, span: Span, path: Path) -> bool:
    """Check that a member belongs to its archive; days and weeks may begin at 00:00."""
    if not span.start <= report.span.end <= span.end:
        raise BrokenFile(f"{path.name} holds {report.name}, which is not of {span.key}")
    return True


def _verify_csv(report: Report, table: Table) -> FileFacts:
    created = creation_stamp(report.data, file=report.name)
    lines = Lines(report.data)
    check_footer(report.data, file=report.name, lines=lines)
    rows = find_rows(report.data, table, file=report.name, lines=lines)
    stamps = check_numbers(rows, table, [table.stamp])[table.stamp]
    if not stamps:
        raise BrokenFile(f"{rows.label} has no rows")
    check_stamp_texts(stamps, rows.label)
    start, end = format_stamp(report.span.start), format_stamp(report.span.end)
    outside = sorted(stamp for stamp in stamps if not start < stamp <= end)
    if outside:
        raise BrokenFile(
            f"{rows.label} has a row of {outside[0]}, which is not in {report.span.key}"
        )
    return FileFacts(created, rows.count, parse_stamp(max(stamps)), complete=True)
