"""A server that does not answer at all is asked by one name only, and no coarser source slips in."""

from datetime import date

import pytest

from nemflow.tasks.nem.published import Unreachable

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


def test_a_server_that_is_not_there_is_not_asked_for_other_names(fetch, waits):
    with pytest.raises(Unreachable, match=r"could not be reached: .* \(3 tries\)"):
        fetch(date(2024, 9, 3), nemweb_url=NOBODY, tries=3)
    assert len(waits) == 2


def test_it_keeps_nothing_and_the_next_call_heals(fetch, files_kept):
    with pytest.raises(Unreachable):
        fetch(date(2020, 2, 3), nemweb_url=NOBODY, tries=1)
    assert files_kept() == []
    fetch(date(2020, 2, 3))
    assert files_kept() == ["PUBLIC_DVD_DISPATCHPRICE_202002010000.zip"]
