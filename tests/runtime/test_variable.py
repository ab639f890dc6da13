"""Variables are cells: reading gives a tensor that never changes, assigning puts another there."""

import copy
import pickle

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import DTypeError, ShapeError


@pytest.fixture
def v():
    return wf.Variable([1.0, 2.0], name="v")


def test_a_variable_is_used_like_a_tensor(v):
    assert isinstance(v, wf.Tensor)
    assert (v.shape, v.dtype, v.ndim, len(v)) == ((2,), wf.float32, 1, 2)
    for y, expected in [(v * 2, [2, 4]), (3 - v, [2, 1]), (v @ v, 5), (v[1], 2), (v.sum(), 3)]:
        np.testing.assert_array_equal(y.numpy(), np.array(expected, np.float32))


def test_what_was_read_does_not_change_when_the_variable_does(v):
    before = v.read_value()
    v.assign([5.0, 6.0])
    np.testing.assert_array_equal(before.numpy(), [1, 2])
    np.testing.assert_array_equal(v.numpy(), [5, 6])


def test_a_variable_does_not_see_later_writes_to_the_array_it_was_made_from():
    array = np.ones(3, np.float32)
    v = wf.Variable(array)
    array[:] = 7
    np.testing.assert_array_equal(v.numpy(), [1, 1, 1])
    v.assign(array)
    array[:] = 9
    np.testing.assert_array_equal(v.numpy(), [7, 7, 7])


def test_assign_add_and_sub(v):
    v.assign_add([1.0, 1.0]).assign_sub(0.5)
    np.testing.assert_array_equal(v.numpy(), [1.5, 2.5])


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([1.0, 2.0, 3.0], ShapeError, r"assign: f32\[3\] does not fit variable 'v', which is f32\[2\]"),
        (wf.tensor([1, 2]), DTypeError, r"assign: i64\[2\] does not fit variable 'v', which is f32\[2\]"),
        (np.ones(2), DTypeError, r"assign: f64\[2\] does not fit variable 'v'"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(v, value, error, message):
    with pytest.raises(error, match=message):
        v.assign(value)
    np.testing.assert_array_equal(v.numpy(), [1, 2])


def test_python_numbers_take_the_dtype_of_the_variable():
    v = wf.Variable([1, 2], dtype=wf.float64)
    v.assign([3, 4])
    assert v.dtype is wf.float64


def test_item_assignment_rebinds_what_the_variable_holds(v):
    before = v.read_value()
    v[0] = 9.0
    np.testing.assert_array_equal(v.numpy(), [9, 2])
    np.testing.assert_array_equal(before.numpy(), [1, 2])


def test_the_gradient_reaches_a_variable_that_was_assigned_afterwards(v):
    with wf.GradientTape() as tape:
        y = (v * v).sum()
    v.assign([10.0, 10.0])
    np.testing.assert_array_equal(tape.gradient(y, v).numpy(), [2, 4])


def test_assigning_inside_a_tape_cuts_the_path_but_later_reads_count(v):
    with wf.GradientTape() as tape:
        v.assign(v * 2)
        y = (v * 3).sum()
    np.testing.assert_array_equal(tape.gradient(y, v).numpy(), [3, 3])


def test_variables_that_are_not_trainable_are_not_watched():
    v = wf.Variable(2.0, trainable=False)
    with wf.GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v) is None


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_is_a_variable_of_its_own(v, twin):
    other = twin(v)
    other.assign_add(1.0)
    assert (other.name, other.trainable) == ("v", True)
    np.testing.assert_array_equal(v.numpy(), [1, 2])
    np.testing.assert_array_equal(other.numpy(), [2, 3])


def test_repr_names_the_variable(v):
    assert repr(v) == "Variable('v', [1., 2.], f32)"


@pytest.mark.parametrize("read", [lambda v: v.value, lambda v: v.read_value()])
def test_assigning_to_items_of_what_was_read_leaves_the_variable_alone(v, read):
    x = read(v)
    x[0] = 9.0
    np.testing.assert_array_equal(v.numpy(), [1, 2])
