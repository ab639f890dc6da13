"""einsum, against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError
from weft.runtime.ops.einsum import plan

rng = np.random.default_rng(5)

CASES = [
    ("i->i", [(3,)]),
    ("i->", [(3,)]),
    ("i", [(3,)]),
    ("->", [()]),
    (",->", [(), ()]),
    (",i->i", [(), (3,)]),
    ("ij->ji", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ba", [(2, 3)]),
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("iii->i", [(3, 3, 3)]),
    ("ijij->ij", [(2, 3, 2, 3)]),
    ("jiji->i", [(2, 3, 2, 3)]),
    ("...ii->...i", [(2, 4, 3, 3)]),
    ("...ij->...ji", [(2, 4, 3, 3)]),
    ("...", [(2, 3)]),
    ("i...->...", [(2, 3, 4)]),
    ("i...", [(2, 3, 4)]),
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk->ki", [(2, 3), (3, 4)]),
    ("ji,jk", [(3, 2), (3, 4)]),
    ("ij,jk->", [(2, 3), (3, 4)]),
    ("ij,ij->ij", [(2, 3), (2, 3)]),
    ("ij,ij->i", [(2, 3), (2, 3)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("ij,ji->", [(2, 3), (3, 2)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,j->ji", [(2,), (3,)]),
    ("i,j->", [(2,), (3,)]),
    ("i,i->", [(3,), (3,)]),
    ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
    ("bij,jk->bik", [(5, 2, 3), (3, 4)]),
    ("ij,bjk->bik", [(2, 3), (5, 3, 4)]),
    ("bqhd,bkhd->bhqk", [(2, 3, 4, 5), (2, 6, 4, 5)]),
    ("bhqk,bkhd->bqhd", [(2, 4, 3, 6), (2, 6, 4, 5)]),
    ("...ij,...jk->...ik", [(5, 1, 2, 3), (4, 3, 4)]),
    ("...i,...i", [(5, 3), (3,)]),
    ("i...,i...->...", [(3, 2), (3, 2)]),
    ("ij,i...->j...", [(3, 2), (3, 4, 5)]),
    ("abc,cd,de->abe", [(2, 3, 4), (4, 5), (5, 6)]),
    ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 5), (5, 6)]),
    ("i,i,i->i", [(3,), (3,), (3,)]),
    ("i,j,k->kji", [(2,), (3,), (4,)]),
    ("ij,ik,il->jkl", [(5, 2), (5, 3), (5, 4)]),
    ("ii,ij,j->", [(3, 3), (3, 2), (2,)]),
    ("aij,bij->ab", [(2, 3, 4), (5, 3, 4)]),
    ("ijk,kji->", [(2, 3, 4), (4, 3, 2)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    ("ij , jk -> ik", [(2, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("aBc,cD->aBD", [(2, 3, 4), (4, 5)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), CASES)
@pytest.mark.parametrize("imaginary", [0, 1])
def test_einsum_agrees_with_numpy(subscripts: str, shapes: Any, imaginary: int) -> None:
    operands = [rng.normal(size=shape) + (1j * rng.normal(size=shape) if imaginary else 0) for shape in shapes]
    wf.testing.assert_close(wf.einsum(subscripts, *operands), np.einsum(subscripts, *operands))


@pytest.mark.parametrize(("subscripts", "shapes"), [case for case in CASES if all(map(all, case[1]))])
def test_gradients_of_einsum(subscripts: str, shapes: Any) -> None:
    operands = [rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in shapes]
    wf.testing.check_grads(lambda *x: wf.einsum(subscripts, *x), operands)


def test_labels_may_be_lists_of_integers() -> None:
    x, y = rng.normal(size=(2, 3)), rng.normal(size=(3, 4))
    wf.testing.assert_close(wf.einsum(x, [0, 1], y, [1, 2], [2, 0]), (x @ y).T)
    wf.testing.assert_close(wf.einsum(x, [1, 0]), x.T)
    wf.testing.assert_close(wf.einsum(x, [..., 0], [0, ...]), x.T)


@pytest.mark.parametrize("dtype", ["int8", "int64", "float16", "bfloat16", "float32"])
def test_einsum_keeps_the_dtype(dtype: str) -> None:
    x = wf.asarray([[1, 2], [3, 4]], dtype=dtype)
    for subscripts in ("ij->i", "ij,jk->ik", "ij,ij->", "ii"):
        operands = [x] * (1 + subscripts.count(","))
        assert wf.einsum(subscripts, *operands).dtype is x.dtype


def test_a_matrix_product_is_one_op() -> None:
    assert [step.op for step in plan("ij,jk->ik", ((2, 3), (3, 4)))] == ["matmul"]
    assert [step.op for step in plan("bij,bjk->bik", ((5, 2, 3), (5, 3, 4)))] == ["matmul"]
    assert [step.op for step in plan("ij,ij->ij", ((2, 3), (2, 3)))] == ["multiply"]
    assert [step.op for step in plan("ij,kj->ik", ((2, 3), (4, 3)))] == ["permute_dims", "matmul"]


def test_a_chain_is_contracted_from_its_small_end() -> None:
    steps = plan("ij,jk,k->i", ((100, 100), (100, 100), (100,)))
    assert [step.op for step in steps] == ["matmul", "matmul"]
    assert set(steps[0].operands) == {1, 2}


@pytest.mark.parametrize(
    ("subscripts", "shapes", "error", "message"),
    [
        ("ij,jk->ik", [(2, 3)], ArgumentError, "has 2 terms for 1 operand"),
        ("ij", [(2, 3), (2,)], ArgumentError, "has 1 term for 2 operands"),
        ("ij,jk->ik", [(2, 3), (4, 5)], ShapeError, "label 'j' of 'ij,jk->ik' is 3 in one place and 4 in another"),
        ("ii", [(2, 3)], ShapeError, "label 'i'"),
        ("ij", [(2,)], ShapeError, "names 2 axes, its operand has 1"),
        ("i", [(2, 3)], ShapeError, "names 1 axis, its operand has 2"),
        ("i...jk", [(2, 3)], ShapeError, "names 3 axes"),
        ("ij->k", [(2, 3)], ArgumentError, "label 'k' of 'ij->k' is in no operand"),
        ("ij->ii", [(2, 3)], ArgumentError, "stands twice in the result"),
        ("i1", [(2, 3)], ArgumentError, "has '1' among its labels"),
        ("i..j", [(2, 3)], ArgumentError, "has '.' among its labels"),
        ("...i...", [(2, 3)], ArgumentError, "has '.' among its labels"),
        ("i->j->k", [(2,)], ArgumentError, "has '-' among its labels"),
        ("...i->i", [(2, 3)], ArgumentError, "has `...` in an operand but not in the result"),
        ("...i,...i->...", [(2, 3), (4, 3)], ShapeError, "label '...'"),
    ],
)
def test_einsum_refuses(subscripts: str, shapes: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        wf.einsum(subscripts, *map(np.ones, shapes))
    assert str(caught.value).startswith("einsum: ")
    assert message in str(caught.value)


def test_einsum_needs_operands_and_labels() -> None:
    with pytest.raises(ArgumentError, match="was given no operands"):
        wf.einsum("")
    with pytest.raises(ArgumentError, match="no subscripts"):
        wf.einsum()
    with pytest.raises(ArgumentError, match="label 99"):
        wf.einsum(np.ones(2), [99])
    with pytest.raises(DTypeError, match="no common dtype"):
        wf.einsum("i,i", np.ones(2, "u8"), np.ones(2, "i8"))


@pytest.mark.parametrize(
    "shapes",
    [[(2, 3), (3, 4)], [(3,), (3, 4), (4, 2)], [(2, 3), (3, 4), (4,)], [(3,), (3,)], [(2, 3), (3, 4), (4, 5), (5, 1)]],
)
def test_multi_dot_agrees_with_numpy(shapes: Any) -> None:
    chain = [rng.normal(size=shape) for shape in shapes]
    wf.testing.assert_close(wf.linalg.multi_dot(chain), np.linalg.multi_dot(chain))
    wf.testing.check_grads(lambda *x: wf.linalg.multi_dot(x), chain)


@pytest.mark.parametrize(
    ("shapes", "error", "message"),
    [
        ([(2, 3)], ArgumentError, "multi_dot: given 1 operand"),
        ([(2, 3), (3,), (3, 2)], ShapeError, r"multi_dot: operand 1 is f64\[3\]"),
        ([(2, 3), (4, 2)], ShapeError, "is 3 in one place and 4 in another"),
    ],
)
def test_multi_dot_refuses(shapes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        wf.linalg.multi_dot(list(map(np.ones, shapes)))
