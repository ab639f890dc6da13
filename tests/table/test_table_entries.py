"""Every entry of the op table is complete: samples, docstring, gradient, expression, ONNX name."""

from __future__ import annotations

import inspect
import string
from typing import Any

import pytest
from op_cases import ALL_OPS, ELEMENTWISE, samples_of

# The operators of the default domain, ai.onnx, up to opset 23.
ONNX = frozenset(
    """Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization
    Bernoulli BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu
    CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger
    ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear
    Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow
    HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max
    MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
    NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or
    PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike
    RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
    ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence
    RoiAlign RotaryEmbedding Round STFT Scan ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty
    SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax
    SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat
    StringNormalizer StringSplit Sub Sum Tan Tanh TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique
    Unsqueeze Where Xor""".split()
)

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
