"""The sandbox remembers what it has made, and not more than its bound."""

from nemflow.tasks.nem.sandbox.memory import Memory


def test_a_thing_is_made_once() -> None:
    memory, made = Memory(), []
    for _ in range(2):
        assert memory.remember("a", lambda: made.append(1) or b"body") == b"body"
    assert made == [1]


def test_the_oldest_are_forgotten_first() -> None:
    memory, made = Memory(limit=10), []

    def ask(key: str) -> None:
        memory.remember(key, lambda: made.append(key) or bytes(4))

    for key in "abcba":
        ask(key)
    assert made == ["a", "b", "c", "a"]
    assert memory.held == 8


def test_the_newest_is_kept_whatever_its_size() -> None:
    memory = Memory(limit=10)
    memory.remember("small", lambda: bytes(4))
    memory.remember("large", lambda: bytes(400))
    assert memory.held == 400


def test_making_may_remember_parts() -> None:
    memory = Memory()
    whole = memory.remember("whole", lambda: 2 * memory.remember("part", lambda: b"part"))
    assert whole == b"partpart"
    assert memory.held == 12


def test_what_is_not_bytes_has_a_size_of_its_own() -> None:
    memory = Memory()
    memory.remember("lines", lambda: ["a", "bc"], size=lambda lines: sum(map(len, lines)))
    assert memory.held == 3
