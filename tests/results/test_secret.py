import pickle

import pytest

from nemflow.errors import ResultError
from nemflow.results import NO_VALUE, SecretResult


def test_a_secret_is_asked_for_again_at_each_reading():
    answers = iter(["old", "new"])
    secret = SecretResult(lambda: next(answers), "TOKEN")
    assert secret.exists("TOKEN/{x}", x=1)
    assert secret.read("TOKEN").value == "old"
    assert secret.read("TOKEN").value == "new"
    assert secret.value is NO_VALUE


def test_why_a_secret_is_not_to_be_had_goes_through_as_it_is():
    with pytest.raises(KeyError, match="TOKEN"):
        SecretResult(lambda: {}["TOKEN"]).read("TOKEN")


def test_a_secret_cannot_be_written_and_is_kept_nowhere():
    with pytest.raises(ValueError, match="cannot be written") as caught:
        SecretResult(str).write("hush")
    assert isinstance(caught.value, ResultError)
    assert not SecretResult.keeps
    assert SecretResult(str).lock_name("TOKEN") is None


def test_what_a_secret_shows_of_itself_is_only_its_name():
    assert repr(SecretResult(lambda: "hush", "TOKEN").read("TOKEN")) == "<SecretResult: 'TOKEN'>"


def test_an_unread_secret_travels_as_the_question_not_the_answer():
    travelled = pickle.loads(pickle.dumps(SecretResult(str, "TOKEN")))
    assert travelled == SecretResult(str, "TOKEN")
    assert travelled != SecretResult(int, "TOKEN")
    assert travelled.value is NO_VALUE
