"""GPUs as a kind of device: the compiler's part is imported when the first one is asked for, not when they are counted."""

from __future__ import annotations

from dataclasses import replace

from ...kernels import cuda_device


def _device(index: int) -> cuda_device.CudaDevice:
    from . import execute, shown  # noqa: F401  (give the device its kernels, and show them)

    return cuda_device.device(index)


KIND = replace(cuda_device.KIND, get=_device)
