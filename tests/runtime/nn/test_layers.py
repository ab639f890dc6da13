"""Layers: shapes, values against NumPy, gradients, modes, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, OutOfRangeError, ShapeError

nn = wf.nn
RNG = np.random.default_rng(3)


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def in_float64(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """The layer with random float64 variables, built on its arguments."""
    layer(*args, **kwargs)
    layer.to(dtype="float64")
    for variable in layer.variables:
        scale = 0.5 + draw(*variable.shape) ** 2 if variable.name in ("scale", "variance") else draw(*variable.shape)
        variable.assign(scale)
    return layer


# Every layer: (make, shapes of the input and output)

LAYERS: dict[str, tuple[Any, tuple[int, ...], tuple[int, ...]]] = {
    "Dense": (lambda: nn.Dense(4, "tanh"), (2, 3), (2, 4)),
    "Dense on a sequence": (lambda: nn.Dense(4), (2, 5, 3), (2, 5, 4)),
    "Dense on a vector": (lambda: nn.Dense(4), (3,), (4,)),
    "Dense without bias": (lambda: nn.Dense(4, use_bias=False), (2, 3), (2, 4)),
    "Conv1D": (lambda: nn.Conv1D(4, 3, stride=2, padding="same"), (2, 7, 3), (2, 4, 4)),
    "Conv2D": (lambda: nn.Conv2D(4, (3, 2), activation="sigmoid"), (2, 5, 6, 3), (2, 3, 5, 4)),
    "Conv2D first": (lambda: nn.Conv2D(4, 3, padding=1, layout="channels_first"), (2, 3, 5, 6), (2, 4, 5, 6)),
    "Conv2D groups": (lambda: nn.Conv2D(4, 3, groups=2, dilation=2), (1, 6, 6, 2), (1, 2, 2, 4)),
    "Conv3D": (lambda: nn.Conv3D(2, 2), (1, 3, 3, 3, 2), (1, 2, 2, 2, 2)),
    "ConvTranspose1D": (lambda: nn.ConvTranspose1D(2, 3, stride=2), (1, 4, 3), (1, 9, 2)),
    "ConvTranspose2D": (lambda: nn.ConvTranspose2D(2, 3, stride=2, padding="same"), (1, 3, 4, 3), (1, 6, 8, 2)),
    "ConvTranspose2D first": (
        lambda: nn.ConvTranspose2D(4, 3, stride=2, padding=1, output_padding=1, groups=2, layout="channels_first"), (1, 2, 3, 4), (1, 4, 6, 8)),
    "ConvTranspose3D": (lambda: nn.ConvTranspose3D(2, 2, stride=2, use_bias=False), (1, 2, 2, 2, 3), (1, 4, 4, 4, 2)),
    "BatchNorm": (lambda: nn.BatchNorm(), (4, 3), (4, 3)),
    "BatchNorm on images": (lambda: nn.BatchNorm(axis=1), (2, 3, 2, 2), (2, 3, 2, 2)),
    "LayerNorm": (lambda: nn.LayerNorm(), (2, 5, 3), (2, 5, 3)),
    "LayerNorm on axes": (lambda: nn.LayerNorm(axis=(-2, -1)), (2, 5, 3), (2, 5, 3)),
    "RMSNorm": (lambda: nn.RMSNorm(), (2, 3), (2, 3)),
    "GroupNorm": (lambda: nn.GroupNorm(2), (2, 5, 4), (2, 5, 4)),
    "MaxPool1D": (lambda: nn.MaxPool1D(2), (1, 6, 2), (1, 3, 2)),
    "MaxPool2D": (lambda: nn.MaxPool2D(2, 1, "same"), (1, 4, 4, 2), (1, 4, 4, 2)),
    "MaxPool3D": (lambda: nn.MaxPool3D(2), (1, 4, 4, 4, 1), (1, 2, 2, 2, 1)),
    "AvgPool1D": (lambda: nn.AvgPool1D(3), (1, 6, 2), (1, 2, 2)),
    "AvgPool2D": (lambda: nn.AvgPool2D((2, 3), count_include_pad=True, layout="channels_first"), (1, 2, 4, 6), (1, 2, 2, 2)),
    "AvgPool3D": (lambda: nn.AvgPool3D(2, ceil_mode=True), (1, 3, 3, 3, 1), (1, 2, 2, 2, 1)),
    "GlobalAvgPool": (lambda: nn.GlobalAvgPool(), (2, 3, 4, 5), (2, 5)),
    "GlobalMaxPool": (lambda: nn.GlobalMaxPool(keepdims=True), (2, 3, 4), (2, 1, 4)),
    "Flatten": (lambda: nn.Flatten(), (2, 3, 4), (2, 12)),
    "Flatten all": (lambda: nn.Flatten(0), (2, 3, 4), (24,)),
    "Activation": (lambda: nn.Activation("gelu"), (2, 3), (2, 3)),
    "Lambda": (lambda: nn.Lambda(lambda x: x * x), (2, 3), (2, 3)),
    "Sequential": (lambda: nn.Sequential([nn.Dense(4), wf.tanh, nn.Dense(1)]), (2, 3), (2, 1)),
    "SimpleRNN": (lambda: nn.SimpleRNN(3), (2, 4, 2), (2, 3)),
    "LSTM": (lambda: nn.LSTM(3, return_sequences=True), (2, 3, 2), (2, 3, 3)),
    "GRU": (lambda: nn.GRU(3, reverse=True), (2, 3, 2), (2, 3)),
    "Bidirectional": (lambda: nn.Bidirectional(nn.GRU(2, return_sequences=True)), (2, 3, 2), (2, 3, 4)),
    "MultiHeadAttention": (lambda: nn.MultiHeadAttention(2), (2, 3, 4), (2, 3, 4)),
    "TransformerBlock": (lambda: nn.TransformerBlock(2, 5, causal=True), (2, 3, 4), (2, 3, 4)),
}  # fmt: skip


@pytest.mark.parametrize(("make", "given", "expected"), LAYERS.values(), ids=LAYERS)
def test_a_layer_gives_its_shape_and_dtype(make: Any, given: Any, expected: Any) -> None:
    layer = make()
    y = layer(wf.zeros(given))
    assert y.shape == expected
    assert y.dtype == wf.float32
    assert all(v.dtype == wf.float32 for v in layer.variables)
    assert layer(wf.zeros((3, *given[1:]) if len(given) > 1 else given)).dtype == wf.float32  # another batch


@pytest.mark.parametrize(("make", "given"), [(make, given) for make, given, _ in LAYERS.values()], ids=LAYERS)
def test_gradients_of_a_layer_are_right(make: Any, given: Any) -> None:
    x = wf.asarray(draw(*given))
    layer = in_float64(make(), x)
    variables = layer.trainable_variables

    def function(x: Any, *values: Any) -> Any:
        for variable, value in zip(variables, values, strict=True):
            variable.held = value
        return layer(x)

    kept = [v.value for v in layer.variables]
    wf.testing.check_grads(function, (x, *[v.value for v in variables]), order=1)
    assert len(kept) == len(layer.variables)


@pytest.mark.parametrize(
    "name", ["Dense", "Conv2D", "ConvTranspose2D", "BatchNorm", "LayerNorm", "LSTM", "GRU", "MultiHeadAttention"]
)
def test_second_derivatives_of_a_layer_are_right(name: str) -> None:
    make, given, _ = LAYERS[name]
    x = wf.asarray(draw(*given))
    wf.testing.check_grads(in_float64(make(), x), (x,), order=2)


@pytest.mark.parametrize(("make", "given"), [(make, given) for make, given, _ in LAYERS.values()], ids=LAYERS)
def test_every_trainable_variable_gets_a_gradient(make: Any, given: Any) -> None:
    layer = in_float64(make(), draw(*given))
    with wf.GradientTape() as tape:
        loss = (layer(wf.asarray(draw(*given))) ** 2).sum()
    grads = tape.gradient(loss, layer.trainable_variables)
    assert all(g is not None and g.shape == v.shape for g, v in zip(grads, layer.trainable_variables, strict=True))


@pytest.mark.parametrize(("make", "given"), [(make, given) for make, given, _ in LAYERS.values()], ids=LAYERS)
def test_a_layer_takes_lists_and_arrays(make: Any, given: Any) -> None:
    layer, x = make(), draw(*given).astype(np.float32)
    if isinstance(layer, nn.Lambda | nn.Sequential):
        return
    np.testing.assert_array_equal(layer(x.tolist()).numpy().shape, layer(x).shape)


# Values


def test_dense_is_a_product_and_a_bias() -> None:
    x = draw(2, 3)
    layer = in_float64(nn.Dense(4, activation=wf.relu), x)
    expected = np.maximum(x @ layer.weight.numpy() + layer.bias.numpy(), 0)
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-12)


def test_embedding_looks_up_rows() -> None:
    layer = nn.Embedding(5, 2)
    assert layer([[0, 4], [1, 1]]).tolist() == layer.weight.numpy()[[[0, 4], [1, 1]]].tolist()
    with pytest.raises(OutOfRangeError):
        layer([5])


def test_convolution_layouts_agree() -> None:
    x = draw(2, 5, 6, 3)
    last = in_float64(nn.Conv2D(4, 3, stride=2), x)
    first = in_float64(nn.Conv2D(4, 3, stride=2, layout="channels_first"), x.transpose(0, 3, 1, 2))
    assert first.weight.shape == (4, 3, 3, 3)
    first.weight.assign(last.weight.numpy().transpose(3, 2, 0, 1))
    first.bias.assign(last.bias)
    np.testing.assert_allclose(
        first(x.transpose(0, 3, 1, 2)).numpy().transpose(0, 2, 3, 1), last(x).numpy(), rtol=1e-12
    )


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kind", [nn.Conv2D, nn.ConvTranspose2D])
def test_first_weights_of_convolutions_keep_the_variance(kind: Any, layout: str) -> None:
    layer = kind(64, 3, weight_init=nn.initializers.he_normal, layout=layout)
    layer(wf.zeros((1, 8, 8, 16) if layout == "channels_last" else (1, 16, 8, 8)))
    assert abs(layer.weight.numpy().var() * (16 * 9) / 2 - 1) < 0.1


def test_batch_norm_follows_statistics_while_training_and_uses_them_after() -> None:
    x = draw(8, 3) * 2 + 5
    layer = nn.BatchNorm(momentum=0.75, epsilon=0.0, dtype="float64")
    y = layer(x).numpy()
    np.testing.assert_allclose(y, (x - x.mean(0)) / x.std(0), rtol=1e-10)
    np.testing.assert_allclose(layer.mean.numpy(), 0.25 * x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(layer.variance.numpy(), 0.75 + 0.25 * x.var(0, ddof=1), rtol=1e-12)
    layer.eval()
    expected = (x - layer.mean.numpy()) / np.sqrt(layer.variance.numpy())
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-12)
    assert [v.name for v in layer.trainable_variables] == ["scale", "bias"]


def test_batch_norm_refuses_to_learn_from_one_value() -> None:
    layer = nn.BatchNorm()
    with pytest.raises(ShapeError, match="1 values for each channel, which have no variance"):
        layer(wf.ones((1, 3)))
    assert layer.eval()(wf.ones((1, 3))).shape == (1, 3)


def test_dropout_drops_while_training_only() -> None:
    layer, x = nn.Dropout(0.25, generator=wf.random.Generator(1)), wf.ones(10_000)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert (layer.eval()(x).numpy() == 1).all()
    assert nn.Dropout(0.5, noise_shape=(2, 1))(wf.ones((2, 8))).numpy().std(axis=1).tolist() == [0.0, 0.0]


def test_sequential_is_a_list_of_parts() -> None:
    model = nn.Sequential(nn.Dense(4), wf.relu)
    model.append(nn.Dense(2))
    assert len(model) == 3
    assert isinstance(model[0], nn.Dense)
    assert len(model[1:]) == 2
    assert list(model)[1] is wf.relu
    assert nn.Sequential()(3) == 3


# Recurrent


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def rnn_step(cell: Any, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    w, u, b = (v.numpy() for v in (cell.weight, cell.recurrent_weight, cell.bias))
    return np.tanh(x @ w + h @ u + b)


def gru_step(cell: Any, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    w, u, b, r = (v.numpy() for v in (cell.weight, cell.recurrent_weight, cell.bias, cell.recurrent_bias))
    (xr, xz, xn), (hr, hz, hn) = np.split(x @ w + b, 3, -1), np.split(h @ u + r, 3, -1)
    n = np.tanh(xn + sigmoid(xr + hr) * hn)
    z = sigmoid(xz + hz)
    return (1 - z) * n + z * h


def lstm_step(cell: Any, x: np.ndarray, state: Any) -> Any:
    w, u, b = (v.numpy() for v in (cell.weight, cell.recurrent_weight, cell.bias))
    i, f, g, o = np.split(x @ w + state[0] @ u + b, 4, -1)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


RECURRENT: dict[str, tuple[Any, Any]] = {
    "SimpleRNN": (nn.SimpleRNN, rnn_step),
    "GRU": (nn.GRU, gru_step),
    "LSTM": (nn.LSTM, lstm_step),
}


def by_hand(layer: Any, step: Any, x: np.ndarray, order: Any) -> tuple[np.ndarray, Any]:
    """Outputs (batch, time, units) and the last state, for one sequence or a batch of equal lengths."""
    zero = np.zeros((len(x), layer.cell.units))
    state: Any = (zero, zero) if step is lstm_step else zero
    outputs = np.zeros((*x.shape[:2], layer.cell.units))
    for t in order:
        state = step(layer.cell, x[:, t], state)
        outputs[:, t] = state[0] if step is lstm_step else state
    return outputs, state


@pytest.mark.parametrize(("kind", "step"), RECURRENT.values(), ids=RECURRENT)
@pytest.mark.parametrize("reverse", [False, True])
def test_recurrent_layers_follow_their_formula(kind: Any, step: Any, reverse: bool) -> None:
    x = draw(2, 5, 3)
    layer = in_float64(kind(4, return_sequences=True, return_state=True, reverse=reverse), x)
    y, state = layer(x)
    outputs, last = by_hand(layer, step, x, range(5)[::-1] if reverse else range(5))
    wf.testing.assert_close(y, outputs)
    wf.testing.assert_close(state, last)
    layer.return_sequences = layer.return_state = False
    wf.testing.assert_close(layer(x), outputs[:, 0 if reverse else -1])


@pytest.mark.parametrize(("kind", "step"), RECURRENT.values(), ids=RECURRENT)
@pytest.mark.parametrize("reverse", [False, True])
def test_lengths_and_masks_leave_padding_out(kind: Any, step: Any, reverse: bool) -> None:
    x, lengths = draw(3, 5, 2), [5, 2, 1]
    layer = in_float64(kind(4, return_sequences=True, return_state=True, reverse=reverse), x)
    mask = np.arange(5) < np.array(lengths)[:, None]
    for y, state in (layer(x, lengths=lengths), layer(x, mask=mask)):
        for i, n in enumerate(lengths):
            alone, last = by_hand(layer, step, x[i : i + 1, :n], range(n)[::-1] if reverse else range(n))
            wf.testing.assert_close(y[i, :n], alone[0])
            assert (y.numpy()[i, n:] == 0).all()
            for found, expected in zip(*[s if isinstance(s, tuple) else (s,) for s in (state, last)], strict=True):
                wf.testing.assert_close(found[i], expected[0])
    layer.return_sequences = layer.return_state = False
    last_real = [0] * 3 if reverse else [n - 1 for n in lengths]
    full, _ = layer(x, lengths=lengths), None
    for i, n in enumerate(lengths):
        alone, _ = by_hand(layer, step, x[i : i + 1, :n], range(n)[::-1] if reverse else range(n))
        wf.testing.assert_close(full[i], alone[0, last_real[i]])


def test_a_state_is_carried_on() -> None:
    x = draw(2, 6, 3)
    layer = in_float64(nn.LSTM(4, return_sequences=True, return_state=True), x)
    whole, _ = layer(x)
    first, state = layer(x[:, :4])
    second, _ = layer(x[:, 4:], state)
    wf.testing.assert_close(wf.concat([first, second], axis=1), whole)


def test_a_cell_runs_in_a_loop_of_ones_own() -> None:
    x = draw(2, 3, 4)
    layer = in_float64(nn.GRU(5), x)
    state: Any = None
    y: Any = None
    for t in range(3):
        y, state = layer.cell(x[:, t], state)
    wf.testing.assert_close(y, layer(x))
    fresh = nn.LSTMCell(3)
    y, (h, c) = fresh(wf.ones((2, 4)))
    assert y.shape == h.shape == c.shape == (2, 3)


def test_the_forget_gate_begins_open() -> None:
    cell = nn.LSTMCell(2)
    cell(wf.ones((1, 1)))
    assert cell.bias is not None
    assert cell.bias.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    np.testing.assert_allclose(
        cell.recurrent_weight.numpy()[:, :2].T @ cell.recurrent_weight.numpy()[:, :2], np.eye(2), atol=1e-6
    )


def test_bidirectional_runs_both_ways() -> None:
    x = draw(2, 4, 3)
    layer = in_float64(nn.Bidirectional(nn.LSTM(2, return_sequences=True, return_state=True)), x)
    y, (ahead, back) = layer(x, lengths=[4, 2])
    assert y.shape == (2, 4, 4)
    wf.testing.assert_close(y[:, :, :2], layer.forward(x, lengths=[4, 2])[0])
    wf.testing.assert_close(y[:, 0, 2:], back[0])
    assert ahead[0].shape == (2, 2)
    assert {v.name for v in layer.variables} == {"weight", "recurrent_weight", "bias"}
    assert len(layer.variables) == 6


# Attention


def by_formula(layer: Any, q: np.ndarray, kv: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Multi-head attention, one head of one example after the other."""

    def project(part: Any, x: np.ndarray) -> np.ndarray:
        return x @ part.weight.numpy() + part.bias.numpy()

    heads, result = layer.heads, []
    for i in range(len(q)):
        parts = []
        rows = [project(p, x[i]) for p, x in ((layer.query, q), (layer.key, kv), (layer.value, kv))]
        for h, (a, b, c) in enumerate(zip(*[np.split(x, heads, -1) for x in rows], strict=True)):
            scores = np.where(allowed[i, h], a @ b.T / np.sqrt(a.shape[-1]), -np.inf)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            parts.append(weights / weights.sum(-1, keepdims=True) @ c)
        result.append(project(layer.output, np.concatenate(parts, -1)))
    return np.stack(result)


