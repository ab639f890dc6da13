"""How a gamma number moves with its concentration, when its probability is held fixed.

With F(z; a) the probability that a gamma number of concentration a is at most z, dz/da = -(dF/da) / (dF/dz). Both
come from one series of positive terms, in float64. This file knows the distribution, not how it is drawn from.

Source: M. Figurnov, S. Mohamed, A. Mnih, "Implicit reparameterization gradients", NeurIPS 2018; NIST Digital Library of
Mathematical Functions, 8.11.4 (the series).
"""

from __future__ import annotations

import numpy as np

from ..op import op
from ..samples import sample, uniform
from ..spec import Operand, Spec, broadcast_shapes
from .special import digamma

TINY = 1e-17  # terms below this part of the sum are left out


def _slope(concentration: np.ndarray, log_z: np.ndarray) -> np.ndarray:
    """d(log z)/da = -(S * (log z - digamma(a + 1)) + dS/da) / a, S being the sum of z**k / ((a + 1) ... (a + k))."""
    a, logs = np.broadcast_arrays(np.asarray(concentration, np.float64), np.asarray(log_z, np.float64))
    a, logs = a.reshape(-1), np.maximum(logs.reshape(-1), -1e6)
    z = np.exp(logs)
    total, slope = np.ones_like(a), np.zeros_like(a)
    term, harmonic = np.ones_like(a), np.zeros_like(a)
    k, todo = 0, np.arange(a.size)
    while todo.size:
        k += 1
        step = 1.0 / (a[todo] + k)
        term[todo] *= z[todo] * step
        harmonic[todo] += step
        total[todo] += term[todo]
        slope[todo] -= term[todo] * harmonic[todo]
        todo = todo[term[todo] * (1.0 + harmonic[todo]) > TINY * total[todo]]
    result = -(total * (logs - digamma.kernel(a + 1.0)) + slope) / a
    return result.reshape(np.broadcast_shapes(np.shape(concentration), np.shape(log_z))).astype(np.asarray(log_z).dtype)


@op(_slope, samples=[sample(uniform((2, 3), 0.2, 5.0), uniform((2, 3), -2.0, 1.5))])
def gamma_slope(concentration: Operand, log_z: Operand, /) -> Spec:
    """How the logarithm of a gamma number changes with the concentration, its probability being held fixed.

    Cost: about 9 sqrt(z) terms for large z.
    """
    return Spec(broadcast_shapes("gamma_slope", concentration, log_z), log_z.dtype)
