"""Functions of batches: what they give may depend on how many rows there are, and one trace shall serve any number."""

from __future__ import annotations

import numpy as np

import weft as wf

WEIGHTS = wf.tensor(np.random.default_rng(1).normal(size=(4, 3)).astype("float32"))
IMAGES = wf.tensor(np.random.default_rng(2).normal(size=(2, 1, 2, 2)).astype("float32"))


def mlp(x):
    return wf.softmax(wf.tanh(x @ WEIGHTS) * 2.0)


def mean_and_variance(x):
    centred = x - wf.mean(x, axis=0)
    return wf.mean(centred * centred, axis=0), wf.var(x, axis=0), wf.mean(x)


def running_sums(x):
    return wf.cumulative_sum(x, axis=0)


def joined(x):
    return wf.concat([x, x * 2.0]), wf.stack([x, x], axis=1)


def flattened(x):
    return wf.reshape(x, (x.shape[0] * 4,)), x.reshape(-1), x.reshape(-1, 2, 2), x.reshape(4, -1)


def turned(x):
    return x.T, wf.permute_dims(wf.expand_dims(x, axis=0), (2, 0, 1)), wf.flip(x, axis=0), wf.roll(x, 1, axis=0)


def convolved(x):
    return wf.conv2d(x.reshape(-1, 1, 2, 2), IMAGES, padding="same")


def pooled(x):
    return wf.max_pool2d(x.reshape(-1, 2, 2, 1), 2), wf.avg_pool2d(x.reshape(-1, 2, 2, 1), 2)


def sliced(x):
    return x[1:], x[:-1], x[-1], x[0], x[: x.shape[0] - 1], x[:, 1], x[..., None], x[::2], x[::-1]


def contracted(x):
    return wf.einsum("ni,ij->nj", x, WEIGHTS), wf.einsum("ni,mi->nm", x, x), x @ x.T


def normalized(x):
    mean, variance = wf.mean(x, axis=0), wf.var(x, axis=0)
    return (x - mean) * wf.rsqrt(variance + 1e-3), wf.layer_norm(x)


def attended(x):
    mask = wf.arange(x.shape[0])[:, None] >= wf.arange(x.shape[0])[None, :]
    scores = wf.where(mask, x @ x.T / 2.0, -1e9)
    return wf.softmax(scores) @ x


def summed_rows(x):
    total = wf.zeros(4)
    for row in x:
        total = total + row * row
    return total


def stopped_early(x):
    n = 0
    for row in x:
        if wf.sum(row) > 1.5:
            break
        n += 1
    return n


def counted(x):
    total = wf.tensor(0.0)
    for i in range(x.shape[0]):
        total = total + wf.sum(x[i]) * i
    return total


def paired(x):
    total = wf.tensor(0.0)
    for i, (a, b) in enumerate(zip(x, x * 2.0, strict=False)):
        total = total + wf.sum(a * b) * i
    return total


def measured(x):
    return len(x), x.size, x.shape, wf.sum(x) / len(x), x.shape[0] * 2 - 1, x.shape[0] / 2, x.ndim


def made(x):
    n = x.shape[0]
    return wf.zeros((n, 2)), wf.ones(x.shape), wf.arange(n), wf.full((2, n), 3), wf.zeros_like(x), wf.arange(1, n + 1)


def spread(x):
    return wf.broadcast_to(x[:1], x.shape) + x, wf.maximum(x, wf.mean(x, axis=1, keepdims=True))


def ranked(x):
    return wf.sort(x, axis=0), wf.argmax(x, axis=0), wf.max(x, axis=0) if x.shape[0] else x


def gathered(x):
    return wf.take(x, wf.argmax(x, axis=1), axis=1), wf.one_hot(wf.argmax(x, axis=1), 4)


def compared(x):
    return wf.any(x > 0.5), wf.all(x > -1.0), wf.logsumexp(x, axis=0), wf.prod(x + 1.0, axis=1)


def padded(x):
    return wf.pad(x, ((1, 2), (0, 0))), wf.tril(x), wf.triu(x)


def chosen(x):
    y = wf.concat([x, x]) if wf.sum(x) > 3.0 else x * 2.0
    return wf.sum(y), y


def grown(x):
    y, trips = x, 0
    while wf.sum(y) + 8.0 * trips < 60.0:
        y, trips = wf.concat([y, x + 1.0]), trips + 1
    return y


def written(x):
    x[0] = 1.0
    x[1:] = x[1:] * 2.0
    return x


def loss(x):
    logits = x @ WEIGHTS
    return wf.mean((wf.log_softmax(logits) - 0.5) ** 2.0) + wf.sum(x * x) / x.shape[0]


def gradient(x):
    return wf.grad(loss)(x)


def gradient_of_loop(x):
    return wf.grad(lambda x: wf.sum(summed_rows(x) ** 2.0))(x)


def gradient_of_slices(x):
    return wf.grad(lambda x: wf.sum(x[1:] * x[:-1]) + wf.sum(wf.concat([x, x[::2]]) ** 2.0))(x)


def gradient_of_gradient(x):
    return wf.grad(lambda x: wf.sum(wf.grad(loss)(x) ** 2.0))(x)


def gradient_of_growth(x):
    return wf.grad(lambda x: wf.sum(grown(x) ** 2.0))(x)


def gradient_of_attention(x):
    return wf.grad(lambda x: wf.sum(attended(x) ** 2.0))(x)


def branched_by_size(x):
    return x * 2.0 if x.shape[0] > 4 else wf.sum(x)


def branched_by_parity(x):
    return x.reshape(2, -1) if x.shape[0] % 2 == 0 else x


def as_number(x):
    return x * float(np.sqrt(x.shape[0]))


def repeated(x):
    return [wf.sum(row) for row in x]


# The numbers of traces for 2, 3, 5, 7, 64, 1 and 0 rows: the first, one for any number, and those for 1 and 0.
FUNCTIONS = {
    f: 4 for f in (
        mlp, mean_and_variance, running_sums, joined, flattened, turned, convolved, pooled, sliced, contracted,
        normalized, attended, summed_rows, repeated, stopped_early, counted, paired, measured, made, spread, ranked, gathered,
        compared, padded, chosen, grown, written, loss, gradient, gradient_of_loop, gradient_of_slices,
        gradient_of_gradient, gradient_of_growth, gradient_of_attention,
    )
} | {branched_by_size: 5, branched_by_parity: 5, as_number: 7}  # fmt: skip
