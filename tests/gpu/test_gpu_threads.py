"""Several threads on one GPU: each gets its own results and its own errors, recordings or not."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import weft as wf

pytestmark = pytest.mark.usefixtures("quiet")


@wf.compile
def _halve_and_pick(x: wf.Tensor, i: wf.Tensor) -> wf.Tensor:
    h = x
    while wf.sum(h * h) > 0.1:
        h = h * 0.5
    return h[i] + 1


def test_threads_get_their_own_results_and_errors() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    wanted = _halve_and_pick(wf.tensor(values), wf.tensor(1)).numpy()
    x = wf.tensor(values).to("cuda:0")
    wrong: list[str] = []

    def work(first: int) -> None:
        for j in range(first, first + 40):
            is_inside = bool(j % 5)
            try:
                found = _halve_and_pick(x, wf.tensor(1 if is_inside else 7).to("cuda:0")).numpy()
            except IndexError:
                wrong.extend(["an error for a position in range"] * is_inside)
            else:
                wrong.extend([] if is_inside and np.array_equal(found, wanted) else [f"{j} gave {found}"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
