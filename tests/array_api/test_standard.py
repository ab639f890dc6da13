"""Every function of the Array API standard is there, takes its standard signature, and agrees with NumPy."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from standard import CONSTANTS, DTYPES, FUNCTIONS, Function, function_of

import weft as wf

CALLS = [(function, call) for function in FUNCTIONS for call in function.calls]


def values() -> dict[str, Any]:
    """What the calls name: arrays of float64, complex128, int64 and bool."""
    rng = np.random.default_rng(20241201)
    w = np.array([0.3, -1.0, 2.0, 0.1])
    return {
        "x": rng.normal(size=(3, 4)), "y": rng.normal(size=(3, 4)), "p": rng.uniform(0.5, 3.0, (3, 4)),
        "z": np.zeros((0, 2)), "a": rng.normal(size=(2, 3)),
        "c": rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4)),
        "i": rng.integers(0, 4, (3, 4)), "j": rng.integers(0, 4, (3, 4)), "b": rng.random((3, 4)) < 0.5,
        "v": np.array([-1.0, 0.0, 0.5, 2.5]), "w": w, "order_of_w": np.argsort(w), "k": np.array([2, 0, 1, 2]),
        "order": np.argsort(rng.normal(size=(3, 4)), axis=1) % 3,
        "s": np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]), "q": rng.normal(size=(3, 3)),
    }  # fmt: skip


def call(library: Any, function: Function, text: str) -> Any:
    """The result of a call in a library, its values made tensors or arrays of that library."""
    if library is np and function.name.endswith("fftfreq"):
        text = text.replace(", dtype=xp.float64", "")
    names = {name: library.asarray(value) for name, value in values().items()}
    return eval(f"f({text})", {"xp": library, "f": function_of(library, function), **names})


def parts(result: Any) -> list[Any]:
    """The arrays of a result."""
    return list(result) if isinstance(result, tuple | list) else [result]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_function_takes_its_standard_signature(function: Function) -> None:
    ours = inspect.signature(function_of(wf, function)).parameters
    standard = inspect.signature(eval(f"lambda {function.signature}: None")).parameters
    for place, (name, wanted) in enumerate(standard.items()):
        at_place = list(ours.values())[place] if place < len(ours) else None
        if wanted.kind is wanted.VAR_POSITIONAL:
            assert at_place is not None
            assert at_place.kind is wanted.VAR_POSITIONAL
            continue
        if wanted.kind is wanted.POSITIONAL_ONLY:
            found = at_place
            assert found is not None
            assert found.kind in (found.POSITIONAL_ONLY, found.POSITIONAL_OR_KEYWORD)
        else:
            found = ours[name]
            assert found.kind in (found.KEYWORD_ONLY, found.POSITIONAL_OR_KEYWORD)
            assert wanted.kind is wanted.KEYWORD_ONLY or found is at_place
        if wanted.default is not wanted.empty:
            assert found.default == wanted.default
    beyond = [p for name, p in ours.items() if name not in standard and p.kind is p.KEYWORD_ONLY]
    assert all(p.default is not p.empty for p in beyond)


@pytest.mark.parametrize(("function", "text"), CALLS, ids=[f"{f}({text})" for f, text in CALLS])
def test_call_by_the_standard_agrees_with_numpy(function: Function, text: str) -> None:
    ours, reference = parts(call(wf, function, text)), parts(call(np, function, text))
    assert len(ours) == len(reference)
    for x, y in zip(ours, reference, strict=True):
        assert x.shape == np.shape(y)
        assert x.dtype == y.dtype
        if function.name != "empty_like":
            tolerance = 1e-5 if x.dtype == np.float32 else 1e-12
            np.testing.assert_allclose(x.numpy(), y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CONSTANTS)
def test_constant_is_numpys(name: str) -> None:
    assert repr(getattr(wf, name)) == repr(getattr(np, name))


@pytest.mark.parametrize("name", DTYPES)
def test_dtype_is_there(name: str) -> None:
    assert wf.zeros(2, dtype=getattr(wf, name)).numpy().dtype == np.dtype(name)


def test_unique_values_are_the_distinct_ones() -> None:
    i = values()["i"]
    assert sorted(wf.unique_values(i).tolist()) == sorted(np.unique(i).tolist())


def test_factorizations_name_their_parts() -> None:
    s = values()["s"]
    assert wf.linalg.eigh(s)._fields == ("eigenvalues", "eigenvectors")
    assert wf.linalg.qr(s)._fields == ("Q", "R")
    assert wf.linalg.slogdet(s)._fields == ("sign", "logabsdet")
    assert wf.linalg.svd(s)._fields == ("U", "S", "Vh")
    assert wf.unique_all([1])._fields == ("values", "indices", "inverse_indices", "counts")
    assert wf.unique_counts([1])._fields == ("values", "counts")
    assert wf.unique_inverse([1])._fields == ("values", "inverse_indices")


def test_factorizations_give_back_what_they_factor() -> None:
    s, x = values()["s"], values()["x"]
    eigenvalues, vectors = wf.linalg.eigh(s)
    np.testing.assert_allclose(((vectors * eigenvalues) @ vectors.mT).numpy(), s, atol=1e-12)
    for mode in ("reduced", "complete"):
        q, r = wf.linalg.qr(x, mode=mode)
        np.testing.assert_allclose((q @ r).numpy(), x, atol=1e-12)
    u, singular, vh = wf.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose(((u * singular) @ vh).numpy(), x, atol=1e-12)
    assert [part.shape for part in wf.linalg.svd(x)] == [(3, 3), (3,), (4, 4)]


INFO = wf.__array_namespace_info__()


def test_namespace_info_says_what_the_library_can_do() -> None:
    assert INFO.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert INFO.default_device() in INFO.devices()
    assert INFO.default_dtypes()["real floating"] == wf.float32
    assert INFO.default_dtypes(device="cpu")["indexing"] == wf.int64
    assert set(DTYPES) <= set(INFO.dtypes())
    assert set(INFO.dtypes(kind="signed integer")) == {"int8", "int16", "int32", "int64"}
    assert set(INFO.dtypes(device="cpu", kind=("bool", "complex floating"))) == {"bool", "complex64", "complex128"}


def test_a_tensor_names_its_namespace_and_device() -> None:
    x = wf.zeros(2)
    assert x.__array_namespace__() is wf
    assert x.__array_namespace__(api_version="2024.12") is wf
    assert str(x.device) == "cpu"
    assert x.to_device("cpu").shape == (2,)
