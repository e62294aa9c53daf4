"""The provenance of days that lie together in one file: what each day file said, kept for each day.

A compacted month carries what all its days agree on under the same keys as a day file
(``nemflow.source``, ``nemflow.files``, …; see ``provenance.py``), and under ``nemflow.days`` a JSON
object with what differs, by day: rows, time of making, quality, files. `split_facts` gives back what
each day file said, word for word.
"""

import json
from collections.abc import Mapping
from datetime import date

Facts = Mapping[str, str]

DAYS = "nemflow.days"
_PREFIX = "nemflow."
_DAY = "nemflow.day"
_ROWS = "nemflow.rows"


def join_facts(facts: Mapping[date, Facts]) -> dict[str, str]:
    """Return the metadata of a file that holds these days, each with what its own file said.

    Only keys of nemflow's are kept. ``nemflow.rows`` is their sum.
    """
    own = {
        day: {key: text for key, text in said.items() if key.startswith(_PREFIX) and key != _DAY}
        for day, said in sorted(facts.items())
    }
    common = dict(set.intersection(*(set(said.items()) for said in own.values()))) if own else {}
    common.pop(_ROWS, None)
    rest = {
        day.isoformat(): {key: text for key, text in said.items() if key not in common}
        for day, said in own.items()
    }
    rows = sum(int(said.get(_ROWS, "0")) for said in own.values())
    return {**dict(sorted(common.items())), _ROWS: str(rows), DAYS: json.dumps(rest)}


def split_facts(metadata: Facts) -> dict[date, dict[str, str]]:
    """Return what was said of each day of a file, be it the file of one day or of many.

    Args:
        metadata: the key-value metadata of a Parquet file's schema.
    """
    own = {key: text for key, text in metadata.items() if key.startswith(_PREFIX)}
    if DAYS not in own:
        return {date.fromisoformat(own[_DAY]): own} if _DAY in own else {}
    common = {key: text for key, text in own.items() if key not in (DAYS, _ROWS)}
    return {
        date.fromisoformat(day): {**common, **said, _DAY: day}
        for day, said in json.loads(own[DAYS]).items()
    }
