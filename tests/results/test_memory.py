from nemflow.results import MemoryResult


def test_copies_share_what_is_kept():
    one = MemoryResult("a")
    one.copy().write(1)
    assert one.read("a").value == 1


def test_two_results_share_nothing_unless_they_are_given_one_dict():
    MemoryResult("a").write(1)
    assert not MemoryResult().exists("a")
    shared = {}
    MemoryResult("a", shared).write(1)
    assert MemoryResult(store=shared).exists("a")


def test_memory_keeps_values_and_needs_no_lock():
    assert MemoryResult.keeps
    assert MemoryResult().lock_name("a") is None