def test_attention_follows_its_formula_under_every_mask() -> None:
    q, kv = draw(2, 3, 4), draw(2, 5, 6)
    layer = in_float64(nn.MultiHeadAttention(2), q, kv)
    rng = np.random.default_rng(0)
    everywhere = np.ones((2, 2, 3, 5), bool)
    assert_same = lambda y, allowed: wf.testing.assert_close(y, by_formula(layer, q, kv, allowed))
    assert_same(layer(q, kv), everywhere)
    for shape, wide in (
        ((3, 5), (1, 1, 3, 5)),
        ((2, 3, 5), (2, 1, 3, 5)),
        ((2, 2, 3, 5), (2, 2, 3, 5)),
        ((1, 2, 3, 5), (1, 2, 3, 5)),
    ):
        mask = rng.random(shape) < 0.6
        mask[..., 0] = True
        assert_same(layer(q, kv, mask=mask), everywhere & mask.reshape(wide))
    keys = np.array([[True, True, False, False, False], [True] * 5])
    assert_same(layer(q, kv, key_mask=keys), everywhere & keys[:, None, None, :])
    assert_same(
        layer(q, kv, key_mask=keys, causal=True), everywhere & keys[:, None, None, :] & np.tri(3, 5, 2, dtype=bool)
    )


