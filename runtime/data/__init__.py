"""wf.data: input pipelines, data files, and a progress bar."""

from .arrays import from_arrays, split
from .dataset import Dataset, zip
from .digits import digits
from .idx import mnist, read_idx
from .progress import progress
from .sources import from_generator, from_lines, read_csv

__all__ = [
    "Dataset", "digits", "from_arrays", "from_generator", "from_lines", "mnist", "progress", "read_csv", "read_idx",
    "split", "zip",
]  # fmt: skip
