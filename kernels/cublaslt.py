"""Matrix products by cuBLASLt: a plan for each shape, run on addresses.

Matrices lie row by row here and column by column there, so the operands change places: out' = y' x'. What follows a
product (a bias along the last axis, ReLU, GELU) is done on the way out. Products of float32 are true float32 unless
tf32 is asked for. The workspace is the arena's, so nothing is allocated when a graph is recorded. This file knows
addresses, not tensors.

Source: cuBLAS 13.0, "Using the cuBLASLt API".
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ..runtime import dtypes
from ..runtime.dtypes import DType
from ..runtime.errors import DeviceError
from .cuda import Card
from .nvrtc import opened

WORKSPACE = 32 << 20  # bytes: what Hopper's algorithms want
INSTALL = 'Install it: pip install "weft[cuda]"; WEFT_CUBLASLT names the library otherwise.'
KINDS = {dtypes.float32: 0, dtypes.float64: 1, dtypes.float16: 2, dtypes.bfloat16: 14}
COMPUTE_F32, COMPUTE_TF32, COMPUTE_F64 = 68, 77, 70
EPILOGUES = {
    "": 1,
    "relu": 2,
    "bias": 4,
    "relu_bias": 6,
    "gelu": 32,
    "gelu_bias": 36,
    "gelu_aux": 160,
    "gelu_aux_bias": 164,
}
# attributes of a product's description, of a matrix's layout, and of the choice of an algorithm
TRANSPOSE_A, TRANSPOSE_B, EPILOGUE, BIAS, AUXILIARY, AUXILIARY_STEP = 3, 4, 7, 8, 11, 12
BATCH, BATCH_STEP = 5, 6
MOST_WORKSPACE, ALIGNMENTS = 1, (5, 6, 7, 8)
AUXILIARY_ROW = 8  # elements
POINTER, INT, LONG, SIZE, COUNT = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_size_t, ctypes.c_uint64


@dataclass(frozen=True)
class Plan:
    """A product: out = epilogue(x @ y), of m x k and k x n matrices, `batch` times.

    A transposed operand lies as k x m, or n x k. `steps` are the elements from one matrix of the batch to the next, of
    x, y and out; 0 repeats one. `rows` are those from one row to the next; None where rows follow each other. GELU is
    the tanh form. With `adds`, the product is added to what `out` holds.
    """

    m: int
    n: int
    k: int
    dtype: DType
    out: DType | None = None
    batch: int = 1
    transpose_x: bool = False
    transpose_y: bool = False
    steps: tuple[int, int, int] | None = None
    rows: tuple[int, int, int] | None = None
    tf32: bool = False
    epilogue: str = ""
    adds: bool = False
    alignment: int = 16  # bytes, at multiples of which the matrices begin


def takes(plan: Plan) -> bool:
    """Whether the library makes such products.

    Those of float64 have nothing after them; what is kept before GELU has rows of a multiple of 8 elements.
    """
    if plan.dtype is dtypes.float64:
        return not plan.epilogue
    return plan.dtype in KINDS and not ("aux" in plan.epilogue and plan.n % AUXILIARY_ROW)


@cache
def library() -> Any:
    """The library; None where it is not installed."""
    found = opened("cublasLt", "WEFT_CUBLASLT")
    if found is not None:
        found.cublasLtGetVersion.restype = SIZE
        found.cublasLtGetStatusString.restype = ctypes.c_char_p
        found.cublasLtMatrixLayoutCreate.argtypes = [POINTER, INT, COUNT, COUNT, LONG]
        found.cublasLtMatmul.argtypes = [POINTER] * 14 + [SIZE, POINTER]
    return found


def _check(code: int, what: str) -> None:
    if code:
        raise DeviceError(
            f"cuBLASLt: {what}: status {code}",
            "Products of another shape or dtype may work; install a newer nvidia-cublas.",
        )


class Handle:
    """The library's state for one card, and the memory that its algorithms work in."""

    def __init__(self, card: Card) -> None:
        found = library()
        if found is None:
            raise DeviceError("cuBLASLt is not installed", INSTALL)
        card.enter()
        self.library, self.card, self.pointer = found, card, POINTER()
        _check(found.cublasLtCreate(ctypes.byref(self.pointer)), "the start")
        self.workspace = card.allocate(WORKSPACE, "the workspace of cuBLASLt")
        self.products: dict[Plan, Product] = {}
        self.lock = threading.Lock()


_handles: dict[int, Handle] = {}
_lock = threading.Lock()


def product(card: Card, plan: Plan) -> Product:
    """The product of a plan on a card, prepared at the first call.

    Errors: DeviceError without the library, and where it has no algorithm.
    """
    with _lock:
        if card.index not in _handles:
            _handles[card.index] = Handle(card)
    handle = _handles[card.index]
    with handle.lock:
        if plan not in handle.products:
            handle.products[plan] = Product(handle, plan)
    return handle.products[plan]