def test_causal_attention_does_not_see_ahead() -> None:
    x = draw(1, 4, 4)
    layer = in_float64(nn.TransformerBlock(2, causal=True), x)
    changed = x.copy()
    changed[:, 3] += 1
    wf.testing.assert_close(layer(changed)[:, :3], layer(x)[:, :3])


def test_a_query_that_may_look_nowhere_gets_the_bias() -> None:
    x = draw(1, 2, 4)
    layer = in_float64(nn.MultiHeadAttention(2), x)
    y = layer(x, mask=[[True, True], [False, False]])
    wf.testing.assert_close(y[0, 1], layer.output.bias)


# Initializers

init = nn.initializers


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        (init.glorot_uniform, 2 / 300), (init.glorot_normal, 2 / 300), (init.he_uniform, 2 / 100), (init.he_normal, 2 / 100),
        (init.lecun_uniform, 1 / 100), (init.lecun_normal, 1 / 100), (init.Normal(0.3), 0.09), (init.Uniform(-1, 1), 1 / 3),
        (init.VarianceScaling(3.0, "out"), 3 / 200), (init.TruncatedNormal(0.5), 0.25 * init.TRUNCATED_STDDEV**2),
    ],
)  # fmt: skip
def test_initializers_have_their_variance(initializer: Any, variance: float) -> None:
    wf.seed(5)
    x = initializer((100, 200), wf.float32).numpy()
    assert x.dtype == np.float32
    assert abs(x.mean()) < 4 * np.sqrt(variance / x.size)
    assert abs(x.var() / variance - 1) < 0.05
    assert (initializer((100, 200), wf.float64).numpy()[0] != x[0]).any()


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (2, 3, 4)])
def test_orthogonal_matrices_are(shape: Any) -> None:
    x = init.Orthogonal(2.0)(shape, wf.float64).numpy().reshape(-1, shape[-1])
    product = x.T @ x if x.shape[0] >= x.shape[1] else x @ x.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_a_seed_decides_the_first_weights() -> None:
    def weights() -> Any:
        wf.seed(11)
        layer = nn.Dense(3)
        layer(wf.ones((1, 2)))
        return layer.weight.tolist()

    assert weights() == weights()


