import pytest

from nemflow.errors import ResultError
from nemflow.results import ConstantResult


def test_a_constant_is_always_there():
    constant = ConstantResult(3)
    assert constant.exists("anywhere/{x}", x=1)
    assert constant.read("anywhere") == constant
    assert constant.read("anywhere").value == 3


def test_a_constant_cannot_be_written():
    with pytest.raises(ValueError, match="cannot be written") as caught:
        ConstantResult(3).write(4)
    assert isinstance(caught.value, ResultError)
