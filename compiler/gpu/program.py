"""Programs of a GPU: a lowered graph with its kernels loaded, and how it is called.

A call takes memory for what is in between and for the results, and puts the steps into the card's stream one after the
other, without waiting for them. Memory may be given back at once, as the next who takes it comes later in the same stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels import nvrtc, prelude
from ...kernels.cuda_array import CudaArray
from ...runtime.errors import DeviceError
from ...runtime.spec import StackSpec
from ..backend.decompose import decompose
from ..graph.graph import Graph
from ..graph.stack import Cell
from ..passes.erase import erase
from ..passes.pipeline import optimize
from .lower import GpuLowering
from .piles import on_device
from .steps import Frame, run_all

OPTIONS = ("--device-int128", "--fmad=true")
QUIET = ("-diag-suppress=68,161,177,550,1097",)  # what the prelude's C is, and C++ need not be


class GpuProgram:
    """A graph on a device."""

    def __init__(self, graph: Graph, device: Any, by_value: Sequence[bool] = ()) -> None:
        """`by_value`: which operands are numbers that kernels are handed.

        Errors: Unsupported, BuildError.
        """
        self.device, self.card = device, device.card
        self.graph = optimize(decompose(erase(graph)))
        self.plan = GpuLowering(self.graph, by_value).run()
        self.functions = self.loaded()
        self.constants = {name: device.from_numpy(array) for name, array in self.plan.constants.items()}
        self.fixed = {name: array.address for name, array in self.constants.items()}
        self.outputs = [(name, y.spec) for name, y in zip(self.plan.outputs, self.graph.outputs, strict=True)]

    @property
    def text(self) -> str:
        """The kernels, with what they need of the prelude."""
        return f"{prelude.text(self.plan.text, prelude.CUDA)}\n{self.plan.text}"

    def loaded(self) -> list[Any]:
        """The kernels, by number."""
        if not self.plan.kernels:
            return []
        module = self.card.load(nvrtc.cubin(self.text, self.card.architecture, (*OPTIONS, *QUIET)))
        return [module.function(name) for name in self.plan.kernels]

    def __call__(self, buffers: Sequence[Any]) -> list[Any]:
        """The results for these operands."""
        self.card.enter()
        plan = self.plan
        block = self.card.allocate(plan.arena, "values in between") if plan.arena else None
        start = block.address if block is not None else 0
        frame = Frame(self.device, self.card, self.functions, {**self.fixed}, stream=self.card.stream)
        for name, offset in plan.offsets.items():
            frame.addresses[name] = start + offset
        kept = [self.given(frame, name, x) for name, x in zip(plan.inputs, buffers, strict=True)]
        results: list[Any] = []
        for name, spec in self.outputs:
            if isinstance(spec, StackSpec):
                results.append(None)
                continue
            results.append(self.device.empty(spec.shape, spec.dtype, "results"))
            frame.addresses[name] = results[-1].address
        run_all(plan.steps, frame)
        for i, name in plan.piles.items():
            results[i] = frame.piles[name]
        del kept, block
        return results

    def given(self, frame: Frame, name: str, x: Any) -> Any:
        """Tell a frame where an operand is; what has to live until the steps are in the stream."""
        if type(x) is CudaArray:
            if x.device is not self.device:
                raise DeviceError(f"operands live on {self.device} and {x.device}", "Move one with x.to(device).")
            frame.addresses[name] = x.address
        elif isinstance(x, Cell):
            frame.piles[name] = on_device(self.device, x)
        elif isinstance(x, np.ndarray):
            if name in self.plan.numbers:
                frame.numbers[name] = x.item()
            else:
                x = self.device.from_numpy(x)
                frame.addresses[name] = x.address
        else:
            raise AssertionError(f"{type(x).__name__} on a GPU")
        return x
