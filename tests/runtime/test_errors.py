"""Errors say what happened, where in the user's file, and what to do."""

import copy
import pickle

import pytest

import weft as wf
from weft.runtime import errors


def test_an_error_shows_message_line_and_hint():
    with pytest.raises(errors.ShapeError) as caught:
        wf.tensor([1.0, 2.0, 3.0]) + wf.tensor([1.0, 2.0])
    message, where, hint = str(caught.value).split("\n")
    assert message == "add: shapes do not broadcast: f32[3] and f32[2]; axis -1 is 3 in one and 2 in the other"
    assert where.strip().startswith("test_errors.py:")
    assert where.endswith("wf.tensor([1.0, 2.0, 3.0]) + wf.tensor([1.0, 2.0])")
    assert hint == "Axes are matched from the right; each pair must be equal, or one of them 1."


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ShapeError, ValueError),
        (errors.AxisError, IndexError),
        (errors.OutOfRangeError, IndexError),
        (errors.DTypeError, TypeError),
        (errors.ArgumentError, ValueError),
        (errors.OutOfMemoryError, MemoryError),
        (errors.DeviceError, RuntimeError),
        (errors.GradientError, ValueError),
        (errors.NumericsError, ArithmeticError),
        (errors.CheckpointError, ValueError),
        (errors.DataError, ValueError),
        (errors.SourceError, ValueError),
        (errors.ExportError, ValueError),
        (errors.BuildError, RuntimeError),
    ],
)
def test_each_error_is_also_the_built_in_one_that_users_expect(kind, builtin):
    assert issubclass(kind, errors.WeftError)
    assert issubclass(kind, builtin)


def test_an_error_survives_pickling_and_copying():
    error = errors.ShapeError("what happened", "what to do")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(twin), twin.message, twin.hint) == (errors.ShapeError, "what happened", "what to do")


def test_wrong_arguments_show_the_signature():
    with pytest.raises(TypeError, match=r"sum\(\) does not take these arguments; its signature is sum\(x, /, \*, axis"):
        wf.sum(wf.tensor([1.0]), axes=0)  # pyright: ignore[reportCallIssue]


def test_a_number_that_does_not_fit_is_refused():
    with pytest.raises(errors.DTypeError, match=r"add: .*300.*out of bounds for uint8"):
        wf.tensor([1], dtype="uint8") + 300


def test_mixing_uint64_with_signed_integers_is_refused():
    with pytest.raises(errors.DTypeError, match="uint64 and int64 have no common dtype"):
        wf.tensor([1], dtype="uint64") + wf.tensor([1])


def test_arithmetic_on_bools_is_refused():
    with pytest.raises(errors.DTypeError, match=r"add: no bool version, given bool\[1\] and bool\[1\]"):
        wf.tensor([True]) + wf.tensor([False])


def test_an_error_speaks_of_the_function_that_was_called():
    for message, said in [
        ("inner: 3 inner parts", "outer: 3 inner parts"),
        (
            "inner: f32[2] has dtype float32, which inner does not take",
            "outer: f32[2] has dtype float32, which outer does not take",
        ),
        ("another inner: 3", "another inner: 3"),
    ]:
        with pytest.raises(errors.ShapeError) as caught, errors.speaking_as("outer", "inner", "core"):
            raise errors.ShapeError(message, "what to do")
        assert (caught.value.message, caught.value.hint) == (said, "what to do")
        assert str(caught.value).startswith(said)
