"""The handwritten digits that ship with weft.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49; CC BY 4.0. See uci_digits/README.md.
"""

from __future__ import annotations

import os

from ..tensor import Tensor
from .idx import read_labelled

FOLDER = os.path.join(os.path.dirname(__file__), "uci_digits")


def digits() -> tuple[Tensor, Tensor]:
    """1,797 images of handwritten digits and their labels: uint8 (1797, 8, 8) of 0 ... 16, int64 (1797,) of 0 ... 9.

    Example:
        >>> import weft as wf
        >>> images, labels = wf.data.digits()
        >>> images.shape, labels[:5].tolist()
        ((1797, 8, 8), [0, 1, 2, 3, 4])
    """
    images, labels = (os.path.join(FOLDER, name) for name in ("images.idx3-ubyte.gz", "labels.idx1-ubyte.gz"))
    return read_labelled(images, labels)
