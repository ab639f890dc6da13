"""Moving values between devices: the one op whose result lives elsewhere than its operand."""

from __future__ import annotations

from typing import Any

from .. import device as devices, observers
from ..assignment import alias
from ..eager import EagerTensor, lift, wrap
from ..op import op
from ..samples import sample
from ..spec import Operand, Spec, like
from ..tensor import OPS, Tensor


@op(lambda x, device, source: x, samples=[sample((2, 3), device="cpu", source="cpu")])
def transfer(x: Operand, /, *, device: str, source: str) -> Spec:
    """The same values on another device, which the kernel of no single device can do."""
    return like(x)


@transfer.gradient
def _(dy: Any, _y: Any, _x: Any, *, device: str, source: str) -> Any:
    return to_device(dy, source)


def to_device(x: Any, device: Any) -> Any:
    """The same values on another device; gradients flow back to the first.

    Errors: DeviceError when the device is not there.
    """
    target = devices.as_device(device)
    if isinstance(x, Tensor) and not isinstance(x, EagerTensor):
        return x if target is x.device else transfer(x, device=str(target), source=str(x.device))
    x = lift(x)
    if target is x.device:
        return alias(x)
    y = wrap(target.received(x.buffer, x.device))
    if observers.watching.count:
        observers.tell(transfer, (x,), {"device": str(target), "source": str(x.device)}, (y,))
    return y


OPS["to_device"] = to_device
