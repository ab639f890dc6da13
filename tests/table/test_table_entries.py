"""Every entry of the op table is complete: samples, docstring, gradient, expression, ONNX name."""

from __future__ import annotations

import inspect
import string
from pathlib import Path
from typing import Any

import pytest
from op_cases import ALL_OPS, ELEMENTWISE, samples_of

# The operators of ONNX's default domain, up to opset 26.
ONNX = frozenset(Path(__file__).with_name("onnx_operators.txt").read_text().split())

EVERY = pytest.mark.parametrize("op", ALL_OPS, ids=lambda op: op.name)


@EVERY
def test_every_op_has_samples(op: Any) -> None:
    assert samples_of(op), f"give {op.name} samples=[sample(...), ...]"


@EVERY
def test_every_op_has_a_docstring_of_a_sentence(op: Any) -> None:
    first = inspect.getdoc(op.spec) or ""
    assert "." in first, f"{op.name} says nothing about itself"


@EVERY
def test_every_op_has_a_gradient_or_says_why_not(op: Any) -> None:
    assert op.rules is None or callable(op.rules) or isinstance(op.rules, tuple)
    if isinstance(op.rules, tuple) and op.rules:
        assert len(op.rules) == op.arity
        assert any(rule is not None for rule in op.rules), f"say {op.name}.gradient(None)"


@EVERY
def test_every_onnx_name_is_one(op: Any) -> None:
    assert op.onnx is None or op.onnx in ONNX


@EVERY
def test_every_attribute_of_a_sample_is_one_of_the_ops(op: Any) -> None:
    for one in samples_of(op):
        assert one.attrs.keys() <= op.attribute_set
        assert op.variadic or op.required <= len(one.operands) <= op.arity


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_every_expression_names_just_its_operands(op: Any) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(op.c) if name is not None}
    assert fields == {str(i) for i in range(op.arity)}
    op.c.format(*(f"x{i}" for i in range(op.arity)))
