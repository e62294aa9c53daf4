"""The dispatch case of an interval: CASESOLUTION of the daily reports, CASE_SOLUTION of others."""

from datetime import datetime

from nemflow.tasks.nem.sandbox.field_text import quoted_stamp, run_at

CASESOLUTION_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERVENTION", "CASESUBTYPE", "SOLUTIONSTATUS", "SPDVERSION"),
    *("NONPHYSICALLOSSES", "TOTALOBJECTIVE", "TOTALAREAGENVIOLATION"),
    *("TOTALINTERCONNECTORVIOLATION", "TOTALGENERICVIOLATION", "TOTALRAMPRATEVIOLATION"),
    *("TOTALUNITMWCAPACITYVIOLATION", "TOTAL5MINVIOLATION", "TOTALREGVIOLATION"),
    *("TOTAL6SECVIOLATION", "TOTAL60SECVIOLATION", "TOTALASPROFILEVIOLATION"),
    *("TOTALFASTSTARTVIOLATION", "TOTALENERGYOFFERVIOLATION", "LASTCHANGED"),
)
CASE_SOLUTION_COLUMNS = (
    *CASESOLUTION_COLUMNS,
    *("SWITCHRUNINITIALSTATUS", "SWITCHRUNBESTSTATUS", "SWITCHRUNBESTSTATUS_INT"),
)


def case_line(table: str, end: datetime, index: int, *, directed: bool) -> str:
    """Return the D line of a case up to LASTCHANGED.

    Args:
        table: its subtype and version, such as ``CASESOLUTION,1``.
        end: of the interval.
        index: of the interval in its market day.
        directed: whether AEMO directed in it.
    """
    objective = -37_012_673 - (end.day * 288 + index) * 1_009
    return (
        f"D,DISPATCH,{table},{quoted_stamp(end)},1,{int(directed)},,1,,0,{objective}.6770,"
        f"0,0,0,0,0.61,,,,,0,0,0,{quoted_stamp(run_at(end, index))}"
    )