# Bad input

BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "units": (lambda: nn.Dense(0), ArgumentError, "Dense: units is 0"),
    "units kind": (lambda: nn.Dense(2.5), ArgumentError, "Dense: units is 2.5"),  # pyright: ignore
    "activation": (lambda: nn.Dense(2, "rleu"), ArgumentError, "'rleu' is no activation"),
    "scalar": (lambda: nn.Dense(2)(3.0), ShapeError, r"Dense: the input f32\[\] has fewer than 1 ax"),
    "other length": (lambda: built(nn.Dense(2), (1, 3))(wf.ones((1, 4))), ShapeError, "inner lengths differ"),
    "conv rank": (lambda: nn.Conv2D(2, 3)(wf.ones((4, 4, 1))), ShapeError, r"Conv2D: the input f32\[4, 4, 1\] has fewer than 4 axes"),
    "conv groups": (lambda: nn.Conv2D(4, 3, groups=2)(wf.ones((1, 4, 4, 3))), ShapeError, "2 groups do not divide the channels"),
    "conv filters": (lambda: nn.Conv2D(3, 3, groups=2), ShapeError, "2 groups do not divide 3 filters"),
    "conv layout": (lambda: nn.Conv2D(3, 3, layout="NCHW"), ArgumentError, "Conv2D: layout is 'NCHW'"),
    "conv window": (lambda: nn.Conv2D(3, (3, 3, 3)), ArgumentError, r"Conv2D: window is \(3, 3, 3\)"),
    "norm axis": (lambda: nn.LayerNorm(axis=3)(wf.ones((2, 3))), AxisError, "LayerNorm: axis 3 is out of range"),
    "norm groups": (lambda: nn.GroupNorm(3)(wf.ones((2, 4))), ShapeError, "cannot be split into 3 groups"),
    "momentum": (lambda: nn.BatchNorm(momentum=1.5), ArgumentError, "BatchNorm: momentum is 1.5"),
    "rate": (lambda: nn.Dropout(1.5), ArgumentError, "Dropout: the dropout rate is 1.5"),
    "attention rate": (lambda: nn.MultiHeadAttention(2, dropout=-1), ArgumentError, "the dropout rate is -1"),
    "heads": (lambda: nn.MultiHeadAttention(3)(wf.ones((1, 2, 4))), ShapeError, "3 heads do not divide the 4 features"),
    "mask shape": (lambda: nn.MultiHeadAttention(2)(wf.ones((1, 2, 4)), mask=wf.ones((3, 3), dtype="bool")), ShapeError, r"mask is bool\[3, 3\]"),
    "mask dtype": (lambda: nn.MultiHeadAttention(2)(wf.ones((1, 2, 4)), mask=wf.ones((2, 2))), TypeError, r"mask is f32\[2, 2\]"),
    "rnn rank": (lambda: nn.LSTM(2)(wf.ones((2, 3))), ShapeError, r"LSTM: the input is f32\[2, 3\]"),
    "rnn later rank": (lambda: built(nn.LSTM(2), (1, 2, 3))(wf.ones((2, 3))), ShapeError, r"LSTM: the input is f32\[2, 3\]"),
    "no steps": (lambda: nn.GRU(2)(wf.ones((2, 0, 3))), ShapeError, "has no steps"),
    "lengths": (lambda: nn.GRU(2)(wf.ones((2, 4, 3)), lengths=[1]), ShapeError, r"GRU: lengths is i64\[1\]"),
    "rnn mask": (lambda: nn.GRU(2)(wf.ones((2, 4, 3)), mask=[True]), ShapeError, r"GRU: mask is bool\[1\]"),
    "both": (lambda: nn.GRU(2)(wf.ones((2, 4, 3)), mask=[True], lengths=[1]), ArgumentError, "both lengths and mask"),
    "twice called": (lambda: nn.Bidirectional(built(nn.GRU(2), (1, 2, 3))), ArgumentError, "was called already"),
    "no part": (lambda: nn.Sequential(nn.Dense(2), 3), ArgumentError, "a int is no module or function"),
    "flatten": (lambda: nn.Flatten(3)(wf.ones((2, 2))), ArgumentError, r"Flatten: f32\[2, 2\] has no axis 3"),
    "initializer": (lambda: nn.Dense(2, weight_init=lambda *_: wf.ones(3))([[1.0]]), ShapeError, r"gave shape \(3,\) for \(1, 2\)"),
    "orthogonal": (lambda: init.Orthogonal()((3,), wf.float32), ShapeError, "is no matrix"),
    "scaling": (lambda: init.VarianceScaling(-1.0), ArgumentError, "VarianceScaling: -1.0"),
}  # fmt: skip


def built(layer: Any, shape: tuple[int, ...]) -> Any:
    layer(wf.ones(shape))
    return layer


@pytest.mark.parametrize(("action", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_words(action: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        action()


def test_a_failed_build_can_be_tried_again() -> None:
    layer = nn.Dense(2)
    with pytest.raises(ShapeError):
        layer(3.0)
    assert layer([[1.0]]).shape == (1, 2)


def test_a_batch_that_is_overwritten_does_not_change_the_gradient() -> None:
    layer = wf.nn.Dense(1)
    batch = np.ones((1, 2), np.float32)
    with wf.GradientTape() as tape:
        loss = layer(batch).sum()
    batch[:] = 100.0
    assert tape.gradient(loss, layer.trainable_variables[0]).tolist() in ([[1.0], [1.0]], [[1.0, 1.0]], [1.0])


def test_a_dense_layer_given_the_wrong_width_names_itself() -> None:
    layer = wf.nn.Dense(3)
    layer(wf.ones((8, 4)))
    for x in (wf.ones((8, 5)), wf.tensor(1.0)):
        with pytest.raises(
            ShapeError, match=r"Dense: the input is f32\[.*\], but the layer \(units=3\) takes 4 features"
        ):
            layer(x)