class Product:
    """A product that is ready: called with addresses."""

    def __init__(self, handle: Handle, plan: Plan) -> None:
        self._handle, self.plan = handle, plan
        self._library = handle.library
        self._described = self._description(plan)
        self._layouts = self._matrices(plan)
        self._chosen = self._algorithm()
        scalar = ctypes.c_double if plan.dtype is dtypes.float64 else ctypes.c_float
        self._scalars = scalar(1), scalar(float(plan.adds))
        self._factors = [ctypes.byref(each) for each in self._scalars]
        self._given = (0, 0)  # the addresses of bias and auxiliary that the description holds

    def run(self, x: int, y: int, out: int, *, bias: int = 0, auxiliary: int = 0, stream: int | None = None) -> None:
        """Put the product of the matrices at these addresses into the card's stream, or into another.

        `auxiliary` takes the values before GELU, for its gradient.
        Errors: DeviceError when the library refuses.
        """
        handle, (a, b, d) = self._handle, self._layouts
        together = x | y | out
        if together % self.plan.alignment:  # another way may be needed for such addresses
            other = product(handle.card, replace(self.plan, alignment=together & -together))
            return other.run(x, y, out, bias=bias, auxiliary=auxiliary, stream=stream)
        with handle.lock:
            if (bias, auxiliary) != self._given:
                self._give(bias, auxiliary)
            code = self._library.cublasLtMatmul(
                handle.pointer, self._described, self._factors[0], y, a, x, b, self._factors[1], out, d, out, d,
                self._chosen, handle.workspace.address, WORKSPACE, handle.card.stream_handle if stream is None else stream,
            )  # fmt: skip
        return _check(code, str(self))

    def __str__(self) -> str:
        p = self.plan
        many = f"{p.batch} times " if p.batch > 1 else ""
        return f"{many}{p.m} x {p.k} by {p.k} x {p.n} in {p.dtype}{f' with {p.epilogue}' if p.epilogue else ''}"

    # -- preparing

    def _description(self, plan: Plan) -> Any:
        is_double = plan.dtype is dtypes.float64
        compute = COMPUTE_F64 if is_double else COMPUTE_TF32 if plan.tf32 else COMPUTE_F32
        made = POINTER()
        scale = KINDS[dtypes.float64 if is_double else dtypes.float32]
        _check(self._library.cublasLtMatmulDescCreate(ctypes.byref(made), compute, scale), str(self))
        self._set(made, TRANSPOSE_A, INT(plan.transpose_y))
        self._set(made, TRANSPOSE_B, INT(plan.transpose_x))
        self._set(made, EPILOGUE, INT(EPILOGUES[plan.epilogue]))
        somewhere = POINTER(self._handle.workspace.address)  # until the first run says where
        if "bias" in plan.epilogue:
            self._set(made, BIAS, somewhere)
        if "aux" in plan.epilogue:
            self._set(made, AUXILIARY, somewhere)
            self._set(made, AUXILIARY_STEP, LONG(plan.n))
        return made

    def _set(self, made: Any, attribute: int, value: Any) -> None:
        size = SIZE(ctypes.sizeof(value))
        _check(self._library.cublasLtMatmulDescSetAttribute(made, attribute, ctypes.byref(value), size), str(self))

    def _give(self, bias: int, auxiliary: int) -> None:
        if bias:
            self._set(self._described, BIAS, POINTER(bias))
        if auxiliary:
            self._set(self._described, AUXILIARY, POINTER(auxiliary))
        self._given = bias, auxiliary

    def _matrices(self, plan: Plan) -> list[Any]:
        """The layouts of y', x' and out': columns there are rows here."""
        m, n, k = plan.m, plan.n, plan.k
        step_x, step_y, step_out = plan.steps or (m * k, k * n, m * n)
        y_length, y_count = (k, n) if plan.transpose_y else (n, k)
        x_length, x_count = (m, k) if plan.transpose_x else (k, m)
        row_x, row_y, row_out = plan.rows or (x_length, y_length, n)
        return [
            self._layout(plan.dtype, y_length, y_count, row_y, step_y),
            self._layout(plan.dtype, x_length, x_count, row_x, step_x),
            self._layout(plan.out or plan.dtype, n, m, row_out, step_out),
        ]

    def _layout(self, dtype: DType, length: int, count: int, row: int, step: int) -> Any:
        made = POINTER()
        _check(
            self._library.cublasLtMatrixLayoutCreate(ctypes.byref(made), KINDS[dtype], length, count, row), str(self)
        )
        if self.plan.batch > 1:
            for attribute, value in ((BATCH, ctypes.c_int32(self.plan.batch)), (BATCH_STEP, LONG(step))):
                size = SIZE(ctypes.sizeof(value))
                code = self._library.cublasLtMatrixLayoutSetAttribute(made, attribute, ctypes.byref(value), size)
                _check(code, str(self))
        return made

    def _algorithm(self) -> Any:
        """What the library thinks is the quickest way: 96 bytes that it reads at each run."""
        lt, preference, count = self._library, POINTER(), INT()
        wishes = {**dict.fromkeys(ALIGNMENTS, ctypes.c_uint32(self.plan.alignment)), MOST_WORKSPACE: COUNT(WORKSPACE)}
        _check(lt.cublasLtMatmulPreferenceCreate(ctypes.byref(preference)), str(self))
        try:
            for attribute, value in wishes.items():
                size = SIZE(ctypes.sizeof(value))
                code = lt.cublasLtMatmulPreferenceSetAttribute(preference, attribute, ctypes.byref(value), size)
                _check(code, str(self))
            chosen, (a, b, d) = (COUNT * 12)(), self._layouts
            code = lt.cublasLtMatmulAlgoGetHeuristic(
                self._handle.pointer, self._described, a, b, d, d, preference, INT(1), chosen, ctypes.byref(count)
            )
            _check(code, str(self))
        finally:
            lt.cublasLtMatmulPreferenceDestroy(preference)
        if not count.value:
            raise DeviceError(f"cuBLASLt has no algorithm for {self}", "Report it with the shapes and dtypes.")
        return chosen
